//! `untrusted-recipient`: a key opens a file that the policy does not list.

use super::{
    Check, FileFacts, Found, KeyFacts, MAX_FINDINGS, Needs, RepoContext, RepoFindings, Rule,
};
use crate::config::Trust;
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "untrusted-recipient",
    summary: "a key opens a file, and the policy that lists recipients does not list it",
    page: include_str!("../../docs/rules/untrusted-recipient.md"),
    severity: Severity::Error,
    needs: Needs::Metadata,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    if !context.policy.lists_recipients() {
        if !context.files.is_empty() {
            findings.cannot_decide(context.policy_name(), "no-recipients-listed");
        }
        return;
    }
    for file in context.files {
        let unlisted = file.distinct_keys().filter_map(|key| {
            let (trust, by_base) = context.policy.trust(&key.canonical, &file.path);
            (trust == Trust::Unlisted).then_some((key, by_base))
        });
        for (key, by_base) in unlisted.take(MAX_FINDINGS) {
            let shown = context.name_of(&key.canonical, &key.shown, &file.path);
            let message = if by_base {
                format!("{shown} can decrypt the file, and is listed only since this change")
            } else {
                format!("{shown} can decrypt the file, and is not listed in the policy")
            };
            let says = if by_base {
                "until the base has it, the recipients of the base's policy are those that are trusted"
            } else {
                "who holds that key reads all values, and nobody has written down that they may"
            };
            let found = Found::new(message)
                .at_position(Some(key.at))
                .keys([key.shown.as_str()])
                .says(says)
                .help(help(context, file, key));
            findings.report(&file.path, found);
        }
    }
}

fn help(context: &RepoContext<'_>, file: &FileFacts, key: &KeyFacts) -> Help {
    let policy = context.policy_name().display();
    let text = format!(
        "if it is to be trusted, list it in `{policy}`, in a change of its own: `[[recipient]]` with \
         `key` and `name`; if not,"
    );
    context.removal(&text, file, key)
}
