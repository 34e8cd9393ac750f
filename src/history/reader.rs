//! The versions of a file as they were: the contents that a history names, read and matched with
//! others.
//!
//! A content is read once, however many commits have it. What was read is kept as long as there is room:
//! a version owns no text, so that a long history of one file takes little.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::change;
use crate::document::Format;
use crate::repo::{self, BlobId, Blobs, Unread};
use crate::source::SourceId;

/// Reads versions of files.
pub(crate) struct Reader<'r> {
    blobs: &'r Blobs<'r>,
    format: Option<Format>,
    kept: HashMap<(BlobId, Format), Outcome>,
    /// How much memory what is kept takes.
    held: usize,
}

/// A version, or why it is not known what it was.
pub(crate) type Outcome = Result<Arc<change::Version>, Unknown>;

/// Why it is not known what a version was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// Git does not give its content.
    NotGiven(repo::Error),
    /// Its content is larger than any that is read here.
    TooLarge,
    /// There is more of it than is read.
    TooMuch,
    /// It cannot be compared.
    NotCompared(change::NotCompared),
}

/// A search ended at an object that cannot be read.
pub(super) const UNREADABLE: &str = "unreadable-history";

/// A search had looked at as much as it may.
pub(super) const LIMIT: &str = "history-limit";

/// The most bytes of a version that are read: 64 MiB.
const MAX_LEN: usize = 64 << 20;

/// The most memory for versions that are kept.
const HELD: usize = 64 << 20;

impl Unknown {
    /// The reason as reports print it.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::NotGiven(_) => UNREADABLE,
            Self::TooMuch => LIMIT,
            Self::TooLarge => "too-large",
            Self::NotCompared(why) => why.reason(),
        }
    }
}

impl<'r> Reader<'r> {
    /// A reader of versions from `blobs`, as files of `format`, or else of that which their names tell.
    pub(crate) fn new(blobs: &'r Blobs<'r>, format: Option<Format>) -> Self {
        Self {
            blobs,
            format,
            kept: HashMap::new(),
            held: 0,
        }
    }

    /// What it was in each parent of that commit.
    pub(crate) fn before(&mut self, at: &repo::Version) -> Vec<Option<Outcome>> {
        let path = at.renamed_from.as_deref().unwrap_or(&at.path);
        let format = self.format_of(path);
        let before = at.before.iter();
        before
            .map(|blob| Some(self.read(blob.as_ref()?, format)))
            .collect()
    }

    /// The content of a version.
    ///
    /// # Errors
    /// [`Unknown::NotGiven`] and [`Unknown::TooLarge`].
    pub(crate) fn bytes(&self, blob: &BlobId) -> Result<Vec<u8>, Unknown> {
        let bytes = self.blobs.read(blob, MAX_LEN);
        bytes.map_err(|unread| match unread {
            Unread::TooLarge => Unknown::TooLarge,
            Unread::Failed(error) => Unknown::NotGiven(error),
        })
    }

    /// The format that a file of this path in git has.
    pub(crate) fn format_of(&self, path: &[u8]) -> Format {
        // Only the end of the name counts, which is ASCII.
        let name = || Format::of_path(Path::new(String::from_utf8_lossy(path).as_ref()));
        self.format.unwrap_or_else(name)
    }

    /// The version that a content is.
    pub(crate) fn read(&mut self, blob: &BlobId, format: Format) -> Outcome {
        if let Some(known) = self.kept.get(&(blob.clone(), format)) {
            return known.clone();
        }
        match self.bytes(blob) {
            Ok(bytes) => self.keep(blob, format, bytes),
            Err(unknown) => Err(unknown),
        }
    }

    /// The version that a content of these bytes is.
    pub(super) fn keep(&mut self, blob: &BlobId, format: Format, bytes: Vec<u8>) -> Outcome {
        let outcome = parse(bytes, format);
        let size = outcome.as_ref().map_or(0, |version| version.size());
        if self.held.saturating_add(size) > HELD {
            self.kept.clear();
            self.held = 0;
        }
        self.held += size;
        self.kept.insert((blob.clone(), format), outcome.clone());
        outcome
    }
}

/// The version that these bytes are. Where they came from matters to nobody: no version keeps it.
fn parse(bytes: Vec<u8>, format: Format) -> Outcome {
    let id = SourceId::Stdin(Path::new("").to_owned());
    let version = change::Version::read(id, bytes, format);
    version.map(Arc::new).map_err(Unknown::NotCompared)
}
