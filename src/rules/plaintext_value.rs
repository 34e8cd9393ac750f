//! `plaintext-value`: a secret in clear where the selectors say that it is encrypted.

use super::{Check, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::finding::{Help, Severity};
use crate::sops::{PlaintextValue, ProblemKind};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    id: "plaintext-value",
    summary: "a value that should be encrypted stands in clear",
    page: include_str!("../../docs/rules/plaintext-value.md"),
    severity: Severity::Error,
    needs: Needs::Metadata,
    check: Check::File(check),
};

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    for (problem, cause) in context.problems(|kind| match kind {
        ProblemKind::Plaintext(cause) => Some(cause),
        _ => None,
    }) {
        let found = match problem.span {
            Some(span) => Found::problem(problem).at_clear(span),
            None => Found::problem(problem),
        };
        findings.report(found.says(says(cause)).help(help(context, problem.span)));
    }
}

fn says(cause: &PlaintextValue) -> &'static str {
    match cause {
        PlaintextValue::NotAString { .. } => {
            "sops refuses the whole file: \"Expected encrypted value as string\""
        }
        PlaintextValue::Text => {
            "sops refuses the whole file: \"does not match sops' data format\", and prints the value \
             with it, into the log of whatever deploys"
        }
    }
}

fn help(context: &FileContext<'_>, span: Option<Span>) -> Help {
    // A line end that sops takes for the whole value is no secret.
    if let Some(help) = span.and_then(|span| remedy::stray_line_end(context, span)) {
        return help;
    }
    let metadata = remedy::metadata(context.format);
    let why = format!(
        "once it is committed, git's history keeps the value: treat it as leaked, and change it \
         where it is used (if it is no secret, the selectors in {metadata} were edited); "
    );
    remedy::undo_then_edit(context, &why)
}
