//! Who is to open a file.

use crate::config::creation::RuleKey;
use crate::sops::{KeyKind, KeyNames};

/// The keys that are to open a file, and nobody else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Group by group; the order within a group does not count, nor how often a key is there.
    pub(crate) groups: Vec<Vec<WantedKey>>,
    /// How many of several groups are to open together, where that is to change: without it the file
    /// keeps what it says, as `sops updatekeys` lets it.
    pub(crate) threshold: Option<i64>,
}

/// A key that is to open a file.
#[derive(Clone, Debug)]
pub(crate) struct WantedKey {
    pub(crate) names: KeyNames,
    /// Whether any version of it is it: sops asks the key's owner for the newest.
    pub(crate) is_open: bool,
}

impl Wanted {
    /// The keys that a creation rule names.
    pub(crate) fn by_rule(groups: &[Vec<RuleKey>]) -> Self {
        let group = |group: &Vec<RuleKey>| group.iter().map(WantedKey::from).collect();
        Self {
            groups: groups.iter().map(group).collect(),
            threshold: None,
        }
    }
}

impl WantedKey {
    /// Whether a file's key is this one, by the words that `sops updatekeys` compares.
    pub(crate) fn is(&self, key: &KeyNames) -> bool {
        let of_version = self.is_open && key.kind == KeyKind::AzureKv;
        self.names.spelled == key.spelled
            || of_version && key.spelled.starts_with(&self.names.spelled)
    }
}

impl From<&RuleKey> for WantedKey {
    fn from(key: &RuleKey) -> Self {
        Self {
            names: key.names.clone(),
            is_open: key.is_open,
        }
    }
}
