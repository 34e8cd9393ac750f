//! The history of a secret file for programs.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::super::escape;
use crate::engine::{At, DataKeyFate, Log, LogEntry, ValueChange, Verification};

/// Writes one JSON object, `sopsguard.log/1`: fields are added, never renamed.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn json(log: &Log, out: &mut dyn Write) -> io::Result<()> {
    let root = Root {
        schema: "sopsguard.log/1",
        path: log.path.to_string_lossy(),
        entries: log.entries.iter().map(Entry::of).collect(),
        left_out: log.left_out,
        commits: log.commits,
        end: log.end.name(),
        warnings: &log.warnings,
        searched: &log.searched,
    };
    let text = serde_json::to_string_pretty(&root).map_err(io::Error::other)?;
    writeln!(out, "{}", escape::json(&text))
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Root<'l> {
    schema: &'static str,
    path: Cow<'l, str>,
    entries: Vec<Entry<'l>>,
    left_out: usize,
    /// How many commits were looked at.
    commits: usize,
    end: &'static str,
    warnings: &'l [String],
    searched: &'l [String],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::report) struct Entry<'l> {
    /// `commit`, `index` or `work-tree`.
    at: &'static str,
    commit: Option<&'l str>,
    author: Option<&'l str>,
    date: Option<&'l str>,
    path: Cow<'l, str>,
    renamed_from: Option<Cow<'l, str>>,
    parents: usize,
    compared_with_parent: Option<usize>,
    edit: &'static str,
    /// Why nothing could be compared.
    edit_reason: Option<&'static str>,
    /// Why there is no verdict.
    reason: Option<String>,
    verification: Option<&'static str>,
    mac_from: Option<&'l str>,
    stale_mac: bool,
    values: Vec<Value<'l>>,
    more_values: usize,
    documents_removed: &'l [usize],
    documents_added: &'l [usize],
    documents_moved: &'l [usize],
    recipients_added: &'l [String],
    recipients_dropped: &'l [String],
    data_key: Option<&'static str>,
    settings: &'l [&'static str],
    comments: bool,
}

#[derive(Serialize)]
struct Value<'l> {
    path: &'l str,
    what: &'static str,
}

impl<'l> Entry<'l> {
    pub(in crate::report) fn of(entry: &'l LogEntry) -> Self {
        let step = &entry.step;
        let (at, commit) = match &entry.at {
            At::Commit(id) => ("commit", Some(id.as_str())),
            At::Index => ("index", None),
            At::WorkTree => ("work-tree", None),
        };
        Self {
            at,
            commit,
            author: entry.author.as_deref(),
            date: entry.date.as_deref(),
            path: entry.path.to_string_lossy(),
            renamed_from: entry
                .renamed_from
                .as_ref()
                .map(|path| path.to_string_lossy()),
            parents: entry.parents,
            compared_with_parent: step.side,
            edit: step.edit.name(),
            edit_reason: step.reason,
            reason: reason(entry),
            verification: entry.verification.as_ref().map(Verification::name),
            stale_mac: entry.has_stale_mac,
            mac_from: entry.mac_from.as_deref(),
            values: step.values.iter().map(Value::of).collect(),
            more_values: step.more_values,
            documents_removed: &step.documents_removed,
            documents_added: &step.documents_added,
            documents_moved: &step.documents_moved,
            recipients_added: &step.recipients_added,
            recipients_dropped: &step.recipients_dropped,
            data_key: step.data_key.map(DataKeyFate::name),
            settings: &step.settings,
            comments: step.comments,
        }
    }
}

/// Why there is no verdict.
fn reason(entry: &LogEntry) -> Option<String> {
    match &entry.verification {
        Some(Verification::NotVerified(reason)) => Some(reason.to_string()),
        _ => None,
    }
}

impl<'l> Value<'l> {
    fn of(value: &'l ValueChange) -> Self {
        Self {
            path: &value.path,
            what: value.what.name(),
        }
    }
}
