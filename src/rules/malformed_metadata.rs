//! `malformed-metadata`: a `sops` mapping that sops cannot make sense of.

use std::path::Path;

use super::{Check, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::finding::{Help, Severity};
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
        let says = "sops, KSOPS and Flux refuse the file before they look at any value";
        let found = Found::problem(problem).says(says);
        findings.report(found.help(help(context.path, cause)));
    }
    if let Some(span) = context.refused_version {
        let message = "the `sops` command refuses a file without a `version` of the form `3.13.3`; \
                       sops's library, which KSOPS and Flux use, reads it";
        let help = "put the line back that says which sops wrote the file, as in `version: \
                    3.13.3`: the MAC does not cover it";
        let found = Found::new(message).at(span).key_named("sops.version");
        findings.report(found.severity(Severity::Warning).help(Help::new(help)));
    }
}

fn help(path: &Path, cause: &MalformedMetadata) -> Help {
    match cause {
        MalformedMetadata::WrongType {
            field: "lastmodified",
            found: "time",
            ..
        } => Help::new(
            "put the time that stands there in double quotes, as sops writes it: it is part of the \
             MAC, so do not change it",
        ),
        MalformedMetadata::SeveralSelectors { first, second } => remedy::go_back(
            path,
            format!(
                "keep the one of `{first}` and `{second}` that the file was encrypted with, or go \
                 back to a sound version of the file"
            ),
        ),
        _ => remedy::go_back(
            path,
            "only sops writes the `sops` block; go back to a sound version of the file",
        ),
    }
}
