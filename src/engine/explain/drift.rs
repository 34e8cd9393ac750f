//! In what a file differs from the rule that governs it: what `sops updatekeys` would change, and what it leaves
//! alone.

use std::ptr;

use super::page::{RecipientReport, SelectorReport};
use super::rule::Above;
use crate::config::creation::RuleKey;
use crate::rules::{FileFacts, Follows, KeyFacts, Moved};
use crate::sops::kind_of;

/// What differs.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Drift {
    /// The keys that the rule names and the file does not have: `sops updatekeys` adds them.
    pub missing: Vec<RecipientReport>,
    /// The keys that the file has and the rule does not name: `sops updatekeys` takes them out.
    pub extra: Vec<RecipientReport>,
    /// The keys that both have, in another group each: `sops updatekeys` moves them.
    pub moved: Vec<MovedKey>,
    /// How many groups the file needs, and how many it would by its rule, where `sops updatekeys` leaves
    /// that alone.
    pub threshold: Option<(usize, usize)>,
    /// How many groups the file says that it needs, and the fewer that `sops updatekeys` makes of it.
    pub groups: Option<(i64, i64)>,
    /// Whether only age's keys come and go, so that it takes neither sops nor the services of other keys.
    pub is_of_age: bool,
    /// The selectors of the file and of its rule, and whether the MAC covers encrypted values only; no
    /// command of sops changes that in a file.
    pub selectors: Option<[(SelectorReport, bool); 2]>,
}

/// A key that is in another group of the file than of its rule.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MovedKey {
    /// The key.
    pub key: RecipientReport,
    /// The number of its group in the file, from 1.
    pub here: usize,
    /// The number of its group in the rule.
    pub by_rule: usize,
}

impl Drift {
    /// What differs between a file and its rule; none where no rule applies.
    pub(super) fn of(facts: &FileFacts, above: &Above<'_>) -> Option<Self> {
        let (config, number, rule) = above.applying()?;
        let follows = Follows {
            file: facts,
            config,
            number,
            rule,
        };
        let keys = follows.key_drift();
        let report = |key: &KeyFacts| RecipientReport {
            kind: kind_of(key.kind, &key.shown),
            name: key.shown.clone(),
            called: above.called(&key.canonical),
            is_mine: false,
        };
        let is_moved = |key: &&&KeyFacts| keys.moved.iter().any(|moved| ptr::eq(moved.key, **key));
        let comes = |key: &&&RuleKey| {
            let is_it = |moved: &Moved<'_>| {
                let group = rule.groups.get(moved.by_rule - 1);
                let is_there = group.is_some_and(|group| group.iter().any(|of| ptr::eq(of, **key)));
                is_there && moved.key.spelled == key.names.spelled
            };
            keys.moved.iter().any(is_it)
        };
        let is_set = [facts.selector.is_some(), rule.selector().is_some()];
        let selectors = follows.selector_drift().map(|(of_file, of_rule)| {
            let [file_sets, rule_sets] = is_set;
            [(of_file, file_sets), (of_rule, rule_sets)].map(|(picks, is_set)| {
                let set = Some((picks.kind.name(), picks.text)).filter(|_| is_set);
                (SelectorReport::of(set), picks.mac_only_encrypted)
            })
        });
        Some(Self {
            missing: keys
                .missing
                .iter()
                .filter(|key| !comes(key))
                .map(|key| above.recipient(key))
                .collect(),
            extra: keys
                .extra
                .iter()
                .filter(|key| !is_moved(key))
                .map(|key| report(key))
                .collect(),
            moved: keys
                .moved
                .iter()
                .map(|moved| MovedKey {
                    key: report(moved.key),
                    here: moved.here,
                    by_rule: moved.by_rule,
                })
                .collect(),
            threshold: follows.threshold_drift(),
            groups: keys.threshold,
            is_of_age: follows.is_of_age(),
            selectors,
        })
    }

    /// Whether `sops updatekeys` would change the file.
    #[must_use]
    pub fn is_of_keys(&self) -> bool {
        let of_keys = [&self.missing, &self.extra];
        of_keys.iter().any(|keys| !keys.is_empty())
            || !self.moved.is_empty()
            || self.groups.is_some()
    }

    /// Whether anything differs.
    #[must_use]
    pub fn is_some(&self) -> bool {
        self.is_of_keys() || self.threshold.is_some() || self.selectors.is_some()
    }
}
