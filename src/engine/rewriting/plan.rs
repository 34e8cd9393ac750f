//! What a command would change, as data: to be shown, asked about and carried out.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::Error;
use super::super::log::At;
use super::super::recipients::Keyholder;
use crate::apply::{Gone, Proven};
use crate::finding::Help;
use crate::transaction::Home;

/// All that a command would change, proved already, and what it cannot change. No secret is in it.
#[expect(missing_debug_implementations, reason = "it holds the texts of files")]
#[non_exhaustive]
pub struct ChangePlan {
    /// The command, as it is typed.
    pub command: &'static str,
    /// The files that would change, sorted by the bytes of their paths.
    pub files: Vec<FileChange>,
    /// The files that cannot be changed, and why.
    pub refused: Vec<Refused>,
    /// What would change in files that cannot be changed now, as far as their metadata tell it: nothing of it
    /// is proved.
    pub unproved: Vec<FileChange>,
    /// Why it would be too early to carry it out, and what to do first.
    pub too_early: Option<(String, String)>,
    /// How many files are as they should be already.
    pub unchanged: usize,
    /// Sentences for the user.
    pub notices: Vec<String>,
    /// What a recipient who goes could read, file by file.
    pub exposed: Vec<Exposed>,
    /// What is written once it is carried out.
    pub(super) proven: Vec<Proven>,
    /// What goes then.
    pub(super) gone: Vec<Gone>,
    /// What makes writing safe, or why that cannot be.
    pub(super) home: Result<Home, Error>,
}

/// The encrypted values of a file that somebody could read who cannot any more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exposed {
    /// The path of the file.
    pub path: PathBuf,
    /// The paths of the values, as far as they can be shown, in the order of the file.
    pub values: Vec<String>,
}

/// A file that would change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileChange {
    /// Its path.
    pub path: PathBuf,
    /// What would change in it.
    pub amendments: Vec<Amendment>,
    /// The lines that would come and go.
    pub diff: Vec<DiffLine>,
}

/// One thing that changes in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Amendment {
    /// A recipient comes, into the key group of this number, from 1; no number where there is one group.
    Adds(Keyholder, Option<usize>),
    /// A recipient goes, out of the key group of this number, likewise.
    Removes(Keyholder, Option<usize>),
    /// Another number of key groups is needed to open it.
    Threshold {
        /// How many it was.
        from: usize,
        /// How many it is to be.
        to: usize,
    },
    /// The data key, all values and the MAC are new.
    NewDataKey,
    /// The MAC and the time of the last edit are new.
    NewMac,
    /// Something that was changed without its MAC is made valid by the new one.
    Blesses(Blessed),
    /// The file is new.
    Created,
    /// The file goes.
    Removed,
    /// sops itself writes the file, with its metadata and its layout anew.
    BySops {
        /// The version that is installed.
        version: String,
    },
    /// Something else, in a few words.
    Other(String),
}

/// A change that a new MAC makes valid.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blessed {
    /// The keys that lead to a value, a document, or a setting.
    pub subject: String,
    /// What happened to it: `added`, `removed`, `changed`, `moved`, `encrypted` or `bared`.
    pub what: &'static str,
    /// What brought it.
    pub at: At,
    /// Who wrote that commit, as it says.
    pub author: Option<String>,
    /// On which day.
    pub date: Option<String>,
}

/// A line of a difference, without its line end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiffLine {
    /// The number of the line, from 1: in the new text where it comes, in the old one where it goes.
    pub number: usize,
    /// Whether it comes; else it goes.
    pub is_added: bool,
    /// The line.
    pub text: String,
}

/// A file that a command was to change and cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// Its path.
    pub path: PathBuf,
    /// Why, lower case.
    pub reason: String,
    /// What helps.
    pub help: Option<Help>,
    /// Whether `sops` itself may be able to do it.
    pub with_sops: bool,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// How many files were written.
    pub files: usize,
    /// How long that took.
    pub took: Duration,
    /// How much of that the disk needed to keep it.
    pub syncing: Duration,
}

impl ChangePlan {
    /// Whether there is nothing to do and nothing was refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.refused.is_empty()
    }

    /// Adds what would change in those files that are refused, all being known by now.
    pub(in crate::engine) fn tell_unproved(
        &mut self,
        would_change: impl IntoIterator<Item = FileChange>,
    ) {
        if self.refused.is_empty() {
            return;
        }
        let refused: HashSet<&Path> = self.refused.iter().map(|it| it.path.as_path()).collect();
        let would_change = would_change.into_iter();
        self.unproved = would_change
            .filter(|change| refused.contains(change.path.as_path()))
            .collect();
    }
}

impl FileChange {
    /// Whether sops itself wrote the new text.
    pub(super) fn is_by_sops(&self) -> bool {
        let mut amendments = self.amendments.iter();
        amendments.any(|amendment| matches!(amendment, Amendment::BySops { .. }))
    }
}

impl Refused {
    /// A refusal for a reason.
    pub(in crate::engine) fn new(path: PathBuf, reason: impl Into<String>) -> Self {
        Self {
            path,
            reason: reason.into(),
            help: None,
            with_sops: false,
        }
    }

    /// The same, where sops itself may be able to do it.
    #[must_use]
    pub(in crate::engine) fn for_sops(self) -> Self {
        Self {
            with_sops: true,
            ..self
        }
    }

    /// The same with what helps.
    #[must_use]
    pub(in crate::engine) fn helped(self, help: Help) -> Self {
        Self {
            help: Some(help),
            ..self
        }
    }
}
