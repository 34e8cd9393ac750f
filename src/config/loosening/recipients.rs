//! What a policy allows of recipients that the one before it did not.

use super::{Loosening, Looser, Pattern, Who, texts};
use crate::config::covering::{Reach, uncovered};
#[cfg(test)]
use crate::config::day::Days;
use crate::config::recipients::{Role, Trusted};
use crate::config::settings::Settings;

/// All that is looser in `now` about who may decrypt what.
pub(super) fn loosenings(before: &Settings, now: &Settings) -> Vec<Loosening> {
    let mut all = Vec::new();
    all.extend(fewer(before, now));
    all.extend(older_proofs(before, now));
    if before.recipients.is_empty() {
        // Every key was trusted.
        return all;
    }
    if now.recipients.is_empty() {
        all.push(Loosening {
            what: Looser::AnyRecipient,
            at: None,
        });
    }
    for recipient in now.recipients.iter() {
        all.extend(of_recipient(before, recipient));
    }
    all
}

fn fewer(before: &Settings, now: &Settings) -> Option<Loosening> {
    let (was, is) = (before.min_recipients(), now.min_recipients());
    (is < was).then(|| Loosening {
        what: Looser::FewerRecipients { was, now: is },
        at: now.min_recipients.as_ref().map(|set| set.at),
    })
}

fn older_proofs(before: &Settings, now: &Settings) -> Option<Loosening> {
    let was = before.proof_max_age()?;
    let is = now.proof_max_age();
    let is_older = is.is_none_or(|is| is.count() > was.count());
    is_older.then(|| Loosening {
        what: Looser::OlderProofs { was, now: is },
        at: now.proof_max_age.as_ref().map(|set| set.at),
    })
}

fn of_recipient(before: &Settings, recipient: &Trusted) -> Vec<Loosening> {
    let who = Who {
        name: recipient.name.clone(),
        key: recipient.key.shown.clone(),
    };
    let at = Some(recipient.at);
    let Some(known) = before.recipients.with_key(&recipient.key.canonical) else {
        let what = Looser::Trusted(who);
        return vec![Loosening { what, at }];
    };
    let mut all: Vec<Loosening> = more_paths(known, recipient, &who);
    let (was, is) = (known.role == Role::Escrow, recipient.role == Role::Escrow);
    if was != is {
        let what = Looser::Escrow { who, is };
        all.push(Loosening { what, at });
    }
    all
}

/// The patterns of files that the key did not open before.
fn more_paths(known: &Trusted, now: &Trusted, who: &Who) -> Vec<Loosening> {
    let Some(before) = &known.paths else {
        return Vec::new();
    };
    let known: Vec<&str> = texts(Some(before)).collect();
    let new: Vec<&str> = match &now.paths {
        Some(paths) => texts(Some(paths)).collect(),
        None => vec![EVERYTHING],
    };
    let of = |at: usize| {
        let text = new.get(at)?;
        let path = Pattern::new(text, &known);
        let spans = now.paths.as_ref().map(|paths| &paths.texts);
        let span = spans.and_then(|texts| texts.get(at)).map(|(_, span)| *span);
        let who = who.clone();
        Some(Loosening {
            what: Looser::Opens { who, path },
            at: span.or(Some(now.at)),
        })
    };
    let looser = uncovered(&new, &known, Reach::Below);
    looser.into_iter().filter_map(of).collect()
}

/// The pattern that says what no patterns say.
const EVERYTHING: &str = "**";

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Policy;
    use crate::config::recipients::Trust;
    use crate::finding::Severity;

    const ADA: &str = "age18j75m3wustk3rv29qg94mjtqj8yjkqsdf9eg50gyh3ksmv4qr9ks505taf";
    const BOB: &str = "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du";

    fn policy(text: &str) -> Policy {
        let listed = |key: &str| format!("[[recipient]]\nkey = '{key}'\nname = 'x'\n");
        let text = text
            .replace("ADA", &listed(ADA))
            .replace("BOB", &listed(BOB));
        let root = Path::new("/r");
        Policy::parse(&text, &[], root, root).unwrap()
    }

    /// What is told, each in a word.
    fn told(before: &[&str], now: &str) -> (Policy, Vec<String>) {
        let mut now = policy(now);
        let before = before.iter().map(|text| policy(text)).collect();
        let told = now.go_on_from(before, |_| Severity::Error);
        let words = told.into_iter().map(|one| match one.what {
            Looser::FewerRecipients { was, now } => format!("{was} to {now}"),
            Looser::OlderProofs { was, now } => {
                format!(
                    "{was} to {}",
                    now.map_or("never".to_owned(), |now| now.to_string())
                )
            }
            Looser::AnyRecipient => "any".to_owned(),
            Looser::Trusted(_) => "trusted".to_owned(),
            Looser::Opens { path, .. } => path.text,
            Looser::Escrow { is, .. } => format!("escrow {is}"),
            other => panic!("{other:?}"),
        });
        (now, words.collect())
    }

    #[test]
    fn what_trusts_more_is_told_and_what_trusts_less_is_not() {
        for (before, now, expected) in [
            ("", "min-recipients = 1", &["2 to 1"][..]),
            ("min-recipients = 3", "", &["3 to 2"]),
            ("min-recipients = 1", "", &[]),
            ("", "min-recipients = 2", &[]),
            (
                "escrow-proof-max-age = '26w'",
                "escrow-proof-max-age = '183d'",
                &["26w to 183d"],
            ),
            (
                "escrow-proof-max-age = '26w'",
                "escrow-proof-max-age = '182d'",
                &[],
            ),
            ("escrow-proof-max-age = '1y'", "", &["1y to never"]),
            ("", "escrow-proof-max-age = '1y'", &[]),
            ("", "ADA", &[]),
            ("ADA", "", &["any"]),
            ("ADA", "ADA BOB", &["trusted"]),
            ("ADA BOB", "BOB", &[]),
            (
                "ADA BOB",
                "BOB ADA held-by = ['x']\nproved = 2026-11-22",
                &[],
            ),
            ("ADA", "BOB", &["trusted"]),
            ("ADA", "ADA paths = ['a']", &[]),
            ("ADA paths = ['a']", "ADA", &["**"]),
            (
                "ADA paths = ['a']",
                "ADA paths = ['a/b', 'c/**', 'd']",
                &["c/**", "d"],
            ),
            ("ADA paths = ['a']", "ADA paths = []", &[]),
            ("ADA", "ADA role = 'escrow'", &["escrow true"]),
            (
                "ADA role = 'escrow'",
                "ADA role = 'machine'",
                &["escrow false"],
            ),
            ("ADA role = 'maintainer'", "ADA role = 'machine'", &[]),
        ] {
            let lines = |text: &str| text.replace(' ', "\n").replace("\n=\n", " = ");
            let (_, found) = told(&[&lines(before)], &lines(now));
            assert_eq!(found, expected, "{before} | {now}");
        }
    }

    #[test]
    fn what_one_side_of_a_merge_has_is_no_news() {
        let (_, found) = told(&["ADA", "BOB"], "ADA\nBOB");
        assert_eq!(found, [""; 0]);
        let (_, found) = told(&["ADA", "ADA"], "ADA\nBOB");
        assert_eq!(found, ["trusted"]);
        let (_, found) = told(&["min-recipients = 3", "min-recipients = 4"], "");
        assert_eq!(found, ["3 to 2"]);
    }

    #[test]
    fn the_stricter_of_both_says_who_may_decrypt_what() {
        let (ada, bob) = (format!("age:{ADA}"), format!("age:{BOB}"));
        let path = Path::new("a/x.yaml");
        for (before, now, of_ada, of_bob) in [
            (None, "", (Trust::Given, false), (Trust::Given, false)),
            (None, "ADA", (Trust::Given, false), (Trust::Unlisted, false)),
            (
                Some(""),
                "ADA",
                (Trust::Given, false),
                (Trust::Unlisted, false),
            ),
            (
                Some("ADA"),
                "ADA\nBOB",
                (Trust::Given, false),
                (Trust::Unlisted, true),
            ),
            (
                Some("ADA"),
                "",
                (Trust::Given, false),
                (Trust::Unlisted, true),
            ),
            (
                Some("ADA\nBOB"),
                "BOB",
                (Trust::Unlisted, false),
                (Trust::Given, false),
            ),
            (
                None,
                "ADA\npaths = ['a']\nBOB\npaths = ['b', 'c/**']",
                (Trust::Given, false),
                (Trust::OutOfPath, false),
            ),
            (
                Some("ADA\npaths = ['b']"),
                "ADA\npaths = ['b', 'a']",
                (Trust::OutOfPath, true),
                (Trust::Unlisted, false),
            ),
        ] {
            let (policy, _) = told(before.as_slice(), now);
            assert_eq!(policy.trust(&ada, path), of_ada, "{before:?} | {now}");
            assert_eq!(policy.trust(&bob, path), of_bob, "{before:?} | {now}");
            let lists = format!("{before:?}{now}").contains("ADA");
            assert_eq!(policy.lists_recipients(), lists, "{before:?} | {now}");
        }
    }

    #[test]
    fn numbers_are_those_of_the_stricter_and_names_those_of_the_present_policy() {
        let (policy, _) = told(
            &["min-recipients = 3\nescrow-proof-max-age = '1y'"],
            "min-recipients = 1\nescrow-proof-max-age = '2y'\nADA",
        );
        assert_eq!(policy.min_recipients(), 3);
        assert_eq!(policy.proof_max_age().map(Days::count), Some(365));
        assert_eq!(policy.name_of(&format!("age:{ADA}")), Some("x"));
        assert_eq!(policy.name_of(&format!("age:{BOB}")), None);
        let (policy, _) = told(&[""], "min-recipients = 4\nescrow-proof-max-age = '1w'");
        assert_eq!(policy.min_recipients(), 4);
        assert_eq!(policy.proof_max_age().map(Days::count), Some(7));
        let (policy, _) = told(&["ADA\nrole = 'escrow'"], "ADA\nBOB\nrole = 'escrow'");
        let escrows: Vec<&str> = policy.escrows().map(|one| &one.key.shown[..]).collect();
        assert_eq!(escrows, [ADA, BOB]);
        assert!(!policy.is_escrow(&format!("age:{ADA}")));
        assert!(
            !policy.is_escrow(&format!("age:{BOB}")),
            "it was not listed before"
        );
    }
}
