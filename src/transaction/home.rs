//! Where transactions are kept while they run: a folder of the user's alone, outside of the work tree, where
//! nobody's pull request could plant a journal.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::disk::{Access, Disk};
use super::{Error, Fault};

/// The folder of the transactions on the files below one root. It is there only while one runs, or after
/// one was interrupted.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    folder: PathBuf,
    root: PathBuf,
}

impl Home {
    /// The folder `folder` (absolute, not in the work tree) for what is below `root`.
    pub(crate) fn new(folder: PathBuf, root: PathBuf) -> Self {
        Self { folder, root }
    }

    /// The root of all that is written.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is to happen, once everything that it needs is there.
    pub(super) fn journal(&self) -> PathBuf {
        self.folder.join("journal")
    }

    /// The same, before that.
    pub(super) fn draft(&self) -> PathBuf {
        self.folder.join("journal.new")
    }

    /// The old bytes of all files, one after the other.
    pub(super) fn old(&self) -> PathBuf {
        self.folder.join("old")
    }

    /// Copies that another program works on.
    pub(super) fn copies(&self) -> PathBuf {
        self.folder.join("copies")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    /// Makes the folder where it is not there.
    ///
    /// # Errors
    /// [`Fault::OtherOwner`] where it is somebody else's, [`Error::Io`].
    pub(super) fn make(&self, disk: &dyn Disk) -> Result<(), Error> {
        if self.folder.symlink_metadata().is_err() {
            self.make_new(disk).map_err(Error::io(&self.folder))?;
        }
        self.trust()
    }

    fn make_new(&self, disk: &dyn Disk) -> io::Result<()> {
        let access = Access::Exactly {
            mode: 0o700,
            owner: None,
        };
        let missing = |folder: &&Path| folder.symlink_metadata().is_err();
        let folders: Vec<&Path> = self.folder.ancestors().take_while(missing).collect();
        for folder in folders.into_iter().rev() {
            match disk.make_folder(folder, access) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                ended => ended?,
            }
            disk.sync_folder(folder.parent().unwrap_or(folder))?;
        }
        Ok(())
    }

    /// Whether what is in the folder is the user's.
    ///
    /// # Errors
    /// [`Fault::OtherOwner`] where it is somebody else's, or a link; [`Error::Io`].
    pub(super) fn trust(&self) -> Result<(), Error> {
        let folder = self.folder.symlink_metadata();
        let folder = folder.map_err(Error::io(&self.folder))?;
        if folder.is_dir() && is_ours(&folder) {
            return Ok(());
        }
        Err(Error::Journal {
            path: self.journal(),
            fault: Fault::OtherOwner,
        })
    }
}

/// Whether a file or folder belongs to the user.
#[cfg(unix)]
pub(super) fn is_ours(of: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    of.uid() == rustix::process::geteuid().as_raw()
}

/// Whether a file or folder belongs to the user: not known here.
#[cfg(not(unix))]
pub(super) fn is_ours(_: &fs::Metadata) -> bool {
    true
}
