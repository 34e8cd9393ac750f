//! `replayed-version`: an older version of the file is back.

use super::{ChangeContext, Check, Findings, Found, Needs, Past, Rule, remedy};
use crate::change::{Change, Recipient, Version};
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "replayed-version",
    summary: "an older version of the file is back",
    page: include_str!("../../docs/rules/replayed-version.md"),
    severity: Severity::Note,
    needs: Needs::Metadata,
    check: Check::Change(check),
};

/// The most recipients that a finding names.
const MAX_NAMED: usize = 3;

fn check(context: &ChangeContext<'_>, findings: &mut Findings<'_>) {
    let Past::Again(commit, version) = context.past else {
        return;
    };
    let change = context.change;
    let back = brought_back(change, version);
    let has_old_key = !change.shares_data_key();
    let what = match (back.as_slice(), has_old_key) {
        ([], false) => String::new(),
        ([], true) => ", and so is the data key of then".to_owned(),
        (back, _) => format!(", and so is {}", shown(back)),
    };
    let found = Found::new(format!("the file is again what it was in {commit}{what}"))
        .key_named("sops.lastmodified")
        .says(consequence(&back, has_old_key));
    let found = match change.time_span() {
        Some(span) => found.at(span),
        None => found,
    };
    let found = if back.is_empty() && !has_old_key {
        found
    } else {
        found.severity(Severity::Warning)
    };
    findings.report(found.help(help(context, &back, has_old_key)));
}

/// The recipients that the older version had and the base has not.
fn brought_back<'v>(change: &Change<'v>, version: &Version) -> Vec<&'v Recipient> {
    let mut added = change.recipients_added();
    added.retain(|recipient| version.has_recipient(recipient));
    added
}

fn shown(recipients: &[&Recipient]) -> String {
    let named = recipients.iter().take(MAX_NAMED);
    let named: Vec<String> = named
        .map(|recipient| format!("`{}`", recipient.shown))
        .collect();
    let named = named.join(", ");
    match recipients.len().saturating_sub(MAX_NAMED) {
        0 => format!("{named} as a recipient"),
        more => format!("{named} and {more} more as recipients"),
    }
}

fn consequence(back: &[&Recipient], has_old_key: bool) -> &'static str {
    if !back.is_empty() {
        "an old version verifies as well as the new one; who was taken out reads it again"
    } else if has_old_key {
        "an old version verifies as well as the new one; who kept the old data key reads it again, and \
         versions to come"
    } else {
        "an old version verifies as well as the new one; what was changed since is undone"
    }
}

fn help(context: &ChangeContext<'_>, back: &[&Recipient], has_old_key: bool) -> Help {
    if back.is_empty() && !has_old_key {
        return context.bring_back(
            "nothing is to be done where it is meant, as after `git revert`; else bring the version of \
             before back",
        );
    }
    context
        .bring_back(
            "bring the version of before back; where the old values are wanted, enter them inside sops \
             then, which keeps the recipients and the data key of now",
        )
        .then(remedy::sops("edit", context.file))
}
