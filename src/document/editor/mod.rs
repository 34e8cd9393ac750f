//! Edits to a document in the document's terms: each becomes splices of the text, so that every byte that
//! no edit names stays as it is.
//!
//! The vocabulary: a scalar is replaced, a pair's value is replaced by anything, pairs and items come and
//! go. What comes is written like its neighbours: `block` writes YAML's lines, `brackets` JSON and what is
//! alike in YAML, `lines` the long names of the flat formats. `proof` reads the result again.

mod block;
mod brackets;
mod change;
mod lines;
mod new;
mod proof;
mod style;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::{Comment, Document, Format, NodeId, Tree, Value, dotenv, ini, json, yaml};
use crate::source::{EditError, Edits, Span};
use change::{Change, members};
pub(crate) use new::New;
use proof::Proof;
use style::Style;

/// A set of edits to one document.
pub(crate) struct Editor<'d, 's> {
    document: &'d Document<'s>,
    edits: Edits,
    replaced: BTreeMap<NodeId, String>,
    /// The new texts of comments, by their places.
    comments: BTreeMap<Span, Vec<u8>>,
    changes: BTreeMap<NodeId, Change>,
    /// Nodes that an alias leads to, and all below them: they are read in more than one place.
    shared: BTreeSet<NodeId>,
    /// Where the metadata stand.
    metadata: Vec<Span>,
}

/// Why an edit was refused. The document is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Refusal {
    /// The node is a collection.
    #[error("a collection is not replaced by a scalar")]
    NotAScalar,
    /// The node is no member of the collection, or that is none.
    #[error("what is edited is not where it should be")]
    NoMember,
    /// The node is an alias, or one leads to it: an edit would change several values.
    #[error("the value is read in more than one place")]
    Shared,
    /// The text is not the input byte for byte: it was UTF-16.
    #[error("only UTF-8 text is edited")]
    Transcoded,
    /// The node was edited before.
    #[error("the value is edited twice")]
    Twice,
    /// There is no way to write the value where it stands.
    #[error("the value cannot be written in the place of the old one")]
    NoSpelling,
    /// The splices do not fit the text.
    #[error(transparent)]
    Splice(#[from] EditError),
    /// The edited text does not say what was asked for: an explicit tag, for instance, gives the
    /// new value another type.
    #[error("the edited text would read differently than asked for")]
    NotAsAsked,
}

/// How a collection is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// YAML, a member a line or several.
    Block,
    /// Between brackets.
    Brackets,
    /// As the names of lines.
    Lines,
}

impl<'d, 's> Editor<'d, 's> {
    /// An editor with no edits yet.
    pub(crate) fn new(document: &'d Document<'s>) -> Self {
        let tree = document.tree();
        let metadata = tree.metadata().map(|pair| tree.node(pair.value).span);
        Self {
            document,
            edits: Edits::default(),
            replaced: BTreeMap::new(),
            comments: BTreeMap::new(),
            changes: BTreeMap::new(),
            shared: shared(tree),
            metadata: metadata.collect(),
        }
    }

    /// What it edits, as it was.
    pub(crate) fn tree(&self) -> &'d Tree<'s> {
        self.document.tree()
    }

    /// Makes the scalar `node` the string `value`, in the style of the old one where that can hold
    /// it.
    ///
    /// # Errors
    /// [`Refusal`] where the node is no scalar, is read in several places, was replaced already, or
    /// has no spelling for `value`.
    pub(crate) fn replace_scalar(&mut self, node: NodeId, value: &str) -> Result<(), Refusal> {
        let tree = self.document.tree();
        let old = tree.node(node);
        if !self.document.source().is_verbatim() {
            return Err(Refusal::Transcoded);
        }
        match old.value {
            Value::Scalar(_) if self.shared.contains(&node) => return Err(Refusal::Shared),
            Value::Alias(_) => return Err(Refusal::Shared),
            Value::Scalar(_) => {}
            Value::Map(_) | Value::List(_) => return Err(Refusal::NotAScalar),
        }
        let spelling = match self.document.format() {
            Format::Yaml => yaml::spell(self.document.source().text(), old.span, value),
            Format::Json | Format::Binary => Some(json::spell(value)),
            Format::Dotenv => dotenv::spell(value),
            Format::Ini => ini::spell(value, self.is_in_metadata(old.span)),
        };
        let spelling = spelling.ok_or(Refusal::NoSpelling)?;
        if self.replaced.insert(node, value.to_owned()).is_some() {
            return Err(Refusal::Twice);
        }
        self.edits.replace(old.span, spelling);
        Ok(())
    }

    /// Makes the first bytes of a comment, `old`, something else.
    ///
    /// # Errors
    /// [`Refusal`] where it does not begin so, or was changed already.
    pub(crate) fn replace_in_comment(
        &mut self,
        comment: &Comment<'_>,
        old: &str,
        new: &str,
    ) -> Result<(), Refusal> {
        let source = self.document.source();
        if !source.is_verbatim() {
            return Err(Refusal::Transcoded);
        }
        let written = source.text().get(comment.span.range());
        let at = written.and_then(|written| written.find(old));
        let rest = comment.text.strip_prefix(old.as_bytes());
        let (Some(at), Some(rest)) = (at, rest) else {
            return Err(Refusal::NoSpelling);
        };
        let text = [new.as_bytes(), rest].concat();
        if self.comments.insert(comment.span, text).is_some() {
            return Err(Refusal::Twice);
        }
        let start = comment.span.start() + at;
        let span = Span::new(start, start + old.len());
        self.edits.replace(span, new);
        Ok(())
    }

    /// Gives the pair of `map` whose value is `value` another one.
    ///
    /// # Errors
    /// [`Refusal`] where either is read in several places or edited already, or `value` is none of `map`.
    pub(crate) fn replace(&mut self, map: NodeId, value: NodeId, new: New) -> Result<(), Refusal> {
        self.refuse_shared_below(value)?;
        let members = members(self.document.tree(), map);
        self.change(map)?.replace(&members, value, new)
    }

    /// Adds a pair to `map`, where its key sorts in.
    ///
    /// # Errors
    /// [`Refusal::Shared`], [`Refusal::Transcoded`].
    pub(crate) fn add_pair(&mut self, map: NodeId, key: &str, value: New) -> Result<(), Refusal> {
        let members = members(self.document.tree(), map);
        self.change(map)?.add_pair(&members, key, value);
        Ok(())
    }

    /// Takes the pair whose value is `value` out of `map`.
    ///
    /// # Errors
    /// As [`replace`](Self::replace).
    pub(crate) fn remove_pair(&mut self, map: NodeId, value: NodeId) -> Result<(), Refusal> {
        self.refuse_shared_below(value)?;
        let members = members(self.document.tree(), map);
        self.change(map)?.remove(&members, value)
    }

    /// Adds an item to `list`, in which the order does not count: at its end, or before its last item where
    /// that keeps more lines as they are.
    ///
    /// # Errors
    /// [`Refusal::Shared`], [`Refusal::Transcoded`].
    pub(crate) fn add_item(&mut self, list: NodeId, value: New) -> Result<(), Refusal> {
        self.add(list, value, false)
    }

    /// Adds an item to the end of `list`.
    ///
    /// # Errors
    /// As [`add_item`](Self::add_item).
    pub(crate) fn append_item(&mut self, list: NodeId, value: New) -> Result<(), Refusal> {
        self.add(list, value, true)
    }

    /// Takes `item` out of `list`.
    ///
    /// # Errors
    /// As [`replace`](Self::replace).
    pub(crate) fn remove_item(&mut self, list: NodeId, item: NodeId) -> Result<(), Refusal> {
        self.remove_pair(list, item)
    }

    /// Makes the edits and reads the result again: it equals the old document except for what was asked
    /// for. In the metadata comments are left out of account, as sops reads none there.
    ///
    /// # Errors
    /// [`Refusal`] where that does not hold.
    pub(crate) fn finish(self) -> Result<String, Refusal> {
        self.finish_and(|_| ()).map(|(text, ())| text)
    }

    /// The same, and shows the new document to whoever wants to read it, too.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub(crate) fn finish_and<R>(
        mut self,
        read: impl FnOnce(&Document<'_>) -> R,
    ) -> Result<(String, R), Refusal> {
        self.write_changes()?;
        let source = self.document.source();
        let text = self.edits.apply(source.text())?;
        let format = self.document.format();
        let edited = Document::decode(source.id().clone(), text.into_bytes(), format)
            .map_err(|_| Refusal::NotAsAsked)?;
        let new = Document::parse(&edited, format).map_err(|_| Refusal::NotAsAsked)?;
        let proof = Proof {
            old: self.document.tree(),
            new: new.tree(),
            format,
            replaced: &self.replaced,
            comments: &self.comments,
            changes: &self.changes,
        };
        if !proof.holds() {
            return Err(Refusal::NotAsAsked);
        }
        let read = read(&new);
        drop(new);
        Ok((edited.into_text(), read))
    }

    /// Makes splices of the changes, inner ones first: where two come to one place, that is their order.
    fn write_changes(&mut self) -> Result<(), Refusal> {
        if self.changes.is_empty() {
            return Ok(());
        }
        let document = self.document;
        if matches!(document.format(), Format::Dotenv | Format::Ini) {
            return lines::write(document, &self.changes, &mut self.edits);
        }
        let style = Style::of(document);
        let length = |node: &NodeId| {
            let span = document.tree().node(*node).span;
            span.end() - span.start()
        };
        let mut nodes: Vec<NodeId> = self.changes.keys().copied().collect();
        nodes.sort_by_key(length);
        for node in nodes {
            let Some(change) = self.changes.get_mut(&node) else {
                continue;
            };
            match layout(document, node) {
                Layout::Brackets => {
                    change.keep_commas(members(document.tree(), node).len());
                    brackets::write(document, &style, node, change, &mut self.edits)?;
                }
                Layout::Block => block::write(document, &style, node, change, &mut self.edits)?,
                Layout::Lines => return Err(Refusal::NoSpelling),
            }
        }
        Ok(())
    }

    fn add(&mut self, list: NodeId, value: New, is_placed: bool) -> Result<(), Refusal> {
        self.change(list)?.added.push(change::Added {
            key: None,
            value,
            before: None,
            is_placed,
        });
        Ok(())
    }

    /// The changes of a collection that may have some.
    fn change(&mut self, node: NodeId) -> Result<&mut Change, Refusal> {
        if !self.document.source().is_verbatim() {
            return Err(Refusal::Transcoded);
        }
        match self.document.tree().node(node).value {
            Value::Alias(_) => Err(Refusal::Shared),
            Value::Scalar(_) => Err(Refusal::NoMember),
            Value::Map(_) | Value::List(_) if self.shared.contains(&node) => Err(Refusal::Shared),
            Value::Map(_) | Value::List(_) => Ok(self.changes.entry(node).or_default()),
        }
    }

    /// Refuses a node that goes although something else leads to it, or into it.
    fn refuse_shared_below(&self, node: NodeId) -> Result<(), Refusal> {
        if self.shared.is_empty() {
            return Ok(());
        }
        let below = below(self.document.tree(), [node]);
        if below.iter().any(|node| self.shared.contains(node)) {
            Err(Refusal::Shared)
        } else {
            Ok(())
        }
    }

    fn is_in_metadata(&self, span: Span) -> bool {
        self.metadata.iter().any(|whole| whole.contains(span))
    }
}

/// How a collection of `document` is written.
fn layout(document: &Document<'_>, node: NodeId) -> Layout {
    let start = document.tree().node(node).span.start();
    let first = document.source().text().as_bytes().get(start);
    match (document.format(), first) {
        (Format::Dotenv | Format::Ini, _) => Layout::Lines,
        (Format::Json | Format::Binary, _) | (Format::Yaml, Some(b'[' | b'{')) => Layout::Brackets,
        (Format::Yaml, _) => Layout::Block,
    }
}

/// The nodes that an alias leads to, and all below them.
fn shared(tree: &Tree<'_>) -> BTreeSet<NodeId> {
    let targets = tree.nodes().filter_map(|node| match node.value {
        Value::Alias(target) => Some(target),
        Value::Scalar(_) | Value::Map(_) | Value::List(_) => None,
    });
    below(tree, targets)
}

/// These nodes and all below them, aliases not followed.
fn below(tree: &Tree<'_>, nodes: impl IntoIterator<Item = NodeId>) -> BTreeSet<NodeId> {
    let mut open: Vec<NodeId> = nodes.into_iter().collect();
    let mut found = BTreeSet::new();
    while let Some(node) = open.pop() {
        if found.insert(node) {
            open.extend(members(tree, node).iter().map(|member| member.value));
        }
    }
    found
}
