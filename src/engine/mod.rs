//! From what the user asked for to a report: list the inputs, look at each file by itself, sort,
//! and put what was found together.
//!
//! Files are looked at in parallel, a file a task, and nothing of a file's text outlives its task.
//! What comes out depends on the files and the identities alone, not on the number of threads.

mod catalogue;
mod error;
mod explain;
mod explanation;
mod file;
mod filters;
mod inputs;
mod known;
mod notices;
mod others;
mod policy;
mod refused;
mod report;
mod request;
mod settle;
mod sign;
mod staged;
mod walk;

pub use catalogue::{RuleInfo, catalogue};
pub use error::Error;
pub use explain::explain_tree;
pub use explanation::{Explanation, KeyName, Leaf};
pub use report::{FileReport, NotEvaluated, Report, Summary};
pub use request::{IdentitySource, Request, Target};

use std::num::NonZeroUsize;
use std::path::Path;

use rayon::iter::{IntoParallelIterator, ParallelIterator};

#[cfg(feature = "cli")]
pub(crate) use crate::document::Foreign;
use crate::finding::Finding;
use crate::keys::{Keyring, Place, PlaceState};
use crate::paths;
use crate::repo::{Blobs, Repo};
#[cfg(feature = "cli")]
pub(crate) use crate::sops::Reason;
pub(crate) use crate::sops::Verification;
use file::Looked;
use inputs::{Content, Input, Scope};

/// The most bytes of one input that are read: 256 MiB. A cluster stores one in an object, and memory
/// grows with the input.
pub const MAX_FILE_LEN: usize = 256 << 20;

/// Checks the files that `request` names and reports what is wrong with them.
///
/// A problem in a file is a finding of the report. A file of which no verdict can be given is in the
/// report as such, never as verified.
///
/// # Errors
/// [`Error::NoSuchPath`] where a named path is not there, [`Error::Identity`] where a named identity
/// is of no use, [`Error::Threads`] where the system gives no threads, [`Error::NoRepository`] where
/// there is no index to read, [`Error::Git`] where there is one that cannot be read,
/// [`Error::Policy`] where the policy is wrong.
pub fn check(request: Request<'_>) -> Result<Report, Error> {
    let Request {
        environment,
        targets,
        identities,
        policy,
        jobs,
        staged,
        input_type,
    } = request;
    let here = paths::absolute(environment.current_dir(), Path::new(""));
    let repo = Repo::discover(environment, &here);
    let index = match &repo {
        Some(repo) if staged => Some(repo.index()?),
        None if staged => return Err(Error::NoRepository),
        _ => None,
    };
    let search = policy::Search {
        here: &here,
        repo: repo.as_ref(),
        index: index.as_ref(),
    };
    let policy = search.load(policy.as_deref())?;
    let scope = Scope {
        environment,
        policy: &policy,
        input_type,
        repo: repo.as_ref(),
        index: index.as_ref(),
        jobs,
    };
    let (inputs, notices) = inputs::list(targets, scope)?;
    let keyring = Request::keyring(identities, environment)?;
    let blobs = repo.as_ref().map(|repo| blobs_of(&inputs, repo));
    let looked = look_at(inputs, &keyring, blobs.as_ref(), jobs)?;
    let mut report = Report {
        notices: notices.sentences(),
        warnings: keyring.warnings().iter().map(ToString::to_string).collect(),
        searched: keyring.places().iter().map(describe).collect(),
        ..Report::default()
    };
    let mut findings = gather(looked, &mut report)?;
    if let Some(repo) = repo.as_ref().filter(|_| !staged) {
        findings = filters::forgive(findings, &mut report.files, repo, &here);
    }
    settle::apply(findings, &policy, &mut report);
    Ok(report)
}

/// Puts what became of the inputs into `report`, in their order; returns all findings.
///
/// # Errors
/// What git does not give.
fn gather(looked: Vec<Looked>, report: &mut Report) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for looked in looked {
        match looked {
            Looked::PassedOver {
                findings: found,
                is_searched,
            } => {
                report.passed_over += 1;
                report.unsearched += usize::from(!is_searched);
                findings.extend(found);
            }
            Looked::NotGiven(error) => return Err(error),
            Looked::At {
                file,
                findings: found,
                not_evaluated,
            } => {
                report.files.push(*file);
                findings.extend(found);
                report.not_evaluated.extend(not_evaluated);
            }
        }
    }
    Ok(findings)
}

/// A reader of the blobs that inputs name.
fn blobs_of<'r>(inputs: &[Input], repo: &'r Repo<'_>) -> Blobs<'r> {
    let blobs = repo.blobs();
    let ids = inputs.iter().filter_map(|input| match &input.content {
        Content::Index(id) => Some(id),
        Content::Disk(_) | Content::Given(_) | Content::Outside | Content::Lost(_) => None,
    });
    blobs.prepare(&ids.collect::<Vec<_>>());
    blobs
}

/// From how many files on it is worth starting threads: that takes as long as a few files do.
const WORTH_THREADS: usize = 4;

/// Looks at every input, in the order of the inputs.
fn look_at(
    inputs: Vec<Input>,
    keyring: &Keyring,
    blobs: Option<&Blobs<'_>>,
    jobs: Option<NonZeroUsize>,
) -> Result<Vec<Looked>, Error> {
    let one_thread = jobs.is_some_and(|jobs| jobs.get() == 1);
    if one_thread || inputs.len() < WORTH_THREADS {
        return Ok(inputs
            .into_iter()
            .map(|input| file::look(input, keyring, blobs))
            .collect());
    }
    let jobs = jobs.map_or(0, NonZeroUsize::get);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build()
        .map_err(|_| Error::Threads { jobs })?;
    Ok(pool.install(|| {
        inputs
            .into_par_iter()
            .map(|input| file::look(input, keyring, blobs))
            .collect()
    }))
}

/// A place of identities and what was there, in a few words.
fn describe(place: &Place) -> String {
    let origin = &place.origin;
    match place.state {
        PlaceState::Missing => origin.to_string(),
        PlaceState::Empty => format!("{origin} (empty)"),
        PlaceState::Found { usable } => format!("{origin} ({usable} usable)"),
        PlaceState::Unusable => format!("{origin} (unusable)"),
    }
}
