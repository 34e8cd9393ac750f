//! Lines and columns, as editors count them.

/// A place in a text. Lines and columns count from 1, columns in characters; the offset counts
/// bytes from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The byte offset, from 0.
    pub offset: usize,
}

/// How many bytes lie between two counts of characters.
const BLOCK: usize = 4096;

/// The offsets at which lines begin. LF, CRLF and a lone CR end a line.
#[derive(Debug)]
pub(crate) struct LineIndex {
    starts: Vec<usize>,
    /// How many characters stand before every 4,096th byte: a line can be as long as the text, and
    /// hold every place that is asked for.
    counts: Vec<usize>,
}

impl LineIndex {
    /// Finds the lines of `text`.
    pub(crate) fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            let ends = match byte {
                b'\n' => true,
                b'\r' => bytes.get(at + 1) != Some(&b'\n'),
                _ => false,
            };
            if ends {
                starts.push(at + 1);
            }
        }
        let counts = counts(text);
        Self { starts, counts }
    }

    /// The bytes of the line of this number, from 1, its end included; `None` where there is none.
    /// The text has `len` bytes.
    pub(crate) fn line(&self, number: usize, len: usize) -> Option<std::ops::Range<usize>> {
        let start = *self.starts.get(number.checked_sub(1)?)?;
        let end = self.starts.get(number).copied().unwrap_or(len);
        (start < end).then_some(start..end)
    }

    /// The place of `offset` in `text`, the text that this index was made from.
    pub(crate) fn position(&self, text: &str, offset: usize) -> Position {
        let offset = boundary(text, offset);
        let line = self.starts.partition_point(|&start| start <= offset);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let column = self.characters(text, offset) - self.characters(text, start);
        Position {
            line,
            column: column + 1,
            offset,
        }
    }

    /// How many characters stand before `offset`.
    fn characters(&self, text: &str, offset: usize) -> usize {
        let (counted, rest) = self.counted(text, offset);
        counted + rest.chars().count()
    }

    /// How many characters stand before the block of `offset`, and the text of the block before it.
    fn counted<'t>(&self, text: &'t str, offset: usize) -> (usize, &'t str) {
        let block = offset / BLOCK;
        let counted = self.counts.get(block).copied().unwrap_or(0);
        let start = boundary(text, block * BLOCK);
        (counted, text.get(start..offset).unwrap_or_default())
    }
}

/// How many characters stand before each block of `text`.
fn counts(text: &str) -> Vec<usize> {
    let mut counts = vec![0];
    let (mut count, mut start) = (0, 0);
    for end in (BLOCK..=text.len()).step_by(BLOCK) {
        let end = boundary(text, end);
        count += text
            .get(start..end)
            .map_or(0, |block| block.chars().count());
        counts.push(count);
        start = end;
    }
    counts
}

/// The offset, rounded down to where a character begins or the text ends.
fn boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_characters_and_every_kind_of_line_end() {
        let text = "a\r\nbé:c\rd\n";
        let index = LineIndex::new(text);
        let at = |offset| {
            let place = index.position(text, offset);
            (place.line, place.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(3), (2, 1));
        assert_eq!(at(6), (2, 3));
        assert_eq!(
            at(5),
            (2, 2),
            "an offset inside a character is rounded down"
        );
        assert_eq!(at(9), (3, 1));
        assert_eq!(at(text.len()), (4, 1));
        assert_eq!(at(99), (4, 1));
    }

    #[test]
    fn columns_of_long_lines_are_counted_a_block_at_a_time() {
        let text = format!("x\n{}\n{}", "é".repeat(3 * BLOCK), "aé€😀".repeat(BLOCK));
        let index = LineIndex::new(&text);
        for offset in (0..=text.len()).step_by(97).chain([text.len()]) {
            let place = index.position(&text, offset);
            let before = &text[..place.offset];
            let line = before.rsplit('\n').next().unwrap();
            assert_eq!(place.column, line.chars().count() + 1, "{offset}");
            let (_, rest) = index.counted(&text, place.offset);
            assert!(rest.len() < BLOCK + 4, "{}", rest.len());
        }
    }
}
