//! Values: plain, quoted, over several lines.

use std::borrow::Cow;

use super::line::rfind;
use super::{Reader, comment, space};
use crate::document::syntax::Error;
use crate::source::Span;

/// A value and where it stands, quotes included.
type Found<'s> = (Cow<'s, [u8]>, Span);

impl<'s> Reader<'s> {
    /// Reads the value that begins in `rest` of a line, at `start`; it may take further lines.
    pub(super) fn value(&mut self, start: usize, rest: &'s [u8]) -> Result<Found<'s>, Error> {
        let start = start + space::before(rest);
        let line = space::trim_start(rest);
        let quote: &[u8] = match line {
            // A line break behind an empty value is white space, too.
            [] => return Ok((Cow::Borrowed(b""), empty(start, rest))),
            [b'"', b'"', b'"', _, ..] => b"\"\"\"",
            [b'`', ..] => b"`",
            _ => return Ok(self.unquoted(start, space::trim(line))),
        };
        let content = line.get(quote.len()..).unwrap_or_default();
        let begin = start + quote.len();
        let end = match rfind(content, quote) {
            Some(end) => begin + end,
            None => self.closing(start, quote)?,
        };
        let value = self.lines.slice(begin, end);
        let span = Span::new(start, end + quote.len());
        Ok((Cow::Borrowed(value), span))
    }

    /// Where the quote stands that ends a value over several lines. One that a backslash ends the
    /// line of does not.
    fn closing(&mut self, start: usize, quote: &[u8]) -> Result<usize, Error> {
        while let Some((at, line)) = self.lines.next() {
            let Some(end) = rfind(line, quote) else {
                continue;
            };
            let rest = line.get(end..).unwrap_or_default();
            let behind = rest.get(quote.len()..).unwrap_or_default();
            if space::trim(behind).ends_with(b"\\") {
                continue;
            }
            if let Some(comment) = comment::start(rest) {
                let text = space::trim(rest.get(comment..).unwrap_or_default());
                self.comment.add(at + end + comment, text.len());
            }
            return Ok(at + end);
        }
        Err(Error::at("the value's quote has no end", start))
    }

    /// Reads `line`, which is not empty, trimmed, and stands at `start`.
    fn unquoted(&mut self, start: usize, mut line: &'s [u8]) -> Found<'s> {
        if let Some(first) = line.strip_suffix(b"\\") {
            return self.continued(start, first);
        }
        if let Some(at) = comment::start(line) {
            self.comment.add(start + at, line.len() - at);
            line = space::trim(line.get(..at).unwrap_or_default());
        }
        let span = Span::new(start, start + line.len());
        let value = ["'", "\""]
            .iter()
            .find_map(|quote| within(line, quote.as_bytes()));
        (Cow::Borrowed(value.unwrap_or(line)), span)
    }

    /// Reads a value that goes on behind a backslash at the end of the line.
    fn continued(&mut self, start: usize, first: &[u8]) -> Found<'s> {
        let mut value = first.to_owned();
        let mut end = start + first.len() + 1;
        while let Some((at, line)) = self.lines.next() {
            let text = space::trim(line);
            if text.is_empty() {
                break;
            }
            end = at + space::before(line) + text.len();
            value.extend_from_slice(text);
            if !value.ends_with(b"\\") {
                break;
            }
            value.pop();
        }
        (Cow::Owned(value), Span::new(start, end))
    }
}

/// What stands between two quotes, where there are no others.
fn within<'v>(value: &'v [u8], quote: &[u8]) -> Option<&'v [u8]> {
    let inner = value.strip_prefix(quote)?.strip_suffix(quote)?;
    let has_other = inner.iter().any(|byte| quote.contains(byte));
    (!has_other).then_some(inner)
}

/// The place of a value that is not there: the end of its line.
fn empty(end: usize, rest: &[u8]) -> Span {
    let breaks = rest.iter().rev().take_while(|byte| b"\r\n".contains(byte));
    let at = end - breaks.count();
    Span::new(at, at)
}
