//! `malformed-ciphertext`: a token so damaged that no key could open it.

use super::{Check, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::finding::{Help, Severity};
use crate::sops::{MalformedCiphertext, ProblemKind};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    id: "malformed-ciphertext",
    summary: "a value's token is damaged, so that no key could open it",
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
        let found = Found::problem(problem);
        findings.report(
            found
                .says(says(cause))
                .help(help(context, cause, problem.span)),
        );
    }
}

fn says(cause: &MalformedCiphertext) -> &'static str {
    match cause {
        MalformedCiphertext::NotAToken => {
            "sops refuses the whole file: \"does not match sops' data format\""
        }
        MalformedCiphertext::Base64 { .. }
        | MalformedCiphertext::EmptyIv
        | MalformedCiphertext::TooShort
        | MalformedCiphertext::UnknownType => {
            "sops refuses the whole file: \"Could not decrypt value\""
        }
        MalformedCiphertext::BytesType => "sops crashes on the file",
    }
}

fn help(context: &FileContext<'_>, cause: &MalformedCiphertext, span: Option<Span>) -> Help {
    if let Some(help) = remedy::encoding(context, span) {
        return help;
    }
    match cause {
        MalformedCiphertext::NotAToken
        | MalformedCiphertext::Base64 { .. }
        | MalformedCiphertext::EmptyIv
        | MalformedCiphertext::TooShort
        | MalformedCiphertext::UnknownType
        | MalformedCiphertext::BytesType => {
            remedy::undo_then_edit(context, "the token was cut or retyped; ")
        }
    }
}
