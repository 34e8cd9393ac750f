//! Whether there is room and leave for a change, asked before anything is written.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::place::{Root, folder_of};
use super::plan::Plan;
use super::{Error, Home};

/// Asks whether the folders of all files of the plan may be written, and the files fit.
///
/// # Errors
/// [`Error::ReadOnly`], [`Error::NoSpace`], [`Error::Io`].
pub(super) fn check(plan: &Plan<'_>, root: &Root, home: &Home) -> Result<(), Error> {
    let mut needs = Needs::default();
    let journal = 1024 * plan.files.len() as u64;
    needs.add(home.folder(), plan.old_length() + journal)?;
    let mut new: BTreeMap<&Path, u64> = BTreeMap::new();
    for file in &plan.files {
        *new.entry(folder_of(&file.target)).or_default() += blocks(file.new.len() as u64);
    }
    for (folder, length) in new {
        let folder = nearest(root, folder);
        let found = fs::metadata(folder).map_err(Error::io(folder))?;
        may_be_written(folder, &found)?;
        needs.add(folder, length)?;
    }
    needs.check()
}

/// The nearest folder that is there.
fn nearest<'p>(root: &'p Root, folder: &'p Path) -> &'p Path {
    let mut folders = folder.ancestors();
    let found = folders.find(|folder| folder.symlink_metadata().is_ok());
    found.unwrap_or(root.path())
}

/// Refuses what somebody has set to be read-only, also where the system would let us.
///
/// # Errors
/// [`Error::ReadOnly`], [`Error::Io`].
pub(super) fn may_be_written(path: &Path, found: &fs::Metadata) -> Result<(), Error> {
    if found.permissions().readonly() || !system_lets_us(path).map_err(Error::io(path))? {
        let path = path.to_owned();
        return Err(Error::ReadOnly { path });
    }
    Ok(())
}

#[cfg(unix)]
fn system_lets_us(path: &Path) -> io::Result<bool> {
    use rustix::fs::{Access, access};
    use rustix::io::Errno;
    match access(path, Access::WRITE_OK) {
        Ok(()) => Ok(true),
        Err(Errno::ACCESS | Errno::ROFS | Errno::PERM) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
fn system_lets_us(_: &Path) -> io::Result<bool> {
    Ok(true)
}

/// How much room is needed on each file system.
#[derive(Default)]
struct Needs<'p>(BTreeMap<u64, (&'p Path, u64)>);

/// The least that a file takes on a disk.
const BLOCK: u64 = 4096;

/// The room that so many bytes take.
fn blocks(length: u64) -> u64 {
    length.div_ceil(BLOCK).saturating_mul(BLOCK)
}

impl<'p> Needs<'p> {
    fn add(&mut self, folder: &'p Path, length: u64) -> Result<(), Error> {
        let device = device(folder).map_err(Error::io(folder))?;
        let (_, needed) = self.0.entry(device).or_insert((folder, 0));
        *needed = needed.saturating_add(blocks(length));
        Ok(())
    }

    fn check(&self) -> Result<(), Error> {
        for (folder, needed) in self.0.values() {
            match free(folder) {
                Some(free) if free < *needed => {
                    return Err(Error::NoSpace {
                        folder: folder.to_path_buf(),
                        needed: *needed,
                        free,
                    });
                }
                Some(_) | None => {}
            }
        }
        Ok(())
    }
}

/// What tells one file system from another.
#[cfg(unix)]
pub(super) fn device(path: &Path) -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt;
    Ok(fs::metadata(path)?.dev())
}

/// What tells one file system from another: nothing here.
#[cfg(not(unix))]
pub(super) fn device(_: &Path) -> io::Result<u64> {
    Ok(0)
}

/// How many bytes are free for the user; none where the system does not say.
#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let told = rustix::fs::statvfs(folder).ok()?;
    (told.f_blocks > 0).then(|| told.f_bavail.saturating_mul(told.f_frsize))
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}
