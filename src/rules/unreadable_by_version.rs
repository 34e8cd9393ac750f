//! `unreadable-by-version`: a sound file that some version of sops cannot read all the same.

use super::{Check, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "unreadable-by-version",
    summary: "some version of sops cannot read the file",
    page: include_str!("../../docs/rules/unreadable-by-version.md"),
    severity: Severity::Note,
    needs: Needs::Key,
    check: Check::File(check),
};

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    if context.unreadable_by.is_empty() {
        return;
    }
    let versions = context.unreadable_by.join(", ");
    let message = format!(
        "sops {versions} fails on this file with a MAC mismatch, because a value or an item in it \
         is an encrypted comment"
    );
    let help = Help::new("read it with another version of sops, or take comments out of its lists")
        .then(remedy::sops("edit", context));
    findings.report(Found::new(message).help(help));
}
