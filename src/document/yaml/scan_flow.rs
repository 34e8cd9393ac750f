//! Plain and quoted scalars, and the folding of the line breaks in them.

use std::borrow::Cow;

use super::Error;
use super::chars::{is_blank, plain_run_end};
use super::scanner::Scanner;
use super::token::{Kind, Style, Token};

/// A scalar's value: the text itself as long as nothing in it needs folding or unescaping.
struct Value<'s> {
    text: &'s str,
    start: usize,
    end: usize,
    owned: Option<String>,
}

impl<'s> Value<'s> {
    fn new(text: &'s str, start: usize) -> Self {
        Self {
            text,
            start,
            end: start,
            owned: None,
        }
    }

    /// Takes the text from `from` to `to`, which is what stands next.
    fn take(&mut self, from: usize, to: usize) {
        if let Some(owned) = &mut self.owned {
            owned.push_str(self.text.get(from..to).unwrap_or_default());
        } else {
            self.end = to;
        }
    }

    /// The value so far as a string of its own, for what is not in the text.
    fn own(&mut self) -> &mut String {
        let Self {
            text,
            start,
            end,
            owned,
        } = self;
        owned.get_or_insert_with(|| text.get(*start..*end).unwrap_or_default().to_owned())
    }

    fn finish(self) -> Cow<'s, str> {
        match self.owned {
            Some(owned) => Cow::Owned(owned),
            None => Cow::Borrowed(self.text.get(self.start..self.end).unwrap_or_default()),
        }
    }
}

/// The white space between two runs of a flow scalar.
#[derive(Default)]
struct Gap {
    /// Where the blanks before the first line break stand.
    blanks: (usize, usize),
    /// The first line break; empty where an escaped one stands for it.
    first: Option<&'static str>,
    more: String,
}

impl Gap {
    /// Adds what the gap stands for: blanks as they are, one line break as a space, more of them as
    /// all but the first. A first break that is LS or PS stays.
    fn add_to(&self, value: &mut Value<'_>) {
        match self.first {
            None => value.take(self.blanks.0, self.blanks.1),
            Some("\n") if self.more.is_empty() => value.own().push(' '),
            Some("\n") => value.own().push_str(&self.more),
            Some(kept) => {
                value.own().push_str(kept);
                value.own().push_str(&self.more);
            }
        }
    }
}

impl<'s> Scanner<'s> {
    pub(super) fn scan_plain(&mut self) -> Result<Token<'s>, Error> {
        let start = self.cursor.mark();
        let in_flow = self.in_flow();
        let column = self.indent() + 1;
        let mut value = Value::new(self.cursor.text(), start.at());
        let mut gap = Gap::default();
        let mut end = start.at();
        let mut crossed_line = false;
        loop {
            // Only a run at a line's start can be a document indicator.
            if gap.first.is_some()
                && self.cursor.column() == 0
                && self.cursor.at_document_indicator()
            {
                break;
            }
            if self.cursor.byte() == b'#' {
                break;
            }
            let from = self.cursor.pos();
            let to = plain_run_end(self.cursor.bytes(), from, in_flow);
            if to > from {
                if from > start.at() {
                    gap.add_to(&mut value);
                }
                value.take(from, to);
                self.cursor.pass(to - from);
                end = to;
                crossed_line = false;
            }
            if !(self.cursor.at_blank() || self.cursor.at_break()) {
                break;
            }
            if to > from {
                gap = Gap::default();
            }
            self.scan_gap(&mut gap, Some(column))?;
            crossed_line = gap.first.is_some();
            if !in_flow && i64::from(self.cursor.column()) < column {
                break;
            }
        }
        if crossed_line {
            self.allow_key(true);
        }
        let kind = Kind::Scalar {
            text: value.finish(),
            style: Style::Plain,
        };
        Ok(Token { kind, start, end })
    }

    /// Passes blanks and line breaks. In a plain scalar a tab may not stand where the block's
    /// indentation is due.
    fn scan_gap(&mut self, gap: &mut Gap, plain_column: Option<i64>) -> Result<(), Error> {
        gap.blanks = (self.cursor.pos(), self.cursor.pos());
        loop {
            if self.cursor.at_blank() {
                if let Some(column) = plain_column
                    && gap.first.is_some()
                    && self.cursor.byte() == b'\t'
                    && i64::from(self.cursor.column()) < column
                {
                    return Err(self.error("found a tab character that violates indentation"));
                }
                self.cursor.pass_blanks(1);
                if gap.first.is_none() {
                    gap.blanks.1 = self.cursor.pos();
                }
            } else if let Some(value) = self.cursor.skip_break() {
                match gap.first {
                    None => gap.first = Some(value),
                    Some(_) => gap.more.push_str(value),
                }
            } else {
                return Ok(());
            }
        }
    }

    pub(super) fn scan_quoted(&mut self) -> Result<Token<'s>, Error> {
        let start = self.cursor.mark();
        let quote = self.cursor.byte();
        self.cursor.pass(1);
        let mut value = Value::new(self.cursor.text(), self.cursor.pos());
        loop {
            let mut gap = Gap::default();
            if self.cursor.column() == 0 && self.cursor.at_document_indicator() {
                return Err(self.error("found unexpected document indicator"));
            }
            if self.cursor.at_end() {
                return Err(Error::at("found unexpected end of stream", start.at()));
            }
            self.scan_quoted_run(quote, &mut value, &mut gap)?;
            if self.cursor.byte() == quote {
                break;
            }
            self.scan_gap(&mut gap, None)?;
            gap.add_to(&mut value);
        }
        self.cursor.pass(1);
        let style = if quote == b'\'' {
            Style::SingleQuoted
        } else {
            Style::DoubleQuoted
        };
        let kind = Kind::Scalar {
            text: value.finish(),
            style,
        };
        Ok(Token {
            kind,
            start,
            end: self.cursor.pos(),
        })
    }

    /// Reads up to the closing quote, a blank or a line break. An escaped line break ends the run
    /// too and begins the gap.
    fn scan_quoted_run(
        &mut self,
        quote: u8,
        value: &mut Value<'s>,
        gap: &mut Gap,
    ) -> Result<(), Error> {
        loop {
            let from = self.cursor.pos();
            let to = self.quoted_text_end(quote);
            value.take(from, to);
            self.cursor.pass(to - from);
            let byte = self.cursor.byte();
            if byte == quote && quote == b'\'' && self.cursor.byte_at(1) == b'\'' {
                value.own().push('\'');
                self.cursor.pass(2);
            } else if byte == b'\\' && quote == b'"' && !self.cursor.at_break_or_end() {
                if super::chars::break_len(self.cursor.bytes(), self.cursor.pos() + 1) > 0 {
                    self.cursor.pass(1);
                    self.cursor.skip_break();
                    value.own();
                    gap.first = Some("");
                    return Ok(());
                }
                let character = self.scan_escape()?;
                value.own().push(character);
            } else {
                return Ok(());
            }
        }
    }

    fn quoted_text_end(&self, quote: u8) -> usize {
        let bytes = self.cursor.bytes();
        let mut at = self.cursor.pos();
        while let Some(&byte) = bytes.get(at) {
            let ends = byte == quote
                || is_blank(byte)
                || (byte == b'\\' && quote == b'"')
                || super::chars::break_len(bytes, at) > 0;
            if ends {
                break;
            }
            at += 1;
        }
        at
    }

    /// Reads one escape sequence of a double-quoted scalar.
    fn scan_escape(&mut self) -> Result<char, Error> {
        let digits = match self.cursor.byte_at(1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            byte => {
                let Some(character) = simple_escape(byte) else {
                    return Err(self.error("found unknown escape character"));
                };
                self.cursor.pass(2);
                return Ok(character);
            }
        };
        let from = self.cursor.pos() + 2;
        let code = self.cursor.text().get(from..from + digits);
        let all_hex = |code: &&str| code.bytes().all(|byte| byte.is_ascii_hexdigit());
        let Some(code) = code
            .filter(all_hex)
            .and_then(|code| u32::from_str_radix(code, 16).ok())
        else {
            return Err(self.error("did not find expected hexdecimal number"));
        };
        let Some(character) = char::from_u32(code) else {
            return Err(self.error("found invalid Unicode character escape code"));
        };
        self.cursor.pass(2 + digits);
        Ok(character)
    }
}

fn simple_escape(byte: u8) -> Option<char> {
    Some(match byte {
        b'0' => '\0',
        b'a' => '\x07',
        b'b' => '\x08',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\x0B',
        b'f' => '\x0C',
        b'r' => '\r',
        b'e' => '\x1B',
        b' ' => ' ',
        b'"' => '"',
        b'\'' => '\'',
        b'\\' => '\\',
        b'N' => '\u{85}',
        b'_' => '\u{A0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        _ => return None,
    })
}
