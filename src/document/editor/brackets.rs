//! Changes of a collection between brackets: JSON, and what is alike in YAML.

use super::change::{Change, Member, members};
use super::style::{Style, indentation};
use super::{New, NodeId, Refusal};
use crate::document::{Document, Format, json, yaml};
use crate::source::{Edits, Span};

/// A collection and the places of its members.
struct Collection<'c> {
    text: &'c str,
    style: &'c Style,
    format: Format,
    /// Its place, brackets included.
    span: Span,
    members: Vec<Span>,
    /// The white space before members that come, where they have lines of their own and are written over
    /// several.
    indentation: Option<&'c str>,
}

/// Writes the changes of the collection `node`.
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
    let tree = document.tree();
    let all = members(tree, node);
    let value = |member: &Member<'_, '_>| tree.node(member.value).span;
    let whole = |member: &Member<'_, '_>| {
        let value = value(member);
        let start = member.key.map_or(value, |key| key.span).start();
        Span::new(start, value.end())
    };
    let text = document.source().text();
    let is_on_one_line = |member: &Member<'_, '_>| {
        let text = text.get(value(member).range()).unwrap_or_default();
        text.starts_with(['[', '{']) && text.len() > 2 && !text.contains('\n')
    };
    let own_lines = indentation(document, node);
    let collection = Collection {
        text,
        style,
        format: document.format(),
        span: tree.node(node).span,
        members: all.iter().map(whole).collect(),
        indentation: own_lines.filter(|_| !all.iter().any(is_on_one_line)),
    };
    for (at, new) in &change.replaced {
        let old = all.get(*at).map(value).ok_or(Refusal::NoMember)?;
        let spelling = collection.spell(new, own_lines);
        edits.replace(old, spelling);
    }
    collection.write_members(change, edits)
}

/// Spells `new` for a place between brackets, or on one line in a block.
pub(super) fn spell_on_one_line(new: &New, style: &Style, format: Format) -> String {
    let mut out = String::new();
    spell(&mut out, new, style, format, None);
    out
}

impl Collection<'_> {
    fn write_members(&self, change: &Change, edits: &mut Edits) -> Result<(), Refusal> {
        let count = self.members.len();
        let (Some(first), Some(last)) = (change.next_kept(0, count), change.last_kept(count))
        else {
            return self.write_anew(change, edits);
        };
        for &at in &change.removed {
            let gone = if at < first {
                Span::new(self.start(at)?, self.start(at + 1)?)
            } else {
                Span::new(self.end(at.wrapping_sub(1))?, self.end(at)?)
            };
            edits.replace(gone, "");
        }
        for added in &change.added {
            let spelling = self.member(added.key.as_deref(), &added.value);
            let before = added.before.and_then(|at| change.next_kept(at, count));
            match before {
                Some(at) => {
                    let start = self.start(at)?;
                    let parting = self.parting(at)?;
                    edits.replace(Span::new(start, start), format!("{spelling}{parting}"));
                }
                None => {
                    let end = self.end(last)?;
                    let parting = self.parting(last)?;
                    edits.replace(Span::new(end, end), format!("{parting}{spelling}"));
                }
            }
        }
        Ok(())
    }

    /// Writes a collection of which no member stays.
    fn write_anew(&self, change: &Change, edits: &mut Edits) -> Result<(), Refusal> {
        let inner = match (self.members.first(), self.members.last()) {
            (Some(first), Some(last)) if !change.added.is_empty() => {
                Span::new(first.start(), last.end())
            }
            _ => Span::new(self.span.start() + 1, self.span.end().saturating_sub(1)),
        };
        let parting = match self.members.is_empty() {
            true => self.style.comma().to_owned(),
            false => self.parting(0)?,
        };
        let all = change.added.iter();
        let all: Vec<String> = all
            .map(|added| self.member(added.key.as_deref(), &added.value))
            .collect();
        edits.replace(inner, all.join(&parting));
        Ok(())
    }

    /// What parts a member from the one before it: a comma, and where the members have lines of their own
    /// the white space before this one.
    fn parting(&self, at: usize) -> Result<String, Refusal> {
        let before = match at.checked_sub(1) {
            None => self.span.start() + 1,
            Some(before) => self.end(before)?,
        };
        let gap = self.text.get(before..self.start(at)?);
        let gap = gap.ok_or(Refusal::NoSpelling)?;
        match gap.find('\n') {
            None => Ok(self.style.comma().to_owned()),
            Some(_) => {
                let line = gap.rfind('\n').unwrap_or(0);
                let from =
                    line - usize::from(gap.get(..line).is_some_and(|gap| gap.ends_with('\r')));
                let space = gap.get(from..).unwrap_or_default();
                Ok(format!(",{space}"))
            }
        }
    }

    fn member(&self, key: Option<&str>, value: &New) -> String {
        let value = self.spell(value, self.indentation);
        match key {
            Some(key) => {
                let key = spell_key(key, self.style);
                format!("{key}{}{value}", self.style.colon)
            }
            None => value,
        }
    }

    fn spell(&self, new: &New, indentation: Option<&str>) -> String {
        let mut out = String::new();
        spell(&mut out, new, self.style, self.format, indentation);
        out
    }

    fn start(&self, at: usize) -> Result<usize, Refusal> {
        let member = self.members.get(at).ok_or(Refusal::NoSpelling)?;
        Ok(member.start())
    }

    fn end(&self, at: usize) -> Result<usize, Refusal> {
        let member = self.members.get(at).ok_or(Refusal::NoSpelling)?;
        Ok(member.end())
    }
}

/// Spells `new`: over several lines, of which the first is indented so already, or on one.
fn spell(out: &mut String, new: &New, style: &Style, format: Format, indentation: Option<&str>) {
    let (open, members, close): (_, Vec<(Option<&String>, &New)>, _) = match new {
        New::Null => return out.push_str("null"),
        New::Int(number) => return out.push_str(&number.to_string()),
        New::Text(text) => return out.push_str(&spell_text(text, style, format)),
        New::List(items) => ('[', items.iter().map(|item| (None, item)).collect(), ']'),
        New::Map(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| (Some(key), value));
            ('{', pairs.collect(), '}')
        }
    };
    let deeper = indentation.map(|indentation| format!("{indentation}{}", style.unit));
    out.push(open);
    for (at, (key, value)) in members.iter().enumerate() {
        match &deeper {
            Some(deeper) => {
                out.push_str(if at > 0 { "," } else { "" });
                out.push_str(style.line_end);
                out.push_str(deeper);
            }
            None => out.push_str(if at > 0 { style.comma() } else { "" }),
        }
        if let Some(key) = key {
            out.push_str(&spell_key(key, style));
            out.push_str(&style.colon);
        }
        spell(out, value, style, format, deeper.as_deref());
    }
    if let Some(indentation) = indentation.filter(|_| !members.is_empty()) {
        out.push_str(style.line_end);
        out.push_str(indentation);
    }
    out.push(close);
}

fn spell_key(key: &str, style: &Style) -> String {
    if style.quotes_keys {
        json::spell(key)
    } else {
        yaml::spell_new(key)
    }
}

fn spell_text(text: &str, style: &Style, format: Format) -> String {
    if format == Format::Yaml && !style.quotes_keys {
        yaml::spell_new(text)
    } else {
        json::spell(text)
    }
}
