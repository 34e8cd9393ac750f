//! `malformed-ciphertext`: a value that should be encrypted and that no key could open.

use std::path::Path;

use super::{Check, FileContext, Findings, Needs, Rule, remedy};
use crate::finding::Severity;
use crate::sops::{MalformedCiphertext, ProblemKind};

pub(super) static RULE: Rule = Rule {
    id: "malformed-ciphertext",
    summary: "a value that should be encrypted is in clear, or its token is damaged",
    page: include_str!("../../docs/rules/malformed-ciphertext.md"),
    severity: Severity::Error,
    needs: Needs::Metadata,
    check: Check::File(check),
};

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    for (problem, cause) in context.problems(|kind| match kind {
        ProblemKind::Ciphertext(cause) => Some(cause),
        _ => None,
    }) {
        findings.add_problem(problem, help(context.path, cause));
    }
}

fn help(path: &Path, cause: &MalformedCiphertext) -> String {
    match cause {
        MalformedCiphertext::NotAString { .. } | MalformedCiphertext::NotAToken => {
            remedy::undo_then_edit(path)
        }
        MalformedCiphertext::Base64 { .. }
        | MalformedCiphertext::EmptyIv
        | MalformedCiphertext::TooShort
        | MalformedCiphertext::UnknownType
        | MalformedCiphertext::BytesType => {
            format!("the token was cut or retyped; {}", remedy::undo(path))
        }
    }
}
