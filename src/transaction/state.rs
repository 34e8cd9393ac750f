//! How a file stands to the change that is to become of it.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use super::journal::Entry;
use super::stage::map;
use super::{Digest, Error};
use crate::fs;

/// How a file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// As before.
    Old,
    /// As after.
    New,
    /// It is not there, though it was before and is to be after.
    Gone,
    /// Neither.
    Strange,
}

/// A file and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stands {
    /// The file, below the root.
    pub(crate) path: PathBuf,
    pub(crate) state: State,
    /// Whether it is there before.
    pub(crate) was: bool,
    /// Whether it is there after.
    pub(crate) will_be: bool,
}

impl State {
    /// That of the file at `target`.
    ///
    /// # Errors
    /// What the system says where it cannot be read.
    pub(super) fn of(entry: &Entry, target: &Path) -> io::Result<Self> {
        let found = match Self::metadata(entry, target)? {
            Ok(found) => found,
            Err(state) => return Ok(state),
        };
        let old = entry.old.as_ref().map(|old| (old.length, old.hash));
        let new = entry.new.as_ref().map(|new| (new.length, new.hash));
        let bytes = read_known(target, &found)?;
        let found = Some((found.len(), Digest::of(&bytes)));
        Ok(if found == new {
            Self::New
        } else if found == old {
            Self::Old
        } else {
            Self::Strange
        })
    }

    /// That of the file at `target`, which nobody reads for it: it is the old one where the system says of it what it
    /// said when that was read.
    ///
    /// # Errors
    /// What the system says where it does not tell.
    pub(super) fn at_a_glance(
        entry: &Entry,
        target: &Path,
        known: Option<&Metadata>,
    ) -> io::Result<Self> {
        Ok(match Self::metadata(entry, target)? {
            Ok(found) if known.is_some_and(|known| is_the_same(known, &found)) => Self::Old,
            Ok(_) => Self::Strange,
            Err(state) => state,
        })
    }

    /// What the system says of the file at `target`, where it may be the old or the new one; else how it stands.
    fn metadata(entry: &Entry, target: &Path) -> io::Result<Result<Metadata, Self>> {
        let found = match target.symlink_metadata() {
            Ok(found) if found.is_file() => found,
            Ok(_) => return Ok(Err(Self::Strange)),
            Err(error) if is_absent(&error) => {
                return Ok(Err(match (&entry.old, &entry.new) {
                    (None, _) => Self::Old,
                    (Some(_), None) => Self::New,
                    (Some(_), Some(_)) => Self::Gone,
                }));
            }
            Err(error) => return Err(error),
        };
        let old = entry.old.as_ref().map(|old| old.length);
        let new = entry.new.as_ref().map(|new| new.length);
        let may_be = [old, new].contains(&Some(found.len()));
        Ok(may_be.then_some(found).ok_or(Self::Strange))
    }
}

/// A file of the transaction, and how it stood at the first look.
pub(super) struct File<'r> {
    /// Its number in the journal.
    pub(super) at: usize,
    pub(super) entry: &'r Entry,
    pub(super) target: PathBuf,
    pub(super) state: State,
}

impl File<'_> {
    /// Its path below the root.
    pub(super) fn path(&self) -> PathBuf {
        self.entry.path.as_path().to_owned()
    }

    pub(super) fn stands(&self) -> Stands {
        Stands {
            path: self.path(),
            state: self.state,
            was: self.entry.old.is_some(),
            will_be: self.entry.new.is_some(),
        }
    }
}

/// Does something with each file. After a failure the others may be done all the same.
pub(super) fn each(
    files: &[File<'_>],
    work: impl Fn(&File<'_>) -> Result<(), Error> + Sync,
) -> Result<(), Error> {
    map(files.iter().collect(), work).into_iter().collect()
}

/// Whether an answer of the system says that there is no such file.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Whether a file is as it was, as far as that is told without reading it.
fn is_the_same(before: &Metadata, now: &Metadata) -> bool {
    let changed = |file: &Metadata| file.modified().ok();
    before.len() == now.len() && changed(before) == changed(now) && number(before) == number(now)
}

/// What tells a file from another one under its name.
#[cfg(unix)]
fn number(file: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(file)
}

/// What tells a file from another one under its name: nothing here.
#[cfg(not(unix))]
fn number(_: &Metadata) -> u64 {
    0
}

/// The bytes of a file that has so many.
pub(super) fn read(path: &Path, length: u64) -> io::Result<Vec<u8>> {
    let limit = usize::try_from(length).unwrap_or(usize::MAX);
    fs::read(path, limit).map_err(unread)
}

/// The bytes of a file of which the system has just said this.
fn read_known(path: &Path, found: &Metadata) -> io::Result<Vec<u8>> {
    let limit = usize::try_from(found.len()).unwrap_or(usize::MAX);
    fs::read_known(path, found, limit).map_err(unread)
}

fn unread(error: fs::Error) -> io::Error {
    match error {
        fs::Error::NotFound { .. } => io::ErrorKind::NotFound.into(),
        fs::Error::NotAFile { .. } => io::ErrorKind::IsADirectory.into(),
        fs::Error::TooLarge { .. } => io::Error::other("it is growing while it is read"),
        fs::Error::Io { source, .. } => source.kind().into(),
    }
}
