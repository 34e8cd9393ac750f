//! `downgraded-encryption`: what was encrypted stands in clear.

use super::{ChangeContext, Check, Due, Findings, Found, MAX_FINDINGS, Names, Needs, Rule};
use crate::change::LeafId;
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    id: "downgraded-encryption",
    summary: "a value that is encrypted in the base stands in clear",
    page: include_str!("../../docs/rules/downgraded-encryption.md"),
    severity: Severity::Error,
    needs: Needs::Document,
    check: Check::Change(check),
};

/// What it means where it is pushed.
const EXPOSED: &str = "once it is pushed, everybody who can read the repository reads the value, and git \
                       keeps it";

fn check(context: &ChangeContext<'_>, findings: &mut Findings<'_>) {
    let bared = context.change.bared();
    let bared: Vec<_> = bared
        .filter(|(_, now)| !context.comes_from_other(*now))
        .collect();
    if context.change.now().is_encrypted() {
        for (_, now) in bared.into_iter().take(MAX_FINDINGS) {
            value(context, now, findings);
        }
    } else if context.change.now().is_empty() {
        emptied(context, findings);
    } else if matches!(
        context.file.lacks_metadata,
        None | Some(Due::Rule | Due::Nobody)
    ) {
        // Where the file should be encrypted by its name, or because the user asks, another rule says so.
        file(context, &bared, findings);
    }
}

fn value(context: &ChangeContext<'_>, now: LeafId, findings: &mut Findings<'_>) {
    let path = context.change.now().path(now);
    let revision = context.base.revision;
    let by_selectors = if context.change.has_other_selectors() {
        ": the selectors changed"
    } else {
        ""
    };
    let text = "bring the version of before back; where it was pushed, change the value at its source; where it \
         is no secret and never was, an `[[ignore]]` in `.sopsguard.toml` says so, merged before this change";
    findings.report(
        Found::new(format!(
            "`{path}` stands in clear, in `{revision}` it is encrypted{by_selectors}"
        ))
        .at_clear(context.change.now().span(now))
        .key(&path)
        .says(EXPOSED)
        .help(context.bring_back(text)),
    );
}

fn file(context: &ChangeContext<'_>, bared: &[(LeafId, LeafId)], findings: &mut Findings<'_>) {
    let Some((_, first)) = bared.first() else {
        return;
    };
    let change = context.change;
    let names = Names::of(bared.iter().map(|(_, now)| change.now().path(*now)));
    let revision = context.base.revision;
    let text = "bring the version of before back, then edit it inside sops; where this one was pushed, \
                change the values at their source";
    findings.report(
        Found::new(format!(
            "the file is encrypted in `{revision}` and stands in clear: {names}"
        ))
        .at_clear(change.now().span(*first))
        .key(&change.now().path(*first))
        .says(EXPOSED)
        .help(context.bring_back_then_edit(text)),
    );
}

fn emptied(context: &ChangeContext<'_>, findings: &mut Findings<'_>) {
    let revision = context.base.revision;
    let text = "bring the version of before back; where nobody needs it any more, delete the file";
    findings.report(
        Found::new(format!(
            "the file is encrypted in `{revision}` and has no value now"
        ))
        .says("whatever reads the secret finds nothing")
        .help(context.bring_back(text)),
    );
}
