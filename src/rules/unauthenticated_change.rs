//! `unauthenticated-change`: a change that the MAC does not cover.

use super::{ChangeContext, Check, Findings, Found, Needs, Rule, Tale};
use crate::change::{Change, Difference};
use crate::finding::Severity;
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    id: "unauthenticated-change",
    summary: "something changed that the MAC does not cover",
    page: include_str!("../../docs/rules/unauthenticated-change.md"),
    severity: Severity::Warning,
    needs: Needs::Metadata,
    check: Check::Change(check),
};

fn check(context: &ChangeContext<'_>, findings: &mut Findings<'_>) {
    settings(context, findings);
    let change = context.change;
    let is_any_sides = context.others.iter().any(Change::is_same_to_the_mac);
    if !change.is_same_to_the_mac() || is_any_sides {
        return;
    }
    structure(context, findings);
    comments(context, findings);
}

/// Settings that were edited as text.
fn settings(context: &ChangeContext<'_>, findings: &mut Findings<'_>) {
    let settings = context.change.settings();
    let others: Vec<_> = context.others.iter().map(Change::settings).collect();
    let mut report = |span: Option<Span>, from_other: bool, what: &str, so: &'static str| {
        let Some(span) = span.filter(|_| !from_other) else {
            return;
        };
        let message = format!(
            "{what} changed outside sops since `{}`",
            context.base.revision
        );
        let text = "bring the version of before back; where it is meant, decrypt the file and encrypt \
                    it anew under the rule that is to count";
        findings.report(
            Found::new(message)
                .at(span)
                .says(so)
                .help(context.bring_back(text)),
        );
    };
    // What the MAC covers enters it: where it was not written anew, another rule tells.
    let is_told = context.change.has_same_mac() && context.change.has_other_mac_scope();
    report(
        settings.selectors.filter(|_| !is_told),
        others.iter().any(|other| other.selectors.is_none()),
        "what is encrypted, and what the MAC covers,",
        "the next edit with sops writes by it in clear what was encrypted, or the other way round",
    );
    report(
        settings.threshold,
        others.iter().any(|other| other.threshold.is_none()),
        "the number of key groups that are needed",
        "the shares of the data key are still those of before: sops puts the wrong number of them \
         together and opens nothing, or asks for more than are needed",
    );
    report(
        settings.groups,
        others.iter().any(|other| other.groups.is_none()),
        "the groups of keys",
        "the shares of the data key are still those of before, each for the group that it was made for",
    );
}

/// Keys of values in clear, empty values, the ends of clear values, empty documents.
fn structure(context: &ChangeContext<'_>, findings: &mut Findings<'_>) {
    let change = context.change;
    let is_told = |difference: &Difference| {
        let is_moved_token = match *difference {
            // A rule of its own says it.
            Difference::Moved { base, now } => change.is_moved_token(base, now),
            _ => false,
        };
        !is_moved_token && change.is_covered(*difference)
    };
    let differences: Vec<Difference> = change.differences().filter(is_told).collect();
    let first = differences.iter().find_map(|difference| match *difference {
        Difference::Moved { now, .. }
        | Difference::Changed { now, .. }
        | Difference::Added { now } => Some(now),
        Difference::Removed { .. } => None,
    });
    let Some(what) = Tale::of(change, differences).into_words() else {
        return;
    };
    let revision = context.base.revision;
    let found = Found::new(format!(
        "changed since `{revision}`, and the MAC does not cover it: {what}"
    ));
    let found = match first {
        Some(id) => found
            .at_clear(change.now().span(id))
            .key(&change.now().path(id)),
        None => match change.mac_span() {
            Some(span) => found.at(span),
            None => found.key_named("sops.mac"),
        },
    };
    let text = "nothing is to be done where it is meant; else bring the version of before back";
    findings.report(
        found
            .says(
                "sops decrypts the file as before: names of clear values, empty values and where one \
                 clear value ends are not authenticated",
            )
            .help(context.bring_back(text)),
    );
}

fn comments(context: &ChangeContext<'_>, findings: &mut Findings<'_>) {
    let change = context.change;
    let comments = change.comments();
    if comments.is_empty() {
        return;
    }
    let encrypted = comments.copied.len() + comments.removed_tokens;
    let place = comments
        .copied
        .iter()
        .chain(&comments.added)
        .next()
        .copied();
    let Some(span) = place.or_else(|| change.mac_span()) else {
        return;
    };
    let (which, severity) = if encrypted > 0 {
        ("encrypted comments", Severity::Warning)
    } else {
        ("comments in clear", Severity::Note)
    };
    let message = format!(
        "{which} changed since `{}`, and the MAC does not cover them",
        context.base.revision
    );
    let text = "nothing is to be done where it is meant; else bring the version of before back";
    findings.report(
        Found::new(message)
            .at_clear(span)
            .severity(severity)
            .says("sops decrypts the file as before, whatever a comment says")
            .help(context.bring_back(text)),
    );
}
