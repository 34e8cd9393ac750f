//! `recipient-out-of-path`: a key opens a file that the policy does not let it open.

use std::collections::HashSet;
use std::path::Path;

use super::{
    Check, FileFacts, Found, MAX_FINDINGS, Needs, RepoContext, RepoFindings, Rule, Ruled, remedy,
    some_of,
};
use crate::config::creation::RuleKey;
use crate::config::{Trust, Trusted};
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "recipient-out-of-path",
    summary: "a key opens a file outside of the `paths` that the policy lists for it",
    page: include_str!("../../docs/rules/recipient-out-of-path.md"),
    severity: Severity::Error,
    needs: Needs::Metadata,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    if !context.policy.lists_recipients() {
        return;
    }
    for file in context.files {
        let strays = file.distinct_keys().filter_map(|key| {
            let (trust, by_base) = context.policy.trust(&key.canonical, &file.path);
            (trust == Trust::OutOfPath).then_some((key, by_base))
        });
        for (key, by_base) in strays.take(MAX_FINDINGS) {
            let shown = context.name_of(&key.canonical, &key.shown, &file.path);
            let message = match (by_base, limits(context, &key.canonical)) {
                (true, _) => {
                    format!("{shown} can decrypt the file, and may do so only since this change")
                }
                (false, Some(paths)) => {
                    format!("{shown} can decrypt the file, and may decrypt {paths} only")
                }
                (false, None) => format!("{shown} can decrypt the file, and may decrypt none"),
            };
            let text = "change `paths` in the policy where it is to read this file, in a change of its \
                        own; else";
            let help = context.removal(text, file, key);
            let found = Found::new(message)
                .at_position(Some(key.at))
                .keys([key.shown.as_str()])
                .says("who holds that key reads all values of this file, too")
                .help(help);
            findings.report(&file.path, found);
        }
    }
    for ruled in context.ruled() {
        let keys = ruled.rules().flat_map(|(at, rule)| {
            let mut seen = HashSet::new();
            let keys = rule.sound_keys();
            let once = keys.filter(move |key| seen.insert(key.names.canonical.as_str()));
            once.map(move |key| (at, key))
        });
        let found = keys.filter_map(|(at, key)| of_rule(context, ruled, at, key));
        for found in found.take(MAX_FINDINGS) {
            findings.report_in_config(ruled.config, found);
        }
    }
}

/// What there is to say of a key that files would get by their rule, none of which has it yet.
fn of_rule(
    context: &RepoContext<'_>,
    ruled: &Ruled<'_>,
    at: usize,
    key: &RuleKey,
) -> Option<Found> {
    let canonical = &key.names.canonical;
    let followers = ruled.followers.get(at)?.iter().copied();
    let strays = followers.filter(|file| {
        let (trust, _) = context.policy.trust(canonical, &file.path);
        trust == Trust::OutOfPath
    });
    let strays: Vec<&FileFacts> = strays.collect();
    let has_it = |file: &&FileFacts| file.distinct_keys().any(|of| of.canonical == *canonical);
    // What a file says already is not said twice.
    if strays.is_empty() || strays.iter().any(has_it) {
        return None;
    }
    let shown = context.name_in(ruled, key);
    let names = some_of(strays.iter().map(|file| -> &Path { &file.path }));
    let may = match limits(context, canonical) {
        Some(paths) => format!("may decrypt {paths} only"),
        None => "may decrypt none".to_owned(),
    };
    let found = Found::new(format!("this rule names {shown} for {names}, and that key {may}"))
        .at(key.span)
        .keys([key.names.shown.as_str()])
        .says("`sops updatekeys` would encrypt what it is not to read to that key")
        .help(
            Help::new(
                "give these files a rule without it, before this one, or change `paths` in the policy where it is to \
                 read them, in a change of its own",
            )
            .then("sopsguard audit"),
        );
    Some(found)
}

/// The patterns that limit a listed key; none where it may open nothing.
fn limits(context: &RepoContext<'_>, canonical: &str) -> Option<String> {
    context.policy.recipient(canonical).and_then(allowed)
}

/// How many patterns are told.
const MOST: usize = 3;
/// How much of them.
const MAX_SHOWN: usize = 120;

/// The patterns of the files that a recipient may open; none where there are none.
fn allowed(recipient: &Trusted) -> Option<String> {
    let patterns: Vec<&str> = recipient.patterns()?.collect();
    let shown: Vec<String> = patterns
        .iter()
        .take(MOST)
        .map(|pattern| format!("`{}`", remedy::cut(pattern, MAX_SHOWN)))
        .collect();
    let more = match patterns.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!shown.is_empty()).then(|| format!("{}{more}", shown.join(", ")))
}
