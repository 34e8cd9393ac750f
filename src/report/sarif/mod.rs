//! The report as SARIF 2.1.0, which GitHub's code scanning and many editors show.
//!
//! Paths are from the root of the repository and percent-encoded, columns count characters, and what was
//! not evaluated or went wrong on the way is a notification of the run.

mod page;
mod shape;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Component, Path};

use shape::{
    ArtifactLocation, Configuration, Descriptor, Driver, Invocation, Location, Log,
    LogicalLocation, Message, Notification, PhysicalLocation, Region, Related, RuleHelp,
    RuleReference, Run, SarifResult, SarifRule, Tool,
};

use super::escape;
use super::services::{lines, plural};
use crate::engine::{NotEvaluated, Report, RuleInfo, catalogue};
use crate::finding::{Finding, Position};

/// What paths are relative to, by the name that GitHub has for it.
const ROOT: &str = "%SRCROOT%";

/// Writes `report` as one line-broken SARIF log with one run.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn sarif(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [run(report)],
    };
    let text = serde_json::to_string_pretty(&log).map_err(io::Error::other)?;
    writeln!(out, "{}", escape::json(&text))
}

fn run(report: &Report) -> Run {
    let root = Message::new("the root of the repository".to_owned());
    Run {
        tool: Tool {
            driver: Driver {
                name: "sopsguard",
                version: env!("CARGO_PKG_VERSION"),
                semantic_version: env!("CARGO_PKG_VERSION"),
                rules: catalogue().map(rule).collect(),
            },
        },
        column_kind: "unicodeCodePoints",
        original_uri_base_ids: BTreeMap::from([(ROOT, BTreeMap::from([("description", root)]))]),
        invocations: [Invocation {
            execution_successful: true,
            tool_execution_notifications: notifications(report),
        }],
        results: report
            .findings
            .iter()
            .map(|finding| result(report, finding))
            .collect(),
    }
}

fn rule(info: RuleInfo) -> SarifRule {
    SarifRule {
        id: info.id,
        short_description: Message::new(info.summary.to_owned()),
        help: RuleHelp {
            text: page::plain(info.page),
            markdown: page::without_links(info.page),
        },
        default_configuration: Configuration {
            level: info.severity.name(),
        },
    }
}

fn result(report: &Report, finding: &Finding) -> SarifResult {
    let path = &finding.location.path;
    let region = finding.location.start.map(|start| {
        let end = finding.location.end.filter(|end| *end > start);
        region(start, end)
    });
    let key = finding.key.as_deref().map(escape::text);
    let logical = key.map(|fully_qualified_name| LogicalLocation {
        fully_qualified_name,
    });
    let fingerprint = finding.fingerprint.clone();
    SarifResult {
        rule_id: finding.rule,
        rule_index: index(finding.rule),
        level: finding.severity.name(),
        message: Message::new(lines(finding).join("\n")),
        locations: [Location {
            physical_location: physical(report, path, region),
            logical_locations: logical.into_iter().collect(),
        }],
        related_locations: related(report, finding),
        partial_fingerprints: BTreeMap::from([
            // The one name under which GitHub looks for it.
            ("primaryLocationLineHash", fingerprint.clone()),
            ("sopsguard/v1", fingerprint),
        ]),
    }
}

fn related(report: &Report, finding: &Finding) -> Vec<Related> {
    let places = finding.related.iter().enumerate();
    let place = |(at, (start, what)): (usize, &(Position, String))| Related {
        id: at,
        message: Message::new(escape::text(what)),
        physical_location: physical(report, &finding.location.path, Some(region(*start, None))),
    };
    places.map(place).collect()
}

/// Which of the tool's rules has this id.
fn index(id: &str) -> Option<usize> {
    catalogue().position(|rule| rule.id == id)
}

fn region(start: Position, end: Option<Position>) -> Region {
    Region {
        start_line: start.line,
        start_column: start.column,
        end_line: end.map(|end| end.line),
        end_column: end.map(|end| end.column),
    }
}

fn physical(report: &Report, path: &Path, region: Option<Region>) -> PhysicalLocation {
    PhysicalLocation {
        artifact_location: ArtifactLocation {
            uri: uri(&report.path_in_root(path)),
            uri_base_id: ROOT,
        },
        region,
    }
}

/// A relative path as the reference that it is in a URI: byte by byte, whatever it is called.
fn uri(path: &Path) -> String {
    let parts = path.components().map(|part| match part {
        Component::RootDir => String::new(),
        part => percent_encoded(part.as_os_str().as_encoded_bytes()),
    });
    parts.collect::<Vec<_>>().join("/")
}

fn percent_encoded(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(*byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// What the run has to say about itself: which rules were not evaluated, and where; what was named and
/// not looked at; what was wrong with the sources of identities.
fn notifications(report: &Report) -> Vec<Notification> {
    let mut by_rule: BTreeMap<(&'static str, &str), Vec<&NotEvaluated>> = BTreeMap::new();
    for skipped in &report.not_evaluated {
        let place = (skipped.rule, skipped.reason.as_str());
        by_rule.entry(place).or_default().push(skipped);
    }
    let skipped = by_rule
        .into_iter()
        .map(|((rule, reason), skipped)| Notification {
            descriptor: Descriptor {
                id: "not-evaluated",
            },
            level: "note",
            message: Message::new(not_evaluated(rule, reason, &skipped)),
            associated_rule: Some(RuleReference {
                id: rule,
                index: index(rule),
            }),
            locations: skipped
                .into_iter()
                .filter(|skipped| !skipped.is_of_all())
                .map(|skipped| Location {
                    physical_location: physical(report, &skipped.path, None),
                    logical_locations: Vec::new(),
                })
                .collect(),
        });
    let said = |level: &'static str, id: &'static str| {
        move |text: &String| Notification {
            descriptor: Descriptor { id },
            level,
            message: Message::new(escape::text(text)),
            associated_rule: None,
            locations: Vec::new(),
        }
    };
    let notices = report.notices.iter().map(said("note", "notice"));
    let warnings = report.warnings.iter().map(said("warning", "identities"));
    skipped.chain(notices).chain(warnings).collect()
}

fn not_evaluated(rule: &str, reason: &str, skipped: &[&NotEvaluated]) -> String {
    let reason = escape::text(reason);
    if skipped.iter().any(|skipped| skipped.is_of_all()) {
        return format!("`{rule}` was not evaluated: {reason}");
    }
    let files = plural(skipped.len(), "file");
    format!("`{rule}` was not evaluated on {files}: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_says_every_byte_of_a_path_and_nothing_in_it_acts() {
        for (path, expected) in [
            ("apps/db.enc.yaml", "apps/db.enc.yaml"),
            ("a b/ü.yaml", "a%20b/%C3%BC.yaml"),
            ("a:b/c?d#e%41", "a%3Ab/c%3Fd%23e%2541"),
            ("../x", "../x"),
            ("javascript:alert(1)", "javascript%3Aalert%281%29"),
        ] {
            assert_eq!(uri(Path::new(path)), expected);
        }
    }
}
