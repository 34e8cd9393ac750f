//! What the history of a file says of it, beyond the version that it goes on from.

use std::fmt;

use crate::change::Version;

/// A commit as findings name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommitName {
    /// The first digits of its id.
    pub(crate) id: String,
    /// Who wrote it, as the commit has it.
    pub(crate) author: String,
    /// The day, as the author saw it.
    pub(crate) date: String,
}

/// What git knows of a file beside its base.
#[derive(Clone, Copy, Default)]
pub(crate) enum Past<'a> {
    /// Nothing, or nobody asked.
    #[default]
    Unknown,
    /// The base is the version that brought the MAC; these commits changed since what it covers,
    /// the oldest first. None where that is not committed yet.
    Since(&'a [CommitName]),
    /// The file is again what it was in a version older than its base.
    Again(&'a CommitName, &'a Version),
}

/// Several commits as a part of a sentence.
pub(in crate::rules) struct CommitNames<'a>(pub(in crate::rules) &'a [CommitName]);

/// The most commits that a finding names.
pub(super) const MAX_COMMITS: usize = 5;

/// The most characters of an author's name.
const MAX_AUTHOR: usize = 60;

impl CommitName {
    /// The name of a commit by its id, its author and the day.
    pub(crate) fn new(id: String, author: &str, date: String) -> Self {
        let mut author: String = author.chars().take(MAX_AUTHOR).collect();
        if author.is_empty() {
            author.push_str("nobody");
        }
        Self { id, author, date }
    }
}

impl fmt::Display for CommitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}, {})", self.id, self.author, self.date)
    }
}

impl fmt::Display for CommitNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, commit) in self.0.iter().take(MAX_COMMITS).enumerate() {
            f.write_str(if at > 0 { ", " } else { "" })?;
            commit.fmt(f)?;
        }
        match self.0.len().saturating_sub(MAX_COMMITS) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_named_by_id_author_and_day_and_never_too_many() {
        let name = |at: usize| {
            let author = if at == 0 { "" } else { "Ada" };
            CommitName::new(format!("a{at}"), author, "2026-05-01".to_owned())
        };
        let names: Vec<CommitName> = (0..7).map(name).collect();
        assert_eq!(
            CommitNames(&names[..2]).to_string(),
            "`a0` (nobody, 2026-05-01), `a1` (Ada, 2026-05-01)"
        );
        assert!(CommitNames(&names).to_string().ends_with(" and 2 more"));
        let long = CommitName::new(String::new(), &"ä".repeat(999), String::new());
        assert_eq!(long.author.chars().count(), MAX_AUTHOR);
    }
}
