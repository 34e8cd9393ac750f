//! In what a file differs from the rule that it follows, as `sops updatekeys` would see it.

use std::collections::{BTreeSet, HashSet};
use std::ptr;

use super::facts::KeyFacts;
use super::repository::Follows;
use crate::config::creation::RuleKey;
use crate::document::Format;
use crate::sops::{KeyKind, SelectorKind, Selectors};

/// The keys that `sops updatekeys` would put into a file, and take from it.
#[derive(Default)]
pub(crate) struct KeyDrift<'a> {
    /// What the rule names and the file does not.
    pub(crate) missing: Vec<&'a RuleKey>,
    /// What the file names and the rule does not.
    pub(crate) extra: Vec<&'a KeyFacts>,
    /// Of both what is the same key, in another group.
    pub(crate) moved: Vec<Moved<'a>>,
    /// The threshold of the file and the one that it would get: there are too few groups for it.
    pub(crate) threshold: Option<(i64, i64)>,
    /// Whether it may be that there is more: a key of the rule is one whose version sops asks for.
    pub(crate) is_open: bool,
}

/// A key that is in another group of the file than of the rule.
#[derive(Clone, Copy)]
pub(crate) struct Moved<'a> {
    pub(crate) key: &'a KeyFacts,
    /// The number of its group in the file, from 1.
    pub(crate) here: usize,
    /// The number of its group in the rule.
    pub(crate) by_rule: usize,
}

/// The selector of a file, or of a rule.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Picks<'a> {
    pub(crate) kind: SelectorKind,
    pub(crate) text: &'a [u8],
    pub(crate) mac_only_encrypted: bool,
}

impl KeyDrift<'_> {
    /// Whether `sops updatekeys` would change the file.
    pub(crate) fn is_some(&self) -> bool {
        !self.missing.is_empty() || !self.extra.is_empty() || self.threshold.is_some()
    }

    /// Whether the keys are the same on both sides, and only their words are others.
    pub(crate) fn is_spelling(&self) -> bool {
        let ours: HashSet<&str> = self
            .extra
            .iter()
            .map(|key| key.canonical.as_str())
            .collect();
        let missing = self.missing.iter().map(|key| key.names.canonical.as_str());
        let theirs: HashSet<&str> = missing.collect();
        let is_same = self.threshold.is_none() && self.moved.is_empty();
        is_same && !ours.is_empty() && ours == theirs
    }
}

impl<'a> Follows<'a> {
    /// The rule in words: which it is, and of which file.
    pub(crate) fn told(&self) -> String {
        let line = self.config.source.position(self.rule.span.start()).line;
        let config = super::remedy::word(&self.config.path);
        format!("rule {} of `{config}` (line {line})", self.number + 1)
    }

    /// What `sops updatekeys` would change. It compares group by group, by the words of each key;
    /// their order does not count, nor how often one is there.
    pub(crate) fn key_drift(&self) -> KeyDrift<'a> {
        let mut drift = KeyDrift::default();
        let (file, rule) = (&self.file.groups, &self.rule.groups);
        for at in 0..file.len().max(rule.len()) {
            let ours = file.get(at).map_or(&[][..], Vec::as_slice);
            let theirs = rule.get(at).map_or(&[][..], Vec::as_slice);
            drift.compare(ours, theirs);
        }
        drift.moved = self.moved(&drift);
        let threshold = self.threshold();
        let groups = i64::try_from(rule.len()).unwrap_or(i64::MAX);
        drift.threshold = (threshold > groups).then_some((threshold, groups));
        drift
    }

    /// Whether only age's keys come, go or get another share of the data key, so that the file comes to follow its
    /// rule without sops and the services that keys of other kinds are of.
    pub(crate) fn is_of_age(&self) -> bool {
        let services: Vec<BTreeSet<&str>> = self
            .file
            .groups
            .iter()
            .map(|group| {
                let others = group.iter().filter(|key| key.kind != KeyKind::Age);
                others.map(|key| key.spelled.as_str()).collect()
            })
            .collect();
        let by_rule: Vec<BTreeSet<&str>> = self
            .rule
            .groups
            .iter()
            .map(|group| {
                let others = group.iter().filter(|key| key.names.kind != KeyKind::Age);
                others.map(|key| key.names.spelled.as_str()).collect()
            })
            .collect();
        let all = services.iter().chain(&by_rule);
        services == by_rule || all.clone().all(BTreeSet::is_empty)
    }

    /// The keys that are missing in one group and too much in another.
    fn moved(&self, drift: &KeyDrift<'a>) -> Vec<Moved<'a>> {
        let same = |key: &KeyFacts, of: &RuleKey| key.spelled == of.names.spelled;
        let moved = drift.extra.iter().copied().filter_map(|key| {
            let missing = drift.missing.iter().copied().find(|of| same(key, of))?;
            let here = |group: &Vec<KeyFacts>| group.iter().any(|of| ptr::eq(of, key));
            let there = |group: &Vec<RuleKey>| group.iter().any(|of| ptr::eq(of, missing));
            Some(Moved {
                key,
                here: self.file.groups.iter().position(here)? + 1,
                by_rule: self.rule.groups.iter().position(there)? + 1,
            })
        });
        moved.collect()
    }

    /// How many groups the file needs and how many its rule says, where they differ and
    /// `sops updatekeys` leaves that alone.
    pub(crate) fn threshold_drift(&self) -> Option<(usize, usize)> {
        let groups = self.file.groups.len();
        let (file, rule) = (self.file.groups_needed, self.rule.groups_needed());
        let comparable = groups > 1 && groups == self.rule.groups.len();
        let stays = i64::try_from(groups).is_ok_and(|groups| self.threshold() <= groups);
        (comparable && stays && file != rule).then_some((file, rule))
    }

    /// What the file's selector picks and what its rule's would, where they differ.
    pub(crate) fn selector_drift(&self) -> Option<(Picks<'a>, Picks<'a>)> {
        // To sops such a file is one value, and no selector counts.
        if self.file.format == Format::Binary {
            return None;
        }
        let (_, default) = Selectors::default_setting();
        let selector = self.file.selector.as_ref();
        let file = Picks {
            kind: selector.map_or(SelectorKind::UnencryptedSuffix, |selector| selector.kind),
            text: selector.map_or(default, |selector| &selector.text),
            mac_only_encrypted: self.file.mac_only_encrypted,
        };
        let (kind, text) = self.rule.effective_selector();
        let rule = Picks {
            kind,
            text,
            mac_only_encrypted: self.rule.mac_only_encrypted(),
        };
        (file != rule).then_some((file, rule))
    }

    fn threshold(&self) -> i64 {
        self.file
            .threshold
            .as_ref()
            .map_or(0, |(threshold, _)| *threshold)
    }
}

impl<'a> KeyDrift<'a> {
    fn compare(&mut self, file: &'a [KeyFacts], rule: &'a [RuleKey]) {
        let ours: HashSet<&str> = file.iter().map(|key| key.spelled.as_str()).collect();
        let theirs: HashSet<&str> = rule.iter().map(|key| key.names.spelled.as_str()).collect();
        // Of a key without a version, sops asks which is the newest.
        let open: Vec<&RuleKey> = rule.iter().filter(|key| key.is_open).collect();
        let is_a_version = |key: &KeyFacts, open: &RuleKey| {
            key.kind == KeyKind::AzureKv && key.spelled.starts_with(&open.names.spelled)
        };
        self.is_open |= !open.is_empty();
        let lacks = |key: &&RuleKey| match key.is_open {
            true => !file.iter().any(|of_file| is_a_version(of_file, key)),
            false => !ours.contains(key.names.spelled.as_str()),
        };
        let exceeds = |key: &&KeyFacts| {
            !theirs.contains(key.spelled.as_str())
                && !open.iter().any(|open| is_a_version(key, open))
        };
        self.missing.extend(rule.iter().filter(lacks));
        self.extra.extend(file.iter().filter(exceeds));
    }
}
