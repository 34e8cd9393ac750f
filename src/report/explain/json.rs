//! All that is said of one file, for programs.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::super::escape;
use super::super::json::{Base, File, Problem};
use super::super::log::Entry;
use crate::engine::{
    Changes, Drift, Governing, GroupReport, LogEnd, Mine, MovedKey, Outcome, Page, RecipientReport,
    SealReport, SelectorReport,
};

/// Writes one JSON object, `sopsguard.explanation/1`: fields are added, never renamed.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn json(page: &Page, out: &mut dyn Write) -> io::Result<()> {
    let root = Root {
        schema: "sopsguard.explanation/1",
        file: File::of(&page.file),
        sops_says: &page.sops_says,
        configuration: page.is_config,
        excluded: page.is_excluded,
        settings: page.seal.as_ref().map(Settings::of),
        rule: Rule::of(&page.rule),
        drift: page.drift.as_ref().map(DriftOf::of),
        groups_needed: page.file.groups_needed,
        groups: page.groups.iter().map(Group::of).collect(),
        identities: page.identities.iter().map(Identity::of).collect(),
        changes: ChangesOf::of(&page.changes),
        findings: page.findings.iter().map(Problem::of).collect(),
        warnings: &page.warnings,
        searched: &page.searched,
    };
    let text = serde_json::to_string_pretty(&root).map_err(io::Error::other)?;
    writeln!(out, "{}", escape::json(&text))
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Root<'p> {
    schema: &'static str,
    /// As in the report of `check`.
    file: File<'p>,
    sops_says: &'p str,
    /// Whether it is sops's own configuration, which stays in clear.
    configuration: bool,
    /// Whether the policy leaves it out of every check.
    excluded: bool,
    settings: Option<Settings<'p>>,
    rule: Rule<'p>,
    /// None where it is not encrypted, or no rule applies.
    drift: Option<DriftOf<'p>>,
    groups_needed: usize,
    groups: Vec<Group<'p>>,
    identities: Vec<Identity<'p>>,
    changes: ChangesOf<'p>,
    findings: Vec<Problem<'p>>,
    warnings: &'p [String],
    searched: &'p [String],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Settings<'p> {
    selector: Selector<'p>,
    mac_only_encrypted: bool,
    encrypted_values: usize,
    clear_values: usize,
    last_modified: &'p str,
    version: Option<&'p str>,
}

#[derive(Serialize)]
pub(super) struct Selector<'p> {
    name: &'static str,
    text: &'p str,
    /// Whether nothing is set, and this is what counts then.
    default: bool,
    /// Whether Go does not take its pattern, so that sops takes it as matching nothing.
    refused: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Rule<'p> {
    /// The `.sops.yaml` that counts.
    config: Option<Cow<'p, str>>,
    /// Those further up.
    others: Vec<Cow<'p, str>>,
    /// `applies`, `no-match`, `no-rules`, `refused`, `undecidable`, `unreadable`, or `no-config`.
    outcome: &'static str,
    reason: Option<&'p str>,
    /// The line that sops cannot load.
    line: Option<usize>,
    /// The rules that were asked, the one that applies last.
    asked: Vec<Asked<'p>>,
    groups: Option<Vec<Group<'p>>>,
    threshold: Option<i64>,
    selector: Option<Selector<'p>>,
    mac_only_encrypted: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Asked<'p> {
    number: usize,
    line: usize,
    path_regex: Option<&'p str>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct DriftOf<'p> {
    /// Whether `sops updatekeys` would change the file.
    updatekeys: bool,
    missing: Vec<Recipient<'p>>,
    extra: Vec<Recipient<'p>>,
    moved: Vec<MovedOf<'p>>,
    /// How many groups the file needs, and how many its rule wants.
    threshold: Option<[usize; 2]>,
    groups: Option<[i64; 2]>,
    /// Of the file and of its rule.
    selectors: Option<[Picks<'p>; 2]>,
}

/// A key, and the numbers of its group in the file and in the rule.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct MovedOf<'p> {
    #[serde(flatten)]
    key: Recipient<'p>,
    group: usize,
    group_by_rule: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Picks<'p> {
    selector: Selector<'p>,
    mac_only_encrypted: bool,
}

#[derive(Serialize)]
struct Group<'p> {
    keys: Vec<Recipient<'p>>,
}

#[derive(Serialize)]
pub(super) struct Recipient<'p> {
    kind: &'p str,
    recipient: &'p str,
    name: Option<&'p str>,
    mine: bool,
}

#[derive(Serialize)]
struct Identity<'p> {
    kind: &'p str,
    origin: &'p str,
    recipient: Option<&'p str>,
    idle: Option<&'p str>,
    groups: &'p [usize],
    opens: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ChangesOf<'p> {
    base: Option<Base<'p>>,
    uncommitted: Vec<Entry<'p>>,
    last: Option<Entry<'p>>,
    since_sound: Vec<Entry<'p>>,
    sound: Option<Entry<'p>>,
    end: Option<&'static str>,
    /// Why nothing is known, and what helps.
    lacking: Option<&'p str>,
    help: Option<&'p str>,
}

impl<'p> Settings<'p> {
    fn of(seal: &'p SealReport) -> Self {
        Self {
            selector: Selector::of(&seal.selector),
            mac_only_encrypted: seal.mac_only_encrypted,
            encrypted_values: seal.encrypted,
            clear_values: seal.clear,
            last_modified: &seal.last_modified,
            version: seal.version.as_deref(),
        }
    }
}

impl<'p> Selector<'p> {
    pub(super) fn of(selector: &'p SelectorReport) -> Self {
        Self {
            name: selector.name,
            text: &selector.text,
            default: selector.is_default,
            refused: selector.is_refused,
        }
    }
}

impl<'p> Rule<'p> {
    fn of(governing: &'p Governing) -> Self {
        let (outcome, reason) = match (&governing.outcome, &governing.unreadable) {
            (_, Some((_, reason))) => ("unreadable", Some(reason.as_str())),
            (Outcome::Applies, _) => ("applies", None),
            (Outcome::NoMatch, _) => ("no-match", None),
            (Outcome::NoRules, _) => ("no-rules", None),
            (Outcome::Refused(reason), _) => ("refused", Some(reason.as_str())),
            (Outcome::Undecidable, _) => ("undecidable", None),
            (Outcome::Nothing, _) => ("no-config", None),
        };
        let rule = governing.rule.as_ref();
        let asked = governing.asked.iter().map(|asked| Asked {
            number: asked.number,
            line: asked.line,
            path_regex: asked.path_regex.as_deref(),
        });
        Self {
            config: governing.config.as_deref().map(Path::to_string_lossy),
            others: governing
                .others
                .iter()
                .map(|other| other.to_string_lossy())
                .collect(),
            outcome,
            reason,
            line: governing.unreadable.as_ref().map(|(at, _)| at.line),
            asked: asked.collect(),
            groups: rule.map(|rule| rule.groups.iter().map(Group::of).collect()),
            threshold: rule.and_then(|rule| rule.threshold),
            selector: rule.map(|rule| Selector::of(&rule.selector)),
            mac_only_encrypted: rule.map(|rule| rule.mac_only_encrypted),
        }
    }
}

impl<'p> DriftOf<'p> {
    fn of(drift: &'p Drift) -> Self {
        let picks = |(selector, mac_only_encrypted): &'p (SelectorReport, bool)| Picks {
            selector: Selector::of(selector),
            mac_only_encrypted: *mac_only_encrypted,
        };
        Self {
            updatekeys: drift.is_of_keys(),
            missing: drift.missing.iter().map(Recipient::of).collect(),
            extra: drift.extra.iter().map(Recipient::of).collect(),
            moved: drift.moved.iter().map(MovedOf::of).collect(),
            threshold: drift.threshold.map(<[usize; 2]>::from),
            groups: drift.groups.map(<[i64; 2]>::from),
            selectors: drift
                .selectors
                .as_ref()
                .map(|both| both.each_ref().map(picks)),
        }
    }
}

impl<'p> MovedOf<'p> {
    fn of(moved: &'p MovedKey) -> Self {
        Self {
            key: Recipient::of(&moved.key),
            group: moved.here,
            group_by_rule: moved.by_rule,
        }
    }
}

impl<'p> Group<'p> {
    fn of(group: &'p GroupReport) -> Self {
        Self {
            keys: group.keys.iter().map(Recipient::of).collect(),
        }
    }
}

impl<'p> Recipient<'p> {
    pub(super) fn of(key: &'p RecipientReport) -> Self {
        Self {
            kind: &key.kind,
            recipient: &key.name,
            name: key.called.as_deref(),
            mine: key.is_mine,
        }
    }
}

impl<'p> Identity<'p> {
    fn of(mine: &'p Mine) -> Self {
        Self {
            kind: &mine.kind,
            origin: &mine.origin,
            recipient: mine.recipient.as_deref(),
            idle: mine.idle.as_deref(),
            groups: &mine.groups,
            opens: mine.opens,
        }
    }
}

impl<'p> ChangesOf<'p> {
    fn of(changes: &'p Changes) -> Self {
        Self {
            base: changes.compared_with.as_ref().map(Base::of),
            uncommitted: changes.uncommitted.iter().map(Entry::of).collect(),
            last: changes.last.as_ref().map(Entry::of),
            since_sound: changes.since_sound.iter().map(Entry::of).collect(),
            sound: changes.sound.as_ref().map(Entry::of),
            end: changes.end.as_ref().map(LogEnd::name),
            lacking: changes.lacking.as_ref().map(|(reason, _)| reason.as_str()),
            help: changes.lacking.as_ref().map(|(_, help)| help.as_str()),
        }
    }
}
