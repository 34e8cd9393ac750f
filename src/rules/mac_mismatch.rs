//! `mac-mismatch`: every value opens, and together they are not what sops wrote.

use std::path::Path;

use super::{Check, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::finding::{Help, Severity};
use crate::sops::{MacMismatch, ProblemKind};

pub(super) static RULE: Rule = Rule {
    id: "mac-mismatch",
    summary: "values were changed, added or removed without sops",
    page: include_str!("../../docs/rules/mac-mismatch.md"),
    severity: Severity::Error,
    needs: Needs::Key,
    check: Check::File(check),
};

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    for (problem, cause) in context.problems(|kind| match kind {
        ProblemKind::Mac(cause) => Some(cause),
        _ => None,
    }) {
        let found = Found::problem(problem);
        findings.report(found.says(says(cause)).help(help(context.path, cause)));
    }
}

fn says(cause: &MacMismatch) -> &'static str {
    match cause {
        MacMismatch::Differs | MacMismatch::NotAString { .. } => {
            "`sops decrypt`, `sops edit` and KSOPS refuse the file: \"MAC mismatch\""
        }
        MacMismatch::Absent => {
            "`sops decrypt`, `sops edit` and KSOPS refuse the file: \"MAC mismatch. File has no MAC\""
        }
        MacMismatch::Rejected => {
            "`sops decrypt`, `sops edit` and KSOPS refuse the file: \"Cannot decrypt MAC\""
        }
    }
}

fn help(path: &Path, cause: &MacMismatch) -> Help {
    match cause {
        MacMismatch::Differs => {
            let text = "a value was added, removed, reordered or changed without sops, or the \
                        file's selectors were; go back to a sound version, then make the edit \
                        inside sops";
            remedy::go_back(path, text).then(format!("sops edit {}", remedy::argument(path)))
        }
        MacMismatch::Absent | MacMismatch::Rejected | MacMismatch::NotAString { .. } => {
            remedy::undo_then_edit(path)
        }
    }
}
