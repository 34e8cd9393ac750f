//! Whether sops may have changed values and kept the MAC.
//!
//! sops keeps `mac` and `lastmodified` where two edits fall into one second and both versions hash to
//! the same: a renamed key, a number that became a text of the same digits. It encrypts each value
//! that it has not met under the same keys with a new vector, which no editor can make, and what it
//! hides is as long as before.

use std::collections::HashSet;

use super::leaf::{Kind, Leaf};
use super::mark::Mark;
use super::{Change, Version};

impl Change<'_> {
    /// Whether every difference of what enters the MAC may come from sops, which edited the file
    /// within the second in which it had written the base. Where it is false, sops did not.
    pub(crate) fn may_be_within_a_second(&self) -> bool {
        let only_encrypted = self.only_encrypted();
        let inputs = |version: &'_ Version| -> Vec<(Leaf, Mark)> {
            let leaves = version
                .leaves
                .iter()
                .filter(|leaf| leaf.is_input(only_encrypted));
            leaves
                .map(|leaf| (*leaf, version.paths.mark(leaf.path)))
                .collect()
        };
        let (base, now) = (inputs(self.base), inputs(self.now));
        let vectors: HashSet<Mark> = base.iter().filter_map(|(leaf, _)| vector(leaf)).collect();
        let is_new = |leaf: &Leaf| vector(leaf).is_none_or(|iv| !vectors.contains(&iv));
        base.len() == now.len()
            && base.iter().zip(&now).all(|((was, old), (is, new))| {
                was.mark == is.mark
                    || was.len == is.len && is_new(is) && may_become(was, is, old != new)
            })
    }
}

/// Whether sops may print the first as the second, under the same MAC.
fn may_become(was: &Leaf, is: &Leaf, has_other_keys: bool) -> bool {
    match (was.kind, is.kind) {
        (Kind::Token { declared: was, .. }, Kind::Token { declared: is, .. }) => {
            has_other_keys || was != is
        }
        // The new name of the key made the selectors pick it, or pass it by.
        (Kind::Token { .. }, Kind::Clear) | (Kind::Clear, Kind::Token { .. }) => has_other_keys,
        (Kind::Clear, Kind::Clear) => false,
        (Kind::Empty, _) | (_, Kind::Empty) => false,
    }
}

fn vector(leaf: &Leaf) -> Option<Mark> {
    match leaf.kind {
        Kind::Token { iv, .. } => Some(iv),
        Kind::Clear | Kind::Empty => None,
    }
}
