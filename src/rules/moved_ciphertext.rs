//! `moved-ciphertext`: a token under other keys than those that it was written for.

use super::{ChangeContext, Check, Findings, Found, MAX_FINDINGS, Needs, Rule};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    id: "moved-ciphertext",
    summary: "an encrypted value stands under another key than in the base",
    page: include_str!("../../docs/rules/moved-ciphertext.md"),
    severity: Severity::Error,
    needs: Needs::Metadata,
    check: Check::Change(check),
};

fn check(context: &ChangeContext<'_>, findings: &mut Findings<'_>) {
    let change = context.change;
    let moved = change
        .moved_tokens()
        .filter(|(_, now)| !context.comes_from_other(*now));
    for (base, now) in moved.take(MAX_FINDINGS) {
        let (was, is) = (change.base().path(base), change.now().path(now));
        let revision = context.base.revision;
        let text = "bring the version of before back, then rename or move the key inside sops";
        findings.report(
            Found::new(format!(
                "the token of `{was}` in `{revision}` stands under `{is}`"
            ))
            .at(change.now().span(now))
            .key(&is)
            .says(
                "sops refuses the whole file, \"message authentication failed\": a token opens \
                     under the key only that it was written for",
            )
            .help(context.bring_back_then_edit(text)),
        );
    }
}
