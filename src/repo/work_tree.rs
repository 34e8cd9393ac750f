//! The files of a work tree: those that git tracks, and those that are neither tracked nor ignored.
//!
//! Folders are walked in parallel. What the walk meets needs not be asked of the index; what the
//! index has beside it is tracked although a pattern ignores it, or gone.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use ignore::{DirEntry, WalkBuilder, WalkState};

use super::{Error, Repo, path, places, settings};
use crate::fs::{self, Kind};

/// Something that a walk came across.
#[derive(Debug)]
pub(crate) enum Met {
    /// A file, or what stands in the place of one.
    File(PathBuf, Kind),
    /// A folder that cannot be read, or a file that cannot be looked at, and why, in words.
    Unreadable(Option<PathBuf>, String),
}

/// From how many tracked files on several threads walk: one of them that has nothing to do sleeps for a
/// millisecond, and is waited for in the end.
const WORTH_THREADS: usize = 2_000;

/// Which part of a work tree is wanted.
#[derive(Clone, Copy)]
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
        let folder = self.path_in_index(wanted.folder).unwrap_or_default();
        let tracked = self.index()?.paths_below(&folder);
        let jobs = if tracked.len() < WORTH_THREADS {
            Some(NonZeroUsize::MIN)
        } else {
            wanted.jobs
        };
        let mut met = self.walk(&Wanted { jobs, ..*wanted });
        let known: HashSet<&Path> = met.iter().filter_map(Met::path).collect();
        let mut folders = Folders::below(self.work_tree());
        let mut more = Vec::new();
        for tracked in tracked {
            let place = self.work_tree().join(path::of_git(&tracked));
            if known.contains(place.as_path()) || !folders.hold(&place) {
                continue;
            }
            match fs::try_kind(&place) {
                // What is not there is deleted, or not checked out.
                Ok(None | Some(Kind::Folder)) => {}
                Ok(Some(kind)) => more.push(Met::File(place, kind)),
                Err(error) => {
                    let reason = format!("the file cannot be looked at: {}", error.kind());
                    more.push(Met::Unreadable(Some(place), reason));
                }
            }
        }
        met.extend(more);
        Ok(met)
    }

    /// What is not ignored.
    fn walk(&self, wanted: &Wanted<'_>) -> Vec<Met> {
        let root = self.work_tree();
        if wanted.folder.starts_with(root)
            && let (true, met) = self.walk_from(root, wanted)
        {
            return met;
        }
        // It is ignored itself, and named all the same: what lies above it does not count then.
        self.walk_from(wanted.folder, wanted).1
    }

    /// Whether the folder is come to from `root`, and what in it is not ignored by the patterns in
    /// files from `root` down.
    fn walk_from(&self, root: &Path, wanted: &Wanted<'_>) -> (bool, Vec<Met>) {
        let below = wanted.folder.strip_prefix(root).unwrap_or(Path::new(""));
        let depth = below.components().count();
        let all = Mutex::new(Vec::new());
        let is_reached = AtomicBool::new(false);
        self.walker(root, wanted).build_parallel().run(|| {
            let mut walked = Walked {
                met: Vec::new(),
                all: &all,
                depth,
                is_reached: &is_reached,
            };
            Box::new(move |entry| walked.visit(entry, wanted))
        });
        let all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
        (is_reached.into_inner(), all)
    }

    fn walker(&self, root: &Path, wanted: &Wanted<'_>) -> WalkBuilder {
        let mut walker = WalkBuilder::new(root);
        walker
            .hidden(false)
            .ignore(false)
            .git_global(false)
            .git_exclude(false)
            .require_git(false)
            // Patterns above the work tree are none of the repository's.
            .parents(false)
            .ignore_case_insensitive(settings::ignores_case(&self.places))
            .current_dir(self.work_tree())
            .threads(wanted.jobs.map_or(0, NonZeroUsize::get));
        if root != wanted.folder {
            let folder = wanted.folder.to_owned();
            walker.filter_entry(move |entry| {
                folder.starts_with(entry.path()) || entry.path().starts_with(&folder)
            });
        }
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
    /// How deep the folder that is wanted lies. Above and beside it there is only the way to it.
    depth: usize,
    /// Whether some thread has come to it.
    is_reached: &'a AtomicBool,
}

impl Walked<'_> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>, wanted: &Wanted<'_>) -> WalkState {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                self.fail(&error, wanted);
                return WalkState::Continue;
            }
        };
        if entry.depth() < self.depth {
            return WalkState::Continue;
        }
        if entry.depth() == self.depth {
            self.is_reached.store(true, Ordering::Relaxed);
            return state((wanted.leave_out)(entry.path()));
        }
        let Some(kind) = entry.file_type().map(Kind::from) else {
            return WalkState::Continue;
        };
        if entry.file_name() == ".git" {
            return WalkState::Skip;
        }
        if kind == Kind::Folder {
            return state((wanted.leave_out)(entry.path()) || is_repository(entry.path()));
        }
        self.met.push(Met::File(entry.into_path(), kind));
        WalkState::Continue
    }

    /// Notes a folder that cannot be read, where it is one that is wanted.
    fn fail(&mut self, error: &ignore::Error, wanted: &Wanted<'_>) {
        let path = path_of(error);
        if path
            .as_ref()
            .is_none_or(|path| path.starts_with(wanted.folder))
        {
            let kind = error.io_error().map(std::io::Error::kind);
            let reason = kind.map_or_else(|| "a loop".to_owned(), |kind| kind.to_string());
            let reason = format!("the folder cannot be read: {reason}");
            self.met.push(Met::Unreadable(path, reason));
        }
    }
}

fn state(is_left_out: bool) -> WalkState {
    if is_left_out {
        WalkState::Skip
    } else {
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

/// The folders of a work tree, each looked at once: what lies behind a link is not the tree's.
struct Folders {
    known: HashMap<PathBuf, bool>,
}

impl Folders {
    fn below(root: &Path) -> Self {
        Self {
            known: HashMap::from([(root.to_owned(), true)]),
        }
    }

    /// Whether the way to a place leads through folders alone, as far as the system tells.
    fn hold(&mut self, place: &Path) -> bool {
        let Some(folder) = place.parent() else {
            return false;
        };
        if let Some(known) = self.known.get(folder) {
            return *known;
        }
        let is_folder = |kind| kind == Some(Kind::Folder);
        let holds = self.hold(folder) && fs::try_kind(folder).map_or(true, is_folder);
        self.known.insert(folder.to_owned(), holds);
        holds
    }
}

/// Whether a folder is the work tree of a repository of its own.
fn is_repository(folder: &Path) -> bool {
    places::git_folder(&folder.join(".git")).is_some()
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
