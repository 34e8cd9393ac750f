//! Which commit brought the MAC that a file has, and who changed since what the MAC covers.
//!
//! sops writes a MAC once. The oldest version that has it is as sops wrote it, as far as anybody can tell without
//! a key; where what enters the MAC is another thing now, somebody edited the file outside sops.

use std::collections::HashMap;
use std::sync::Arc;

use super::needle::Needle;
use super::reader::{LIMIT, Outcome, Reader, UNREADABLE, Unknown};
use crate::change;
use crate::document::Format;
use crate::repo::{self, BlobId, CommitId, End};

/// A file at hand: what is looked for in its history.
pub(crate) struct Present<'v> {
    pub(crate) version: &'v change::Version,
    pub(crate) needle: Needle,
    /// Its text, in which the version's spans lie.
    pub(crate) text: &'v [u8],
}

/// What the history says of a file.
pub(crate) enum Traced {
    /// All that the MAC covers is as it was when the MAC came.
    AsWritten,
    /// The MAC is in no commit.
    NotCommitted,
    /// It is not.
    Edited(Edited),
    /// It is not known, for a reason as reports print it.
    NotKnown(&'static str),
}

/// A file that somebody edited and that kept its MAC.
pub(crate) struct Edited {
    /// The oldest version that has the MAC.
    pub(crate) written: Arc<change::Version>,
    /// Where git has that version.
    pub(crate) at: Address,
    /// The commits that changed since what the MAC covers, the oldest first; none where that is not
    /// committed yet.
    pub(crate) by: Vec<CommitId>,
}

/// Where git has a version of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) commit: CommitId,
    /// Which parent of the commit has it, counted from 1; none where the commit does.
    pub(crate) parent: Option<usize>,
    /// The path that the file had there.
    pub(crate) path: Vec<u8>,
}

/// The most bytes that are read for one file: 512 MiB.
const MAX_READ: usize = 512 << 20;

/// Looks in the versions of a file for the one that brought the MAC of `present`.
///
/// `versions` are those that [`repo::Histories`] has, and `end` says why there are no more.
pub(crate) fn trace(
    reader: &mut Reader<'_>,
    present: &Present<'_>,
    versions: &[repo::Version],
    end: &End,
) -> Traced {
    Search::new(reader, present).trace(versions, end)
}

impl Address {
    /// The place of a version in its own commit.
    pub(super) fn of(version: &repo::Version) -> Self {
        Self {
            commit: version.commit,
            parent: None,
            path: version.path.clone(),
        }
    }

    /// The revision as git takes it.
    pub(crate) fn revision(&self) -> String {
        match self.parent {
            Some(parent) => format!("{}^{parent}", self.commit.short()),
            None => self.commit.short(),
        }
    }
}

/// A search in the history of one file.
pub(super) struct Search<'s, 'r> {
    pub(super) reader: &'s mut Reader<'r>,
    pub(super) present: &'s Present<'s>,
    /// Whether contents have the MAC.
    known: HashMap<(BlobId, Format), bool>,
    /// How many bytes may still be read.
    left: usize,
}

/// Why nothing is known beyond, as reports print it.
pub(super) type Stop = &'static str;

/// The oldest version that has the MAC.
struct Origin {
    version: Arc<change::Version>,
    at: Address,
    /// Whether its commit brought the MAC, as far as the search could see.
    is_first: bool,
}

impl<'s, 'r> Search<'s, 'r> {
    pub(super) fn new(reader: &'s mut Reader<'r>, present: &'s Present<'s>) -> Self {
        Self {
            reader,
            present,
            known: HashMap::new(),
            left: MAX_READ,
        }
    }

    fn trace(&mut self, versions: &[repo::Version], end: &End) -> Traced {
        let (holders, stop) = self.holders(versions);
        let Some(oldest) = holders.last() else {
            let is_unseen = versions.is_empty();
            let stop = stop.or(reason(end).filter(|_| is_unseen));
            return stop.map_or(Traced::NotCommitted, Traced::NotKnown);
        };
        let origin = match self.origin(oldest) {
            Ok(origin) => origin,
            Err(stop) => return Traced::NotKnown(stop),
        };
        if origin.version.has_inputs_of(self.present.version) {
            let stop = stop.or(reason(end)).filter(|_| !origin.is_first);
            return stop.map_or(Traced::AsWritten, Traced::NotKnown);
        }
        let by = self.changes(&holders, &origin.version);
        Traced::Edited(Edited {
            written: origin.version,
            at: origin.at,
            by,
        })
    }

    /// The versions that have the MAC, the youngest first, and what ended the search for them.
    pub(super) fn holders<'v>(
        &mut self,
        versions: &'v [repo::Version],
    ) -> (Vec<&'v repo::Version>, Option<Stop>) {
        let mut holders = Vec::new();
        for version in versions {
            match self.holds(version.blob.as_ref(), &version.path) {
                Ok(true) => holders.push(version),
                Ok(false) => {}
                Err(stop) => return (holders, Some(stop)),
            }
        }
        (holders, None)
    }

    /// The youngest version that has the MAC over what the oldest one with it has.
    pub(super) fn youngest_as_written(
        &mut self,
        versions: &[repo::Version],
    ) -> Result<Option<usize>, Stop> {
        let (holders, _) = self.holders(versions);
        let Some(oldest) = holders.last() else {
            return Ok(None);
        };
        let written = self.version(oldest.blob.as_ref(), &oldest.path)?;
        for holder in holders {
            let version = self.version(holder.blob.as_ref(), &holder.path)?;
            if written.has_inputs_of(&version) {
                return Ok(versions.iter().position(|version| version == holder));
            }
        }
        Ok(None)
    }

    /// The version that is the origin, where this is the oldest one that was met: itself, or that of
    /// a parent where the search ended before.
    fn origin(&mut self, oldest: &repo::Version) -> Result<Origin, Stop> {
        let former = oldest.renamed_from.as_deref().unwrap_or(&oldest.path);
        for (number, blob) in oldest.before.iter().enumerate() {
            if self.holds(blob.as_ref(), former)? {
                return Ok(Origin {
                    version: self.version(blob.as_ref(), former)?,
                    at: Address {
                        commit: oldest.commit,
                        parent: Some(number + 1),
                        path: former.to_vec(),
                    },
                    is_first: false,
                });
            }
        }
        Ok(Origin {
            version: self.version(oldest.blob.as_ref(), &oldest.path)?,
            at: Address::of(oldest),
            is_first: !oldest.is_cut,
        })
    }

    /// The commits that changed what the MAC covers since it was last as it was written, the oldest
    /// first.
    fn changes(&mut self, holders: &[&repo::Version], written: &change::Version) -> Vec<CommitId> {
        let mut commits = Vec::new();
        for holder in holders {
            let Ok(version) = self.version(holder.blob.as_ref(), &holder.path) else {
                continue;
            };
            if written.has_inputs_of(&version) {
                break;
            }
            if !self.is_kept(holder, &version) {
                commits.push(holder.commit);
            }
        }
        commits.reverse();
        commits
    }

    /// Whether some parent of a commit had the MAC over the same.
    fn is_kept(&mut self, holder: &repo::Version, version: &change::Version) -> bool {
        let former = holder.renamed_from.as_deref().unwrap_or(&holder.path);
        holder.before.iter().any(|blob| {
            self.holds(blob.as_ref(), former) == Ok(true)
                && self
                    .version(blob.as_ref(), former)
                    .is_ok_and(|before| before.has_inputs_of(version))
        })
    }

    /// Whether a content has the MAC. One that cannot be compared has none.
    fn holds(&mut self, blob: Option<&BlobId>, path: &[u8]) -> Result<bool, Stop> {
        let Some(blob) = blob else {
            return Ok(false);
        };
        let key = (blob.clone(), self.reader.format_of(path));
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let holds = match self.look(blob, key.1) {
            Some(Ok(version)) => version.has_mac_of(self.present.version),
            None | Some(Err(Unknown::NotCompared(_))) => false,
            Some(Err(unknown)) => return Err(unknown.reason()),
        };
        self.known.insert(key, holds);
        Ok(holds)
    }

    /// Reads a content that may have the MAC; gives none that surely has not.
    fn look(&mut self, blob: &BlobId, format: Format) -> Option<Outcome> {
        let bytes = match self.bytes(blob) {
            Ok(bytes) => bytes,
            Err(unknown) => return Some(Err(unknown)),
        };
        let may_be = self.present.needle.may_be_in(&bytes);
        may_be.then(|| self.reader.keep(blob, format, bytes))
    }

    fn bytes(&mut self, blob: &BlobId) -> Result<Vec<u8>, Unknown> {
        if self.left == 0 {
            return Err(Unknown::TooMuch);
        }
        let bytes = self.reader.bytes(blob)?;
        self.left = self.left.saturating_sub(bytes.len());
        Ok(bytes)
    }

    /// The bytes of a content, if they can be had.
    pub(super) fn take(&mut self, blob: &BlobId) -> Option<Vec<u8>> {
        self.bytes(blob).ok()
    }

    pub(super) fn version(
        &mut self,
        blob: Option<&BlobId>,
        path: &[u8],
    ) -> Result<Arc<change::Version>, Stop> {
        let blob = blob.ok_or(UNREADABLE)?;
        let format = self.reader.format_of(path);
        self.reader
            .read(blob, format)
            .map_err(|unknown| unknown.reason())
    }
}

/// Why a search ended before the first commits of all.
fn reason(end: &End) -> Option<Stop> {
    match end {
        End::Complete => None,
        End::Limit => Some(LIMIT),
        End::Shallow => Some("shallow-clone"),
        End::Unreadable(_) => Some(UNREADABLE),
    }
}
