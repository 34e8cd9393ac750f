//! The metadata that each document is to have: those of the first, which are all that counts.

use crate::document::yaml::Piece;
use crate::document::{Document, Entry, Item, NodeId, Pair, Tree, Value};
use crate::source::{Edits, Span};

/// The metadata of a file and the copies of them.
pub(super) struct Copies<'d, 's> {
    document: &'d Document<'s>,
    /// The value of the first `sops`.
    first: NodeId,
    /// It as it is written, where it has lines of its own.
    written: Option<&'s str>,
}

/// How many values are compared at most: metadata are short, unless aliases blow them up.
const MAX_STEPS: usize = 1 << 20;

impl<'d, 's> Copies<'d, 's> {
    pub(super) fn of(document: &'d Document<'s>) -> Option<Self> {
        let first = document.tree().metadata().next()?;
        let copies = Self {
            document,
            first: first.value,
            written: None,
        };
        let span = copies.lines_of(first);
        Some(Self {
            written: span.and_then(|span| document.source().text().get(span.range())),
            ..copies
        })
    }

    /// Lets the document of this number, from 0, have the metadata; none where it cannot be written there.
    pub(super) fn give(&self, at: usize, piece: &Piece, edits: &mut Edits) -> Option<()> {
        let tree = self.document.tree();
        let branch = *tree.branches().get(at)?;
        let copies: Vec<&Pair<'_>> = pairs(tree, branch)
            .filter(|pair| tree.is_metadata(pair))
            .collect();
        match copies.as_slice() {
            [] => {
                let at = piece.span.end();
                let text = self.document.source().text();
                let line_end = match self.written?.contains("\r\n") {
                    true => "\r\n",
                    false => "\n",
                };
                let before = text.get(..at)?;
                let gap = match before.is_empty() || before.ends_with('\n') {
                    true => "",
                    false => line_end,
                };
                let lines = format!("{gap}{}{line_end}", self.written?);
                edits.replace(Span::new(at, at), lines);
            }
            [copy] if is_same((tree, copy.value), (tree, self.first)) => {}
            [copy] => edits.replace(self.lines_of(copy)?, self.written?),
            _ => return None,
        }
        Some(())
    }

    /// Whether another document has these metadata.
    pub(super) fn are_those_of(&self, other: &Document<'_>) -> bool {
        let tree = other.tree();
        let mut all = tree.metadata();
        let (first, second) = (all.next(), all.next());
        let same =
            |pair: &Pair<'_>| is_same((tree, pair.value), (self.document.tree(), self.first));
        second.is_none() && first.is_some_and(same)
    }

    /// Where a pair stands, from the beginning of a line to its last character.
    fn lines_of(&self, pair: &Pair<'_>) -> Option<Span> {
        let text = self.document.source().text();
        let start = pair.key.span.start();
        let starts_line = text
            .get(..start)?
            .chars()
            .next_back()
            .is_none_or(|it| it == '\n');
        let end = self.document.tree().node(pair.value).span.end();
        let written = text.get(start..end)?.trim_end();
        starts_line.then(|| Span::new(start, start + written.len()))
    }
}

fn pairs<'t, 's>(tree: &'t Tree<'s>, map: NodeId) -> impl Iterator<Item = &'t Pair<'s>> {
    tree.entries(map).iter().filter_map(|entry| match entry {
        Entry::Pair(pair) => Some(pair),
        Entry::Comment(_) => None,
    })
}

/// Whether two values are the same, comments left out of account.
fn is_same(one: (&Tree<'_>, NodeId), other: (&Tree<'_>, NodeId)) -> bool {
    let mut left = vec![(one.1, other.1)];
    let mut steps = MAX_STEPS;
    while let Some((ours, theirs)) = left.pop() {
        let Some(rest) = steps.checked_sub(1) else {
            return false;
        };
        steps = rest;
        let same = match (&one.0.resolved(ours).value, &other.0.resolved(theirs).value) {
            (Value::Scalar(ours), Value::Scalar(theirs)) => ours == theirs,
            (Value::Map(_), Value::Map(_)) => {
                let ours: Vec<&Pair<'_>> = pairs(one.0, ours).collect();
                let theirs: Vec<&Pair<'_>> = pairs(other.0, theirs).collect();
                let both = || ours.iter().zip(&theirs);
                left.extend(both().map(|(ours, theirs)| (ours.value, theirs.value)));
                ours.len() == theirs.len()
                    && both().all(|(ours, theirs)| ours.key.name == theirs.key.name)
            }
            (Value::List(ours), Value::List(theirs)) => {
                let (ours, theirs) = (values(ours), values(theirs));
                left.extend(ours.iter().copied().zip(theirs.iter().copied()));
                ours.len() == theirs.len()
            }
            _ => false,
        };
        if !same {
            return false;
        }
    }
    true
}

fn values(items: &[Item<'_>]) -> Vec<NodeId> {
    let values = items.iter().filter_map(|item| match item {
        Item::Value(id) => Some(*id),
        Item::Comment(_) => None,
    });
    values.collect()
}
