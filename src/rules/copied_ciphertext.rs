//! `copied-ciphertext`: one token under two keys of a file, or in two files.

use std::path::Path;

use super::{Check, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::change::Copied;
use crate::finding::{Finding, Location, Severity};
use crate::sops::{CopiedCiphertext, ProblemKind};

pub(super) static RULE: Rule = Rule {
    id: "copied-ciphertext",
    summary: "one encrypted value stands under two keys",
    page: include_str!("../../docs/rules/copied-ciphertext.md"),
    severity: Severity::Error,
    needs: Needs::Metadata,
    check: Check::File(check),
};

/// A token that was copied from the file `original` to the file at `path`.
pub(crate) fn copied_across(path: &Path, copy: &Copied, original: &Path) -> Finding {
    let text = "a value cannot be copied as text: bring the version of before back, then enter the value \
                inside sops";
    let (name, line) = (original.display(), copy.original_at.line);
    Finding {
        rule: RULE.id,
        severity: RULE.severity,
        location: Location {
            path: path.to_owned(),
            start: Some(copy.at),
            end: None,
        },
        key: None,
        message: format!("this encrypted value is that of `{name}:{line}`"),
        consequence: Some(
            "sops refuses the whole file, \"message authentication failed\": a token opens with the \
             data key of its own file only, under the key that it was written for"
                .to_owned(),
        ),
        help: remedy::go_back(path, text).then(format!("sops edit {}", remedy::argument(path))),
        snippet: None,
        related: Vec::new(),
        subject: None,
        fingerprint: String::new(),
    }
}

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
