//! Comments: lines that are one, and what stands behind a `#` or `;`.

use std::borrow::Cow;

use super::space;
use crate::document::tree::Comment;
use crate::source::Span;

/// The comments since the last section or key, in the order in which they were met.
pub(super) struct Gathered<'s> {
    bytes: &'s [u8],
    /// Their places, none of them empty.
    parts: Vec<Span>,
}

/// Where a comment begins in `line`.
pub(super) fn start(line: &[u8]) -> Option<usize> {
    line.iter().position(|byte| matches!(byte, b'#' | b';'))
}

impl<'s> Gathered<'s> {
    pub(super) fn new(bytes: &'s [u8]) -> Self {
        let parts = Vec::new();
        Self { bytes, parts }
    }

    /// Adds the `len` bytes at `start`.
    pub(super) fn add(&mut self, start: usize, len: usize) {
        self.parts.push(Span::new(start, start + len));
    }

    /// Takes all that was gathered as one comment: put together, and without the marks and blanks
    /// before its first word, wherever lines end.
    pub(super) fn take(&mut self) -> Option<Comment<'s>> {
        let parts = std::mem::take(&mut self.parts);
        let bytes = |span: &Span| self.bytes.get(span.range()).unwrap_or_default();
        let text: Cow<'s, [u8]> = match parts.as_slice() {
            [] => return None,
            [part] => Cow::Borrowed(space::trim(bytes(part))),
            several => {
                let text: Vec<u8> = several.iter().flat_map(bytes).copied().collect();
                Cow::Owned(space::trim(&text).to_owned())
            }
        };
        let mark = text.first().copied()?;
        let is_mark = |byte: &u8| *byte == b' ' || *byte == mark;
        let marks = text.iter().take_while(|byte| is_mark(byte)).count();
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.get(marks..).unwrap_or_default()),
            Cow::Owned(text) => Cow::Owned(text.get(marks..).unwrap_or_default().to_owned()),
        };
        Some(Comment {
            text,
            span: self.span(&parts),
            inline: false,
        })
    }

    /// The place of the first comment and of those that follow it with nothing but white space
    /// between.
    fn span(&self, parts: &[Span]) -> Span {
        let mut parts = parts.iter();
        let first = parts.next().copied().unwrap_or_default();
        let (start, mut end) = (first.start(), first.end());
        for part in parts {
            let between = self.bytes.get(end..part.start()).unwrap_or(b"x");
            if !space::trim(between).is_empty() {
                break;
            }
            end = part.end();
        }
        let whole = self.bytes.get(start..end).unwrap_or_default();
        Span::new(start, start + space::trim(whole).len())
    }
}
