//! Data keys that stay open: most versions of a file have the one of the version before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::SopsFile;
use super::data_key::{DataKey, unlock};
use super::verify::{Checked, judge};
use crate::keys::Keyring;

/// The data keys of one run, by the copies that they were opened from.
#[derive(Default)]
pub(crate) struct DataKeys(Mutex<HashMap<[u8; 32], Arc<DataKey>>>);

/// What tells a data key from others. Never to be printed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct DataKeyId([u8; 32]);

impl DataKeys {
    /// What [`check`](super::check) finds, and which data key the file has, where one opened. Of files
    /// with the same copies of a data key the first only costs opening it.
    pub(crate) fn check(
        &self,
        file: &SopsFile<'_>,
        keyring: &Keyring,
    ) -> (Checked, Option<DataKeyId>) {
        let copies = copies(file);
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = known().get(&copies).cloned();
        let key = match open {
            Some(key) => key,
            None => match unlock(file, keyring) {
                Ok(key) => Arc::new(key),
                Err(locked) => return (judge(file, Err(locked)), None),
            },
        };
        known().entry(copies).or_insert_with(|| Arc::clone(&key));
        let id = DataKeyId(Sha256::digest(key.expose()).into());
        (judge(file, Ok(&key)), Some(id))
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
