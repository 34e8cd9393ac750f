//! `recipient-drift`: a file's keys are not those of its creation rule.

use super::{Check, Follows, Found, KeyDrift, Moved, Needs, RepoContext, RepoFindings, Rule};
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "recipient-drift",
    summary: "the keys of a file are not those of its creation rule",
    page: include_str!("../../docs/rules/recipient-drift.md"),
    severity: Severity::Warning,
    needs: Needs::Metadata,
    check: Check::Repo(check),
};

/// How many keys a message names.
const MAX_NAMED: usize = 3;

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    for follows in context.following() {
        let drift = follows.key_drift();
        if drift.is_some() {
            findings.report(&follows.file.path, found(context, &follows, &drift));
        } else if drift.is_open {
            findings.cannot_decide(&follows.file.path, "needs-azure");
        }
    }
}

fn found(context: &RepoContext<'_>, follows: &Follows<'_>, drift: &KeyDrift<'_>) -> Found {
    let place = drift.extra.first().map_or(follows.file.at, |key| key.at);
    let missing = drift.missing.iter().map(|key| key.names.shown.as_str());
    let extra = drift.extra.iter().map(|key| key.shown.as_str());
    let found = Found::new(message(context, follows, drift))
        .at_position(Some(place))
        .keys(missing.chain(extra));
    let update = context.updatekeys(follows.file);
    if follows.rule.groups.iter().all(Vec::is_empty) {
        let text = "the rule names no key: name some there, then let the file follow it";
        return found.help(Help::new(text).then(update));
    }
    let found = found.says(consequence(drift));
    if let Some(first) = follows.rule_first() {
        return found.help(Help::new(first).then("sopsguard audit"));
    }
    found.help(
        Help::new("let the file follow its rule, or name in the rule who is meant to open it")
            .then(update),
    )
}

fn message(context: &RepoContext<'_>, follows: &Follows<'_>, drift: &KeyDrift<'_>) -> String {
    let rule = follows.told();
    let mut parts = Vec::new();
    let path = &follows.file.path;
    let is_moved = |spelled: &str| drift.moved.iter().any(|moved| moved.key.spelled == spelled);
    let missing = drift.missing.iter().map(|key| &key.names);
    let missing = missing.filter(|key| !is_moved(&key.spelled));
    let missing = missing.map(|key| context.name_of(&key.canonical, &key.shown, path));
    let missing: Vec<String> = missing.collect();
    let extra = drift.extra.iter().filter(|key| !is_moved(&key.spelled));
    let extra = extra.map(|key| context.name_of(&key.canonical, &key.shown, path));
    let extra: Vec<String> = extra.collect();
    if drift.is_spelling() {
        return format!(
            "{} here and in {rule} in other words, which to sops are other keys",
            are(&extra)
        );
    }
    if !missing.is_empty() {
        parts.push(format!("{} missing here, by {rule}", are(&missing)));
    }
    if !extra.is_empty() {
        parts.push(match missing.is_empty() {
            true => format!("{} here, and not in {rule}", are(&extra)),
            false => format!("{} here, and not there", are(&extra)),
        });
    }
    if let Some(Moved { key, here, by_rule }) = drift.moved.first() {
        let shown = &key.shown;
        let rule = match parts.is_empty() {
            true => format!("{rule} puts it"),
            false => "the rule puts it".to_owned(),
        };
        let more = match drift.moved.len() - 1 {
            0 => String::new(),
            more => format!(", and so on for {more} more"),
        };
        parts.push(format!(
            "`{shown}` is in key group {here} here, and {rule} into group {by_rule}{more}"
        ));
    }
    if let Some((file, groups)) = drift.threshold {
        parts.push(format!(
            "{file} groups are needed, and {rule} makes {groups}"
        ));
    }
    parts.join("; ")
}

/// `a` is, `a` and `b` are, `a`, `b`, `c` and 2 others are.
fn are(names: &[String]) -> String {
    let mut once: Vec<String> = Vec::new();
    for name in names {
        if !once.contains(name) {
            once.push(name.clone());
        }
    }
    let others = once.len().saturating_sub(MAX_NAMED);
    once.truncate(MAX_NAMED);
    if others > 0 {
        once.push(format!("{others} more"));
    }
    match once.split_last() {
        Some((one, [])) => format!("{one} is"),
        Some((last, rest)) => format!("{} and {last} are", rest.join(", ")),
        None => "nobody is".to_owned(),
    }
}

fn consequence(drift: &KeyDrift<'_>) -> &'static str {
    match (drift.missing.is_empty(), drift.extra.is_empty()) {
        _ if !drift.moved.is_empty() => {
            "which keys open the file together is another thing here than the rule says"
        }
        _ if drift.is_spelling() => {
            "`sops updatekeys` would write all keys anew, and leave the same people as before"
        }
        (false, true) => "who the rule means to let in cannot open the file",
        (true, false) => "who the rule leaves out opens the file all the same",
        (false, false) => {
            "who the rule means to let in cannot open the file, and who it leaves out opens it all the same"
        }
        (true, true) => "`sops updatekeys` would lower the number of groups that open the file",
    }
}
