//! The disk as a transaction uses it: every call that writes, moves, keeps or deletes something.
//!
//! It is a trait so that tests can let it fail at any of these calls, and lose power there.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// How many bytes are written at once where they come in small parts.
const BUFFER: usize = 1 << 16;

/// Everything that a transaction does to a disk.
pub(super) trait Disk: Sync {
    /// Makes a folder, which is not there yet.
    fn make_folder(&self, path: &Path, access: Access) -> io::Result<()>;

    /// Writes these bytes, one after the other, into a file that is not there yet. Where that fails, part
    /// of it may be there.
    fn write(&self, path: &Path, bytes: &[&[u8]], access: Access) -> io::Result<()>;

    /// Has the disk keep what a file holds.
    fn sync_file(&self, path: &Path) -> io::Result<()>;

    /// Has the disk keep which files a folder has.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Has the disk keep all files and folders of the file system that this folder is on; says whether that
    /// can be relied on there. Where it cannot, nothing is done.
    fn sync_file_system(&self, folder: &Path) -> io::Result<bool>;

    /// Moves a file, within its folder, in the place of another or where there is none.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// The same where there is none; the one that is there stays.
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Deletes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Deletes a folder, which is empty.
    fn remove_folder(&self, path: &Path) -> io::Result<()>;
}

/// Who may do what with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// As with the user's other new files.
    Usual,
    /// As this mode says, and for this user and group where the system lets us give it away.
    Exactly {
        mode: u32,
        owner: Option<(u32, u32)>,
    },
}

impl Access {
    /// For the user alone.
    pub(super) const PRIVATE: Self = Self::Exactly {
        mode: 0o600,
        owner: None,
    };

    /// That of a file which is there.
    #[cfg(unix)]
    pub(super) fn of(file: &fs::Metadata) -> Self {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        Self::Exactly {
            mode: file.permissions().mode() & 0o7777,
            owner: Some((file.uid(), file.gid())),
        }
    }

    /// That of a file which is there.
    #[cfg(not(unix))]
    pub(super) fn of(_: &fs::Metadata) -> Self {
        Self::Usual
    }
}

/// The disk.
pub(super) struct RealDisk;

impl Disk for RealDisk {
    fn make_folder(&self, path: &Path, access: Access) -> io::Result<()> {
        unix::make_folder(path, access)
    }

    fn write(&self, path: &Path, bytes: &[&[u8]], access: Access) -> io::Result<()> {
        let file = unix::create(path, access)?;
        let mut buffered = BufWriter::with_capacity(BUFFER, &file);
        for part in bytes {
            buffered.write_all(part)?;
        }
        buffered.flush()?;
        drop(buffered);
        unix::give(&file, access)
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        // Windows keeps nothing that was opened for reading alone.
        let mut options = fs::OpenOptions::new();
        options.read(true).write(cfg!(windows));
        options.open(path)?.sync_all()
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        unix::sync_folder(path)
    }

    fn sync_file_system(&self, folder: &Path) -> io::Result<bool> {
        linux::sync_file_system(folder)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        match linux::rename_new(from, to) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => link_and_remove(from, to),
            ended => ended,
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }
}

/// Moves a file where there is none, on systems and file systems that have no call for it.
fn link_and_remove(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        // There are no hard links either.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => match to.symlink_metadata() {
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => fs::rename(from, to),
            _ => Err(error),
        },
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::{DirBuilder, File, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
    use std::path::Path;

    use super::Access;

    pub(super) fn make_folder(path: &Path, access: Access) -> io::Result<()> {
        let mode = match access {
            Access::Usual => 0o777,
            Access::Exactly { mode, .. } => mode,
        };
        DirBuilder::new().mode(mode).create(path)
    }

    /// A new file that nobody else can read before it has the access that it is to have.
    pub(super) fn create(path: &Path, access: Access) -> io::Result<File> {
        let mode = match access {
            Access::Usual => 0o666,
            Access::Exactly { .. } => 0o600,
        };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(mode).open(path)
    }

    /// Gives a file its owner, as far as that may be done, and its mode. Where it stays in another group,
    /// that group gets no more than everybody.
    pub(super) fn give(file: &File, access: Access) -> io::Result<()> {
        let Access::Exactly { mut mode, owner } = access else {
            return Ok(());
        };
        if let Some((user, group)) = owner {
            let now = file.metadata()?;
            if now.uid() != user {
                let _ = fchown(file, Some(user), None);
            }
            if now.gid() != group && fchown(file, None, Some(group)).is_err() {
                mode &= 0o707 | (mode & 0o007) << 3;
            }
        }
        file.set_permissions(Permissions::from_mode(mode))
    }

    pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
}

#[cfg(not(unix))]
mod unix {
    use std::fs::{File, OpenOptions};
    use std::io;
    use std::path::Path;

    use super::Access;

    pub(super) fn make_folder(path: &Path, _: Access) -> io::Result<()> {
        std::fs::create_dir(path)
    }

    pub(super) fn create(path: &Path, _: Access) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(path)
    }

    pub(super) fn give(_: &File, _: Access) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::io;
    use std::path::Path;

    use rustix::fs::{CWD, RenameFlags, fstatfs, renameat_with, syncfs};
    use rustix::io::Errno;

    /// The file systems whose `syncfs` is as good as `fsync` on each file: those of a disk of this machine,
    /// and of memory. What is mounted from elsewhere may take it for nothing.
    const KEPT: [u64; 8] = [
        0x0000_ef53, // ext4
        0x5846_5342, // XFS
        0x9123_683e, // Btrfs
        0xf2f5_2010, // F2FS
        0x2fc1_2fc1, // ZFS
        0xca45_1a4e, // bcachefs
        0x794c_7630, // overlayfs
        0x0102_1994, // tmpfs
    ];

    pub(super) fn sync_file_system(folder: &Path) -> io::Result<bool> {
        let folder = File::open(folder)?;
        let kind = fstatfs(&folder)?.f_type;
        // A magic number of 32 bits, in a type that differs from machine to machine.
        if !KEPT.contains(&(kind as u64 & 0xffff_ffff)) {
            return Ok(false);
        }
        syncfs(&folder)?;
        Ok(true)
    }

    pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
        renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE).map_err(|error| match error {
            Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP => io::ErrorKind::Unsupported.into(),
            error => error.into(),
        })
    }
}

#[cfg(not(target_os = "linux"))]
mod linux {
    use std::io;
    use std::path::Path;

    pub(super) fn sync_file_system(_: &Path) -> io::Result<bool> {
        Ok(false)
    }

    pub(super) fn rename_new(_: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
