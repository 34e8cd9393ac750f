//! From what the user asked for to a report: list the inputs, look at each file by itself, sort,
//! and put what was found together.
//!
//! Files are looked at in parallel, a file a task, and nothing of a file's text outlives its task.
//! What comes out depends on the files and the identities alone, not on the number of threads.

mod bases;
mod bytes;
mod catalogue;
mod compare;
mod earlier;
mod error;
mod explain;
mod explanation;
mod file;
mod filters;
mod former;
mod guess;
mod history;
mod inputs;
mod keys;
mod known;
mod manifest;
mod notices;
mod others;
mod policy;
mod refused;
mod report;
mod request;
mod settle;
mod sign;
mod since;
mod staged;
mod walk;

pub use crate::keys::{Answer, Ask};
pub use catalogue::{RuleInfo, catalogue};
pub use error::Error;
pub use explain::explain_tree;
pub use explanation::{Explanation, KeyName, Leaf};
pub use keys::{KeyReport, KnownKey, keys};
pub use report::{BaseCommit, ComparedWith, FileReport, Lacking, NotEvaluated, Report, Summary};
pub use request::{Access, IdentitySource, Request, Target};

use std::num::NonZeroUsize;
use std::path::Path;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

#[cfg(feature = "cli")]
pub(crate) use crate::document::Foreign;
use crate::finding::Finding;
use crate::keys::{Keyring, Place, PlaceState, Shut};
use crate::paths;
use crate::repo::{Blobs, Reach, Repo};
pub use crate::sops::Opener;
pub(crate) use crate::sops::{Reason, Verification};
use bases::Bases;
use file::{Around, Looked};
use history::Back;
use inputs::{Input, Scope};
use since::Leaks;

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
/// cannot be used, [`Error::Threads`] where the system gives no threads, [`Error::NoRepository`] where
/// there is no index to read, [`Error::Git`] where there is one that cannot be read,
/// [`Error::Policy`] where the policy is wrong.
pub fn check(request: Request<'_>) -> Result<Report, Error> {
    let Request {
        environment,
        targets,
        identities,
        mut access,
        policy,
        jobs,
        staged,
        since,
        trust_changes,
        history,
        input_type,
    } = request;
    let here = paths::absolute(environment.current_dir(), Path::new(""));
    let repo = Repo::discover(environment, &here);
    let index = match &repo {
        Some(repo) if staged => Some(repo.index()?),
        None if staged => return Err(Error::NoRepository),
        _ => None,
    };
    let find = |repo| Bases::find(repo, &here, since.as_deref());
    let bases = repo.as_ref().map(find).transpose()?;
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
        since: bases
            .as_ref()
            .filter(|bases| since.is_some() && bases.base.is_ok()),
        jobs,
    };
    let (inputs, notices) = inputs::list(targets, scope)?;
    let mut keyring = Request::keyring(identities, environment)?;
    let blobs = repo.as_ref().map(|repo| blobs_of(&inputs, repo));
    let around = Around {
        blobs: blobs.as_ref(),
        bases: bases.as_ref(),
        trusts_changes: trust_changes,
    };
    let look_at = |inputs: &[&Input], keyring: &Keyring| {
        map_all(inputs, jobs, |input| file::look(input, keyring, around))
    };
    let mut looked = look_twice(&inputs, &mut keyring, look_at, |keyring, shut| {
        keyring.wake(shut, &mut access.means(environment))
    })?;
    refuse_unusable(&keyring)?;
    let complaint = match (&bases, &blobs) {
        (Some(bases), Some(blobs)) => Back {
            bases,
            blobs,
            around,
            history,
            jobs,
        }
        .look_again(&mut looked, &inputs, &keyring)?,
        _ => None,
    };
    let mut report = Report {
        compared_with: bases.as_ref().map(Bases::told),
        notices: notices.sentences().into_iter().chain(complaint).collect(),
        idle_plugins: idle_plugins(access.plugins, &keyring),
        warnings: keyring.warnings().map(ToString::to_string).collect(),
        searched: keyring.places().map(describe).collect(),
        ..Report::default()
    };
    let mut findings = gather(looked, &mut report)?;
    if let Some(bases) = &bases {
        let leaks = Leaks::find(bases, &inputs, scope, Reach::of(history))?;
        findings.extend(leaks.findings);
        report.notices.extend(leaks.notice);
    }
    if !keyring.is_empty() {
        tell_of_late_identities(&mut report);
    }
    if let Some(repo) = repo.as_ref().filter(|_| !staged) {
        findings = filters::forgive(findings, &mut report.files, repo, &here);
    }
    earlier::fit(&mut findings, repo.as_ref(), &here);
    settle::apply(findings, &policy, &mut report);
    Ok(report)
}

/// Ends the run where an identity that the user named turned out to be none that can be used.
fn refuse_unusable(keyring: &Keyring) -> Result<(), Error> {
    let refused = keyring.refused();
    refused.map_or(Ok(()), |error| Err(Error::identity(error)))
}

/// The plugins of which there is no identity.
fn idle_plugins(mut plugins: Vec<String>, keyring: &Keyring) -> Vec<String> {
    plugins.retain(|name| !keyring.has_plugin(name));
    plugins
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
                is_older: _,
                shut: _,
            } => {
                report.files.push(*file);
                findings.extend(found);
                report.not_evaluated.extend(not_evaluated);
            }
        }
    }
    Ok(findings)
}

/// Corrects what was said of files before the first identity turned up: SSH keys are looked for when
/// a file asks for one, so that it would depend on the order of the files otherwise.
fn tell_of_late_identities(report: &mut Report) {
    let (early, late) = (Reason::NoIdentity, Reason::NotARecipient);
    for lacking in &mut report.not_evaluated {
        if lacking.reason == early.to_string() {
            lacking.reason = late.to_string();
        }
    }
    let early = Verification::NotVerified(early);
    for file in &mut report.files {
        if file.verification == early {
            file.verification = Verification::NotVerified(late.clone());
        }
    }
}

/// A reader of the blobs that inputs name.
fn blobs_of<'r>(inputs: &[Input], repo: &'r Repo<'_>) -> Blobs<'r> {
    let blobs = repo.blobs();
    blobs.prepare(&inputs.iter().filter_map(Input::blob).collect::<Vec<_>>());
    blobs
}

/// From how many files on it is worth starting threads: that takes as long as a few files do.
const WORTH_THREADS: usize = 4;

/// Looks at every input; then wakes what may open those that are shut, and looks at these again.
fn look_twice(
    inputs: &[Input],
    keyring: &mut Keyring,
    look_at: impl Fn(&[&Input], &Keyring) -> Result<Vec<Looked>, Error>,
    wake: impl FnOnce(&mut Keyring, &[Shut]) -> bool,
) -> Result<Vec<Looked>, Error> {
    let inputs: Vec<&Input> = inputs.iter().collect();
    let mut looked = look_at(&inputs, keyring)?;
    let (again, shut) = take_shut(&mut looked);
    if shut.is_empty() || !wake(keyring, &shut) {
        return Ok(looked);
    }
    let inputs = again.iter().filter_map(|at| inputs.get(*at).copied());
    let second = look_at(&inputs.collect::<Vec<_>>(), keyring)?;
    for (at, second) in again.into_iter().zip(second) {
        if let Some(first) = looked.get_mut(at) {
            *first = second;
        }
    }
    Ok(looked)
}

/// Takes from what was looked at what is shut, and where.
fn take_shut(looked: &mut [Looked]) -> (Vec<usize>, Vec<Shut>) {
    let shut = looked
        .iter_mut()
        .enumerate()
        .filter_map(|(at, looked)| match looked {
            Looked::At { shut, .. } => Some((at, shut.take()?)),
            Looked::PassedOver { .. } | Looked::NotGiven(_) => None,
        });
    shut.unzip()
}

/// Does something with all things, in parallel where that is worth it; the results have their order.
///
/// # Errors
/// [`Error::Threads`].
fn map_all<T: Sync, R: Send>(
    things: &[T],
    jobs: Option<NonZeroUsize>,
    map: impl Fn(&T) -> R + Sync + Send,
) -> Result<Vec<R>, Error> {
    let one_thread = jobs.is_some_and(|jobs| jobs.get() == 1);
    if one_thread || things.len() < WORTH_THREADS {
        return Ok(things.iter().map(map).collect());
    }
    let jobs = jobs.map_or(0, NonZeroUsize::get);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build()
        .map_err(|_| Error::Threads { jobs })?;
    Ok(pool.install(|| things.par_iter().map(map).collect()))
}

/// A place of identities and what was there, in a few words.
fn describe(place: &Place) -> String {
    let origin = &place.origin;
    match place.state {
        PlaceState::Missing if origin.is_named_file() => format!("{origin} (nothing there)"),
        PlaceState::Missing => origin.to_string(),
        PlaceState::Empty => format!("{origin} (empty)"),
        PlaceState::Found { usable, locked: 0 } => format!("{origin} ({usable} usable)"),
        PlaceState::Found { usable: 0, locked } => format!("{origin} ({locked} locked)"),
        PlaceState::Found { usable, locked } => {
            format!("{origin} ({usable} usable, {locked} locked)")
        }
        PlaceState::Unusable => format!("{origin} (unusable)"),
    }
}
