//! The files of a work tree: those that git tracks, and those that are neither tracked nor ignored.
//!
//! Folders are walked in parallel. What the walk meets needs not be asked of the index; what the
//! index has beside it is tracked although a pattern ignores it, or gone.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ignore::{DirEntry, WalkBuilder, WalkState};

use super::{Error, Repo, path, settings};
use crate::fs::{self, Kind};

/// Something that a walk came across.
#[derive(Debug)]
pub(crate) enum Met {
    /// A file, or what stands in the place of one.
    File(PathBuf, Kind),
    /// A folder that cannot be read, and why.
    Unreadable(Option<PathBuf>, String),
}

/// Which part of a work tree is wanted.
pub(crate) struct Wanted<'w> {
    /// The folder, absolute.
    pub(crate) folder: &'w Path,
    /// Whether nothing below a folder is wanted.
    pub(crate) leave_out: &'w (dyn Fn(&Path) -> bool + Sync),
    /// How many threads to use at most; one a core where nothing is said.
    pub(crate) jobs: Option<NonZeroUsize>,
}

impl Repo<'_> {
    /// The files below a folder of the work tree that are tracked, or not ignored, in no order.
    /// Submodules and repositories below it are not entered.
    ///
    /// # Errors
    /// [`Error`] where neither libgit2 nor git can read the index.
    pub(crate) fn files(&self, wanted: &Wanted<'_>) -> Result<Vec<Met>, Error> {
        let mut met = self.walk(wanted);
        let known: HashSet<&Path> = met.iter().filter_map(Met::path).collect();
        let folder = self.path_in_index(wanted.folder).unwrap_or_default();
        let mut more = Vec::new();
        for tracked in self.index()?.paths_below(&folder) {
            let place = self.work_tree().join(path::of_git(&tracked));
            if known.contains(place.as_path()) {
                continue;
            }
            // What is not there is deleted, or not checked out.
            if let Some(kind) = fs::kind(&place).filter(|kind| *kind != Kind::Folder) {
                more.push(Met::File(place, kind));
            }
        }
        met.extend(more);
        Ok(met)
    }

    /// What is not ignored.
    fn walk(&self, wanted: &Wanted<'_>) -> Vec<Met> {
        let all = Mutex::new(Vec::new());
        self.walker(wanted).build_parallel().run(|| {
            let mut walked = Walked {
                met: Vec::new(),
                all: &all,
            };
            Box::new(move |entry| walked.visit(entry, wanted))
        });
        all.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn walker(&self, wanted: &Wanted<'_>) -> WalkBuilder {
        let mut walker = WalkBuilder::new(wanted.folder);
        walker
            .hidden(false)
            .ignore(false)
            .git_global(false)
            .git_exclude(false)
            .require_git(false)
            .ignore_case_insensitive(settings::ignores_case(&self.places))
            .current_dir(self.work_tree())
            .threads(wanted.jobs.map_or(0, NonZeroUsize::get));
        // Of these the later wins. Patterns that are none are passed over, as git does.
        if let Some(file) = settings::excludes_file(self.environment, &self.places) {
            let _ = walker.add_ignore(file);
        }
        let _ = walker.add_ignore(self.places.common_dir.join("info").join("exclude"));
        walker
    }
}

/// What one thread of a walk has met; it joins the rest when the thread is done.
struct Walked<'a> {
    met: Vec<Met>,
    all: &'a Mutex<Vec<Met>>,
}

impl Walked<'_> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>, wanted: &Wanted<'_>) -> WalkState {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let kind = error.io_error().map(std::io::Error::kind);
                let reason = kind.map_or_else(|| "a loop".to_owned(), |kind| kind.to_string());
                self.met.push(Met::Unreadable(path_of(&error), reason));
                return WalkState::Continue;
            }
        };
        let is_inside = entry.depth() > 0;
        let Some(kind) = entry.file_type().map(Kind::from) else {
            return WalkState::Continue;
        };
        if is_inside && entry.file_name() == ".git" {
            return WalkState::Skip;
        }
        if kind != Kind::Folder {
            self.met.push(Met::File(entry.into_path(), kind));
        } else if (wanted.leave_out)(entry.path()) || is_inside && is_repository(entry.path()) {
            return WalkState::Skip;
        }
        WalkState::Continue
    }
}

impl Drop for Walked<'_> {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.append(&mut self.met);
    }
}

impl Met {
    fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path, _) => Some(path),
            Self::Unreadable(..) => None,
        }
    }
}

/// Whether a folder is the work tree of a repository of its own.
fn is_repository(folder: &Path) -> bool {
    fs::kind(&folder.join(".git")).is_some()
}

/// The path that an error of the walk is about.
fn path_of(error: &ignore::Error) -> Option<PathBuf> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path.clone()),
        ignore::Error::Loop { child, .. } => Some(child.clone()),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_of(err)
        }
        _ => None,
    }
}
