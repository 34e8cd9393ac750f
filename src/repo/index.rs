//! The index: what the next commit is made of.

use std::collections::{BTreeMap, HashMap};

use git2::{IndexEntryExtendedFlag, Oid, Repository, Tree};

use super::blobs::open_objects;
use super::command::Git;
use super::entry::{Entry, Kind};
use super::error::Error;
use super::head::{Head, head};
use super::path;
use super::places::Places;

/// The index of a repository.
pub(crate) struct Index<'r> {
    places: &'r Places,
    git: Git<'r>,
    entries: Entries,
}

/// Who read it.
enum Entries {
    Libgit2(git2::Index),
    Git(BTreeMap<Vec<u8>, Kind>),
}

/// From this many entries on git finds what is staged faster than libgit2 would: it knows from the
/// index itself which folders are as in `HEAD`.
const MANY: usize = 2_000;

impl<'r> Index<'r> {
    pub(super) fn read(places: &'r Places, git: Git<'r>) -> Result<Self, Error> {
        let entries = match git2::Index::open(&places.index) {
            Ok(index) => Entries::Libgit2(index),
            Err(refused) => {
                let all = git.all().map_err(|error| error.instead_of(&refused))?;
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
            Entries::Libgit2(index) => {
                let path = path::of_git(path);
                match index.get_path(&path, 0) {
                    Some(entry) => Some(kind(&entry)),
                    None => (1..=3)
                        .any(|stage| index.get_path(&path, stage).is_some())
                        .then_some(Kind::Unmerged),
                }
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
            Entries::Libgit2(index) => {
                let first = index.find_prefix(prefix.as_slice()).unwrap_or(index.len());
                let from = (first..index.len()).filter_map(|at| index.get(at));
                once_each(from.take_while(|entry| entry.path.starts_with(&prefix)))
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
        let Entries::Libgit2(index) = &self.entries else {
            return self.git.staged(None);
        };
        let tree = match head(self.places) {
            Head::Unborn => return Ok(self.below(b"")),
            Head::Unknown => return self.git.staged(None),
            Head::Commit(id) => id,
        };
        if index.len() > MANY
            && let Ok(staged) = self.git.staged(Some(tree))
        {
            return Ok(staged);
        }
        self.differing(index, tree).or_else(|refused| {
            let staged = self.git.staged(None);
            staged.map_err(|error| error.instead_of(&refused))
        })
    }

    fn differing(&self, index: &git2::Index, commit: Oid) -> Result<Vec<Entry>, git2::Error> {
        let objects = open_objects(self.places)?;
        let tree = objects.find_commit(commit)?.tree()?;
        let mut trees = Trees::new(&objects, tree);
        let mut differing = Vec::new();
        for entry in index.iter() {
            if stage(&entry) != 0 || trees.at(&entry.path)? != Some((entry.id, entry.mode)) {
                differing.push(entry);
            }
        }
        Ok(once_each(differing.into_iter()))
    }
}

/// The trees of a commit, each read once.
struct Trees<'o> {
    objects: &'o Repository,
    read: HashMap<Vec<u8>, Option<Tree<'o>>>,
}

impl<'o> Trees<'o> {
    fn new(objects: &'o Repository, root: Tree<'o>) -> Self {
        Self {
            objects,
            read: HashMap::from([(Vec::new(), Some(root))]),
        }
    }

    /// The id and mode of a path.
    fn at(&mut self, path: &[u8]) -> Result<Option<(Oid, u32)>, git2::Error> {
        let (folder, name) = split(path);
        self.read_folder(folder)?;
        let tree = self.read.get(folder).and_then(Option::as_ref);
        let entry = tree.and_then(|tree| tree.get_name_bytes(name));
        Ok(entry.map(|entry| {
            let mode = u32::try_from(entry.filemode_raw()).unwrap_or_default();
            (entry.id(), mode)
        }))
    }

    /// Reads a folder's tree and those around it.
    fn read_folder(&mut self, folder: &[u8]) -> Result<(), git2::Error> {
        let mut unread = Vec::new();
        let mut at = folder;
        while !self.read.contains_key(at) {
            unread.push(at);
            at = split(at).0;
        }
        for folder in unread.into_iter().rev() {
            let (parent, name) = split(folder);
            let parent = self.read.get(parent).and_then(Option::as_ref);
            let entry = parent.and_then(|tree| tree.get_name_bytes(name));
            let tree = match entry.filter(|entry| entry.filemode_raw() == 0o040_000) {
                Some(entry) => Some(self.objects.find_tree(entry.id())?),
                None => None,
            };
            self.read.insert(folder.to_vec(), tree);
        }
        Ok(())
    }
}

/// A path's folder and its last part.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (
            path.get(..at).unwrap_or_default(),
            path.get(at + 1..).unwrap_or_default(),
        ),
        None => (b"", path),
    }
}

/// The entries, those of one path as one.
fn once_each(entries: impl Iterator<Item = git2::IndexEntry>) -> Vec<Entry> {
    let mut once: Vec<Entry> = Vec::new();
    for entry in entries {
        if once.last().is_none_or(|last| last.path != entry.path) {
            once.push(Entry {
                kind: kind(&entry),
                path: entry.path,
            });
        }
    }
    once
}

fn kind(entry: &git2::IndexEntry) -> Kind {
    let announced = IndexEntryExtendedFlag::INTENT_TO_ADD.bits();
    if stage(entry) != 0 {
        Kind::Unmerged
    } else if entry.flags_extended & announced != 0 {
        Kind::Announced
    } else {
        Kind::of_mode(entry.mode, || entry.id.to_string())
    }
}

/// 0, or which side of a merge it is.
fn stage(entry: &git2::IndexEntry) -> u16 {
    (entry.flags >> 12) & 3
}
