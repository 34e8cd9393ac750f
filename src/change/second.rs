//! Whether sops may have changed values and kept the MAC.
//!
//! sops keeps `mac` and `lastmodified` where two edits fall into one second and both versions hash to
//! the same: a renamed key, a number that became a text of the same digits. It encrypts each value
//! that it has not met under the same keys with a new vector, which no editor can make, and what it
//! hides is as long as before. Equal values under the same keys get one token.

use std::collections::HashSet;

use super::leaf::{Kind, Leaf};
use super::mark::Mark;
use super::{Change, Difference, Version};

/// What enters the MAC of a version, each with its path.
type Inputs = Vec<(Leaf, Mark)>;

impl Change<'_> {
    /// Whether every difference of what enters the MAC may come from sops, which edited the file
    /// within the second in which it had written the base. Where it is false, sops did not.
    pub(crate) fn may_be_within_a_second(&self) -> bool {
        if self.has_other_mac_scope() {
            return false;
        }
        let (base, now) = (self.inputs(self.base), self.inputs(self.now));
        let vectors: HashSet<Mark> = base.iter().filter_map(|(leaf, _)| vector(leaf)).collect();
        let known: HashSet<(Mark, Mark)> =
            base.iter().map(|(leaf, path)| (leaf.mark, *path)).collect();
        let mut merged = 0;
        let may_be = base.iter().zip(&now).all(|((was, old), (is, new))| {
            if was.mark == is.mark {
                return true;
            }
            let is_new = vector(is).is_none_or(|iv| !vectors.contains(&iv));
            let is_merged = was.is_token() && old == new && known.contains(&(is.mark, *new));
            merged += usize::from(is_merged);
            was.len == is.len && (is_merged || is_new && self.may_become(was, is, old != new))
        });
        may_be && base.len() == now.len() && (merged == 0 || self.has_more_than_changes())
    }

    fn inputs(&self, version: &Version) -> Inputs {
        let only_encrypted = self.only_encrypted();
        let leaves = version.leaves.iter();
        let inputs = leaves.filter(|leaf| leaf.is_input(only_encrypted));
        inputs
            .map(|leaf| (*leaf, version.paths.mark(leaf.path)))
            .collect()
    }

    /// Whether sops may print the first as the second, under the same MAC: another key, or another
    /// comment, can make the selectors pick a value or pass it by.
    fn may_become(&self, was: &Leaf, is: &Leaf, has_other_keys: bool) -> bool {
        match (was.kind, is.kind) {
            (Kind::Token { declared: was, .. }, Kind::Token { declared: is, .. }) => {
                has_other_keys || was != is
            }
            (Kind::Token { .. }, Kind::Clear) => !is.selected && !self.has_other_selectors(),
            (Kind::Clear, Kind::Token { .. }) => !was.selected && !self.has_other_selectors(),
            (Kind::Clear, Kind::Clear) | (Kind::Empty, _) | (_, Kind::Empty) => false,
        }
    }

    /// Whether there is something for which sops wrote the file.
    fn has_more_than_changes(&self) -> bool {
        let is_more = |difference| !matches!(difference, Difference::Changed { .. });
        self.differences().any(is_more) || self.has_other_comments()
    }
}

fn vector(leaf: &Leaf) -> Option<Mark> {
    match leaf.kind {
        Kind::Token { iv, .. } => Some(iv),
        Kind::Clear | Kind::Empty => None,
    }
}
