//! `undecryptable-value`: a value, or the data key itself, that the key at hand does not open.

use super::{Check, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::finding::{Help, Severity};
use crate::sops::{ProblemKind, Undecryptable};
use crate::source::Span;

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
        let found = Found::problem(problem).says(says(cause));
        findings.report(found.help(help(context, cause, problem.span)));
    }
}

fn says(cause: &Undecryptable) -> &'static str {
    match cause {
        Undecryptable::Rejected | Undecryptable::WrongShare => {
            "sops refuses the whole file: \"cipher: message authentication failed\""
        }
        Undecryptable::NotOfItsType { .. } | Undecryptable::CommentOfOtherType { .. } => {
            "sops refuses the whole file: \"Could not decrypt value\""
        }
        Undecryptable::CommentNotText => "sops crashes on the file",
        Undecryptable::NotFinite => "sops refuses the file: \"Error marshaling to json\"",
        Undecryptable::DataKey | Undecryptable::Shares | Undecryptable::DataKeyLength { .. } => {
            "sops does not get the data key, and refuses the file"
        }
    }
}

fn help(context: &FileContext<'_>, cause: &Undecryptable, span: Option<Span>) -> Help {
    match cause {
        Undecryptable::Rejected => {
            remedy::encoding(context, span).unwrap_or_else(|| remedy::undo_then_edit(context, ""))
        }
        Undecryptable::NotOfItsType { .. }
        | Undecryptable::CommentNotText
        | Undecryptable::NotFinite
        | Undecryptable::CommentOfOtherType { .. } => remedy::undo_then_edit(context, ""),
        Undecryptable::DataKey
        | Undecryptable::Shares
        | Undecryptable::WrongShare
        | Undecryptable::DataKeyLength { .. } => {
            remedy::undo(context, "the `enc` of a recipient was cut or exchanged; ")
        }
    }
}
