//! What there is around a run: the repository, its index, what it is compared with, and the policies
//! that judge it.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::baseline::Held;
use super::bases::Bases;
use super::creation::{CreationRules, Place};
use super::inputs::Scope;
use super::judge::Told;
use super::notices::Notices;
use super::report::Ground;
use super::{Error, Report, Request, interruption, policy};
use crate::config::Policy;
use crate::document::Format;
use crate::environment::Environment;
use crate::paths;
use crate::repo::{Index, Repo, is_bare_around};
use crate::rules::Command;
use crate::transaction::Home;

/// What of a request decides what is around the run.
pub(super) struct Start<'e> {
    environment: &'e Environment,
    command: Command,
    staged: bool,
    /// The revision since which files are checked, or with whose merge base an audit compares.
    pub(super) since: Option<String>,
    policy: Option<PathBuf>,
    baseline: Option<PathBuf>,
    input_type: Option<Format>,
    jobs: Option<NonZeroUsize>,
    /// Whether no path is named.
    is_whole: bool,
    /// Where the repository is looked for, if that is not the current folder.
    folder: Option<PathBuf>,
}

/// What there is around a run.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    start: &'a Start<'a>,
    /// The policies that judge.
    pub(super) policy: &'a Policy,
    /// The findings that are accepted, where that is asked for.
    baseline: Option<&'a Held>,
    /// The current folder, absolute.
    pub(super) here: &'a Path,
    /// The creation rules that files of the run follow.
    pub(super) creation: &'a CreationRules<'a>,
    /// The repository around it.
    pub(super) repo: Option<&'a Repo<'a>>,
    /// Its index, where files are taken from that.
    pub(super) index: Option<&'a Index<'a>>,
    /// What files are compared with; none outside of a repository.
    pub(super) bases: Option<&'a Bases<'a>>,
}

impl<'e> Start<'e> {
    /// What `request` says of it.
    pub(super) fn of(request: &Request<'e>) -> Self {
        Self {
            environment: request.environment,
            command: Command::Check,
            staged: request.staged,
            since: request.since.clone(),
            policy: request.policy.clone(),
            baseline: request.baseline.clone(),
            input_type: request.input_type,
            jobs: request.jobs,
            is_whole: request.targets.is_empty(),
            folder: None,
        }
    }

    /// What `request` says of it for an audit: that looks at all files, whatever they are compared with.
    pub(super) fn of_audit(request: &Request<'e>) -> Self {
        Self {
            command: Command::Audit,
            ..Self::of(request)
        }
    }

    /// Whether what is looked at is what `HEAD` has, and only what changed since a revision.
    fn is_range(&self) -> bool {
        self.since.is_some() && self.command == Command::Check
    }

    /// The same in the repository of a file in `folder`, which need not be that of the current folder.
    pub(super) fn of_file_in(request: &Request<'e>, folder: &Path) -> Self {
        Self {
            is_whole: false,
            folder: Some(folder.to_owned()),
            ..Self::of(request)
        }
    }

    /// Looks around, and runs `run` in what is there, with what there is to say about the policy.
    ///
    /// # Errors
    /// [`Error::NoRepository`] and [`Error::BareRepository`] where there is no index or commit to
    /// read, [`Error::Git`] where there is one that cannot be read, [`Error::Policy`] where the policy
    /// is wrong; and those of `run`.
    pub(super) fn run<T>(
        &self,
        run: impl FnOnce(Surroundings<'_>, Told) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let here = paths::absolute(self.environment.current_dir(), Path::new(""));
        let repo = Repo::discover(self.environment, self.folder.as_deref().unwrap_or(&here));
        let since = self.since.as_deref();
        let needs_repo = self.staged || since.is_some();
        if repo.is_none() && (needs_repo || self.is_whole) {
            if is_bare_around(self.environment, &here) {
                return Err(Error::BareRepository);
            }
            if needs_repo {
                return Err(Error::NoRepository);
            }
        }
        let staged = repo.as_ref().filter(|_| self.staged);
        let index = staged.map(Repo::index).transpose()?;
        let find = |repo| Bases::find(repo, &here, since);
        let bases = repo.as_ref().map(find).transpose()?;
        let search = policy::Search {
            here: &here,
            repo: repo.as_ref(),
            index: index.as_ref(),
            bases: bases.as_ref(),
            since: self.is_range(),
            command: self.command,
        };
        let (policy, mut told) = search.judge(self.policy.as_deref())?.into_parts();
        let baseline = self.baseline.as_deref();
        let baseline =
            baseline.map(|named| search.baseline(named, self.policy.is_some(), &mut told));
        let baseline = baseline.transpose()?;
        let range = bases
            .as_ref()
            .filter(|bases| self.is_range() && bases.is_found());
        let place = Place::of(index.as_ref(), bases.as_ref(), range);
        let creation = CreationRules::new(&here, repo.as_ref(), bases.as_ref(), place);
        let surroundings = Surroundings {
            creation: &creation,
            start: self,
            policy: &policy,
            baseline: baseline.as_ref(),
            here: &here,
            repo: repo.as_ref(),
            index: index.as_ref(),
            bases: bases.as_ref(),
        };
        run(surroundings, told)
    }
}

impl<'a> Surroundings<'a> {
    /// Takes what the baseline accepts out of a report whose findings are settled.
    pub(super) fn accept(&self, report: &mut Report) {
        let start = self.start;
        let is_whole = start.is_whole && !start.staged && !start.is_range();
        if let Some(baseline) = self.baseline {
            baseline.suppress(is_whole, report);
        }
    }

    /// What was named for nothing, and whether a change of several files was interrupted here.
    pub(super) fn notices(&self, notices: Notices) -> Vec<String> {
        let told = interruption::notice(self.start.environment, self.repo, self.here);
        notices.sentences().into_iter().chain(told).collect()
    }

    /// Refuses to plan a change where one was interrupted.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub(super) fn refuse_interrupted(&self) -> Result<(), Error> {
        interruption::refuse(self.start.environment, self.repo, self.here)
    }

    /// What makes a change of files safe.
    ///
    /// # Errors
    /// [`Error::NotChanged`] where there is no place for it.
    pub(super) fn home(&self) -> Result<Home, Error> {
        interruption::home(self.start.environment, self.repo, self.here)
    }

    /// Where the paths of the report start from.
    pub(super) fn ground(&self) -> Ground {
        Ground {
            here: self.here.to_owned(),
            root: self.root().to_owned(),
        }
    }

    /// The root of the repository; the current folder outside of one.
    pub(super) fn root(&self) -> &'a Path {
        self.repo.map_or(self.here, Repo::work_tree)
    }

    /// What decides which files are inputs: all, not only what changed since a revision.
    pub(super) fn scope(&self) -> Scope<'a> {
        Scope {
            environment: self.start.environment,
            policy: self.policy,
            input_type: self.start.input_type,
            repo: self.repo,
            index: self.index,
            is_all: true,
            since: None,
            jobs: self.start.jobs,
        }
    }
}
