//! Which document of one version is which of another one.
//!
//! Documents have no names. What two of them have in common and no others have tells it, then the
//! keys that they hold; never the place alone, or a document that was deleted would make all behind
//! it look changed. A document that holds no value is none here: sops makes one of a trailing `---`.

use std::collections::{BTreeMap, HashMap};

use super::leaf::LeafId;
use super::mark::Mark;
use super::version::Version;

/// The documents of two versions, matched.
pub(super) struct Documents {
    /// For each document of the later version the one that it was.
    pub(super) base_of: Vec<Option<usize>>,
    /// For each document of the base the one that it became.
    pub(super) now_of: Vec<Option<usize>>,
}

/// The one document that holds something, if it is one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holder {
    None,
    One(usize),
    Many,
}

impl Documents {
    /// Matches the documents of `base` with those of `now`, in a time that grows with the leaves.
    pub(super) fn between(base: &Version, now: &Version) -> Self {
        let mut matched = Self {
            base_of: vec![None; now.documents],
            now_of: vec![None; base.documents],
        };
        let (of_base, of_now) = (by_document(base), by_document(now));
        matched.by_votes(base, now);
        matched.by_keys(base, now, &of_base, &of_now);
        matched.the_last_ones(&of_base, &of_now);
        matched
    }

    fn pair(&mut self, base: usize, now: usize) {
        let (Some(of_now), Some(of_base)) = (self.base_of.get_mut(now), self.now_of.get_mut(base))
        else {
            return;
        };
        if of_now.is_none() && of_base.is_none() {
            *of_now = Some(base);
            *of_base = Some(now);
        }
    }

    /// Those that share most of what no other document holds: a value under its keys, in clear or as
    /// a token.
    fn by_votes(&mut self, base: &Version, now: &Version) {
        let mut holders: HashMap<(Mark, Mark), (Holder, Holder)> = HashMap::new();
        let nobody = (Holder::None, Holder::None);
        for id in base.ids() {
            let held = holders.entry(thing(base, id)).or_insert(nobody);
            held.0.add(base.document(id));
        }
        for id in now.ids() {
            if let Some(held) = holders.get_mut(&thing(now, id)) {
                held.1.add(now.document(id));
            }
        }
        let mut votes: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for held in holders.into_values() {
            if let (Holder::One(base), Holder::One(now)) = held {
                *votes.entry((base, now)).or_default() += 1;
            }
        }
        let mut votes: Vec<_> = votes.into_iter().collect();
        votes.sort_by_key(|&((base, now), count)| {
            (
                std::cmp::Reverse(count),
                base.abs_diff(now),
                base + now,
                base,
            )
        });
        for ((base, now), _) in votes {
            self.pair(base, now);
        }
    }

    /// Those that hold the same keys, whatever their values: after a rotation only these are left.
    fn by_keys(
        &mut self,
        base: &Version,
        now: &Version,
        of_base: &[Vec<LeafId>],
        of_now: &[Vec<LeafId>],
    ) {
        let mut waiting: HashMap<Mark, Vec<usize>> = HashMap::new();
        for (at, leaves) in of_base.iter().enumerate().rev() {
            if !leaves.is_empty() && self.now_of.get(at) == Some(&None) {
                waiting.entry(shape(base, leaves)).or_default().push(at);
            }
        }
        for (at, leaves) in of_now.iter().enumerate() {
            if !leaves.is_empty()
                && self.base_of.get(at) == Some(&None)
                && let Some(first) = waiting.get_mut(&shape(now, leaves)).and_then(Vec::pop)
            {
                self.pair(first, at);
            }
        }
    }

    /// Where one is left on either side they are the same, be there nothing in common.
    fn the_last_ones(&mut self, of_base: &[Vec<LeafId>], of_now: &[Vec<LeafId>]) {
        if let (Some(base), Some(now)) = (only(of_base, &self.now_of), only(of_now, &self.base_of))
        {
            self.pair(base, now);
        }
    }
}

impl Holder {
    fn add(&mut self, document: usize) {
        *self = match *self {
            Self::None => Self::One(document),
            Self::One(other) if other == document => Self::One(other),
            Self::One(_) | Self::Many => Self::Many,
        };
    }
}

/// A value under its keys.
fn thing(version: &Version, id: LeafId) -> (Mark, Mark) {
    (version.path_mark(id), version.leaf(id).mark)
}

/// The leaves of each document.
fn by_document(version: &Version) -> Vec<Vec<LeafId>> {
    let mut documents = vec![Vec::new(); version.documents];
    for id in version.ids() {
        if let Some(leaves) = documents.get_mut(version.document(id)) {
            leaves.push(id);
        }
    }
    documents
}

/// The mark of the keys that a document holds, whatever their order.
fn shape(version: &Version, leaves: &[LeafId]) -> Mark {
    let mut paths: Vec<Mark> = leaves.iter().map(|id| version.path_mark(*id)).collect();
    paths.sort_unstable();
    Mark::of_marks(paths)
}

/// The only document that holds something and is not matched yet.
fn only(documents: &[Vec<LeafId>], matched: &[Option<usize>]) -> Option<usize> {
    let left = documents.iter().zip(matched).enumerate();
    let mut left = left.filter(|(_, (leaves, matched))| !leaves.is_empty() && matched.is_none());
    let (at, _) = left.next()?;
    left.next().is_none().then_some(at)
}
