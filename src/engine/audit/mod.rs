//! `audit`: who can open what. All files are looked at first, as far as that goes without a key; then the rules
//! about the repository look at what is known of all of them, and at the configuration.

mod departed;
mod deployed;
mod first;
mod telling;
mod values;

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::bases::Bases;
use super::check::{refuse_unusable, tell_of_keys};
use super::configs;
use super::file::{self, Around, Looked};
use super::inputs::{self, Input};
use super::named::Named;
use super::names::Names;
use super::surroundings::{Start, Surroundings};
use super::{Access, Error, NotEvaluated, Report, Request, earlier, map_all, settle};
use crate::config::Day;
use crate::deployment::Deployment;
use crate::finding::Finding;
use crate::keys::{self, Keyring};
use crate::rules::{
    Check, Command, Departed, FileFacts, OF_BOTH, Places, RULES, RepoContext, RepoFindings,
    Undecided, Values, fit_to_rule,
};
use crate::sops::{Reason, Verification};
use departed::Histories;
pub use first::{FirstPolicy, init};
pub(super) use first::{found_recipients, look_for_first};
use values::{Comparison, ToOpen};

/// Audits who can open the files of a repository, and its configuration.
///
/// All files of the repository are looked at, whatever paths are named; findings are told of those that
/// are named, or lie below what is. No file is opened unless values are to be compared.
///
/// # Errors
/// As [`check`](super::check()) does.
pub fn audit(mut request: Request<'_>) -> Result<Report, Error> {
    let start = Start::of_audit(&request);
    start.run(|world, told| {
        let named = Named::take(&mut request, world)?;
        let scope = world.scope();
        let (inputs, notices) = inputs::list(named.roots(), scope)?;
        let mut report = Report {
            command: Command::Audit,
            compared_with: world.bases.map(Bases::told),
            notices: world.notices(notices),
            ground: world.ground(),
            ..Report::default()
        };
        let looked = look_at(&inputs, &request, world)?;
        let Gathered {
            facts,
            deployments,
            mut findings,
        } = gather(looked, &mut report)?;
        let configs = configs::read(&inputs, world);
        let misnamed = configs::misnamed(&inputs, world);
        let governed = configs::govern(&facts, &configs, world.here);
        let environment = request.environment;
        let jobs = request.jobs;
        let deeper = Deeper::look(request, world, &inputs, &facts, &mut report)?;
        let names: Vec<PathBuf> = inputs.into_iter().map(|input| input.path).collect();
        let deployed = deployed::deployed(deployments, &names, &facts, world)?;
        let context = RepoContext {
            files: &facts,
            configs: &configs,
            misnamed: &misnamed,
            governed: &governed,
            names: &names,
            places: &Places::of(world.here, &names),
            deployed: &deployed,
            policy: world.policy,
            policy_file: told.policy_file(),
            key_files: &keys::files(environment),
            told: named.paths(),
            today: environment.now().map(Day::of),
            here: world.here,
            departed: &deeper.departed,
            values: &deeper.values,
            ruled: OnceLock::new(),
            covered: OnceLock::new(),
        };
        fit_to_rule(&context, &OF_BOTH, &mut findings);
        findings.extend(of_repository(&context, jobs, &mut report)?);
        named.keep(world.here, &mut report, &mut findings);
        report.not_evaluated.splice(0..0, deeper.not_evaluated);
        told.tell(&mut findings, &mut report);
        earlier::fit(&mut findings, world.repo, world.here);
        findings.sort_by_cached_key(|found| {
            let path = found.location.path.as_os_str().as_encoded_bytes();
            (path.to_owned(), found.location.start, found.rule)
        });
        settle::apply(findings, world.policy, &mut report);
        world.accept(&mut report);
        Ok(report)
    })
}

/// What is known beyond what the files say of themselves without a key, where the user asks for it.
struct Deeper {
    /// What the histories say.
    departed: Vec<Departed>,
    /// What the values say.
    values: Values,
    /// What was not asked for, or not found out, of any file.
    not_evaluated: Vec<NotEvaluated>,
}

impl Deeper {
    /// Searches the histories and compares the values, each where it is asked for. Identities are used where
    /// they are named, or where values are to be compared; else none is looked for.
    fn look(
        request: Request<'_>,
        world: Surroundings<'_>,
        inputs: &[Input],
        facts: &[FileFacts],
        report: &mut Report,
    ) -> Result<Self, Error> {
        let Request {
            environment,
            identities,
            mut access,
            history,
            compare_values,
            jobs,
            ..
        } = request;
        let mut keyring = None;
        if compare_values || !identities.is_empty() {
            keyring = Some(Request::keyring(identities, environment)?);
        }
        let by_path: HashMap<&Path, &Input> = inputs
            .iter()
            .map(|input| (input.path.as_path(), input))
            .collect();
        let files = facts.iter().filter_map(|facts| {
            let input = by_path.get(facts.path.as_path())?;
            Some((facts, *input))
        });
        let mut not_evaluated = Vec::new();
        let values = match &mut keyring {
            Some(keyring) if compare_values => {
                let comparison = Comparison {
                    bases: world.bases,
                    environment,
                    jobs,
                };
                compared(&comparison, files.clone(), keyring, &mut access, report)?
            }
            _ => {
                not_evaluated.extend(values::not_asked());
                Values::default()
            }
        };
        let histories = Histories {
            bases: world.bases,
            environment,
            history,
            jobs,
        };
        let (departed, lacking) = histories.search(files, keyring.as_mut(), &mut access)?;
        not_evaluated.extend(lacking);
        if let Some(keyring) = &keyring {
            refuse_unusable(keyring)?;
            tell_of_keys(keyring, report);
        }
        Ok(Self {
            departed,
            values,
            not_evaluated,
        })
    }
}

/// Compares the values of the files, but for those that a change may have loosened: see
/// `selectors-changed`.
fn compared<'i>(
    comparison: &Comparison<'_, '_>,
    files: impl Iterator<Item = (&'i FileFacts, &'i Input)>,
    keyring: &mut Keyring,
    access: &mut Access<'_>,
    report: &mut Report,
) -> Result<Values, Error> {
    let loosened = loosened(report);
    let files = files.filter(|(facts, _)| !loosened.contains(&facts.path));
    let files: Vec<ToOpen<'_>> = files
        .map(|(facts, input)| ToOpen { facts, input })
        .collect();
    let (values, closed) = comparison.compare(&files, keyring, access)?;
    report.not_evaluated.extend(closed);
    let shut = loosened
        .iter()
        .flat_map(|path| values::unopened(path, "selectors-changed"));
    report.not_evaluated.extend(shut);
    Ok(values)
}

/// The files whose selectors are not those of before.
fn loosened(report: &Report) -> Vec<PathBuf> {
    let changed = Verification::NotVerified(Reason::SelectorsChanged);
    let files = report.files.iter();
    let files = files.filter(|file| file.verification == changed);
    files.map(|file| file.path.clone()).collect()
}

/// Looks at all inputs without any key.
fn look_at(
    inputs: &[Input],
    request: &Request<'_>,
    world: Surroundings<'_>,
) -> Result<Vec<Looked>, Error> {
    let blobs = world.bases.map(|bases| &bases.blobs);
    if let Some(blobs) = blobs {
        blobs.prepare(&inputs.iter().filter_map(Input::blob).collect::<Vec<_>>());
    }
    if let Some(bases) = world.bases {
        bases.expect(inputs.len());
    }
    let around = Around {
        command: Command::Audit,
        blobs,
        bases: world.bases,
        creation: None,
        names: Some(Names {
            policy: world.policy,
            creation: world.creation,
        }),
        trusts_changes: request.trust_changes,
        keeps_tokens: false,
    };
    let keyring = Keyring::given(Vec::new()).map_err(|error| Error::identity(&error))?;
    map_all(inputs, request.jobs, |input| {
        file::look(input, &keyring, around)
    })
}

/// What is known once all files were looked at.
#[derive(Default)]
struct Gathered {
    /// Of the sops files.
    facts: Vec<FileFacts>,
    /// What files say about what is deployed.
    deployments: Vec<Deployment>,
    /// What was found in each file by itself.
    findings: Vec<Finding>,
}

/// Puts what became of the inputs into `report`, and what is known of them together.
fn gather(looked: Vec<Looked>, report: &mut Report) -> Result<Gathered, Error> {
    let (mut all, mut lost) = (Gathered::default(), Vec::new());
    for looked in looked {
        match looked {
            Looked::PassedOver { deployment, .. } => {
                report.passed_over += 1;
                all.deployments.extend(deployment.map(|told| *told));
            }
            Looked::NotGiven(error) => return Err(error),
            Looked::At {
                file,
                findings,
                not_evaluated,
                facts,
                deployment,
                ..
            } => {
                if facts.is_none() && file.verification == Verification::Failed {
                    report.not_evaluated.extend(unread(&file.path));
                    lost.push(file.path.clone());
                }
                all.facts.extend(facts.map(|facts| *facts));
                all.deployments.extend(deployment.map(|told| *told));
                all.findings.extend(findings);
                report.files.push(*file);
                report.not_evaluated.extend(not_evaluated);
            }
        }
    }
    report.notices.extend(unread_notice(&lost));
    Ok(all)
}

/// The rules that say nothing of a file that cannot be read.
fn unread(path: &Path) -> impl Iterator<Item = NotEvaluated> + '_ {
    let of_repository = RULES
        .iter()
        .filter(|rule| matches!(rule.check, Check::Repo(_)));
    of_repository.map(|rule| NotEvaluated {
        path: path.to_owned(),
        rule: rule.id,
        reason: "unreadable".to_owned(),
    })
}

/// How many of the files are named of which nothing is known.
const NAMED: usize = 5;

/// That nothing is said of some files, or of what is in some folders.
fn unread_notice(unread: &[PathBuf]) -> Option<String> {
    let names = unread.iter().take(NAMED);
    let mut names: Vec<String> = names.map(|path| format!("`{}`", path.display())).collect();
    if unread.len() > NAMED {
        names.push(format!("{} more", unread.len() - NAMED));
    }
    let help = "damaged, or not to be read, which `sopsguard check` explains";
    (!names.is_empty()).then(|| format!("nothing is known of {}: {help}", names.join(", ")))
}

/// What the rules about the repository find: each by itself, in parallel.
///
/// # Errors
/// [`Error::Threads`].
fn of_repository(
    context: &RepoContext<'_>,
    jobs: Option<NonZeroUsize>,
    report: &mut Report,
) -> Result<Vec<Finding>, Error> {
    let told = map_all(&RULES, jobs, |rule| {
        let (mut findings, mut undecided) = (Vec::new(), Vec::new());
        if let Check::Repo(check) = rule.check {
            let mut found = RepoFindings::new(rule, &mut findings, &mut undecided);
            check(context, &mut found);
        }
        (findings, undecided)
    })?;
    let (findings, undecided): (Vec<_>, Vec<_>) = told.into_iter().unzip();
    let undecided: Vec<Undecided> = undecided.into_iter().flatten().collect();
    let undecided = undecided.into_iter();
    report.not_evaluated.extend(
        undecided.map(|Undecided { rule, path, reason }| NotEvaluated { path, rule, reason }),
    );
    let by_path = |skipped: &NotEvaluated| skipped.path.as_os_str().as_encoded_bytes().to_owned();
    report.not_evaluated.sort_by_cached_key(by_path);
    Ok(findings.into_iter().flatten().collect())
}
