//! Finishes or undoes a transaction that was interrupted.

use super::disk::{Disk, RealDisk};
use super::interrupted::sweep;
use super::journal::Journal;
use super::lock::Lock;
use super::place::Root;
use super::run::Run;
use super::state::{Stands, State};
use super::{Error, Home};

/// Where to go from an interruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// All files as they are after.
    Finish,
    /// All files as they were before.
    Undo,
}

/// A transaction that was interrupted, and the right to write.
pub(crate) struct Recovery<'h> {
    run: Run<'h>,
    files: Vec<Stands>,
    /// Dropped last.
    _lock: Lock,
}

/// What was found where a transaction may have been interrupted.
pub(crate) enum Recovered<'h> {
    /// Nothing.
    Nothing,
    /// A run ended before it changed anything; what it left is deleted.
    Swept,
    /// A transaction, to be finished or undone.
    Interrupted(Box<Recovery<'h>>),
}

impl<'h> Recovery<'h> {
    /// Looks at what was interrupted below the root of `home`. Nothing is finished or undone yet.
    ///
    /// # Errors
    /// [`Error::Locked`] where a transaction is running, [`Error::Journal`], [`Error::Io`].
    pub(crate) fn find(home: &'h Home) -> Result<Recovered<'h>, Error> {
        Self::find_on(&RealDisk, home)
    }

    pub(super) fn find_on(disk: &'h dyn Disk, home: &'h Home) -> Result<Recovered<'h>, Error> {
        if home.folder().symlink_metadata().is_err() {
            return Ok(Recovered::Nothing);
        }
        let lock = Lock::take(home, disk)?;
        let root = Root::of(home)?;
        let Some(journal) = Journal::load(&home.journal(), root.path())? else {
            return Ok(if sweep(disk, home)? {
                Recovered::Swept
            } else {
                Recovered::Nothing
            });
        };
        let run = Run::new(disk, home, root, journal);
        Ok(Recovered::Interrupted(Box::new(Self {
            files: run.states()?,
            run,
            _lock: lock,
        })))
    }

    /// Its files and how they stand.
    pub(crate) fn files(&self) -> &[Stands] {
        &self.files
    }

    /// Finishes or undoes it; says how many files that changed.
    ///
    /// # Errors
    /// [`Error::Journal`] where a file is neither as before nor as after, or what is needed is gone;
    /// [`Error::Interrupted`] where the system refuses. It can be tried again then.
    pub(crate) fn go(self, direction: Direction) -> Result<usize, Error> {
        let run = &self.run;
        let (gone, there) = match direction {
            Direction::Finish => (run.forward(None), State::New),
            Direction::Undo => (run.back(), State::Old),
        };
        match gone.and_then(|()| run.end()) {
            Err(why) if run.has_journal() && !matches!(why, Error::Journal { .. }) => {
                let why = Some(Box::new(why));
                return Err(Error::Interrupted { why });
            }
            Err(error) if run.has_journal() => return Err(error),
            Ok(()) | Err(_) => {}
        }
        Ok(self.files.iter().filter(|file| file.state != there).count())
    }
}
