//! Classes in brackets, such as `[^a-z\d[:space:]]`.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::error::{Error, Reason};
use super::escape::posix_class;
use super::parse::Parser;

/// How many ranges to gather before they are merged, so that no class takes much memory.
const COMPACT_AT: usize = 1 << 14;

impl Parser<'_> {
    pub(super) fn bracket(&mut self) -> Result<(), Error> {
        let start = self.cursor.at();
        self.cursor.eat("[");
        let negated = self.cursor.eat("^");
        let mut ranges = Vec::new();
        let mut is_first = true;
        let mut compact_at = COMPACT_AT;
        while is_first || !self.cursor.eat("]") {
            is_first = false;
            if let Some(class) = self.class_in_bracket()? {
                ranges.extend_from_slice(class.ranges());
            } else {
                ranges.extend(self.range_in_bracket(start)?);
            }
            if ranges.len() > compact_at {
                ranges = ClassUnicode::new(ranges).ranges().to_vec();
                compact_at = ranges.len() * 2 + COMPACT_AT;
            }
        }
        // Closed over case once for all: what was closed before, negated or not, stays as it is.
        self.set(self.class(ranges, negated))
    }

    /// Reads `[:alpha:]`, `\d`, `\p{Greek}` and the like, if one is next.
    fn class_in_bracket(&mut self) -> Result<Option<ClassUnicode>, Error> {
        let start = self.cursor.at();
        let is_closed = self.last_posix_end.is_some_and(|end| end >= start + 2);
        if !(is_closed && self.cursor.eat("[:")) {
            return self.class_escape();
        }
        let name = self.cursor.until(":]").unwrap_or_default();
        let (name, negated) = name
            .strip_prefix('^')
            .map_or((name, false), |name| (name, true));
        let ranges =
            posix_class(name).ok_or_else(|| self.cursor.error(Reason::InvalidClassRange, start))?;
        Ok(Some(self.class(ranges, negated)))
    }

    /// Reads `a` or `a-z`. A hyphen before the closing bracket is itself.
    fn range_in_bracket(&mut self, bracket: usize) -> Result<Option<ClassUnicodeRange>, Error> {
        let start = self.cursor.at();
        let lo = self.code_point_in_bracket(bracket)?;
        let mut hi = lo;
        let rest = self.cursor.rest();
        if rest.len() > 1 && rest.starts_with('-') && !rest.starts_with("-]") {
            self.cursor.eat("-");
            hi = self.code_point_in_bracket(bracket)?;
        }
        if hi < lo {
            return Err(self.cursor.error(Reason::InvalidClassRange, start));
        }
        // Surrogates, which no text has, are left out.
        let lo = char::from_u32(lo).unwrap_or('\u{E000}');
        let hi = char::from_u32(hi).unwrap_or('\u{D7FF}');
        Ok((lo <= hi).then(|| ClassUnicodeRange::new(lo, hi)))
    }

    fn code_point_in_bracket(&mut self, bracket: usize) -> Result<u32, Error> {
        match self.cursor.peek() {
            Some('\\') => self.character_escape(),
            Some(c) => {
                self.cursor.bump();
                Ok(u32::from(c))
            }
            None => Err(self.cursor.error_to_end(Reason::MissingBracket, bracket)),
        }
    }
}
