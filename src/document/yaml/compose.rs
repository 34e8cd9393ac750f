//! Tokens to nodes: YAML's grammar, anchors, tags, and the nodes that comments belong to.
//!
//! The composer is a machine with a stack of open collections of its own, so that nesting costs no
//! stack of the process. Comments gather in `pending` as the scanner's look-ahead passes them, and
//! the next node or end that takes comments takes them all.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::Error;
use super::build::Properties;
use super::comments::Role;
use super::node::{Comments, Document, Id, Lines, Stream};
use super::scanner::Scanner;
use super::token::{Kind, Next, Token};
use crate::source::Span;

/// What was read of a text.
pub(super) struct Composed<'s> {
    /// All nodes, or those before the place where the reader stopped.
    pub(super) stream: Stream<'s>,
    /// The first node of which it is not certain that it is what it seems: where the reader stopped
    /// in a flow collection, that collection may be one that was never closed.
    pub(super) end: Id,
    /// Why the reader stopped before the end of the text.
    pub(super) error: Option<Error>,
}

/// Reads the whole text, or as much of it as can be read.
pub(super) fn compose(text: &str) -> Composed<'_> {
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
    let error = composer.documents().err();
    Composed {
        end: composer.certain_end(),
        stream: composer.stream,
        error,
    }
}

pub(super) struct Composer<'s> {
    scanner: Scanner<'s>,
    pub(super) stream: Stream<'s>,
    /// Anchors stay known in the documents that follow.
    pub(super) anchors: HashMap<&'s str, Id>,
    pub(super) open: Vec<Open>,
    /// The open collections that have an anchor: an alias to one would contain itself.
    pub(super) open_anchored: HashSet<Id>,
    /// The end of the last token that stands for text of its own.
    pub(super) last_end: usize,
    /// Comments passed and not yet taken.
    pub(super) pending: Comments,
    /// The head of a `- ` whose item is a block collection: it is that collection's.
    pub(super) stem: Lines,
    /// Handles and prefixes of `%TAG` directives.
    pub(super) tags: Vec<(&'s str, Cow<'s, str>)>,
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

impl<'s> Composer<'s> {
    /// Shows the next token and gathers the comments that belong to it or to one before it. A head
    /// never belongs to a block's end; it waits for what follows.
    pub(super) fn peek(&mut self) -> Result<Next, Error> {
        let Some(token) = self.scanner.peek()? else {
            return Ok(Next::StreamEnd);
        };
        let (next, offset) = (token.kind.next(), token.start.offset);
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
    pub(super) fn place(&mut self) -> usize {
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

    fn documents(&mut self) -> Result<(), Error> {
        self.take()?;
        let mut first = true;
        while self.document(first)? {
            first = false;
        }
        Ok(())
    }

    /// The first node that may be part of a flow collection which is not closed.
    fn certain_end(&self) -> Id {
        let is_block = |open: &&Open| {
            matches!(
                open.state,
                State::BlockSequence
                    | State::IndentlessSequence
                    | State::BlockKey
                    | State::BlockValue
            )
        };
        let flow = self.open.iter().find(|open| !is_block(open));
        flow.map_or(self.stream.next_id(), |open| open.node)
    }

    /// Reads one document; false at the end of the stream.
    fn document(&mut self, first: bool) -> Result<bool, Error> {
        let mut next = self.peek()?;
        if !first {
            while next == Next::DocumentEnd {
                let end_mark = Some(self.take()?.span());
                if let Some(last) = self.stream.documents.last_mut() {
                    last.end_mark = end_mark;
                }
                next = self.peek()?;
            }
        }
        if next == Next::StreamEnd {
            return Ok(false);
        }
        let explicit = matches!(next, Next::Directive | Next::DocumentStart);
        let start = self.place();
        let mut mark = None;
        let mut head = Lines::new();
        let implicit = first && !explicit;
        if implicit {
            head = self.split_document_head();
        } else {
            self.directives()?;
            if self.peek()? != Next::DocumentStart {
                return self.error("did not find expected <document start>");
            }
            mark = Some(self.take()?.span());
        }
        let root = self.root(implicit)?;
        let mut end_mark = None;
        if self.peek()? == Next::DocumentEnd {
            end_mark = Some(self.take()?.span());
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
            start,
            mark,
            end_mark,
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
}
