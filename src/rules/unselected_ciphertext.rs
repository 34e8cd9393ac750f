//! `unselected-ciphertext`: a token where the selectors leave values in clear.

use super::{Check, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    id: "unselected-ciphertext",
    summary: "an encrypted value stands where the selectors leave all in clear",
    page: include_str!("../../docs/rules/unselected-ciphertext.md"),
    severity: Severity::Error,
    needs: Needs::Metadata,
    check: Check::File(check),
};

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    for place in context.unselected {
        let (what, says) = if place.is_comment {
            (
                "comment",
                "sops does not decrypt it: nobody reads the comment any more",
            )
        } else {
            (
                "value",
                "sops does not decrypt it: what uses the file gets the token itself for its value",
            )
        };
        let message =
            format!("an encrypted {what} stands where the file's selectors leave all in clear");
        let found = Found::new(message)
            .at(place.span)
            .key(&place.path)
            .says(says);
        let found = if place.is_comment {
            found.severity(Severity::Warning)
        } else {
            found
        };
        let metadata = remedy::metadata(context.format);
        let why = format!("it was moved here, or the selectors in {metadata} were edited; ");
        findings.report(found.help(remedy::undo_then_edit(context, &why)));
    }
}
