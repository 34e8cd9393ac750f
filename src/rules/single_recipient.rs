//! `single-recipient`: too few lost keys make a file unreadable for ever.

use std::collections::{BTreeSet, HashSet};

use super::{Check, FileFacts, Follows, Found, Needs, RepoContext, RepoFindings, Rule};
use crate::finding::{Help, Severity};
use crate::sops::BusFactors;

pub(super) static RULE: Rule = Rule {
    id: "single-recipient",
    summary: "fewer lost keys than `min-recipients` make a file unreadable",
    page: include_str!("../../docs/rules/single-recipient.md"),
    severity: Severity::Warning,
    needs: Needs::Metadata,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    let least = context.policy.min_recipients();
    let mut factors = BusFactors::default();
    for file in context.files {
        let found_out = factors.of(file.quorum());
        let factor = found_out.count();
        if !found_out.is_exact() && factor >= least {
            findings.cannot_decide(&file.path, "cannot-decide");
        }
        // What nobody can open as it is, is another matter.
        if (1..least).contains(&factor) {
            findings.report(&file.path, found(context, file, factor, least));
        }
    }
}

fn found(context: &RepoContext<'_>, file: &FileFacts, factor: usize, least: usize) -> Found {
    let lone = lone_holders(context, file);
    let message = match lone.split_last() {
        Some((only, _)) if has_one_key(file) => format!("{only} alone can decrypt the file"),
        Some((only, [])) => format!("without {only} nobody can decrypt the file"),
        Some((last, before)) => format!(
            "{} and {last} are all needed: without any one of them nobody can decrypt the file",
            before.join(", ")
        ),
        None => format!("the loss of {factor} keys makes the file undecryptable"),
    };
    let consequence = if lone.len() > 1 && !has_one_key(file) {
        "when one of them is lost, so are the values; git has no other copy of them".to_owned()
    } else if factor == 1 {
        "when that key is lost, so are the values; git has no other copy of them".to_owned()
    } else {
        format!("the policy asks for {least} (`min-recipients`)")
    };
    Found::new(message)
        .at_position(Some(file.at))
        .says(consequence)
        .help(help(context, file, least))
}

fn help(context: &RepoContext<'_>, file: &FileFacts, least: usize) -> Help {
    let config = context.config_name(file);
    let follows = context.follows(file);
    if let Some(first) = follows.as_ref().and_then(Follows::rule_first) {
        return Help::new(first).then("sopsguard audit");
    }
    let by_rule = follows.as_ref().map_or(0, Follows::bus_factor_by_rule);
    let text = if let Some(follows) = follows.filter(|_| by_rule >= least) {
        let keys = follows.rule.groups.iter().flatten();
        let keys: BTreeSet<&str> = keys.map(|key| key.names.canonical.as_str()).collect();
        let (told, count) = (follows.told(), keys.len());
        format!("{told} names {count} keys already: `sops updatekeys` is all that is missing")
    } else if file.groups.len() > 1 {
        format!(
            "add the key of somebody else to each group of the creation rule in `{config}` that has one only, or put \
             all keys into one group where each is to be enough; then encrypt the file to them"
        )
    } else {
        format!(
            "add the key of somebody else to the creation rule in `{config}`, or one that is kept apart for that \
             day; then encrypt the file to it"
        )
    };
    Help::new(text).then(context.updatekeys(file))
}

fn has_one_key(file: &FileFacts) -> bool {
    let mut keys = file.keys().map(|key| &key.canonical);
    let first = keys.next();
    keys.all(|other| Some(other) == first)
}

/// How many keys a message names.
const MOST: usize = 3;

/// Without whom the file is lost, each by itself: the first few.
fn lone_holders(context: &RepoContext<'_>, file: &FileFacts) -> Vec<String> {
    let quorum = file.quorum();
    let lone: HashSet<&str> = quorum
        .holders()
        .filter(|holder| holder.is_lone)
        .map(|holder| holder.name)
        .collect();
    let keys = file
        .distinct_keys()
        .filter(|key| lone.contains(key.canonical.as_str()));
    let mut named: Vec<String> = keys
        .map(|key| context.name_of(&key.canonical, &key.shown))
        .collect();
    let more = named.len().saturating_sub(MOST);
    named.truncate(MOST);
    if more > 0 {
        named.push(format!("{more} more"));
    }
    named
}
