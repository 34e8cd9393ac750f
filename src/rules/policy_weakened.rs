//! `policy-weakened`: the policy allows what that of the base does not.

use super::{Check, ConfigContext, Findings, Found, MAX_FINDINGS, Needs, Rule, remedy};
use crate::config::{Loosening, Looser, Pattern, Who};
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "policy-weakened",
    summary: "the policy allows what that of the base does not",
    page: include_str!("../../docs/rules/policy-weakened.md"),
    severity: Severity::Error,
    needs: Needs::Nothing,
    check: Check::Config(check),
};

fn check(context: &ConfigContext<'_>, findings: &mut Findings<'_>) {
    for loosening in context.loosenings.iter().take(MAX_FINDINGS) {
        findings.report(found(context, loosening));
    }
}

fn found(context: &ConfigContext<'_>, loosening: &Loosening) -> Found {
    let revision = context.revision;
    let (key, what) = words(&loosening.what);
    let found = Found::new(format!("the policy is looser than at `{revision}`: {what}"));
    let found = match loosening.at {
        Some(span) => found.at(span),
        None => found,
    };
    found
        .key_named(key)
        .says(format!(
            "until the base has it, the policy of `{revision}` judges where it is stricter"
        ))
        .help(help(context, &loosening.what))
}

/// The key of the policy that it is about, and what is looser.
fn words(looser: &Looser) -> (&'static str, String) {
    match looser {
        Looser::Level { rule, was, now } => {
            let now = now.map_or("off", Severity::name);
            let was = was.name();
            ("rules", format!("`{rule}` was \"{was}\" and is \"{now}\""))
        }
        Looser::Ignored { rule, path } => {
            let (pattern, doubt) = (shown(path), doubt(path, COVERED));
            (
                "ignore",
                format!("`{rule}` is ignored in `{pattern}`{doubt}"),
            )
        }
        Looser::Excluded(pattern) => {
            let (pattern, doubt) = (shown(pattern), doubt(pattern, COVERED));
            ("exclude", format!("`{pattern}` is left out{doubt}"))
        }
        Looser::NotSecret(pattern) => {
            let (pattern, doubt) = (shown(pattern), doubt(pattern, STILL_COVERED));
            let what = format!("names like `{pattern}` need not be encrypted{doubt}");
            ("secret-files", what)
        }
        Looser::FewerRecipients { was, now } => (
            "min-recipients",
            format!("files need {now} recipients, and needed {was}"),
        ),
        Looser::OlderProofs { was, now: None } => (
            "escrow-proof-max-age",
            format!("escrow keys need no proof, and needed one every {was}"),
        ),
        Looser::OlderProofs {
            was,
            now: Some(now),
        } => (
            "escrow-proof-max-age",
            format!("a proof of an escrow key may be {now} old, and might be {was}"),
        ),
        Looser::Accepted { more: 1 } => {
            ("findings", "the baseline accepts a finding more".to_owned())
        }
        Looser::Accepted { more } => (
            "findings",
            format!("the baseline accepts {more} findings more"),
        ),
        Looser::AnyRecipient
        | Looser::Trusted(_)
        | Looser::Opens { .. }
        | Looser::Escrow { .. } => ("recipient", of_recipients(looser)),
    }
}

/// What is looser about the recipients.
fn of_recipients(looser: &Looser) -> String {
    match looser {
        Looser::Trusted(who) => format!("{} may decrypt files", named(who)),
        Looser::Opens { who, path } => {
            let (pattern, doubt) = (shown(path), doubt(path, COVERED));
            format!("{} may decrypt `{pattern}`{doubt}", named(who))
        }
        Looser::Escrow { who, is: true } => format!("{} counts as an escrow key", named(who)),
        Looser::Escrow { who, is: false } => {
            format!(
                "{} is no escrow key any more, and needs no proof",
                named(who)
            )
        }
        _ => "no recipients are listed any more, so that every key is trusted".to_owned(),
    }
}

/// A recipient by its name and its key: the name alone could be anybody's.
fn named(who: &Who) -> String {
    format!("\"{}\" (`{}`)", who.name, remedy::cut(&who.key, MAX_SHOWN))
}

const COVERED: &str = ", which no pattern of before is certain to cover";
const STILL_COVERED: &str = ": no pattern of now is certain to cover them";

/// What is said where the other policy has patterns that may cover this one.
fn doubt(pattern: &Pattern, words: &'static str) -> &'static str {
    if pattern.may_be_covered { words } else { "" }
}

/// The most characters of a pattern that are shown.
const MAX_SHOWN: usize = 80;

fn shown(pattern: &Pattern) -> String {
    remedy::cut(&pattern.text, MAX_SHOWN)
}

fn help(context: &ConfigContext<'_>, looser: &Looser) -> Help {
    if matches!(looser, Looser::Accepted { .. }) {
        return Help::new(
            "have it reviewed as a change of its own; it counts once the base has it (or for whoever \
             names the policy, too, by `--config`)",
        );
    }
    let text = "have it reviewed as a change of its own; to be judged by it all the same, name it";
    let file = if context.file.source.is_some() {
        remedy::argument(context.file.path)
    } else {
        // Nothing is left to be named: the defaults.
        "/dev/null".to_owned()
    };
    let command = context.command.name();
    Help::new(text).then(format!("sopsguard {command} --config {file}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_patterns_are_cut() {
        let text = "é".repeat(200);
        let pattern = Pattern {
            text,
            may_be_covered: false,
        };
        assert_eq!(shown(&pattern).chars().count(), MAX_SHOWN + 1);
    }
}
