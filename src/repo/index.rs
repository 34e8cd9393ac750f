//! The index: what the next commit is made of.

use std::collections::{BTreeMap, HashMap};

use super::command::Git;
use super::commits::Commits;
use super::entry::{BlobId, Entry, Kind};
use super::error::Error;
use super::id::{CommitId, Id};
use super::index_file::{IndexFile, Raw, Refused};
use super::places::Places;
use super::refs::{Found, follow};
use crate::fs;

/// The index of a repository.
pub(crate) struct Index<'r> {
    places: &'r Places,
    git: Git<'r>,
    entries: Entries,
}

/// Who read it.
enum Entries {
    File(IndexFile),
    Git(BTreeMap<Vec<u8>, Kind>),
}

/// From this many entries on git compares an index in which it did not note its trees faster.
const MANY: usize = 2_000;

/// The most bytes of an index.
const MAX_LEN: usize = 1 << 30;

impl<'r> Index<'r> {
    pub(super) fn read(places: &'r Places, git: Git<'r>) -> Result<Self, Error> {
        let file = match fs::read(&places.index, MAX_LEN) {
            Ok(bytes) => IndexFile::parse(bytes),
            Err(fs::Error::NotFound { .. }) => Ok(IndexFile::empty()),
            Err(error) => Err(Refused::Io(error.to_string())),
        };
        let entries = match file {
            Ok(file) => Entries::File(file),
            Err(refused) => {
                let all = git
                    .all()
                    .map_err(|error| error.instead_of(&refused.to_string()))?;
                Entries::Git(
                    all.into_iter()
                        .map(|entry| (entry.path, entry.kind))
                        .collect(),
                )
            }
        };
        Ok(Self {
            places,
            git,
            entries,
        })
    }

    /// What stands at a path, staged or not.
    pub(crate) fn at(&self, path: &[u8]) -> Option<Kind> {
        match &self.entries {
            Entries::Git(entries) => entries.get(path).cloned(),
            Entries::File(file) => {
                let entry = file.entries().get(file.first_from(path))?;
                (file.path(entry) == path).then(|| kind(entry))
            }
        }
    }

    /// Whether a file of the work tree that has so many bytes may not be what the index has. What git
    /// noted of it tells, so nothing is read; an edit that keeps the length is not seen.
    pub(crate) fn may_differ(&self, path: &[u8], len: usize) -> bool {
        match &self.entries {
            Entries::Git(_) => true,
            Entries::File(file) => {
                let entry = file.entries().get(file.first_from(path));
                let entry = entry.filter(|entry| file.path(entry) == path);
                entry.is_none_or(|entry| u32::try_from(len).is_ok_and(|len| entry.len != len))
            }
        }
    }

    /// All below a folder, staged or not; everything where the folder's path is empty.
    pub(crate) fn below(&self, folder: &[u8]) -> Vec<Entry> {
        let mut prefix = folder.to_vec();
        if !prefix.is_empty() {
            prefix.push(b'/');
        }
        match &self.entries {
            Entries::Git(entries) => entries
                .range(prefix.clone()..)
                .take_while(|(path, _)| path.starts_with(&prefix))
                .map(|(path, kind)| Entry {
                    path: path.clone(),
                    kind: kind.clone(),
                })
                .collect(),
            Entries::File(file) => {
                let from = file.entries().get(file.first_from(&prefix)..);
                let from = from.unwrap_or_default().iter();
                once_each(
                    file,
                    from.take_while(|entry| file.path(entry).starts_with(&prefix)),
                )
            }
        }
    }

    /// Whether there is anything below a folder.
    pub(crate) fn has_below(&self, folder: &[u8]) -> bool {
        let mut prefix = folder.to_vec();
        if !prefix.is_empty() {
            prefix.push(b'/');
        }
        let first = match &self.entries {
            Entries::Git(entries) => entries
                .range(prefix.clone()..)
                .next()
                .map(|(path, _)| path.as_slice()),
            Entries::File(file) => {
                let first = file.entries().get(file.first_from(&prefix));
                first.map(|entry| file.path(entry))
            }
        };
        first.is_some_and(|path| path.starts_with(&prefix))
    }

    /// The paths of all below a folder, each at least once.
    pub(super) fn paths_below(&self, folder: &[u8]) -> Vec<Vec<u8>> {
        self.below(folder)
            .into_iter()
            .map(|entry| entry.path)
            .collect()
    }

    /// All that differs from `HEAD`, but for what is only gone.
    ///
    /// # Errors
    /// [`Error`] where neither libgit2 nor git can read `HEAD`.
    pub(crate) fn staged(&self) -> Result<Vec<Entry>, Error> {
        match follow(self.places, b"HEAD") {
            Found::Id(id) => {
                let mut commits = Commits::new(self.places, self.git);
                self.differing_from(&mut commits, CommitId(id))
            }
            Found::Nothing => Ok(self.below(b"")),
            Found::Unknown => self.git.staged(),
        }
    }

    /// All that differs from a commit, but for what is only gone.
    ///
    /// # Errors
    /// [`Error`] where neither libgit2 nor git can read the commit.
    pub(crate) fn differing_from(
        &self,
        commits: &mut Commits<'_>,
        commit: CommitId,
    ) -> Result<Vec<Entry>, Error> {
        let ask = || self.git.differing(&commit.to_string());
        let file = match &self.entries {
            Entries::File(file) if commit.0.to_oid().is_some() => file,
            Entries::File(_) | Entries::Git(_) => return ask(),
        };
        if file.entries().len() > MANY
            && !file.knows_trees()
            && let Ok(differing) = ask()
        {
            return Ok(differing);
        }
        differing(file, commits, commit)
            .or_else(|refused| ask().map_err(|error| error.or_if_unasked(refused)))
    }

    /// Whether git noted that the index has all that a commit has, and nothing else.
    pub(crate) fn is_all_of(&self, commits: &mut Commits<'_>, commit: CommitId) -> bool {
        let Entries::File(file) = &self.entries else {
            return false;
        };
        let noted = file.folders_with(|folder| match folder {
            b"" => Ok(commits.folder_at(commit, folder)?.and_then(Id::to_oid)),
            _ => Ok::<_, Error>(None),
        });
        noted.is_ok_and(|noted| noted.contains_key(&b""[..]))
    }

    /// The files that a commit has and the index has not, and what they hold. Only folders that
    /// differ are looked into, as far as git noted that in the index.
    ///
    /// # Errors
    /// [`Error`] where neither libgit2 nor git can read the commit, or it holds too much.
    pub(crate) fn vanished(
        &self,
        commits: &mut Commits<'_>,
        commit: CommitId,
    ) -> Result<Vec<(Vec<u8>, BlobId)>, Error> {
        let mut same = HashMap::new();
        if let Entries::File(file) = &self.entries {
            // Notes that do not help leave more to be looked at.
            let noted = file.folders_with(|folder| {
                let tree = commits.folder_at(commit, folder)?;
                Ok::<_, Error>(tree.and_then(Id::to_oid))
            });
            same = noted.unwrap_or_default();
        }
        let files = commits.files(commit, |folder| !same.contains_key(folder))?;
        let mut vanished = files;
        vanished.retain(|(path, _)| self.at(path).is_none());
        Ok(vanished)
    }
}

/// The entries that are not as in a commit.
fn differing(
    file: &IndexFile,
    commits: &mut Commits<'_>,
    commit: CommitId,
) -> Result<Vec<Entry>, Error> {
    let same = file.folders_with(|folder| {
        let tree = commits.folder_at(commit, folder)?;
        Ok(tree.and_then(Id::to_oid))
    })?;
    let mut differing = Vec::new();
    let mut at = same.get(&b""[..]).copied().unwrap_or_default();
    while let Some(entry) = file.entries().get(at) {
        let path = file.path(entry);
        // What a folder holds that has not changed needs not be looked at.
        if let Some(count) = folders_of(path).find_map(|folder| same.get(folder))
            && *count > 0
        {
            at += count;
            continue;
        }
        let is_same = |(mode, id): (u32, Id)| (mode, id.to_oid()) == (entry.mode, Some(entry.id));
        if entry.stage != 0 || !commits.item(commit, path)?.is_some_and(is_same) {
            differing.push(entry);
        }
        at += 1;
    }
    Ok(once_each(file, differing.into_iter()))
}

/// The folders that a path lies in, the outermost first.
fn folders_of(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    slashes.filter_map(|(at, _)| path.get(..at))
}

/// The entries, those of one path as one.
fn once_each<'f>(file: &IndexFile, entries: impl Iterator<Item = &'f Raw>) -> Vec<Entry> {
    let mut once: Vec<Entry> = Vec::new();
    for entry in entries {
        let path = file.path(entry);
        if once.last().is_none_or(|last| last.path != path) {
            once.push(Entry {
                path: path.to_vec(),
                kind: kind(entry),
            });
        }
    }
    once
}

fn kind(entry: &Raw) -> Kind {
    if entry.stage != 0 {
        Kind::Unmerged
    } else if entry.announced {
        Kind::Announced
    } else {
        Kind::of_mode(entry.mode, || entry.id.to_string())
    }
}
