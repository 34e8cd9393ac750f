//! `accidental-key-groups`: key groups of one key each, all of which are needed, where one group was meant.

use std::path::Path;

use super::{
    Check, FileFacts, Found, Needs, RepoContext, RepoFindings, Rule, Ruled, has_lone_groups,
    is_accidental, some_of,
};
use crate::config::creation::{Choice, CreationRule};
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "accidental-key-groups",
    summary: "key groups of one key each: every one of the keys is needed to open a file",
    page: include_str!("../../docs/rules/accidental-key-groups.md"),
    severity: Severity::Warning,
    needs: Needs::Nothing,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    findings.report_of_rules(context, |ruled, at, rule| of_rule(context, ruled, at, rule));
    for (file, governed) in context.files.iter().zip(context.governed) {
        // What a rule says is told of there, and what differs from it by `recipient-drift`.
        let is_free = matches!(
            governed.choice,
            None | Some(Choice::NoMatch | Choice::NoRules)
        );
        if is_free && file.groups_needed == file.groups.len() && has_lone_groups(&file.groups) {
            findings.report(&file.path, of_file(context, file));
        }
    }
}

fn of_rule(
    context: &RepoContext<'_>,
    ruled: &Ruled<'_>,
    at: usize,
    rule: &CreationRule,
) -> Option<Found> {
    if rule.refusal.is_some() || !is_accidental(rule) {
        return None;
    }
    let mut keys = rule.groups.iter().flatten();
    let (first, second) = (keys.next()?, keys.next()?);
    let count = rule.groups.len();
    let followers = ruled.followers.get(at).map_or(&[][..], Vec::as_slice);
    // Others would be shut by following it.
    let is_so = |file: &FileFacts| has_lone_groups(&file.groups);
    let followers: Vec<&FileFacts> = followers
        .iter()
        .copied()
        .filter(|file| is_so(file))
        .collect();
    let first_line = ruled.config.source.position(first.span.start());
    let mut says = says(count);
    if !followers.is_empty() {
        let names = some_of(followers.iter().map(|file| -> &Path { &file.path }));
        says = format!("{says}; so it is with {names}");
    }
    let found = Found::new(message(count))
        .at(second.span)
        .related(first_line, "the first group has one key, too")
        .says(says)
        .help(context.then_updatekeys(
            Help::new(format!(
                "if each key should be enough, put all of them into one group (one `-` below `key_groups`), and have the \
                 files follow; if all are to be needed, say so with `shamir_threshold: {count}`"
            )),
            &followers,
        ));
    Some(found)
}

fn of_file(context: &RepoContext<'_>, file: &FileFacts) -> Found {
    let count = file.groups.len();
    let at = file.threshold.map_or(file.at, |(_, at)| at);
    Found::new(message(count)).at_position(Some(at)).says(says(count)).help(
        Help::new(
            "if each key should be enough, give the file a rule in `.sops.yaml` with all keys in one group, and have it \
             follow; if all are to be needed, give it one with this threshold",
        )
        .then(context.updatekeys(file)),
    )
}

fn message(count: usize) -> String {
    format!("{count} key groups of one key each: all {count} keys are needed to open a file")
}

fn says(count: usize) -> String {
    format!(
        "`key_groups` splits the data key: who has one of the {count} keys opens nothing, and with any of them lost the files \
         are lost"
    )
}
