//! Two versions of one file, matched: what git knows and the MAC does not.
//!
//! [`Version`] is what it takes to compare a version, and [`Change::between`] compares two. What
//! counts for a MAC is told apart from what does not; nothing here needs a key. All of it is pure, and
//! takes a time that grows with the leaves.

mod comments;
mod copies;
mod documents;
mod keys;
mod leaf;
mod mark;
mod matching;
mod order;
mod paths;
mod seal;
mod second;
mod sides;
#[cfg(test)]
mod tests;
mod version;

pub(crate) use copies::{Copied, Tokens, copied_across};
pub(crate) use keys::SettingChanges;
pub(crate) use leaf::LeafId;
pub(crate) use mark::Mark;
pub(crate) use matching::Origin;
pub(crate) use seal::Recipient;
pub(crate) use sides::comes_from;
pub(crate) use version::{NotCompared, Version};

use documents::Documents;
use leaf::Kind;
use matching::Matching;

use crate::source::Span;

/// What became of a base.
pub(crate) struct Change<'v> {
    base: &'v Version,
    now: &'v Version,
    documents: Documents,
    matching: Matching,
}

/// Something that is not the same in both versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    /// A token stands elsewhere: under other keys, or in another document.
    Moved { base: LeafId, now: LeafId },
    /// Something else stands under the same keys.
    Changed { base: LeafId, now: LeafId },
    /// A value is new.
    Added { now: LeafId },
    /// A value is gone.
    Removed { base: LeafId },
}

/// What became of the documents of the base, each counted from 0, in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DocumentChanges {
    /// Documents of the base that are gone.
    pub(crate) removed: Vec<usize>,
    /// Documents that the base has not.
    pub(crate) added: Vec<usize>,
    /// Documents that stand in another order than in the base.
    pub(crate) moved: Vec<usize>,
}

impl DocumentChanges {
    /// Whether there are none.
    pub(crate) fn is_unchanged(&self) -> bool {
        *self == Self::default()
    }
}

impl<'v> Change<'v> {
    /// Compares `now` with what it was.
    pub(crate) fn between(base: &'v Version, now: &'v Version) -> Self {
        let documents = Documents::between(base, now);
        let matching = Matching::between(base, now, &documents);
        Self {
            base,
            now,
            documents,
            matching,
        }
    }

    /// The version before.
    pub(crate) fn base(&self) -> &'v Version {
        self.base
    }

    /// The version after.
    pub(crate) fn now(&self) -> &'v Version {
        self.now
    }

    /// All that differs: in the order of the later version, then what is gone in the order of the
    /// base.
    pub(crate) fn differences(&self) -> impl Iterator<Item = Difference> + '_ {
        let origins = self.matching.origins.iter().enumerate();
        let present = origins.filter_map(|(at, origin)| {
            let now = LeafId::of_index(at);
            Some(match *origin {
                Origin::Kept(_) => return None,
                Origin::Moved(base) => Difference::Moved { base, now },
                Origin::Changed(base) => Difference::Changed { base, now },
                Origin::Added => Difference::Added { now },
            })
        });
        let removed = self.matching.removed.iter();
        present.chain(removed.map(|base| Difference::Removed { base: *base }))
    }

    /// What a leaf of the later version was.
    pub(crate) fn origin(&self, now: LeafId) -> Origin {
        let origin = self.matching.origins.get(now.index());
        origin.copied().unwrap_or(Origin::Added)
    }

    /// The tokens that stand under other keys than in the base, where they do not open: the leaf of
    /// the base and the one that it is now.
    pub(crate) fn moved_tokens(&self) -> impl Iterator<Item = (LeafId, LeafId)> + '_ {
        self.differences()
            .filter_map(|difference| match difference {
                Difference::Moved { base, now } => Some((base, now)),
                _ => None,
            })
            .filter(|(base, now)| self.is_moved_token(*base, *now))
    }

    /// Whether a token that counts, before or now, stands under other keys.
    pub(crate) fn is_moved_token(&self, base: LeafId, now: LeafId) -> bool {
        let counts = self.base.leaf(base).selected || self.now.leaf(now).selected;
        counts && self.base.path_mark(base) != self.now.path_mark(now)
    }

    /// The values that were encrypted and are in clear under the same keys.
    pub(crate) fn bared(&self) -> impl Iterator<Item = (LeafId, LeafId)> + '_ {
        self.differences()
            .filter_map(|difference| match difference {
                Difference::Changed { base, now } => {
                    let was_token = self.base.leaf(base).is_token();
                    let leaf = self.now.leaf(now);
                    let is_left = leaf.kind == Kind::Clear && !leaf.selected;
                    (was_token && is_left).then_some((base, now))
                }
                _ => None,
            })
    }

    /// Whether a leaf of the later version would enter the MAC of the base.
    pub(crate) fn is_input(&self, now: LeafId) -> bool {
        self.now.leaf(now).is_input(self.only_encrypted())
    }

    /// Whether a difference is one of an encrypted value.
    pub(crate) fn is_of_token(&self, difference: Difference) -> bool {
        let was = |id: LeafId| self.base.leaf(id).is_token();
        let is = |id: LeafId| self.now.leaf(id).is_token();
        match difference {
            Difference::Moved { base, now } | Difference::Changed { base, now } => {
                was(base) || is(now)
            }
            Difference::Added { now } => is(now),
            Difference::Removed { base } => was(base),
        }
    }

    /// Whether a difference is one that nobody may make as text: under `mac_only_encrypted`, values
    /// that the selectors leave in clear are free.
    pub(crate) fn is_covered(&self, difference: Difference) -> bool {
        let was = |id: LeafId| self.base.leaf(id).selected || !self.only_encrypted();
        let is = |id: LeafId| self.now.leaf(id).selected || !self.only_encrypted();
        match difference {
            Difference::Moved { base, now } | Difference::Changed { base, now } => {
                was(base) || is(now)
            }
            Difference::Added { now } => is(now),
            Difference::Removed { base } => was(base),
        }
    }

    /// Whether the MAC of the base covers encrypted values only.
    fn only_encrypted(&self) -> bool {
        let seal = self.base.seal.as_ref();
        seal.is_some_and(seal::Seal::mac_only_encrypted)
    }

    /// What became of the documents that hold values.
    pub(crate) fn documents(&self) -> DocumentChanges {
        let (was, is) = (self.base.occupied(), self.now.occupied());
        let left = |matched: &[Option<usize>], occupied: &[bool]| -> Vec<usize> {
            let pairs = matched.iter().zip(occupied).enumerate();
            pairs
                .filter(|(_, (matched, occupied))| matched.is_none() && **occupied)
                .map(|(at, _)| at)
                .collect()
        };
        let kept = self.documents.base_of.iter().enumerate();
        let kept: Vec<(usize, usize)> = kept
            .filter_map(|(now, base)| Some((now, (*base)?)))
            .collect();
        let sequence: Vec<usize> = kept.iter().map(|(_, base)| *base).collect();
        let out = order::out_of_order(&sequence);
        DocumentChanges {
            removed: left(&self.documents.now_of, &was),
            added: left(&self.documents.base_of, &is),
            moved: out
                .into_iter()
                .filter_map(|at| Some(kept.get(at)?.0))
                .collect(),
        }
    }

    /// The leaves that enter the MAC and stand in another order than in the base, as few as explain
    /// it.
    pub(crate) fn out_of_order(&self) -> Vec<LeafId> {
        let matched = self.matching.origins.iter().enumerate();
        let matched: Vec<(LeafId, usize)> = matched
            .filter_map(|(at, origin)| match origin {
                Origin::Kept(base) | Origin::Moved(base) | Origin::Changed(base) => {
                    Some((LeafId::of_index(at), base.index()))
                }
                Origin::Added => None,
            })
            .filter(|(now, _)| self.is_input(*now))
            .collect();
        let sequence: Vec<usize> = matched.iter().map(|(_, base)| *base).collect();
        let out = order::out_of_order(&sequence);
        out.into_iter()
            .filter_map(|at| Some(matched.get(at)?.0))
            .collect()
    }

    /// Whether sops wrote `mac` once for both versions.
    pub(crate) fn has_same_mac(&self) -> bool {
        self.now.has_mac_of(self.base)
    }

    /// Whether all that enters the MAC is the same in both.
    pub(crate) fn has_same_inputs(&self) -> bool {
        self.base.has_inputs_of(self.now)
    }

    /// Whether the MAC holds for one version where it holds for the other.
    pub(crate) fn is_same_to_the_mac(&self) -> bool {
        self.has_same_mac() && self.has_same_inputs()
    }

    /// The clear values that are spelled alike in both texts, quotes left aside, and are something
    /// else to sops: a text of digits and a number.
    pub(crate) fn respelled(&self, was: &[u8], is: &[u8]) -> impl Iterator<Item = LeafId> {
        let differences = self.differences();
        differences.filter_map(move |difference| match difference {
            Difference::Changed { base, now } => {
                let (old, new) = (self.base.leaf(base), self.now.leaf(now));
                let is_clear = old.kind == Kind::Clear && new.kind == Kind::Clear;
                let spelled = unquoted(was, old.span);
                let is_same = spelled.is_some() && spelled == unquoted(is, new.span);
                (is_clear && is_same).then_some(now)
            }
            Difference::Moved { .. } | Difference::Added { .. } | Difference::Removed { .. } => {
                None
            }
        })
    }

    /// Whether the file is again what it was in `older`, and the base was not that.
    pub(crate) fn is_replay_of(&self, older: &Version) -> bool {
        !self.has_same_mac() && self.now.has_mac_of(older) && older.has_inputs_of(self.now)
    }

    /// Which of several changes of one file says most of it: that of the base whose MAC it has, best
    /// with all that the MAC covers; else the first.
    pub(crate) fn nearest(changes: &[Self]) -> Option<usize> {
        let rank = |change: &Self| {
            if change.is_same_to_the_mac() {
                0
            } else if change.has_same_mac() {
                1
            } else if change.has_mac_of_other_time() {
                2
            } else {
                3
            }
        };
        let ranked = changes.iter().enumerate();
        ranked
            .min_by_key(|(at, change)| (rank(change), *at))
            .map(|(at, _)| at)
    }
}

/// What stands at a place, without its quotes.
fn unquoted(text: &[u8], span: Span) -> Option<&[u8]> {
    let text = text.get(span.range())?;
    for quote in [b"'", b"\""] {
        let inside = text
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote));
        if inside.is_some() {
            return inside;
        }
    }
    Some(text)
}
