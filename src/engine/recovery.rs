//! `recover`: finishes or undoes a change of several files that was interrupted.

use std::path::{Path, PathBuf};

use super::{Error, interruption};
use crate::environment::Environment;
use crate::paths;
use crate::repo::Repo;
use crate::transaction::{self, Home, Recovered, Stands, State};

/// Where to go from an interruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// All files as they are after the change.
    Finish,
    /// All files as they were before it.
    Undo,
}

/// What was interrupted, and what became of it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Recovery {
    /// Whether a change of several files was interrupted.
    pub interrupted: bool,
    /// Whether a run had ended before it changed anything, and what it left was deleted.
    pub swept: bool,
    /// The files of the change, as they were found.
    pub files: Vec<RecoveredFile>,
    /// Where to go from there, if that was asked for.
    pub direction: Option<Direction>,
    /// How many files were changed now; none where nothing was done.
    pub changed: Option<usize>,
}

/// A file of a change that was interrupted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoveredFile {
    /// Its path, from the current folder.
    pub path: PathBuf,
    /// How it was found.
    pub state: FileState,
    /// Whether it was there before the change.
    pub was: bool,
    /// Whether it is there after it.
    pub will_be: bool,
}

/// How a file of an interrupted change was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileState {
    /// As before the change.
    Before,
    /// As after it.
    After,
    /// It is not there, though it is to be, either way.
    Gone,
    /// Neither: somebody edited it since.
    Other,
}

/// Shows what was interrupted in the repository, or outside of one in the current folder and those around
/// it, and goes in this direction, if any, unless it is `only_told`.
///
/// # Errors
/// [`Error::NotChanged`] where a file was edited since, or what is needed is gone; nothing has changed
/// then. [`Error::Interrupted`] where the system refused on the way; it can be tried again.
pub fn recover(
    environment: &Environment,
    direction: Option<Direction>,
    only_told: bool,
) -> Result<Recovery, Error> {
    let here = paths::absolute(environment.current_dir(), Path::new(""));
    let repo = Repo::discover(environment, &here);
    let mut told = Recovery {
        direction,
        ..Recovery::default()
    };
    let home = match interruption::find(environment, repo.as_ref(), &here) {
        Some(home) => home,
        None if repo.is_none() || only_told => return Ok(told),
        // What was left before anything was changed is nobody's loss.
        None => interruption::home(environment, repo.as_ref(), &here)?,
    };
    let recovery = match transaction::Recovery::find(&home)? {
        Recovered::Nothing => return Ok(told),
        Recovered::Swept => {
            told.swept = true;
            return Ok(told);
        }
        Recovered::Interrupted(recovery) => recovery,
    };
    told.interrupted = true;
    told.files = files(recovery.files(), &home, &here);
    if let Some(direction) = direction.filter(|_| !only_told) {
        told.changed = Some(recovery.go(match direction {
            Direction::Finish => transaction::Direction::Finish,
            Direction::Undo => transaction::Direction::Undo,
        })?);
    }
    Ok(told)
}

fn files(stand: &[Stands], home: &Home, here: &Path) -> Vec<RecoveredFile> {
    let files = stand.iter().map(|file| RecoveredFile {
        path: paths::relative(here, &home.root().join(&file.path)),
        state: match file.state {
            State::Old => FileState::Before,
            State::New => FileState::After,
            State::Gone => FileState::Gone,
            State::Strange => FileState::Other,
        },
        was: file.was,
        will_be: file.will_be,
    });
    files.collect()
}
