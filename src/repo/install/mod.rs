//! Puts the git hooks into a repository, and takes them away again.
//!
//! Nothing is ever overwritten: a hook that is there already is kept beside ours, byte for byte and
//! with its mode, and ours runs it first. Hooks that another program manages, that were edited by
//! hand, or that lie in the work tree are left to the user. Each file changes in one step, so that a
//! commit at the same time finds the old hook or the new one.

mod folder;
mod script;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use script::Origin;

pub use folder::HooksFolder;

/// A git hook that there is a script for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// Runs before a commit.
    PreCommit,
    /// Runs before the commit of a merge without conflicts.
    PreMergeCommit,
    /// Runs before a push.
    PrePush,
}

/// What became of a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is there now.
    Installed,
    /// It is there now, and first runs the one that was there, which is kept under this name.
    Chained {
        /// Where the former hook lies now.
        kept: PathBuf,
    },
    /// An older one of ours made place for it.
    Updated,
    /// It was there already.
    Unchanged,
    /// It is gone.
    Removed,
    /// It is gone, and the one that was there before it is back.
    Restored,
    /// There was none of ours to take away.
    Absent,
    /// Nothing was done.
    Left(Reason),
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The hook that is there belongs to this program, which would not keep ours.
    Managed(Manager),
    /// The hook that is there is ours, and somebody changed it or put it there by hand.
    Edited,
    /// The name under which the former hook would be kept is taken.
    NameTaken {
        /// What lies there.
        kept: PathBuf,
    },
}

/// A program that manages hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manager {
    /// pre-commit.
    PreCommit,
    /// prek.
    Prek,
    /// lefthook.
    Lefthook,
    /// hk.
    Hk,
}

/// Why hooks could not be put into a repository.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum Error {
    /// git could not be asked.
    #[error("git cannot be asked: {reason}")]
    Git {
        /// What went wrong.
        reason: String,
    },
    /// git finds no repository here that it would work in.
    #[error("{reason}")]
    #[diagnostic(help("{}", repository_help(reason)))]
    NoRepository {
        /// What git says.
        reason: String,
    },
    /// `core.hooksPath` names what is no folder.
    #[error("`core.hooksPath` names `{}`, which is no folder: hooks are switched off", folder.display())]
    #[diagnostic(help("`git config --show-origin core.hooksPath` shows where that is set"))]
    SwitchedOff {
        /// What it names.
        folder: PathBuf,
    },
    /// `core.hooksPath` names a folder in the work tree.
    #[error(
        "the hooks lie in the work tree, in `{}`: what is changed there is shared with everybody",
        folder.display()
    )]
    #[diagnostic(help("{}", shared_help(folder)))]
    InWorkTree {
        /// The folder, below the work tree.
        folder: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{doing} `{}`: {source}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

impl Hook {
    /// All hooks, in the order in which git runs them.
    pub const ALL: [Self; 3] = [Self::PreCommit, Self::PreMergeCommit, Self::PrePush];

    /// The name that git calls it by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PreMergeCommit => "pre-merge-commit",
            Self::PrePush => "pre-push",
        }
    }

    /// The hook of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hook| hook.name() == name)
    }

    /// Its script, for a POSIX shell.
    #[must_use]
    pub fn script(self) -> &'static str {
        match self {
            Self::PreCommit => include_str!("../../../hooks/pre-commit"),
            Self::PreMergeCommit => include_str!("../../../hooks/pre-merge-commit"),
            Self::PrePush => include_str!("../../../hooks/pre-push"),
        }
    }
}

impl Manager {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::Prek => "prek",
            Self::Lefthook => "lefthook",
            Self::Hk => "hk",
        }
    }
}

impl HooksFolder {
    /// Puts a hook here, in front of one that is there already.
    ///
    /// # Errors
    /// [`Error::Io`] where a file could not be read or written; the former hook is in force then.
    pub fn install(&self, hook: Hook) -> Result<Outcome, Error> {
        let ours = script::stamped(hook);
        let (place, kept) = self.places(hook);
        Ok(match script::origin(&place)? {
            Origin::Nothing => {
                fs::create_dir_all(self.path()).map_err(cannot("cannot make", self.path()))?;
                put(&place, &ours)?;
                Outcome::Installed
            }
            Origin::Ours { text } if text == ours.as_bytes() && script::runs(&place) => {
                Outcome::Unchanged
            }
            Origin::Ours { .. } => {
                put(&place, &ours)?;
                Outcome::Updated
            }
            Origin::OursByHand => Outcome::Left(Reason::Edited),
            Origin::Managed(manager) => Outcome::Left(Reason::Managed(manager)),
            Origin::Foreign => {
                if !keep(&place, &kept)? {
                    return Ok(Outcome::Left(Reason::NameTaken { kept }));
                }
                put(&place, &ours)?;
                Outcome::Chained { kept }
            }
        })
    }

    /// Takes a hook of ours away, and puts back the one that was there before.
    ///
    /// # Errors
    /// [`Error::Io`] where a file could not be read or written; the hook is in force then.
    pub fn uninstall(&self, hook: Hook) -> Result<Outcome, Error> {
        let (place, kept) = self.places(hook);
        Ok(match script::origin(&place)? {
            Origin::Ours { .. } if exists(&kept) => {
                fs::rename(&kept, &place).map_err(cannot("cannot put back", &kept))?;
                Outcome::Restored
            }
            Origin::Ours { .. } => {
                fs::remove_file(&place).map_err(cannot("cannot remove", &place))?;
                Outcome::Removed
            }
            Origin::OursByHand => Outcome::Left(Reason::Edited),
            Origin::Nothing | Origin::Managed(_) | Origin::Foreign => Outcome::Absent,
        })
    }

    /// Where a hook lies, and where the one that it runs first is kept. The scripts know that name.
    fn places(&self, hook: Hook) -> (PathBuf, PathBuf) {
        let place = self.path().join(hook.name());
        let kept = self
            .path()
            .join(format!("{}.before-sopsguard", hook.name()));
        (place, kept)
    }
}

/// Writes a script beside its place, and moves it there in one step.
fn put(place: &Path, text: &str) -> Result<(), Error> {
    let write = || -> io::Result<()> {
        let folder = place.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::Builder::new()
            .prefix(".sopsguard-")
            .tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        make_executable(file.as_file())?;
        file.as_file().sync_all()?;
        file.persist(place)?;
        Ok(())
    };
    write().map_err(cannot("cannot write", place))
}

#[cfg(unix)]
fn make_executable(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &fs::File) -> io::Result<()> {
    Ok(())
}

/// Keeps a hook under another name too, and says whether that name was free or held it already.
///
/// A link, because it never replaces a file, and because the hook stays in force until ours takes
/// its place.
fn keep(place: &Path, kept: &Path) -> Result<bool, Error> {
    if exists(kept) {
        return Ok(is_same_file(place, kept));
    }
    fs::hard_link(place, kept)
        .or_else(|_| fs::rename(place, kept))
        .map_err(cannot("cannot keep", place))?;
    Ok(true)
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Whether two names are of one file: so does a run that was cut short leave them.
#[cfg(unix)]
fn is_same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |path: &Path| {
        let metadata = path.symlink_metadata();
        metadata.map(|metadata| (metadata.dev(), metadata.ino()))
    };
    matches!((id(one), id(other)), (Ok(one), Ok(other)) if one == other)
}

#[cfg(not(unix))]
fn is_same_file(_: &Path, _: &Path) -> bool {
    false
}

fn cannot(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io {
        doing,
        path: path.to_owned(),
        source,
    }
}

fn repository_help(reason: &str) -> &'static str {
    if reason.contains("dubious ownership") {
        "if you trust it, tell git so: `git config --global --add safe.directory FOLDER`"
    } else {
        "go into a repository, or name one with `-C`"
    }
}

fn shared_help(folder: &Path) -> String {
    if folder.ends_with(".husky/_") {
        return "husky writes that folder; add the line `sopsguard check --staged --quiet` to \
                `.husky/pre-commit`, and `sopsguard install --print pre-push` prints what \
                `.husky/pre-push` needs"
            .to_owned();
    }
    let place = folder.join("pre-commit");
    format!(
        "if everybody is to have it, add the line `sopsguard check --staged --quiet || exit` to \
         `{}`, or make that file with `sopsguard install --print pre-commit`",
        place.display()
    )
}
