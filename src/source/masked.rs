//! A text of which only keys and structure may be shown.
//!
//! A line beside a problem can hold a password, and so can the line of the problem. What is shown of
//! a text therefore goes through a [`Masked`]: it is told where keys and values stand, puts one mask
//! of one width in the place of every value and comment, whatever its length, and lets through
//! nothing that it was not told of but indentation and the punctuation of structure.

use std::borrow::Cow;
use std::ops::Range;

use super::{Source, Span};

/// What stands in the place of anything that is not shown.
const MASK: &str = "********";

/// The longest key that is shown, in bytes.
const MAX_KEY: usize = 64;

/// The longest public value of which anything is shown, in bytes: above a post-quantum recipient.
const MAX_PUBLIC: usize = 4_096;

/// What stands in the place of the middle of a long one.
const CUT: &str = "...";

/// The most parts of one line that are looked at.
const MAX_PARTS: usize = 1_000;

/// A source, with what is known of the places in it.
pub(crate) struct Masked<'s> {
    source: &'s Source,
    parts: &'s [Part],
}

/// A place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Part {
    pub(crate) span: Span,
    pub(crate) kind: PartKind,
}

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PartKind {
    /// A key, which is shown where it looks like one.
    Key,
    /// A value or a comment, which is never shown.
    Hidden,
    /// A value that whoever told of it knows to be no secret, such as a recipient. It is shown where it
    /// is plain text, and only its ends where it is longer than `most` bytes.
    Public {
        /// The most bytes that are shown.
        most: usize,
    },
}

/// A line as it may be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MaskedLine {
    pub(crate) text: String,
    /// Which bytes of the source stand at which bytes of `text`, in order.
    pieces: Vec<(Range<usize>, Range<usize>)>,
}

impl<'s> Masked<'s> {
    /// Masks `source`, in which `parts` are the keys, values and comments, sorted, none of them empty.
    pub(crate) fn new(source: &'s Source, parts: &'s [Part]) -> Self {
        Self { source, parts }
    }

    /// The text that is masked.
    pub(crate) fn source(&self) -> &'s Source {
        self.source
    }

    /// The line of this number, from 1, cut behind `width` bytes; `None` where there is no such line,
    /// or where it begins inside a value: how many such lines there are tells something of the value.
    pub(crate) fn line(&self, number: usize, width: usize) -> Option<MaskedLine> {
        let range = self.source.line(number)?;
        let first = self.first_part(range.start);
        let inside = self
            .parts
            .get(first)
            .is_some_and(|part| part.span.start() < range.start);
        if inside {
            return None;
        }
        let mut line = self.render(range, first, width);
        // What is masked is ASCII, and so are the keys that are not.
        line.text.truncate(width);
        Some(line)
    }

    /// The line of this number, from 1, whatever it begins with; `None` where it is longer than
    /// `width` bytes.
    pub(crate) fn line_of_problem(&self, number: usize, width: usize) -> Option<MaskedLine> {
        let range = self.source.line(number)?;
        let first = self.first_part(range.start);
        let line = self.render(range, first, width);
        (line.text.len() <= width).then_some(line)
    }

    /// The first part that ends behind `offset`.
    fn first_part(&self, offset: usize) -> usize {
        // Parts do not overlap, but where the text is odd; then the first hides what follows.
        self.parts.partition_point(|part| part.span.end() <= offset)
    }

    /// The line as far as it is told whether it is longer than `width` bytes: a line can be as long
    /// as the text, and be asked for once for each problem in it.
    fn render(&self, range: Range<usize>, first: usize, width: usize) -> MaskedLine {
        let mut line = MaskedLine::default();
        let mut at = range.start;
        // Parts inside another one show nothing. What is beyond the most of them is masked as one.
        for part in self.parts.iter().skip(first).take(MAX_PARTS) {
            let (start, end) = (part.span.start().max(at), part.span.end().min(range.end));
            if part.span.start() >= range.end || line.text.len() > width {
                break;
            }
            if start >= end {
                continue;
            }
            line.structure(self.gap(at..start), width);
            let whole = part.span.start() == start && part.span.end() == end;
            let shown = match part.kind {
                PartKind::Key if whole => self.key(start..end).map(Cow::Borrowed),
                PartKind::Public { most } if whole => self.public(start..end, most),
                PartKind::Key | PartKind::Hidden | PartKind::Public { .. } => None,
            };
            line.piece(start..end, shown.as_deref().unwrap_or(MASK));
            at = end;
        }
        if line.text.len() <= width {
            line.structure(self.gap(at..range.end), width);
        }
        line
    }

    fn gap(&self, range: Range<usize>) -> &'s str {
        self.source.text().get(range).unwrap_or_default()
    }

    /// The key that stands there, with its quotes, where it may be shown.
    fn key(&self, range: Range<usize>) -> Option<&'s str> {
        let key = self.source.text().get(range)?;
        let bare = ['"', '\'']
            .iter()
            .find_map(|&quote| key.strip_prefix(quote)?.strip_suffix(quote));
        is_plain_key(bare.unwrap_or(key).as_bytes()).then_some(key)
    }

    /// The value that stands there, where it is of one line of printable ASCII; its ends where it is
    /// long.
    fn public(&self, range: Range<usize>, most: usize) -> Option<Cow<'s, str>> {
        let value = self.source.text().get(range)?;
        let is_plain = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        if !value.bytes().take(MAX_PUBLIC + 1).all(is_plain) || value.len() > MAX_PUBLIC {
            return None;
        }
        if value.len() <= most {
            return Some(Cow::Borrowed(value));
        }
        let kept = most.saturating_sub(CUT.len());
        let end = kept / 3;
        let start = value.get(..kept - end)?;
        let end = value.get(value.len() - end..)?;
        Some(Cow::Owned(format!("{start}{CUT}{end}")))
    }
}

/// Whether a key looks like one: 1 to 64 characters of `[A-Za-z0-9_.\-/]`. A pasted password line
/// becomes a key, too.
pub(crate) fn is_plain_key(key: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(byte);
    (1..=MAX_KEY).contains(&key.len()) && key.iter().all(plain)
}

impl MaskedLine {
    /// Appends what stands between the known places: structure, and one mask from the first
    /// character on that is none. It looks at little more than `width` bytes.
    fn structure(&mut self, gap: &str, width: usize) {
        let gap = gap.trim_end_matches(['\r', '\n']);
        let end =
            (0..=width.saturating_add(1).min(gap.len())).rfind(|at| gap.is_char_boundary(*at));
        let (gap, rest) = gap.split_at(end.unwrap_or(0));
        let unknown = gap
            .find(|c| !"\t -?:,[]{}=".contains(c))
            .unwrap_or(gap.len());
        let (structure, unknown) = gap.split_at(unknown);
        for character in structure.chars() {
            match character {
                '\t' => self.text.push_str("  "),
                other => self.text.push(other),
            }
        }
        if !unknown.trim().is_empty() || !rest.is_empty() {
            self.text.push_str(MASK);
            self.text.push(' ');
        }
    }

    fn piece(&mut self, source: Range<usize>, shown: &str) {
        let start = self.text.len();
        self.text.push_str(shown);
        self.pieces.push((source, start..self.text.len()));
    }

    /// Where in `text` the bytes `range` of the source are; the whole of every piece that is touched.
    pub(crate) fn find(&self, range: Range<usize>) -> Option<Range<usize>> {
        let touches = |source: &Range<usize>| {
            source.start < range.end.max(range.start + 1) && range.start < source.end
        };
        let mut touched = self.pieces.iter().filter(|(source, _)| touches(source));
        let (_, first) = touched.next()?;
        let end = touched.next_back().map_or(first.end, |(_, last)| last.end);
        Some(first.start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::super::SourceId;
    use super::*;

    const WIDTH: usize = 80;

    fn source(text: &str) -> Source {
        Source::decode(SourceId::Stdin("x".into()), text.as_bytes().to_vec()).unwrap()
    }

    fn parts(text: &str, found: &[(&str, PartKind)]) -> Vec<Part> {
        found
            .iter()
            .map(|(word, kind)| {
                let at = text.find(word).unwrap();
                let span = Span::new(at, at + word.len());
                Part { span, kind: *kind }
            })
            .collect()
    }

    #[test]
    fn values_and_comments_have_one_width_and_keys_stay() {
        let text = "  - user: alice # old\n    \"pass\": x\n";
        let source = source(text);
        let found = [
            ("user", PartKind::Key),
            ("alice", PartKind::Hidden),
            ("# old", PartKind::Hidden),
            ("\"pass\"", PartKind::Key),
            ("x", PartKind::Hidden),
        ];
        let parts = parts(text, &found);
        let masked = Masked::new(&source, &parts);
        assert_eq!(
            masked.line(1, WIDTH).unwrap().text,
            "  - user: ******** ********"
        );
        assert_eq!(
            masked.line(2, WIDTH).unwrap().text,
            "    \"pass\": ********"
        );
        assert_eq!(masked.line(4, WIDTH), None);
    }

    #[test]
    fn what_nobody_told_of_is_not_shown() {
        let text = "a: &anchor !!str b # dropped: x\n# - secret: [y]\n";
        let source = source(text);
        let found = [("a", PartKind::Key), ("b", PartKind::Hidden)];
        let parts = parts(text, &found);
        let masked = Masked::new(&source, &parts);
        assert_eq!(
            masked.line(1, WIDTH).unwrap().text,
            "a: ******** ******** ******** "
        );
        assert_eq!(masked.line(2, WIDTH).unwrap().text, "******** ");
    }

    #[test]
    fn keys_that_do_not_look_like_keys_are_masked() {
        let long = "k".repeat(65);
        for key in ["hunter 2", "pässword", "a=b", long.as_str()] {
            let text = format!("{key}: x\n");
            let source = source(&text);
            let parts = parts(&text, &[(key, PartKind::Key)]);
            let masked = Masked::new(&source, &parts);
            assert!(!masked.line(1, WIDTH).unwrap().text.contains(key));
        }
    }

    #[test]
    fn lines_inside_a_value_are_no_context() {
        let text = "a: |\n  one\n  two\nb: c\n";
        let source = source(text);
        let found = [
            ("a", PartKind::Key),
            ("|\n  one\n  two\n", PartKind::Hidden),
            ("b", PartKind::Key),
            ("c", PartKind::Hidden),
        ];
        let parts = parts(text, &found);
        let masked = Masked::new(&source, &parts);
        let shown = |number| masked.line(number, WIDTH).map(|line| line.text);
        assert_eq!(shown(1).unwrap(), "a: ********");
        assert_eq!((shown(2), shown(3)), (None, None));
        assert_eq!(shown(4).unwrap(), "b: ********");
        assert_eq!(masked.line_of_problem(3, WIDTH).unwrap().text, "********");
    }

    #[test]
    fn places_are_found_again_behind_the_mask() {
        let text = "a: very-long-value\n";
        let source = source(text);
        let found = [("a", PartKind::Key), ("very-long-value", PartKind::Hidden)];
        let parts = parts(text, &found);
        let masked = Masked::new(&source, &parts);
        let line = masked.line(1, WIDTH).unwrap();
        assert_eq!(line.find(0..1), Some(0..1));
        assert_eq!(line.find(3..18), Some(3..11));
        assert_eq!(
            line.find(7..8),
            Some(3..11),
            "not even the place inside a value"
        );
        assert_eq!(line.find(0..18), Some(0..11));
        assert_eq!(line.find(40..41), None);
    }

    #[test]
    fn public_values_are_shown_as_far_as_they_are_plain() {
        let long = format!("age1{}", "q".repeat(58));
        let text = format!("a: {long}\nb: age1\u{202e}x\nc: |\n  one\n  two\nd: 'x y'\n");
        let source = source(&text);
        let mut parts = Vec::new();
        for value in [&long, "age1\u{202e}x", "|\n  one\n  two\n", "'x y'"] {
            let start = text.find(value).unwrap();
            parts.push(Part {
                span: Span::new(start, start + value.len()),
                kind: PartKind::Public { most: 24 },
            });
        }
        let masked = Masked::new(&source, &parts);
        let shown = |number| masked.line_of_problem(number, WIDTH).unwrap().text;
        assert_eq!(shown(1), "******** age1qqqqqqqqqq...qqqqqqq");
        assert_eq!(shown(2), "******** ********");
        assert_eq!(
            (shown(3), shown(4)),
            ("******** ********".into(), MASK.into())
        );
        assert_eq!(shown(6), "******** 'x y'");
    }

    /// Findings times the length of their line would be hours.
    #[test]
    fn no_more_of_a_long_line_is_rendered_than_is_shown() {
        let text = "k: v, ".repeat(10_000);
        let source = source(&text);
        let part = |at, kind| Part {
            span: Span::new(at, at + 1),
            kind,
        };
        let parts: Vec<Part> = (0..60_000)
            .step_by(6)
            .flat_map(|at| [part(at, PartKind::Key), part(at + 3, PartKind::Hidden)])
            .collect();
        let masked = Masked::new(&source, &parts);
        let line = masked.line(1, WIDTH).unwrap();
        assert_eq!(line.text.len(), WIDTH);
        assert!(line.text.starts_with("k: ********, k: ********, "));
        assert!(line.pieces.len() < WIDTH, "{}", line.pieces.len());
        assert_eq!(masked.line_of_problem(1, WIDTH), None);
    }

    #[test]
    fn no_more_of_a_long_gap_is_copied_than_is_shown() {
        for (filler, shown) in [(" ", "k: "), ("-", "k: -"), ("\t", "k:  "), ("é", "k: *")] {
            let text = format!("k: {}x\n", filler.repeat(100_000));
            let source = source(&text);
            let parts = parts(&text, &[("k", PartKind::Key), ("x", PartKind::Hidden)]);
            let masked = Masked::new(&source, &parts);
            let line = masked.line(1, WIDTH).unwrap();
            assert!(line.text.starts_with(shown), "{}", line.text);
            assert!(line.text.capacity() < 4 * WIDTH);
        }
    }
}
