//! How a document is written, learnt from what there is: of the metadata where there are some.

use super::change::{Member, members};
use super::{Layout, layout};
use crate::document::{Document, Format, NodeId, Value};

/// How what comes into a document is to be written.
pub(super) struct Style {
    pub(super) line_end: &'static str,
    /// How much deeper a block stands than the one around it.
    pub(super) indent: usize,
    /// Whether a block list stands no deeper than its key.
    pub(super) lists_stand_out: bool,
    /// The same between brackets.
    pub(super) unit: String,
    /// What parts keys from values between brackets.
    pub(super) colon: String,
    /// Whether keys between brackets have quotes.
    pub(super) quotes_keys: bool,
}

impl Style {
    /// Learns it.
    pub(super) fn of(document: &Document<'_>) -> Self {
        let tree = document.tree();
        let root = tree.metadata().next().map(|pair| pair.value);
        let root = root.or_else(|| tree.branches().first().copied());
        let mut style = Self {
            line_end: "\n",
            indent: 4,
            lists_stand_out: false,
            unit: "\t".to_owned(),
            colon: ": ".to_owned(),
            quotes_keys: document.format() != Format::Yaml,
        };
        let Some(root) = root else { return style };
        style.line_end = line_end(document, root);
        match layout(document, root) {
            Layout::Block => style.learn_block(document, root),
            Layout::Brackets => style.learn_brackets(document, root),
            Layout::Lines => {}
        }
        style
    }

    /// Where a block begins that is deeper than one at `column`, as yaml.v3 aligns it.
    pub(super) fn deeper(&self, column: usize) -> usize {
        (column / self.indent + 1) * self.indent
    }

    /// Where the dashes of a list stand whose key stands at `column`.
    pub(super) fn dash(&self, column: usize) -> usize {
        if self.lists_stand_out {
            column
        } else {
            self.deeper(column)
        }
    }

    /// What parts two members on one line.
    pub(super) fn comma(&self) -> &'static str {
        if self.colon.ends_with(' ') { ", " } else { "," }
    }

    fn learn_block(&mut self, document: &Document<'_>, root: NodeId) {
        let text = document.source().text();
        let tree = document.tree();
        let pairs = members(tree, root);
        let start = |pair: &Member<'_, '_>| pair.key.map(|key| key.span.start());
        let column = pairs.first().and_then(start).map(|at| column(text, at));
        if let Some(column @ 1..=16) = column {
            self.indent = column;
        }
        let mut lists = pairs.iter().filter_map(|pair| {
            let node = tree.node(pair.value);
            let is_block = matches!(node.value, Value::List(_))
                && layout(document, pair.value) == Layout::Block;
            let key = start(pair)?;
            is_block.then(|| column_of(text, node.span.start()) == column_of(text, key))
        });
        self.lists_stand_out = lists.next().unwrap_or(false);
    }

    fn learn_brackets(&mut self, document: &Document<'_>, root: NodeId) {
        let text = document.source().text();
        let tree = document.tree();
        let pairs = members(tree, root);
        if let Some(key) = pairs.first().and_then(|pair| pair.key) {
            self.quotes_keys = text.as_bytes().get(key.span.start()) == Some(&b'"');
        }
        let colon = pairs.first().and_then(|pair| {
            let from = pair.key?.span.end();
            let between = text.get(from..tree.node(pair.value).span.start())?;
            (between.trim() == ":" && !between.contains('\n')).then_some(between)
        });
        if let Some(colon) = colon {
            colon.clone_into(&mut self.colon);
        }
        let outer = indentation(document, root);
        let inner = pairs
            .iter()
            .find_map(|pair| indentation(document, pair.value));
        let around = tree.branches().first();
        let around = around.and_then(|branch| indentation(document, *branch));
        let by = |deep: Option<&str>, flat: Option<&str>| {
            let unit = deep?.strip_prefix(flat?)?;
            (!unit.is_empty()).then(|| unit.to_owned())
        };
        let unit = by(inner, outer).or_else(|| by(outer, around));
        if let Some(unit) = unit {
            self.unit = unit;
        }
    }
}

/// How the lines of the metadata end.
fn line_end(document: &Document<'_>, root: NodeId) -> &'static str {
    let text = document.source().text();
    let start = document.tree().node(root).span.start();
    let line = text.get(start..).and_then(|text| text.split_once('\n'));
    let line = line.or_else(|| text.split_once('\n'));
    match line {
        Some((line, _)) if line.ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// The white space before the first member of a collection between brackets, where that has a line of its
/// own.
pub(super) fn indentation<'t>(document: &Document<'t>, node: NodeId) -> Option<&'t str> {
    if layout(document, node) != Layout::Brackets {
        return None;
    }
    let tree = document.tree();
    let first = *members(tree, node).first()?;
    let end = first
        .key
        .map_or(tree.node(first.value).span, |key| key.span);
    let start = tree.node(node).span.start();
    let gap = document.source().text().get(start + 1..end.start())?;
    let (_, last) = gap.rsplit_once('\n')?;
    last.trim_start_matches([' ', '\t'])
        .is_empty()
        .then_some(last)
}

fn column(text: &str, at: usize) -> usize {
    column_of(text, at).unwrap_or(0)
}

/// How far a place is from the start of its line, in bytes.
pub(super) fn column_of(text: &str, at: usize) -> Option<usize> {
    let before = text.get(..at)?;
    Some(before.len() - before.rfind('\n').map_or(0, |at| at + 1))
}
