//! `stale-data-key`: who left still knows the data key.

use std::path::Path;

use super::{Check, FileContext, Found, Left, Needs, RepoContext, RepoFindings, Rule};
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "stale-data-key",
    summary: "a key was taken out of a file, and the data key is still one that it knows",
    page: include_str!("../../docs/rules/stale-data-key.md"),
    severity: Severity::Warning,
    needs: Needs::Metadata,
    check: Check::Repo(check),
};

/// What is to be done.
const HELP: &str = "rotate the data key; what the file held until then they may have kept, so change the values at their \
                    source, too";

/// The most keys that one finding names.
const NAMED: usize = 5;

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    for file in context.departed {
        if file.knowing.is_empty() {
            if !file.undecided.is_empty() {
                findings.cannot_decide(&file.path, "cannot-decide");
            }
            continue;
        }
        let text = FileContext {
            format: file.format,
            ..FileContext::of_text(&file.path, None)
        };
        let who = names(&file.knowing, &file.path, context);
        let (is, it) = match file.knowing.len() {
            1 => ("is no recipient any more", "it"),
            _ => ("are no recipients any more", "they"),
        };
        let found = Found::new(format!("{who} {is}, and the data key is one that {it} could open"))
            .at_position(Some(file.at))
            .keys(file.knowing.iter().map(|left| left.shown.as_str()))
            .says(
                "whoever kept a copy of the data key, or an old version of the file with the key, reads \
                 this version and all to come",
            )
            .help(context.then_rotate_text(Help::new(HELP), &text));
        findings.report_in(&text, found);
    }
}

/// The keys, each with its name and the commit that took it away.
fn names(left: &[Left], path: &Path, context: &RepoContext<'_>) -> String {
    let named = left.iter().take(NAMED).map(|left| {
        let key = context.name_of(&left.canonical, &left.shown, path);
        match &left.since {
            Some(commit) => format!("{key} (since {commit})"),
            None => format!("{key} (since an edit that is not committed)"),
        }
    });
    let named: Vec<String> = named.collect();
    let named = named.join(", ");
    match left.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
