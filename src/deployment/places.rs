//! Where in a text the things stand that were read from it: the YAML crate tells no places.

use crate::source::{Source, Span};

use super::Place;

/// Finds texts in the order in which they were read, as far as that is the order of the file.
pub(super) struct Places<'s> {
    source: &'s Source,
    /// Behind what was found last.
    at: usize,
    /// How many bytes may still be searched: what is not found anywhere costs the whole text.
    left: usize,
}

/// How often a text may be searched from end to end.
const MAX_PASSES: usize = 64;

impl<'s> Places<'s> {
    pub(super) fn of(source: &'s Source) -> Self {
        let left = source.text().len().saturating_mul(MAX_PASSES);
        Self {
            source,
            at: 0,
            left,
        }
    }

    /// Where `written` stands next, as a word of its own and in no comment; where it is spelled in
    /// another way, the place of what was found last.
    pub(super) fn next(&mut self, written: &str) -> Place {
        let found = self
            .find(written, self.at)
            .or_else(|| self.find(written, 0));
        let span = found.unwrap_or(Span::new(self.at, self.at));
        self.at = span.end();
        Place {
            start: self.source.position(span.start()),
            end: self.source.position(span.end()),
            is_item: found.is_some() && self.is_item(span),
        }
    }

    fn find(&mut self, written: &str, from: usize) -> Option<Span> {
        if written.is_empty() || self.left == 0 {
            return None;
        }
        let text = self.source.text();
        let all = text.get(from..)?.match_indices(written);
        let spans = all.map(|(at, _)| Span::new(from + at, from + at + written.len()));
        let found = spans
            .take(MAX_PASSES)
            .find(|span| self.stands_alone(*span) && !self.is_comment(*span));
        let searched = found.map_or(text.len(), Span::end).saturating_sub(from);
        self.left = self.left.saturating_sub(searched);
        found
    }

    fn before(&self, span: Span) -> &'s str {
        let text = self.source.text().get(..span.start()).unwrap_or_default();
        text.rsplit('\n').next().unwrap_or_default()
    }

    fn behind(&self, span: Span) -> &'s str {
        let text = self.source.text().get(span.end()..).unwrap_or_default();
        text.split('\n').next().unwrap_or_default()
    }

    /// Whether no more of a word stands on either side.
    fn stands_alone(&self, span: Span) -> bool {
        let ends = |c: char| c.is_whitespace() || "'\"[]{},=".contains(c);
        self.before(span).chars().next_back().is_none_or(ends)
            && self.behind(span).chars().next().is_none_or(ends)
    }

    fn is_comment(&self, span: Span) -> bool {
        let before = self.before(span);
        before.trim_start().starts_with('#') || before.contains(" #")
    }

    fn is_item(&self, span: Span) -> bool {
        let before = self.before(span).trim_start();
        let rest = before.strip_prefix("- ").map(str::trim_start);
        let behind = self.behind(span).trim_end();
        rest == Some("") && behind.is_empty()
    }
}
