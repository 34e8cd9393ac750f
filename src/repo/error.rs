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
const HELP: [(&str, &str); 5] = [
    (
        "'link'",
        "install git, or join the index with `git update-index --no-split-index`",
    ),
    (
        "'sdir'",
        "install git, or write the whole index with `git sparse-checkout disable`",
    ),
    ("promisor", FETCH),
    ("lazy fetching", FETCH),
    ("not a git repository", "see what `git status` says"),
];

/// What helps where git would have to ask a remote, which it is not let do.
const FETCH: &str = "sopsguard fetches nothing: if you trust the repository, get what is missing with \
    `git fetch --refetch --no-filter`";

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

    /// An object is larger than any that is read here.
    pub(super) fn too_large(kind: &str, id: &impl std::fmt::Display) -> Self {
        let reason = format!("the {kind} {id} is too large");
        Self::new(reason, "see what `git fsck` says")
    }

    /// An object is not what git would have made.
    pub(super) fn broken(kind: &str, id: &impl std::fmt::Display) -> Self {
        let reason = format!("the object {id} is no {kind} that can be read");
        Self::new(reason, "see what `git fsck` says")
    }

    /// There are more commits, or more files in them, than are looked at.
    pub(super) fn too_many(what: &str) -> Self {
        let reason = format!("there are too many {what} to look at");
        Self::new(reason, "name a later revision")
    }

    /// Whether git complained about the repository and not about what it was asked for.
    pub(super) fn is_of_repository(complaint: &[u8]) -> bool {
        let complaint = String::from_utf8_lossy(complaint);
        let about = [
            "safe.directory",
            "not a git repository",
            "repository format",
            "extension",
        ];
        about.iter().any(|words| complaint.contains(words))
    }

    /// What git complained about in this folder.
    pub(super) fn of_git(complaint: &str, directory: &Path) -> Self {
        let said = |mark: &str| complaint.lines().find_map(|line| line.strip_prefix(mark));
        // That some way to the remote is closed is less than that something is missing.
        let missing = said("fatal: could not fetch ").map(|what| format!("could not fetch {what}"));
        let first = missing.as_deref().or_else(|| said("fatal: "));
        let first = first
            .or_else(|| said("error: "))
            .or_else(|| complaint.lines().next())
            .unwrap_or("no reason");
        let help = if complaint.contains("safe.directory") {
            let folder = directory.display().to_string().replace('\'', r"'\''");
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

    /// The error, or what had been refused before where git was not there to be asked.
    pub(super) fn or_if_unasked(self, refused: Self) -> Self {
        if self.unasked { refused } else { self }
    }
}

fn help_for(complaint: &str) -> &'static str {
    HELP.iter()
        .find(|(word, _)| complaint.contains(word))
        .map_or("see what `git status` says", |(_, help)| help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_fits_the_complaint() {
        let owner = "fatal: detected dubious ownership in repository at '/it's'\n\
            To add an exception for this directory, call:\n\n\tgit config --global --add safe.directory";
        for (complaint, reason, help) in [
            (
                owner,
                "detected dubious ownership",
                r"safe.directory '/it'\''s'`",
            ),
            (
                "fatal: transport 'ssh' not allowed\nfatal: could not fetch 1a from promisor remote",
                "git says: could not fetch 1a",
                "git fetch --refetch",
            ),
            (
                "warning: lazy fetching disabled; some objects may not be available\n\
                fatal: git cat-file 1a: bad file",
                "git says: git cat-file 1a: bad file",
                "git fetch --refetch",
            ),
            ("error: odd", "git says: odd", "git status"),
            ("odd\nmore", "git says: odd", "git status"),
            ("", "git says: no reason", "git status"),
        ] {
            let error = Error::of_git(complaint, Path::new("/it's"));
            assert!(
                error.reason.starts_with(reason) || error.reason.contains(reason),
                "{error}"
            );
            assert!(error.help.contains(help), "{}", error.help);
            assert_eq!(error.reason.lines().count(), 1);
        }
    }

    #[test]
    fn where_git_is_missing_what_was_refused_before_matters() {
        let refused = "the index has the extension 'link'";
        let missing = Error::unasked("`git` is not installed".to_owned(), "install git");
        let error = missing.instead_of(refused);
        assert_eq!(
            error.reason,
            format!("{refused}, and `git` is not installed")
        );
        assert!(error.help.contains("--no-split-index"));
        let asked = Error::of_git("fatal: no", Path::new("/r"));
        assert_eq!(asked.clone().instead_of(refused), asked);
    }
}
