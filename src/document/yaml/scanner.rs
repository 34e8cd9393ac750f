//! Text to tokens, by the rules of YAML 1.1 as yaml.v3 applies them.
//!
//! The scanner keeps at least three tokens in its queue: whether a token is a key shows only at the
//! `:` behind it, and a foot comment only one token later. Block structure comes from a stack of
//! indentations.

use std::collections::VecDeque;

use super::Error;
use super::chars::is_blank_or_end;
use super::comments::Comments;
use super::cursor::{Cursor, Mark};
use super::possible_keys::{PossibleKey, PossibleKeys};
use super::token::{Kind, Token};

/// How deep blocks or flow collections may nest: yaml.v3's limits.
const MAX_DEPTH: usize = 10_000;
/// How many tokens must wait before the first of them is handed out.
const QUEUE: usize = 3;

pub(super) struct Scanner<'s> {
    pub(super) cursor: Cursor<'s>,
    pub(super) comments: Comments,
    pub(super) tokens: VecDeque<Token<'s>>,
    /// How many tokens were handed out.
    taken: usize,
    ended: bool,
    /// The column of the innermost block, -1 outside all.
    indent: i64,
    indents: Vec<i64>,
    /// Whether a key may begin at the next token.
    key_allowed: bool,
    keys: PossibleKeys,
}

impl<'s> Scanner<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        let mut scanner = Self {
            cursor: Cursor::new(text),
            comments: Comments::default(),
            tokens: VecDeque::with_capacity(16),
            taken: 0,
            ended: false,
            indent: -1,
            indents: Vec::new(),
            key_allowed: true,
            keys: PossibleKeys::new(),
        };
        scanner
            .tokens
            .push_back(Token::zero_width(Kind::StreamStart, Mark::default()));
        scanner
    }

    /// The next token, without taking it. The last one is the stream's end; there is none after it.
    pub(super) fn peek(&mut self) -> Result<Option<&Token<'s>>, Error> {
        while !self.ended && (self.tokens.len() < QUEUE || self.first_may_be_key()?) {
            self.fetch()?;
        }
        Ok(self.tokens.front())
    }

    /// Takes the token that [`Self::peek`] showed.
    pub(super) fn take(&mut self) -> Option<Token<'s>> {
        self.taken += 1;
        self.tokens.pop_front()
    }

    pub(super) fn in_flow(&self) -> bool {
        self.keys.flow_depth() > 0
    }

    pub(super) fn indent(&self) -> i64 {
        self.indent
    }

    pub(super) fn error(&mut self, message: &'static str) -> Error {
        Error::at(message, self.cursor.pos())
    }

    pub(super) fn allow_key(&mut self, allowed: bool) {
        self.key_allowed = allowed;
    }

    fn first_may_be_key(&mut self) -> Result<bool, Error> {
        let here = self.cursor.mark();
        self.keys.may_be(self.taken, here)
    }

    /// Remembers that the next token can be a key.
    fn save_key(&mut self) -> Result<(), Error> {
        if !self.key_allowed {
            return Ok(());
        }
        let mark = self.cursor.mark();
        let required = !self.in_flow() && self.indent == i64::from(mark.column);
        let token = self.taken + self.tokens.len();
        self.keys.save(PossibleKey {
            required,
            token,
            mark,
        })
    }

    /// Opens a block whose first token stands at `column`, if that is deeper than the present one.
    /// Its start goes before the token of that number, or at the queue's end.
    fn roll_indent(
        &mut self,
        column: u32,
        before: Option<usize>,
        kind: Kind<'s>,
        mark: Mark,
    ) -> Result<(), Error> {
        let column = i64::from(column);
        if self.in_flow() || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        if self.indents.len() > MAX_DEPTH {
            return Err(Error::at("exceeded max depth of 10000", mark.at()));
        }
        let token = Token::zero_width(kind, mark);
        match before {
            Some(number) => self.insert(number, token),
            None => self.tokens.push_back(token),
        }
        Ok(())
    }

    fn insert(&mut self, number: usize, token: Token<'s>) {
        let at = number.saturating_sub(self.taken).min(self.tokens.len());
        self.tokens.insert(at, token);
    }

    /// Closes the blocks that are deeper than `column`. `scan` is where the white space before the
    /// present token began.
    fn unroll_indent(&mut self, column: i64, scan: Mark) {
        if self.in_flow() || self.indent <= column {
            return;
        }
        // One character back, whatever its length.
        let before = self.cursor.text().get(..scan.at()).unwrap_or_default();
        let back = before.chars().next_back().map_or(0, char::len_utf8);
        let offset = u32::try_from(before.len() - back).unwrap_or(u32::MAX);
        let mut end = Mark { offset, ..scan };
        while self.indent > column {
            end = self.comments.block_end(self.indent, end);
            self.tokens
                .push_back(Token::zero_width(Kind::BlockEnd, end));
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// Scans one token, or one together with the block starts and ends that it implies.
    fn fetch(&mut self) -> Result<(), Error> {
        let scan = self.cursor.mark();
        self.skip_to_token(scan);
        let mark = self.cursor.mark();
        self.unroll_indent(i64::from(mark.column), scan);
        if self.cursor.at_end() {
            return self.fetch_stream_end(mark);
        }
        if mark.column == 0 {
            if self.cursor.byte() == b'%' {
                return self.fetch_directive(mark);
            }
            if self.cursor.at_document_indicator() {
                return self.fetch_document_indicator(mark);
            }
        }
        // A comment behind a `:` or `,` belongs to what is before that.
        let separator = if self.in_flow() { b',' } else { b':' };
        let owner = match self.tokens.back() {
            Some(last) if self.cursor.byte() == separator => last.start,
            _ => mark,
        };
        self.fetch_content(mark)?;
        // One behind a `- ` belongs to what follows: it is left to the next scan.
        if !matches!(
            self.tokens.back(),
            Some(Token {
                kind: Kind::BlockEntry,
                ..
            })
        ) {
            self.scan_line_comment(owner);
        }
        Ok(())
    }

    /// Passes white space and comments. A tab counts as white space only where no key can begin.
    fn skip_to_token(&mut self, scan: Mark) {
        loop {
            let tabs = self.in_flow() || !self.key_allowed;
            while self.cursor.byte() == b' ' || (tabs && self.cursor.byte() == b'\t') {
                self.cursor.pass_blanks(1);
            }
            if self.cursor.byte() == b'#' {
                self.scan_comments(scan);
            }
            if self.cursor.skip_break().is_none() {
                return;
            }
            if !self.in_flow() {
                self.key_allowed = true;
            }
        }
    }

    fn fetch_content(&mut self, mark: Mark) -> Result<(), Error> {
        let flow = self.in_flow();
        let spaced = self.cursor.blank_or_end_at(1);
        match self.cursor.byte() {
            b'[' => self.fetch_flow_start(Kind::FlowSequenceStart, mark),
            b'{' => self.fetch_flow_start(Kind::FlowMappingStart, mark),
            b']' => self.fetch_flow_end(Kind::FlowSequenceEnd, mark),
            b'}' => self.fetch_flow_end(Kind::FlowMappingEnd, mark),
            b',' => self.fetch_flow_entry(mark),
            b'-' if spaced => self.fetch_block_entry(mark),
            b'?' if flow || spaced => self.fetch_key(mark),
            b':' if flow || spaced => self.fetch_value(mark),
            b'*' => self.fetch_word(mark, Kind::Alias),
            b'&' => self.fetch_word(mark, Kind::Anchor),
            b'!' => self.fetch_keyable(Self::scan_tag),
            b'|' | b'>' if !flow => self.fetch_block_scalar(),
            b'\'' | b'"' => self.fetch_keyable(Self::scan_quoted),
            b'-' | b'?' | b':' => self.fetch_keyable(Self::scan_plain),
            b'#' | b'|' | b'>' | b'%' | b'@' | b'`' | b'\t' => {
                Err(self.error("found character that cannot start any token"))
            }
            _ => self.fetch_keyable(Self::scan_plain),
        }
    }

    fn push(&mut self, kind: Kind<'s>, start: Mark) {
        self.tokens.push_back(Token {
            kind,
            start,
            end: self.cursor.pos(),
        });
    }

    fn fetch_stream_end(&mut self, mark: Mark) -> Result<(), Error> {
        self.close_blocks(mark)?;
        self.ended = true;
        self.push(Kind::StreamEnd, mark);
        Ok(())
    }

    /// Ends all blocks: a directive, a document indicator or the stream's end is here.
    fn close_blocks(&mut self, mark: Mark) -> Result<(), Error> {
        self.unroll_indent(-1, mark);
        self.keys.forget()?;
        self.key_allowed = false;
        Ok(())
    }

    fn fetch_directive(&mut self, mark: Mark) -> Result<(), Error> {
        self.close_blocks(mark)?;
        let token = self.scan_directive(mark)?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_document_indicator(&mut self, mark: Mark) -> Result<(), Error> {
        self.close_blocks(mark)?;
        let starts = self.cursor.byte() == b'-';
        self.cursor.pass(3);
        self.push(
            if starts {
                Kind::DocumentStart
            } else {
                Kind::DocumentEnd
            },
            mark,
        );
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: Kind<'s>, mark: Mark) -> Result<(), Error> {
        self.save_key()?;
        self.keys.enter_flow();
        if self.keys.flow_depth() > MAX_DEPTH {
            return Err(self.error("exceeded max depth of 10000"));
        }
        self.key_allowed = true;
        self.cursor.pass(1);
        self.push(kind, mark);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: Kind<'s>, mark: Mark) -> Result<(), Error> {
        self.keys.forget()?;
        self.keys.leave_flow();
        self.key_allowed = false;
        self.cursor.pass(1);
        self.push(kind, mark);
        Ok(())
    }

    fn fetch_flow_entry(&mut self, mark: Mark) -> Result<(), Error> {
        self.keys.forget()?;
        self.key_allowed = true;
        self.cursor.pass(1);
        self.push(Kind::FlowEntry, mark);
        Ok(())
    }

    fn fetch_block_entry(&mut self, mark: Mark) -> Result<(), Error> {
        if !self.in_flow() {
            if !self.key_allowed {
                return Err(self.error("block sequence entries are not allowed in this context"));
            }
            self.roll_indent(mark.column, None, Kind::BlockSequenceStart, mark)?;
        }
        self.keys.forget()?;
        self.key_allowed = true;
        self.cursor.pass(1);
        self.push(Kind::BlockEntry, mark);
        Ok(())
    }

    fn fetch_key(&mut self, mark: Mark) -> Result<(), Error> {
        if !self.in_flow() {
            if !self.key_allowed {
                return Err(self.error("mapping keys are not allowed in this context"));
            }
            self.roll_indent(mark.column, None, Kind::BlockMappingStart, mark)?;
        }
        self.keys.forget()?;
        self.key_allowed = !self.in_flow();
        self.cursor.pass(1);
        self.push(Kind::Key, mark);
        Ok(())
    }

    fn fetch_value(&mut self, mark: Mark) -> Result<(), Error> {
        if let Some(key) = self.keys.take(mark)? {
            self.insert(key.token, Token::zero_width(Kind::Key, key.mark));
            let start = Kind::BlockMappingStart;
            self.roll_indent(key.mark.column, Some(key.token), start, key.mark)?;
            self.key_allowed = false;
        } else {
            if !self.in_flow() {
                if !self.key_allowed {
                    return Err(self.error("mapping values are not allowed in this context"));
                }
                self.roll_indent(mark.column, None, Kind::BlockMappingStart, mark)?;
            }
            self.key_allowed = !self.in_flow();
        }
        self.cursor.pass(1);
        self.push(Kind::Value, mark);
        Ok(())
    }

    fn fetch_word(&mut self, mark: Mark, kind: fn(&'s str) -> Kind<'s>) -> Result<(), Error> {
        self.save_key()?;
        self.key_allowed = false;
        self.cursor.pass(1);
        let start = self.cursor.pos();
        while super::chars::is_word(self.cursor.byte()) {
            self.cursor.pass(1);
        }
        let name = self.cursor.since(start);
        let ends = is_blank_or_end(self.cursor.bytes(), self.cursor.pos())
            || b"?:,]}%@`".contains(&self.cursor.byte());
        if name.is_empty() || !ends {
            return Err(self.error("did not find expected alphabetic or numeric character"));
        }
        self.push(kind(name), mark);
        Ok(())
    }

    /// Scans a token that can be a key.
    fn fetch_keyable(
        &mut self,
        scan: fn(&mut Self) -> Result<Token<'s>, Error>,
    ) -> Result<(), Error> {
        self.save_key()?;
        self.key_allowed = false;
        let token = scan(self)?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_block_scalar(&mut self) -> Result<(), Error> {
        self.keys.forget()?;
        self.key_allowed = true;
        let token = self.scan_block_scalar()?;
        self.tokens.push_back(token);
        Ok(())
    }
}
