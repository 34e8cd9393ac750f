//! What age files opened to, by their bytes: the same bytes, opened again with the same identities, give the same.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::age_file::AgeFile;
use crate::secret::Secret;

/// What was opened so far.
#[derive(Default)]
pub(super) struct Remembered(Mutex<HashMap<Vec<u8>, Secret<Vec<u8>>>>);

impl Remembered {
    /// What the file opened to; none where it was not opened yet.
    pub(super) fn get(&self, file: &AgeFile) -> Option<Secret<Vec<u8>>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = known.get(file.bytes())?;
        Some(Secret::new(opened.expose().clone()))
    }

    /// Keeps what the file opened to.
    pub(super) fn keep(&self, file: &AgeFile, opened: &Secret<Vec<u8>>) {
        let opened = Secret::new(opened.expose().clone());
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(file.bytes().to_vec(), opened);
    }
}
