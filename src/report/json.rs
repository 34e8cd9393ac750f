//! The report as one JSON object, `sopsguard.report/1`: fields are added, never renamed.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::escape;
use crate::engine::{
    ComparedWith, FileReport, NotEvaluated, Opener, Reason, Report, Summary, Verification,
};
use crate::finding::{Finding, Position, Severity};

/// Writes `report` as one line-broken JSON object.
///
/// A path or name that is not UTF-8 has the replacement character in the place of what is no text.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let object = Root::of(report);
    let text = serde_json::to_string_pretty(&object).map_err(io::Error::other)?;
    writeln!(out, "{}", escape::json(&text))
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Root<'r> {
    schema: &'static str,
    tool: Tool,
    /// `check` or `audit`.
    command: &'static str,
    files: Vec<File<'r>>,
    findings: Vec<Problem<'r>>,
    not_evaluated: Vec<Skipped<'r>>,
    /// What the files were compared with; none outside of a repository.
    base: Option<Base<'r>>,
    notices: &'r [String],
    warnings: &'r [String],
    /// How many files that are not sops's were not searched for private keys.
    unsearched: usize,
    summary: Summary,
}

#[derive(Serialize)]
pub(super) struct Base<'r> {
    commits: Vec<Commit<'r>>,
    reason: Option<&'r str>,
}

#[derive(Serialize)]
struct Commit<'r> {
    revision: &'r str,
    id: &'r str,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct File<'r> {
    path: Cow<'r, str>,
    format: &'static str,
    documents: Option<usize>,
    verification: &'static str,
    reason: Option<String>,
    recipients: &'r [String],
    /// The recipients with their kinds and key groups.
    keys: Vec<Key<'r>>,
    /// How many key groups open, where too few do.
    groups: Option<Groups>,
    unreadable_by: &'r [String],
}

#[derive(Serialize)]
struct Key<'r> {
    kind: &'r str,
    recipient: &'r str,
    group: usize,
}

#[derive(Serialize)]
struct Groups {
    needed: usize,
    of: usize,
    open: usize,
}

#[derive(Serialize)]
pub(super) struct Problem<'r> {
    rule: &'static str,
    severity: Severity,
    path: Cow<'r, str>,
    key: Option<&'r str>,
    start: Option<Position>,
    end: Option<Position>,
    message: &'r str,
    consequence: Option<&'r str>,
    help: &'r str,
    commands: &'r [String],
    related: Vec<Related<'r>>,
    fingerprint: &'r str,
}

#[derive(Serialize)]
struct Related<'r> {
    start: Position,
    message: &'r str,
}

#[derive(Serialize)]
struct Skipped<'r> {
    rule: &'static str,
    path: Cow<'r, str>,
    reason: &'r str,
}

impl<'r> Root<'r> {
    fn of(report: &'r Report) -> Self {
        Self {
            schema: "sopsguard.report/1",
            tool: Tool {
                name: "sopsguard",
                version: env!("CARGO_PKG_VERSION"),
            },
            command: report.command.name(),
            files: report.files.iter().map(File::of).collect(),
            findings: report.findings.iter().map(Problem::of).collect(),
            not_evaluated: report.not_evaluated.iter().map(Skipped::of).collect(),
            base: report.compared_with.as_ref().map(Base::of),
            unsearched: report.unsearched,
            notices: &report.notices,
            warnings: &report.warnings,
            summary: report.summary(),
        }
    }
}

impl<'r> Base<'r> {
    pub(super) fn of(base: &'r ComparedWith) -> Self {
        let commits = base.commits.iter().map(|commit| Commit {
            revision: &commit.revision,
            id: &commit.id,
        });
        Self {
            commits: commits.collect(),
            reason: base.lacking.as_ref().map(|lacking| lacking.reason),
        }
    }
}

impl<'r> File<'r> {
    pub(super) fn of(file: &'r FileReport) -> Self {
        let reason = match &file.verification {
            Verification::NotVerified(reason) => Some(reason.to_string()),
            Verification::NotEncrypted => file.foreign.map(|foreign| foreign.name().to_owned()),
            Verification::Verified | Verification::Failed => None,
        };
        Self {
            path: file.path.to_string_lossy(),
            format: file.format.name(),
            documents: file.documents,
            verification: file.verification.name(),
            reason,
            recipients: &file.recipients,
            keys: file.openers.iter().map(Key::of).collect(),
            groups: Groups::of(&file.verification),
            unreadable_by: &file.unreadable_by,
        }
    }
}

impl<'r> Key<'r> {
    fn of(key: &'r Opener) -> Self {
        Self {
            kind: &key.kind,
            recipient: &key.name,
            group: key.group,
        }
    }
}

impl Groups {
    fn of(verification: &Verification) -> Option<Self> {
        match *verification {
            Verification::NotVerified(Reason::TooFewGroups {
                needed,
                exist: of,
                opened: open,
            }) => Some(Self { needed, of, open }),
            _ => None,
        }
    }
}

impl<'r> Problem<'r> {
    pub(super) fn of(finding: &'r Finding) -> Self {
        Self {
            rule: finding.rule,
            severity: finding.severity,
            fingerprint: &finding.fingerprint,
            path: finding.location.path.to_string_lossy(),
            key: finding.key.as_deref(),
            start: finding.location.start,
            end: finding.location.end,
            message: &finding.message,
            consequence: finding.consequence.as_deref(),
            help: &finding.help.text,
            commands: &finding.help.commands,
            related: finding.related.iter().map(Related::of).collect(),
        }
    }
}

impl<'r> Related<'r> {
    fn of((start, message): &'r (Position, String)) -> Self {
        let start = *start;
        Self { start, message }
    }
}

impl<'r> Skipped<'r> {
    fn of(skipped: &'r NotEvaluated) -> Self {
        Self {
            rule: skipped.rule,
            path: skipped.path.to_string_lossy(),
            reason: &skipped.reason,
        }
    }
}
