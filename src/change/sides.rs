//! What a change has of the other sides of a merge, and what somebody did to it as text.

use super::{Change, Difference, LeafId, Origin};

/// Whether another side of a merge has a leaf of the later version as it is there.
pub(crate) fn comes_from(others: &[Change<'_>], now: LeafId) -> bool {
    let kept = |other: &Change<'_>| matches!(other.origin(now), Origin::Kept(_));
    others.iter().any(kept)
}

impl Change<'_> {
    /// The values of other sides that stand under the MAC of this one, which does not fit them.
    pub(crate) fn mixed_with(&self, others: &[Self]) -> Vec<LeafId> {
        if !self.has_same_mac() || self.has_same_inputs() {
            return Vec::new();
        }
        let present = self
            .differences()
            .filter_map(|difference| match difference {
                Difference::Moved { now, .. }
                | Difference::Changed { now, .. }
                | Difference::Added { now } => Some(now),
                Difference::Removed { .. } => None,
            });
        let foreign = present.filter(|now| self.is_input(*now) && comes_from(others, *now));
        foreign.collect()
    }

    /// The differences that are not left to whoever edits the file as text.
    pub(crate) fn covered_differences(&self) -> impl Iterator<Item = Difference> + '_ {
        self.differences()
            .filter(|difference| self.is_covered(*difference))
    }

    /// The leaves that enter the MAC and stand in another order, where that is not because a document
    /// or a token was moved.
    pub(crate) fn reordered(&self) -> Vec<LeafId> {
        let out = self.out_of_order();
        if out.is_empty() {
            return out;
        }
        let documents = self.documents().moved;
        let is_told = |id: &LeafId| {
            documents.binary_search(&self.now.document(*id)).is_ok()
                || matches!(self.origin(*id), Origin::Moved(_))
        };
        out.into_iter().filter(|id| !is_told(id)).collect()
    }
}
