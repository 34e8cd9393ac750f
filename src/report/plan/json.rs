//! A plan as one JSON object, `sopsguard.plan/1`: fields are added, never renamed.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::super::escape;
use super::Stage;
use crate::engine::{
    Amendment, Blessed, ChangePlan, DiffLine, Exposed, FileChange, Keyholder, Refused,
};

/// Writes one JSON object.
///
/// A path that is not UTF-8 has the replacement character in the place of what is no text.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn json(plan: &ChangePlan, stage: Stage, out: &mut dyn Write) -> io::Result<()> {
    let applied = match stage {
        Stage::Applied(applied) => Some(applied),
        Stage::Planned => None,
    };
    let root = Root {
        schema: "sopsguard.plan/1",
        command: plan.command,
        applied: applied.is_some(),
        took_ms: applied.map(|applied| milliseconds(applied.took)),
        syncing_ms: applied.map(|applied| milliseconds(applied.syncing)),
        files: plan.files.iter().map(File::of).collect(),
        refused: plan.refused.iter().map(Refusal::of).collect(),
        unproved: plan.unproved.iter().map(File::of).collect(),
        too_early: plan.too_early.as_ref().map(Early::of),
        unchanged: plan.unchanged,
        notices: &plan.notices,
        exposed: plan.exposed.iter().map(Values::of).collect(),
    };
    let text = serde_json::to_string_pretty(&root).map_err(io::Error::other)?;
    writeln!(out, "{}", escape::json(&text))
}

#[derive(Serialize)]
struct Root<'p> {
    schema: &'static str,
    command: &'static str,
    /// Whether the files were written.
    applied: bool,
    /// How long writing took, and how much of that the disk needed to keep it.
    #[serde(rename = "took-ms", skip_serializing_if = "Option::is_none")]
    took_ms: Option<u64>,
    #[serde(rename = "syncing-ms", skip_serializing_if = "Option::is_none")]
    syncing_ms: Option<u64>,
    files: Vec<File<'p>>,
    refused: Vec<Refusal<'p>>,
    /// What would change in files that are refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unproved: Vec<File<'p>>,
    #[serde(rename = "too-early", skip_serializing_if = "Option::is_none")]
    too_early: Option<Early<'p>>,
    unchanged: usize,
    notices: &'p [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exposed: Vec<Values<'p>>,
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Why it would be too early.
#[derive(Serialize)]
struct Early<'p> {
    reason: &'p str,
    help: &'p str,
}

/// What somebody could read who cannot any more.
#[derive(Serialize)]
struct Values<'p> {
    path: String,
    values: &'p [String],
}

#[derive(Serialize)]
struct File<'p> {
    path: String,
    changes: Vec<Change<'p>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    diff: Vec<Line<'p>>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Change<'p> {
    AddRecipient(Recipient<'p>),
    RemoveRecipient(Recipient<'p>),
    Threshold { from: usize, to: usize },
    NewDataKey,
    NewMac,
    Bless(Bless<'p>),
    CreateFile,
    RemoveFile,
    BySops { version: &'p str },
    Other { what: &'p str },
}

#[derive(Serialize)]
struct Recipient<'p> {
    recipient: &'p str,
    name: Option<&'p str>,
    role: Option<&'p str>,
    /// The number of the key group, from 1, where there are several.
    group: Option<usize>,
}

#[derive(Serialize)]
struct Bless<'p> {
    path: &'p str,
    what: &'static str,
    /// The commit's whole id, `index` or `work-tree`.
    at: &'p str,
    author: Option<&'p str>,
    date: Option<&'p str>,
}

#[derive(Serialize)]
struct Line<'p> {
    line: usize,
    added: bool,
    text: &'p str,
}

#[derive(Serialize)]
struct Refusal<'p> {
    path: String,
    reason: &'p str,
    help: Option<&'p str>,
    commands: &'p [String],
    /// Whether `sops` itself may be able to do it.
    #[serde(rename = "with-sops", skip_serializing_if = "is_false")]
    with_sops: bool,
}

impl<'p> Early<'p> {
    fn of((reason, help): &'p (String, String)) -> Self {
        Self { reason, help }
    }
}

impl<'p> Values<'p> {
    fn of(exposed: &'p Exposed) -> Self {
        Self {
            path: text(&exposed.path),
            values: &exposed.values,
        }
    }
}

impl<'p> File<'p> {
    fn of(file: &'p FileChange) -> Self {
        Self {
            path: text(&file.path),
            changes: file.amendments.iter().map(Change::of).collect(),
            diff: file.diff.iter().map(Line::of).collect(),
        }
    }
}

impl<'p> Change<'p> {
    fn of(amendment: &'p Amendment) -> Self {
        match amendment {
            Amendment::Adds(holder, group) => Self::AddRecipient(Recipient::of(holder, *group)),
            Amendment::Removes(holder, group) => {
                Self::RemoveRecipient(Recipient::of(holder, *group))
            }
            Amendment::Threshold { from, to } => Self::Threshold {
                from: *from,
                to: *to,
            },
            Amendment::NewDataKey => Self::NewDataKey,
            Amendment::NewMac => Self::NewMac,
            Amendment::Blesses(blessed) => Self::Bless(Bless::of(blessed)),
            Amendment::Created => Self::CreateFile,
            Amendment::Removed => Self::RemoveFile,
            Amendment::BySops { version } => Self::BySops { version },
            Amendment::Other(what) => Self::Other { what },
        }
    }
}

impl<'p> Recipient<'p> {
    fn of(holder: &'p Keyholder, group: Option<usize>) -> Self {
        Self {
            recipient: &holder.key,
            name: holder.name.as_deref(),
            role: holder.role.as_deref(),
            group,
        }
    }
}

impl<'p> Bless<'p> {
    fn of(blessed: &'p Blessed) -> Self {
        Self {
            path: &blessed.subject,
            what: blessed.what,
            at: blessed.at.id(),
            author: blessed.author.as_deref(),
            date: blessed.date.as_deref(),
        }
    }
}

impl<'p> Line<'p> {
    fn of(line: &'p DiffLine) -> Self {
        Self {
            line: line.number,
            added: line.is_added,
            text: &line.text,
        }
    }
}

impl<'p> Refusal<'p> {
    fn of(refused: &'p Refused) -> Self {
        let help = refused.help.as_ref();
        Self {
            path: text(&refused.path),
            reason: &refused.reason,
            help: help.map(|help| help.text.as_str()),
            commands: help.map_or(&[], |help| &help.commands),
            with_sops: refused.with_sops,
        }
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands out references"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}
