//! What each commit of a range brought: every content that whoever gets these commits gets to see,
//! also where a later commit took it back.

use std::collections::{HashMap, HashSet};

use super::ancestry::{End, Reach};
use super::base::{Base, NoBase, Of};
use super::commits::Commits;
use super::diff::Changed;
use super::entry::{BlobId, Kind};
use super::error::Error;
use super::id::{CommitId, Id};

/// What a range of commits brought.
#[derive(Debug)]
pub(crate) struct Brought {
    /// Each content once, with the first commit that had it; those of older commits first, and of
    /// one commit by path.
    pub(crate) files: Vec<File>,
    /// How many commits were looked at.
    pub(crate) commits: usize,
    /// Whether these are all.
    pub(crate) end: End,
}

/// A content that a commit brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    /// The commit.
    pub(crate) commit: CommitId,
    /// The path, as git writes it.
    pub(crate) path: Vec<u8>,
    /// The content.
    pub(crate) blob: BlobId,
}

impl Commits<'_> {
    /// The files that the commits between a base and `HEAD` added or changed. A merge brings what is
    /// as in none of its parents. Left out is what the base has under the same path.
    ///
    /// The base is one of [`Commits::base_since`]; of another, nothing was brought.
    ///
    /// # Errors
    /// [`NoBase`] where `HEAD` or a tree that differs cannot be read.
    pub(crate) fn brought(&mut self, base: &Base, reach: Reach) -> Result<Brought, NoBase> {
        let Of::Since(since) = &base.of else {
            return Ok(Brought {
                files: Vec::new(),
                commits: 0,
                end: End::Complete,
            });
        };
        let mut without: Vec<Id> = base.commits.iter().map(|commit| commit.0).collect();
        without.extend(since.tip.map(|tip| tip.0));
        let walk = self.walk(since.head.0, &without, reach)?;
        let mut brought = Brought {
            files: Vec::new(),
            commits: walk.ids.len(),
            end: walk.end,
        };
        let mut known: HashSet<BlobId> = HashSet::new();
        for id in walk.ids.into_iter().rev() {
            for (path, blob) in self.brought_by(id, reach.first_parents)? {
                if !known.contains(&blob) && !self.has(base, &path, &blob)? {
                    known.insert(blob.clone());
                    brought.files.push(File {
                        commit: CommitId(id),
                        path,
                        blob,
                    });
                }
            }
        }
        Ok(brought)
    }

    /// Whether a base has this content under this path.
    fn has(&mut self, base: &Base, path: &[u8], blob: &BlobId) -> Result<bool, Error> {
        for commit in &base.commits {
            if self.at(*commit, path)? == Some(Kind::File(blob.clone())) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The files of a commit that are as in none of its parents.
    fn brought_by(&mut self, id: Id, first: bool) -> Result<Vec<(Vec<u8>, BlobId)>, Error> {
        let commit = self.commit(id)?;
        // What it changed is not known, and all that it has was not brought by it.
        if commit.is_cut {
            return Ok(Vec::new());
        }
        let mut trees = Vec::new();
        for parent in self.parents_of(id, first) {
            trees.push(Some(self.commit(parent)?.tree));
        }
        if trees.is_empty() {
            trees.push(None);
        }
        let mut common: Option<Vec<(Vec<u8>, BlobId)>> = None;
        for tree in trees {
            let changes = self.differing(tree, Some(commit.tree))?;
            let files: Vec<_> = changes.paths.into_iter().filter_map(file).collect();
            common = Some(match common {
                None => files,
                Some(common) => in_both(common, files),
            });
        }
        Ok(common.unwrap_or_default())
    }
}

fn file(changed: Changed) -> Option<(Vec<u8>, BlobId)> {
    match changed.is {
        Some(Kind::File(blob)) => Some((changed.path, blob)),
        _ => None,
    }
}

/// Those of the first list whose path is in the second, too.
fn in_both(
    mut one: Vec<(Vec<u8>, BlobId)>,
    other: Vec<(Vec<u8>, BlobId)>,
) -> Vec<(Vec<u8>, BlobId)> {
    let other: HashMap<Vec<u8>, BlobId> = other.into_iter().collect();
    one.retain(|(path, _)| other.contains_key(path));
    one
}
