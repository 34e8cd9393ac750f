//! One writer at a time: a lock of the system's on a file, which ends with the process whatever ends that.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::disk::Disk;
use super::{Error, Home};

/// The right to write. It ends when it is dropped, and the folder goes with it if it is empty then.
pub(super) struct Lock {
    _file: File,
    path: PathBuf,
    folder: PathBuf,
}

/// How long to wait for somebody who is about to be done, or only looks.
const PATIENCE: Duration = Duration::from_millis(300);

impl Lock {
    /// Takes the right to write, and makes the home's folder where it is not there.
    ///
    /// # Errors
    /// [`Error::Locked`] where somebody else has it; those of [`Home::make`].
    pub(super) fn take(home: &Home, disk: &dyn Disk) -> Result<Self, Error> {
        let path = home.lock();
        let start = Instant::now();
        loop {
            home.make(disk)?;
            match attempt(home).map_err(Error::io(&path))? {
                Attempt::Taken(file) => {
                    return Ok(Self {
                        _file: file,
                        folder: home.folder().to_owned(),
                        path,
                    });
                }
                Attempt::Held(process) if start.elapsed() > PATIENCE => {
                    return Err(Error::Locked { process });
                }
                Attempt::Held(_) => sleep(Duration::from_millis(10)),
                Attempt::Gone if start.elapsed() > PATIENCE => {
                    return Err(Error::Locked { process: None });
                }
                Attempt::Gone => {}
            }
        }
    }

    /// Whether somebody has the right to write.
    pub(super) fn is_held(home: &Home) -> bool {
        let lock = File::open(home.lock());
        lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

impl Drop for Lock {
    /// What cannot be deleted does no harm: a lock is one only as long as somebody holds it.
    fn drop(&mut self) {
        // Windows deletes no file that is open.
        if cfg!(unix) && std::fs::remove_file(&self.path).is_ok() {
            let _ = std::fs::remove_dir(&self.folder);
        }
    }
}

enum Attempt {
    Taken(File),
    /// By this process, where it says so.
    Held(Option<u32>),
    /// Whoever had it has just deleted it.
    Gone,
}

fn attempt(home: &Home) -> io::Result<Attempt> {
    let path = home.lock();
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let mut file = match options.open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Attempt::Gone),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) if is_still(&file, &path) => {
            // For those who find it held; a full disk does not matter.
            let _ = file.set_len(0);
            let _ = write!(file, "{}", own_id());
            Ok(Attempt::Taken(file))
        }
        Ok(()) => Ok(Attempt::Gone),
        Err(TryLockError::WouldBlock) => Ok(Attempt::Held(holder(file))),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(unix)]
fn own_id() -> i32 {
    rustix::process::getpid().as_raw_pid()
}

#[cfg(not(unix))]
fn own_id() -> &'static str {
    ""
}

fn holder(file: File) -> Option<u32> {
    let mut text = String::new();
    file.take(20).read_to_string(&mut text).ok()?;
    text.parse().ok()
}

/// Whether an open file is the one that has the name.
#[cfg(unix)]
fn is_still(file: &File, path: &std::path::Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |of: std::fs::Metadata| (of.dev(), of.ino());
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(open), Ok(named)) => place(open) == place(named),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_still(_: &File, _: &std::path::Path) -> bool {
    true
}
