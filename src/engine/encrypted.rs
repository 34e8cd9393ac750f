//! The secret files among the inputs, read for what their metadata say: no key is needed, and no value
//! is looked at.

use std::path::{Path, PathBuf};

use super::inputs::{Content, Input, Origin};
use super::others::decode;
use super::watch::Count;
use super::{Error, MAX_FILE_LEN, guess, map_all, sign};
use crate::document::{Document, Format};
use crate::fs;
use crate::rules::FormatFrom;
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
    /// Those of which sops could not read the metadata.
    pub(super) unread: Vec<PathBuf>,
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
            Found::Unread => encrypted.unread.push(input.path.clone()),
            Found::Read(what) => encrypted.files.push((input.path.clone(), what)),
        }
    }
    Ok(encrypted)
}

/// What an input turned out to be.
enum Found<T> {
    /// No secret file.
    NotSops,
    /// A secret file of which sops could not read the metadata.
    Unread,
    Read(T),
}

fn look<T>(input: &Input, read: impl Fn(&Sops<'_>) -> T) -> Found<T> {
    let named = input.origin == Origin::Named;
    let bytes = match &input.content {
        Content::Disk(place) => match fs::read(place, MAX_FILE_LEN) {
            Ok(bytes) => bytes,
            Err(_) if named => return Found::Unread,
            Err(_) => return Found::NotSops,
        },
        Content::Given(bytes) => bytes.clone(),
        Content::Lost(_) if named => return Found::Unread,
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
        Err(Unreadable) if is_marked => Found::Unread,
        Ok(None) | Err(Unreadable) => Found::NotSops,
    }
}

/// sops could not read the text, or its metadata.
struct Unreadable;

fn parse<T>(
    input: &Input,
    bytes: Vec<u8>,
    format: Format,
    read: impl Fn(&Sops<'_>) -> T,
) -> Result<Option<T>, Unreadable> {
    let id = SourceId::WorkTree(input.path.clone());
    let (Some(source), None) = decode(id, bytes, format) else {
        return Err(Unreadable);
    };
    let document = Document::parse(&source, format).map_err(|_| Unreadable)?;
    let file = SopsFile::of(&document).map_err(|_| Unreadable)?;
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
