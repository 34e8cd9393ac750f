//! YAML nodes to sops's tree, comments in the order in which sops's YAML store lists them.
//!
//! A node keeps its number: node *n* of the stream is node *n* of the tree. A collection that is an
//! item of a list leaves its comments to the list; seen through an alias it has them itself. Such a
//! collection is lowered a second time, once however many aliases there are. A document's root has no
//! place of its own: its members are listed between the document's comments.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Error;
use super::node::{Content, Document, Id, Stream};
use super::resolve::{resolve, short_tag};
use crate::document::tree::{Comment, Entry, Item, Key, NodeId, Pair, Scalar, Tree, Value};
use crate::source::Span;

/// Lowers all documents.
///
/// # Errors
/// Where a document is neither a map nor null.
pub(super) fn lower<'s>(text: &'s str, stream: &Stream<'s>) -> Result<Tree<'s>, Error> {
    let mut lowering = Lowering::new(text, stream);
    for id in stream.ids() {
        match lowering.place(id) {
            Place::Root => lowering.add_placeholder(id),
            place => lowering.add(id, place == Place::Value),
        }
    }
    for id in std::mem::take(&mut lowering.variants) {
        lowering.add(id, true);
    }
    for document in &stream.documents {
        lowering.add_branch(document)?;
    }
    Ok(lowering.tree)
}

struct Lowering<'a, 's> {
    text: &'s str,
    stream: &'a Stream<'s>,
    tree: Tree<'s>,
    /// Where each node stands.
    places: Vec<Place>,
    /// The nodes that are lowered a second time, and under which name.
    variants: Vec<Id>,
    variant_ids: HashMap<Id, NodeId>,
}

/// Where a node stands, which decides who lists its comments.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A document's root.
    Root,
    /// An item of a list.
    Item,
    /// A key or a pair's value.
    Value,
}

impl<'a, 's> Lowering<'a, 's> {
    fn new(text: &'s str, stream: &'a Stream<'s>) -> Self {
        let mut places = vec![Place::Value; stream.len()];
        let mut set = |id: Id, place| {
            if let Some(slot) = places.get_mut(id.index()) {
                *slot = place;
            }
        };
        for id in stream.ids() {
            if let Content::Sequence(items) = &stream.node(id).content {
                items.iter().for_each(|&item| set(item, Place::Item));
            }
        }
        stream
            .documents
            .iter()
            .for_each(|document| set(document.root, Place::Root));
        let (mut variants, mut variant_ids) = (Vec::new(), HashMap::new());
        for id in stream.ids() {
            let Content::Alias { target, .. } = stream.node(id).content else {
                continue;
            };
            let differs = match places.get(target.index()) {
                Some(Place::Root) => true,
                Some(Place::Item) => !stream.comments(target).is_empty(),
                Some(Place::Value) | None => false,
            };
            let collection = !matches!(stream.node(target).content, Content::Scalar { .. });
            if differs && collection {
                variant_ids.entry(target).or_insert_with(|| {
                    variants.push(target);
                    NodeId::of_index(stream.len() + variants.len() - 1)
                });
            }
        }
        Self {
            text,
            stream,
            tree: Tree::default(),
            places,
            variants,
            variant_ids,
        }
    }

    fn place(&self, id: Id) -> Place {
        self.places.get(id.index()).copied().unwrap_or(Place::Value)
    }

    /// Keeps the number of a root free: its members are the branch's.
    fn add_placeholder(&mut self, id: Id) {
        self.tree
            .add(self.stream.node(id).span, Value::Scalar(Scalar::Null));
    }

    /// Adds a node. `own_comments` says whether a collection lists its comments itself.
    fn add(&mut self, id: Id, own_comments: bool) {
        let node = self.stream.node(id);
        let value = match &node.content {
            Content::Scalar { .. } => Value::Scalar(self.scalar(id)),
            Content::Alias { target, .. } => {
                let variant = self.variant_ids.get(target).copied();
                Value::Alias(variant.unwrap_or(NodeId::of_index(target.index())))
            }
            Content::Sequence(items) => Value::List(self.list(id, items, own_comments)),
            Content::Mapping(_) => {
                let mut entries = Vec::new();
                self.map(id, own_comments, &mut entries);
                Value::Map(entries)
            }
        };
        self.tree.add(node.span, value);
    }

    /// A scalar's value, or that of the scalar behind an alias. What does not decode is null to
    /// sops, and so is here what is no scalar: sops refuses both as a key.
    fn scalar(&self, id: Id) -> Scalar<'s> {
        let mut node = self.stream.node(id);
        if let Content::Alias { target, .. } = node.content {
            node = self.stream.node(target);
        }
        let Content::Scalar { text, style } = &node.content else {
            return Scalar::Null;
        };
        resolve(text.clone(), *style, node.tag.as_deref()).unwrap_or(Scalar::Null)
    }

    fn list(&self, id: Id, items: &[Id], own_comments: bool) -> Vec<Item<'s>> {
        let mut list = Vec::with_capacity(items.len());
        if own_comments {
            let comments = self.stream.comments(id);
            list.extend(self.comments(&comments.head, false).map(Item::Comment));
            list.extend(self.comments(&comments.line, false).map(Item::Comment));
        }
        for &item in items {
            let comments = self.stream.comments(item);
            list.extend(self.comments(&comments.head, false).map(Item::Comment));
            list.extend(self.comments(&comments.line, true).map(Item::Comment));
            list.push(Item::Value(NodeId::of_index(item.index())));
            list.extend(self.comments(&comments.foot, false).map(Item::Comment));
        }
        if own_comments {
            let foot = &self.stream.comments(id).foot;
            list.extend(self.comments(foot, false).map(Item::Comment));
        }
        list
    }

    fn map(&self, id: Id, own_comments: bool, entries: &mut Vec<Entry<'s>>) {
        let members = self.stream.children(id);
        entries.reserve(members.len() / 2);
        let add = |entries: &mut Vec<Entry<'s>>, lines: &[Span], inline| {
            entries.extend(self.comments(lines, inline).map(Entry::Comment));
        };
        let own = self.stream.comments(id);
        if own_comments {
            add(entries, &own.head, false);
            add(entries, &own.line, false);
        }
        for pair in members.chunks_exact(2) {
            let &[key, value] = pair else { continue };
            let (of_key, of_value) = (self.stream.comments(key), self.stream.comments(value));
            add(entries, &of_key.head, false);
            add(entries, &of_key.line, false);
            let single = matches!(
                self.stream.node(value).content,
                Content::Scalar { .. } | Content::Alias { .. }
            );
            if single {
                add(entries, &of_value.head, false);
                add(entries, &of_value.line, true);
            }
            let name = Key {
                name: self.scalar(key),
                span: self.stream.node(key).span,
            };
            let value = NodeId::of_index(value.index());
            entries.push(Entry::Pair(Pair { key: name, value }));
            if single {
                add(entries, &of_value.foot, false);
            }
            add(entries, &of_key.foot, false);
        }
        if own_comments {
            add(entries, &own.foot, false);
        }
    }

    /// Comment lines as sops keeps them: one by one, without the `#`, blank ones dropped.
    fn comments(&self, lines: &[Span], inline: bool) -> impl Iterator<Item = Comment<'s>> {
        let text = self.text;
        lines.iter().filter_map(move |&span| {
            let line = text.as_bytes().get(span.range())?.get(1..)?;
            Some(Comment {
                text: Cow::Borrowed(line),
                span,
                inline,
            })
        })
    }

    /// Adds the top level of a document: its root's members, between the document's comments.
    fn add_branch(&mut self, document: &Document) -> Result<(), Error> {
        let root = self.stream.node(document.root);
        let mut entries: Vec<Entry<'s>> = Vec::new();
        entries.extend(self.comments(&document.head, false).map(Entry::Comment));
        match &root.content {
            Content::Mapping(_) => self.map(document.root, true, &mut entries),
            Content::Scalar { .. } if self.is_null(document.root) => {
                let comments = self.stream.comments(document.root);
                entries.extend(self.comments(&comments.head, false).map(Entry::Comment));
                entries.extend(self.comments(&comments.line, false).map(Entry::Comment));
            }
            Content::Sequence(_) => return Err(Error::on("the document is a sequence", root.span)),
            Content::Scalar { .. } | Content::Alias { .. } => {
                return Err(Error::on("the document is a single value", root.span));
            }
        }
        entries.extend(self.comments(&document.foot, false).map(Entry::Comment));
        let map = self.tree.add(root.span, Value::Map(entries));
        self.tree.add_branch(map);
        Ok(())
    }

    /// Whether a root counts as null: by its tag where it has one, else by its value.
    fn is_null(&self, id: Id) -> bool {
        match &self.stream.node(id).tag {
            Some(tag) => short_tag(tag) == "!!null",
            None => self.scalar(id) == Scalar::Null,
        }
    }
}
