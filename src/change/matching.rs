//! Which leaf of one version is which of another one.
//!
//! In matched documents leaves are matched by their keys; among those under the same keys, which are
//! items of a list, by what they hold. What is left is matched by token, wherever it stands; then
//! what is left under the same keys, in order. Each step takes a time that grows with the leaves.

use std::collections::HashMap;

use super::documents::Documents;
use super::leaf::LeafId;
use super::mark::Mark;
use super::version::Version;

/// What became of the leaves of two versions: each leaf is in one place here.
pub(super) struct Matching {
    /// What each leaf of the later version was.
    pub(super) origins: Vec<Origin>,
    /// The leaves of the base that are gone, in its order.
    pub(super) removed: Vec<LeafId>,
}

/// What a leaf was in the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The same under the same keys.
    Kept(LeafId),
    /// The same token under other keys, or under the same keys of another document.
    Moved(LeafId),
    /// Something else under the same keys.
    Changed(LeafId),
    /// Nothing.
    Added,
}

/// The leaves under the same keys of two documents that belong together.
#[derive(Default)]
struct Group {
    base: Vec<LeafId>,
    now: Vec<LeafId>,
}

struct Matcher<'v> {
    base: &'v Version,
    now: &'v Version,
    origins: Vec<Origin>,
    /// Which leaves of the base were found again.
    found: Vec<bool>,
}

impl Matching {
    /// Matches all leaves of `base` with those of `now`.
    pub(super) fn between(base: &Version, now: &Version, documents: &Documents) -> Self {
        let mut matcher = Matcher {
            base,
            now,
            origins: vec![Origin::Added; now.leaves.len()],
            found: vec![false; base.leaves.len()],
        };
        let groups = groups(base, now, documents);
        for group in &groups {
            matcher.keep(group);
        }
        // First those that stand under the same keys of another document.
        matcher.by_token(|version, id| (version.path_mark(id), version.leaf(id).mark));
        matcher.by_token(|version, id| (version.leaf(id).mark, version.leaf(id).mark));
        for group in &groups {
            matcher.change(group);
        }
        let removed = base.ids().filter(|id| !matcher.is_found(*id)).collect();
        Self {
            origins: matcher.origins,
            removed,
        }
    }
}

/// The leaves by document and keys, in the order in which they are met.
fn groups(base: &Version, now: &Version, documents: &Documents) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut numbers: HashMap<(usize, Mark), usize> = HashMap::new();
    for id in base.ids() {
        let at = numbers.entry((base.document(id), base.path_mark(id)));
        let at = *at.or_insert_with(|| {
            groups.push(Group::default());
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(at) {
            group.base.push(id);
        }
    }
    for id in now.ids() {
        let document = documents.base_of.get(now.document(id)).copied().flatten();
        let at = document.and_then(|document| numbers.get(&(document, now.path_mark(id))));
        if let Some(group) = at.and_then(|at| groups.get_mut(*at)) {
            group.now.push(id);
        }
    }
    groups
}

impl Matcher<'_> {
    fn is_found(&self, base: LeafId) -> bool {
        self.found.get(base.index()).copied().unwrap_or(true)
    }

    fn is_new(&self, now: LeafId) -> bool {
        self.origins.get(now.index()) == Some(&Origin::Added)
    }

    fn settle(&mut self, base: LeafId, now: LeafId, origin: Origin) {
        if let (Some(found), Some(place)) = (
            self.found.get_mut(base.index()),
            self.origins.get_mut(now.index()),
        ) {
            *found = true;
            *place = origin;
        }
    }

    fn is_same(&self, base: LeafId, now: LeafId) -> bool {
        self.base.leaf(base).mark == self.now.leaf(now).mark
    }

    /// Matches equal leaves of a group as items of two sequences: those that both begin with, those
    /// that both end with, then the others in order.
    fn keep(&mut self, group: &Group) {
        let (base, now) = (group.base.as_slice(), group.now.as_slice());
        let pairs = base.iter().zip(now);
        let start = pairs
            .take_while(|(base, now)| self.is_same(**base, **now))
            .count();
        let (base_start, base) = base.split_at(start);
        let (now_start, now) = now.split_at(start);
        let pairs = base.iter().rev().zip(now.iter().rev());
        let end = pairs
            .take_while(|(base, now)| self.is_same(**base, **now))
            .count();
        let (base, base_end) = base.split_at(base.len() - end);
        let (now, now_end) = now.split_at(now.len() - end);
        let ends = base_start
            .iter()
            .zip(now_start)
            .chain(base_end.iter().zip(now_end));
        for (base, now) in ends {
            self.settle(*base, *now, Origin::Kept(*base));
        }
        let mut waiting: HashMap<Mark, Vec<LeafId>> = HashMap::new();
        for id in base.iter().rev() {
            waiting
                .entry(self.base.leaf(*id).mark)
                .or_default()
                .push(*id);
        }
        for id in now {
            let mark = self.now.leaf(*id).mark;
            if let Some(base) = waiting.get_mut(&mark).and_then(Vec::pop) {
                self.settle(base, *id, Origin::Kept(base));
            }
        }
    }

    /// Matches what is left and has an equal token, and an equal `key` too.
    fn by_token(&mut self, key: impl Fn(&Version, LeafId) -> (Mark, Mark)) {
        let mut waiting: HashMap<(Mark, Mark), Vec<LeafId>> = HashMap::new();
        let base = self.base;
        for id in (0..base.leaves.len()).rev().map(LeafId::of_index) {
            if base.leaf(id).is_token() && !self.is_found(id) {
                waiting.entry(key(base, id)).or_default().push(id);
            }
        }
        if waiting.is_empty() {
            return;
        }
        for id in self.now.ids() {
            if self.now.leaf(id).is_token()
                && self.is_new(id)
                && let Some(base) = waiting.get_mut(&key(self.now, id)).and_then(Vec::pop)
            {
                self.settle(base, id, Origin::Moved(base));
            }
        }
    }

    /// Matches what is left of a group, in order.
    fn change(&mut self, group: &Group) {
        let base: Vec<LeafId> = group
            .base
            .iter()
            .copied()
            .filter(|id| !self.is_found(*id))
            .collect();
        let now: Vec<LeafId> = group
            .now
            .iter()
            .copied()
            .filter(|id| self.is_new(*id))
            .collect();
        for (base, now) in base.into_iter().zip(now) {
            self.settle(base, now, Origin::Changed(base));
        }
    }
}
