//! One node at a time: properties, scalars and aliases whole, collections opened and closed.

use std::borrow::Cow;

use super::Error;
use super::compose::{Composer, Open, State};
use super::node::{Comments, Content, Id, Lines};
use super::token::{Kind, Next, Style};
use crate::source::Span;

/// Anchor and tag in front of a node.
#[derive(Default)]
pub(super) struct Properties<'s> {
    anchor: Option<&'s str>,
    tag: Option<Cow<'s, str>>,
}

impl<'s> Composer<'s> {
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
    pub(super) fn empty_scalar(&mut self, properties: Properties<'s>) -> Id {
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
            self.stream.anchors.push((id, name));
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
