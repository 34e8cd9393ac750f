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
    /// What git was asked for all at once, as long as somebody is still to read it.
    fetched: Mutex<HashMap<BlobId, Fetched>>,
}

/// A blob that git gave.
struct Fetched {
    bytes: Vec<u8>,
    /// How often it is still to be read.
    readers: usize,
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
        let mut readers: HashMap<&BlobId, usize> = HashMap::new();
        for id in ids {
            *readers.entry(id).or_default() += 1;
        }
        let once: Vec<&BlobId> = readers.keys().copied().collect();
        // What is missing here is asked for again, and told of, when it is needed.
        if let Ok(blobs) = self.git.blobs(&once) {
            let blobs = blobs.into_iter().map(|(id, bytes)| {
                let readers = readers.get(&id).copied().unwrap_or(1);
                (id, Fetched { bytes, readers })
            });
            *self.fetched.lock().unwrap_or_else(PoisonError::into_inner) = blobs.collect();
        }
    }

    /// The bytes of a blob that holds at most `limit`.
    ///
    /// # Errors
    /// [`Unread`] where it holds more, or where neither libgit2 nor git can read it.
    pub(crate) fn read(&self, id: &BlobId, limit: usize) -> Result<Vec<u8>, Unread> {
        match self.fetched(id) {
            Some(bytes) if bytes.len() > limit => return Err(Unread::TooLarge),
            Some(bytes) => return Ok(bytes),
            None => {}
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

    /// How many bytes a blob holds; none where libgit2 does not say.
    pub(crate) fn size(&self, id: &BlobId) -> Option<usize> {
        let id = Oid::from_str(&id.0).ok()?;
        self.with_objects(|objects| Ok(objects.odb()?.read_header(id)?.0))
            .ok()
    }

    /// What git was asked for before; the last one who reads it takes it away.
    fn fetched(&self, id: &BlobId) -> Option<Vec<u8>> {
        let mut all = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        let fetched = all.get_mut(id)?;
        if fetched.readers > 1 {
            fetched.readers -= 1;
            return Some(fetched.bytes.clone());
        }
        all.remove(id).map(|fetched| fetched.bytes)
    }

    /// The bytes as libgit2 reads them; none where there are more than `limit`.
    fn of_libgit2(&self, id: &BlobId, limit: usize) -> Result<Option<Vec<u8>>, git2::Error> {
        let id = Oid::from_str(&id.0)?;
        self.with_objects(|objects| blob(objects, id, limit))
    }

    /// Lends one of libgit2's readers.
    fn with_objects<T>(
        &self,
        read: impl FnOnce(&Repository) -> Result<T, git2::Error>,
    ) -> Result<T, git2::Error> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let objects = match idle {
            Some(objects) => objects,
            None => open_objects(self.places)?,
        };
        let result = read(&objects);
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(objects);
        result
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
    Repository::from_odb(open_odb(places)?)
}

/// The objects of a repository.
pub(super) fn open_odb(places: &Places) -> Result<Odb<'static>, git2::Error> {
    let odb = Odb::new()?;
    for folder in &places.objects {
        let folder = folder
            .to_str()
            .ok_or_else(|| git2::Error::from_str("the folder's path is no text"))?;
        odb.add_disk_alternate(folder)?;
    }
    Ok(odb)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test makes its own world")]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use super::*;
    use crate::environment::{Environment, Platform};

    fn git(folder: &Path, command: &str) -> String {
        let output = Command::new("git")
            .args(command.split(' '))
            .current_dir(folder)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "git {command}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    #[test]
    fn what_git_was_asked_for_at_once_is_there_for_each_reader_and_no_longer() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        // libgit2 reads no such ids.
        git(&folder, "init --quiet --object-format=sha256");
        let ids = [("a", "one"), ("b", "other one")].map(|(name, text)| {
            std::fs::write(folder.join(name), text).unwrap();
            BlobId(git(&folder, &format!("hash-object -w {name}")))
        });
        let path = ("PATH".into(), std::env::var_os("PATH").unwrap());
        let environment = Environment::new([path], folder.clone(), Platform::Unix);
        let places = Places::find(&environment, &folder).unwrap();
        let git = Git {
            environment: &environment,
            directory: &folder,
        };
        let blobs = Blobs::new(&places, git);
        let [one, other] = &ids;
        blobs.prepare(&[one, other, one]);
        // Whoever would ask git now gets nothing.
        std::fs::remove_dir_all(folder.join(".git/objects")).unwrap();
        assert_eq!(blobs.read(one, 3).unwrap(), b"one");
        assert_eq!(blobs.read(one, 3).unwrap(), b"one");
        assert!(matches!(blobs.read(one, 3), Err(Unread::Failed(_))));
        assert!(matches!(blobs.read(other, 8), Err(Unread::TooLarge)));
    }
}
