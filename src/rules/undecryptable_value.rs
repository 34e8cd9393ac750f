//! `undecryptable-value`: a value, or the data key itself, that the key at hand does not open.

use std::path::Path;

use super::{Check, FileContext, Findings, Needs, Rule, remedy};
use crate::finding::Severity;
use crate::sops::{ProblemKind, Undecryptable};

pub(super) static RULE: Rule = Rule {
    id: "undecryptable-value",
    summary: "the data key does not open a value: it was moved or changed",
    page: include_str!("../../docs/rules/undecryptable-value.md"),
    severity: Severity::Error,
    needs: Needs::Key,
    check: Check::File(check),
};

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    for (problem, cause) in context.problems(|kind| match kind {
        ProblemKind::Undecryptable(cause) => Some(cause),
        _ => None,
    }) {
        findings.add_problem(problem, help(context.path, cause));
    }
}

fn help(path: &Path, cause: &Undecryptable) -> String {
    match cause {
        Undecryptable::Rejected
        | Undecryptable::NotOfItsType { .. }
        | Undecryptable::CommentNotText
        | Undecryptable::CommentOfOtherType { .. } => remedy::undo_then_edit(path),
        Undecryptable::DataKey | Undecryptable::Shares | Undecryptable::DataKeyLength { .. } => {
            format!(
                "the `enc` of a recipient was cut or exchanged; {}",
                remedy::undo(path)
            )
        }
    }
}
