//! `escrow status`: where a handover stands, as far as the files, the rules and the policy tell.
//!
//! No key is needed for it, and none is looked for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::recipients::{AccessMatrix, FileAccess, Keyholder, recipients};
use super::super::rewriting::Survey;
use super::super::surroundings::Start;
use super::super::{Error, Request};
use super::steps::{self, Step};
use crate::config::{Day, Policy};
use crate::rules::ConfigFile;
use crate::sops::KeyName;

/// Where a handover stands. No secret is in it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EscrowStatus {
    /// The name of the repository's folder.
    pub folder: String,
    /// How many secret files there are.
    pub files: usize,
    /// Those of which sops could not read for whom they are.
    pub unread: Vec<PathBuf>,
    /// The least bus factor of a file; none where there is no file.
    pub bus_factor: Option<usize>,
    /// How many it should be, by the policy.
    pub min_recipients: usize,
    /// The files that are lost with one key.
    pub lone: Vec<PathBuf>,
    /// The escrow keys that the policy lists.
    pub escrows: Vec<EscrowKey>,
    /// The files that no escrow key opens.
    pub without_escrow: Vec<PathBuf>,
    /// How old a proof may be, in days, where the policy says it.
    pub proof_max_age: Option<i64>,
    /// Who leaves, where that was asked.
    pub leaving: Option<Leaving>,
    /// What there is to do, in order.
    pub steps: Vec<Step>,
    /// What was named for nothing, a sentence each.
    pub notices: Vec<String>,
}

/// An escrow key that the policy lists.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EscrowKey {
    /// What the policy calls it.
    pub name: String,
    /// Its recipient.
    pub key: String,
    /// Where copies of the private key are, as the policy says it.
    pub held_by: Vec<String>,
    /// How many files it opens by itself.
    pub opens: usize,
    /// The day of the last proof, as `2026-11-22`.
    pub proved: Option<String>,
    /// How many days ago that was.
    pub age: Option<i64>,
    /// Whether it counts: there is one, not of a day to come, and not older than the policy allows.
    pub is_proved: bool,
}

/// Somebody who leaves, and what she still holds.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Leaving {
    /// As she was named.
    pub name: String,
    /// Her keys, as far as files, rules or the policy know them.
    pub keys: Vec<Keyholder>,
    /// The files that she opens by herself.
    pub opens: Vec<PathBuf>,
    /// The files that she opens together with others.
    pub helps_open: Vec<PathBuf>,
    /// The files that nobody can open without her.
    pub lone: Vec<PathBuf>,
    /// The files that she has a key of, and no other person.
    pub unshared: Vec<PathBuf>,
    /// The `.sops.yaml` whose rules name her.
    pub rules: Vec<PathBuf>,
    /// Whether the policy lists her.
    pub is_listed: bool,
}

/// Tells where the handover stands; and what `leaving`, a name of the policy or a key, still holds.
///
/// Of `request` count the targets, the policy and the number of threads.
///
/// # Errors
/// Those of [`recipients`].
pub fn escrow_status(request: Request<'_>, leaving: Option<&str>) -> Result<EscrowStatus, Error> {
    let mut asked = Request::new(request.environment);
    (asked.policy, asked.jobs) = (request.policy.clone(), request.jobs);
    let matrix = recipients(request)?;
    let start = Start::of_audit(&asked);
    start.run(|world, _| {
        let survey = Survey::take(&mut asked, world)?;
        let today = asked.environment.now().map(Day::of);
        let mut status = of_files(&matrix, world.policy, today);
        let policy = world.policy;
        status.leaving = leaving.map(|name| of_leaving(name, &matrix, policy, &survey.configs));
        status.steps = steps::steps(&status, &matrix);
        Ok(status)
    })
}

fn of_files(matrix: &AccessMatrix, policy: &Policy, today: Option<Day>) -> EscrowStatus {
    let is_escrow = |at: usize| {
        let holder = matrix.recipients.get(at);
        holder.and_then(|holder| holder.role.as_deref()) == Some("escrow")
    };
    let lacks = |file: &&FileAccess| !opened_by(file, is_escrow);
    EscrowStatus {
        folder: matrix.folder.clone(),
        files: matrix.files.len(),
        unread: matrix.unread.clone(),
        bus_factor: matrix
            .files
            .iter()
            .map(|file| file.bus_factor.count())
            .min(),
        min_recipients: policy.min_recipients(),
        lone: paths(
            matrix
                .files
                .iter()
                .filter(|file| file.lone_keys().next().is_some()),
        ),
        escrows: escrows(matrix, policy, today),
        without_escrow: paths(matrix.files.iter().filter(lacks)),
        proof_max_age: policy.proof_max_age().map(|days| days.count()),
        notices: matrix.notices.clone(),
        ..EscrowStatus::default()
    }
}

/// Whether recipients of a kind open so many groups of a file, together, that it opens.
fn opened_by(file: &FileAccess, is_meant: impl Fn(usize) -> bool) -> bool {
    let grants = file.grants.iter().filter(|grant| is_meant(grant.recipient));
    let groups: BTreeSet<usize> = grants
        .flat_map(|grant| grant.groups.iter().copied())
        .collect();
    groups.len() >= file.groups_needed
}

fn escrows(matrix: &AccessMatrix, policy: &Policy, today: Option<Day>) -> Vec<EscrowKey> {
    let of_policy = policy.escrows().map(|listed| {
        let place = matrix.recipients.iter().position(|holder| {
            let canonical = KeyName::parse(&holder.key).map(|name| name.canonical);
            canonical.as_deref() == Some(listed.key.canonical.as_str())
        });
        let opens = place.map_or(0, |at| {
            let files = matrix.files_of(at);
            files.filter(|(_, grant)| grant.opens_alone).count()
        });
        let age = listed
            .proved
            .zip(today)
            .map(|(day, today)| today.days_since(day));
        let is_proved = |today| listed.is_proved(today, None, policy.proof_max_age());
        EscrowKey {
            name: listed.name.clone(),
            key: listed.key.shown.clone(),
            held_by: listed.held_by.clone(),
            opens,
            proved: listed.proved.map(|day| day.to_string()),
            age,
            is_proved: today.is_some_and(is_proved),
        }
    });
    of_policy.collect()
}

fn of_leaving(
    name: &str,
    matrix: &AccessMatrix,
    policy: &Policy,
    configs: &[ConfigFile],
) -> Leaving {
    let mut leaving = Leaving {
        name: name.to_owned(),
        ..Leaving::default()
    };
    let of_name = matrix.clone().of(name).ok();
    if let Some(of_name) = &of_name {
        let asked = of_name.asked.iter();
        leaving.keys = asked
            .filter_map(|at| of_name.recipients.get(*at))
            .cloned()
            .collect();
        of_matrix(of_name, &mut leaving);
    }
    let mut keys: Vec<String> = leaving
        .keys
        .iter()
        .map(|holder| holder.key.clone())
        .collect();
    keys.push(name.to_owned());
    let canonical = keys.iter().filter_map(|key| KeyName::parse(key));
    let canonical: BTreeSet<String> = canonical.map(|name| name.canonical).collect();
    leaving.is_listed = canonical.iter().any(|key| {
        policy
            .recipients()
            .any(|listed| listed.key.canonical == *key)
    });
    let names_one = |config: &&ConfigFile| {
        config.read.as_ref().is_ok_and(|read| {
            let mut keys = read
                .all_rules()
                .flat_map(|rule| rule.groups.iter().flatten());
            keys.any(|key| canonical.contains(&key.names.canonical))
        })
    };
    let configs = configs.iter().filter(names_one);
    leaving.rules = configs.map(|config| config.path.clone()).collect();
    leaving
}

/// What the files that somebody has a key of tell.
fn of_matrix(matrix: &AccessMatrix, leaving: &mut Leaving) {
    let is_hers = |at: usize| matrix.asked.contains(&at);
    let is_person = |at: usize| {
        let role = matrix
            .recipients
            .get(at)
            .and_then(|holder| holder.role.as_deref());
        !matches!(role, Some("escrow" | "machine"))
    };
    for file in &matrix.files {
        let path = &file.path;
        let hers = || file.grants.iter().filter(|grant| is_hers(grant.recipient));
        if opened_by(file, is_hers) {
            leaving.opens.push(path.clone());
        } else {
            leaving.helps_open.push(path.clone());
        }
        if hers().any(|grant| grant.is_lone) || !opened_by(file, |at| !is_hers(at)) {
            leaving.lone.push(path.clone());
        }
        if !opened_by(file, |at| !is_hers(at) && is_person(at)) {
            leaving.unshared.push(path.clone());
        }
    }
}

fn paths<'f>(files: impl Iterator<Item = &'f FileAccess>) -> Vec<PathBuf> {
    files
        .map(|file| -> &Path { &file.path })
        .map(Path::to_owned)
        .collect()
}
