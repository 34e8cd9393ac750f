//! What a configuration would do to a file: two configurations are as one where they would do the same.

use std::collections::BTreeSet;

use super::SopsConfig;
use super::choice::Choice;
use super::rule::CreationRule;
use crate::sops::{KeyKind, SelectorKind, Selectors};

/// What sops would do with a file that it encrypts, or whose keys it updates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect<'c> {
    /// Encrypt it so.
    Encrypts(Encrypts<'c>),
    /// Fail: no rule matches, there are none, or the rule is one that sops refuses.
    Fails,
    /// It takes too much to say.
    Unknown,
}

/// All that a rule settles, order and repetition aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Encrypts<'c> {
    groups: Vec<BTreeSet<(KeyKind, &'c str)>>,
    groups_needed: usize,
    selector: (SelectorKind, &'c [u8]),
    mac_only_encrypted: bool,
}

impl Encrypts<'_> {
    /// What of it another settles otherwise, in a word.
    pub(crate) fn difference(&self, other: &Self) -> &'static str {
        if self.groups != other.groups || self.groups_needed != other.groups_needed {
            "keys"
        } else if self.selector != other.selector {
            "selectors"
        } else {
            "settings"
        }
    }
}

impl SopsConfig {
    /// What sops would do by this configuration with the file at `path`, which is relative to the
    /// configuration's folder. It counts as a call of [`rule_for`](Self::rule_for).
    pub(crate) fn effect(&self, path: &[u8]) -> Effect<'_> {
        match self.rule_for(path) {
            Choice::Rule(rule) => match self.rules.get(rule) {
                Some(rule) => Effect::Encrypts(rule.effect()),
                None => Effect::Unknown,
            },
            Choice::Refused { .. } | Choice::NoMatch | Choice::NoRules => Effect::Fails,
            Choice::Undecidable { .. } => Effect::Unknown,
        }
    }
}

impl CreationRule {
    /// The selector of a file that the rule encrypts: sops's default where the rule sets none.
    pub(crate) fn effective_selector(&self) -> (SelectorKind, &[u8]) {
        match self.selector() {
            Some(setting) => (setting.value.0, setting.value.1.as_bytes()),
            None => {
                let (_, text) = Selectors::default_setting();
                (SelectorKind::UnencryptedSuffix, text)
            }
        }
    }

    /// How many groups open a file of the rule.
    pub(crate) fn groups_needed(&self) -> usize {
        match (self.groups.len(), usize::try_from(self.threshold())) {
            (0 | 1, _) => 1,
            (groups, Ok(0) | Err(_)) => groups,
            (_, Ok(threshold)) => threshold,
        }
    }

    fn effect(&self) -> Encrypts<'_> {
        let groups = self.groups.iter().map(|group| {
            let keys = group.iter();
            keys.map(|key| (key.names.kind, key.names.spelled.as_str()))
                .collect()
        });
        let mut groups: Vec<BTreeSet<_>> = groups.collect();
        groups.sort_unstable();
        Encrypts {
            groups,
            groups_needed: self.groups_needed(),
            selector: self.effective_selector(),
            mac_only_encrypted: self.mac_only_encrypted(),
        }
    }
}
