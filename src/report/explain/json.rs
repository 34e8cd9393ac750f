//! All that is said of one file, for programs.

use std::io::{self, Write};

use serde::Serialize;

use super::super::escape;
use super::super::json::{Base, File, Problem};
use super::super::log::Entry;
use crate::engine::{
    Changes, GroupReport, LogEnd, Mine, Page, RecipientReport, SealReport, SelectorReport,
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
        excluded: page.is_excluded,
        settings: page.seal.as_ref().map(Settings::of),
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
    /// Whether the policy leaves it out of every check.
    excluded: bool,
    settings: Option<Settings<'p>>,
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
    /// Why nothing is known.
    lacking: Option<&'p str>,
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
        }
    }
}
