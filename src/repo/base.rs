//! Which commits a check compares with.
//!
//! What is about to be committed has the parents of the next commit as its bases: `HEAD`, and while
//! a merge is in progress whatever it joins. What changed since a revision has the merge base of it
//! and `HEAD`.

use super::commits::Commits;
use super::error::Error;
use super::id::{CommitId, Id};
use super::refs::ids;
use super::revision::Revision;
use crate::environment::Environment;
use crate::fs::{self, Kind};

/// The commits that a check compares with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    /// `HEAD` or the merge base first; none where a range has all commits since the first. A path that is as it is in one of them did not
    /// change.
    pub(crate) commits: Vec<CommitId>,
    /// What makes them the base.
    pub(crate) of: Of,
}

/// What is compared with a base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// The next commit; the base is `HEAD`.
    Commit,
    /// A merge that is in progress; the bases are all of its parents.
    Merge,
    /// A commit that git is making anew on top of `HEAD`, which is the base: what it held before
    /// stands in the commit named, if git says which.
    Redone(Redone, Option<CommitId>),
    /// All since a revision.
    Since(Since),
}

/// How git comes to make a commit anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Redone {
    /// `git cherry-pick` of the commit.
    CherryPick,
    /// `git revert` of the commit: the version to come is like that of its parent.
    Revert,
    /// `git rebase`, or `git am`.
    Rebase,
}

/// Since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Since {
    /// The commit that the revision stands for; none where everything counts from the first commit on.
    pub(crate) tip: Option<CommitId>,
    /// `HEAD`, or what stands for it.
    pub(crate) head: CommitId,
    /// Merge bases that are as good as the one that is the base, where branches were merged into
    /// each other. As git does, the youngest is taken.
    pub(crate) others: Vec<CommitId>,
}

/// Why there is no base.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoBase {
    /// Nothing was ever committed.
    #[error("there is no commit yet")]
    NoCommits,
    /// The revision is none that this clone has.
    #[error("`{revision}` is no commit of this clone")]
    Unknown {
        /// The revision, as it was given.
        revision: String,
        /// What helps.
        help: String,
    },
    /// The clone is too shallow.
    #[error("this clone is shallow: it lacks the commits between `HEAD` and `{revision}`")]
    Shallow {
        /// The revision, as it was given.
        revision: String,
        /// What helps.
        help: String,
    },
    /// Nothing is common to both.
    #[error("`HEAD` and `{revision}` have no commit in common")]
    Unrelated {
        /// The revision, as it was given.
        revision: String,
    },
    /// The repository cannot be read.
    #[error("{0}")]
    Unreadable(#[from] Error),
}

impl NoBase {
    /// Why rules that need a base are not evaluated, in a word that does not change.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::NoCommits => "no-commits",
            Self::Unknown { .. } => "unknown-revision",
            Self::Shallow { .. } => "shallow-clone",
            Self::Unrelated { .. } => "unrelated-histories",
            Self::Unreadable(_) => "unreadable-history",
        }
    }

    /// What to do about it, with a command.
    pub(crate) fn help(&self) -> &str {
        match self {
            Self::NoCommits => "make the first commit, or leave `--since` out",
            Self::Unknown { help, .. } | Self::Shallow { help, .. } => help,
            Self::Unrelated { .. } => {
                "name a revision that `HEAD` comes from: see `git log --oneline --graph`"
            }
            Self::Unreadable(error) => &error.help,
        }
    }
}

impl Commits<'_> {
    /// The parents of what is about to be committed.
    ///
    /// # Errors
    /// [`NoBase`] where nothing was committed yet, or the repository cannot be read.
    pub(crate) fn base(&mut self) -> Result<Base, NoBase> {
        let head = self.head()?;
        let mut commits = vec![head];
        for joined in self.joined() {
            if !commits.contains(&joined) {
                commits.push(joined);
            }
        }
        let of = if commits.len() > 1 {
            Of::Merge
        } else {
            self.redone()
                .map_or(Of::Commit, |(how, id)| Of::Redone(how, id))
        };
        Ok(Base { commits, of })
    }

    /// The merge base of a revision and `HEAD`.
    ///
    /// # Errors
    /// [`NoBase`] where there is none in this clone.
    pub(crate) fn base_since(&mut self, revision: &str) -> Result<Base, NoBase> {
        let head = self.head()?;
        self.base_between(revision, head)
    }

    /// The merge base of a revision and a commit, which stands for `HEAD` where something else than
    /// what is checked out is looked at, as before a push.
    ///
    /// # Errors
    /// [`NoBase`] where there is none in this clone.
    pub(crate) fn base_between(&mut self, revision: &str, head: CommitId) -> Result<Base, NoBase> {
        let tip = match self.revision(revision)? {
            Revision::Commit(tip) => tip,
            Revision::CutOff => return Err(self.too_shallow(revision)),
            Revision::Unknown => return Err(self.unknown(revision)),
        };
        let bases = self.merge_bases(tip, head)?;
        let mut bases = bases.into_iter();
        match bases.next() {
            Some(base) => Ok(Base {
                commits: vec![base],
                of: Of::Since(Since {
                    tip: Some(tip),
                    head,
                    others: bases.collect(),
                }),
            }),
            None if self.is_shallow() => Err(self.too_shallow(revision)),
            None => Err(NoBase::Unrelated {
                revision: revision.to_owned(),
            }),
        }
    }

    /// The base of all commits that lead to a revision, the first ones included: nothing.
    fn base_of_all(&mut self, to: &str) -> Result<Base, NoBase> {
        let Revision::Commit(head) = self.revision(to)? else {
            return Err(self.unknown(to));
        };
        let since = Since {
            tip: None,
            head,
            others: Vec::new(),
        };
        Ok(Base {
            commits: Vec::new(),
            of: Of::Since(since),
        })
    }

    /// The merge base of two revisions, of which the later stands for `HEAD`. In the place of the
    /// earlier the empty tree, which git knows by its id, stands for what was before the first commit.
    ///
    ///
    /// # Errors
    /// [`NoBase`] where there is none in this clone.
    pub(crate) fn base_of_range(&mut self, from: &str, to: &str) -> Result<Base, NoBase> {
        if EMPTY_TREES.contains(&from) {
            return self.base_of_all(to);
        }
        match self.revision(to)? {
            Revision::Commit(tip) => self.base_between(from, tip),
            Revision::CutOff => Err(self.too_shallow(to)),
            Revision::Unknown => Err(self.unknown(to)),
        }
    }

    /// The commit that `HEAD` stands for.
    ///
    /// # Errors
    /// [`NoBase`] where it stands for none.
    pub(crate) fn head(&mut self) -> Result<CommitId, NoBase> {
        let head = self.reference("HEAD")?.ok_or(NoBase::NoCommits)?;
        self.commit(head)?;
        Ok(CommitId(head))
    }

    /// Whether a reference such as `MERGE_HEAD` stands for a commit.
    pub(crate) fn is_named(&self, reference: &str, commit: CommitId) -> bool {
        matches!(self.reference(reference), Ok(Some(id)) if id == commit.0)
    }

    /// The commits that a merge joins `HEAD` with.
    fn joined(&mut self) -> Vec<CommitId> {
        let mut joined = ids(self.places, "MERGE_HEAD");
        if joined.is_empty() {
            joined = announced(self.git.environment);
        }
        joined.retain(|id| self.commit(*id).is_ok());
        joined.into_iter().map(CommitId).collect()
    }

    /// What git is making anew.
    fn redone(&self) -> Option<(Redone, Option<CommitId>)> {
        let named = |name: &str| self.reference(name).ok().flatten().map(CommitId);
        let rebase = ["rebase-merge", "rebase-apply"];
        if rebase
            .iter()
            .any(|name| fs::kind(&self.places.git_dir.join(name)) == Some(Kind::Folder))
        {
            return Some((Redone::Rebase, named("REBASE_HEAD")));
        }
        let picked = named("CHERRY_PICK_HEAD").map(|id| (Redone::CherryPick, Some(id)));
        picked.or_else(|| Some((Redone::Revert, Some(named("REVERT_HEAD")?))))
    }

    fn unknown(&mut self, revision: &str) -> NoBase {
        let help = match whole_history(self.git.environment) {
            Some(help) => help,
            None if self.is_shallow() => UNSHALLOW,
            None => "fetch it: `git fetch origin`",
        };
        // A clone of one branch fetches no other unless it is named.
        let help = match branch_of_origin(revision) {
            Some(branch) => format!(
                "fetch it: `git fetch origin {branch}:refs/remotes/origin/{branch}`; and {help}"
            ),
            None => help.to_owned(),
        };
        NoBase::Unknown {
            revision: revision.to_owned(),
            help,
        }
    }

    /// What helps where a shallow clone ends too early.
    pub(crate) fn help_for_shallow(&self) -> &'static str {
        whole_history(self.git.environment).unwrap_or(UNSHALLOW)
    }

    pub(super) fn too_shallow(&self, revision: &str) -> NoBase {
        NoBase::Shallow {
            revision: revision.to_owned(),
            help: self.help_for_shallow().to_owned(),
        }
    }
}

/// The branch that a revision names as the remote `origin` had it, if its name needs no quotes.
fn branch_of_origin(revision: &str) -> Option<&str> {
    let name = revision.strip_prefix("refs/remotes/").unwrap_or(revision);
    let branch = name.strip_prefix("origin/")?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    (branch != "HEAD" && !branch.starts_with('-') && branch.chars().all(is_plain)).then_some(branch)
}

/// The ids of the tree without files: SHA-1 and SHA-256.
const EMPTY_TREES: [&str; 2] = [
    "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
];

/// What helps in a shallow clone.
const UNSHALLOW: &str = "fetch the whole history: `git fetch --unshallow`";

/// What helps in CI, where clones are shallow unless something is said.
fn whole_history(environment: &Environment) -> Option<&'static str> {
    let is_set = |name| {
        environment
            .variable(name)
            .is_some_and(|value| !value.is_empty())
    };
    if is_set("GITHUB_ACTIONS") {
        Some("fetch the whole history: set `fetch-depth: 0` for `actions/checkout`")
    } else if is_set("GITLAB_CI") {
        Some("fetch the whole history: set the variable `GIT_DEPTH: 0` for the job")
    } else {
        None
    }
}

/// The commits that a merge announces to the hook `pre-merge-commit`, which runs before there is a
/// `MERGE_HEAD`: in the names of variables such as `GITHEAD_1f0c…`.
fn announced(environment: &Environment) -> Vec<Id> {
    let names = environment
        .variables()
        .filter_map(|(name, _)| name.to_str());
    names
        .filter_map(|name| Id::of_hex(name.strip_prefix("GITHEAD_")?.as_bytes()))
        .collect()
}
