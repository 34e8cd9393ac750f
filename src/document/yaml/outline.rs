//! The nodes of a first document as they are written, for edits that keep everything else.
//!
//! [`decode`](super::decode) tells what a text says; this tells how it says it: which values are
//! aliases and of what, which collections are in braces, what a merge key brings in.

use std::collections::HashMap;

use super::compose;
use super::node::{Content, Id, Stream};
use crate::source::Span;

/// The nodes of a first document.
pub(crate) struct Outline<'s> {
    text: &'s str,
    stream: Stream<'s>,
    root: Id,
    end: Id,
    parents: HashMap<Id, Id>,
}

/// One of them.
#[derive(Clone, Copy)]
pub(crate) struct Node<'o, 's> {
    outline: &'o Outline<'s>,
    id: Id,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Scalar,
    Sequence,
    Mapping,
    Alias,
}

/// How many merge keys are followed one behind the other.
const MAX_MERGES: usize = 16;

impl<'s> Outline<'s> {
    /// The nodes; none where the text cannot be read, or holds nothing.
    pub(crate) fn read(text: &'s str) -> Option<Self> {
        let composed = compose::compose(text);
        let document = composed.stream.documents.first()?;
        let (root, end) = (document.root, document.end);
        let stream = composed.stream;
        let mut parents = HashMap::new();
        for id in stream.ids().take_while(|id| *id < end) {
            parents.extend(stream.children(id).iter().map(|child| (*child, id)));
        }
        Some(Self {
            text,
            stream,
            root,
            end,
            parents,
        })
    }

    /// The outermost node.
    pub(crate) fn root(&self) -> Node<'_, 's> {
        self.node(self.root)
    }

    /// All nodes, a collection before its members.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = Node<'_, 's>> {
        let ids = self.stream.ids().take_while(|id| *id < self.end);
        ids.map(|id| self.node(id))
    }

    /// The nodes that have an anchor, with its name.
    pub(crate) fn anchored(&self) -> impl Iterator<Item = (Node<'_, 's>, &'s str)> {
        let anchors = self.stream.anchors.iter().filter(|(id, _)| *id < self.end);
        anchors.map(|(id, name)| (self.node(*id), *name))
    }

    fn node(&self, id: Id) -> Node<'_, 's> {
        Node { outline: self, id }
    }
}

impl PartialEq for Node<'_, '_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Node<'_, '_> {}

impl PartialOrd for Node<'_, '_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Node<'_, '_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.id.cmp(&other.id)
    }
}

impl<'o, 's> Node<'o, 's> {
    pub(crate) fn kind(self) -> Kind {
        match self.outline.stream.node(self.id).content {
            Content::Scalar { .. } => Kind::Scalar,
            Content::Sequence(_) => Kind::Sequence,
            Content::Mapping(_) => Kind::Mapping,
            Content::Alias { .. } => Kind::Alias,
        }
    }

    /// Where it stands, without its anchor and its tag, up to the end of the last thing in it.
    pub(crate) fn span(self) -> Span {
        let span = self.outline.stream.node(self.id).span;
        let written = self.outline.text.get(span.range()).unwrap_or_default();
        // A block scalar takes the blank lines behind it.
        let end = match self.kind() {
            Kind::Scalar => span.start() + written.trim_end().len(),
            Kind::Sequence | Kind::Mapping | Kind::Alias => span.end(),
        };
        Span::new(span.start(), end)
    }

    /// As [`Self::span`], from its anchor and its tag on, where these stand on its line.
    pub(crate) fn whole(self) -> Span {
        let span = self.span();
        let mut start = span.start();
        while let Some(before) = self.outline.text.get(..start) {
            let before = before.trim_end_matches(' ');
            let word = before.rsplit([' ', '\n', '\t', '[', '{', ',']).next();
            match word {
                Some(word) if word.starts_with(['&', '!']) => start = before.len() - word.len(),
                Some(_) | None => break,
            }
        }
        Span::new(start, span.end())
    }

    /// Its text, as it is written.
    pub(crate) fn written(self) -> &'s str {
        let text = self.outline.text.get(self.span().range());
        text.unwrap_or_default()
    }

    /// What a scalar says; nothing of any other node.
    pub(crate) fn says(self) -> &'o str {
        match &self.outline.stream.node(self.id).content {
            Content::Scalar { text, .. } => text,
            _ => "",
        }
    }

    /// Whether it is a collection in brackets or braces.
    pub(crate) fn is_flow(self) -> bool {
        self.written().starts_with(['[', '{'])
    }

    /// The node itself, or that which an alias leads to.
    pub(crate) fn target(self) -> Self {
        match self.outline.stream.node(self.id).content {
            Content::Alias { target, .. } => self.outline.node(target),
            _ => self,
        }
    }

    /// The items of a sequence.
    pub(crate) fn items(self) -> impl Iterator<Item = Self> {
        let is_list = self.kind() == Kind::Sequence;
        let children = self.outline.stream.children(self.id).iter();
        let all = children.filter(move |_| is_list);
        all.map(move |id| self.outline.node(*id))
    }

    /// The pairs of a mapping.
    pub(crate) fn pairs(self) -> impl Iterator<Item = (Self, Self)> {
        let is_map = self.kind() == Kind::Mapping;
        let pairs = self.outline.stream.children(self.id).chunks_exact(2);
        pairs.filter(move |_| is_map).filter_map(move |pair| {
            let &[key, value] = pair else { return None };
            Some((self.outline.node(key), self.outline.node(value)))
        })
    }

    /// The value of a key: of the mapping's own, or of one that it merges.
    pub(crate) fn field(self, name: &str) -> Option<Self> {
        self.own(name).or_else(|| self.merged(name, MAX_MERGES))
    }

    /// The value of a key of the mapping's own.
    pub(crate) fn own(self, name: &str) -> Option<Self> {
        let found = self.pairs().find(|(key, _)| key.target().says() == name);
        found.map(|(_, value)| value)
    }

    fn merged(self, name: &str, steps: usize) -> Option<Self> {
        let steps = steps.checked_sub(1)?;
        let merge = self.own("<<")?;
        let maps: Vec<Self> = match merge.kind() {
            Kind::Sequence => merge.items().collect(),
            Kind::Scalar | Kind::Mapping | Kind::Alias => vec![merge],
        };
        maps.into_iter().find_map(|map| {
            let map = map.target();
            map.own(name).or_else(|| map.merged(name, steps))
        })
    }

    /// The collection that holds it.
    pub(crate) fn parent(self) -> Option<Self> {
        let id = self.outline.parents.get(&self.id)?;
        Some(self.outline.node(*id))
    }

    /// Whether it is another node, or within it.
    pub(crate) fn is_within(self, other: Self) -> bool {
        std::iter::successors(Some(self), |node| node.parent()).any(|node| node == other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_told_as_they_are_written() {
        let text = "a: &x !!str  word # c\nb: [*x, {c: 'd'}]\ne:\n- |-\n  f\n\n- g\nbase: &base {h: 1}\ni: {<<: [*base], j: 2}\n";
        let outline = Outline::read(text).unwrap();
        let field = |name: &str| outline.root().field(name).unwrap();
        assert_eq!(field("a").written(), "word");
        let whole = field("a").whole();
        assert_eq!(text.get(whole.range()), Some("&x !!str  word"));
        let list: Vec<_> = field("b").items().collect();
        assert!(field("b").is_flow() && list[1].is_flow());
        assert!(list[0].kind() == Kind::Alias && list[0].target() == field("a"));
        assert_eq!(list[1].own("c").unwrap().says(), "d");
        assert!(list[1].own("c").unwrap().is_within(field("b")));
        let block = field("e");
        assert!(!block.is_flow());
        let items: Vec<_> = block.items().map(|item| item.written()).collect();
        assert_eq!(items, ["|-\n  f", "g"]);
        assert_eq!(text.get(block.span().range()), Some("- |-\n  f\n\n- g"));
        assert_eq!(field("i").field("h").unwrap().says(), "1");
        assert!(field("i").own("h").is_none());
        assert_eq!(
            outline.anchored().map(|(_, name)| name).collect::<Vec<_>>(),
            ["x", "base"]
        );
        assert!(Outline::read("a: [").is_none());
    }
}
