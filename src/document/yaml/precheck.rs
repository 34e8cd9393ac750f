//! The first document must also decode into a map: sops asks yaml.v3 for that before it loads the
//! file, to have duplicate keys refused. The documents after the first are not checked.

use std::borrow::Cow;
use std::ops::Range;

use super::Error;
use super::node::{Content, Document, Id, Stream};
use super::resolve::{Mismatch, resolve, short_tag};
use super::token::Style;
use crate::document::Scalar;

/// Checks the first document.
pub(super) fn check_first_document(stream: &Stream<'_>) -> Result<(), Error> {
    let Some(document) = stream.documents.first() else {
        return Err(Error::at("the file holds no document", 0));
    };
    let mut unseen = values_of_null_keys(stream, document);
    for id in stream.ids().take_while(|id| *id < document.end) {
        if unseen.last().is_some_and(|values| values.end <= id) {
            unseen.pop();
        }
        if unseen.last().is_some_and(|values| values.contains(&id)) {
            continue;
        }
        let node = stream.node(id);
        match &node.content {
            Content::Scalar { .. } => {
                if scalar(stream, id).is_err() {
                    return Err(Error::on("the value does not fit its tag", node.span));
                }
            }
            Content::Mapping(members) => {
                check_keys(stream, members)?;
                check_merges(stream, members)?;
            }
            Content::Sequence(_) | Content::Alias { .. } => {}
        }
    }
    Ok(())
}

/// Checks that the first document is not nearly all alias expansion.
pub(super) fn check_aliases(stream: &Stream<'_>) -> Result<(), Error> {
    let Some(document) = stream.documents.first() else {
        return Ok(());
    };
    let is_alias = |id: Id| matches!(stream.node(id).content, Content::Alias { .. });
    let mut nodes = stream.ids().take_while(|id| *id < document.end);
    if nodes.any(is_alias) {
        AliasBudget::default().check(stream, document.root)
    } else {
        Ok(())
    }
}

/// The nodes below the values of null keys at the top level, the last first: a key of the map that
/// sops asks for is a string, and where yaml.v3 finds null in its place it passes the value over.
pub(super) fn values_of_null_keys(stream: &Stream<'_>, document: &Document) -> Vec<Range<Id>> {
    let members = stream.children(document.root);
    let value_end = |at: usize| members.get(at + 2).copied().unwrap_or(document.end);
    let is_map = matches!(stream.node(document.root).content, Content::Mapping(_));
    let keys = members.iter().enumerate().step_by(2).filter(|_| is_map);
    let null_keys = keys.filter(|(_, key)| scalar(stream, **key) == Ok(Some(Scalar::Null)));
    let mut values: Vec<Range<Id>> = null_keys
        .filter_map(|(at, _)| Some(*members.get(at + 1)?..value_end(at)))
        .collect();
    values.reverse();
    values
}

/// What a scalar, or the one that an alias leads to, decodes to; `None` of a collection.
fn scalar<'n>(stream: &'n Stream<'_>, id: Id) -> Result<Option<Scalar<'n>>, Mismatch> {
    let mut node = stream.node(id);
    if let Content::Alias { target, .. } = node.content {
        node = stream.node(target);
    }
    let Content::Scalar { text, style } = &node.content else {
        return Ok(None);
    };
    resolve(Cow::Borrowed(text.as_ref()), *style, node.tag.as_deref()).map(Some)
}

/// Keys must be scalars, or aliases of some. That they must differ is [`repeated`](super::repeated)'s.
fn check_keys(stream: &Stream<'_>, members: &[Id]) -> Result<(), Error> {
    for &key in members.iter().step_by(2) {
        let node = stream.node(key);
        match &node.content {
            Content::Scalar { .. } => {}
            Content::Alias { target, .. } if is_scalar(stream, *target) => {}
            Content::Alias { .. } | Content::Sequence(_) | Content::Mapping(_) => {
                return Err(Error::on("a key is a collection", node.span));
            }
        }
    }
    Ok(())
}

fn is_scalar(stream: &Stream<'_>, id: Id) -> bool {
    matches!(stream.node(id).content, Content::Scalar { .. })
}

/// The value of a merge key must be a map, or a sequence of maps.
fn check_merges(stream: &Stream<'_>, members: &[Id]) -> Result<(), Error> {
    let is_map = |id: Id| match stream.node(id).content {
        Content::Mapping(_) => true,
        Content::Alias { target, .. } => {
            matches!(stream.node(target).content, Content::Mapping(_))
        }
        Content::Scalar { .. } | Content::Sequence(_) => false,
    };
    for pair in members.chunks_exact(2) {
        let &[key, value] = pair else { continue };
        if !is_merge(stream, key) || is_map(value) {
            continue;
        }
        let items = stream.children(value);
        let sequence = matches!(stream.node(value).content, Content::Sequence(_));
        if !sequence || !items.iter().all(|&item| is_map(item)) {
            let span = stream.node(value).span;
            return Err(Error::on("a merge needs a map or a sequence of maps", span));
        }
    }
    Ok(())
}

pub(super) fn is_merge(stream: &Stream<'_>, key: Id) -> bool {
    let node = stream.node(key);
    let Content::Scalar { text, style } = &node.content else {
        return false;
    };
    text == "<<"
        && match &node.tag {
            None => *style == Style::Plain,
            Some(tag) => short_tag(tag) == "!!merge",
        }
}

/// yaml.v3's guard against documents that are nearly all alias expansion.
#[derive(Default)]
pub(super) struct AliasBudget {
    decoded: u64,
    through_alias: u64,
}

/// A step of the decode that is still to be done.
enum Work {
    Decode(Id),
    LeaveAlias,
}

impl AliasBudget {
    fn check(mut self, stream: &Stream<'_>, root: Id) -> Result<(), Error> {
        // The document itself counts as one.
        self.count(false);
        let mut depth = 0_u32;
        let mut work = vec![Work::Decode(root)];
        while let Some(step) = work.pop() {
            let Work::Decode(id) = step else {
                depth -= 1;
                continue;
            };
            self.count(depth > 0);
            if self.is_excessive() {
                let span = stream.node(id).span;
                return Err(Error::on("document contains excessive aliasing", span));
            }
            match &stream.node(id).content {
                Content::Scalar { .. } => {}
                Content::Alias { target, .. } => {
                    depth += 1;
                    work.push(Work::LeaveAlias);
                    work.push(Work::Decode(*target));
                }
                Content::Sequence(items) => {
                    work.extend(items.iter().rev().map(|&item| Work::Decode(item)));
                }
                Content::Mapping(members) => push_members(stream, members, &mut work),
            }
        }
        Ok(())
    }

    /// Counts a step of the decode.
    pub(super) fn count(&mut self, through_alias: bool) {
        self.decoded += 1;
        self.through_alias += u64::from(through_alias);
    }

    pub(super) fn is_excessive(&self) -> bool {
        if self.through_alias <= 100 || self.decoded <= 1000 {
            return false;
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "a ratio of counts far below 2^52"
        )]
        let (share, decoded) = (
            self.through_alias as f64 / self.decoded as f64,
            self.decoded as f64,
        );
        let allowed = if decoded <= 400_000.0 {
            0.99
        } else if decoded >= 4_000_000.0 {
            0.10
        } else {
            0.99 - 0.89 * ((decoded - 400_000.0) / 3_600_000.0)
        };
        share > allowed
    }
}

/// Pairs are decoded in order, the merge after them; a merge key and a merged sequence are not
/// decoded themselves.
fn push_members(stream: &Stream<'_>, members: &[Id], work: &mut Vec<Work>) {
    let pairs = members.chunks_exact(2);
    let merges = pairs
        .clone()
        .filter(|pair| is_merge(stream, pair[0]))
        .map(|pair| pair[1]);
    for value in merges {
        match &stream.node(value).content {
            Content::Sequence(items) => {
                work.extend(items.iter().rev().map(|&item| Work::Decode(item)));
            }
            _ => work.push(Work::Decode(value)),
        }
    }
    for pair in pairs.rev() {
        if !is_merge(stream, pair[0]) {
            work.push(Work::Decode(pair[1]));
            work.push(Work::Decode(pair[0]));
        }
    }
}
