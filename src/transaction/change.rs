//! What is to become of one file.

use std::path::PathBuf;

/// What is to become of one file.
pub(super) struct Change<'b> {
    /// The file as the caller names it.
    pub(super) path: PathBuf,
    pub(super) what: What<'b>,
}

/// What is to become of it.
pub(super) enum What<'b> {
    /// It comes into being. Nothing is there yet.
    Create { mode: Mode, new: &'b [u8] },
    /// Other bytes take the place of these; mode and owner stay.
    Replace { old: &'b [u8], new: &'b [u8] },
    /// It goes, and held these bytes.
    Remove { old: &'b [u8] },
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
