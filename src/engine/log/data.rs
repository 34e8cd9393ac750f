//! The history of a secret file, as data.

use std::path::PathBuf;

use crate::history::Step;
use crate::sops::Verification;

/// What git knows of a secret file, commit by commit. No value is in it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Log {
    /// The file as it was named.
    pub path: PathBuf,
    /// What changed it, the youngest first: what is not committed yet, then commits.
    pub entries: Vec<LogEntry>,
    /// How many more commits changed it and were left out, as only so many were asked for.
    pub left_out: usize,
    /// How many commits were looked at.
    pub commits: usize,
    /// Where the search ended.
    pub end: LogEnd,
    /// What was wrong with sources of identities, one sentence each.
    pub warnings: Vec<String>,
    /// Where identities were looked for, in order, with what was there.
    pub searched: Vec<String>,
}

/// A change of a secret file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LogEntry {
    /// Where it is.
    pub at: At,
    /// Who wrote the commit, as it says; none of what is not committed yet.
    pub author: Option<String>,
    /// The day on which it was written, where its author was: `2026-11-21`.
    pub date: Option<String>,
    /// The file's path then.
    pub path: PathBuf,
    /// The path before, where that was another.
    pub renamed_from: Option<PathBuf>,
    /// How many parents the commit has that count.
    pub parents: usize,
    /// What it did.
    pub step: Step,
    /// What sops would say of the version; none where there is none.
    pub verification: Option<Verification>,
    /// The older commit that brought the MAC; none where this one did.
    pub mac_from: Option<String>,
    /// Whether the values are not those with which the MAC was brought, so that sops refuses the file.
    pub has_stale_mac: bool,
}

/// Where a change of a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum At {
    /// In a commit of this id.
    Commit(String),
    /// In the index, not committed yet.
    Index,
    /// In the work tree, and not in the index yet.
    WorkTree,
}

/// Where the search for a file's history ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogEnd {
    /// At the first commit of all: there is no more.
    Complete,
    /// Where it had looked at as many commits as it may.
    Limit,
    /// Where all versions together hold more than 1 GiB.
    TooMuch,
    /// Where a shallow clone was cut off.
    Shallow {
        /// What helps.
        help: String,
    },
    /// At an object that cannot be read.
    Unreadable {
        /// Why.
        reason: String,
        /// What helps.
        help: String,
    },
}

impl At {
    /// The commit's whole id, or where else the change is, in a word.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Commit(id) => id,
            Self::Index => "index",
            Self::WorkTree => "work-tree",
        }
    }

    /// The commit's id, cut to the ten digits that people name it by; or where else the change is.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Commit(id) => id.get(..10).unwrap_or(id),
            Self::Index => "staged",
            Self::WorkTree => "work tree",
        }
    }
}

impl LogEnd {
    /// The word that reports use.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Limit => "limit",
            Self::TooMuch => "too-large",
            Self::Shallow { .. } => "shallow-clone",
            Self::Unreadable { .. } => "unreadable",
        }
    }
}
