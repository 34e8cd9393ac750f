//! `malformed-metadata`: a `sops` mapping that sops cannot make sense of.

use super::{Check, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::document::Format;
use crate::finding::{Help, Severity};
use crate::sops::{MalformedMetadata, ProblemKind};
use crate::source::Span;

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
        findings.report(found.help(help(context, cause, problem.span)));
    }
    if let Some(span) = context.refused_version {
        let message = "the `sops` command refuses a file without a `version` of the form `3.13.3`; \
                       sops's library, which KSOPS and Flux use, reads it";
        let line = version_line(context.format);
        let help = format!(
            "put the line back that says which sops wrote the file, as in `{line}`: the MAC does not \
             cover it"
        );
        let found = Found::new(message).at(span).key_named("sops.version");
        findings.report(found.severity(Severity::Warning).help(Help::new(help)));
    }
}

/// The version as a file of this format holds it.
fn version_line(format: Format) -> &'static str {
    match format {
        Format::Yaml => "version: 3.13.3",
        Format::Json | Format::Binary => "\"version\": \"3.13.3\"",
        Format::Dotenv => "sops_version=3.13.3",
        Format::Ini => "version = 3.13.3",
    }
}

fn help(context: &FileContext<'_>, cause: &MalformedMetadata, span: Option<Span>) -> Help {
    if let Some(help) = remedy::encoding(context, span) {
        return help;
    }
    match cause {
        MalformedMetadata::WrongType {
            field: "lastmodified",
            found: "time",
            ..
        } => Help::new(
            "put the time that stands there in double quotes, as sops writes it: it is part of the \
             MAC, so do not change it",
        ),
        MalformedMetadata::SeveralSelectors { first, second } => {
            let keep = format!(
                "keep the one of `{first}` and `{second}` that the file was encrypted with"
            );
            let text = format!("{keep}, or go back to a sound version of the file");
            remedy::go_back(context.path, text).or(remedy::only(&keep))
        }
        _ => {
            let metadata = remedy::metadata(context.format);
            remedy::undo(context, &format!("only sops writes {metadata}; "))
        }
    }
}
