//! What the index, or a commit, says of one path.

use git2::{ObjectType, Oid};
use sha2::{Digest, Sha256};

use super::id::Id;

/// One path of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The path, as git writes it.
    pub(crate) path: Vec<u8>,
    /// What stands there.
    pub(crate) kind: Kind,
}

/// What stands at a path of the index or of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file with this content.
    File(BlobId),
    /// Several versions that a merge could not join.
    Unmerged,
    /// A symbolic link.
    Link,
    /// A commit of another repository.
    Submodule,
    /// Nothing yet: the path was announced with `git add --intent-to-add`.
    Announced,
}

/// The name of a blob, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct BlobId(pub(super) String);

impl BlobId {
    /// Whether it is the name of these bytes.
    pub(crate) fn is_of(&self, bytes: &[u8]) -> bool {
        self.named_alike(bytes).is_some_and(|id| id == *self)
    }

    /// The name that these bytes have where this one is the name of others.
    pub(crate) fn named_alike(&self, bytes: &[u8]) -> Option<Self> {
        if self.0.len() == 40 {
            let id = Oid::hash_object(ObjectType::Blob, bytes).ok()?;
            return Some(Self(id.to_string()));
        }
        let hash = Sha256::new()
            .chain_update(format!("blob {}\0", bytes.len()))
            .chain_update(bytes);
        Some(Self(Id::of_bytes(&hash.finalize())?.to_string()))
    }
}

impl Kind {
    /// What a mode of git's stands for.
    pub(super) fn of_mode(mode: u32, id: impl FnOnce() -> String) -> Self {
        match mode & 0o170_000 {
            0o120_000 => Self::Link,
            0o160_000 => Self::Submodule,
            _ => Self::File(BlobId(id())),
        }
    }
}
