//! The commit that a revision stands for (`main`, `origin/main`, `HEAD~2`, an id).
//!
//! What is plain is looked up in git's files, so that it works in a repository of somebody else's,
//! too. All else that git knows (`main@{upstream}`, shortened ids, `:/text`) git is asked for.

use super::commits::Commits;
use super::error::Error;
use super::id::{CommitId, Id};
use super::refs::{Found, follow};
use crate::fs;

/// What a revision stands for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Revision {
    /// A commit.
    Commit(CommitId),
    /// An ancestor that this shallow clone leaves out.
    CutOff,
    /// Nothing that this clone has.
    Unknown,
}

/// Where git looks for a reference, in its order.
const PLACES: [(&str, &str); 6] = [
    ("", ""),
    ("refs/", ""),
    ("refs/tags/", ""),
    ("refs/heads/", ""),
    ("refs/remotes/", ""),
    ("refs/remotes/", "/HEAD"),
];

/// The farthest ancestor that is looked for here.
const FARTHEST: usize = 100_000;

impl Commits<'_> {
    /// The commit that a revision stands for.
    ///
    /// # Errors
    /// [`Error`] where neither libgit2 nor git can read what it leads to.
    pub(crate) fn revision(&mut self, revision: &str) -> Result<Revision, Error> {
        // git would take the first for an option.
        if revision.starts_with('-') || revision.contains(['\0', '\n']) {
            return Ok(Revision::Unknown);
        }
        let end = revision.find(['^', '~']).unwrap_or(revision.len());
        let (name, way) = revision.split_at(end);
        let Some((steps, start)) = steps(way).zip(self.named(name)) else {
            return self.asked(revision);
        };
        let mut commit = match self.peeled(start) {
            Ok(commit) => commit,
            // git says the same, and may know of more.
            Err(_) => return self.asked(revision),
        };
        for step in steps {
            let at = self.commit(commit)?;
            match step.checked_sub(1).map(|parent| at.parents.get(parent)) {
                None => {}
                Some(Some(parent)) => commit = *parent,
                Some(None) if at.is_cut => return Ok(Revision::CutOff),
                Some(None) => return Ok(Revision::Unknown),
            }
        }
        Ok(Revision::Commit(CommitId(commit)))
    }

    /// The object that `HEAD`, `MERGE_HEAD` and their like stand for.
    pub(super) fn reference(&self, name: &str) -> Result<Option<Id>, Error> {
        match follow(self.places, name.as_bytes()) {
            Found::Id(id) => Ok(Some(id)),
            Found::Nothing if !self.has_tables() => Ok(None),
            Found::Nothing | Found::Unknown => self.git.revision(name),
        }
    }

    /// Whether references may be where only git finds them.
    fn has_tables(&self) -> bool {
        let tables = self.places.common_dir.join("reftable");
        fs::kind(&tables) == Some(fs::Kind::Folder)
    }

    fn asked(&mut self, revision: &str) -> Result<Revision, Error> {
        let is_plain = revision.starts_with("refs/") && !revision.contains(['@', ':']);
        if is_plain && !self.has_tables() {
            return Ok(Revision::Unknown);
        }
        let found = self.git.revision(revision)?;
        // An id that is whole is one to git, whether there is such a commit or not.
        let commit = found.and_then(|id| self.peeled(id).ok());
        Ok(commit.map_or(Revision::Unknown, |id| Revision::Commit(CommitId(id))))
    }

    /// The object that a name without signs stands for.
    fn named(&self, name: &str) -> Option<Id> {
        if let Some(id) = Id::of_hex(name.as_bytes()) {
            return Some(id);
        }
        let name = if name == "@" { "HEAD" } else { name };
        if name.is_empty() || name.contains(['@', ':']) {
            return None;
        }
        for (start, end) in PLACES {
            match follow(self.places, format!("{start}{name}{end}").as_bytes()) {
                Found::Id(id) => return Some(id),
                Found::Nothing | Found::Unknown => {}
            }
        }
        None
    }
}

/// The numbers of the parents that `~2^2` leads to, 0 being the commit itself; none where something else stands there.
fn steps(mut way: &str) -> Option<Vec<usize>> {
    let mut steps = Vec::new();
    while let Some(sign) = way.chars().next() {
        let rest = way.get(1..)?;
        if let Some(rest) = rest.strip_prefix("{commit}").filter(|_| sign == '^') {
            way = rest;
            continue;
        }
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (digits, rest) = rest.split_at(end);
        let number = if digits.is_empty() {
            1
        } else {
            digits.parse().ok().filter(|number| *number <= FARTHEST)?
        };
        match sign {
            '^' => steps.push(number),
            '~' => steps.extend(std::iter::repeat_n(1, number)),
            _ => return None,
        }
        way = rest;
    }
    Some(steps)
}
