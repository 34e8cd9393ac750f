//! Git repositories: which files there are, and their bytes in the index. The only user of git2.
//!
//! The index is read from its file and objects through libgit2, which is given their places; neither
//! asks for anything that depends on configuration or on the process's environment, so a repository
//! that belongs to someone else can be read, too: nothing is run and nothing written. What cannot be
//! read in this way (a split or sparse index, ids that are no SHA-1) is asked of git itself, which may
//! not fetch anything.
//!
//! Commits are read in the same way ([`Commits`]): which are the base of a check, what they hold at a
//! path, what changed between two, and the history of files.

#![expect(unused_imports, reason = "the engine does not compare with a base yet")]

mod ancestry;
mod at_hand;
mod base;
mod blobs;
mod brought;
mod ci;
mod command;
mod commit;
mod commits;
mod diff;
mod entry;
mod error;
mod histories;
mod id;
mod index;
mod index_file;
pub mod install;
mod link;
mod path;
mod places;
mod refs;
mod revision;
mod settings;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test makes its own world")]
mod tests;
mod tree;
mod work_tree;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

pub(crate) use ancestry::{End, Reach};
pub(crate) use base::{Base, NoBase, Of, Redone, Since};
pub(crate) use blobs::{Blobs, Unread};
pub(crate) use brought::{Brought, File};
use command::Git;
pub(crate) use commit::{Author, Date};
pub(crate) use commits::Commits;
pub(crate) use diff::{Changed, Changes, Renames, renames};
pub(crate) use entry::{BlobId, Entry, Kind};
pub(crate) use error::Error;
pub(crate) use histories::{Histories, Version};
pub(crate) use id::CommitId;
pub(crate) use index::Index;
use places::Places;
pub(crate) use places::is_bare_around;
pub(crate) use revision::Revision;
pub(crate) use work_tree::{Met, Wanted};

use crate::environment::Environment;

/// A repository with a work tree.
pub(crate) struct Repo<'e> {
    environment: &'e Environment,
    places: Places,
}

impl<'e> Repo<'e> {
    /// The repository that `environment` names, else the nearest one around the folder `start`.
    pub(crate) fn discover(environment: &'e Environment, start: &Path) -> Option<Self> {
        let places = Places::find(environment, start)?;
        Some(Self {
            environment,
            places,
        })
    }

    /// The root of the work tree.
    pub(crate) fn work_tree(&self) -> &Path {
        &self.places.work_tree
    }

    /// The folder in git's folder that is ours: what `git rev-parse --git-path sopsguard` names. Each linked
    /// work tree has its own. It need not be there.
    pub(crate) fn own_folder(&self) -> PathBuf {
        self.places.git_dir.join("sopsguard")
    }

    /// A path of the work tree as the index knows it; none where it lies elsewhere.
    pub(crate) fn path_in_index(&self, absolute: &Path) -> Option<Vec<u8>> {
        let inside = absolute.strip_prefix(self.work_tree()).ok()?;
        path::to_git(inside)
    }

    /// Where a file of the index stands in the work tree.
    pub(crate) fn place(&self, path_in_index: &[u8]) -> PathBuf {
        self.places.work_tree.join(path::of_git(path_in_index))
    }

    /// Reads the index.
    ///
    /// # Errors
    /// [`Error`] where neither libgit2 nor git can.
    pub(crate) fn index(&self) -> Result<Index<'_>, Error> {
        Index::read(&self.places, self.git())
    }

    /// A reader of the objects that the index names.
    pub(crate) fn blobs(&self) -> Blobs<'_> {
        Blobs::new(&self.places, self.git())
    }

    /// A reader of commits and what they hold.
    pub(crate) fn commits(&self) -> Commits<'_> {
        Commits::new(&self.places, self.git())
    }

    /// The filters through which git passes files between the work tree and the index, by their
    /// absolute paths: of those that have one. Files outside the work tree have none.
    ///
    /// # Errors
    /// [`Error`] where git does not say.
    pub(crate) fn filters(&self, absolute: &[PathBuf]) -> Result<HashMap<PathBuf, String>, Error> {
        let paths: Vec<Vec<u8>> = absolute
            .iter()
            .filter(|path| self.path_in_index(path).is_some())
            .map(|path| path.as_os_str().as_encoded_bytes().to_vec())
            .collect();
        if paths.is_empty() {
            return Ok(HashMap::new());
        }
        let filters = self.git().filters(&paths)?.into_iter();
        Ok(filters
            .map(|(path, filter)| (path::of_git(&path), filter))
            .collect())
    }

    /// Which of these files git would not add unless it is forced to. They need not be there.
    ///
    /// # Errors
    /// [`Error`] where git does not say.
    pub(crate) fn ignored(&self, absolute: &[PathBuf]) -> Result<HashSet<PathBuf>, Error> {
        let inside = absolute
            .iter()
            .filter(|path| self.path_in_index(path).is_some());
        let bytes = inside.map(|path| path.as_os_str().as_encoded_bytes().to_vec());
        let paths: Vec<Vec<u8>> = bytes.collect();
        if paths.is_empty() {
            return Ok(HashSet::new());
        }
        let ignored = self.git().ignored(&paths)?.into_iter();
        Ok(ignored.map(|path| path::of_git(&path)).collect())
    }

    /// The filters that git's own configuration has a command for.
    ///
    /// # Errors
    /// [`Error`] where git does not say, or there are none.
    pub(crate) fn configured_filters(&self) -> Result<HashSet<String>, Error> {
        self.git().configured_filters()
    }

    fn git(&self) -> Git<'_> {
        Git {
            environment: self.environment,
            directory: &self.places.start,
        }
    }
}
