//! A transaction as its user sees it.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::Path;
use std::time::{Duration, Instant};

use super::change::{Change, Mode, What};
use super::disk::{Disk, RealDisk};
use super::interrupted::sweep;
use super::journal::{Entry, Journal};
use super::lock::Lock;
use super::place::Root;
use super::plan::Plan;
use super::run::Run;
use super::{Error, Home, room};

/// Changes of several files, which all happen or none does.
///
/// Paths are absolute or start from the root, and have no `..`. A file that is replaced or removed is named
/// with what the caller read: if it holds anything else by then, nothing happens.
pub(crate) struct Transaction<'h> {
    home: &'h Home,
    disk: &'h dyn Disk,
    changes: Vec<Change<'h>>,
    /// Dropped last.
    lock: Lock,
}

/// What a transaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// How many files came into being or were changed.
    pub(crate) written: usize,
    /// How many files went.
    pub(crate) removed: usize,
    /// How long it took.
    pub(crate) took: Duration,
    /// How much of that the disk needed to keep it.
    pub(crate) syncing: Duration,
}

impl<'h> Transaction<'h> {
    /// Takes the right to write below the root of `home`, until it is committed or dropped.
    ///
    /// # Errors
    /// [`Error::Locked`] where somebody else is writing, [`Error::Interrupted`] where a transaction before
    /// was, [`Error::Journal`], [`Error::Io`].
    pub(crate) fn begin(home: &'h Home) -> Result<Self, Error> {
        Self::begin_on(&RealDisk, home)
    }

    pub(super) fn begin_on(disk: &'h dyn Disk, home: &'h Home) -> Result<Self, Error> {
        let lock = Lock::take(home, disk)?;
        if home.journal().symlink_metadata().is_ok() {
            return Err(Error::Interrupted { why: None });
        }
        sweep(disk, home)?;
        Ok(Self {
            home,
            disk,
            lock,
            changes: Vec::new(),
        })
    }

    /// A new file, in a folder that need not be there yet.
    pub(crate) fn create(&mut self, path: &Path, mode: Mode, new: &'h [u8]) {
        self.add(path, What::Create { mode, new });
    }

    /// Other bytes for a file. Its mode stays, and its owner where possible.
    pub(crate) fn replace(&mut self, path: &Path, old: &'h [u8], new: &'h [u8]) {
        self.add(path, What::Replace { old, new });
    }

    /// A file that goes.
    pub(crate) fn remove(&mut self, path: &Path, old: &'h [u8]) {
        self.add(path, What::Remove { old });
    }

    fn add(&mut self, path: &Path, what: What<'h>) {
        let path = path.to_owned();
        self.changes.push(Change { path, what });
    }

    /// Makes all changes.
    ///
    /// # Errors
    /// [`Error`]. Nothing has changed then, unless it is [`Error::Interrupted`].
    pub(crate) fn commit(self) -> Result<Done, Error> {
        let start = Instant::now();
        let Self {
            home,
            disk,
            changes,
            lock,
        } = self;
        let root = Root::of(home)?;
        let plan = Plan::of(&root, changes)?;
        if plan.files.is_empty() {
            return Ok(Done::default());
        }
        room::check(&plan, &root, home)?;
        let syncing = write(disk, home, root, &plan)?;
        let removed = |entry: &Entry| entry.new.is_none();
        let removed = plan
            .files
            .iter()
            .filter(|file| removed(&file.entry))
            .count();
        drop(lock);
        Ok(Done {
            written: plan.files.len() - removed,
            removed,
            took: start.elapsed(),
            syncing,
        })
    }
}

/// Makes the changes of a plan; says how long the disk took to keep them.
fn write(disk: &dyn Disk, home: &Home, root: Root, plan: &Plan<'_>) -> Result<Duration, Error> {
    let entries = plan.files.iter().map(|file| file.entry.clone()).collect();
    let journal = Journal::new(root.path(), random(), plan.folders.clone(), entries);
    let run = Run::new(disk, home, root, journal);
    let staged = run
        .announce()
        .and_then(|()| run.stage(&plan.files))
        .and_then(|()| run.seal());
    if let Err(error) = staged {
        return Err(abandoned(&run, error));
    }
    if let Err(error) = run.forward(Some(&plan.files)) {
        return Err(taken_back(&run, error));
    }
    match run.close() {
        // All is done by now; only the journal says otherwise.
        Err(error) if run.has_journal() => Err(interrupted(error)),
        Ok(()) | Err(_) => Ok(run.syncing()),
    }
}

/// Deletes what was staged.
fn abandoned(run: &Run<'_>, error: Error) -> Error {
    let ended = run.end();
    // Without a journal whatever is left is deleted by the next writer.
    if ended.is_err() && run.has_journal() {
        return interrupted(error);
    }
    error
}

/// Takes back what was done. What somebody else did in the meantime stays.
fn taken_back(run: &Run<'_>, error: Error) -> Error {
    match run.take_back().and_then(|()| run.end()) {
        Err(_) if run.has_journal() => interrupted(error),
        Ok(()) | Err(_) => error,
    }
}

fn interrupted(why: Error) -> Error {
    let why = Some(Box::new(why));
    Error::Interrupted { why }
}

/// Something that no other transaction has in the names of its files: lower-case letters and digits.
pub(super) fn random() -> String {
    const SIGNS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    // The standard library seeds this from the system's random numbers.
    let number = RandomState::new().hash_one(0);
    let sign = |at: u32| SIGNS[(number >> (5 * at) & 31) as usize];
    (0..8).map(|at| char::from(sign(at))).collect()
}
