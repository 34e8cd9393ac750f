//! `escrow add-recipient`.

use super::super::super::rewriting::{
    Amendment, ChangeOptions, ChangePlan, Keys, Opened, Refused, Rewritten, Stop, Survey, Task,
    rewrite,
};
use super::super::super::surroundings::Start;
use super::super::super::updatekeys::{Strayed, rekeyed};
use super::super::super::{Error, Request};
use super::asking::ask_group;
use super::choosing::WhichRules;
use super::listing::{PolicyFile, Said};
use super::naming::{Meant, new_key};
use super::rules::{
    EditedConfig, Followers, call, edit, followers, join_all, take_effect, would_change,
};
use crate::config::creation::CreationRule;
use crate::rewrite::creation::{self, Aim, Edited, NewKey};
use crate::source::Source;

/// A recipient that is to be added, and where.
#[expect(missing_debug_implementations, reason = "the request can hold secrets")]
#[non_exhaustive]
pub struct AddRecipient<'a> {
    /// Of which files and configurations, with which identities.
    pub request: Request<'a>,
    /// What is allowed.
    pub options: ChangeOptions,
    /// The recipient.
    pub key: String,
    /// Whose it is.
    pub name: String,
    /// What it is for: `escrow`, `maintainer` or `machine`.
    pub role: Option<String>,
    /// Where copies of the private key are.
    pub held_by: Vec<String>,
    /// The files that it is to open, as patterns of the policy; all where there is none.
    pub paths: Vec<String>,
    /// Which creation rules.
    pub rules: WhichRules,
    /// Which of their key groups, from 1.
    pub groups: Vec<usize>,
    /// Whether somebody is asked for the group, where there are several and nothing is said.
    pub asks_group: bool,
}

impl<'a> AddRecipient<'a> {
    /// A request to add a recipient to all rules.
    #[must_use]
    pub fn new(request: Request<'a>, key: String, name: String) -> Self {
        Self {
            request,
            options: ChangeOptions::default(),
            key,
            name,
            role: None,
            held_by: Vec::new(),
            paths: Vec::new(),
            rules: WhichRules::default(),
            groups: Vec::new(),
            asks_group: false,
        }
    }
}

/// Plans to add a recipient to creation rules, to the policy, and to every file that these rules govern.
///
/// # Errors
/// [`Error::Recipients`] where it cannot be added so; those of [`check`](super::super::super::check()).
pub fn add_recipient(asked: AddRecipient<'_>) -> Result<ChangePlan, Error> {
    let meant = new_key(&asked.key, &asked.name)?;
    let start = Start::of_audit(&asked.request);
    start.run(|world, _| {
        let AddRecipient {
            mut request,
            options,
            key,
            role,
            held_by,
            paths,
            rules,
            mut groups,
            asks_group,
            ..
        } = asked;
        let environment = request.environment;
        let policy = request.policy.clone();
        let mut survey = Survey::to_write(&mut request, world)?;
        let key = key.trim().to_owned();
        let chosen = rules.choose(&survey)?;
        if asks_group && groups.is_empty() {
            groups.extend(ask_group(&survey, &chosen, &meant, &mut request.access));
        }
        let edited = edit(&survey, chosen, |source, rules| {
            with_key(source, rules, &key, &meant, &groups)
        })?;
        let mut notices = Vec::new();
        let policy = PolicyFile::read(&survey, policy.as_deref())?;
        let said = Said {
            key: &key,
            meant: &meant,
            role: role.as_deref(),
            held_by: &held_by,
            paths: &paths,
        };
        let listed = policy.with(&survey, environment, &said, &mut notices)?;
        take_effect(&edited, &mut survey)?;
        notices.extend(thresholds(&survey, &edited, &meant));
        let Followers {
            tasks,
            refused,
            unchanged,
        } = followers(&survey, &edited);
        let mut keys = Keys::of(request)?;
        let role = role.as_deref();
        let mut draft = rewrite(&tasks, &mut keys, options, |task, opened| {
            called(task, opened, &meant, role)
        })?;
        draft.name_sops();
        let comes = || Amendment::Adds(meant.holder(role), None);
        join_all(&mut draft, edited, comes, options);
        if let Some(text) = listed {
            policy.join(&mut draft, text, comes(), options);
        }
        let mut plan = draft.prove(COMMAND, &survey, &mut keys)?;
        settle(&mut plan, refused, unchanged, notices);
        plan.tell_unproved(would_change(&tasks, &meant, role));
        Ok(plan)
    })
}

/// The command.
const COMMAND: &str = "escrow add-recipient";

/// Adds what is known beside to a plan.
pub(super) fn settle(
    plan: &mut ChangePlan,
    refused: Vec<Refused>,
    unchanged: usize,
    notices: Vec<String>,
) {
    plan.unchanged = unchanged;
    plan.notices.extend(notices);
    plan.refuse(refused);
}

/// The file with the keys of its rule, where the new one has its name already.
fn called(
    task: &Task<'_, Strayed<'_>>,
    opened: &Opened<'_>,
    meant: &Meant,
    role: Option<&str>,
) -> Result<Rewritten, Box<Stop>> {
    let mut rewritten = rekeyed(task, opened, true)?;
    call(&mut rewritten.amendments, meant, role);
    Ok(rewritten)
}

/// The configuration with the key in these rules, and in each of these groups of them.
fn with_key(
    source: &Source,
    rules: &[usize],
    key: &str,
    meant: &Meant,
    groups: &[usize],
) -> Result<Edited, creation::Refusal> {
    let new = NewKey {
        key,
        name: meant.name.as_deref().unwrap_or_default(),
    };
    let Some((first, others)) = groups.split_first() else {
        let group = None;
        return creation::add(source, &new, &Aim { rules, group });
    };
    let group = |number: &usize| number.checked_sub(1).or(Some(usize::MAX));
    let aim = Aim {
        rules,
        group: group(first),
    };
    let mut edited = creation::add(source, &new, &aim)?;
    for number in others {
        let text = edited.text.clone().into_bytes();
        let source = Source::decode(source.id().clone(), text);
        let source = source.map_err(|_| creation::Refusal::Transcoded)?;
        let aim = Aim {
            rules,
            group: group(number),
        };
        edited = creation::add(&source, &new, &aim)?;
    }
    Ok(edited)
}

/// What it means for rules with several key groups that the key is in some of them.
fn thresholds(survey: &Survey<'_>, edited: &[EditedConfig], meant: &Meant) -> Vec<String> {
    let mut told = Vec::new();
    for (path, number, rule) in edited.iter().flat_map(|config| config.rules_in(survey)) {
        let groups = rule.groups.len();
        if groups < 2 {
            continue;
        }
        let (needed, within) = (rule.groups_needed(), has_key(rule, meant));
        let alone = match within.len() >= needed {
            true => "it opens them alone".to_owned(),
            false => format!("alone it opens none: {needed} groups are needed"),
        };
        let within: Vec<String> = within.iter().map(|at| (at + 1).to_string()).collect();
        told.push(format!(
            "files of rule {} of `{}` have {groups} key groups: this key is in group {}, and {alone}",
            number + 1,
            path.display(),
            within.join(" and "),
        ));
    }
    told
}

/// The groups that a key is in.
fn has_key(rule: &CreationRule, meant: &Meant) -> Vec<usize> {
    let has = |group: &[crate::config::creation::RuleKey]| {
        group
            .iter()
            .any(|key| key.names.canonical == meant.canonical)
    };
    let groups = rule.groups.iter().enumerate();
    groups
        .filter(|(_, group)| has(group))
        .map(|(at, _)| at)
        .collect()
}
