//! The report as GitLab's Code Quality takes it: one array of issues, which a merge request shows where
//! they are new. GitLab knows an issue again by its fingerprint.

use std::io::{self, Write};

use serde::Serialize;

use super::escape;
use super::services::path;
use crate::engine::Report;
use crate::finding::{Finding, Severity};

/// Writes the findings of `report` as one line-broken JSON array.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn gitlab(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let issues: Vec<Issue<'_>> = report
        .findings
        .iter()
        .map(|finding| Issue::of(report, finding))
        .collect();
    let text = serde_json::to_string_pretty(&issues).map_err(io::Error::other)?;
    writeln!(out, "{}", escape::json(&text))
}

#[derive(Serialize)]
struct Issue<'r> {
    description: String,
    check_name: &'static str,
    fingerprint: &'r str,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

impl<'r> Issue<'r> {
    fn of(report: &Report, finding: &'r Finding) -> Self {
        let message = escape::text(&finding.message);
        let consequence = finding.consequence.as_deref().map(escape::text);
        Self {
            description: match consequence {
                Some(consequence) => format!("{message}; {consequence}"),
                None => message,
            },
            check_name: finding.rule,
            fingerprint: &finding.fingerprint,
            severity: match finding.severity {
                Severity::Error => "critical",
                Severity::Warning => "minor",
                Severity::Note => "info",
            },
            location: Location {
                path: path(report, &finding.location.path),
                lines: Lines {
                    // GitLab wants a line; a finding about the whole file stands at its first.
                    begin: finding.location.start.map_or(1, |start| start.line),
                },
            },
        }
    }
}
