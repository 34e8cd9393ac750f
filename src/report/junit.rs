//! The report as JUnit's XML, which most services for tests show: a suite a file, a case a rule.
//!
//! A rule that found errors is a failed case; warnings and notes are the output of one that passed, as
//! the exit code does not count them either. What was not evaluated is skipped, with the reason.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use super::escape;
use super::services::{self, lines};
use crate::engine::{Command, Report, Verification};
use crate::finding::{Finding, Severity};

/// Writes `report` as one XML document.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn junit(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let suites = suites(report);
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    let counts = counts(suites.values().flatten());
    writeln!(out, r#"<testsuites name="sopsguard" {counts}>"#)?;
    for (path, cases) in &suites {
        write_suite(&services::path(report, path), cases, out)?;
    }
    writeln!(out, "</testsuites>")
}

/// What became of one rule on one file, or of the file as a whole.
struct Case<'r> {
    name: &'r str,
    outcome: Outcome<'r>,
}

enum Outcome<'r> {
    Passed,
    Found(Vec<&'r Finding>),
    Skipped(String),
}

/// The cases of all files, by path.
fn suites(report: &Report) -> BTreeMap<&Path, Vec<Case<'_>>> {
    let mut suites: BTreeMap<&Path, Vec<Case<'_>>> = BTreeMap::new();
    for file in &report.files {
        let cases = suites.entry(&file.path).or_default();
        let (name, outcome) = match report.command {
            Command::Check => ("sops decrypts it", verdict(&file.verification)),
            Command::Audit => ("audit", Outcome::Passed),
        };
        cases.push(Case { name, outcome });
    }
    for skipped in &report.not_evaluated {
        let outcome = Outcome::Skipped(escape::text(&skipped.reason));
        let name = skipped.rule;
        let cases = suites.entry(&skipped.path).or_default();
        cases.push(Case { name, outcome });
    }
    let mut found: BTreeMap<(&Path, &str), Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        let place = (finding.location.path.as_path(), finding.rule);
        found.entry(place).or_default().push(finding);
    }
    for ((path, name), findings) in found {
        let outcome = Outcome::Found(findings);
        suites.entry(path).or_default().push(Case { name, outcome });
    }
    suites
}

/// What sops makes of a file.
fn verdict<'r>(verification: &Verification) -> Outcome<'r> {
    match verification {
        Verification::Verified => Outcome::Passed,
        Verification::NotVerified(reason) => Outcome::Skipped(escape::text(&reason.to_string())),
        // What is wrong is a case of the rule that found it, unless the policy accepts it.
        Verification::Failed => Outcome::Skipped("sops refuses it".to_owned()),
        Verification::NotEncrypted => Outcome::Skipped("it has no sops metadata".to_owned()),
    }
}

fn write_suite(path: &str, cases: &[Case<'_>], out: &mut dyn Write) -> io::Result<()> {
    let path = attribute(path);
    let counts = counts(cases);
    writeln!(out, r#"  <testsuite name="{path}" {counts}>"#)?;
    for case in cases {
        case.write(&path, out)?;
    }
    writeln!(out, "  </testsuite>")
}

/// How many cases there are and what became of them, as attributes.
fn counts<'c, 'r: 'c>(cases: impl IntoIterator<Item = &'c Case<'r>>) -> String {
    let (mut tests, mut failures, mut skipped) = (0, 0, 0);
    for case in cases {
        tests += 1;
        failures += usize::from(case.has_failed());
        skipped += usize::from(case.is_skipped());
    }
    format!(r#"tests="{tests}" failures="{failures}" errors="0" skipped="{skipped}""#)
}

impl Case<'_> {
    fn has_failed(&self) -> bool {
        match &self.outcome {
            Outcome::Found(findings) => findings
                .iter()
                .any(|finding| finding.severity == Severity::Error),
            Outcome::Passed | Outcome::Skipped(_) => false,
        }
    }

    fn is_skipped(&self) -> bool {
        matches!(self.outcome, Outcome::Skipped(_))
    }

    fn write(&self, path: &str, out: &mut dyn Write) -> io::Result<()> {
        let name = attribute(self.name);
        let start = format!(r#"    <testcase name="{name}" classname="{path}" file="{path}""#);
        match &self.outcome {
            Outcome::Passed => writeln!(out, "{start}/>"),
            Outcome::Skipped(why) => {
                let why = attribute(why);
                writeln!(out, r#"{start}><skipped message="{why}"/></testcase>"#)
            }
            Outcome::Found(findings) => self.write_found(&start, findings, out),
        }
    }

    fn write_found(
        &self,
        start: &str,
        findings: &[&Finding],
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let told: Vec<String> = findings.iter().map(|finding| told(finding)).collect();
        let told = content(&told.join("\n\n"));
        let line = findings.iter().find_map(|finding| finding.location.start);
        let line = line.map_or(String::new(), |line| format!(r#" line="{}""#, line.line));
        if !self.has_failed() {
            return writeln!(
                out,
                "{start}{line}><system-out>{told}</system-out></testcase>"
            );
        }
        let worst = findings.iter().min_by_key(|finding| finding.severity);
        let message = worst.map_or(String::new(), |finding| attribute(&finding.message));
        writeln!(
            out,
            r#"{start}{line}><failure type="error" message="{message}">{told}</failure></testcase>"#
        )
    }
}

/// A finding in lines, the place and the level first.
fn told(finding: &Finding) -> String {
    let level = finding.severity.name();
    let place = match finding.location.start {
        Some(start) => format!("{level} at {}:{}", start.line, start.column),
        None => level.to_owned(),
    };
    let place = match &finding.key {
        Some(key) => format!("{place}, {}", escape::text(key)),
        None => place,
    };
    format!("{place}\n{}", lines(finding).join("\n"))
}

/// Text between two tags.
fn content(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if is_xml(c) => out.push(c),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
    out
}

/// Text between two quotes, where parsers take line ends and tabs for spaces.
fn attribute(text: &str) -> String {
    content(&escape::text(text)).replace('"', "&quot;")
}

/// Whether XML 1.0 can hold a character at all.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_replaced_and_what_it_takes_for_marks_is_escaped() {
        assert_eq!(
            content("a]]>&<b\u{1}\u{ffff}"),
            "a]]&gt;&amp;&lt;b\u{fffd}\u{fffd}"
        );
        assert_eq!(attribute("\"a'\n\u{202e}"), "&quot;a'\\n\\u{202e}");
    }
}
