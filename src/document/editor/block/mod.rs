//! Changes of a block collection of YAML: its members are lines.

mod spell;

use super::brackets::spell_on_one_line;
use super::change::{Change, Member, members};
use super::style::{Style, column_of};
use super::{Layout, New, NodeId, Refusal, layout};
use crate::document::{Document, Format};
use crate::source::{Edits, Span};
use spell::{add_item, add_members, add_pair};

/// A block collection and the places of its members.
struct Block<'b> {
    text: &'b str,
    style: &'b Style,
    /// Where the members begin in their lines.
    column: usize,
    members: Vec<Extent>,
    /// Whether it is a list whose items stand between brackets.
    is_of_brackets: bool,
}

/// Where a member stands.
#[derive(Clone, Copy)]
struct Extent {
    /// The start of its line, or of the comments right above it.
    lines: usize,
    /// The start of its line.
    line: usize,
    /// Where it begins itself: with its dash or its key.
    start: usize,
    /// Where its content ends.
    end: usize,
    /// The start of the line behind it.
    behind: usize,
    /// Whether something precedes it on its line: the dash of a list around.
    is_glued: bool,
}

/// Writes the changes of the block collection `node`.
///
/// # Errors
/// [`Refusal::NoSpelling`] where it is written in a way that is not followed here.
pub(super) fn write(
    document: &Document<'_>,
    style: &Style,
    node: NodeId,
    change: &Change,
    edits: &mut Edits,
) -> Result<(), Refusal> {
    let text = document.source().text();
    let all = members(document.tree(), node);
    let block = Block::new(document, style, node, &all)?;
    for (at, new) in &change.replaced {
        let member = all.get(*at).and_then(|member| member.key);
        let key = member.ok_or(Refusal::NoSpelling)?;
        let behind = text.get(key.span.end()..).unwrap_or_default();
        let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        if !behind
            .get(blanks..)
            .is_some_and(|text| text.starts_with(':'))
        {
            return Err(Refusal::NoSpelling);
        }
        block.replace(*at, key.span.end() + blanks + 1, new, edits)?;
    }
    block.write_members(change, edits)
}

impl<'b> Block<'b> {
    fn new(
        document: &Document<'b>,
        style: &'b Style,
        node: NodeId,
        all: &[Member<'_, '_>],
    ) -> Result<Self, Refusal> {
        let text = document.source().text();
        let tree = document.tree();
        let first = all.first().ok_or(Refusal::NoSpelling)?;
        let start = match first.key {
            Some(key) => key.span.start(),
            None => tree.node(node).span.start(),
        };
        let column = column_of(text, start).ok_or(Refusal::NoSpelling)?;
        let mut block = Self {
            text,
            style,
            column,
            members: Vec::with_capacity(all.len()),
            is_of_brackets: first.key.is_none()
                && layout(document, first.value) == Layout::Brackets,
        };
        for member in all {
            let start = match member.key {
                Some(key) => key.span.start(),
                None => block.next_dash(start)?,
            };
            let end = end_of(document, member.value)
                .max(member.key.map_or(start + 1, |key| key.span.end()));
            block.add(start, end)?;
        }
        Ok(block)
    }

    /// Where the dash of the next item stands; that of the first is at `first`.
    fn next_dash(&self, first: usize) -> Result<usize, Refusal> {
        let Some(last) = self.members.last() else {
            return match self.text.as_bytes().get(first) {
                Some(b'-') => Ok(first),
                _ => Err(Refusal::NoSpelling),
            };
        };
        let mut at = last.behind;
        let rest = self.text.get(at..).unwrap_or_default();
        for line in rest.split_inclusive('\n') {
            let content = line.trim_start_matches(' ');
            let column = line.len() - content.len();
            if column == self.column && content.starts_with('-') {
                return Ok(at + column);
            }
            at += line.len();
        }
        Err(Refusal::NoSpelling)
    }

    fn add(&mut self, start: usize, end: usize) -> Result<(), Refusal> {
        let column = column_of(self.text, start).ok_or(Refusal::NoSpelling)?;
        let line = start - column;
        let before = self.text.get(line..start).unwrap_or_default();
        let is_glued = !before.trim_start_matches(' ').is_empty();
        let is_first = self.members.is_empty();
        if column != self.column || is_glued && !is_first {
            return Err(Refusal::NoSpelling);
        }
        let floor = self.members.last().map_or(0, |last| last.behind);
        let lines = if is_glued {
            line
        } else {
            self.above(line, floor)
        };
        self.members.push(Extent {
            lines,
            line,
            start,
            end,
            behind: self.behind(end),
            is_glued,
        });
        Ok(())
    }

    /// The start of the comments right above the line at `line`, as deep as the members, and not before
    /// `floor`.
    fn above(&self, line: usize, floor: usize) -> usize {
        let mut top = line;
        let before = self.text.get(floor..line).unwrap_or_default();
        for line in before.split_inclusive('\n').rev() {
            let content = line.trim_start_matches(' ');
            if !content.starts_with('#') || line.len() - content.len() != self.column {
                break;
            }
            top -= line.len();
        }
        top
    }

    /// The start of the line behind what ends at `end`.
    fn behind(&self, end: usize) -> usize {
        if self
            .text
            .get(..end)
            .is_some_and(|text| text.ends_with('\n'))
        {
            return end;
        }
        let rest = self.text.get(end..).unwrap_or_default();
        rest.find('\n').map_or(self.text.len(), |at| end + at + 1)
    }

    fn write_members(&self, change: &Change, edits: &mut Edits) -> Result<(), Refusal> {
        let count = self.members.len();
        if change.removed.len() == count {
            return self.write_anew(change, edits);
        }
        let glued = self.members.first().is_some_and(|first| first.is_glued);
        // Where the members begin that stay, when what is glued to a dash goes.
        let heir = change
            .next_kept(0, count)
            .filter(|at| glued && *at > 0)
            .and_then(|at| self.members.get(at));
        if let (Some(first), Some(heir)) = (self.members.first(), heir) {
            edits.replace(Span::new(first.start, heir.start), "");
        }
        for &at in &change.removed {
            let member = self.members.get(at).ok_or(Refusal::NoMember)?;
            if heir.is_some_and(|heir| member.start < heir.start) {
                continue;
            }
            edits.replace(Span::new(self.cut(member), member.behind), "");
        }
        for added in &change.added {
            let lines = self.member(added.key.as_deref(), &added.value);
            let before = added.before.and_then(|at| change.next_kept(at, count));
            let before = before.and_then(|at| self.members.get(at));
            match before {
                Some(member) => {
                    let is_heir = heir.is_some_and(|heir| heir.start == member.start);
                    self.insert_before(member, member.is_glued || is_heir, &lines, edits);
                }
                None => self.insert_behind(&lines, edits),
            }
        }
        Ok(())
    }

    /// Where the lines of a member begin that goes. At the end of a text that does not end in a line break
    /// the break before them goes, too.
    fn cut(&self, member: &Extent) -> usize {
        let ends_text = member.behind == self.text.len() && !self.text.ends_with('\n');
        let before = self.text.get(..member.lines).unwrap_or_default();
        let is_last_kept = |at: usize| self.members.iter().any(|other| other.behind == at);
        match before.strip_suffix('\n') {
            Some(before) if ends_text && is_last_kept(member.lines) => {
                before.strip_suffix('\r').unwrap_or(before).len()
            }
            _ => member.lines,
        }
    }

    fn insert_before(&self, member: &Extent, glued: bool, lines: &[String], edits: &mut Edits) {
        let end = self.style.line_end;
        let mut text = lines.join(end);
        text.push_str(end);
        let at = if glued {
            text = text.split_off(self.column.min(text.len()));
            text.push_str(&" ".repeat(self.column));
            member.start
        } else {
            member.line
        };
        edits.replace(Span::new(at, at), text);
    }

    fn insert_behind(&self, lines: &[String], edits: &mut Edits) {
        let end = self.style.line_end;
        let at = self.members.last().map_or(0, |last| last.behind);
        let text = lines.join(end);
        let is_open = !self.text.get(..at).is_some_and(|text| text.ends_with('\n'));
        let text = if is_open {
            format!("{end}{text}")
        } else {
            format!("{text}{end}")
        };
        edits.replace(Span::new(at, at), text);
    }

    /// Writes a collection of which no member stays.
    fn write_anew(&self, change: &Change, edits: &mut Edits) -> Result<(), Refusal> {
        let (Some(first), Some(last)) = (self.members.first(), self.members.last()) else {
            return Err(Refusal::NoSpelling);
        };
        if change.added.is_empty() {
            return Err(Refusal::NoSpelling);
        }
        let added = change.added.iter();
        let lines: Vec<String> = added
            .flat_map(|added| self.member(added.key.as_deref(), &added.value))
            .collect();
        let text = lines.join(self.style.line_end);
        let text = text.get(self.column..).ok_or(Refusal::NoSpelling)?;
        let end = self
            .text
            .get(..last.end)
            .map_or(0, |text| text.trim_end_matches('\n').len());
        edits.replace(Span::new(first.start, end.max(first.start)), text);
        Ok(())
    }

    /// Gives a pair another value; `colon` is the place behind its colon.
    fn replace(
        &self,
        at: usize,
        colon: usize,
        new: &New,
        edits: &mut Edits,
    ) -> Result<(), Refusal> {
        let member = self.members.get(at).ok_or(Refusal::NoMember)?;
        let old = Span::new(colon, member.end.max(colon));
        if !new.has_members() {
            let spelling = spell_on_one_line(new, self.style, Format::Yaml);
            edits.replace(old, format!(" {spelling}"));
            return Ok(());
        }
        let mut lines = Vec::new();
        add_members(&mut lines, self.column, new, self.style);
        edits.replace(old, "");
        let end = self.style.line_end;
        let is_open = !self
            .text
            .get(..member.behind)
            .is_some_and(|text| text.ends_with('\n'));
        let text = lines.join(end);
        let text = match is_open {
            true => format!("{end}{text}"),
            false => format!("{text}{end}"),
        };
        edits.replace(Span::new(member.behind, member.behind), text);
        Ok(())
    }

    /// The lines of a member that comes.
    fn member(&self, key: Option<&str>, value: &New) -> Vec<String> {
        let mut lines = Vec::new();
        match key {
            Some(key) => add_pair(&mut lines, self.column, key, value, self.style),
            None if self.is_of_brackets => {
                let spelling = spell_on_one_line(value, self.style, Format::Yaml);
                lines.push(format!("{}- {spelling}", " ".repeat(self.column)));
            }
            None => add_item(&mut lines, self.column, value, self.style),
        }
        lines
    }
}

/// Where the content of a value ends: that of a block collection with that of its last member.
fn end_of(document: &Document<'_>, value: NodeId) -> usize {
    let tree = document.tree();
    let mut node = value;
    while let Some(last) = members(tree, node).last() {
        if layout(document, node) == Layout::Brackets {
            break;
        }
        node = last.value;
    }
    tree.node(node).span.end()
}
