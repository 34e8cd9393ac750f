//! `recipient-out-of-path`: a key opens a file that the policy does not let it open.

use super::{Check, Found, MAX_FINDINGS, Needs, RepoContext, RepoFindings, Rule, remedy};
use crate::config::{Trust, Trusted};
use crate::finding::Severity;

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
            let listed = context.policy.recipient(&key.canonical);
            let message = match (by_base, listed.and_then(allowed)) {
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
