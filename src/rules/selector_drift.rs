//! `selector-drift`: a file picks other values to encrypt than its creation rule does.

use super::{Check, Follows, Found, Needs, Picks, RepoContext, RepoFindings, Rule};
use super::{invalid_regex, unknown_config_key};
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "selector-drift",
    summary: "a file picks its encrypted values otherwise than its rule does",
    page: include_str!("../../docs/rules/selector-drift.md"),
    severity: Severity::Warning,
    needs: Needs::Metadata,
    check: Check::Repo(check),
};

/// How much of a selector a message has, in characters.
const MAX_TEXT: usize = 80;

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    for follows in context.following() {
        let Some((file, rule)) = follows.selector_drift() else {
            continue;
        };
        // sops takes it as matching nothing: `invalid-regex` tells of it.
        let is_broken = |text| invalid_regex::error(rule.kind, text).is_some();
        if !std::str::from_utf8(rule.text).is_ok_and(is_broken) {
            let found = found(&follows, file, rule).help(help(context, &follows));
            findings.report(&follows.file.path, found);
        }
    }
}

fn found(follows: &Follows<'_>, file: Picks<'_>, rule: Picks<'_>) -> Found {
    let told = follows.told();
    let place = follows.file.selector.as_ref();
    let place = place.map_or(follows.file.at, |selector| selector.at);
    let same = (file.kind, file.text) == (rule.kind, rule.text);
    let message = if same {
        let (here, there) = (mac(file), mac(rule));
        format!("the MAC of this file covers {here}, and by {told} it covers {there}")
    } else {
        let (here, there) = (setting(file), setting(rule));
        format!("this file goes by {here}, and {told} says {there}")
    };
    Found::new(message)
        .at_position(Some(place))
        .says("sops keeps to what the file says: it encrypts new values by that, and no command of its own changes it")
}

fn help(context: &RepoContext<'_>, follows: &Follows<'_>) -> Help {
    match unknown_config_key::selector_in(follows) {
        // What is meant there does not count: by the rule as it is, secrets would be written in clear.
        Some(name) => Help::new(format!(
            "mend the rule first: sops passes over its {name} (`unknown-config-key`), and would encrypt the file \
             by what is left of it"
        ))
        .then("sopsguard audit"),
        None => context.encrypt_anew(
            "where the rule is meant, encrypt the file anew; else mend the rule",
            follows.file,
        ),
    }
}

fn setting(picks: Picks<'_>) -> String {
    let text = String::from_utf8_lossy(picks.text);
    let name = picks.kind.name();
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("`{name}: {}…`", text.get(..end).unwrap_or_default()),
        None => format!("`{name}: {text}`"),
    }
}

fn mac(picks: Picks<'_>) -> &'static str {
    match picks.mac_only_encrypted {
        true => "encrypted values only",
        false => "all values",
    }
}
