//! `malformed-metadata`: a `sops` mapping that sops cannot make sense of.

use std::path::Path;

use super::{Check, FileContext, Findings, Needs, Rule, remedy};
use crate::finding::Severity;
use crate::sops::{MalformedMetadata, ProblemKind};

pub(super) static RULE: Rule = Rule {
    id: "malformed-metadata",
    severity: Severity::Error,
    needs: Needs::Document,
    check: Check::File(check),
};

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    for (problem, cause) in context.problems(|kind| match kind {
        ProblemKind::Metadata(cause) => Some(cause),
        _ => None,
    }) {
        findings.add_problem(problem, help(context.path, cause));
    }
}

fn help(path: &Path, cause: &MalformedMetadata) -> String {
    match cause {
        MalformedMetadata::WrongType {
            field: "lastmodified",
            found: "time",
            ..
        } => "quote the time, as sops does: `lastmodified: \"2026-01-31T12:00:00Z\"`".to_owned(),
        MalformedMetadata::SeveralSelectors { first, second } => format!(
            "keep the one of `{first}` and `{second}` that the file was encrypted with, or {}",
            remedy::undo(path)
        ),
        _ => format!("only sops writes the `sops` block; {}", remedy::undo(path)),
    }
}
