//! Why the engine could not do its work. A problem in the user's files is no error but a finding.

use std::path::PathBuf;

use crate::{repo, transaction};

/// Why a run gave no report.
#[derive(Clone, Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum Error {
    /// A path that was named is not there.
    #[error("`{}` does not exist", path.display())]
    #[diagnostic(help("paths start from the current folder, or from the one that `-C` names"))]
    NoSuchPath {
        /// The path as it was named.
        path: PathBuf,
    },
    /// sops would not load the document.
    #[error("sops would not load `{}`: {reason}", path.display())]
    NotLoaded {
        /// The path as it was named.
        path: PathBuf,
        /// What sops stumbles over, without any value.
        reason: String,
    },
    /// A file could not be read.
    #[error("cannot read `{}`: {reason}", path.display())]
    NotRead {
        /// The path as it was named.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A source of identities that was named cannot be used.
    #[error("cannot use the identity: {reason}")]
    #[diagnostic(help(
        "what can be used: a file with `AGE-SECRET-KEY-1…` lines, an SSH private key, a Kubernetes Secret with one of them"
    ))]
    Identity {
        /// Which, and what is wrong with it.
        reason: String,
    },
    /// The policy cannot be read, or says what is not understood.
    #[error("the policy is wrong: {reason}")]
    Policy {
        /// What is wrong with it, and where.
        reason: String,
        /// What helps.
        #[help]
        help: String,
    },
    /// The baseline cannot be read or written, or is none.
    #[error("cannot use the baseline `{}`: {reason}", path.display())]
    Baseline {
        /// The file as it was named.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// What helps.
        #[help]
        help: String,
    },
    /// A file could not be written.
    #[error("cannot write `{}`: {reason}", path.display())]
    NotWritten {
        /// The file as it was named.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A private key was to be written into a repository.
    #[error("`{}` lies in the repository `{}`, where no private key belongs, ignored or not", path.display(), root.display())]
    #[diagnostic(help(
        "name a file outside of every repository, such as one on the medium that it is to be kept on"
    ))]
    SecretInRepository {
        /// The file as it was named.
        path: PathBuf,
        /// The root of the repository.
        root: PathBuf,
    },
    /// A private key was to be written, and something lies in its place.
    #[error("`{}` is there already, and is left as it is", path.display())]
    #[diagnostic(help("name a file that is not there yet"))]
    SecretExists {
        /// The file as it was named.
        path: PathBuf,
    },
    /// Recipients are not changed so.
    #[error("{reason}")]
    Recipients {
        /// Why.
        reason: String,
        /// What helps.
        #[help]
        help: String,
    },
    /// Something is not done yet that is to come first.
    #[error("it is too early: {reason}")]
    NotYet {
        /// What.
        reason: String,
        /// What helps.
        #[help]
        help: String,
    },
    /// A proof was to be noted in the policy, and cannot be.
    #[error("the proof is not noted: {reason}")]
    #[diagnostic(help(
        "list the key in `.sopsguard.toml` first: `sopsguard init` writes a first one"
    ))]
    NotRecorded {
        /// Why.
        reason: String,
    },
    /// No key could be made.
    #[error("no key could be made: {reason}")]
    NoKey {
        /// Why.
        reason: String,
    },
    /// A change was planned and could not be carried out: nothing changed.
    #[error("nothing was changed: {reason}")]
    NotChanged {
        /// Why.
        reason: String,
        /// What helps.
        #[help]
        help: Option<String>,
    },
    /// A change of several files was interrupted, and is to be finished or undone before anything else is
    /// written.
    #[error("{reason}")]
    Interrupted {
        /// What happened.
        reason: String,
        /// How to recover.
        #[help]
        help: Option<String>,
    },
    /// The index or a revision was asked for, and there is no repository.
    #[error("there is no git repository here whose index or commits could be checked")]
    #[diagnostic(help("run it inside a work tree, or name one with `-C`"))]
    NoRepository,
    /// A policy was to be made, and there is no repository that it could belong to.
    #[error("there is no git repository here, and a policy belongs to one")]
    #[diagnostic(help("go into one, name one with `-C`, or make one: `git init`"))]
    NotInRepository,
    /// A policy was to be made, and something lies in its place.
    #[error("`{}` is there already, and is left as it is", path.display())]
    #[diagnostic(help("`sopsguard init --dry-run` prints what would have been written"))]
    PolicyExists {
        /// Its path.
        path: PathBuf,
    },
    /// The same, where there is a repository without a work tree.
    #[error("the repository here is bare, and only one with a work tree can be checked")]
    #[diagnostic(help("run it in a clone, or in a work tree: `git worktree add ../checked-out`"))]
    BareRepository,
    /// The revision to compare with is none.
    #[error("{reason}")]
    NoSuchRevision {
        /// Which, and what is wrong with it.
        reason: String,
        /// What helps.
        #[help]
        help: String,
    },
    /// A file's history was asked for, and git has none of it.
    #[error("`{}` has no history here: {reason}", path.display())]
    NoHistory {
        /// The path as it was named.
        path: PathBuf,
        /// Why.
        reason: String,
        /// What helps.
        #[help]
        help: String,
    },
    /// Neither libgit2 nor git can read the repository.
    #[error("cannot read the repository: {reason}")]
    Git {
        /// What git says, or libgit2 where git is not installed.
        reason: String,
        /// What helps.
        #[help]
        help: String,
    },
    /// Values were to be compared, and the system gives no random key for it.
    #[error("the system gives no random numbers, without which values are not compared")]
    NoRandomness,
    /// The threads could not be started.
    #[error("cannot start {jobs} threads")]
    #[diagnostic(help("ask for fewer with `--jobs`"))]
    Threads {
        /// How many were asked for.
        jobs: usize,
    },
}

impl Error {
    /// An identity that cannot be used, and why.
    pub(super) fn identity(why: &impl ToString) -> Self {
        let reason = why.to_string();
        Self::Identity { reason }
    }
}

impl From<transaction::Error> for Error {
    fn from(error: transaction::Error) -> Self {
        let (reason, help) = (error.to_string(), error.help());
        match error {
            transaction::Error::Interrupted { .. } => Self::Interrupted { reason, help },
            _ => Self::NotChanged { reason, help },
        }
    }
}

impl From<repo::Error> for Error {
    fn from(error: repo::Error) -> Self {
        Self::Git {
            reason: error.reason,
            help: error.help,
        }
    }
}
