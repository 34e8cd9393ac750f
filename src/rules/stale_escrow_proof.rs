//! `stale-escrow-proof`: nobody has proved for long that an escrow key is there and works.

use std::path::Path;

use super::{Check, Found, Needs, RepoContext, RepoFindings, Rule, remedy};
use crate::config::{Day, Trusted};
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "stale-escrow-proof",
    summary: "no proof that an escrow key works is as young as the policy asks for",
    page: include_str!("../../docs/rules/stale-escrow-proof.md"),
    severity: Severity::Warning,
    needs: Needs::Nothing,
    check: Check::Repo(check),
};

/// The longest key that the command names.
const MAX_KEY: usize = 200;

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    let Some(longest) = context.policy.proof_max_age() else {
        return;
    };
    let Some((path, source)) = context.policy_file else {
        return;
    };
    if context.files.is_empty() {
        return;
    }
    let Some(today) = context.today else {
        findings.cannot_decide(path, "no-clock");
        return;
    };
    for recipient in context.policy.escrows() {
        let name = &recipient.name;
        if recipient.is_proved(today, None, Some(longest)) {
            continue;
        }
        let age = recipient.proved.map(|proved| today.days_since(proved));
        let message = match age {
            Some(age) if age < 0 => {
                format!("the proof of the escrow key \"{name}\" is of a day that is still to come")
            }
            Some(age) => {
                let longest = longest.count();
                format!(
                    "the escrow key \"{name}\" was last proved {age} days ago, and {longest} are allowed"
                )
            }
            None => format!("nobody has noted that the escrow key \"{name}\" was ever proved"),
        };
        let found = Found::new(message)
            .at(recipient.at)
            .key_named("recipient")
            .says("a key that was lost, or never stored, shows on the day when it is needed")
            .help(help(recipient, today));
        findings.report_at(path, source, found);
    }
}

fn help(recipient: &Trusted, today: Day) -> Help {
    let place = match recipient.held_by.first() {
        Some(place) => format!("fetch the private key from where it is (\"{place}\")"),
        None => "fetch the private key from where it is".to_owned(),
    };
    let text = format!(
        "{place} and pipe it into this command, which proves that it opens every file, and then writes \
         `proved = {today}` below the key"
    );
    let key = &recipient.key.shown;
    // Another key would be proved and noted in its place; a post-quantum one fills half a screen.
    let only = match key.len() <= MAX_KEY {
        true => format!(" --only {}", remedy::argument(Path::new(key))),
        false => String::new(),
    };
    Help::new(text).then(format!(
        "sopsguard escrow verify --identity -{only} --record"
    ))
}
