//! `copied-ciphertext`: one token under two keys of a file.

use super::{Check, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::finding::Severity;
use crate::sops::{CopiedCiphertext, ProblemKind};

pub(super) static RULE: Rule = Rule {
    id: "copied-ciphertext",
    summary: "one encrypted value stands under two keys",
    page: include_str!("../../docs/rules/copied-ciphertext.md"),
    severity: Severity::Error,
    needs: Needs::Metadata,
    check: Check::File(check),
};

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    for (problem, CopiedCiphertext { span, path }) in context.problems(|kind| match kind {
        ProblemKind::Copied(copied) => Some(copied.as_ref()),
        _ => None,
    }) {
        let found = Found::problem(problem);
        let found = match context.source.map(|source| source.position(span.start())) {
            Some(at) => found.related(at, format!("`{path}` has the same token")),
            None => found,
        };
        let why = "a value cannot be copied as text; ";
        findings.report(
            found
                .says(
                    "sops refuses the whole file, \"message authentication failed\": a token opens \
                     under the key only that it was written for",
                )
                .help(remedy::undo_then_edit(context, why)),
        );
    }
}
