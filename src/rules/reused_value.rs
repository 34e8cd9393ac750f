//! `reused-value`: one secret stands in several places.

use std::path::Path;

use super::{Check, Found, MAX_FINDINGS, Needs, RepoContext, RepoFindings, Rule, ValuePlace};
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "reused-value",
    summary: "one encrypted value stands in several places",
    page: include_str!("../../docs/rules/reused-value.md"),
    severity: Severity::Warning,
    needs: Needs::Key,
    check: Check::Repo(check),
};

/// The most other places that a finding names.
const NAMED: usize = 5;

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    let mut count = 0;
    for places in &context.values.reused {
        let mut told: Option<&Path> = None;
        for place in places {
            // The first place in each file tells of all.
            if told == Some(&place.path) || count == MAX_FINDINGS {
                continue;
            }
            told = Some(&place.path);
            count += 1;
            let others: Vec<&ValuePlace> = places.iter().filter(|other| *other != place).collect();
            let found = Found::new(format!("the same value stands at {}", names(place, &others)))
                .at_position(Some(place.at))
                .key(&place.key)
                .says(
                    "whoever may read one of these places knows the others, and all must be changed \
                     together when one leaks",
                )
                .help(Help::new(
                    "give each place a value of its own; where one value is meant, ignore the finding in \
                     `.sopsguard.toml` with the reason",
                ));
            findings.report(&place.path, found);
        }
    }
}

/// The other places in words.
fn names(place: &ValuePlace, others: &[&ValuePlace]) -> String {
    let named = others.iter().take(NAMED).map(|other| {
        let key = match other.key.is_empty() {
            true => "…".to_owned(),
            false => other.key.to_string(),
        };
        if other.path == place.path {
            format!("`{key}`")
        } else {
            format!("`{key}` in `{}`", other.path.display())
        }
    });
    let named: Vec<String> = named.collect();
    let named = named.join(", ");
    match others.len().saturating_sub(NAMED) {
        0 => named,
        1 => format!("{named} and one more place"),
        more => format!("{named} and {more} more places"),
    }
}
