//! Tokens to nodes: YAML's grammar, anchors, tags, and the nodes that comments belong to.
//!
//! The composer is a machine with a stack of open collections of its own, so that nesting costs no
//! stack of the process. Comments gather in `pending` as the scanner's look-ahead passes them, and
//! the next node or end that takes comments takes them all.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::Error;
use super::comments::Role;
use super::node::{Comments, Content, Document, Id, Lines, Stream};
use super::scanner::Scanner;
use super::token::{Kind, Style, Token};
use crate::source::Span;

/// Reads the whole text.
pub(super) fn compose(text: &str) -> Result<Stream<'_>, Error> {
    let mut composer = Composer {
        scanner: Scanner::new(text),
        stream: Stream::default(),
        anchors: HashMap::new(),
        open: Vec::new(),
        open_anchored: HashSet::new(),
        last_end: 0,
        pending: Comments::default(),
        stem: Lines::new(),
        tags: Vec::new(),
    };
    composer.take()?;
    let mut first = true;
    while composer.document(first)? {
        first = false;
    }
    Ok(composer.stream)
}

pub(super) struct Composer<'s> {
    scanner: Scanner<'s>,
    pub(super) stream: Stream<'s>,
    /// Anchors stay known in the documents that follow.
    anchors: HashMap<&'s str, Id>,
    pub(super) open: Vec<Open>,
    /// The open collections that have an anchor: an alias to one would contain itself.
    open_anchored: HashSet<Id>,
    /// The end of the last token that stands for text of its own.
    last_end: usize,
    /// Comments passed and not yet taken.
    pub(super) pending: Comments,
    /// The head of a `- ` whose item is a block collection: it is that collection's.
    pub(super) stem: Lines,
    /// Handles and prefixes of `%TAG` directives.
    tags: Vec<(&'s str, Cow<'s, str>)>,
}

/// A collection that is being read.
#[derive(Clone, Copy)]
pub(super) struct Open {
    pub(super) node: Id,
    pub(super) state: State,
}

/// What is to come in a collection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    BlockSequence,
    /// A sequence whose `-` stand at the column of the key that it belongs to.
    IndentlessSequence,
    BlockKey,
    BlockValue,
    FlowSequence {
        first: bool,
    },
    /// A pair in a flow sequence: `[a: b]`.
    PairKey,
    PairValue,
    PairEnd,
    FlowKey {
        first: bool,
    },
    FlowValue,
    /// A flow mapping's key that had no `?` and no `:`; its value is empty.
    FlowEmptyValue,
}

/// What of a token's kind decides the grammar.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    StreamEnd,
    Directive,
    DocumentStart,
    DocumentEnd,
    BlockSequence,
    BlockMapping,
    BlockEnd,
    FlowSequence,
    FlowSequenceEnd,
    FlowMapping,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias,
    Property,
    Scalar,
}

fn next_of(kind: &Kind<'_>) -> Next {
    match kind {
        Kind::StreamEnd => Next::StreamEnd,
        Kind::VersionDirective { .. } | Kind::TagDirective { .. } => Next::Directive,
        Kind::DocumentStart => Next::DocumentStart,
        Kind::DocumentEnd => Next::DocumentEnd,
        Kind::BlockSequenceStart => Next::BlockSequence,
        Kind::BlockMappingStart => Next::BlockMapping,
        Kind::StreamStart | Kind::BlockEnd => Next::BlockEnd,
        Kind::FlowSequenceStart => Next::FlowSequence,
        Kind::FlowSequenceEnd => Next::FlowSequenceEnd,
        Kind::FlowMappingStart => Next::FlowMapping,
        Kind::FlowMappingEnd => Next::FlowMappingEnd,
        Kind::BlockEntry => Next::BlockEntry,
        Kind::FlowEntry => Next::FlowEntry,
        Kind::Key => Next::Key,
        Kind::Value => Next::Value,
        Kind::Alias(_) => Next::Alias,
        Kind::Anchor(_) | Kind::Tag { .. } => Next::Property,
        Kind::Scalar { .. } => Next::Scalar,
    }
}

/// Anchor and tag in front of a node.
#[derive(Default)]
struct Properties<'s> {
    anchor: Option<&'s str>,
    tag: Option<Cow<'s, str>>,
}

impl<'s> Composer<'s> {
    /// Shows the next token and gathers the comments that belong to it or to one before it. A head
    /// never belongs to a block's end; it waits for what follows.
    pub(super) fn peek(&mut self) -> Result<Next, Error> {
        let Some(token) = self.scanner.peek()? else {
            return Ok(Next::StreamEnd);
        };
        let (next, offset) = (next_of(&token.kind), token.start.offset);
        let ends_block = matches!(token.kind, Kind::BlockEnd);
        while let Some(run) = self.scanner.comments.next_until(offset) {
            if run.role == Role::Head && ends_block {
                break;
            }
            let Some(run) = self.scanner.comments.take() else {
                break;
            };
            let lines = match run.role {
                Role::Head => &mut self.pending.head,
                Role::Line => &mut self.pending.line,
                Role::Foot => &mut self.pending.foot,
            };
            lines.append(&mut run.lines);
        }
        Ok(next)
    }

    pub(super) fn take(&mut self) -> Result<Token<'s>, Error> {
        self.peek()?;
        let end = self.scanner.cursor.pos();
        let token = self
            .scanner
            .take()
            .ok_or_else(|| Error::at("unexpected end", end))?;
        self.last_end = self.last_end.max(token.end);
        Ok(token)
    }

    /// Where the next token stands.
    fn place(&mut self) -> usize {
        match self.scanner.peek() {
            Ok(Some(token)) => token.start.at(),
            Ok(None) | Err(_) => self.scanner.cursor.pos(),
        }
    }

    pub(super) fn error<T>(&mut self, message: &'static str) -> Result<T, Error> {
        Err(Error::at(message, self.place()))
    }

    pub(super) fn take_comments(&mut self) -> Comments {
        std::mem::take(&mut self.pending)
    }

    /// Reads one document; false at the end of the stream.
    fn document(&mut self, first: bool) -> Result<bool, Error> {
        let mut next = self.peek()?;
        if !first {
            while next == Next::DocumentEnd {
                self.take()?;
                next = self.peek()?;
            }
        }
        if next == Next::StreamEnd {
            return Ok(false);
        }
        let explicit = matches!(next, Next::Directive | Next::DocumentStart);
        let mut head = Lines::new();
        let implicit = first && !explicit;
        if implicit {
            head = self.split_document_head();
        } else {
            self.directives()?;
            if self.peek()? != Next::DocumentStart {
                return self.error("did not find expected <document start>");
            }
            self.take()?;
        }
        let root = self.root(implicit)?;
        if self.peek()? == Next::DocumentEnd {
            self.take()?;
        }
        let mut comments = self.take_comments();
        if comments.foot.is_empty() {
            comments.foot = comments.head;
        }
        let end = self.stream.next_id();
        self.stream.documents.push(Document {
            root,
            head,
            foot: comments.foot,
            end,
        });
        Ok(true)
    }

    /// Of the comment lines before a document without `---`, those above the last blank line are
    /// the document's, the others its first node's.
    fn split_document_head(&mut self) -> Lines {
        match self
            .pending
            .head
            .iter()
            .rposition(|line| *line == Span::default())
        {
            Some(blank) => {
                let rest = self.pending.head.split_off(blank + 1);
                let mut head = std::mem::replace(&mut self.pending.head, rest);
                head.truncate(blank);
                head
            }
            None => Lines::new(),
        }
    }

    fn directives(&mut self) -> Result<(), Error> {
        self.tags.clear();
        let mut versioned = false;
        while self.peek()? == Next::Directive {
            let token = self.take()?;
            match token.kind {
                Kind::VersionDirective { .. } if versioned => {
                    return Err(Error::at(
                        "found duplicate %YAML directive",
                        token.start.at(),
                    ));
                }
                Kind::VersionDirective { is_1_1: false } => {
                    return Err(Error::at(
                        "found incompatible YAML document",
                        token.start.at(),
                    ));
                }
                Kind::TagDirective { handle, prefix } => {
                    if self.tags.iter().any(|(known, _)| *known == handle) {
                        let at = token.start.at();
                        return Err(Error::at("found duplicate %TAG directive", at));
                    }
                    self.tags.push((handle, prefix));
                }
                _ => versioned = true,
            }
        }
        Ok(())
    }

    /// Reads the document's root node and all below it. Only behind a `---` can it be left out.
    fn root(&mut self, required: bool) -> Result<Id, Error> {
        let root = match self.peek()? {
            Next::Directive | Next::DocumentStart | Next::DocumentEnd | Next::StreamEnd
                if !required =>
            {
                return Ok(self.empty_scalar(Properties::default()));
            }
            _ => self.node(true, false)?,
        };
        while let Some(&open) = self.open.last() {
            self.step(open)?;
        }
        Ok(root)
    }

    /// Reads a node: a scalar or an alias whole, of a collection the beginning. Block collections
    /// may begin only where `block` says so, and a sequence at its key's column only where
    /// `indentless` does.
    pub(super) fn node(&mut self, block: bool, indentless: bool) -> Result<Id, Error> {
        if self.peek()? == Next::Alias {
            return self.alias();
        }
        let properties = self.properties()?;
        match self.peek()? {
            Next::BlockEntry if indentless => {
                Ok(self.open_collection(State::IndentlessSequence, properties, Lines::new()))
            }
            Next::Scalar => self.scalar(properties),
            Next::FlowSequence => self.open_flow(State::FlowSequence { first: true }, properties),
            Next::FlowMapping => self.open_flow(State::FlowKey { first: true }, properties),
            Next::BlockSequence if block => self.open_block(State::BlockSequence, properties),
            Next::BlockMapping if block => self.open_block(State::BlockKey, properties),
            _ if properties.anchor.is_some() || properties.tag.is_some() => {
                Ok(self.empty_scalar(properties))
            }
            _ => self.error("did not find expected node content"),
        }
    }

    fn alias(&mut self) -> Result<Id, Error> {
        let comments = self.take_comments();
        let token = self.take()?;
        let Kind::Alias(name) = token.kind else {
            return self.error("did not find an alias");
        };
        let at = token.start.at();
        let Some(&target) = self.anchors.get(name) else {
            return Err(Error::at("unknown anchor referenced", at));
        };
        if self.open_anchored.contains(&target) {
            return Err(Error::at("anchor value contains itself", at));
        }
        let span = Span::new(at, token.end);
        Ok(self
            .stream
            .add(Content::Alias { name, target }, None, span, comments))
    }

    /// Reads an anchor and a tag, in any order, at most one of each.
    fn properties(&mut self) -> Result<Properties<'s>, Error> {
        let mut properties = Properties::default();
        while self.peek()? == Next::Property {
            let token = self.take()?;
            match token.kind {
                Kind::Anchor(name) if properties.anchor.is_none() => properties.anchor = Some(name),
                Kind::Tag { handle, suffix } if properties.tag.is_none() => {
                    properties.tag = Some(self.resolve_tag(handle, suffix, token.start.at())?);
                }
                _ => {
                    return Err(Error::at(
                        "did not find expected node content",
                        token.start.at(),
                    ));
                }
            }
        }
        Ok(properties)
    }

    fn resolve_tag(
        &self,
        handle: &'s str,
        suffix: Cow<'s, str>,
        at: usize,
    ) -> Result<Cow<'s, str>, Error> {
        let declared = self.tags.iter().find(|(known, _)| *known == handle);
        let prefix = match (declared, handle) {
            (Some((_, prefix)), _) => prefix,
            (None, "") => return Ok(suffix),
            (None, "!") => "!",
            (None, "!!") => "tag:yaml.org,2002:",
            (None, _) => return Err(Error::at("found undefined tag handle", at)),
        };
        Ok(Cow::Owned(format!("{prefix}{suffix}")))
    }

    fn scalar(&mut self, properties: Properties<'s>) -> Result<Id, Error> {
        let comments = self.take_comments();
        let token = self.take()?;
        let Kind::Scalar { text, style } = token.kind else {
            return self.error("did not find a scalar");
        };
        // The tag `!` alone says nothing here.
        let tag = properties.tag.filter(|tag| tag != "!");
        let span = Span::new(token.start.at(), token.end);
        let id = self
            .stream
            .add(Content::Scalar { text, style }, tag, span, comments);
        self.set_anchor(properties.anchor, id);
        Ok(id)
    }

    /// A value that is not written: a plain, empty scalar. It takes no comments.
    fn empty_scalar(&mut self, properties: Properties<'s>) -> Id {
        let content = Content::Scalar {
            text: Cow::Borrowed(""),
            style: Style::Plain,
        };
        let tag = properties.tag.filter(|tag| tag != "!");
        let span = Span::new(self.last_end, self.last_end);
        let id = self.stream.add(content, tag, span, Comments::default());
        self.set_anchor(properties.anchor, id);
        id
    }

    fn set_anchor(&mut self, anchor: Option<&'s str>, id: Id) {
        if let Some(name) = anchor {
            self.anchors.insert(name, id);
        }
    }

    fn open_flow(&mut self, state: State, properties: Properties<'s>) -> Result<Id, Error> {
        let comments = self.take_comments();
        let id = self.open_collection(state, properties, comments.head);
        self.take()?;
        Ok(id)
    }

    fn open_block(&mut self, state: State, properties: Properties<'s>) -> Result<Id, Error> {
        let head = std::mem::take(&mut self.stem);
        let id = self.open_collection(state, properties, head);
        self.take()?;
        Ok(id)
    }

    fn open_collection(&mut self, state: State, properties: Properties<'s>, head: Lines) -> Id {
        let content = match state {
            State::BlockSequence | State::IndentlessSequence | State::FlowSequence { .. } => {
                Content::Sequence(Vec::new())
            }
            _ => Content::Mapping(Vec::new()),
        };
        let start = self.place();
        let comments = Comments {
            head,
            ..Comments::default()
        };
        let id = self
            .stream
            .add(content, properties.tag, Span::new(start, start), comments);
        if properties.anchor.is_some() {
            self.open_anchored.insert(id);
        }
        self.set_anchor(properties.anchor, id);
        self.open.push(Open { node: id, state });
        id
    }

    /// Adds a child that is read now to the innermost open collection, which goes on in `state`.
    pub(super) fn add_node(
        &mut self,
        state: State,
        block: bool,
        indentless: bool,
    ) -> Result<(), Error> {
        let depth = self.open.len();
        let parent = self.go_on(state);
        let child = self.node(block, indentless)?;
        if let Some(parent) = parent {
            self.stream.add_child(parent, child);
        }
        if self.open.len() == depth {
            self.child_done();
        }
        Ok(())
    }

    /// Adds a value that is not written to the innermost open collection.
    pub(super) fn add_empty(&mut self, state: State) {
        let parent = self.go_on(state);
        let child = self.empty_scalar(Properties::default());
        if let Some(parent) = parent {
            self.stream.add_child(parent, child);
            self.child_done();
        }
    }

    /// Opens the mapping of a pair in a flow sequence.
    pub(super) fn open_pair(&mut self) {
        let parent = self.go_on(State::FlowSequence { first: false });
        let pair = self.open_collection(State::PairKey, Properties::default(), Lines::new());
        if let Some(parent) = parent {
            self.stream.add_child(parent, pair);
        }
    }

    fn go_on(&mut self, state: State) -> Option<Id> {
        let open = self.open.last_mut()?;
        open.state = state;
        Some(open.node)
    }

    /// Moves a mapping's foot comments to the keys that they belong to, now that its last member is
    /// complete.
    fn child_done(&mut self) {
        let Some(open) = self.open.last() else { return };
        let in_block = matches!(open.state, State::BlockKey | State::BlockValue);
        let Content::Mapping(members) = &self.stream.node(open.node).content else {
            return;
        };
        match *members.as_slice() {
            [.., previous_key, _, key] if members.len() % 2 == 1 && in_block => {
                self.stream.move_foot(key, previous_key);
            }
            [.., key, value]
                if members.len() % 2 == 0 && self.stream.comments(key).foot.is_empty() =>
            {
                self.stream.move_foot(value, key);
            }
            _ => {}
        }
    }

    /// Closes the innermost collection. What `end` says becomes the collection's line and foot, but
    /// a block mapping's foot moves to its last key.
    pub(super) fn close(&mut self, end: Comments) {
        let Some(open) = self.open.pop() else { return };
        self.open_anchored.remove(&open.node);
        let node = self.stream.node_mut(open.node);
        node.span = Span::new(node.span.start(), self.last_end.max(node.span.start()));
        self.stream.set_end_comments(open.node, end);
        if open.state == State::BlockKey
            && let [.., key, _] = *self.stream.children(open.node)
        {
            self.stream.move_foot(open.node, key);
        }
        self.child_done();
    }
}
