//! What is to become of one file.

use std::path::PathBuf;

use super::Digest;

/// What is to become of one file.
pub(super) struct Change {
    /// The file as the caller names it.
    pub(super) path: PathBuf,
    pub(super) what: What,
}

/// What is to become of it.
pub(super) enum What {
    /// It comes into being. Nothing is there yet.
    Create { mode: Mode, new: Vec<u8> },
    /// Other bytes take the place of those with this hash; mode and owner stay.
    Replace { old: Digest, new: Vec<u8> },
    /// It goes, and had the bytes of this hash.
    Remove { old: Digest },
}

/// Who may read and write a new file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Who may do so with the user's other new files.
    Usual,
    /// The user alone.
    #[cfg_attr(not(test), expect(dead_code, reason = "only single files are so yet"))]
    Private,
    /// Who may do so with this file, which is there.
    Like(PathBuf),
}
