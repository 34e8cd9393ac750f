//! Lines, and the keys that begin them.

use super::space;
use crate::document::syntax::Error;
use crate::source::Span;

/// A text line by line.
pub(super) struct Lines<'s> {
    bytes: &'s [u8],
    at: usize,
}

impl<'s> Lines<'s> {
    /// The lines of `bytes` behind a byte order mark. That of UTF-16 is passed over too, and what
    /// follows is read byte by byte.
    pub(super) fn new(bytes: &'s [u8]) -> Self {
        let at = match bytes {
            [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] => 2,
            [0xEF, 0xBB, 0xBF, ..] => 3,
            _ => 0,
        };
        Self { bytes, at }
    }

    /// The next line with its line feed, and where it begins; none at the end, where an empty one
    /// would say the same.
    pub(super) fn next(&mut self) -> Option<(usize, &'s [u8])> {
        let start = self.at;
        let rest = self.bytes.get(start..)?;
        let end = rest.iter().position(|&byte| byte == b'\n');
        let line = rest.get(..end.map_or(rest.len(), |end| end + 1))?;
        self.at += line.len();
        (!line.is_empty()).then_some((start, line))
    }

    /// The bytes from `start` to `end`.
    pub(super) fn slice(&self, start: usize, end: usize) -> &'s [u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }
}

/// A key at the beginning of a line.
pub(super) struct Name<'s> {
    pub(super) name: &'s [u8],
    /// Where it stands, with its quotes.
    pub(super) span: Span,
    /// Where in the line its value begins.
    pub(super) end: usize,
}

/// Reads the key of `line`, which is not empty and stands at `start`.
///
/// # Errors
/// Where there is no key, or nothing that parts it from a value.
pub(super) fn key(start: usize, line: &[u8]) -> Result<Name<'_>, Error> {
    let whole = Span::new(start, start + line.len());
    let quote: &[u8] = match line {
        [b'"', b'"', b'"', _, _, _, _, ..] => b"\"\"\"",
        [b'"', ..] => b"\"",
        [b'`', ..] => b"`",
        _ => b"",
    };
    let closing = match quote {
        b"" => 0,
        quote => {
            let open = line.get(quote.len()..).unwrap_or_default();
            let closing = find(open, quote);
            quote.len() + closing.ok_or(Error::on("the key's quote has no end", whole))?
        }
    };
    let behind = line.get(closing + quote.len()..).unwrap_or_default();
    let Some(parting) = behind.iter().position(|byte| matches!(byte, b'=' | b':')) else {
        return Err(Error::on("there is no `=` or `:` behind a key", whole));
    };
    let end = closing + quote.len() + parting;
    if end == 0 {
        return Err(Error::on("the key has no name", whole));
    }
    let (name, span) = if quote.is_empty() {
        let name = space::trim(line.get(..end).unwrap_or_default());
        (name, Span::new(start, start + name.len()))
    } else {
        let name = line.get(quote.len()..closing).unwrap_or_default();
        let span = Span::new(start, start + closing + quote.len());
        (space::trim(name), span)
    };
    let end = end + 1;
    Ok(Name { name, span, end })
}

/// Where `needle` first stands in `bytes`.
fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes
        .windows(needle.len())
        .position(|window| window == needle)
}

/// Where `needle` last stands in `bytes`.
pub(super) fn rfind(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes
        .windows(needle.len())
        .rposition(|window| window == needle)
}
