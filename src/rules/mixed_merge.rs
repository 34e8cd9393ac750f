//! `mixed-merge`: one file put together from two versions that sops wrote.

use super::{ChangeContext, Check, Findings, Found, Names, Needs, Rule, remedy};
use crate::finding::{Help, Severity};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    id: "mixed-merge",
    summary: "values of one version stand under the MAC of another one",
    page: include_str!("../../docs/rules/mixed-merge.md"),
    severity: Severity::Error,
    needs: Needs::Metadata,
    check: Check::Change(check),
};

/// What was put together.
pub(super) struct Mixed {
    message: String,
    span: Option<Span>,
}

fn check(context: &ChangeContext<'_>, findings: &mut Findings<'_>) {
    let Some(Mixed { message, span }) = mixed(context) else {
        return;
    };
    let found = Found::new(message).says(
        "one MAC covers all values at one time: sops refuses the whole file, \"MAC mismatch\" or \
         \"message authentication failed\"",
    );
    let found = match span {
        Some(span) => found.at(span),
        None => found.key_named("sops.mac"),
    };
    findings.report(found.help(help(context)));
}

/// Whether the file mixes versions; then another rule need not say that it was edited.
pub(super) fn mixed(context: &ChangeContext<'_>) -> Option<Mixed> {
    let change = context.change;
    let revision = context.base.revision;
    if change.has_mac_of_other_time() {
        let message = format!("`mac` is that of `{revision}`, `lastmodified` is not");
        let span = change.time_span();
        return Some(Mixed { message, span });
    }
    let foreign = change.mixed_with(context.others);
    let span = change.now().span(*foreign.first()?);
    let names = Names::of(foreign.into_iter().map(|id| change.now().path(id)));
    let message =
        format!("`mac` is that of `{revision}`, another side's are the values of {names}");
    Some(Mixed {
        message,
        span: Some(span),
    })
}

fn help(context: &ChangeContext<'_>) -> Help {
    if context.others.is_empty() {
        return context.bring_back_then_edit(
            "take one version whole, then make the other one's edits inside sops",
        );
    }
    let word = remedy::word(context.file.path);
    context
        .bring_back_then_edit(
            "take one side whole, such as this, then make the other's edits inside sops",
        )
        .then(format!("git add -- {word}"))
}
