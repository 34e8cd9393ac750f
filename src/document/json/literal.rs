//! The words of JSON: strings, numbers, `true`, `false` and `null`, as Go's scanner takes them.

use std::borrow::Cow;

use crate::document::syntax::Error;
use crate::document::tree::Scalar;
use crate::source::Span;

/// A text with a place in it.
pub(super) struct Literals<'s> {
    bytes: &'s [u8],
    at: usize,
}

impl<'s> Literals<'s> {
    pub(super) fn new(bytes: &'s [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The offset of what comes next.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Passes over white space and tells the byte that comes next.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    /// Passes over one byte.
    pub(super) fn pass(&mut self) {
        self.at += 1;
    }

    /// Reads the string whose quote comes next, and tells its place with the quotes.
    ///
    /// # Errors
    /// Control characters, escapes that JSON does not have, and no quote at the end.
    pub(super) fn string(&mut self) -> Result<(Cow<'s, [u8]>, Span), Error> {
        let start = self.at;
        self.at += 1;
        let mut has_escapes = false;
        loop {
            let here = self.at;
            match self.byte() {
                None => return Err(Error::at("a string has no end", start)),
                Some(b'"') => break,
                Some(b'\\') => {
                    has_escapes = true;
                    self.escape()?;
                }
                Some(0..=0x1F) => {
                    return Err(Error::at("a control character in a string", here));
                }
                Some(_) => self.at += 1,
            }
        }
        let content = self.bytes.get(start + 1..self.at).unwrap_or_default();
        self.at += 1;
        let text = if has_escapes || std::str::from_utf8(content).is_err() {
            Cow::Owned(unescaped(content))
        } else {
            Cow::Borrowed(content)
        };
        Ok((text, Span::new(start, self.at)))
    }

    /// Passes over an escape.
    fn escape(&mut self) -> Result<(), Error> {
        let start = self.at;
        let refused = || Error::at("an escape that JSON does not have", start);
        let rest = self.bytes.get(start + 1..).unwrap_or_default();
        self.at += match rest.first() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') => {
                hex4(rest.get(1..).unwrap_or_default()).ok_or_else(refused)?;
                6
            }
            _ => return Err(refused()),
        };
        Ok(())
    }

    /// Reads the scalar that begins with `byte`, which comes next.
    ///
    /// # Errors
    /// Where it is none, or a number that no float holds.
    pub(super) fn scalar(&mut self, byte: u8) -> Result<(Scalar<'s>, Span), Error> {
        let start = self.at;
        let scalar = match byte {
            b'"' => {
                let (text, span) = self.string()?;
                return Ok((Scalar::Str(text), span));
            }
            b'-' | b'0'..=b'9' => self.number()?,
            b't' => self.word("true", Scalar::Bool(true))?,
            b'f' => self.word("false", Scalar::Bool(false))?,
            b'n' => self.word("null", Scalar::Null)?,
            _ => return Err(Error::at("this is no JSON value", start)),
        };
        Ok((scalar, Span::new(start, self.at)))
    }

    fn word(&mut self, word: &str, meaning: Scalar<'s>) -> Result<Scalar<'s>, Error> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(Error::at("this is no JSON value", self.at));
        }
        self.at += word.len();
        Ok(meaning)
    }

    fn number(&mut self) -> Result<Scalar<'s>, Error> {
        let start = self.at;
        self.take(|byte| byte == b'-', 1);
        if !self.take(|byte| byte == b'0', 1) {
            self.digits(start)?;
        }
        if self.take(|byte| byte == b'.', 1) {
            self.digits(start)?;
        }
        if self.take(|byte| matches!(byte, b'e' | b'E'), 1) {
            self.take(|byte| matches!(byte, b'+' | b'-'), 1);
            self.digits(start)?;
        }
        let number = self.bytes.get(start..self.at).unwrap_or_default();
        let number = std::str::from_utf8(number).unwrap_or_default();
        if let Ok(integer) = number.parse::<i64>() {
            return Ok(Scalar::Int(integer));
        }
        match number.parse::<f64>() {
            Ok(float) if float.is_finite() => Ok(Scalar::Float(float)),
            Ok(_) | Err(_) => Err(Error::on(
                "the number is out of range",
                Span::new(start, self.at),
            )),
        }
    }

    fn digits(&mut self, start: usize) -> Result<(), Error> {
        if self.take(|byte| byte.is_ascii_digit(), usize::MAX) {
            Ok(())
        } else {
            Err(Error::on(
                "the number lacks a digit",
                Span::new(start, self.at),
            ))
        }
    }

    /// Passes over at most `limit` such bytes, and tells whether there was one.
    fn take(&mut self, is_such: impl Fn(u8) -> bool, limit: usize) -> bool {
        let start = self.at;
        while self.at - start < limit && self.byte().is_some_and(&is_such) {
            self.at += 1;
        }
        self.at > start
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}

/// A string's content with its escapes read. What is no UTF-8 becomes U+FFFD byte by byte, and so
/// does half of a surrogate pair.
fn unescaped(mut content: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(content.len());
    loop {
        let plain = content.iter().position(|&byte| byte == b'\\');
        let (verbatim, rest) = content.split_at(plain.unwrap_or(content.len()));
        for chunk in verbatim.utf8_chunks() {
            text.extend_from_slice(chunk.valid().as_bytes());
            chunk
                .invalid()
                .iter()
                .for_each(|_| push(&mut text, char::REPLACEMENT_CHARACTER));
        }
        let Some(&letter) = rest.get(1) else {
            return text;
        };
        content = rest.get(2..).unwrap_or_default();
        match letter {
            b'b' => text.push(0x08),
            b'f' => text.push(0x0C),
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'u' => content = push_unit(&mut text, content),
            other => text.push(other),
        }
    }
}

/// Appends the character whose hexadecimal digits come next, and that of the other half of its
/// surrogate pair where the next escape is one. Returns what follows.
fn push_unit<'c>(text: &mut Vec<u8>, content: &'c [u8]) -> &'c [u8] {
    let unit = hex4(content).unwrap_or_default();
    let rest = content.get(4..).unwrap_or_default();
    if let 0xD800..=0xDBFF = unit
        && let Some(low @ 0xDC00..=0xDFFF) = rest.strip_prefix(b"\\u").and_then(hex4)
    {
        let code = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        push(text, char::from_u32(code).unwrap_or_default());
        return rest.get(6..).unwrap_or_default();
    }
    push(
        text,
        char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER),
    );
    rest
}

fn push(text: &mut Vec<u8>, character: char) {
    text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

/// The number that the first four bytes spell in hexadecimal digits.
fn hex4(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.get(..4)?;
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    digits
        .iter()
        .try_fold(0, |number, byte| Some(number << 4 | digit(byte)?))
}
