//! `recipient-dropped`: somebody cannot open a file who could.

use super::{BaseName, ChangeContext, Check, Findings, Found, MAX_FINDINGS, Needs, Rule, remedy};
use crate::change::{Change, Recipient};
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "recipient-dropped",
    summary: "a key does not open the file that opened the base",
    page: include_str!("../../docs/rules/recipient-dropped.md"),
    severity: Severity::Warning,
    needs: Needs::Metadata,
    check: Check::Change(check),
};

fn check(context: &ChangeContext<'_>, findings: &mut Findings<'_>) {
    let change = context.change;
    let Some(span) = change.metadata_span() else {
        return;
    };
    // What one side of a merge has dropped is dropped.
    let everywhere = |recipient: &&Recipient| {
        context
            .others
            .iter()
            .all(|other| other.base().has_recipient(recipient))
    };
    let dropped = change.recipients_dropped().into_iter().filter(everywhere);
    for recipient in dropped.take(MAX_FINDINGS) {
        let (shown, revision) = (context.told(recipient), context.base.revision);
        findings.report(
            Found::new(format!(
                "{shown} is no recipient any more, as it was in `{revision}`"
            ))
            .at(span)
            .keys([recipient.shown.as_str()])
            .says(consequence(change))
            .help(help(context)),
        );
    }
}

fn consequence(change: &Change<'_>) -> &'static str {
    if change.shares_data_key() {
        "its holder cannot open this version; the data key is the one of before, so who kept that \
         opens it all the same, and versions to come"
    } else {
        "its holder cannot open this version, and still opens those of before"
    }
}

fn help(context: &ChangeContext<'_>) -> Help {
    if context.change.shares_data_key() {
        let BaseName { revision, path } = context.base;
        let path = path.display();
        Help::new(format!(
            "where it is meant, rotate the data key; else bring back what `{path}` was in `{revision}`"
        ))
        .then(remedy::rotate(context.file))
    } else {
        context.bring_back("bring the version of before back where it is not meant")
    }
}
