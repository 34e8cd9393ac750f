//! The nodes of a YAML stream, faithful to the text: style, tag, alias and comments are kept.

use std::borrow::Cow;

use super::token::Style;
use crate::source::Span;

/// The name of a node in its [`Stream`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id(u32);

impl Id {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// All documents of one text.
#[derive(Default)]
pub(super) struct Stream<'s> {
    nodes: Vec<Node<'s>>,
    comments: Vec<Comments>,
    pub(super) documents: Vec<Document>,
    /// The names that nodes were given, in the order of the text.
    pub(super) anchors: Vec<(Id, &'s str)>,
}

/// One document: its root node and the comments that belong to none of its nodes.
pub(super) struct Document {
    pub(super) root: Id,
    pub(super) head: Lines,
    pub(super) foot: Lines,
    /// The first node that is not the document's or an earlier one's.
    pub(super) end: Id,
    /// Where it begins: with its directives, its `---` or, of a first one, its text.
    pub(super) start: usize,
    /// The `---` that it begins with.
    pub(super) mark: Option<Span>,
    /// The last `...` that it ends with.
    pub(super) end_mark: Option<Span>,
}

pub(super) struct Node<'s> {
    pub(super) content: Content<'s>,
    /// The tag as resolved by the document's directives; `None` where none is written.
    pub(super) tag: Option<Cow<'s, str>>,
    pub(super) span: Span,
    comments: Option<u32>,
}

pub(super) enum Content<'s> {
    Scalar {
        text: Cow<'s, str>,
        style: Style,
    },
    Sequence(Vec<Id>),
    /// Keys and values by turns.
    Mapping(Vec<Id>),
    Alias {
        name: &'s str,
        target: Id,
    },
}

/// The lines of a comment from `#` on; an empty span is a blank line.
pub(super) type Lines = Vec<Span>;

/// What is said about a node.
#[derive(Clone, Debug, Default)]
pub(super) struct Comments {
    pub(super) head: Lines,
    pub(super) line: Lines,
    pub(super) foot: Lines,
}

static NO_COMMENTS: Comments = Comments {
    head: Vec::new(),
    line: Vec::new(),
    foot: Vec::new(),
};

impl<'s> Stream<'s> {
    pub(super) fn add(
        &mut self,
        content: Content<'s>,
        tag: Option<Cow<'s, str>>,
        span: Span,
        comments: Comments,
    ) -> Id {
        let id = self.next_id();
        self.nodes.push(Node {
            content,
            tag,
            span,
            comments: None,
        });
        if !comments.is_empty() {
            *self.comments_mut(id) = comments;
        }
        id
    }

    /// The name that the next node gets.
    pub(super) fn next_id(&self) -> Id {
        Id(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX))
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The names of all nodes; a collection comes before its members.
    pub(super) fn ids(&self) -> impl Iterator<Item = Id> + use<> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)).map(Id)
    }

    pub(super) fn node(&self, id: Id) -> &Node<'s> {
        &self.nodes[id.index()]
    }

    pub(super) fn node_mut(&mut self, id: Id) -> &mut Node<'s> {
        &mut self.nodes[id.index()]
    }

    /// The members of a collection; none of a scalar or an alias.
    pub(super) fn children(&self, id: Id) -> &[Id] {
        match &self.node(id).content {
            Content::Sequence(items) | Content::Mapping(items) => items,
            Content::Scalar { .. } | Content::Alias { .. } => &[],
        }
    }

    pub(super) fn add_child(&mut self, parent: Id, child: Id) {
        match &mut self.node_mut(parent).content {
            Content::Sequence(items) | Content::Mapping(items) => items.push(child),
            Content::Scalar { .. } | Content::Alias { .. } => {}
        }
    }

    pub(super) fn comments(&self, id: Id) -> &Comments {
        match self.node(id).comments {
            Some(at) => &self.comments[at as usize],
            None => &NO_COMMENTS,
        }
    }

    pub(super) fn comments_mut(&mut self, id: Id) -> &mut Comments {
        let next = u32::try_from(self.comments.len()).unwrap_or(u32::MAX);
        let at = *self.nodes[id.index()].comments.get_or_insert(next);
        if at == next {
            self.comments.push(Comments::default());
        }
        &mut self.comments[at as usize]
    }

    /// Moves a foot comment, if there is one, from one node to another.
    pub(super) fn move_foot(&mut self, from: Id, to: Id) {
        if !self.comments(from).foot.is_empty() {
            let foot = std::mem::take(&mut self.comments_mut(from).foot);
            self.comments_mut(to).foot = foot;
        }
    }

    /// Gives a collection the line and foot comments of its end.
    pub(super) fn set_end_comments(&mut self, id: Id, end: Comments) {
        if self.node(id).comments.is_some() || !end.line.is_empty() || !end.foot.is_empty() {
            let comments = self.comments_mut(id);
            comments.line = end.line;
            comments.foot = end.foot;
        }
    }
}

impl Comments {
    pub(super) fn is_empty(&self) -> bool {
        self.head.is_empty() && self.line.is_empty() && self.foot.is_empty()
    }
}
