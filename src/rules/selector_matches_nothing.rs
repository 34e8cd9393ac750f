//! `selector-matches-nothing`: the selectors of a rule, or of a file, pick no value, and nothing is encrypted.

use std::collections::HashSet;
use std::path::Path;

use super::invalid_regex;
use super::{Check, FileFacts, Found, Needs, RepoContext, RepoFindings, Rule, remedy, some_of};
use crate::config::creation::CreationRule;
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "selector-matches-nothing",
    summary: "the selectors pick no value: a file with sops's metadata stands in clear",
    page: include_str!("../../docs/rules/selector-matches-nothing.md"),
    severity: Severity::Warning,
    needs: Needs::Nothing,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    let mut told: HashSet<&Path> = HashSet::new();
    for ruled in context.ruled() {
        for (at, rule) in ruled.rules() {
            let followers = ruled.followers.get(at).map_or(&[][..], Vec::as_slice);
            if let Some(found) = of_rule(context, rule, followers) {
                told.extend(followers.iter().map(|file| -> &Path { &file.path }));
                findings.report_in_config(ruled.config, found);
            }
        }
    }
    // A selector that is none is told of by `invalid-regex`.
    let is_clear = |file: &&FileFacts| {
        let selector = file.selector.as_ref();
        file.picks_nothing && selector.is_none_or(|own| invalid_regex::error_of(own).is_none())
    };
    let clear = context.files.iter().filter(is_clear);
    for file in clear.filter(|file| !told.contains(file.path.as_path())) {
        findings.report(&file.path, of_file(context, file));
    }
}

const SAYS: &str = "sops takes such a file for a sound one: it has metadata and a MAC, and every value in it stands in clear";

/// What there is to say of a rule by whose selector nothing is encrypted in any of its files.
fn of_rule(
    context: &RepoContext<'_>,
    rule: &CreationRule,
    followers: &[&FileFacts],
) -> Option<Found> {
    let setting = rule.selector()?;
    let (kind, text) = &setting.value;
    let follows = |file: &&FileFacts| {
        let own = file.selector.as_ref();
        file.picks_nothing
            && own.is_some_and(|own| own.kind == *kind && own.text == text.as_bytes())
    };
    let is_none = invalid_regex::error(*kind, text).is_some();
    if is_none || followers.is_empty() || !followers.iter().all(follows) {
        return None;
    }
    let names = some_of(followers.iter().map(|file| -> &Path { &file.path }));
    let found = Found::new(format!(
        "`{}` picks no value in any file that follows the rule: {names}",
        kind.name()
    ));
    Some(
        found
            .at(setting.span)
            .says(SAYS)
            .help(help(context, followers)),
    )
}

fn of_file(context: &RepoContext<'_>, file: &FileFacts) -> Found {
    let message = match &file.selector {
        Some(selector) => format!(
            "the file's `{}` picks none of its values",
            selector.kind.name()
        ),
        None => "the file's selectors pick none of its values".to_owned(),
    };
    let at = file
        .selector
        .as_ref()
        .map_or(file.at, |selector| selector.at);
    Found::new(message)
        .at_position(Some(at))
        .says(SAYS)
        .help(help(context, &[file]))
}

fn help(context: &RepoContext<'_>, files: &[&FileFacts]) -> Help {
    let help = Help::new(
        "if values are to be hidden, mend the selector in the creation rule (the first command shows what it picks) and encrypt \
         the file anew; if not, take the metadata out, so that nobody takes the file for encrypted",
    )
    .then(format!(
        "sopsguard explain --tree {}",
        files.first().map_or("FILE".to_owned(), |file| remedy::argument(&file.path))
    ));
    context.then_anew(help, files)
}
