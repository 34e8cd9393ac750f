//! Which creation rule governs a file, why not an earlier one, and what differs from it.

use std::path::Path;

/// What governs a file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Governing {}

impl Governing {
    /// What governs the file at a place.
    pub(super) fn of(_place: &Path, _named: &Path) -> Self {
        Self {}
    }

    /// What people call a key.
    pub(super) fn called(&self, _name: &str) -> Option<String> {
        None
    }
}
