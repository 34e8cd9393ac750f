//! By what a finding is known again: in a baseline, and by services that show what is new.
//!
//! A fingerprint is made of the rule, the path from the root, the key, what else the finding is about, such as
//! recipients, and how many findings like it came before. Neither a line nor a value is in it, so it stays when lines move and tells nothing.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::Report;
use crate::finding::Finding;
use crate::paths;

/// Gives each of a run's findings its fingerprint. They are all there and in the order of the report: of
/// two alike, the later one is the second, whatever is suppressed.
pub(super) fn put(findings: &mut [Finding], report: &Report) {
    let mut seen = HashMap::new();
    for finding in findings {
        let path = paths::with_slashes(&report.path_in_root(&finding.location.path));
        let key = finding.key.clone().unwrap_or_default();
        // A finding about another recipient is another finding: who accepted one accepted no other.
        let subject = finding.subject.iter().cloned();
        let parts = [finding.rule.to_owned(), path, key].into_iter();
        let parts: Vec<String> = parts.chain(subject).collect();
        let before: &mut usize = seen.entry(parts.clone()).or_default();
        finding.fingerprint = of(&parts, *before);
        *before += 1;
    }
}

fn of(parts: &[String], before: usize) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.update(before.to_be_bytes());
    let bytes = hash.finalize();
    let bytes = bytes.iter().take(16);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Help, Location, Severity};

    fn fingerprint(subject: Option<&str>) -> String {
        let finding = Finding {
            rule: "untrusted-recipient",
            severity: Severity::Error,
            location: Location {
                path: "a".into(),
                start: None,
                end: None,
            },
            key: None,
            message: String::new(),
            consequence: None,
            help: Help::default(),
            related: Vec::new(),
            snippet: None,
            subject: subject.map(str::to_owned),
            fingerprint: String::new(),
        };
        let mut findings = [finding];
        put(&mut findings, &Report::default());
        let [finding] = findings;
        finding.fingerprint
    }

    #[test]
    fn who_accepted_one_recipient_accepted_no_other() {
        let of = ["eve", "mallory", ""].map(|name| fingerprint(Some(name)));
        assert_ne!(of[0], of[1]);
        assert!(!of.contains(&fingerprint(None)));
        assert_eq!(of[0], fingerprint(Some("eve")));
    }
}
