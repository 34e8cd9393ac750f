//! `plaintext-value`: a secret in clear where the selectors say that it is encrypted.

use std::path::Path;

use super::{Check, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::finding::{Help, Severity};
use crate::sops::{PlaintextValue, ProblemKind};

pub(super) static RULE: Rule = Rule {
    id: "plaintext-value",
    summary: "a value that should be encrypted stands in clear",
    page: include_str!("../../docs/rules/plaintext-value.md"),
    severity: Severity::Error,
    needs: Needs::Metadata,
    check: Check::File(check),
};

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    for (problem, cause) in context.problems(|kind| match kind {
        ProblemKind::Plaintext(cause) => Some(cause),
        _ => None,
    }) {
        let found = Found::problem(problem);
        findings.report(found.says(says(cause)).help(help(context.path)));
    }
}

fn says(cause: &PlaintextValue) -> &'static str {
    match cause {
        PlaintextValue::NotAString { .. } => {
            "sops refuses the whole file: \"Expected encrypted value as string\""
        }
        PlaintextValue::Text => {
            "sops refuses the whole file: \"does not match sops' data format\", and prints the value \
             with it, into the log of whatever deploys"
        }
    }
}

fn help(path: &Path) -> Help {
    let text = "once it is committed, git's history keeps the value: take it for known, and change it \
                where it is used; go back to a sound version of the file, then enter the new value \
                inside sops";
    remedy::go_back(path, text).then(format!("sops edit {}", remedy::argument(path)))
}
