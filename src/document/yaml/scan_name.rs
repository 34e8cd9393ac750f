//! Tags and directives.

use std::borrow::Cow;

use super::Error;
use super::chars::is_word;
use super::cursor::Mark;
use super::scanner::Scanner;
use super::token::{Kind, Token};

impl<'s> Scanner<'s> {
    /// Reads `!suffix`, `!handle!suffix`, `!!suffix`, `!<uri>` or a lone `!`.
    pub(super) fn scan_tag(&mut self) -> Result<Token<'s>, Error> {
        let start = self.cursor.mark();
        let (handle, suffix);
        if self.cursor.byte_at(1) == b'<' {
            self.cursor.pass(2);
            (handle, suffix) = ("", self.scan_uri(self.cursor.pos(), true)?);
            if self.cursor.byte() != b'>' {
                return Err(self.error("did not find the expected '>'"));
            }
            self.cursor.pass(1);
        } else {
            let from = self.cursor.pos();
            let name = self.scan_handle();
            if name.len() > 1 && name.ends_with('!') {
                (handle, suffix) = (name, self.scan_uri(self.cursor.pos(), true)?);
            } else {
                let rest = self.scan_uri(from + 1, false)?;
                (handle, suffix) = if rest.is_empty() {
                    ("", Cow::Borrowed("!"))
                } else {
                    ("!", rest)
                };
            }
        }
        if !self.cursor.blank_or_end_at(0) {
            return Err(self.error("did not find expected whitespace or line break"));
        }
        Ok(Token {
            kind: Kind::Tag { handle, suffix },
            start,
            end: self.cursor.pos(),
        })
    }

    /// Reads `!`, `!word` or `!word!`.
    fn scan_handle(&mut self) -> &'s str {
        let from = self.cursor.pos();
        self.cursor.pass(1);
        while is_word(self.cursor.byte()) {
            self.cursor.pass(1);
        }
        if self.cursor.byte() == b'!' {
            self.cursor.pass(1);
        }
        self.cursor.since(from)
    }

    /// Reads the rest of a tag's URI, whose text begins at `from`, and undoes its `%` escapes.
    fn scan_uri(&mut self, from: usize, required: bool) -> Result<Cow<'s, str>, Error> {
        let mut escaped = false;
        loop {
            let byte = self.cursor.byte();
            if byte == b'%' {
                escaped = true;
            } else if !is_word(byte) && !b";/?:@&=+$.,!~*'()[]".contains(&byte) || byte == 0 {
                break;
            }
            self.cursor.pass(1);
        }
        let text = self.cursor.since(from);
        if required && text.is_empty() {
            return Err(self.error("did not find expected tag URI"));
        }
        if escaped {
            self.unescape_uri(text).map(Cow::Owned)
        } else {
            Ok(Cow::Borrowed(text))
        }
    }

    fn unescape_uri(&mut self, text: &str) -> Result<String, Error> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            if byte != b'%' {
                bytes.push(byte);
                continue;
            }
            let code = after
                .get(..2)
                .and_then(|code| std::str::from_utf8(code).ok());
            let all_hex = |code: &&str| code.bytes().all(|byte| byte.is_ascii_hexdigit());
            match code
                .filter(all_hex)
                .and_then(|code| u8::from_str_radix(code, 16).ok())
            {
                Some(value) => bytes.push(value),
                None => return Err(self.error("did not find URI escaped octet")),
            }
            rest = after.get(2..).unwrap_or_default();
        }
        String::from_utf8(bytes).map_err(|_| self.error("found an incorrect UTF-8 octet in a tag"))
    }

    /// Reads a `%YAML` or `%TAG` line, up to and with its line break.
    pub(super) fn scan_directive(&mut self, start: Mark) -> Result<Token<'s>, Error> {
        self.cursor.pass(1);
        let from = self.cursor.pos();
        while is_word(self.cursor.byte()) {
            self.cursor.pass(1);
        }
        let name = self.cursor.since(from);
        if name.is_empty() {
            return Err(self.error("could not find expected directive name"));
        }
        if !self.cursor.blank_or_end_at(0) {
            return Err(self.error("found unexpected non-alphabetical character"));
        }
        let kind = match name {
            "YAML" => self.scan_version()?,
            "TAG" => self.scan_tag_directive()?,
            _ => return Err(self.error("found unknown directive name")),
        };
        let end = self.cursor.pos();
        self.cursor.skip_blanks();
        if self.cursor.byte() == b'#' {
            self.cursor.skip_line_content();
        }
        if !self.cursor.at_break_or_end() {
            return Err(self.error("did not find expected comment or line break"));
        }
        self.cursor.skip_break();
        Ok(Token { kind, start, end })
    }

    fn scan_version(&mut self) -> Result<Kind<'s>, Error> {
        self.cursor.skip_blanks();
        let major = self.scan_version_number()?;
        if self.cursor.byte() != b'.' {
            return Err(self.error("did not find expected digit or '.' character"));
        }
        self.cursor.pass(1);
        let minor = self.scan_version_number()?;
        Ok(Kind::VersionDirective {
            is_1_1: (major, minor) == (1, 1),
        })
    }

    fn scan_version_number(&mut self) -> Result<u32, Error> {
        let from = self.cursor.pos();
        while self.cursor.byte().is_ascii_digit() {
            self.cursor.pass(1);
        }
        let digits = self.cursor.since(from);
        match digits.parse() {
            Ok(number) if digits.len() <= 2 => Ok(number),
            Ok(_) => Err(self.error("found extremely long version number")),
            Err(_) => Err(self.error("did not find expected version number")),
        }
    }

    fn scan_tag_directive(&mut self) -> Result<Kind<'s>, Error> {
        self.cursor.skip_blanks();
        if self.cursor.byte() != b'!' {
            return Err(self.error("did not find expected '!'"));
        }
        let handle = self.scan_handle();
        if handle.len() > 1 && !handle.ends_with('!') {
            return Err(self.error("did not find expected '!'"));
        }
        if !self.cursor.at_blank() {
            return Err(self.error("did not find expected whitespace"));
        }
        self.cursor.skip_blanks();
        let prefix = self.scan_uri(self.cursor.pos(), true)?;
        if !self.cursor.blank_or_end_at(0) {
            return Err(self.error("did not find expected whitespace or line break"));
        }
        Ok(Kind::TagDirective { handle, prefix })
    }
}
