//! `single-recipient`: too few lost keys make a file unreadable for ever.

use super::{Check, FileFacts, Found, Needs, RepoContext, RepoFindings, Rule, remedy};
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "single-recipient",
    summary: "fewer lost keys than `min-recipients` make a file unreadable",
    page: include_str!("../../docs/rules/single-recipient.md"),
    severity: Severity::Warning,
    needs: Needs::Metadata,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    let least = context.policy.min_recipients();
    for file in context.files {
        let factor = file.quorum().bus_factor().count();
        // What nobody can open as it is, is another matter.
        if (1..least).contains(&factor) {
            findings.report(&file.path, found(context, file, factor, least));
        }
    }
}

fn found(context: &RepoContext<'_>, file: &FileFacts, factor: usize, least: usize) -> Found {
    let lone = lone_holder(context, file);
    let message = match &lone {
        Some(lone) if has_one_key(file) => format!("{lone} alone can decrypt the file"),
        Some(lone) => format!("without {lone} nobody can decrypt the file"),
        None => format!("the loss of {factor} keys makes the file undecryptable"),
    };
    let consequence = if factor == 1 {
        "when that key is lost, so are the values; git has no other copy of them".to_owned()
    } else {
        format!("the policy asks for {least} (`min-recipients`)")
    };
    let path = remedy::argument(&file.path);
    let text = "add the key of somebody else to the creation rule in `.sops.yaml`, or one that is kept \
                apart for that day; then encrypt the file to it";
    Found::new(message)
        .at_position(Some(file.at))
        .says(consequence)
        .help(Help::new(text).then(format!("sops updatekeys {path}")))
}

fn has_one_key(file: &FileFacts) -> bool {
    let mut keys = file.keys().map(|key| &key.canonical);
    let first = keys.next();
    keys.all(|other| Some(other) == first)
}

/// Without whom the file is lost: the first, where there are several.
fn lone_holder(context: &RepoContext<'_>, file: &FileFacts) -> Option<String> {
    let lone = file.quorum().holders().find(|holder| holder.is_lone)?.name;
    let key = file.keys().find(|key| key.canonical == lone)?;
    Some(context.name_of(&key.canonical, &key.shown))
}
