//! Copies of files for another program to work on: in a folder of the user's alone, outside of the work tree, that
//! goes with all that is in it.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::disk::{Access, Disk, RealDisk};
use super::lock::Lock;
use super::{Error, Home};

/// Copies below the folder of the transactions. Nobody else writes while they are there, and they go when
/// this is dropped; those of a process that was ended go with the next writer.
pub(crate) struct Copies {
    folder: PathBuf,
    /// Dropped last.
    _lock: Lock,
}

impl Copies {
    /// Makes the folder, which is empty.
    ///
    /// # Errors
    /// [`Error::Locked`] where somebody else is writing, [`Error::Journal`], [`Error::Io`].
    pub(crate) fn make(home: &Home) -> Result<Self, Error> {
        let lock = Lock::take(home, &RealDisk)?;
        let folder = home.copies();
        remove(&folder)?;
        make_folder(&folder)?;
        // As other programs call it, which may follow links.
        let settled = folder.canonicalize().map_err(Error::io(&folder));
        Ok(Self {
            folder: settled?,
            _lock: lock,
        })
    }

    /// Puts a copy at a path below the folder, and says where that is.
    ///
    /// # Errors
    /// [`Error::LeadsOut`] where the path leads elsewhere, [`Error::Io`].
    pub(crate) fn put(&self, inside: &Path, bytes: &[u8]) -> Result<PathBuf, Error> {
        let mut parts = inside.components();
        if !parts.all(|part| matches!(part, Component::Normal(_))) {
            let path = inside.to_owned();
            return Err(Error::LeadsOut { path });
        }
        let place = self.folder.join(inside);
        let above: Vec<&Path> = place.ancestors().skip(1).collect();
        for folder in above.into_iter().rev() {
            if folder.starts_with(&self.folder) && !folder.is_dir() {
                make_folder(folder)?;
            }
        }
        let written = RealDisk.write(&place, &[bytes], Access::PRIVATE);
        written.map_err(Error::io(&place))?;
        Ok(place)
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        // Where that fails, the next writer does it.
        let _ = remove(&self.folder);
    }
}

/// Removes a folder and all that is in it, links but not what they lead to, where it is there.
///
/// # Errors
/// [`Error::Io`].
pub(super) fn remove(folder: &Path) -> Result<(), Error> {
    match folder.symlink_metadata() {
        Ok(found) if found.is_dir() => fs::remove_dir_all(folder),
        Ok(_) => fs::remove_file(folder),
        Err(_) => Ok(()),
    }
    .map_err(Error::io(folder))
}

fn make_folder(folder: &Path) -> Result<(), Error> {
    let access = Access::Exactly {
        mode: 0o700,
        owner: None,
    };
    RealDisk
        .make_folder(folder, access)
        .map_err(Error::io(folder))
}

#[cfg(test)]
mod tests {
    use super::super::Transaction;
    use super::*;

    fn home(folder: &Path) -> Home {
        Home::new(folder.join("home"), folder.to_owned())
    }

    #[test]
    fn copies_go_with_all_that_a_program_left_beside_them() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(folder.path());
        let copies = Copies::make(&home).unwrap();
        let place = copies.put(Path::new("0/apps/db.yaml"), b"old").unwrap();
        assert_eq!(crate::fs::read(&place, 10).unwrap(), b"old");
        copies.put(Path::new("0/.sops.yaml"), b"").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path(), place.with_file_name("link")).unwrap();
        drop(copies);
        assert!(folder.path().is_dir() && !home.folder().exists());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_them() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let copies = Copies::make(&home(folder.path())).unwrap();
        let place = copies.put(Path::new("0/a"), b"").unwrap();
        for path in place.ancestors().take_while(|path| *path != folder.path()) {
            let mode = path.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", path.display());
        }
    }

    #[test]
    fn a_path_that_leads_elsewhere_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let copies = Copies::make(&home(folder.path())).unwrap();
        for path in ["../a", "a/../../b", "/a"] {
            let put = copies.put(Path::new(path), b"");
            assert!(matches!(put, Err(Error::LeadsOut { .. })), "{path}");
        }
    }

    #[test]
    fn what_an_ended_process_left_goes_with_the_next_writer() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(folder.path());
        let leave = || {
            let copies = Copies::make(&home).unwrap();
            copies.put(Path::new("0/a"), b"").unwrap();
            std::mem::forget(copies);
            // As the system does it.
            std::fs::remove_file(home.lock()).unwrap();
        };
        leave();
        drop(Transaction::begin(&home).unwrap());
        assert!(!home.folder().exists());
        leave();
        let copies = Copies::make(&home).unwrap();
        assert!(copies.put(Path::new("0/a"), b"").is_ok());
    }
}
