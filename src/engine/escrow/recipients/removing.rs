//! `escrow remove-recipient`: out of the rules, the policy and the files; and every file that the key could read
//! gets a new data key, because it knows the old one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::super::super::others::decode;
use super::super::super::rewriting::{
    Amendment, ChangeOptions, ChangePlan, Exposed, Keys, Opened, Refused, Rewritten, Stop, Survey,
    Task, now, rewrite,
};
use super::super::super::rotate::{self, sops_rotate};
use super::super::super::surroundings::Start;
use super::super::super::updatekeys::{Strayed, rekeyed};
use super::super::super::{Error, Request};
use super::adding::settle;
use super::choosing::{Chosen, refuse_unread};
use super::listing::PolicyFile;
use super::naming::{Meant, known_key};
use super::refused;
use super::rules::{Followers, call, edit, followers, join_all, take_effect, would_change};
use super::standing::Standing;
use crate::document::{Document, KeyPath};
use crate::finding::{Help, shell_word};
use crate::keys::Recipient;
use crate::rewrite::rotate::rotate as rotation;
use crate::rewrite::{Refusal, creation};
use crate::rules::FileFacts;
use crate::sops::{KeyKind, Leaf, SopsFile, Time, walk};
use crate::source::SourceId;

/// A recipient that is to go.
#[expect(missing_debug_implementations, reason = "the request can hold secrets")]
#[non_exhaustive]
pub struct RemoveRecipient<'a> {
    /// With which identities.
    pub request: Request<'a>,
    /// What is allowed.
    pub options: ChangeOptions,
    /// Its key, or its name.
    pub recipient: String,
    /// Whether it goes although nobody has proved that the others open the files.
    pub without_proof: bool,
    /// Whether only the plan is wanted, also of what would be too early to carry out.
    pub only_plan: bool,
}

impl<'a> RemoveRecipient<'a> {
    /// A request to take a recipient out of all rules and files.
    #[must_use]
    pub fn new(request: Request<'a>, recipient: String) -> Self {
        Self {
            request,
            options: ChangeOptions::default(),
            recipient,
            without_proof: false,
            only_plan: false,
        }
    }
}

/// Plans to take a recipient out of all creation rules, the policy and all files, and to give a new data key to each
/// file that it could read.
///
/// # Errors
/// [`Error::Recipients`] where it cannot go so, [`Error::NotYet`] where it is too early; those of
/// [`check`](super::super::super::check()).
pub fn remove_recipient(asked: RemoveRecipient<'_>) -> Result<ChangePlan, Error> {
    let start = Start::of_audit(&asked.request);
    start.run(|world, _| {
        let RemoveRecipient {
            mut request,
            options,
            recipient,
            without_proof,
            only_plan,
        } = asked;
        let environment = request.environment;
        let at = now(environment)?;
        let policy = request.policy.clone();
        let mut survey = Survey::to_write(&mut request, world)?;
        refuse_unread(&survey, |_| true)?;
        let meant = known_key(&recipient, &survey)?;
        let (chosen, could_read) = affected(&survey, &meant)?;
        let standing = Standing::of(&survey, &meant, environment.now());
        let edited = edit(&survey, chosen, |source, rules| {
            creation::remove(source, &meant.canonical, rules)
        })?;
        take_effect(&edited, &mut survey)?;
        let too_early = standing.refuse_early(&survey, &could_read, without_proof);
        let too_early = unless_planned(too_early, only_plan)?;
        let policy = PolicyFile::read(&survey, policy.as_deref())?;
        let policy_path = policy.path().to_owned();
        let listed = policy.without(&meant.canonical)?;
        let Followers {
            tasks,
            mut refused,
            unchanged,
        } = followers(&survey, &edited);
        refused.extend(left_behind(&survey, &tasks, &refused, &meant));
        let removal = Removal {
            meant: &meant,
            could_read: &could_read,
            at,
            values: Mutex::default(),
        };
        let mut keys = Keys::of(request)?;
        let mut draft = rewrite(&tasks, &mut keys, options, |task, opened| {
            removal.rewritten(task, opened)
        })?;
        draft.name_sops();
        let goes = || Amendment::Removes(meant.holder(None), None);
        join_all(&mut draft, edited, goes, options);
        if let Some(text) = listed {
            policy.join(&mut draft, text, goes(), options);
        }
        let mut plan = draft.prove(COMMAND, &survey, &mut keys)?;
        settle(&mut plan, refused, unchanged, remains(&meant));
        keep_listed(&mut plan, &policy_path, &could_read, &meant);
        plan.exposed = removal.exposed();
        plan.tell_unproved(would_change(&tasks, &meant, None));
        plan.too_early = too_early;
        Ok(plan)
    })
}

/// A recipient who goes from files.
struct Removal<'r> {
    meant: &'r Meant,
    /// The files that it can read now.
    could_read: &'r BTreeSet<PathBuf>,
    /// When they are written.
    at: Time,
    /// The values of each of these files, as soon as it is open.
    values: Mutex<BTreeMap<PathBuf, Vec<String>>>,
}

impl Removal<'_> {
    /// A file without the recipient, under a new data key where it could read it.
    fn rewritten(
        &self,
        task: &Task<'_, Strayed<'_>>,
        opened: &Opened<'_>,
    ) -> Result<Rewritten, Box<Stop>> {
        let path = &task.facts.path;
        let is_rotated = self.could_read.contains(path);
        let mut rewritten = rekeyed(task, opened, !is_rotated).map_err(|mut stop| {
            if is_rotated {
                stop.also_ahead(task.what.recipients());
            }
            stop
        })?;
        if is_rotated {
            let values = values_of(opened);
            let mut all = self.values.lock().unwrap_or_else(PoisonError::into_inner);
            all.insert(path.clone(), values);
            drop(all);
            rewritten = self.rotated_again(task, opened, rewritten)?;
        }
        call(&mut rewritten.amendments, self.meant, None);
        Ok(rewritten)
    }

    /// The text under a new data key, after it got other recipients.
    fn rotated_again(
        &self,
        task: &Task<'_, Strayed<'_>>,
        opened: &Opened<'_>,
        rewritten: Rewritten,
    ) -> Result<Rewritten, Box<Stop>> {
        let path = &task.facts.path;
        let fault = || {
            Refused::new(
                path.clone(),
                "the file without the key cannot be read again",
            )
        };
        let id = SourceId::WorkTree(path.clone());
        let (Some(source), None) = decode(id, rewritten.text.into_bytes(), task.facts.format)
        else {
            return Err(fault().into());
        };
        let document = Document::parse(&source, task.facts.format).map_err(|_| fault())?;
        let file = SopsFile::of(&document).map_err(|_| fault())?;
        let file = file.ok_or_else(fault)?;
        let keys = file.metadata().groups.iter().flat_map(|group| &group.keys);
        let recipients = keys.map(|key| Recipient::parse(&key.id())).collect();
        let wrapped = opened.wrapped_for(recipients)?;
        let text = rotation(&document, &file, opened.key, self.at, wrapped);
        let text = text.map_err(|refusal| not_rotated(task.facts, self.meant, &refusal))?;
        let mut amendments = rewritten.amendments;
        amendments.push(Amendment::NewDataKey);
        Ok(Rewritten {
            text,
            amendments,
            reading: None,
        })
    }

    fn exposed(self) -> Vec<Exposed> {
        let values = self.values.into_inner();
        let values = values.unwrap_or_else(PoisonError::into_inner).into_iter();
        values
            .map(|(path, values)| Exposed { path, values })
            .collect()
    }
}

/// The command.
const COMMAND: &str = "escrow remove-recipient";

/// Why it is too early, where only the plan is wanted.
///
/// # Errors
/// The same where it is to be carried out.
fn unless_planned(
    judged: Result<(), Error>,
    only_plan: bool,
) -> Result<Option<(String, String)>, Error> {
    match judged {
        Err(Error::NotYet { reason, help }) if only_plan => Ok(Some((reason, help))),
        judged => judged.map(|()| None),
    }
}

/// The rules that are to change, and the files that the key can read now.
fn affected(survey: &Survey<'_>, meant: &Meant) -> Result<(Vec<Chosen>, BTreeSet<PathBuf>), Error> {
    let chosen = with_key(survey, meant);
    let could_read = readable(survey, meant);
    if chosen.is_empty() && could_read.is_empty() {
        let reason = format!("`{}` is in no rule and in no file", meant.called());
        let help = "`sopsguard recipients` shows who is where";
        return Err(refused(reason, help));
    }
    Ok((chosen, could_read))
}

/// The rules that name the key.
fn with_key(survey: &Survey<'_>, meant: &Meant) -> Vec<Chosen> {
    let mut all = Vec::new();
    for (config, file) in survey.configs.iter().enumerate() {
        let Ok(read) = &file.read else { continue };
        // Those by which files are published are behind the others.
        let rules = read.all_rules().enumerate();
        let rules = rules.filter(|(_, rule)| {
            let mut keys = rule.groups.iter().flatten();
            keys.any(|key| key.names.canonical == meant.canonical)
        });
        let rules: Vec<usize> = rules.map(|(at, _)| at).collect();
        // Files that have the key although their rule does not name it are to follow that rule, too.
        let governed = survey
            .following()
            .filter(|follows| std::ptr::eq(follows.config, file) && has_key(follows.file, meant));
        let governed: Vec<usize> = governed.map(|follows| follows.number).collect();
        let rules: BTreeSet<usize> = rules.into_iter().chain(governed).collect();
        if !rules.is_empty() {
            let rules = rules.into_iter().collect();
            all.push(Chosen { config, rules });
        }
    }
    all
}

fn has_key(file: &FileFacts, meant: &Meant) -> bool {
    file.keys().any(|key| key.canonical == meant.canonical)
}

/// The files that the key can read now.
fn readable(survey: &Survey<'_>, meant: &Meant) -> BTreeSet<PathBuf> {
    let files = survey.files.iter().filter(|file| has_key(file, meant));
    files.map(|file| file.path.clone()).collect()
}

/// The files that would keep the key: no rule governs them.
fn left_behind(
    survey: &Survey<'_>,
    tasks: &[Task<'_, Strayed<'_>>],
    refused: &[Refused],
    meant: &Meant,
) -> Vec<Refused> {
    let is_told = |path: &PathBuf| {
        tasks.iter().any(|task| task.facts.path == *path)
            || refused.iter().any(|refused| refused.path == *path)
    };
    let files = survey.files.iter().filter(|file| has_key(file, meant));
    let left = files.filter(|file| !is_told(&file.path));
    left.map(|file| {
        let path = &file.path;
        let reason = format!(
            "`{}` can read it, and no creation rule governs it",
            meant.called()
        );
        let help = Help::new("give it a rule in `.sops.yaml`, or take the key out by hand")
            .then(without_by_sops(file, meant));
        Refused::new(path.clone(), reason).helped(help)
    })
    .collect()
}

/// The command by which sops takes the key out of a file, and gives it a new data key.
fn without_by_sops(file: &FileFacts, meant: &Meant) -> String {
    let key = file.keys().find(|key| key.canonical == meant.canonical);
    let Some(key) = key else {
        return sops_rotate("", &file.path);
    };
    let option = match key.kind {
        KeyKind::Age => "age",
        KeyKind::Pgp => "pgp",
        KeyKind::Kms => "kms",
        KeyKind::GcpKms => "gcp-kms",
        KeyKind::HcKms => "hckms",
        KeyKind::AzureKv => "azure-kv",
        KeyKind::HcVault => "hc-vault-transit",
    };
    let word = shell_word(&key.shown).unwrap_or_else(|| "KEY".to_owned());
    sops_rotate(&format!("--rm-{option} {word} "), &file.path)
}

/// Leaves the policy as it is where a file stays as it is that the key opens: whoever reads the policy is to know of her. Says
/// so.
fn keep_listed(
    plan: &mut ChangePlan,
    policy: &Path,
    could_read: &BTreeSet<PathBuf>,
    meant: &Meant,
) {
    let refused = plan.refused.iter().map(|refused| &refused.path);
    let files = match refused.filter(|path| could_read.contains(*path)).count() {
        0 => return,
        1 => "1 file that cannot be changed: with `--skip-refused` it is".to_owned(),
        count => format!("{count} files that cannot be changed: with `--skip-refused` they are"),
    };
    plan.leave_out(policy);
    plan.notices.push(format!(
        "`{0}` still opens {files} left out, and `{1}` goes on listing `{0}`",
        meant.called(),
        policy.display(),
    ));
}

/// The paths of the encrypted values, as far as they can be shown; each once.
fn values_of(opened: &Opened<'_>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut values = Vec::new();
    let walked = walk(opened.file.tree(), opened.file.selectors(), |visit| {
        if !visit.selected || !matches!(visit.leaf, Leaf::Scalar { .. }) {
            return;
        }
        let path = KeyPath::new(visit.path.iter().copied()).to_string();
        if seen.insert(path.clone()) {
            values.push(path);
        }
    });
    if walked.is_err() {
        values.push("…".to_owned());
    }
    values
}

/// Why a file gets no new data key, and what to do about it.
fn not_rotated(file: &FileFacts, meant: &Meant, refusal: &Refusal) -> Refused {
    let by_sops = without_by_sops(file, meant);
    let refused = rotate::refused(&file.path, refusal, &by_sops);
    match refusal {
        Refusal::NeedsSops { .. } => {
            let help = "leave it out with `--skip-refused`, then let sops take the key out of it, with access to those keys";
            refused.helped(Help::new(help).then(by_sops))
        }
        _ => refused,
    }
}

/// What no command can do.
fn remains(meant: &Meant) -> Vec<String> {
    let name = meant.called();
    vec![
        format!(
            "`{name}` may have kept what it could read: change the values listed above where they come from"
        ),
        format!(
            "revisions before this commit still need the key of `{name}`: keep it in the safe while one of them may be deployed again"
        ),
    ]
}
