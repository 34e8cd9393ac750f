//! Changes of metadata that a flat format holds under long names: lines that come, go, and get other
//! numbers.

use std::collections::BTreeMap;

use super::change::{Change, members};
use super::{New, NodeId, Refusal, below};
use crate::document::{Document, Format, Value, dotenv, ini};
use crate::source::{Edits, Span};

/// The metadata of a flat document.
struct Lines<'l> {
    document: &'l Document<'l>,
    changes: &'l BTreeMap<NodeId, Change>,
    root: NodeId,
    /// The collection that each node below the root is a member of, and its number there.
    parents: BTreeMap<NodeId, (NodeId, usize)>,
}

/// The line of a value.
#[derive(Clone, Copy)]
struct Line {
    start: usize,
    /// Where its name begins and ends.
    name: Span,
    /// The start of the next line.
    behind: usize,
}

/// The deepest that a change may lie; sops's own metadata are 5 deep.
const MAX_DEPTH: usize = 8;

/// Writes all changes of the document.
///
/// # Errors
/// [`Refusal::NoSpelling`] where it is written in a way that is not followed here.
pub(super) fn write(
    document: &Document<'_>,
    changes: &BTreeMap<NodeId, Change>,
    edits: &mut Edits,
) -> Result<(), Refusal> {
    let tree = document.tree();
    let root = tree.metadata().next().ok_or(Refusal::NoSpelling)?.value;
    let mut parents = BTreeMap::new();
    for node in below(tree, [root]) {
        let below = members(tree, node).into_iter().enumerate();
        parents.extend(below.map(|(at, member)| (member.value, (node, at))));
    }
    let lines = Lines {
        document,
        changes,
        root,
        parents,
    };
    lines.write(edits)
}

impl Lines<'_> {
    fn write(&self, edits: &mut Edits) -> Result<(), Refusal> {
        // Of several names that a line gets, that which the innermost change gives it counts.
        let mut names = BTreeMap::new();
        for node in self.outer_first()? {
            if let Some(change) = self.changes.get(&node) {
                self.rename(node, change, &mut names)?;
            }
        }
        for (value, name) in names {
            let line = self.line(value)?;
            if self.text(line.name) != name {
                edits.replace(line.name, name);
            }
        }
        for node in self.outer_first()?.into_iter().rev() {
            if let Some(change) = self.changes.get(&node) {
                self.write_change(node, change, edits)?;
            }
        }
        Ok(())
    }

    /// The collections that change, those before the ones that they hold.
    fn outer_first(&self) -> Result<Vec<NodeId>, Refusal> {
        let mut nodes = Vec::new();
        for node in self.changes.keys() {
            nodes.push((self.way(*node)?.len(), *node));
        }
        nodes.sort_unstable();
        Ok(nodes.into_iter().map(|(_, node)| node).collect())
    }

    /// Finds the names of the lines below a collection, whose items may get other numbers.
    fn rename(
        &self,
        node: NodeId,
        change: &Change,
        names: &mut BTreeMap<NodeId, String>,
    ) -> Result<(), Refusal> {
        let all = members(self.document.tree(), node);
        let (old, new) = (
            self.name(node, Numbers::Old)?,
            self.name(node, Numbers::New)?,
        );
        let kept = (0..all.len()).filter(|at| !change.removed.contains(at));
        for (number, at) in kept.enumerate() {
            let Some(member) = all.get(at) else { continue };
            let step = |number: usize| match member.key {
                Some(key) => self.step(&old, Some(&key_text(key))),
                None => self.step(&old, None).map(|step| format!("{step}{number}")),
            };
            let (Some(from), Some(to)) = (step(at), step(number)) else {
                return Err(Refusal::NoSpelling);
            };
            let (from, to) = (format!("{old}{from}"), format!("{new}{to}"));
            if from == to {
                continue;
            }
            for value in self.leaves(member.value) {
                let line = self.line(value)?;
                let rest = self.text(line.name).strip_prefix(&from);
                let rest = rest.filter(|rest| rest.is_empty() || rest.starts_with("__"));
                let name = format!("{to}{}", rest.ok_or(Refusal::NoSpelling)?);
                names.insert(value, name);
            }
        }
        Ok(())
    }

    fn write_change(
        &self,
        node: NodeId,
        change: &Change,
        edits: &mut Edits,
    ) -> Result<(), Refusal> {
        let all = members(self.document.tree(), node);
        for at in &change.removed {
            let member = all.get(*at).ok_or(Refusal::NoMember)?;
            for value in self.leaves(member.value) {
                let line = self.line(value)?;
                edits.replace(Span::new(line.start, line.behind), "");
            }
        }
        for (at, new) in &change.replaced {
            let member = all.get(*at).ok_or(Refusal::NoMember)?;
            let old = self.document.tree().node(member.value);
            let is_single = matches!(old.value, Value::Scalar(_)) && !is_collection(new);
            let text = scalar(new).filter(|_| is_single);
            let spelling = text.and_then(|text| self.spell(&text));
            edits.replace(old.span, spelling.ok_or(Refusal::NoSpelling)?);
        }
        let prefix = self.name(node, Numbers::New)?;
        let kept = all.len() - change.removed.len();
        for (added, at) in change.added.iter().zip(kept..) {
            let step = match &added.key {
                Some(key) => self.step(&prefix, Some(key)),
                None => self.step(&prefix, None).map(|step| format!("{step}{at}")),
            };
            let name = format!("{prefix}{}", step.ok_or(Refusal::NoSpelling)?);
            self.insert(node, &name, added.key.is_some(), &added.value, edits)?;
        }
        Ok(())
    }

    /// Inserts the lines of what comes: behind those of its list, or where its name sorts in.
    fn insert(
        &self,
        node: NodeId,
        name: &str,
        sorts_in: bool,
        value: &New,
        edits: &mut Edits,
    ) -> Result<(), Refusal> {
        let mut lines = Vec::new();
        for value in self.leaves(if sorts_in { self.root } else { node }) {
            lines.push(self.line(value)?);
        }
        lines.sort_unstable_by_key(|line| line.start);
        let sorts_behind = |line: &&Line| sorts_in && self.text(line.name) > name;
        let (at, like) = match lines.iter().find(sorts_behind) {
            Some(line) => (line.start, *line),
            None => {
                let last = *lines.last().ok_or(Refusal::NoSpelling)?;
                (last.behind, last)
            }
        };
        let mut text = String::new();
        for (name, value) in self.flattened(name, value)? {
            text.push_str(&self.written_like(like, &name, &value)?);
        }
        let is_open = at > 0
            && !self
                .whole()
                .get(..at)
                .is_some_and(|text| text.ends_with('\n'));
        if is_open {
            let end = self.line_end(like);
            text = format!("{end}{}", text.strip_suffix(end).unwrap_or(&text));
        }
        edits.replace(Span::new(at, at), text);
        Ok(())
    }

    /// The lines that a value has, as names and values.
    fn flattened(&self, name: &str, value: &New) -> Result<Vec<(String, String)>, Refusal> {
        let mut lines = Vec::new();
        let mut open = vec![(name.to_owned(), value)];
        while let Some((name, value)) = open.pop() {
            match value {
                New::List(items) => open.extend(
                    items
                        .iter()
                        .enumerate()
                        .rev()
                        .map(|(at, item)| (format!("{name}__list_{at}"), item)),
                ),
                New::Map(pairs) => open.extend(
                    pairs
                        .iter()
                        .rev()
                        .map(|(key, value)| (format!("{name}__map_{key}"), value)),
                ),
                New::Null | New::Int(_) | New::Text(_) => {
                    let text = scalar(value).and_then(|text| self.spell(&text));
                    lines.push((name, text.ok_or(Refusal::NoSpelling)?));
                }
            }
        }
        Ok(lines)
    }

    /// A line with what parts name and value in another.
    fn written_like(&self, like: Line, name: &str, value: &str) -> Result<String, Refusal> {
        let rest = self.whole().get(like.name.end()..like.behind);
        let rest = rest.ok_or(Refusal::NoSpelling)?;
        let blanks = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
        let before = blanks(rest);
        let mark = rest.get(before..=before).ok_or(Refusal::NoSpelling)?;
        let behind = rest.get(before + 1..).unwrap_or_default();
        let behind = behind.get(..blanks(behind)).unwrap_or_default();
        let (before, behind) = match self.document.format() {
            Format::Dotenv => (0, ""),
            _ if before == 0 => (0, behind),
            _ => {
                let column = like.name.end() - like.name.start() + before;
                (column.saturating_sub(name.len()).max(1), behind)
            }
        };
        let indentation = self.whole().get(like.start..like.name.start());
        let indentation = indentation.unwrap_or_default();
        let end = self.line_end(like);
        let before = " ".repeat(before);
        Ok(format!(
            "{indentation}{name}{before}{mark}{behind}{value}{end}"
        ))
    }

    fn line_end(&self, like: Line) -> &'static str {
        let line = self.text(Span::new(like.start, like.behind));
        match self.document.format() {
            Format::Ini if line.ends_with("\r\n") => "\r\n",
            _ => "\n",
        }
    }

    fn spell(&self, value: &str) -> Option<String> {
        match self.document.format() {
            Format::Ini => ini::spell(value, true),
            _ => dotenv::spell(value),
        }
    }

    /// The values below a node that have lines.
    fn leaves(&self, node: NodeId) -> Vec<NodeId> {
        let tree = self.document.tree();
        let is_leaf = |node: &NodeId| matches!(tree.node(*node).value, Value::Scalar(_));
        below(tree, [node]).into_iter().filter(is_leaf).collect()
    }

    /// The line of a value.
    fn line(&self, value: NodeId) -> Result<Line, Refusal> {
        let span = self.document.tree().node(value).span;
        let text = self.whole();
        let before = text.get(..span.start()).ok_or(Refusal::NoSpelling)?;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.get(start..).unwrap_or_default();
        let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
        let is_mark = |character: char| match self.document.format() {
            Format::Ini => matches!(character, '=' | ':'),
            _ => character == '=',
        };
        let mark = line.find(is_mark).ok_or(Refusal::NoSpelling)?;
        let name = line.get(blanks..mark).unwrap_or_default().trim_end();
        let name = Span::new(start + blanks, start + blanks + name.len());
        let rest = text.get(span.end()..).unwrap_or_default();
        let behind = rest.find('\n').map_or(text.len(), |at| span.end() + at + 1);
        Ok(Line {
            start,
            name,
            behind,
        })
    }

    /// The members that lead from the root to a node: the collection, and the number in it.
    fn way(&self, node: NodeId) -> Result<Vec<(NodeId, usize)>, Refusal> {
        let mut way = Vec::new();
        let mut at = node;
        while at != self.root {
            let step = *self.parents.get(&at).ok_or(Refusal::NoSpelling)?;
            if way.len() >= MAX_DEPTH {
                return Err(Refusal::NoSpelling);
            }
            way.push(step);
            at = step.0;
        }
        way.reverse();
        Ok(way)
    }

    /// What the names of all below a collection begin with.
    fn name(&self, node: NodeId, numbers: Numbers) -> Result<String, Refusal> {
        let mut name = match self.document.format() {
            Format::Dotenv => dotenv::PREFIX.to_owned(),
            _ => String::new(),
        };
        for (collection, at) in self.way(node)? {
            let member = members(self.document.tree(), collection);
            let member = member.get(at).ok_or(Refusal::NoMember)?;
            let gone = match (self.changes.get(&collection), numbers) {
                (Some(change), Numbers::New) => change.removed.range(..at).count(),
                _ => 0,
            };
            let step = match member.key {
                Some(key) => self.step(&name, Some(&key_text(key))),
                None => self
                    .step(&name, None)
                    .map(|step| format!("{step}{}", at - gone)),
            };
            name.push_str(&step.ok_or(Refusal::NoSpelling)?);
        }
        Ok(name)
    }

    /// What stands between a name and the name of a member: of the metadata themselves nothing.
    fn step(&self, name: &str, key: Option<&str>) -> Option<String> {
        let is_root = match self.document.format() {
            Format::Dotenv => name == dotenv::PREFIX,
            _ => name.is_empty(),
        };
        match key {
            Some(key) if is_root => Some(key.to_owned()),
            Some(key) => Some(format!("__map_{key}")),
            None if is_root => None,
            None => Some("__list_".to_owned()),
        }
    }

    fn whole(&self) -> &str {
        self.document.source().text()
    }

    fn text(&self, span: Span) -> &str {
        self.whole().get(span.range()).unwrap_or_default()
    }
}

/// Which numbers the items of lists have.
#[derive(Clone, Copy)]
enum Numbers {
    Old,
    New,
}

fn key_text(key: &crate::document::Key<'_>) -> String {
    match &key.name {
        crate::document::Scalar::Str(text) => String::from_utf8_lossy(text).into_owned(),
        _ => String::new(),
    }
}

/// A value as text, where it is a single one.
fn scalar(value: &New) -> Option<String> {
    match value {
        New::Text(text) => Some(text.clone()),
        New::Int(number) => Some(number.to_string()),
        New::Null | New::List(_) | New::Map(_) => None,
    }
}

fn is_collection(value: &New) -> bool {
    matches!(value, New::List(_) | New::Map(_))
}
