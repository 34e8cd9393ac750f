//! The secret files among the inputs, read for what their metadata say: no key is needed, and no value
//! is looked at.

use std::path::{Path, PathBuf};

use super::inputs::{Content, Input, Origin};
use super::others::decode;
use super::watch::Count;
use super::{Error, MAX_FILE_LEN, guess, map_all, sign};
use crate::document::{Document, Format};
use crate::fs;
use crate::rules::{FormatFrom, Unreadable};
use crate::sops::SopsFile;
use crate::source::{Source, SourceId};

/// A secret file as it was read.
pub(super) struct Sops<'s> {
    /// The path as reports print it.
    pub(super) path: &'s Path,
    pub(super) source: &'s Source,
    /// The format that it was read as.
    pub(super) format: Format,
    pub(super) file: &'s SopsFile<'s>,
}

/// What was read of each secret file among the inputs, in their order.
pub(super) struct Encrypted<T> {
    pub(super) files: Vec<(PathBuf, T)>,
    pub(super) unread: Vec<Unread>,
}

/// What is a secret file, or may be or hold some, and of which nothing is known.
pub(super) struct Unread {
    pub(super) path: PathBuf,
    pub(super) why: Why,
}

/// Why nothing is known of it.
pub(super) enum Why {
    /// sops could not read its metadata.
    Metadata,
    /// The system does not give the file or the folder, for this reason: nobody knows what it is.
    System(String),
}

impl<T> Encrypted<T> {
    /// The files, and the paths of what was not read.
    pub(super) fn into_parts(self) -> (Vec<(PathBuf, T)>, Vec<PathBuf>) {
        let unread = self.unread.into_iter().map(|unread| unread.path);
        (self.files, unread.collect())
    }
}

/// Reads the secret files of the work tree among the inputs, in parallel.
///
/// # Errors
/// [`Error::Threads`].
pub(super) fn read_all<T: Send>(
    inputs: &[Input],
    jobs: Option<std::num::NonZeroUsize>,
    read: impl Fn(&Sops<'_>) -> T + Sync + Send,
) -> Result<Encrypted<T>, Error> {
    read_counted(inputs, jobs, &Count::new(None, "", 0), read)
}

/// The same, where each input is counted.
///
/// # Errors
/// [`Error::Threads`].
pub(super) fn read_counted<T: Send>(
    inputs: &[Input],
    jobs: Option<std::num::NonZeroUsize>,
    count: &Count<'_>,
    read: impl Fn(&Sops<'_>) -> T + Sync + Send,
) -> Result<Encrypted<T>, Error> {
    let mut encrypted = Encrypted {
        files: Vec::new(),
        unread: Vec::new(),
    };
    let all = map_all(inputs, jobs, |input| {
        let found = look(input, &read);
        count.one();
        found
    })?;
    for (input, found) in inputs.iter().zip(all) {
        match found {
            Found::NotSops => {}
            Found::Unread(why) => {
                let path = input.path.clone();
                encrypted.unread.push(Unread { path, why });
            }
            Found::Read(what) => encrypted.files.push((input.path.clone(), what)),
        }
    }
    Ok(encrypted)
}

/// What an input turned out to be.
enum Found<T> {
    /// No secret file.
    NotSops,
    /// It may be one, and nothing is known of it.
    Unread(Why),
    Read(T),
}

fn look<T>(input: &Input, read: impl Fn(&Sops<'_>) -> T) -> Found<T> {
    let named = input.origin == Origin::Named;
    let bytes = match &input.content {
        Content::Disk(place) => match fs::read(place, MAX_FILE_LEN) {
            Ok(bytes) => bytes,
            Err(error) => return not_given(&error, place, named),
        },
        Content::Given(bytes) => bytes.clone(),
        Content::Lost(Unreadable::Walk(why)) => return Found::Unread(Why::System(why.clone())),
        Content::Lost(_) if named => return Found::Unread(Why::Metadata),
        Content::Blob(_) | Content::Outside | Content::Lost(_) => return Found::NotSops,
    };
    let untold =
        guess::untold(input.format, &bytes).filter(|_| input.format_from == FormatFrom::Name);
    let format = untold.unwrap_or(input.format);
    if !sign::may_have_metadata(format, &bytes) {
        return Found::NotSops;
    }
    let is_marked = named || sign::looks_encrypted(format, &bytes);
    match parse(input, bytes, format, read) {
        Ok(Some(what)) => Found::Read(what),
        Err(Refused) if is_marked => Found::Unread(Why::Metadata),
        Ok(None) | Err(Refused) => Found::NotSops,
    }
}

/// A file that was not read: what the system does not give may be anything.
fn not_given<T>(error: &fs::Error, place: &Path, named: bool) -> Found<T> {
    match error {
        fs::Error::Io { source, .. } => {
            let why = format!("the file cannot be read: {}", source.kind());
            Found::Unread(Why::System(why))
        }
        fs::Error::TooLarge { .. } if named || fs::contains_any(place, &sign::OF_LARGE) => {
            Found::Unread(Why::System("it is larger than what is read".to_owned()))
        }
        _ if named => Found::Unread(Why::Metadata),
        _ => Found::NotSops,
    }
}

/// sops could not read the text, or its metadata.
struct Refused;

fn parse<T>(
    input: &Input,
    bytes: Vec<u8>,
    format: Format,
    read: impl Fn(&Sops<'_>) -> T,
) -> Result<Option<T>, Refused> {
    let id = SourceId::WorkTree(input.path.clone());
    let (Some(source), None) = decode(id, bytes, format) else {
        return Err(Refused);
    };
    let document = Document::parse(&source, format).map_err(|_| Refused)?;
    let file = SopsFile::of(&document).map_err(|_| Refused)?;
    let read = |file| {
        read(&Sops {
            path: &input.path,
            source: &source,
            format,
            file,
        })
    };
    Ok(file.as_ref().map(read))
}
