//! A file that is listed in a manifest, with others in its place: on lines like its own, or between the same
//! commas, quoted as it is.

use crate::source::{Edits, Span};

/// A file that is listed, and what is to be listed instead.
pub(crate) struct Listed {
    /// Where it is written, without quotes.
    pub(crate) span: Span,
    /// The others as they are to be written; at least one.
    pub(crate) new: Vec<String>,
}

/// The text with all of them replaced; none where one is written in a way that is not followed here. Whoever
/// asked reads it again: a name may need quotes that the old one did without.
pub(crate) fn relist(text: &str, all: &[Listed]) -> Option<String> {
    let mut edits = Edits::default();
    for listed in all {
        Line::around(text, listed.span)?.replace(&listed.new, &mut edits)?;
    }
    edits.apply(text).ok()
}

/// The line on which a file is listed.
struct Line<'t> {
    /// The name with its quotes.
    span: Span,
    quote: &'t str,
    before: &'t str,
    behind: &'t str,
    /// The end of the line, before its line break.
    end: usize,
    line_break: &'t str,
}

impl<'t> Line<'t> {
    fn around(text: &'t str, name: Span) -> Option<Self> {
        let quote = text.get(..name.start())?.chars().next_back();
        let quoted = quote.filter(|quote| {
            matches!(quote, '\'' | '"')
                && text
                    .get(name.end()..)
                    .is_some_and(|rest| rest.starts_with(*quote))
        });
        let width = quoted.map_or(0, char::len_utf8);
        let span = Span::new(name.start() - width, name.end() + width);
        let before = text.get(..span.start())?;
        let rest = text.get(span.end()..)?;
        let behind = rest.split('\n').next()?.trim_end_matches('\r');
        let is_crlf = text.contains("\r\n");
        Some(Self {
            span,
            quote: text.get(span.start()..span.start() + width)?,
            before: before.rsplit('\n').next()?,
            behind,
            end: span.end() + behind.len(),
            line_break: if is_crlf { "\r\n" } else { "\n" },
        })
    }

    fn replace(&self, new: &[String], edits: &mut Edits) -> Option<()> {
        let quoted: Vec<String> = new.iter().map(|name| self.quoted(name)).collect();
        let (first, others) = quoted.split_first()?;
        let behind = self.behind.trim_start();
        let has_line = behind.is_empty() || behind.starts_with('#');
        if has_line && self.before.trim() == "-" {
            edits.replace(self.span, first.as_str());
            let lines = others.iter();
            let lines = lines.map(|name| format!("{}{}{name}", self.line_break, self.before));
            edits.replace(Span::new(self.end, self.end), lines.collect::<String>());
            return Some(());
        }
        // Between brackets: on a line for itself, or beside others.
        let between = match self.before.trim().is_empty() {
            true => format!(",{}{}", self.line_break, self.before),
            false => ", ".to_owned(),
        };
        let is_alone = has_line && self.before.trim().is_empty();
        let is_in_brackets = behind.starts_with([',', ']']) || is_alone;
        is_in_brackets.then(|| edits.replace(self.span, quoted.join(&between)))
    }

    fn quoted(&self, name: &str) -> String {
        format!("{0}{name}{0}", self.quote)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_listed_as_the_one_was() {
        for (text, expected) in [
            ("files:\n  - x\n", "files:\n  - ab\n  - c d\n"),
            (
                "files:\n- ./y\n- 'x'  # why\n- z",
                "files:\n- ./y\n- 'ab'  # why\n- 'c d'\n- z",
            ),
            (
                "files:\r\n  -   \"x\"\r\n",
                "files:\r\n  -   \"ab\"\r\n  -   \"c d\"\r\n",
            ),
            ("files:\n- x", "files:\n- ab\n- c d"),
            ("files: [y, x, 'z']\n", "files: [y, ab, c d, 'z']\n"),
            ("files: ['x']\n", "files: ['ab', 'c d']\n"),
            (
                "files: [\n  y,\n  x,\n]\n",
                "files: [\n  y,\n  ab,\n  c d,\n]\n",
            ),
            (
                "files: [\n  \"x\" # why\n]\n",
                "files: [\n  \"ab\",\n  \"c d\" # why\n]\n",
            ),
            (
                "generators:\n- |-\n  files:\n    - x\n",
                "generators:\n- |-\n  files:\n    - ab\n    - c d\n",
            ),
        ] {
            let at = text.find('x').unwrap();
            let listed = Listed {
                span: Span::new(at, at + 1),
                new: vec!["ab".to_owned(), "c d".to_owned()],
            };
            assert_eq!(
                relist(text, &[listed]).as_deref(),
                Some(expected),
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_is_no_item_of_a_list_stays() {
        for text in ["file: {name: x}\n", "- - x\n", "- name: x y\n"] {
            let at = text.find('x').unwrap();
            let listed = Listed {
                span: Span::new(at, at + 1),
                new: vec!["a".to_owned()],
            };
            assert_eq!(relist(text, &[listed]), None, "{text:?}");
        }
    }
}
