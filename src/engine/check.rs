//! `check`: list the inputs, look at each, put together what was found.

use std::path::PathBuf;

use super::bases::Bases;
use super::file::{self, Around, Looked};
use super::history::Back;
use super::inputs::{self, Input, Scope};
use super::names::Names;
use super::since::Leaks;
use super::surroundings::{Start, Surroundings};
use super::{Error, Report, Request, earlier, filters, map_all, settle};
use crate::change::{Tokens, copied_across};
use crate::finding::Finding;
use crate::keys::{Keyring, Place, PlaceState, Shut};
use crate::repo::Reach;
use crate::rules::{self, Command};
use crate::sops::{Reason, Verification};

/// Checks the files that `request` names and reports what is wrong with them.
///
/// A problem in a file is a finding of the report. A file of which no verdict can be given is in the
/// report as such, never as verified.
///
/// # Errors
/// [`Error::NoSuchPath`] where a named path is not there, [`Error::Identity`] where a named identity
/// cannot be used, [`Error::Threads`] where the system gives no threads, [`Error::NoRepository`] and
/// [`Error::BareRepository`] where there is no index or commit to read, [`Error::Git`] where there is one that cannot be read,
/// [`Error::Policy`] where the policy is wrong.
pub fn check(mut request: Request<'_>) -> Result<Report, Error> {
    let start = Start::of(&request);
    start.run(|world, told| {
        let since = start.since.as_ref().and(world.bases);
        let scope = Scope {
            is_all: false,
            since: since.filter(|bases| bases.is_found()),
            ..world.scope()
        };
        let (inputs, notices) = inputs::list(std::mem::take(&mut request.targets), scope)?;
        let mut report = Report {
            compared_with: world.bases.map(Bases::told),
            notices: world.notices(notices),
            ground: world.ground(),
            ..Report::default()
        };
        let mut findings = look_at(&inputs, request, scope, world, &mut report)?;
        if let Some(repo) = world.repo.filter(|_| world.index.is_none()) {
            findings = filters::forgive(findings, &mut report.files, repo, world.here);
        }
        told.tell(&mut findings, &mut report);
        earlier::fit(&mut findings, world.repo, world.here);
        findings.sort_by(|one, other| bytes_of(one).cmp(bytes_of(other)));
        settle::apply(findings, world.policy, &mut report);
        world.accept(&mut report);
        Ok(report)
    })
}

/// Looks at all inputs, with all keys; puts what became of them into `report` and returns all findings.
fn look_at(
    inputs: &[Input],
    mut request: Request<'_>,
    scope: Scope<'_>,
    world: Surroundings<'_>,
    report: &mut Report,
) -> Result<Vec<Finding>, Error> {
    let mut keyring = Request::keyring(request.identities, scope.environment)?;
    let bases = world.bases;
    let blobs = bases.map(|bases| &bases.blobs);
    if let Some(blobs) = blobs {
        blobs.prepare(&inputs.iter().filter_map(Input::blob).collect::<Vec<_>>());
    }
    if let Some(bases) = bases {
        bases.expect(inputs.len());
    }
    let around = Around {
        command: Command::Check,
        blobs,
        bases,
        creation: Some(world.creation),
        names: Some(Names {
            policy: world.policy,
            creation: world.creation,
        }),
        trusts_changes: request.trust_changes,
        keeps_tokens: inputs.len() > 1,
    };
    let look_at = |inputs: &[&Input], keyring: &Keyring| {
        map_all(inputs, scope.jobs, |input| {
            file::look(input, keyring, around)
        })
    };
    let mut looked = look_twice(inputs, &mut keyring, look_at, |keyring, shut| {
        keyring.wake(shut, &mut request.access.means(scope.environment))
    })?;
    refuse_unusable(&keyring)?;
    if let Some(bases) = bases {
        let back = Back {
            bases,
            around,
            history: request.history,
            jobs: scope.jobs,
        };
        let complaint = back.look_again(&mut looked, inputs, &keyring)?;
        report.notices.extend(complaint);
    }
    tell_of_keys(&keyring, report);
    report.idle_plugins = idle_plugins(request.access.plugins, &keyring);
    let mut findings = gather(looked, report)?;
    if !keyring.is_empty() {
        tell_of_late_identities(report);
    }
    if let Some(bases) = bases {
        let leaks = Leaks::find(bases, inputs, scope, Reach::of(request.history))?;
        findings.extend(leaks.findings);
        report.notices.extend(leaks.notice);
    }
    Ok(findings)
}

/// Says where identities were looked for, and what was wrong there.
pub(super) fn tell_of_keys(keyring: &Keyring, report: &mut Report) {
    report.warnings = keyring.warnings().map(ToString::to_string).collect();
    report.searched = keyring.places().map(describe).collect();
}

/// Ends the run where an identity that the user named turned out to be none that can be used.
pub(super) fn refuse_unusable(keyring: &Keyring) -> Result<(), Error> {
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
pub(super) fn gather(looked: Vec<Looked>, report: &mut Report) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    let mut files = Vec::new();
    for looked in looked {
        match looked {
            Looked::PassedOver {
                findings: found,
                is_searched,
                deployment: _,
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
                tokens,
                facts: _,
                deployment: _,
            } => {
                files.extend(tokens.map(|tokens| (file.path.clone(), tokens)));
                report.files.push(*file);
                findings.extend(found);
                report.not_evaluated.extend(not_evaluated);
            }
        }
    }
    // Which of two is the copy shall not depend on the folder that the check runs in.
    files.sort_by_cached_key(|(path, _): &(PathBuf, Tokens)| {
        report.path_in_root(path).into_os_string()
    });
    findings.extend(copied(files));
    Ok(findings)
}

/// What was copied from one file to another.
fn copied(files: Vec<(PathBuf, Tokens)>) -> Vec<Finding> {
    let (paths, tokens): (Vec<PathBuf>, Vec<Tokens>) = files.into_iter().unzip();
    let copies = copied_across(&tokens);
    let found = copies.iter().filter_map(|copy| {
        let (path, original) = (paths.get(copy.file)?, paths.get(copy.original)?);
        Some(rules::copied_across(path, copy, original))
    });
    found.collect()
}

/// Corrects what was said of files before the first identity turned up: SSH keys are looked for when
/// a file asks for one, so that it would depend on the order of the files otherwise.
pub(super) fn tell_of_late_identities(report: &mut Report) {
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

/// Looks at every input; then wakes what may open those that are shut, and looks at these again.
pub(super) fn look_twice(
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

/// A place of identities and what was there, in a few words.
pub(super) fn describe(place: &Place) -> String {
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

/// By what findings are sorted.
fn bytes_of(finding: &Finding) -> &[u8] {
    finding.location.path.as_os_str().as_encoded_bytes()
}
