//! Block scalars: `|` and `>`.

use std::borrow::Cow;

use super::Error;
use super::scanner::Scanner;
use super::token::{Kind, Style, Token};

/// What the line breaks at the scalar's end become.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

struct Header {
    chomping: Chomping,
    /// How much deeper than the block around it the content stands, where the header says so.
    indentation: Option<i64>,
}

impl<'s> Scanner<'s> {
    pub(super) fn scan_block_scalar(&mut self) -> Result<Token<'s>, Error> {
        let start = self.cursor.mark();
        let literal = self.cursor.byte() == b'|';
        self.cursor.pass(1);
        let header = self.scan_header()?;
        self.cursor.skip_blanks();
        let mut end = self.cursor.since(0).trim_end_matches([' ', '\t']).len();
        if self.cursor.byte() == b'#' {
            self.scan_line_comment(start);
        }
        if !self.cursor.at_break_or_end() {
            return Err(self.error("did not find expected comment or line break"));
        }
        self.cursor.skip_break();
        let mut column = header.indentation.map(|by| self.indent().max(0) + by);
        let mut text = String::new();
        let mut breaks = String::new();
        self.scan_breaks(&mut column, &mut breaks)?;
        let column = column.unwrap_or(1);
        let mut last_break = "";
        let mut after_indented = false;
        while i64::from(self.cursor.column()) == column && !self.cursor.at_end() {
            let indented = self.cursor.at_blank();
            let folds = !literal && !after_indented && !indented && last_break == "\n";
            if !folds {
                text.push_str(last_break);
            } else if breaks.is_empty() {
                text.push(' ');
            }
            text.push_str(&breaks);
            breaks.clear();
            after_indented = indented;
            let from = self.cursor.pos();
            self.cursor.skip_line_content();
            text.push_str(self.cursor.since(from));
            end = self.cursor.pos();
            last_break = self.cursor.skip_break().unwrap_or("");
            self.scan_breaks(&mut Some(column), &mut breaks)?;
        }
        if header.chomping != Chomping::Strip {
            text.push_str(last_break);
        }
        if header.chomping == Chomping::Keep {
            text.push_str(&breaks);
            end = self.cursor.since(0).trim_end_matches(' ').len().max(end);
        }
        let style = if literal {
            Style::Literal
        } else {
            Style::Folded
        };
        Ok(Token {
            kind: Kind::Scalar {
                text: Cow::Owned(text),
                style,
            },
            start,
            end,
        })
    }

    /// Reads the indicators behind `|` or `>`: a sign and a digit, in any order.
    fn scan_header(&mut self) -> Result<Header, Error> {
        let mut header = Header {
            chomping: Chomping::Clip,
            indentation: None,
        };
        let mut sign = false;
        loop {
            match self.cursor.byte() {
                b'+' if !sign => header.chomping = Chomping::Keep,
                b'-' if !sign => header.chomping = Chomping::Strip,
                b'0' if header.indentation.is_none() => {
                    return Err(self.error("found an indentation indicator equal to 0"));
                }
                digit @ b'1'..=b'9' if header.indentation.is_none() => {
                    header.indentation = Some(i64::from(digit - b'0'));
                    self.cursor.pass(1);
                    continue;
                }
                _ => return Ok(header),
            }
            sign = true;
            self.cursor.pass(1);
        }
    }

    /// Passes blank lines and the indentation of the next line of content. The first such line
    /// decides the content's column where the header did not.
    fn scan_breaks(&mut self, column: &mut Option<i64>, breaks: &mut String) -> Result<(), Error> {
        let mut deepest = 0;
        loop {
            let mut here = i64::from(self.cursor.column());
            while column.is_none_or(|column| here < column) && self.cursor.byte() == b' ' {
                self.cursor.pass_blanks(1);
                here += 1;
            }
            deepest = deepest.max(here);
            if column.is_none_or(|column| here < column) && self.cursor.byte() == b'\t' {
                return Err(
                    self.error("found a tab character where an indentation space is expected")
                );
            }
            match self.cursor.skip_break() {
                Some(value) => breaks.push_str(value),
                None => break,
            }
        }
        column.get_or_insert_with(|| deepest.max(self.indent() + 1).max(1));
        Ok(())
    }
}
