//! The work tree as it lies there, and the policy that counts in it: all that a command needs that compares
//! nothing with an earlier version.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::inputs::Scope;
use super::{Error, Request, interruption, policy};
use crate::config::Policy;
use crate::document::Format;
use crate::environment::Environment;
use crate::paths;
use crate::repo::Repo;
use crate::rules::Command;
use crate::transaction::Home;

/// The work tree of a run.
pub(super) struct WorkTree<'e> {
    environment: &'e Environment,
    input_type: Option<Format>,
    jobs: Option<NonZeroUsize>,
    /// The current folder, absolute.
    pub(super) here: PathBuf,
    /// The repository around it.
    repo: Option<Repo<'e>>,
    pub(super) policy: Policy,
}

impl<'e> WorkTree<'e> {
    /// What `request` would be carried out in.
    ///
    /// # Errors
    /// [`Error::Policy`] where the policy is wrong.
    pub(super) fn of(request: &Request<'e>) -> Result<Self, Error> {
        let environment = request.environment;
        let here = paths::absolute(environment.current_dir(), Path::new(""));
        let repo = Repo::discover(environment, &here);
        let policy = search(&here, repo.as_ref()).present(request.policy.as_deref())?;
        Ok(Self {
            environment,
            input_type: request.input_type,
            jobs: request.jobs,
            here,
            repo,
            policy,
        })
    }

    /// Where the policy is looked for.
    pub(super) fn search(&self) -> policy::Search<'_> {
        search(&self.here, self.repo.as_ref())
    }

    /// The root of the repository; the current folder outside of one.
    pub(super) fn root(&self) -> &Path {
        let root = self.repo.as_ref().map(Repo::work_tree);
        root.unwrap_or(&self.here)
    }

    /// What makes a change of files safe; none where a change was interrupted.
    ///
    /// # Errors
    /// [`Error::Interrupted`], [`Error::NotChanged`] where there is no place for it.
    pub(super) fn home_to_write(&self) -> Result<Home, Error> {
        let (repo, here) = (self.repo.as_ref(), self.here.as_path());
        interruption::refuse(self.environment, repo, here)?;
        interruption::home(self.environment, repo, here)
    }

    /// What decides which files are inputs: all of them.
    pub(super) fn scope(&self) -> Scope<'_> {
        Scope {
            environment: self.environment,
            policy: &self.policy,
            input_type: self.input_type,
            repo: self.repo.as_ref(),
            index: None,
            is_all: true,
            since: None,
            jobs: self.jobs,
        }
    }
}

fn search<'a>(here: &'a Path, repo: Option<&'a Repo<'a>>) -> policy::Search<'a> {
    policy::Search {
        here,
        repo,
        index: None,
        bases: None,
        since: false,
        command: Command::Check,
    }
}
