//! What a policy allows that the one before it did not.
//!
//! Everything that a policy can say is compared here and nowhere else: a new key joins by a part of
//! its own in [`loosenings`].

mod recipients;

use std::collections::BTreeSet;

use super::covering::{Reach, uncovered};
use super::day::Days;
use super::settings::{Listed, Settings, USUAL_SECRETS};
use crate::finding::Severity;
use crate::source::Span;

/// One thing that a policy is looser in than the one before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loosening {
    pub(crate) what: Looser,
    /// Where it stands; none where it is what no longer stands there.
    pub(crate) at: Option<Span>,
}

/// What is looser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Looser {
    /// The level of a rule; none is off.
    Level {
        rule: String,
        was: Severity,
        now: Option<Severity>,
    },
    /// A rule is silenced in more files.
    Ignored { rule: String, path: Pattern },
    /// More files are not looked at.
    Excluded(Pattern),
    /// Names do not say any more that a file should be encrypted.
    NotSecret(Pattern),
    /// Files may have fewer recipients.
    FewerRecipients { was: usize, now: usize },
    /// Escrow keys may be proved less often; none is never.
    OlderProofs { was: Days, now: Option<Days> },
    /// Recipients are no longer listed, so that every key is trusted.
    AnyRecipient,
    /// A key is trusted that was not listed.
    Trusted(Who),
    /// A key may open more files.
    Opens { who: Who, path: Pattern },
    /// A key counts as one for escrow and did not, or no longer does and needs no proof.
    Escrow { who: Who, is: bool },
    /// A baseline accepts more findings.
    Accepted { more: usize },
}

/// A recipient, for people and for comparing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) name: String,
    /// The key as reports may print it.
    pub(crate) key: String,
}

/// A pattern that one policy has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    pub(crate) text: String,
    /// Whether the other policy has any that it could be covered by, so that this is not certain.
    pub(crate) may_be_covered: bool,
}

/// All that is looser in `now` than in `before`, in the order of the places in the text.
pub(super) fn loosenings(
    before: &Settings,
    now: &Settings,
    usual: &dyn Fn(&str) -> Severity,
) -> Vec<Loosening> {
    let mut all = levels(before, now, usual);
    all.extend(ignored(before, now));
    all.extend(excluded(before, now));
    all.extend(no_secrets(before, now));
    all.extend(recipients::loosenings(before, now));
    // What stands nowhere comes first.
    all.sort_by_key(|loosening| loosening.at);
    all
}

/// Those that are in all of the lists.
pub(super) fn common(mut lists: impl Iterator<Item = Vec<Loosening>>) -> Vec<Loosening> {
    let mut all = lists.next().unwrap_or_default();
    for list in lists {
        all.retain(|one| list.iter().any(|other| one.is_same(other)));
    }
    all
}

impl Loosening {
    /// Whether it is the same, whatever was before.
    fn is_same(&self, other: &Self) -> bool {
        self.at == other.at
            && match (&self.what, &other.what) {
                (Looser::Level { rule, .. }, Looser::Level { rule: other, .. }) => rule == other,
                (
                    Looser::Ignored { rule, path },
                    Looser::Ignored {
                        rule: other_rule,
                        path: other,
                    },
                ) => rule == other_rule && path.text == other.text,
                (Looser::Excluded(pattern), Looser::Excluded(other)) => pattern.text == other.text,
                (
                    Looser::Opens { who, path },
                    Looser::Opens {
                        who: other_who,
                        path: other,
                    },
                ) => who == other_who && path.text == other.text,
                // What is lost may be the same names, called otherwise.
                (Looser::NotSecret(_), Looser::NotSecret(_)) => true,
                // What was before does not matter.
                (Looser::FewerRecipients { .. }, Looser::FewerRecipients { .. })
                | (Looser::OlderProofs { .. }, Looser::OlderProofs { .. }) => true,
                (one, other) => one == other,
            }
    }
}

fn levels(before: &Settings, now: &Settings, usual: &dyn Fn(&str) -> Severity) -> Vec<Loosening> {
    let rules = before.levels.keys().chain(now.levels.keys());
    let rules: BTreeSet<&String> = rules.collect();
    let looser = rules.into_iter().filter_map(|rule| {
        let usual = usual(rule);
        let was = before.level(rule, usual)?;
        let is = now.level(rule, usual);
        // Levels are sorted by how much they matter.
        let is_looser = is.is_none_or(|is| is > was);
        is_looser.then(|| Loosening {
            what: Looser::Level {
                rule: rule.clone(),
                was,
                now: is,
            },
            at: now.levels.get(rule).map(|level| level.at),
        })
    });
    looser.collect()
}

fn ignored(before: &Settings, now: &Settings) -> Vec<Loosening> {
    let rules: BTreeSet<&str> = now
        .ignores
        .iter()
        .map(|ignore| ignore.rule.as_str())
        .collect();
    let mut all = Vec::new();
    for rule in rules.into_iter().filter(|rule| !before.is_off(rule)) {
        let of_rule = |settings: &'_ Settings| -> Vec<usize> {
            let ignores = settings.ignores.iter().enumerate();
            ignores
                .filter(|(_, ignore)| ignore.rule == rule)
                .map(|(at, _)| at)
                .collect()
        };
        let known: Vec<&str> = of_rule(before)
            .into_iter()
            .filter_map(|at| Some(before.ignores.get(at)?.path.as_str()))
            // What is not looked at is silent already.
            .chain(texts(before.exclude.as_ref()))
            .collect();
        let new: Vec<_> = of_rule(now)
            .into_iter()
            .filter_map(|at| now.ignores.get(at))
            .collect();
        let paths: Vec<&str> = new.iter().map(|ignore| ignore.path.as_str()).collect();
        for at in uncovered(&paths, &known, Reach::Below) {
            let Some(ignore) = new.get(at) else { continue };
            let path = Pattern::new(&ignore.path, &known);
            let rule = rule.to_owned();
            all.push(Loosening {
                what: Looser::Ignored { rule, path },
                at: Some(ignore.at),
            });
        }
    }
    all
}

fn excluded(before: &Settings, now: &Settings) -> Vec<Loosening> {
    let known: Vec<&str> = texts(before.exclude.as_ref()).collect();
    let new: Vec<&str> = texts(now.exclude.as_ref()).collect();
    let of = |at: usize| {
        let (text, span) = now.exclude.as_ref()?.texts.get(at)?;
        Some(Loosening {
            what: Looser::Excluded(Pattern::new(text, &known)),
            at: Some(*span),
        })
    };
    let looser = uncovered(&new, &known, Reach::Below);
    looser.into_iter().filter_map(of).collect()
}

fn no_secrets(before: &Settings, now: &Settings) -> Vec<Loosening> {
    let (was, is) = (secrets(before), secrets(now));
    // Capital and small letters are the same in these.
    let lower = |texts: &[&str]| -> Vec<String> {
        texts.iter().map(|text| text.to_ascii_lowercase()).collect()
    };
    let (lower_was, lower_is) = (lower(&was), lower(&is));
    let (lower_was, lower_is) = (borrowed(&lower_was), borrowed(&lower_is));
    let of = |at: usize| {
        Some(Loosening {
            what: Looser::NotSecret(Pattern::new(was.get(at)?, &is)),
            at: now.secret_files.as_ref().map(|listed| listed.at),
        })
    };
    let looser = uncovered(&lower_was, &lower_is, Reach::Files);
    looser.into_iter().filter_map(of).collect()
}

fn secrets(settings: &Settings) -> Vec<&str> {
    match &settings.secret_files {
        Some(listed) => texts(Some(listed)).collect(),
        None => USUAL_SECRETS.to_vec(),
    }
}

fn texts(listed: Option<&Listed>) -> impl Iterator<Item = &str> {
    let texts = listed.into_iter().flat_map(|listed| &listed.texts);
    texts.map(|(text, _)| text.as_str())
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

impl Pattern {
    fn new(text: &str, others: &[&str]) -> Self {
        Self {
            text: text.to_owned(),
            may_be_covered: !others.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::config::Policy;

    const RULES: [&str; 2] = ["mac-mismatch", "recipient-added"];

    fn usual(rule: &str) -> Severity {
        match rule {
            "mac-mismatch" => Severity::Error,
            _ => Severity::Warning,
        }
    }

    fn policy(text: &str) -> Policy {
        let root = Path::new("/r");
        Policy::parse(text, &RULES, root, root).unwrap()
    }

    fn told(before: &[&str], now: &str) -> Vec<Looser> {
        let before = before.iter().map(|text| policy(text)).collect();
        let told = policy(now).go_on_from(before, usual);
        told.into_iter().map(|loosening| loosening.what).collect()
    }

    fn level(was: Severity, now: Option<Severity>) -> Looser {
        let rule = "mac-mismatch".to_owned();
        Looser::Level { rule, was, now }
    }

    #[test]
    fn levels_are_looser_where_they_matter_less() {
        use Severity::{Error, Note, Warning};
        for (before, now, expected) in [
            ("", "rules.mac-mismatch = 'off'", Some(level(Error, None))),
            (
                "",
                "rules.mac-mismatch = 'note'",
                Some(level(Error, Some(Note))),
            ),
            (
                "rules.mac-mismatch = 'warning'",
                "rules.mac-mismatch = 'note'",
                Some(level(Warning, Some(Note))),
            ),
            ("rules.mac-mismatch = 'note'", "", None),
            (
                "rules.mac-mismatch = 'off'",
                "rules.mac-mismatch = 'note'",
                None,
            ),
            (
                "rules.mac-mismatch = 'off'",
                "rules.mac-mismatch = 'off'",
                None,
            ),
        ] {
            let expected: Vec<Looser> = expected.into_iter().collect();
            assert_eq!(told(&[before], now), expected, "{before} {now}");
        }
    }

    #[test]
    fn names_that_one_side_of_a_merge_did_not_take_for_secret_are_no_news() {
        let (all, none) = ("secret-files = ['**']", "secret-files = []");
        assert_eq!(told(&[all, none], none), []);
        assert_eq!(told(&[all, all], none).len(), 1);
        let other = "secret-files = ['a/**']";
        assert_eq!(told(&[all, other], none).len(), 1);
    }

    /// A policy: its lines, each there or not.
    fn text() -> impl Strategy<Value = String> {
        let pattern = "(a|[*][*]|[*])(/(a|b|[*]|[*][*]|[*][.]enc[.][*]))?";
        let patterns = prop::collection::vec(pattern, 0..3);
        let level = prop::option::of("(error|warning|note|off)");
        let ignores = prop::collection::vec((prop::sample::select(&RULES[..]), pattern), 0..3);
        let lists = (
            prop::option::of(patterns.clone()),
            prop::option::of(patterns),
        );
        (lists, level.clone(), level, ignores).prop_map(
            |((secret, exclude), first, second, ignores)| {
                let mut text = String::new();
                for (key, list) in [("secret-files", secret), ("exclude", exclude)] {
                    if let Some(list) = list {
                        text += &format!("{key} = {list:?}\n");
                    }
                }
                for (rule, level) in RULES.into_iter().zip([first, second]) {
                    if let Some(level) = level {
                        text += &format!("rules.{rule} = {level:?}\n");
                    }
                }
                for (rule, path) in ignores {
                    text +=
                        &format!("[[ignore]]\nrule = {rule:?}\npath = {path:?}\nreason = 'x'\n");
                }
                text
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn a_policy_of_which_nothing_is_told_counts_in_full(
            before in prop::collection::vec(text(), 1..3),
            now in text(),
            paths in prop::collection::vec("[ab](/[ab]){0,2}([.]enc[.]x)?", 10),
        ) {
            let alone = policy(&now);
            let mut both = policy(&now);
            let bases = before.iter().map(|text| policy(text)).collect();
            let told = both.go_on_from(bases, usual);
            for path in &paths {
                let path = Path::new(path);
                let levels = |policy: &Policy| RULES.map(|rule| policy.judge(rule, path, usual(rule)));
                let names = |policy: &Policy| (policy.is_excluded(path), policy.is_secret_name(path));
                let is_same = levels(&alone) == levels(&both) && names(&alone) == names(&both);
                prop_assert!(is_same || !told.is_empty(), "{before:?} {now} {path:?}");
                // Whatever is told, the judge is never milder than the present policy.
                let was = policy(&before[0]);
                for (level, alone) in levels(&both).into_iter().zip(levels(&alone)) {
                    prop_assert!(level.is_some_and(|level| alone.is_none_or(|alone| level <= alone))
                        || alone.is_none());
                }
                if before.len() == 1 && !was.is_excluded(path) {
                    for (level, was) in levels(&both).into_iter().zip(levels(&was)) {
                        prop_assert!(was.is_none_or(|was| level.is_some_and(|level| level <= was)));
                    }
                }
            }
        }
    }
}
