//! Data keys that stay open: most versions of a file have the one of the version before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::SopsFile;
use super::data_key::{DataKey, Locked, unlock};
use super::verify::{Checked, judge};
use crate::keys::Keyring;

/// The data keys of one run, by the copies that they were opened from.
#[derive(Default)]
pub(crate) struct DataKeys(Mutex<HashMap<[u8; 32], Arc<DataKey>>>);

/// What tells a data key from others. Never to be printed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct DataKeyId([u8; 32]);

impl DataKeyId {
    fn of(key: &DataKey) -> Self {
        Self(Sha256::digest(key.expose()).into())
    }
}

impl DataKeys {
    /// What [`check`](super::check) finds, and which data key the file has, where one opened. Of files
    /// with the same copies of a data key the first only costs opening it.
    pub(crate) fn check(
        &self,
        file: &SopsFile<'_>,
        keyring: &Keyring,
    ) -> (Checked, Option<DataKeyId>) {
        match self.open(file, keyring) {
            Ok(key) => (judge(file, Ok(&key)), Some(DataKeyId::of(&key))),
            Err(locked) => (judge(file, Err(locked)), None),
        }
    }

    /// Which data key the file has, where one opens. Nothing is said of its values.
    pub(crate) fn id(&self, file: &SopsFile<'_>, keyring: &Keyring) -> Option<DataKeyId> {
        let key = self.open(file, keyring).ok()?;
        Some(DataKeyId::of(&key))
    }

    fn open(&self, file: &SopsFile<'_>, keyring: &Keyring) -> Result<Arc<DataKey>, Locked> {
        let copies = copies(file);
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = known().get(&copies) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(unlock(file, keyring)?);
        Ok(Arc::clone(known().entry(copies).or_insert(key)))
    }
}

/// What tells the copies of the data key in a file from others, with all that says how they are opened.
fn copies(file: &SopsFile<'_>) -> [u8; 32] {
    let metadata = file.metadata();
    let mut hash = Sha256::new();
    let threshold = metadata.shamir_threshold.as_ref();
    hash.update(threshold.map_or(0, |field| field.value).to_le_bytes());
    for group in &metadata.groups {
        hash.update(b"g");
        for key in &group.keys {
            let copy = key.enc.as_ref().map_or(&b""[..], |enc| &enc.value);
            hash.update(key.kind.name());
            hash.update(copy.len().to_le_bytes());
            hash.update(copy);
        }
    }
    hash.finalize().into()
}
