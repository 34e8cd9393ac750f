//! `mac-mismatch`: every value opens, and together they are not what sops wrote.

use std::path::Path;

use super::{Check, FileContext, Findings, Needs, Rule, remedy};
use crate::finding::Severity;
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
        findings.add_problem(problem, help(context.path, cause));
    }
}

fn help(path: &Path, cause: &MacMismatch) -> String {
    match cause {
        MacMismatch::Differs => format!(
            "a value was added, removed, reordered or changed without sops, or the file's selectors \
             were; {}",
            remedy::undo_then_edit(path)
        ),
        MacMismatch::Absent | MacMismatch::Rejected | MacMismatch::NotAString { .. } => {
            remedy::undo_then_edit(path)
        }
    }
}
