//! What stands for a text when two versions are compared.

use sha2::{Digest, Sha256};

/// A text as 16 bytes: equal texts have equal marks, and nobody can make two others that do.
///
/// Hashed without a secret, so that marks of versions that were read at different times can be
/// compared. Never to be printed: it could be guessed what a short text was.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Mark([u8; 16]);

impl Mark {
    /// The mark of several parts, told apart by their lengths.
    pub(super) fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        Self::end(hash)
    }

    /// The mark of marks.
    pub(super) fn of_marks(marks: impl IntoIterator<Item = Self>) -> Self {
        let mut hash = Sha256::new();
        for mark in marks {
            hash.update(mark.0);
        }
        Self::end(hash)
    }

    /// The mark of all that was hashed.
    pub(super) fn end(hash: Sha256) -> Self {
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(hash.finalize()) {
            *to = from;
        }
        Self(bytes)
    }

    /// Adds the mark to what is hashed.
    pub(super) fn feed(self, hash: &mut Sha256) {
        hash.update(self.0);
    }
}
