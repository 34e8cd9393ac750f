//! What stands in a list or a mapping, inserted and deleted in the layout that is there: a line of its
//! own where the others have one, behind a comma where they have that.

use super::splices::Splices;
use crate::document::yaml::outline::{Kind, Node};
use crate::source::Span;

/// A text and the layout of its lines.
#[derive(Clone, Copy)]
pub(super) struct Lines<'t>(pub(super) &'t str);

impl<'t> Lines<'t> {
    fn slice(self, start: usize, end: usize) -> &'t str {
        self.0.get(start..end).unwrap_or_default()
    }

    fn start_of(self, at: usize) -> usize {
        self.slice(0, at).rfind('\n').map_or(0, |end| end + 1)
    }

    /// The end of a line, before its line break.
    fn end_of(self, at: usize) -> usize {
        let rest = self.slice(at, self.0.len());
        let end = rest.find('\n').unwrap_or(rest.len());
        at + rest
            .get(..end)
            .unwrap_or_default()
            .trim_end_matches('\r')
            .len()
    }

    /// Where the next line begins.
    fn next_of(self, at: usize) -> usize {
        let rest = self.slice(at, self.0.len());
        rest.find('\n').map_or(self.0.len(), |end| at + end + 1)
    }

    /// The line break that the text has.
    pub(super) fn break_of(self) -> &'static str {
        match self.0.contains("\r\n") {
            true => "\r\n",
            false => "\n",
        }
    }

    /// As much white space as there is text before a place on its line.
    fn indent_to(self, at: usize) -> String {
        let before = self.slice(self.start_of(at), at);
        before.chars().map(|_| ' ').collect()
    }

    /// The white space that a line begins with.
    fn indent_of(self, at: usize) -> &'t str {
        let line = self.slice(self.start_of(at), at);
        line.get(..line.len() - line.trim_start().len())
            .unwrap_or_default()
    }

    fn is_first_on_line(self, at: usize) -> bool {
        self.slice(self.start_of(at), at).trim().is_empty()
    }

    /// What stands behind a place on its line.
    fn rest_of_line(self, at: usize) -> &'t str {
        self.slice(at, self.end_of(at))
    }

    fn has_comment_behind(self, at: usize) -> bool {
        let rest = self.rest_of_line(at).trim_start_matches([',', ']', '}']);
        rest.trim_start().starts_with('#')
    }

    /// The dash of an item.
    fn dash(self, item: Node<'_, 't>) -> Option<usize> {
        let start = item.whole().start();
        let before = self.slice(0, start).trim_end_matches(' ');
        before.ends_with('-').then(|| before.len() - 1)
    }

    /// A new item behind `last`, in a list that has items. `name` is what a comment calls it, where
    /// all of the others have one.
    pub(super) fn item(
        self,
        list: Node<'_, 't>,
        last: Node<'_, 't>,
        new: &str,
        name: &str,
    ) -> Option<Splices> {
        if list.is_flow() {
            return Some(self.flow_item(last.whole(), list, new));
        }
        let dash = self.dash(last)?;
        let gap = self.slice(dash + 1, last.whole().start());
        let end = self.end_of(last.span().end());
        let named = list
            .items()
            .all(|item| self.has_comment_behind(item.span().end()));
        let comment = match named {
            true => format!(" # {name}"),
            false => String::new(),
        };
        let (line_break, indent) = (self.break_of(), self.indent_to(dash));
        let line = format!("{line_break}{indent}-{gap}{new}{comment}");
        Some(Splices::insert(end, line))
    }

    /// A new item of a collection in brackets or braces, behind the one that stands at `last`.
    fn flow_item(self, last: Span, list: Node<'_, 't>, new: &str) -> Splices {
        let end = last.end();
        let is_alone = self.is_first_on_line(last.start());
        if !is_alone || self.start_of(last.start()) == self.start_of(list.span().start()) {
            return Splices::insert(end, format!(", {new}"));
        }
        let line = format!("{}{}{new}", self.break_of(), self.indent_of(last.start()));
        let rest = self.rest_of_line(end);
        if !self.has_comment_behind(end) {
            return Splices::insert(end, format!(",{line}"));
        }
        let at = self.end_of(end);
        match rest.trim_start().starts_with(',') {
            true => Splices::insert(at, format!("{line},")),
            false => Splices::insert(end, ",").and(Splices::insert(at, line)),
        }
    }

    /// The first item of a list that has none; none where it is not in brackets.
    pub(super) fn first_item(self, list: Node<'_, 't>, new: &str) -> Option<Splices> {
        let span = list.span();
        let is_empty = list.written().starts_with(['[', '{']) && list.written().len() >= 2;
        is_empty.then(|| Splices::insert(span.start() + 1, new))
    }

    /// A new pair of a mapping, behind the pair with the value `last`.
    pub(super) fn pair(
        self,
        map: Node<'_, 't>,
        (key, value): (Node<'_, 't>, Node<'_, 't>),
        new: &NewPair<'_>,
    ) -> Option<Splices> {
        if map.is_flow() {
            let last = Span::new(key.whole().start(), value.span().end());
            return Some(self.flow_item(last, map, &new.in_flow()));
        }
        let first = map.pairs().next()?.0;
        let indent = self.indent_to(first.whole().start());
        let offset = map.pairs().find_map(|(key, value)| {
            let item = value.items().next().filter(|_| !value.is_flow())?;
            let dash = self.dash(item)?;
            let offset = |at: usize| at - self.start_of(at);
            offset(dash).checked_sub(offset(key.whole().start()))
        });
        let line_break = self.break_of();
        let pair = new.in_block(line_break, &indent, offset.unwrap_or(2));
        let end = self.end_of(value.span().end().max(key.span().end()));
        Some(Splices::insert(end, format!("{line_break}{indent}{pair}")))
    }

    /// A key more in a text that lists keys, behind the last of those at `keys`.
    pub(super) fn piece(self, scalar: Node<'_, 't>, keys: &[Span], new: &str) -> Option<Splices> {
        let written = scalar.written();
        let Some(last) = keys.last() else {
            let new = match written {
                "''" | "\"\"" => format!("'{new}'"),
                "" => format!(" {new}"),
                "~" | "null" | "Null" | "NULL" => new.to_owned(),
                _ => return None,
            };
            return Some(Splices::replace(scalar.span(), new));
        };
        let between = match keys {
            [.., before, last] => self.slice(before.end(), last.start()).to_owned(),
            _ if written.starts_with(['|', '>']) => {
                format!(",{}{}", self.break_of(), self.indent_of(last.start()))
            }
            _ => ",".to_owned(),
        };
        Some(Splices::insert(last.end(), format!("{between}{new}")))
    }

    /// Takes keys at `gone` out of a text that lists those at `keys`, of which one stays at least.
    pub(super) fn without_pieces(self, keys: &[Span], gone: &[Span]) -> Option<Splices> {
        let kept = keys.iter().position(|key| !gone.contains(key))?;
        let mut splices = Splices::default();
        for (at, key) in keys
            .iter()
            .enumerate()
            .filter(|(_, key)| gone.contains(key))
        {
            splices.join(match at < kept {
                true => Splices::delete(key.start(), keys.get(at + 1)?.start()),
                false => Splices::delete(keys.get(at.checked_sub(1)?)?.end(), key.end()),
            });
        }
        Some(splices)
    }

    /// Takes items out of a list, or pairs out of a mapping; with what stands on their lines. Each member has the place
    /// from its beginning to its end.
    pub(super) fn without(
        self,
        holder: Node<'_, 't>,
        members: &[Node<'_, 't>],
        gone: &[bool],
    ) -> Option<Splices> {
        let spans: Vec<Span> = match holder.kind() {
            Kind::Mapping => holder
                .pairs()
                .map(|(key, value)| {
                    let end = value.span().end().max(key.span().end());
                    Span::new(key.whole().start(), end)
                })
                .collect(),
            Kind::Sequence | Kind::Scalar | Kind::Alias => {
                members.iter().map(|member| member.whole()).collect()
            }
        };
        let mut splices = Splices::default();
        for at in (0..spans.len()).filter(|at| gone.get(*at) == Some(&true)) {
            splices.join(match holder.is_flow() {
                true => self.without_flow(&spans, gone, at)?,
                false => self.without_block(holder, &spans, at)?,
            });
        }
        Some(splices)
    }

    fn without_flow(self, spans: &[Span], gone: &[bool], at: usize) -> Option<Splices> {
        let span = *spans.get(at)?;
        let stays = |at: &usize| gone.get(*at) == Some(&false);
        let first_kept = (0..spans.len()).find(stays);
        let last_kept = (0..spans.len()).rfind(stays);
        let rest = self.rest_of_line(span.end()).trim_start();
        let ends_line = rest.is_empty() || rest.starts_with('#') || {
            let behind = rest.strip_prefix(',').map(str::trim_start);
            behind.is_some_and(|behind| behind.is_empty() || behind.starts_with('#'))
        };
        if self.is_first_on_line(span.start()) && ends_line {
            let line = Splices::delete(self.start_of(span.start()), self.next_of(span.end()));
            let needs_no_comma = last_kept.filter(|kept| *kept + 1 == at && !rest.starts_with(','));
            let before = needs_no_comma.and_then(|kept| spans.get(kept));
            let comma = before.map(|before| {
                let comma = self.slice(before.end(), span.start()).find(',');
                comma.map_or_else(Splices::default, |comma| {
                    let comma = before.end() + comma;
                    Splices::delete(comma, comma + 1)
                })
            });
            return Some(line.and(comma.unwrap_or_default()));
        }
        Some(match first_kept {
            Some(kept) if at > kept => Splices::delete(spans.get(at - 1)?.end(), span.end()),
            Some(_) => Splices::delete(span.start(), spans.get(at + 1)?.start()),
            None if at + 1 < spans.len() => {
                Splices::delete(span.start(), spans.get(at + 1)?.start())
            }
            None => Splices::delete(span.start(), span.end()),
        })
    }

    fn without_block(self, holder: Node<'_, 't>, spans: &[Span], at: usize) -> Option<Splices> {
        let start = |at: usize| {
            let span = spans.get(at)?;
            match holder.kind() {
                Kind::Sequence => {
                    let before = self.slice(0, span.start()).trim_end_matches(' ');
                    before.ends_with('-').then(|| before.len() - 1)
                }
                Kind::Mapping | Kind::Scalar | Kind::Alias => Some(span.start()),
            }
        };
        let (from, end) = (start(at)?, spans.get(at)?.end());
        if !self.is_first_on_line(from) {
            return Some(Splices::delete(from, start(at + 1)?));
        }
        let line = self.start_of(from);
        let from = match self.comment_above(spans, at, line) {
            Some(comment) => comment,
            None => line,
        };
        // The last line has no break of its own: that before it goes.
        if self.end_of(end) == self.0.len() {
            let from = self.slice(0, from).trim_end_matches(['\r', '\n']).len();
            return Some(Splices::delete(from, self.0.len()));
        }
        Some(Splices::delete(from, self.next_of(end)))
    }

    /// Where a comment begins that stands above this member alone: it has a line of its own, the line before is none, and the
    /// member behind has one itself. Above the first of several without, it may be a heading.
    fn comment_above(self, spans: &[Span], at: usize, line: usize) -> Option<usize> {
        let comment = |line: usize| {
            let start = self.start_of(line.checked_sub(1)?);
            let above = self.slice(start, line);
            let is_comment = above.trim_start().starts_with('#');
            (is_comment && self.indent_of_line(start) == self.indent_of_line(line)).then_some(start)
        };
        let start = comment(line)?;
        if comment(start).is_some() {
            return None;
        }
        let next = spans.get(at + 1).map(|span| self.start_of(span.start()));
        let belongs = match next {
            Some(next) => comment(next).is_some(),
            None => true,
        };
        let is_only = spans.len() == 1;
        (belongs && !is_only).then_some(start)
    }

    fn indent_of_line(self, start: usize) -> usize {
        let line = self.rest_of_line(start);
        line.len() - line.trim_start().len()
    }
}

/// A pair that is to be written.
pub(super) struct NewPair<'p> {
    pub(super) key: &'p str,
    pub(super) value: &'p str,
    /// Whether the value is an item of a list.
    pub(super) is_item: bool,
}

impl NewPair<'_> {
    fn in_flow(&self) -> String {
        match self.is_item {
            true => format!("{}: [{}]", self.key, self.value),
            false => format!("{}: {}", self.key, self.value),
        }
    }

    fn in_block(&self, line_break: &str, indent: &str, offset: usize) -> String {
        let (key, value) = (self.key, self.value);
        match self.is_item {
            true => format!("{key}:{line_break}{indent}{}- {value}", " ".repeat(offset)),
            false => format!("{key}: {value}"),
        }
    }
}
