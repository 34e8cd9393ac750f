//! A position in the text that knows its line, its column and how many line breaks it just passed.

use super::chars::{break_len, is_blank, is_blank_or_end, is_break_or_end, line_end};

/// A place in the text. Lines and columns count from 0, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) offset: u32,
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Mark {
    pub(super) fn at(self) -> usize {
        self.offset as usize
    }
}

/// A line break as it enters a scalar's value: CR, LF, CRLF and NEL become a line feed, LS and PS
/// stay.
pub(super) type Break = &'static str;

#[derive(Clone)]
pub(super) struct Cursor<'s> {
    text: &'s str,
    pos: usize,
    line: u32,
    /// The column of the character at `counted`.
    column: u32,
    counted: usize,
    breaks: u32,
}

impl<'s> Cursor<'s> {
    /// Stands at the text's beginning, behind a byte order mark.
    pub(super) fn new(text: &'s str) -> Self {
        let pos = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Self {
            text,
            pos,
            line: 0,
            column: 0,
            counted: pos,
            breaks: 0,
        }
    }

    pub(super) fn text(&self) -> &'s str {
        self.text
    }

    pub(super) fn bytes(&self) -> &'s [u8] {
        self.text.as_bytes()
    }

    pub(super) fn pos(&self) -> usize {
        self.pos
    }

    /// The text from `start` to here. `start` is an earlier position on a character's boundary.
    pub(super) fn since(&self, start: usize) -> &'s str {
        self.text.get(start..self.pos).unwrap_or_default()
    }

    /// The byte here, 0 at the end. No text holds a NUL: the caller refused it.
    pub(super) fn byte(&self) -> u8 {
        self.byte_at(0)
    }

    pub(super) fn byte_at(&self, ahead: usize) -> u8 {
        self.bytes().get(self.pos + ahead).copied().unwrap_or(0)
    }

    pub(super) fn at_end(&self) -> bool {
        self.pos >= self.text.len()
    }

    pub(super) fn at_break(&self) -> bool {
        break_len(self.bytes(), self.pos) > 0
    }

    pub(super) fn at_break_or_end(&self) -> bool {
        is_break_or_end(self.bytes(), self.pos)
    }

    pub(super) fn at_blank(&self) -> bool {
        is_blank(self.byte())
    }

    /// Whether a blank, a break or the end is `ahead` bytes from here.
    pub(super) fn blank_or_end_at(&self, ahead: usize) -> bool {
        is_blank_or_end(self.bytes(), self.pos + ahead)
    }

    /// Whether `---` or `...` stands here as a document indicator. The column is the caller's care.
    pub(super) fn at_document_indicator(&self) -> bool {
        matches!(
            self.bytes().get(self.pos..self.pos + 3),
            Some(b"---" | b"...")
        ) && self.blank_or_end_at(3)
    }

    pub(super) fn line(&self) -> u32 {
        self.line
    }

    /// The column in characters. Each byte of a line is counted once.
    pub(super) fn column(&mut self) -> u32 {
        let run = self.bytes().get(self.counted..self.pos).unwrap_or_default();
        let characters = run.iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
        self.column += u32::try_from(characters).unwrap_or(u32::MAX);
        self.counted = self.pos;
        self.column
    }

    pub(super) fn mark(&mut self) -> Mark {
        let offset = u32::try_from(self.pos).unwrap_or(u32::MAX);
        Mark {
            offset,
            line: self.line,
            column: self.column(),
        }
    }

    /// How many line breaks were passed since the last character that is not blank.
    pub(super) fn breaks(&self) -> u32 {
        self.breaks
    }

    /// Passes `len` bytes of this line, of which some are not blank.
    pub(super) fn pass(&mut self, len: usize) {
        self.pos += len;
        self.breaks = 0;
    }

    /// Passes `len` spaces or tabs.
    pub(super) fn pass_blanks(&mut self, len: usize) {
        self.pos += len;
    }

    /// Passes all spaces and tabs here.
    pub(super) fn skip_blanks(&mut self) {
        while self.at_blank() {
            self.pos += 1;
        }
    }

    /// Passes everything up to the line's end, which may be nothing but blanks.
    pub(super) fn skip_line_content(&mut self) {
        let from = self.pos;
        self.pos = line_end(self.bytes(), from);
        let run = self.bytes().get(from..self.pos).unwrap_or_default();
        if run.iter().any(|&byte| !is_blank(byte)) {
            self.breaks = 0;
        }
    }

    /// Passes the line break here, if there is one.
    pub(super) fn skip_break(&mut self) -> Option<Break> {
        let len = break_len(self.bytes(), self.pos);
        if len == 0 {
            return None;
        }
        let value = match (len, self.byte_at(2)) {
            (3, 0xA8) => "\u{2028}",
            (3, _) => "\u{2029}",
            _ => "\n",
        };
        self.pos += len;
        self.line += 1;
        self.column = 0;
        self.counted = self.pos;
        self.breaks += 1;
        Some(value)
    }
}
