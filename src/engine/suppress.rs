//! Suppressions: findings that the user has decided to live with.
//!
//! They are a stage of their own, after all rules and before every reporter, so that a rule never
//! knows of them and the count of what was taken away is always reported.

use std::path::PathBuf;

use crate::finding::Finding;

/// One rule silenced for one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The rule's id.
    pub rule: String,
    /// The file, spelled as the report spells it.
    pub path: PathBuf,
}

impl Suppression {
    fn covers(&self, finding: &Finding) -> bool {
        self.rule == finding.rule && self.path == finding.location.path
    }
}

/// Takes away the findings that a suppression covers; returns the rest in their order, and how many
/// went.
pub(super) fn apply(findings: Vec<Finding>, suppressions: &[Suppression]) -> (Vec<Finding>, usize) {
    let before = findings.len();
    let kept: Vec<Finding> = findings
        .into_iter()
        .filter(|finding| {
            !suppressions
                .iter()
                .any(|suppression| suppression.covers(finding))
        })
        .collect();
    let suppressed = before - kept.len();
    (kept, suppressed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Help, Location, Severity};

    fn finding(rule: &'static str, path: &str) -> Finding {
        Finding {
            rule,
            severity: Severity::Error,
            location: Location {
                path: path.into(),
                start: None,
                end: None,
            },
            key: None,
            message: String::new(),
            consequence: None,
            help: Help::default(),
            related: Vec::new(),
            snippet: None,
        }
    }

    #[test]
    fn keeps_everything_without_suppressions() {
        let findings = vec![finding("a", "x"), finding("b", "y")];
        assert_eq!(apply(findings.clone(), &[]), (findings, 0));
    }

    #[test]
    fn takes_only_the_rule_and_the_file_named() {
        let findings = vec![finding("a", "x"), finding("a", "y"), finding("b", "x")];
        let suppressions = [Suppression {
            rule: "a".to_owned(),
            path: "x".into(),
        }];
        let (kept, suppressed) = apply(findings, &suppressions);
        assert_eq!(kept, [finding("a", "y"), finding("b", "x")]);
        assert_eq!(suppressed, 1);
    }
}
