//! Where the documents of a text stand, so that each can have a text of its own.

use super::compose;
use super::node::Document;
use crate::source::Span;

/// One document of a text, with the lines between it and the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// All that is its own, in whole lines: comments above and below, directives, and what marks its beginning.
    /// A line `...` that only stands between two documents is not part of it.
    pub(crate) span: Span,
    /// The line of its `---`, if nothing but white space is on it and no directive before it: the same document
    /// would be read without it.
    pub(crate) separator: Option<Span>,
}

/// The documents of a text, in order; none where it cannot be read to its end.
pub(crate) fn pieces(text: &str) -> Option<Vec<Piece>> {
    let composed = compose::compose(text);
    if composed.error.is_some() {
        return None;
    }
    let lines = Lines(text);
    let documents = &composed.stream.documents;
    let mut pieces = Vec::with_capacity(documents.len());
    let mut start = 0;
    for (at, document) in documents.iter().enumerate() {
        let next = documents.get(at + 1);
        let end_mark = document.end_mark.filter(|_| next.is_some());
        let end = match (end_mark, next) {
            (Some(mark), _) => lines.start_of(mark.start()),
            (None, Some(next)) => lines.start_of(next.start),
            (None, None) => text.len(),
        };
        pieces.push(Piece {
            span: Span::new(start, end.max(start)),
            separator: lines.separator(document),
        });
        start = end_mark.map_or(end, |mark| lines.behind(mark.end()));
    }
    Some(pieces)
}

struct Lines<'t>(&'t str);

impl Lines<'_> {
    fn start_of(&self, at: usize) -> usize {
        let before = self.0.get(..at).unwrap_or_default();
        before.rfind(BREAKS).map_or(0, |end| end + 1)
    }

    /// Where the next line begins.
    fn behind(&self, at: usize) -> usize {
        let rest = self.0.get(at..).unwrap_or_default();
        let Some(end) = rest.find(BREAKS) else {
            return self.0.len();
        };
        let is_two = rest.get(end..).is_some_and(|rest| rest.starts_with("\r\n"));
        at + end + 1 + usize::from(is_two)
    }

    fn separator(&self, document: &Document) -> Option<Span> {
        let mark = document
            .mark
            .filter(|mark| mark.start() == document.start)?;
        let end = self.behind(mark.end());
        let rest = self.0.get(mark.end()..end)?;
        let is_alone = rest.trim().is_empty();
        is_alone.then(|| Span::new(mark.start(), end))
    }
}

const BREAKS: [char; 2] = ['\n', '\r'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_has_its_lines_and_its_separator() {
        for (text, expected) in [
            ("a: b\n", &[("a: b\n", "")] as &[(&str, &str)]),
            (
                "# x\n---\na: b\n# y\n---\n\n# z\nc: d",
                &[
                    ("# x\n---\na: b\n# y\n", "---\n"),
                    ("---\n\n# z\nc: d", "---\n"),
                ],
            ),
            (
                "a: b\r\n---  \r\nc: d\r\n",
                &[("a: b\r\n", ""), ("---  \r\nc: d\r\n", "---  \r\n")],
            ),
            (
                "a: b\n--- # x\nc: d\n--- {e: f}\n---",
                &[
                    ("a: b\n", ""),
                    ("--- # x\nc: d\n", ""),
                    ("--- {e: f}\n", ""),
                    ("---", "---"),
                ],
            ),
            (
                "a: |\n    ---\n...\n...\n# x\n%YAML 1.1\n---\nc: d\n...\n",
                &[
                    ("a: |\n    ---\n...\n", ""),
                    ("# x\n%YAML 1.1\n---\nc: d\n...\n", ""),
                ],
            ),
            (
                "---\n---\n...\n---\na: b\n",
                &[
                    ("---\n", "---\n"),
                    ("---\n", "---\n"),
                    ("---\na: b\n", "---\n"),
                ],
            ),
            ("# only\n", &[]),
            ("", &[]),
        ] {
            let slice = |span: Span| text.get(span.range()).unwrap();
            let pieces = pieces(text).unwrap();
            let told: Vec<(&str, &str)> = pieces
                .iter()
                .map(|piece| (slice(piece.span), piece.separator.map_or("", slice)))
                .collect();
            assert_eq!(told, expected, "{text:?}");
        }
        assert_eq!(pieces("a: b\n---\n[\n"), None);
    }

    #[test]
    fn every_document_that_is_read_has_its_place_and_nothing_is_left_between() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/yaml");
        let mut several = 0;
        for name in [
            "pitfalls.jsonl",
            "comments.jsonl",
            "fuzz.jsonl",
            "regressions.jsonl",
        ] {
            let vectors = crate::fs::read(&folder.join(name), 1 << 30).unwrap();
            for line in String::from_utf8(vectors).unwrap().lines() {
                let vector: serde_json::Value = serde_json::from_str(line).unwrap();
                let text = vector["yaml"].as_str().unwrap();
                let Ok(tree) = super::super::load(text) else {
                    continue;
                };
                let pieces = pieces(text).unwrap();
                assert_eq!(pieces.len(), tree.branches().len(), "{text:?}");
                several += usize::from(pieces.len() > 1);
                let ends = pieces.iter().map(|piece| piece.span.end());
                let starts = pieces.iter().skip(1).map(|piece| piece.span.start());
                for (end, start) in ends.zip(starts) {
                    let between = text.get(end..start).unwrap();
                    let is_end = |line: &str| line.is_empty() || line.starts_with("...");
                    assert!(between.lines().all(is_end), "{text:?}");
                }
                let last = pieces.last().map_or(text.len(), |piece| piece.span.end());
                assert_eq!(last, text.len(), "{text:?}");
            }
        }
        assert!(several > 10, "{several}");
    }
}
