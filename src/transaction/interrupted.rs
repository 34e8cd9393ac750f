//! What a process that was ended leaves behind.

use super::disk::Disk;
use super::journal::Journal;
use super::lock::Lock;
use super::place::Root;
use super::run::Run;
use super::stage::unless_absent;
use super::{Error, Fault, Home, copies};

/// Whether a transaction was interrupted below the root of `home`, and is to be finished or undone. One
/// that is running is not interrupted.
pub(crate) fn interrupted(home: &Home) -> bool {
    home.journal().symlink_metadata().is_ok() && !Lock::is_held(home)
}

/// Deletes what was left before a journal was complete. Whoever calls it has the lock, and there is no
/// journal. Says whether there was anything.
///
/// # Errors
/// [`Error::Io`].
pub(super) fn sweep(disk: &dyn Disk, home: &Home) -> Result<bool, Error> {
    let root = Root::of(home)?;
    let draft = home.draft();
    let found = match Journal::load(&draft, root.path()) {
        Ok(Some(journal)) => {
            let run = Run::new(disk, home, root, journal);
            match run.sweep() {
                // Nothing that it names is touched where one of its places is none.
                Err(Error::Journal {
                    fault: Fault::Place { .. },
                    ..
                }) => {}
                swept => swept?,
            }
            true
        }
        Ok(None) => false,
        // It was not written to its end, so nothing was staged; or it is about other files, if any.
        Err(Error::Journal { .. }) => true,
        Err(error) => return Err(error),
    };
    copies::remove(&home.copies())?;
    for path in [draft, home.old()] {
        if path.symlink_metadata().is_ok() {
            unless_absent(disk.remove(&path)).map_err(Error::io(&path))?;
        }
    }
    Ok(found)
}
