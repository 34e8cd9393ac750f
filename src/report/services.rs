//! What the reporters for services have in common: they show findings beside the files of a
//! repository, and take text for more than text.

use std::path::Path;

use super::escape;
use crate::engine::{Command, Report, Summary};
use crate::finding::{Finding, Severity};
use crate::paths;

/// A path as services know the file: from the root of the repository, with `/`; `.` for all files.
pub(super) fn path(report: &Report, path: &Path) -> String {
    if path == Path::new(".") {
        return ".".to_owned();
    }
    paths::with_slashes(&report.path_in_root(path))
}

/// A finding in lines that are safe to print: what was found, what comes of it, what to do about it, and
/// the commands.
pub(super) fn lines(finding: &Finding) -> Vec<String> {
    let mut lines = vec![escape::text(&finding.message)];
    lines.extend(finding.consequence.as_deref().map(escape::text));
    if !finding.help.text.is_empty() {
        lines.push(format!("help: {}", escape::text(&finding.help.text)));
    }
    let commands = finding.help.commands.iter();
    lines.extend(commands.map(|command| format!("  {}", escape::text(command))));
    lines
}

/// The findings that matter most first, else in their order.
pub(super) fn by_severity(report: &Report) -> Vec<&Finding> {
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// How many files there are and how they are, and how many findings: `4 files: 3 verified, 1 failed, 2
/// errors`.
pub(super) fn counts(report: &Report) -> String {
    let summary = report.summary();
    let Summary { files, .. } = summary;
    let mut parts = Vec::new();
    if report.command == Command::Check {
        parts.push(format!("{} verified", summary.verified));
        let others = [
            (summary.failed, "failed"),
            (summary.not_verified, "not verified"),
            (summary.not_encrypted, "not encrypted"),
        ];
        let others = others.iter().filter(|(count, _)| *count > 0);
        parts.extend(others.map(|(count, word)| format!("{count} {word}")));
    }
    parts.extend(levels(&report.findings));
    if summary.suppressed > 0 {
        parts.push(format!("{} suppressed", summary.suppressed));
    }
    if parts.is_empty() {
        parts.push("nothing found".to_owned());
    }
    format!("{}: {}", plural(files, "file"), parts.join(", "))
}

/// How many findings of each level there are, in words.
pub(super) fn levels<'f>(
    findings: impl IntoIterator<Item = &'f Finding> + Clone,
) -> impl Iterator<Item = String> {
    let levels = [Severity::Error, Severity::Warning, Severity::Note];
    levels.into_iter().filter_map(move |level| {
        let findings = findings.clone().into_iter();
        let count = findings.filter(|found| found.severity == level).count();
        (count > 0).then(|| plural(count, level.name()))
    })
}

pub(super) fn plural(count: usize, word: &str) -> String {
    if count == 1 {
        format!("1 {word}")
    } else {
        format!("{count} {word}s")
    }
}
