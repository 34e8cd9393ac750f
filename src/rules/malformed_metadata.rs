//! `malformed-metadata`: a `sops` mapping that sops cannot make sense of.

use std::path::Path;

use super::{Check, FileContext, Findings, Needs, Rule, remedy};
use crate::finding::Severity;
use crate::sops::{MalformedMetadata, ProblemKind};

pub(super) static RULE: Rule = Rule {
    id: "malformed-metadata",
    summary: "the `sops` block makes no sense",
    page: include_str!("../../docs/rules/malformed-metadata.md"),
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
    if let Some(span) = context.refused_version {
        let message =
            "the `sops` command refuses a file without a `version` of the form `3.13.3`; \
                       sops's library, which KSOPS and Flux use, reads it"
                .to_owned();
        let help =
            "put the line back that says which sops wrote the file, as in `version: 3.13.3`: \
                    the MAC does not cover it"
                .to_owned();
        findings.warn(span, "sops.version", message, help);
    }
}

fn help(path: &Path, cause: &MalformedMetadata) -> String {
    match cause {
        MalformedMetadata::WrongType {
            field: "lastmodified",
            found: "time",
            ..
        } => {
            "put the time that stands there in double quotes, as sops writes it: it is part of the \
             MAC, so do not change it"
                .to_owned()
        }
        MalformedMetadata::SeveralSelectors { first, second } => format!(
            "keep the one of `{first}` and `{second}` that the file was encrypted with, or {}",
            remedy::undo(path)
        ),
        _ => format!("only sops writes the `sops` block; {}", remedy::undo(path)),
    }
}
