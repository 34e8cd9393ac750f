//! The report as workflow commands, which GitHub shows beside the lines of a change.
//!
//! A runner obeys each line that begins with `::`, so every line here is put together of words of ours and
//! of text in which `%`, line ends and, in properties, `:` and `,` are encoded as the runner decodes
//! them. It shows ten annotations of a step, so the errors come first and the rest is counted.

use std::io::{self, Write};

use super::escape;
use super::services::{by_severity, counts, levels, lines, path, plural};
use crate::engine::Report;
use crate::finding::{Finding, Severity};

/// How many annotations are printed.
const SHOWN: usize = 10;

/// Writes `report` as at most ten workflow commands, what is left out in one line, and the counts.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn github(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let findings = by_severity(report);
    let (shown, rest) = findings.split_at(findings.len().min(SHOWN));
    for finding in shown {
        annotate(report, finding, out)?;
    }
    if !rest.is_empty() {
        let levels: Vec<String> = levels(rest.iter().copied()).collect();
        writeln!(
            out,
            "{} not shown here ({}); `--format human` prints all",
            plural(rest.len(), "more finding"),
            levels.join(", ")
        )?;
    }
    writeln!(out, "{}", counts(report))
}

fn annotate(report: &Report, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let file = escape::text(&path(report, &finding.location.path));
    write!(out, "::{command} file={}", property(&file))?;
    if let Some(start) = finding.location.start {
        write!(out, ",line={}", start.line)?;
        let end = finding.location.end.filter(|end| *end > start);
        match end {
            Some(end) if end.line != start.line => write!(out, ",endLine={}", end.line)?,
            // Columns are for a place in one line.
            Some(end) => write!(out, ",col={},endColumn={}", start.column, end.column)?,
            None => write!(out, ",col={}", start.column)?,
        }
    }
    let title = property(finding.rule);
    writeln!(out, ",title={title}::{}", data(&lines(finding).join("\n")))
}

/// The text of a command, as the runner decodes it.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a command, as the runner decodes it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_and_text_are_encoded_as_the_runner_decodes_them() {
        assert_eq!(data("a%b\r\nc:d,e"), "a%25b%0D%0Ac:d,e");
        assert_eq!(property("a%3A\n::d,e"), "a%253A%0A%3A%3Ad%2Ce");
    }
}
