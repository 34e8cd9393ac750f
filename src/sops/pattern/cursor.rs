//! A place in a pattern.

use super::error::{Error, Reason};

/// Reads a pattern from left to right.
pub(super) struct Cursor<'p> {
    pattern: &'p str,
    at: usize,
}

impl<'p> Cursor<'p> {
    pub(super) fn new(pattern: &'p str) -> Self {
        Self { pattern, at: 0 }
    }

    /// How many bytes were read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rewind(&mut self, at: usize) {
        self.at = at;
    }

    pub(super) fn rest(&self) -> &'p str {
        self.pattern.get(self.at..).unwrap_or_default()
    }

    pub(super) fn read_since(&self, start: usize) -> &'p str {
        self.pattern.get(start..self.at).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Reads a text, if it is next.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Reads up to a delimiter, which is read too but not returned; nothing, if there is none.
    pub(super) fn until(&mut self, delimiter: &str) -> Option<&'p str> {
        let (text, _) = self.rest().split_once(delimiter)?;
        self.at += text.len() + delimiter.len();
        Some(text)
    }

    /// An error about what was read since `start`.
    pub(super) fn error(&self, reason: Reason, start: usize) -> Error {
        Error::new(reason, start..self.at)
    }

    /// An error about all that comes after `start`, read or not.
    pub(super) fn error_to_end(&self, reason: Reason, start: usize) -> Error {
        Error::new(reason, start..self.pattern.len())
    }
}
