//! `conflict-marker`: a merge that nobody finished.

use std::path::Path;

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

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    let says = match context.document {
        None => "sops cannot load the file as it stands",
        Some(_) => "sops takes the marks for a part of a value",
    };
    for conflict in context.conflicts {
        findings.report(
            Found::new("git could not merge two sides here, and its marks stand in the file")
                .at(conflict.start)
                .says(says)
                .help(help(context.path)),
        );
    }
}

fn help(path: &Path) -> Help {
    let (file, argument) = (remedy::word(path), remedy::argument(path));
    Help::new(format!(
        "do not merge tokens by hand: the MAC is right for one side or the other, never for a \
         mixture; take one side whole, then make the other side's edit inside sops (`--ours` is the \
         branch that you are on, `--theirs` the one that comes in; in a rebase it is the other way \
         round); where the marks are committed already, begin with `git restore --source=REV -- \
         {file}` instead"
    ))
    .then(format!("git checkout --ours -- {file}"))
    .then(format!("sops edit {argument}"))
    .then(format!("git add -- {file}"))
}
