//! The bytes of files as the index names them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use git2::{Odb, Oid, Repository};

use super::command::Git;
use super::entry::BlobId;
use super::error::Error;
use super::places::Places;

/// Reads blobs, from as many threads at once as want to.
pub(crate) struct Blobs<'r> {
    places: &'r Places,
    git: Git<'r>,
    /// libgit2's readers that no thread uses at the moment.
    idle: Mutex<Vec<Repository>>,
    /// What git was asked for all at once, and nobody has read yet.
    fetched: Mutex<HashMap<BlobId, Vec<u8>>>,
}

/// Why a blob's bytes are not there.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It is larger than the limit.
    TooLarge,
    /// It cannot be read.
    Failed(Error),
}

impl<'r> Blobs<'r> {
    pub(super) fn new(places: &'r Places, git: Git<'r>) -> Self {
        Self {
            places,
            git,
            idle: Mutex::default(),
            fetched: Mutex::default(),
        }
    }

    /// Fetches many blobs through one run of git where libgit2 cannot read this repository's. Those
    /// that are too many to be held are read one by one later.
    pub(crate) fn prepare(&self, ids: &[&BlobId]) {
        let readable = |id: &&BlobId| self.of_libgit2(id, 0).is_ok();
        if ids.len() < 2 || ids.first().is_some_and(readable) {
            return;
        }
        // What is missing here is asked for again, and told of, when it is needed.
        if let Ok(blobs) = self.git.blobs(ids) {
            *self.fetched.lock().unwrap_or_else(PoisonError::into_inner) = blobs;
        }
    }

    /// The bytes of a blob that holds at most `limit`.
    ///
    /// # Errors
    /// [`Unread`] where it holds more, or where neither libgit2 nor git can read it.
    pub(crate) fn read(&self, id: &BlobId, limit: usize) -> Result<Vec<u8>, Unread> {
        let fetched = self
            .fetched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
        if let Some(bytes) = fetched {
            return Ok(bytes);
        }
        match self.of_libgit2(id, limit) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(Unread::TooLarge),
            Err(refused) => match self.git.blob(id, limit) {
                Ok(Some(bytes)) => Ok(bytes),
                Ok(None) => Err(Unread::TooLarge),
                Err(error) => Err(Unread::Failed(error.instead_of(refused.message()))),
            },
        }
    }

    /// The bytes as libgit2 reads them; none where there are more than `limit`.
    fn of_libgit2(&self, id: &BlobId, limit: usize) -> Result<Option<Vec<u8>>, git2::Error> {
        let id = Oid::from_str(&id.0)?;
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let objects = match idle {
            Some(objects) => objects,
            None => open_objects(self.places)?,
        };
        let bytes = blob(&objects, id, limit);
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(objects);
        bytes
    }
}

fn blob(objects: &Repository, id: Oid, limit: usize) -> Result<Option<Vec<u8>>, git2::Error> {
    let odb = objects.odb()?;
    if odb.read_header(id)?.0 > limit {
        return Ok(None);
    }
    Ok(Some(odb.read(id)?.data().to_vec()))
}

/// The objects of a repository, and nothing else of it: neither configuration nor references.
pub(super) fn open_objects(places: &Places) -> Result<Repository, git2::Error> {
    let odb = Odb::new()?;
    for folder in &places.objects {
        let folder = folder
            .to_str()
            .ok_or_else(|| git2::Error::from_str("the folder's path is no text"))?;
        odb.add_disk_alternate(folder)?;
    }
    Repository::from_odb(odb)
}
