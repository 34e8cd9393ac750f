//! What is to happen, written down before it does: the first line says what the file is and has the hash of
//! the rest, which is JSON.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::disk::Access;
use super::home::is_ours;
use super::place::{Inside, decode, encode};
use super::{Digest, Error, Fault};
use crate::fs;

/// All changes of one transaction.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Journal {
    /// The root, as [`encode`] writes it.
    root: String,
    /// What the names of its temporary files end in.
    id: String,
    /// The folders that are made for it, the outer ones first.
    pub(super) folders: Vec<Inside>,
    pub(super) entries: Vec<Entry>,
}

/// The change of one file: it comes into being where it has no old text, and goes where it has no new one.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Entry {
    pub(super) path: Inside,
    pub(super) old: Option<Old>,
    pub(super) new: Option<New>,
}

/// What a file is before.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Old {
    pub(super) hash: Digest,
    pub(super) length: u64,
    /// Where its bytes begin among those of all files.
    pub(super) at: u64,
    mode: Option<u32>,
    owner: Option<(u32, u32)>,
}

/// What a file is after.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct New {
    pub(super) hash: Digest,
    pub(super) length: u64,
}

const NAME: &str = "sopsguard-journal/";
const VERSION: &str = "1";

/// The most bytes of a journal.
const LIMIT: usize = 256 << 20;

impl Journal {
    /// A new one. `id` has letters and digits alone.
    pub(super) fn new(root: &Path, id: String, folders: Vec<Inside>, entries: Vec<Entry>) -> Self {
        Self {
            root: encode(root),
            id,
            folders,
            entries,
        }
    }

    pub(super) fn to_text(&self) -> String {
        let text = serde_json::to_string(self).expect("it has strings and numbers alone");
        let hash = Digest::of(text.as_bytes());
        format!("{NAME}{VERSION} {hash}\n{text}")
    }

    /// Reads the journal at `path`, which must be the user's and about files below `root`; none where there
    /// is none.
    ///
    /// # Errors
    /// [`Error::Journal`] where it cannot be trusted, [`Error::Io`].
    pub(super) fn load(path: &Path, root: &Path) -> Result<Option<Self>, Error> {
        let fault = |fault| Error::Journal {
            path: path.to_owned(),
            fault,
        };
        match path.symlink_metadata() {
            Ok(found) if !found.is_file() || !is_ours(&found) => {
                return Err(fault(Fault::OtherOwner));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Ok(_) | Err(_) => {}
        }
        let bytes = fs::read(path, LIMIT).map_err(|error| match error {
            fs::Error::Io { source, .. } => Error::io(path)(source.kind().into()),
            _ => fault(Fault::Damaged),
        })?;
        let journal = Self::parse(&bytes).map_err(fault)?;
        match decode(&journal.root) {
            Some(named) if named == root => Ok(Some(journal)),
            Some(root) => Err(fault(Fault::OtherRoot { root })),
            None => Err(fault(Fault::Damaged)),
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let text = std::str::from_utf8(bytes).map_err(|_| Fault::Damaged)?;
        let head = text.strip_prefix(NAME).ok_or(Fault::Damaged)?;
        let (head, rest) = head.split_once('\n').ok_or(Fault::Damaged)?;
        let (version, hash) = head.split_once(' ').ok_or(Fault::Damaged)?;
        if version != VERSION {
            return Err(Fault::OtherVersion);
        }
        if hash != Digest::of(rest.as_bytes()).to_string() {
            return Err(Fault::Damaged);
        }
        let journal: Self = serde_json::from_str(rest).map_err(|_| Fault::Damaged)?;
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let id = journal.id.as_bytes();
        if id.is_empty() || id.len() > 32 || !id.iter().all(|byte| is_plain(*byte)) {
            return Err(Fault::Damaged);
        }
        Ok(journal)
    }

    /// Where the new text of a file lies before it is in place.
    pub(super) fn temporary(&self, target: &Path) -> PathBuf {
        crate::paths::temporary(target, &self.id)
    }

    /// Where its old text lies before it is back in place.
    pub(super) fn temporary_of_old(&self, target: &Path) -> PathBuf {
        crate::paths::temporary(target, &format!("{}-old", self.id))
    }
}

impl Old {
    pub(super) fn of(bytes: &[u8], access: Access) -> Self {
        let (mode, owner) = match access {
            Access::Usual => (None, None),
            Access::Exactly { mode, owner } => (Some(mode), owner),
        };
        Self {
            hash: Digest::of(bytes),
            length: bytes.len() as u64,
            at: 0,
            mode,
            owner,
        }
    }

    /// Who may do what with it.
    pub(super) fn access(&self) -> Access {
        let owner = self.owner;
        self.mode
            .map_or(Access::Usual, |mode| Access::Exactly { mode, owner })
    }
}

impl New {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self {
            hash: Digest::of(bytes),
            length: bytes.len() as u64,
        }
    }
}
