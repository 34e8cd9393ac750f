//! The marks that git leaves in a text where it could not merge two sides of it.
//!
//! A mark stands at the beginning of a line, and one mark alone proves nothing: seven equal signs
//! underline headings. What counts is the whole sequence, as git writes it: `<<<<<<< `, perhaps
//! `||||||| ` with the common ancestor's lines, `=======`, `>>>>>>> `.

use super::Span;

const OURS: &str = "<<<<<<<";
const BASE: &str = "|||||||";
const MIDDLE: &str = "=======";
const THEIRS: &str = ">>>>>>>";

/// One region that git could not merge, from the beginning of its first line to the end of its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    /// The line `<<<<<<< …`.
    pub(crate) start: Span,
    /// The line `||||||| …`, which only some styles of conflict have.
    base: Option<Span>,
    /// The line `=======`.
    middle: Span,
    /// The line `>>>>>>> …`.
    end: Span,
}

/// One of the two texts that were merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The lines above `=======`.
    Ours,
    /// The lines below it.
    Theirs,
}

/// What stands for nothing in the format of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blank {
    /// A line of spaces.
    Space,
    /// An empty line only.
    LineFeed,
}

/// Finds the regions of a text, in order. A sequence that is not complete is none.
pub(crate) fn find(text: &str) -> Vec<Conflict> {
    // Nearly no text holds the mark, and this search is many times faster than to go by lines.
    if !text.contains(OURS) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let (mut start, mut base, mut middle) = (None, None, None);
    for (span, line) in lines(text) {
        if is_mark(line, OURS) {
            (start, base, middle) = (Some(span), None, None);
        } else if is_mark(line, BASE) && start.is_some() && middle.is_none() {
            base = Some(span);
        } else if line == MIDDLE && start.is_some() && middle.is_none() {
            middle = Some(span);
        } else if is_mark(line, THEIRS)
            && let (Some(start), Some(middle)) = (start.take(), middle.take())
        {
            found.push(Conflict {
                start,
                base: base.take(),
                middle,
                end: span,
            });
        }
    }
    found
}

/// The text as one side has it. In the place of each byte that is not that side's stands `blank`, so
/// that everything else stands where it stood.
pub(crate) fn side(text: &str, conflicts: &[Conflict], side: Side, blank: Blank) -> String {
    let filler = match blank {
        Blank::Space => b' ',
        Blank::LineFeed => b'\n',
    };
    let mut kept = text.as_bytes().to_vec();
    for conflict in conflicts {
        let above_middle = conflict.base.unwrap_or(conflict.middle).start();
        let ranges = match side {
            Side::Ours => [conflict.start.range(), above_middle..conflict.end.end()],
            Side::Theirs => [
                conflict.start.start()..conflict.middle.end(),
                conflict.end.range(),
            ],
        };
        for range in ranges {
            let bytes = kept.get_mut(range).unwrap_or_default().iter_mut();
            let inked = bytes.filter(|byte| !b"\r\n".contains(byte));
            inked.for_each(|byte| *byte = filler);
        }
    }
    // Whole lines were blanked, so that no character was cut.
    String::from_utf8(kept).unwrap_or_default()
}

/// The lines with their places, without their ends.
fn lines(text: &str) -> impl Iterator<Item = (Span, &str)> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |whole| {
        let line = whole.strip_suffix('\n').unwrap_or(whole);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let span = Span::new(start, start + line.len());
        start += whole.len();
        (span, line)
    })
}

/// Whether the line is the mark, or the mark and a name behind it.
fn is_mark(line: &str, mark: &str) -> bool {
    let name = line.strip_prefix(mark);
    name.is_some_and(|name| name.is_empty() || name.starts_with(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_lines(text: &str) -> Vec<usize> {
        let line = |conflict: &Conflict| text[..conflict.start.start()].matches('\n').count() + 1;
        find(text).iter().map(line).collect()
    }

    #[test]
    fn finds_whole_sequences_at_the_beginnings_of_lines() {
        for (text, expected) in [
            ("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> topic\n", vec![2]),
            ("<<<<<<< HEAD\r\n=======\r\n>>>>>>> topic", vec![1]),
            ("<<<<<<< a\n||||||| b\nx\n=======\n>>>>>>> c\n", vec![1]),
            (
                "<<<<<<< a\n=======\n>>>>>>> c\nx\n<<<<<<< a\n=======\n>>>>>>> c\n",
                vec![1, 5],
            ),
            ("<<<<<<< a\nx\n<<<<<<< a\n=======\n>>>>>>> c\n", vec![3]),
            ("<<<<<<< a\n>>>>>>> c\n", vec![]),
            ("<<<<<<< a\n=======\n", vec![]),
            ("=======\n>>>>>>> c\n<<<<<<< a\n", vec![]),
            ("Heading\n=======\n", vec![]),
            ("  <<<<<<< a\n  =======\n  >>>>>>> c\n", vec![]),
            ("<<<<<<<< a\n=======\n>>>>>>> c\n", vec![]),
            ("<<<<<<< a\n========\n>>>>>>> c\n", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(first_lines(text), expected, "{text:?}");
        }
    }

    #[test]
    fn each_side_keeps_its_lines_and_all_that_is_common() {
        let text = "a: 1\n<<<<<<< é\nb: 2\n||||||| x\nb: 0\n=======\r\nb: 3\n>>>>>>> t\nc: 4\n";
        let conflicts = find(text);
        let words = |wanted| -> Vec<String> {
            let kept = side(text, &conflicts, wanted, Blank::Space);
            assert_eq!(kept.len(), text.len());
            kept.lines().map(|line| line.trim().to_owned()).collect()
        };
        assert_eq!(
            words(Side::Ours),
            ["a: 1", "", "b: 2", "", "", "", "", "", "c: 4"]
        );
        assert_eq!(
            words(Side::Theirs),
            ["a: 1", "", "", "", "", "", "b: 3", "", "c: 4"]
        );
    }
}
