//! `escrow verify`: what each identity of one source opens, by itself.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::super::encrypted::{self, Encrypted};
use super::super::inputs::{self, Input};
use super::super::watch::Count;
use super::super::work_tree::WorkTree;
use super::super::{Error, IdentitySource, Request, Watch};
use super::keygen::fingerprint;
use super::record;
use crate::config::{Policy, Trust, is_same_name};
use crate::keys::{Keyring, Listed, Means, Shut};
use crate::sops::{self, KeyName, Reason, Verification};

/// What `escrow verify` is asked to do.
#[expect(missing_debug_implementations, reason = "the request can hold secrets")]
#[non_exhaustive]
pub struct ProofRequest<'a> {
    /// Which files. Its identities are those that are proved.
    pub request: Request<'a>,
    /// The recipient, or the name that the policy has for it, whose identity alone is meant.
    pub only: Option<String>,
    /// Whether the day is noted in the policy where all is proved.
    pub record: bool,
    /// Whether nothing is written all the same.
    pub dry_run: bool,
}

impl<'a> ProofRequest<'a> {
    /// A request to prove all identities of `request`.
    #[must_use]
    pub fn new(request: Request<'a>) -> Self {
        Self {
            request,
            only: None,
            record: false,
            dry_run: false,
        }
    }
}

/// What became of the proof. No secret is in it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ProofReport {
    /// The identities, in the order in which they were found.
    pub identities: Vec<ProvedIdentity>,
    /// How many secret files there are.
    pub files: usize,
    /// Those of which sops could not read the metadata: nobody opens them.
    pub unread: Vec<PathBuf>,
    /// Whose identity was asked for and is not in the source.
    pub missing: Option<String>,
    /// The day that was noted, or would be, and for whom.
    pub recorded: Option<Recorded>,
    /// What was named for nothing, a sentence each.
    pub notices: Vec<String>,
}

/// A proof that was noted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// The policy file, as reports print it.
    pub path: PathBuf,
    /// The day, as `2026-11-22`.
    pub day: String,
    /// The names that the policy has for the recipients.
    pub names: Vec<String>,
    /// Whether it is written; else it would be.
    pub is_written: bool,
}

/// An identity, and what it opens by itself.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ProvedIdentity {
    /// Such as `x25519`, `ssh-rsa` or `identity of plugin yubikey`.
    pub kind: String,
    /// Where it was found.
    pub origin: String,
    /// Its public name, where that is known.
    pub recipient: Option<String>,
    /// What two people compare to know that they mean the same recipient.
    pub fingerprint: Option<String>,
    /// Whose it is, where the policy says it.
    pub name: Option<String>,
    /// Why it was not tried; none where it was.
    pub idle: Option<String>,
    /// The files that it opens alone, and whose MAC holds.
    pub verified: Vec<PathBuf>,
    /// Files that take more than one key group, of which it opens one; together with the others of the
    /// source it opens them, and their MAC holds.
    pub shares: Vec<PathBuf>,
    /// Files that are outside of its `paths` in the policy, and that it does not open.
    pub outside: Vec<PathBuf>,
    /// The files that it does not open, or that sops would refuse.
    pub failed: Vec<NotProved>,
}

/// A file that an identity does not open by itself, or that is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotProved {
    /// The path.
    pub path: PathBuf,
    /// `not-a-recipient`, `too-few-groups`, `failed` and so on.
    pub reason: String,
    /// The same for people.
    pub words: String,
}

impl ProvedIdentity {
    /// Whether it opens all that it is to open, and that is something.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        let opens = !self.verified.is_empty() || !self.shares.is_empty();
        opens && self.failed.is_empty() && self.idle.is_none()
    }
}

impl ProofReport {
    /// Whether each identity is proved, and no file is left over.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        let are_proved = self.identities.iter().all(ProvedIdentity::is_proved);
        !self.identities.is_empty()
            && are_proved
            && self.unread.is_empty()
            && self.missing.is_none()
    }
}

/// Proves what each identity that `asked` names opens by itself. No other identity is used, even where one
/// lies where sops looks.
///
/// # Errors
/// Those of [`keys`](super::super::keys()); [`Error::NotRecorded`] where the day is to be noted and cannot be.
pub fn prove_identities(asked: ProofRequest<'_>) -> Result<ProofReport, Error> {
    let tree = WorkTree::of(&asked.request)?;
    let Request {
        environment,
        targets,
        identities,
        mut access,
        jobs,
        ..
    } = asked.request;
    let home = asked.record.then(|| tree.home_to_write()).transpose()?;
    let (inputs, notices) = inputs::list(targets, tree.scope())?;
    let asked_for = AskedFor {
        watch: access.watch,
        only: asked.only.as_deref(),
        inputs: &inputs,
        policy: &tree.policy,
        jobs,
    };
    let keyring = keyring(identities, environment)?;
    let mut report = asked_for.of(keyring, &mut access.means(environment))?;
    report.notices = notices.sentences();
    if let Some(home) = home.filter(|_| report.is_proved()) {
        let home = Some(&home).filter(|_| !asked.dry_run);
        let recorded = record::record(&report, &tree.search(), environment, home)?;
        report.recorded = Some(recorded);
    }
    Ok(report)
}

/// What is to be proved.
struct AskedFor<'a> {
    watch: Option<&'a dyn Watch>,
    only: Option<&'a str>,
    inputs: &'a [Input],
    policy: &'a Policy,
    jobs: Option<NonZeroUsize>,
}

impl AskedFor<'_> {
    /// Tries each identity by itself, and where a file takes several, all together.
    fn of(&self, mut keyring: Keyring, means: &mut Means<'_>) -> Result<ProofReport, Error> {
        keyring.unlock(means);
        let mut trial = Trial {
            keys: keyring.apart(),
            inputs: self.inputs,
            jobs: self.jobs,
            watch: self.watch,
        };
        let mut missing = None;
        if let Some(only) = self.only {
            let listed = trial.list();
            trial.keep(&listed, |listed| is_called(listed, self.policy, only));
            missing = trial.keys.is_empty().then(|| only.to_owned());
        }
        let all = trial.run(|keyring, shut| keyring.wake(shut, means))?;
        let (files, unread) = all.into_parts();
        let mut report = ProofReport {
            files: files.len() + unread.len(),
            unread,
            missing,
            ..ProofReport::default()
        };
        let listed = trial.list();
        let together = trial.together(&files)?;
        for (at, listed) in listed.into_iter().enumerate() {
            let results = files.iter().map(|(path, all)| (path, all.get(at)));
            let identity = identity(listed, results, &together, self.policy);
            report.identities.push(identity);
        }
        Ok(report)
    }
}

/// The identities that were named, and no others.
fn keyring(
    identities: Vec<IdentitySource>,
    environment: &crate::environment::Environment,
) -> Result<Keyring, Error> {
    if identities.is_empty() {
        return Err(Error::identity(&"none is named"));
    }
    Request::keyring(identities, environment)
}

/// What one identity makes of one file.
struct Outcome {
    verification: Verification,
    shut: Option<Shut>,
}

/// The identities, each by itself, and the files that they are tried on.
struct Trial<'t> {
    keys: Vec<Keyring>,
    inputs: &'t [Input],
    jobs: Option<NonZeroUsize>,
    watch: Option<&'t dyn Watch>,
}

impl<'t> Trial<'t> {
    fn count(&self) -> Count<'t> {
        Count::new(self.watch, "tried", self.inputs.len())
    }

    /// What each of the keyrings holds: one identity.
    fn list(&mut self) -> Vec<Listed> {
        self.keys.iter_mut().flat_map(Keyring::list).collect()
    }

    fn keep(&mut self, listed: &[Listed], is_meant: impl Fn(&Listed) -> bool) {
        let mut listed = listed.iter();
        self.keys.retain(|_| listed.next().is_some_and(&is_meant));
    }

    /// Tries each identity on each file; then wakes those that are programs, and tries again.
    fn run(
        &mut self,
        mut wake: impl FnMut(&mut Keyring, &[Shut]) -> bool,
    ) -> Result<Encrypted<Vec<Outcome>>, Error> {
        let mut first = self.pass()?;
        let mut is_woken = false;
        for (at, keyring) in self.keys.iter_mut().enumerate() {
            let results = first
                .files
                .iter_mut()
                .filter_map(|(_, all)| all.get_mut(at));
            let shut: Vec<Shut> = results.filter_map(|result| result.shut.take()).collect();
            if keyring.has_dormant() && !shut.is_empty() {
                is_woken |= wake(keyring, &shut);
            }
        }
        if is_woken { self.pass() } else { Ok(first) }
    }

    fn pass(&self) -> Result<Encrypted<Vec<Outcome>>, Error> {
        encrypted::read_counted(self.inputs, self.jobs, &self.count(), |sops| {
            let results = self.keys.iter().map(|keyring| {
                let checked = sops::check(sops.file, keyring);
                Outcome {
                    verification: checked.verification,
                    shut: checked.shut,
                }
            });
            results.collect()
        })
    }

    /// The files that need more than one key group, and that all identities open together.
    fn together(self, files: &[(PathBuf, Vec<Outcome>)]) -> Result<Vec<PathBuf>, Error> {
        let needs_more = |result: &Outcome| opened_groups(&result.verification).is_some();
        let any = files.iter().any(|(_, all)| all.iter().any(needs_more));
        if !any {
            return Ok(Vec::new());
        }
        let count = self.count();
        let all = Keyring::together(self.keys);
        let Encrypted { files, .. } =
            encrypted::read_counted(self.inputs, self.jobs, &count, |sops| {
                sops::check(sops.file, &all).verification == Verification::Verified
            })?;
        let verified = files.into_iter().filter(|(_, is_verified)| *is_verified);
        Ok(verified.map(|(path, _)| path).collect())
    }
}

/// How many key groups were opened of a file that needs more.
fn opened_groups(verification: &Verification) -> Option<usize> {
    match verification {
        Verification::NotVerified(Reason::TooFewGroups { opened, .. }) => Some(*opened),
        _ => None,
    }
}

/// Puts together what one identity makes of all files.
fn identity<'f>(
    listed: Listed,
    results: impl Iterator<Item = (&'f PathBuf, Option<&'f Outcome>)>,
    together: &[PathBuf],
    policy: &Policy,
) -> ProvedIdentity {
    let name = listed.recipient.as_deref().and_then(KeyName::parse);
    let canonical = name.as_ref().map(|name| name.canonical.as_str());
    let mut proved = ProvedIdentity {
        fingerprint: listed.recipient.as_deref().map(fingerprint),
        name: canonical
            .and_then(|key| policy.name_of(key))
            .map(str::to_owned),
        kind: listed.kind,
        origin: listed.origin,
        recipient: listed.recipient,
        idle: listed.idle,
        ..ProvedIdentity::default()
    };
    for (path, result) in results {
        let Some(Outcome { verification, .. }) = result else {
            continue;
        };
        let is_outside = || {
            let trust = canonical.map(|key| policy.trust(key, path).0);
            trust == Some(Trust::OutOfPath)
        };
        let opens_a_group = opened_groups(verification).is_some_and(|opened| opened > 0);
        match verification {
            Verification::Verified => proved.verified.push(path.clone()),
            _ if opens_a_group && together.contains(path) => proved.shares.push(path.clone()),
            Verification::NotVerified(_) if is_outside() => proved.outside.push(path.clone()),
            verification => proved.failed.push(NotProved::of(path, verification)),
        }
    }
    proved
}

impl NotProved {
    fn of(path: &Path, verification: &Verification) -> Self {
        let (reason, words) = match verification {
            Verification::NotVerified(Reason::NotARecipient | Reason::NoIdentity) => (
                "not-a-recipient".to_owned(),
                "it is not a recipient".to_owned(),
            ),
            Verification::NotVerified(Reason::TooFewGroups { needed, opened, .. }) => (
                "too-few-groups".to_owned(),
                format!(
                    "the file takes {needed} key groups, and this key alone opens {opened}: no single key can \
                     prove it"
                ),
            ),
            Verification::NotVerified(reason) => (reason.to_string(), reason.in_words()),
            Verification::Failed | Verification::Verified | Verification::NotEncrypted => (
                "failed".to_owned(),
                "sops would refuse the file: `sopsguard check` says why".to_owned(),
            ),
        };
        let path = path.to_owned();
        Self {
            path,
            reason,
            words,
        }
    }
}

/// How many characters of a key tell it.
const MIN_KEY: usize = 8;

/// Whether an identity is the one that the user means: by its recipient or the beginning or end of it, or by
/// the name that the policy has for it.
fn is_called(listed: &Listed, policy: &Policy, wanted: &str) -> bool {
    let Some(recipient) = listed.recipient.as_deref() else {
        return false;
    };
    let canonical = |text: &str| KeyName::parse(text).map(|name| name.canonical);
    let key = canonical(recipient);
    let name = key.as_deref().and_then(|key| policy.name_of(key));
    let has_name = name.is_some_and(|name| is_same_name(name, wanted));
    let is_key = key.is_some() && key == canonical(wanted);
    let is_part =
        wanted.len() >= MIN_KEY && (recipient.starts_with(wanted) || recipient.ends_with(wanted));
    has_name || is_key || is_part
}
