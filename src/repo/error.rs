//! Why a repository could not be read, in git's words and with what helps.

use std::path::Path;

/// Why neither libgit2 nor git gave what was wanted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct Error {
    /// What git, or else libgit2, says.
    pub(crate) reason: String,
    /// What helps, with a command.
    pub(crate) help: String,
    /// Whether git was not there to be asked.
    unasked: bool,
}

/// Words of git's or libgit2's complaints, and what helps.
const HELP: [(&str, &str); 4] = [
    (
        "'link'",
        "install git, or join the index with `git update-index --no-split-index`",
    ),
    (
        "'sdir'",
        "install git, or write the whole index with `git sparse-checkout disable`",
    ),
    (
        "promisor",
        "fetch what is missing with `git fetch --refetch`, or check again when online",
    ),
    ("not a git repository", "see what `git status` says"),
];

impl Error {
    pub(super) fn new(reason: String, help: &str) -> Self {
        Self {
            reason,
            help: help.to_owned(),
            unasked: false,
        }
    }

    /// git is not installed, or cannot be run.
    pub(super) fn unasked(reason: String, help: &str) -> Self {
        Self {
            unasked: true,
            ..Self::new(reason, help)
        }
    }

    /// What git complained about in this folder.
    pub(super) fn of_git(complaint: &str, directory: &Path) -> Self {
        let said = |mark: &str| complaint.lines().find_map(|line| line.strip_prefix(mark));
        let first = said("fatal: ").or_else(|| said("error: "));
        let first = first
            .or_else(|| complaint.lines().next())
            .unwrap_or("no reason");
        let help = if complaint.contains("safe.directory") {
            let folder = directory.display();
            format!("say that you trust it: `git config --global --add safe.directory '{folder}'`")
        } else {
            help_for(complaint).to_owned()
        };
        Self::new(format!("git says: {first}"), &help)
    }

    /// The error where something else had refused first: what it said matters where git was not
    /// asked.
    pub(super) fn instead_of(self, refused: &str) -> Self {
        if !self.unasked {
            return self;
        }
        let reason = format!("{refused}, and {self}");
        Self::new(reason, help_for(refused))
    }
}

fn help_for(complaint: &str) -> &'static str {
    HELP.iter()
        .find(|(word, _)| complaint.contains(word))
        .map_or("see what `git status` says", |(_, help)| help)
}
