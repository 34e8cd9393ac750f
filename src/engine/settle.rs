//! What the policy makes of findings: their level, and whether they are told at all.
//!
//! It is a stage of its own, after all rules and before every reporter, so that a rule never knows
//! of it and the count of what was taken away is always reported.

use super::{Report, fingerprint};
use crate::config::Policy;
use crate::finding::Finding;

/// Puts `findings` into the report as the policy has it, each with its fingerprint, and counts those
/// that it takes away.
pub(super) fn apply(mut findings: Vec<Finding>, policy: &Policy, report: &mut Report) {
    fingerprint::put(&mut findings, report);
    let before = findings.len();
    report.findings = findings
        .into_iter()
        .filter_map(|finding| settled(finding, policy))
        .collect();
    report.suppressed = before - report.findings.len();
    report
        .not_evaluated
        .retain(|skipped| policy.is_on(skipped.rule));
}

fn settled(finding: Finding, policy: &Policy) -> Option<Finding> {
    let severity = policy.judge(finding.rule, &finding.location.path, finding.severity)?;
    Some(Finding {
        severity,
        ..finding
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::engine::NotEvaluated;
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
            snippet: None,
            related: Vec::new(),
            subject: None,
            fingerprint: String::new(),
        }
    }

    fn settle(text: &str, findings: &[Finding]) -> Report {
        let here = Path::new("/r");
        let policy = Policy::parse(text, &["a", "b"], here, here).unwrap();
        let mut report = Report::default();
        report
            .not_evaluated
            .extend(["a", "b"].map(|rule| NotEvaluated {
                path: "x".into(),
                rule,
                reason: String::new(),
            }));
        apply(findings.to_vec(), &policy, &mut report);
        report
    }

    #[test]
    fn without_a_policy_findings_stay_as_they_are() {
        let findings = [finding("a", "x"), finding("b", "y")];
        let report = settle("", &findings);
        let rules: Vec<&str> = report.findings.iter().map(|found| found.rule).collect();
        assert_eq!((rules, report.suppressed), (vec!["a", "b"], 0));
        assert_eq!(report.not_evaluated.len(), 2);
    }

    #[test]
    fn what_is_ignored_is_the_rule_and_the_files_that_were_named() {
        let findings = [finding("a", "x"), finding("a", "y"), finding("b", "x")];
        let report = settle("[[ignore]]\nrule='a'\npath='x'\nreason='r'", &findings);
        let left = report.findings.iter();
        let left: Vec<_> = left
            .map(|found| (found.rule, &found.location.path))
            .collect();
        assert_eq!(left, [("a", &"y".into()), ("b", &"x".into())]);
        assert_eq!(report.suppressed, 1);
    }

    #[test]
    fn a_rule_has_the_level_that_was_set_or_none() {
        let report = settle(
            "rules = {a='off', b='note'}",
            &[finding("a", "x"), finding("b", "x")],
        );
        assert_eq!(report.findings.len(), 1);
        assert_eq!(report.findings[0].severity, Severity::Note);
        assert_eq!(report.suppressed, 1);
        assert_eq!(report.not_evaluated.len(), 1);
    }
}
