//! What follows a backslash: assertions, quoting, characters by number, and classes by name.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::error::{Error, Reason};
use super::parse::Parser;
use super::tree::Look;
use super::unicode;

impl Parser<'_> {
    /// Reads an escape outside of a class.
    pub(super) fn escape(&mut self) -> Result<(), Error> {
        let look = match self.cursor.rest().as_bytes().get(1) {
            Some(b'A') => Look::TextStart,
            Some(b'z') => Look::TextEnd,
            Some(b'b') => Look::WordBoundary,
            Some(b'B') => Look::NotWordBoundary,
            Some(b'Q') => return self.quoted(),
            _ => {
                if let Some(set) = self.class_escape()? {
                    return self.set(set);
                }
                // Only a surrogate is no character, and no text has one.
                return match char::from_u32(self.character_escape()?) {
                    Some(c) => self.literal(c),
                    None => self.set(ClassUnicode::empty()),
                };
            }
        };
        self.cursor.bump();
        self.cursor.bump();
        self.look(look)
    }

    /// Reads `\Q..\E`, whose end may be missing.
    fn quoted(&mut self) -> Result<(), Error> {
        self.cursor.eat("\\Q");
        while !self.cursor.rest().is_empty() && !self.cursor.eat("\\E") {
            if let Some(c) = self.cursor.bump() {
                self.literal(c)?;
            }
        }
        Ok(())
    }

    /// Reads `\d`, `\pN`, `\p{Greek}` and the like; `None`, and nothing is read, if it is no class.
    pub(super) fn class_escape(&mut self) -> Result<Option<ClassUnicode>, Error> {
        let start = self.cursor.at();
        if !self.cursor.eat("\\") {
            return Ok(None);
        }
        let letter = self.cursor.bump().unwrap_or_default();
        if let Some(ranges) = perl_class(letter.to_ascii_lowercase()) {
            return Ok(Some(self.class(ranges, letter.is_ascii_uppercase())));
        }
        match letter {
            'p' => self.unicode_class(start, false).map(Some),
            'P' => self.unicode_class(start, true).map(Some),
            _ => {
                self.cursor.rewind(start);
                Ok(None)
            }
        }
    }

    /// Reads the name after `\p`, in braces or of one character.
    fn unicode_class(&mut self, start: usize, negated: bool) -> Result<ClassUnicode, Error> {
        let name_start = self.cursor.at();
        let name = if self.cursor.eat("{") {
            self.cursor
                .until("}")
                .ok_or_else(|| self.cursor.error_to_end(Reason::InvalidClassRange, start))?
        } else {
            self.cursor.bump();
            self.cursor.read_since(name_start)
        };
        let key = (self.cursor.read_since(start), self.flags.fold);
        if let Some(known) = self.named.get(&key) {
            return Ok(known.clone());
        }
        let (name, caret) = name
            .strip_prefix('^')
            .map_or((name, false), |name| (name, true));
        let ranges = unicode::class(name)
            .ok_or_else(|| self.cursor.error(Reason::InvalidClassRange, start))?;
        let class = self.class(ranges, negated != caret);
        self.named.insert(key, class.clone());
        Ok(class)
    }

    /// The class of these ranges, under the flags that hold here.
    pub(super) fn class(&self, mut ranges: Vec<ClassUnicodeRange>, negated: bool) -> ClassUnicode {
        if self.flags.fold {
            ranges = ClassUnicode::new(ranges).ranges().to_vec();
            unicode::close_over_case(&mut ranges);
        }
        let mut class = ClassUnicode::new(ranges);
        if negated {
            class.negate();
        }
        class
    }

    /// Reads an escape that stands for one code point, which may be a surrogate.
    pub(super) fn character_escape(&mut self) -> Result<u32, Error> {
        let start = self.cursor.at();
        self.cursor.eat("\\");
        let Some(c) = self.cursor.bump() else {
            return Err(self.cursor.error(Reason::TrailingBackslash, start));
        };
        let code = match c {
            'a' => Some(0x07),
            'f' => Some(0x0C),
            'n' => Some(0x0A),
            'r' => Some(0x0D),
            't' => Some(0x09),
            'v' => Some(0x0B),
            '0' => Some(self.octal(0)),
            // A single digit other than 0 would be a reference to a group.
            '1'..='7' if self.digit(8).is_some() => c.to_digit(8).map(|digit| self.octal(digit)),
            'x' => self.hexadecimal(),
            _ => (c.is_ascii() && !c.is_ascii_alphanumeric()).then_some(u32::from(c)),
        };
        code.ok_or_else(|| self.cursor.error(Reason::InvalidEscape, start))
    }

    /// Reads up to two more octal digits.
    fn octal(&mut self, mut code: u32) -> u32 {
        for _ in 0..2 {
            if let Some(digit) = self.digit(8) {
                code = code * 8 + digit;
                self.cursor.bump();
            }
        }
        code
    }

    /// Reads two hexadecimal digits, or any number of them in braces.
    fn hexadecimal(&mut self) -> Option<u32> {
        if !self.cursor.eat("{") {
            let (first, second) = (self.hex_digit(), self.hex_digit());
            return Some(first? * 16 + second?);
        }
        let mut code = self.hex_digit()?;
        while !self.cursor.eat("}") {
            code = code * 16 + self.hex_digit()?;
            if code > u32::from(char::MAX) {
                return None;
            }
        }
        Some(code)
    }

    /// Reads one character, which should be a digit.
    fn hex_digit(&mut self) -> Option<u32> {
        self.cursor.bump()?.to_digit(16)
    }

    fn digit(&self, radix: u32) -> Option<u32> {
        self.cursor.peek()?.to_digit(radix)
    }
}

fn perl_class(letter: char) -> Option<Vec<ClassUnicodeRange>> {
    Some(match letter {
        'd' => ascii(&[('0', '9')]),
        's' => ascii(&[('\t', '\n'), ('\x0C', '\r'), (' ', ' ')]),
        'w' => ascii(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
        _ => return None,
    })
}

/// The class of `[:name:]`.
pub(super) fn posix_class(name: &str) -> Option<Vec<ClassUnicodeRange>> {
    Some(match name {
        "alnum" => ascii(&[('0', '9'), ('A', 'Z'), ('a', 'z')]),
        "alpha" => ascii(&[('A', 'Z'), ('a', 'z')]),
        "ascii" => ascii(&[('\0', '\x7F')]),
        "blank" => ascii(&[('\t', '\t'), (' ', ' ')]),
        "cntrl" => ascii(&[('\0', '\x1F'), ('\x7F', '\x7F')]),
        "digit" => ascii(&[('0', '9')]),
        "graph" => ascii(&[('!', '~')]),
        "lower" => ascii(&[('a', 'z')]),
        "print" => ascii(&[(' ', '~')]),
        "punct" => ascii(&[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')]),
        "space" => ascii(&[('\t', '\r'), (' ', ' ')]),
        "upper" => ascii(&[('A', 'Z')]),
        "word" => ascii(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
        "xdigit" => ascii(&[('0', '9'), ('A', 'F'), ('a', 'f')]),
        _ => return None,
    })
}

fn ascii(ranges: &[(char, char)]) -> Vec<ClassUnicodeRange> {
    ranges
        .iter()
        .map(|&(lo, hi)| ClassUnicodeRange::new(lo, hi))
        .collect()
}
