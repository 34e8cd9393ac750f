//! Whether an edited document says what was asked for.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::change::{After, Change, Member, members};
use super::{New, NodeId};
use crate::document::{Comment, Entry, Format, Item, METADATA_KEY, Scalar, Tree, Value};
use crate::source::Span;

/// An old document, what was asked for, and the document that came of it.
pub(super) struct Proof<'p, 'o, 'n> {
    pub(super) old: &'p Tree<'o>,
    pub(super) new: &'p Tree<'n>,
    pub(super) format: Format,
    pub(super) replaced: &'p BTreeMap<NodeId, String>,
    /// The new texts of comments, by their places.
    pub(super) comments: &'p BTreeMap<Span, Vec<u8>>,
    pub(super) changes: &'p BTreeMap<NodeId, Change>,
}

/// What is left to compare.
enum Pair<'p> {
    /// An old node with a new one.
    Nodes {
        old: NodeId,
        new: NodeId,
        in_metadata: bool,
    },
    /// What came with what became of it.
    Value { asked: &'p New, new: NodeId },
}

impl<'p> Proof<'p, '_, '_> {
    /// Whether the new document equals the old one except for what was asked for. In the metadata comments
    /// are left out of account.
    pub(super) fn holds(&self) -> bool {
        let (old, new) = (self.old.branches(), self.new.branches());
        let mut left: Vec<Pair<'p>> = Vec::new();
        for (&old, &new) in old.iter().zip(new) {
            left.push(Pair::Nodes {
                old,
                new,
                in_metadata: false,
            });
        }
        let of_metadata = self.old.metadata().zip(self.new.metadata());
        left.extend(of_metadata.map(|(old, new)| Pair::Nodes {
            old: old.value,
            new: new.value,
            in_metadata: true,
        }));
        let counts = |tree: &Tree<'_>| (tree.branches().len(), tree.metadata().count());
        counts(self.old) == counts(self.new) && self.all_hold(left)
    }

    fn all_hold(&self, mut left: Vec<Pair<'p>>) -> bool {
        // Which new node an old one became: of one that an alias leads to it is told twice.
        let mut became: BTreeMap<NodeId, NodeId> = BTreeMap::new();
        while let Some(pair) = left.pop() {
            let holds = match pair {
                Pair::Value { asked, new } => self.is_value(asked, new, &mut left),
                Pair::Nodes {
                    old,
                    new,
                    in_metadata,
                } => match became.insert(old, new) {
                    Some(before) => before == new,
                    None => self.is_same(old, new, in_metadata, &mut left),
                },
            };
            if !holds {
                return false;
            }
        }
        true
    }

    /// Whether what stands here is what came, as far as it can be said without its members, which are left.
    fn is_value(&self, asked: &'p New, new: NodeId, left: &mut Vec<Pair<'p>>) -> bool {
        let value = &self.new.node(new).value;
        match (asked, value) {
            (New::Null, Value::Scalar(scalar)) => *scalar == Scalar::Null,
            (New::Int(asked), Value::Scalar(scalar)) => {
                *scalar == Scalar::Int(*asked)
                    || self.is_flat()
                        && *scalar == Scalar::Str(Cow::Owned(asked.to_string().into_bytes()))
            }
            (New::Text(asked), Value::Scalar(scalar)) => is_text(scalar, asked),
            (New::List(asked), Value::List(_)) => {
                let items = members(self.new, new);
                let same = items.len() == asked.len();
                left.extend(asked.iter().zip(items).map(|(asked, item)| Pair::Value {
                    asked,
                    new: item.value,
                }));
                same
            }
            (New::Map(asked), Value::Map(_)) => {
                let pairs = members(self.new, new);
                let asked: Vec<_> = asked
                    .iter()
                    .filter(|(_, asked)| !self.is_flat() || !is_empty(asked))
                    .collect();
                let find = |name: &str| pairs.iter().find(|pair| is_named(pair, name));
                let found = asked.iter().filter_map(|(name, asked)| {
                    let new = find(name)?.value;
                    Some(Pair::Value { asked, new })
                });
                let found: Vec<_> = found.collect();
                let same = found.len() == pairs.len() && found.len() == asked.len();
                left.extend(found);
                same
            }
            (
                New::Null | New::Int(_) | New::Text(_) | New::List(_) | New::Map(_),
                Value::Scalar(_) | Value::Map(_) | Value::List(_) | Value::Alias(_),
            ) => false,
        }
    }

    /// Whether two nodes say the same, wherever they stand, as far as it can be said without their members,
    /// which are left.
    fn is_same(
        &self,
        old: NodeId,
        new: NodeId,
        in_metadata: bool,
        left: &mut Vec<Pair<'p>>,
    ) -> bool {
        let (old_value, new_value) = (&self.old.node(old).value, &self.new.node(new).value);
        match (old_value, new_value) {
            (Value::Scalar(was), Value::Scalar(is)) => match self.replaced.get(&old) {
                Some(asked) => is_text(is, asked),
                None => same_scalar(was, is),
            },
            (Value::Alias(was), Value::Alias(is)) => {
                left.push(Pair::Nodes {
                    old: *was,
                    new: *is,
                    in_metadata,
                });
                true
            }
            (Value::Map(was), Value::Map(is)) => {
                let same = in_metadata || self.has_comments(old, entries(was), entries(is));
                same && self.has_members(old, new, in_metadata, left)
            }
            (Value::List(was), Value::List(is)) => {
                let same = in_metadata || self.has_comments(old, items(was), items(is));
                same && self.has_members(old, new, in_metadata, left)
            }
            (Value::Scalar(_) | Value::Alias(_) | Value::Map(_) | Value::List(_), _) => false,
        }
    }

    /// Whether a collection has as many members as were asked for, under the same keys; their values are
    /// left.
    fn has_members(
        &self,
        old: NodeId,
        new: NodeId,
        in_metadata: bool,
        left: &mut Vec<Pair<'p>>,
    ) -> bool {
        let asked = self.asked(old, in_metadata);
        let is = members(self.new, new);
        let is_branch = self.old.branches().contains(&old);
        asked.len() == is.len()
            && asked.into_iter().zip(is).all(|(asked, is)| {
                let (key, value) = asked;
                left.push(match value {
                    What::New(asked) => Pair::Value {
                        asked,
                        new: is.value,
                    },
                    What::Old(old) => Pair::Nodes {
                        old,
                        new: is.value,
                        in_metadata: in_metadata
                            || is_branch && is.key.is_some_and(|key| key.is(METADATA_KEY)),
                    },
                });
                match (key, is.key) {
                    (Some(was), Some(is)) => same_scalar(&was, &is.name),
                    (None, None) => true,
                    (Some(_), None) | (None, Some(_)) => false,
                }
            })
    }

    /// The members that a collection is to have, with their keys, in their order.
    fn asked(&self, old: NodeId, in_metadata: bool) -> Vec<(Option<Scalar<'p>>, What<'p>)> {
        let was = members(self.old, old);
        let Some(change) = self.changes.get(&old) else {
            let member = |member: &Member<'p, '_>| (name(member), What::Old(member.value));
            return was.iter().map(member).collect();
        };
        let asked = change.sequence(was.len()).into_iter();
        let asked = asked.filter_map(|asked| match asked {
            After::New(added) => {
                let key = added.key.as_ref();
                let key = key.map(|key| Scalar::Str(Cow::Borrowed(key.as_bytes())));
                Some((key, What::New(&added.value)))
            }
            After::Old(at) => {
                let member = was.get(at)?;
                let value = match change.replaced.get(&at) {
                    Some(asked) => What::New(asked),
                    None => What::Old(member.value),
                };
                Some((name(member), value))
            }
        });
        let mut asked: Vec<_> = asked.collect();
        if self.is_flat() && in_metadata {
            // sops sorts what long names make a map of.
            asked.sort_by(|(one, _), (other, _)| text(one).cmp(text(other)));
        }
        asked
    }

    /// Whether the comments of a collection are the same, between the same members where those stay.
    fn has_comments<'c>(
        &'c self,
        old: NodeId,
        was: impl Iterator<Item = Option<&'c Comment<'c>>>,
        is: impl Iterator<Item = Option<&'c Comment<'c>>>,
    ) -> bool {
        let told = |comment: &'c Comment<'c>| (comment.text.as_ref(), comment.inline);
        let asked = |comment: &'c Comment<'c>| match self.comments.get(&comment.span) {
            Some(text) => (text.as_slice(), comment.inline),
            None => told(comment),
        };
        let (was, is) = (was.map(|it| it.map(asked)), is.map(|it| it.map(told)));
        if self.changes.contains_key(&old) {
            was.flatten().eq(is.flatten())
        } else {
            was.eq(is)
        }
    }

    fn is_flat(&self) -> bool {
        matches!(self.format, Format::Dotenv | Format::Ini)
    }
}

/// What a member is to be.
#[derive(Clone, Copy)]
enum What<'p> {
    /// As it was, but for what is asked of its own members.
    Old(NodeId),
    New(&'p New),
}

fn name<'t>(member: &Member<'t, '_>) -> Option<Scalar<'t>> {
    member.key.map(|key| key.name.clone())
}

fn text<'t>(key: &'t Option<Scalar<'_>>) -> &'t [u8] {
    match key {
        Some(Scalar::Str(text)) => text,
        _ => b"",
    }
}

fn is_named(member: &Member<'_, '_>, name: &str) -> bool {
    member.key.is_some_and(|key| key.is(name))
}

fn is_text(scalar: &Scalar<'_>, asked: &str) -> bool {
    matches!(scalar, Scalar::Str(text) if text.as_ref() == asked.as_bytes())
}

/// Whether it leaves no name where all names are long: an empty list, for instance.
fn is_empty(value: &New) -> bool {
    matches!(value, New::List(_) | New::Map(_)) && !value.has_members()
}

/// Whether two leaves are the same. NaN is as good as NaN.
fn same_scalar(old: &Scalar<'_>, new: &Scalar<'_>) -> bool {
    match (old, new) {
        (Scalar::Float(old), Scalar::Float(new)) => old.to_bits() == new.to_bits(),
        (old, new) => old == new,
    }
}

/// The comments of a map, and nothing for each pair.
fn entries<'c>(entries: &'c [Entry<'c>]) -> impl Iterator<Item = Option<&'c Comment<'c>>> {
    entries.iter().map(|entry| match entry {
        Entry::Comment(comment) => Some(comment),
        Entry::Pair(_) => None,
    })
}

/// The comments of a list, and nothing for each value.
fn items<'c>(items: &'c [Item<'c>]) -> impl Iterator<Item = Option<&'c Comment<'c>>> {
    items.iter().map(|item| match item {
        Item::Comment(comment) => Some(comment),
        Item::Value(_) => None,
    })
}
