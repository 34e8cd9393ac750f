//! What the histories of the files tell of those who could open them.

use std::path::PathBuf;

use super::CommitName;
use crate::document::Format;
use crate::finding::Position;

/// A file that somebody can open no more.
#[derive(Clone, Debug)]
pub(crate) struct Departed {
    /// The path as reports print it.
    pub(crate) path: PathBuf,
    /// The format that it was read as.
    pub(crate) format: Format,
    /// Where its metadata begin.
    pub(crate) at: Position,
    /// Who still knows its data key.
    pub(crate) knowing: Vec<Left>,
    /// Of whom only a key could tell.
    pub(crate) undecided: Vec<Left>,
}

/// A key that is no recipient any more.
#[derive(Clone, Debug)]
pub(crate) struct Left {
    /// Its name, to compare. It may be anything that was pasted there, and is never printed.
    pub(crate) canonical: String,
    /// Its name as reports print it.
    pub(crate) shown: String,
    /// The commit that took it away; none where that is not committed yet.
    pub(crate) since: Option<CommitName>,
}
