//! What was found out by comparing values: places, and nothing of the values.

use std::path::PathBuf;

use crate::document::KeyPath;
use crate::finding::Position;

/// What the values of all files show, where they were compared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    /// Places with one value, each group in the order of the files.
    pub(crate) reused: Vec<Vec<ValuePlace>>,
    /// Places with a value that stands for one that was never put in.
    pub(crate) placeholders: Vec<ValuePlace>,
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ValuePlace {
    /// The file's path as reports print it.
    pub(crate) path: PathBuf,
    /// The place in the file.
    pub(crate) at: Position,
    /// The keys that lead there.
    pub(crate) key: KeyPath,
}
