//! The index: what the next commit is made of.

use std::collections::BTreeMap;

use git2::Oid;

use super::blobs::open_objects;
use super::command::Git;
use super::entry::{Entry, Kind};
use super::error::Error;
use super::head::{Head, head};
use super::index_file::{IndexFile, Raw, Refused};
use super::places::Places;
use super::trees::Trees;
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
        let Entries::File(file) = &self.entries else {
            return self.git.staged(None);
        };
        let commit = match head(self.places) {
            Head::Unborn => return Ok(self.below(b"")),
            Head::Unknown => return self.git.staged(None),
            Head::Commit(id) => id,
        };
        if file.entries().len() > MANY
            && !file.knows_trees()
            && let Ok(staged) = self.git.staged(Some(commit))
        {
            return Ok(staged);
        }
        self.differing(file, commit).or_else(|refused| {
            let staged = self.git.staged(None);
            staged.map_err(|error| error.instead_of(refused.message()))
        })
    }

    fn differing(&self, file: &IndexFile, commit: Oid) -> Result<Vec<Entry>, git2::Error> {
        let objects = open_objects(self.places)?;
        let tree = objects.find_commit(commit)?.tree()?;
        let root = tree.id();
        let mut trees = Trees::new(&objects, tree);
        let same = file.folders_with(|folder| {
            if folder.is_empty() {
                return Ok(Some(root));
            }
            Ok(trees.at(folder)?.map(|(id, _)| id))
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
            if entry.stage != 0 || trees.at(path)? != Some((entry.id, entry.mode)) {
                differing.push(entry);
            }
            at += 1;
        }
        Ok(once_each(file, differing.into_iter()))
    }
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
