//! What edits make of one collection: which members go, which get another value, which come and where.

use std::collections::{BTreeMap, BTreeSet};

use super::{New, Refusal};
use crate::document::{Entry, Item, Key, NodeId, Scalar, Tree, Value};

/// The changes of one collection. Its members are numbered as they stand, comments left out.
#[derive(Default)]
pub(super) struct Change {
    pub(super) removed: BTreeSet<usize>,
    pub(super) replaced: BTreeMap<usize, New>,
    pub(super) added: Vec<Added>,
}

/// A member that comes.
pub(super) struct Added {
    /// Its key, in a map.
    pub(super) key: Option<String>,
    pub(super) value: New,
    /// The member that it comes before; none at the end.
    pub(super) before: Option<usize>,
    /// Whether its place among the others counts.
    pub(super) is_placed: bool,
}

/// A member of a collection as it is.
#[derive(Clone, Copy)]
pub(super) struct Member<'t, 's> {
    pub(super) key: Option<&'t Key<'s>>,
    pub(super) value: NodeId,
}

/// A member of a collection as it is to be.
#[derive(Clone, Copy)]
pub(super) enum After<'c> {
    Old(usize),
    New(&'c Added),
}

/// The members of a collection, comments left out; none of what is no collection.
pub(super) fn members<'t, 's>(tree: &'t Tree<'s>, node: NodeId) -> Vec<Member<'t, 's>> {
    match &tree.node(node).value {
        Value::Map(entries) => {
            let pairs = entries.iter().filter_map(|entry| match entry {
                Entry::Pair(pair) => Some(pair),
                Entry::Comment(_) => None,
            });
            let member = |pair: &'t crate::document::Pair<'s>| Member {
                key: Some(&pair.key),
                value: pair.value,
            };
            pairs.map(member).collect()
        }
        Value::List(items) => {
            let values = items.iter().filter_map(|item| match item {
                Item::Value(value) => Some(*value),
                Item::Comment(_) => None,
            });
            let member = |value| Member { key: None, value };
            values.map(member).collect()
        }
        Value::Scalar(_) | Value::Alias(_) => Vec::new(),
    }
}

impl Change {
    /// The first member from this one on that stays.
    pub(super) fn next_kept(&self, from: usize, count: usize) -> Option<usize> {
        (from..count).find(|at| !self.removed.contains(at))
    }

    /// The last member that stays.
    pub(super) fn last_kept(&self, count: usize) -> Option<usize> {
        (0..count).rev().find(|at| !self.removed.contains(at))
    }

    /// Settles where what comes goes, whose place does not count, in a list between brackets: before the last
    /// member, so that no line gets or loses a comma.
    pub(super) fn keep_commas(&mut self, count: usize) {
        let last = self.last_kept(count);
        let items = self.added.iter_mut().filter(|added| !added.is_placed);
        for added in items {
            added.before = added.before.or(last);
        }
    }

    /// The members as they are to be, of `count` that there are.
    pub(super) fn sequence(&self, count: usize) -> Vec<After<'_>> {
        let before = |at: Option<usize>| {
            let coming = self.added.iter().filter(move |added| added.before == at);
            coming.map(After::New)
        };
        let mut members = Vec::with_capacity(count + self.added.len());
        for at in 0..count {
            members.extend(before(Some(at)));
            if !self.removed.contains(&at) {
                members.push(After::Old(at));
            }
        }
        members.extend(before(None));
        members
    }

    /// Adds a pair to a map of these members: before the first key that sorts behind its own, as sops sorts
    /// them.
    pub(super) fn add_pair(&mut self, members: &[Member<'_, '_>], key: &str, value: New) {
        let sorts_behind = |member: &Member<'_, '_>| match member.key.map(|key| &key.name) {
            Some(Scalar::Str(name)) => name.as_ref() > key.as_bytes(),
            _ => false,
        };
        self.added.push(Added {
            key: Some(key.to_owned()),
            value,
            before: members.iter().position(sorts_behind),
            is_placed: true,
        });
    }

    /// Takes the member with this value away.
    pub(super) fn remove(
        &mut self,
        members: &[Member<'_, '_>],
        value: NodeId,
    ) -> Result<(), Refusal> {
        let at = position(members, value)?;
        let is_new = !self.replaced.contains_key(&at) && self.removed.insert(at);
        if is_new { Ok(()) } else { Err(Refusal::Twice) }
    }

    /// Gives the member with this value another.
    pub(super) fn replace(
        &mut self,
        members: &[Member<'_, '_>],
        value: NodeId,
        new: New,
    ) -> Result<(), Refusal> {
        let at = position(members, value)?;
        let is_new = !self.removed.contains(&at) && self.replaced.insert(at, new).is_none();
        if is_new { Ok(()) } else { Err(Refusal::Twice) }
    }
}

fn position(members: &[Member<'_, '_>], value: NodeId) -> Result<usize, Refusal> {
    let found = members.iter().position(|member| member.value == value);
    found.ok_or(Refusal::NoMember)
}
