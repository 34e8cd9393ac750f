//! `recipient-added`: somebody can open a file who could not.

use super::{ChangeContext, Check, Findings, Found, MAX_FINDINGS, Needs, Rule};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    id: "recipient-added",
    summary: "a key opens the file that did not open the base",
    page: include_str!("../../docs/rules/recipient-added.md"),
    severity: Severity::Warning,
    needs: Needs::Metadata,
    check: Check::Change(check),
};

fn check(context: &ChangeContext<'_>, findings: &mut Findings<'_>) {
    let added = context.change.recipients_added();
    let is_new = |recipient: &&crate::change::Recipient| {
        !context
            .others
            .iter()
            .any(|other| other.base().has_recipient(recipient))
    };
    for recipient in added.into_iter().filter(is_new).take(MAX_FINDINGS) {
        let shown = context.told(recipient);
        let revision = context.base.revision;
        let text = "nothing is to be done where it is meant; else bring the version of before back, \
                    and where it was pushed, rotate the data key and change the values at their source";
        findings.report(
            Found::new(format!(
                "{shown} is a recipient, and was none in `{revision}`"
            ))
            .at(recipient.span)
            .keys([recipient.shown.as_str()])
            .says("who holds that key reads all values, and the MAC does not cover who does")
            .help(context.bring_back(text)),
        );
    }
}
