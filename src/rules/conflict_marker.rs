//! `conflict-marker`: a merge that nobody finished.

use super::{Check, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "conflict-marker",
    summary: "the marks of an unfinished merge stand in the file",
    page: include_str!("../../docs/rules/conflict-marker.md"),
    severity: Severity::Error,
    needs: Needs::Nothing,
    check: Check::File(check),
};

/// The most regions that are told of one file.
const MAX_TOLD: usize = 1_000;

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    let says = match context.document {
        None => "sops cannot load the file as it stands",
        Some(_) => "sops takes the marks for a part of a value",
    };
    for conflict in context.conflicts.iter().take(MAX_TOLD) {
        findings.report(
            Found::new("git could not merge two sides here, and its marks stand in the file")
                .at(conflict.start)
                .says(says)
                .help(help(context)),
        );
    }
}

fn help(context: &FileContext<'_>) -> Help {
    let text = "take one side whole, then make the other side's edit inside sops: tokens that are \
                merged by hand never fit one MAC; while git calls the file unmerged, REV is `HEAD` for \
                the side that you are on or `MERGE_HEAD` for the one that comes in (`REBASE_HEAD` in a \
                rebase); where the marks are committed already, it is a commit from before";
    let how = "delete the marks and one of the sides, then make the other side's edit inside sops";
    let edit = remedy::sops("edit", context);
    remedy::go_back(context.path, text)
        .then(edit.clone())
        .then(format!("git add -- {}", remedy::word(context.path)))
        .or(remedy::only(how).then(edit))
}
