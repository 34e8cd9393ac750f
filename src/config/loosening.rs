//! What a policy allows that the one before it did not.
//!
//! Everything that a policy can say is compared here and nowhere else: a new key joins by a part of
//! its own in [`loosenings`].

use std::collections::BTreeSet;

use super::covering::{Reach, uncovered};
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
                (Looser::Excluded(pattern), Looser::Excluded(other))
                | (Looser::NotSecret(pattern), Looser::NotSecret(other)) => {
                    pattern.text == other.text
                }
                _ => false,
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
