//! Who can open what as one JSON object, `sopsguard.recipients/1`: fields are added, never renamed.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::super::escape;
use super::totals::{Reach, by_bus_factor, by_role, lone_files, lost_files, reaches};
use crate::engine::{AccessMatrix, FileAccess, Grant, Keyholder};

/// Writes one JSON object.
///
/// A path that is not UTF-8 has the replacement character in the place of what is no text.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn json(matrix: &AccessMatrix, out: &mut dyn Write) -> io::Result<()> {
    let recipients = matrix.recipients.iter().zip(reaches(matrix));
    let files = matrix.files.iter();
    let root = Root {
        schema: "sopsguard.recipients/1",
        recipients: recipients.map(Recipient::of).collect(),
        files: files.map(|file| File::of(file, matrix)).collect(),
        asked: &matrix.asked,
        unread: matrix.unread.iter().map(|path| text(path)).collect(),
        notices: &matrix.notices,
        summary: Summary::of(matrix),
    };
    let text = serde_json::to_string_pretty(&root).map_err(io::Error::other)?;
    writeln!(out, "{}", escape::json(&text))
}

#[derive(Serialize)]
struct Root<'m> {
    schema: &'static str,
    recipients: Vec<Recipient<'m>>,
    files: Vec<File<'m>>,
    /// The places of the recipients that were asked for.
    asked: &'m [usize],
    unread: Vec<String>,
    notices: &'m [String],
    summary: Summary<'m>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Recipient<'m> {
    kind: &'m str,
    key: &'m str,
    name: Option<&'m str>,
    role: Option<&'m str>,
    held_by: &'m [String],
    /// How many files she has a key of, opens by herself, and are lost with her key.
    files: usize,
    opens: usize,
    lone: usize,
}

impl<'m> Recipient<'m> {
    fn of((holder, reach): (&'m Keyholder, Reach)) -> Self {
        Self {
            kind: &holder.kind,
            key: &holder.key,
            name: holder.name.as_deref(),
            role: holder.role.as_deref(),
            held_by: &holder.held_by,
            files: reach.files,
            opens: reach.opens,
            lone: reach.lone,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct File<'m> {
    path: String,
    bus_factor: usize,
    /// False where the bus factor is at most this, and may be less.
    bus_factor_is_exact: bool,
    groups: usize,
    groups_needed: usize,
    recipients: Vec<Access<'m>>,
}

impl<'m> File<'m> {
    fn of(file: &'m FileAccess, matrix: &'m AccessMatrix) -> Self {
        let grants = file.grants.iter();
        Self {
            path: text(&file.path),
            bus_factor: file.bus_factor.count(),
            bus_factor_is_exact: file.bus_factor.is_exact(),
            groups: file.groups,
            groups_needed: file.groups_needed,
            recipients: grants
                .filter_map(|grant| Access::of(grant, matrix))
                .collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Access<'m> {
    /// The place in the list of recipients, from 0.
    recipient: usize,
    key: &'m str,
    name: Option<&'m str>,
    groups: &'m [usize],
    opens: bool,
    lone: bool,
}

impl<'m> Access<'m> {
    fn of(grant: &'m Grant, matrix: &'m AccessMatrix) -> Option<Self> {
        let holder = matrix.recipients.get(grant.recipient)?;
        Some(Self {
            recipient: grant.recipient,
            key: &holder.key,
            name: holder.name.as_deref(),
            groups: &grant.groups,
            opens: grant.opens_alone,
            lone: grant.is_lone,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Summary<'m> {
    files: usize,
    recipients: usize,
    /// How many files are lost with one key, and how many nobody can open.
    lone: usize,
    lost: usize,
    /// How many files have each bus factor.
    bus_factor: BTreeMap<usize, usize>,
    /// How many files somebody of each role has a key of.
    roles: BTreeMap<&'m str, usize>,
}

impl<'m> Summary<'m> {
    fn of(matrix: &'m AccessMatrix) -> Self {
        Self {
            files: matrix.files.len(),
            recipients: matrix.recipients.len(),
            lone: lone_files(matrix),
            lost: lost_files(matrix).count(),
            bus_factor: by_bus_factor(matrix),
            roles: by_role(matrix),
        }
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
