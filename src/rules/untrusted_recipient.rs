//! `untrusted-recipient`: a key opens a file that the policy does not list.

use std::collections::HashSet;

use super::{
    Check, FileFacts, Found, KeyFacts, MAX_FINDINGS, Needs, RepoContext, RepoFindings, Rule, Ruled,
};
use crate::config::Trust;
use crate::config::creation::RuleKey;
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
    let mut told = HashSet::new();
    for file in context.files {
        let unlisted = file.distinct_keys().filter_map(|key| {
            let (trust, by_base) = context.policy.trust(&key.canonical, &file.path);
            (trust == Trust::Unlisted).then_some((key, by_base))
        });
        for (key, by_base) in unlisted.take(MAX_FINDINGS) {
            told.insert(key.canonical.as_str());
            findings.report(&file.path, of_file(context, file, key, by_base));
        }
    }
    for ruled in context.ruled() {
        // What a file says already is not said twice.
        let keys = ruled
            .keys()
            .filter(|key| !told.contains(key.names.canonical.as_str()));
        let unlisted = keys.filter_map(|key| {
            let path = &ruled.config.path;
            let (trust, by_base) = context.policy.trust(&key.names.canonical, path);
            (trust == Trust::Unlisted).then_some((key, by_base))
        });
        for (key, by_base) in unlisted.take(MAX_FINDINGS) {
            findings.report_in_config(ruled.config, of_rule(context, ruled, key, by_base));
        }
    }
}

fn of_file(context: &RepoContext<'_>, file: &FileFacts, key: &KeyFacts, by_base: bool) -> Found {
    let shown = context.name_of(&key.canonical, &key.shown, &file.path);
    let message = if by_base {
        format!("{shown} can decrypt the file, and is listed only since this change")
    } else {
        format!("{shown} can decrypt the file, and is not listed in the policy")
    };
    let says = if by_base {
        BY_BASE
    } else {
        "who holds that key reads all values, and nobody has written down that they may"
    };
    Found::new(message)
        .at_position(Some(key.at))
        .keys([key.shown.as_str()])
        .says(says)
        .help(help(context, file, key))
}

/// What there is to say of a key for which no file is encrypted yet.
fn of_rule(context: &RepoContext<'_>, ruled: &Ruled<'_>, key: &RuleKey, by_base: bool) -> Found {
    let shown = context.name_in(ruled, key);
    let message = if by_base {
        format!("a creation rule names {shown}, which is listed only since this change")
    } else {
        format!("a creation rule names {shown}, which is not listed in the policy")
    };
    let says = if by_base {
        BY_BASE
    } else {
        "the next file that follows the rule is encrypted to that key, and nobody has written down whose it is"
    };
    // One that no file follows may be an example.
    let severity = match context.is_nearest_to_any(ruled.config) {
        true => Severity::Error,
        false => Severity::Warning,
    };
    let text = format!("{}, take it out of the rule", listing(context));
    Found::new(message)
        .severity(severity)
        .at(key.span)
        .keys([key.names.shown.as_str()])
        .says(says)
        .help(Help::new(text).then("sopsguard audit"))
}

const BY_BASE: &str =
    "until the base has it, the recipients of the base's policy are those that are trusted";

fn listing(context: &RepoContext<'_>) -> String {
    let policy = context.policy_name().display();
    format!(
        "if it is to be trusted, list it in `{policy}`, in a change of its own: `[[recipient]]` with `key` and \
         `name`; if not"
    )
}

fn help(context: &RepoContext<'_>, file: &FileFacts, key: &KeyFacts) -> Help {
    context.removal(&format!("{},", listing(context)), file, key)
}
