//! One file, in one step: it needs no journal, for it is the old one or the new one at any time.

use std::fs;
use std::io;
use std::path::Path;

use super::Error;
use super::commit::random;
use super::disk::{Access, Disk, RealDisk};
use super::place::{behind_links, folder_of, is_git};
use crate::paths;

/// Puts `bytes` in the place of a file, or where there is none yet. It keeps its mode. Links are followed,
/// inside of the folder `root` only to places inside.
///
/// Both paths are absolute and without `..`.
///
/// # Errors
/// [`Error`], and nothing has changed then.
pub(crate) fn replace(place: &Path, root: &Path, bytes: &[u8]) -> Result<(), Error> {
    let target = behind_links(place).map_err(Error::io(place))?;
    if place.starts_with(root) {
        let root = root.canonicalize().map_err(Error::io(place))?;
        let path = place.to_owned();
        let Ok(inside) = target.strip_prefix(&root) else {
            return Err(Error::LeadsOut { path });
        };
        if inside.iter().any(is_git) {
            return Err(Error::InGit { path });
        }
    }
    let access = match target.symlink_metadata() {
        Ok(former) if former.is_file() => Access::of(&former),
        Ok(_) => {
            let path = place.to_owned();
            return Err(Error::NotAFile { path });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Access::Usual,
        Err(error) => return Err(Error::io(place)(error)),
    };
    put(&target, access, bytes, |from| {
        RealDisk.rename(from, &target)
    })
    .map_err(Error::io(place))
}

/// Puts a new file in its place. Whatever lies there already, be it a link, stays as it is.
///
/// # Errors
/// [`Error::Exists`] where something lies there, [`Error::Io`]; and nothing has changed then.
pub(crate) fn create(place: &Path, bytes: &[u8]) -> Result<(), Error> {
    refuse_taken(place)?;
    let put = put(place, Access::Usual, bytes, |from| {
        RealDisk.rename_new(from, place)
    });
    put.map_err(|error| taken(place, error))
}

/// The same for a secret, for the user's eyes alone. It is written under its own name and no other: where the
/// process ends in between, what there is of it lies where the user looks for it.
///
/// # Errors
/// As of [`create`].
pub(crate) fn create_private(place: &Path, bytes: &[u8]) -> Result<(), Error> {
    refuse_taken(place)?;
    let disk = RealDisk;
    let written = disk.write(place, &[bytes], Access::PRIVATE);
    if matches!(&written, Err(error) if error.kind() == io::ErrorKind::AlreadyExists) {
        return written.map_err(|error| taken(place, error));
    }
    let kept = written
        .and_then(|()| disk.sync_file(place))
        .and_then(|()| disk.sync_folder(folder_of(place)));
    kept.map_err(|error| {
        let _ = fs::remove_file(place);
        Error::io(place)(error)
    })
}

/// Refuses a place where something lies.
fn refuse_taken(place: &Path) -> Result<(), Error> {
    if place.symlink_metadata().is_ok() {
        let path = place.to_owned();
        return Err(Error::Exists { path });
    }
    Ok(())
}

/// Why a new file is not there.
fn taken(place: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists {
            path: place.to_owned(),
        },
        _ => Error::io(place)(error),
    }
}

/// Writes a file beside its place and moves it there; nothing is left where that fails.
fn put(
    target: &Path,
    access: Access,
    bytes: &[u8],
    into_place: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<()> {
    let disk = RealDisk;
    let temporary = paths::temporary(target, &random());
    let put = disk
        .write(&temporary, &[bytes], access)
        .and_then(|()| disk.sync_file(&temporary))
        .and_then(|()| into_place(&temporary));
    if put.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    put?;
    disk.sync_folder(folder_of(target))
}
