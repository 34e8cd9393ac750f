//! Comments: where each run of comment lines stands, and what it belongs to.
//!
//! yaml.v3 ties every comment to a token by position, as the token's head (before it), line (behind
//! it) or foot (after it). sops makes tree items of them in an order that follows from this, and the
//! comment selectors look at that order, so the attribution must be the same to the line. The rules
//! are stated where they are applied; blank lines, columns and the block's indentation decide.

use super::cursor::{Cursor, Mark};
use super::scanner::Scanner;
use super::token::Kind;
use crate::source::Span;

/// What a comment is to the token that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Head,
    Line,
    Foot,
}

/// Comment lines that belong to one token in one role.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) role: Role,
    /// The place of the token that the run belongs to.
    pub(super) owner: u32,
    /// Where the white space that holds the run began; 0 for a line comment.
    scan: u32,
    /// The column of the first `#`, counted from 1; 0 for a line comment.
    column: u32,
    start: Mark,
    /// Where the scan of the run stopped; 0 for a line comment.
    end: u32,
    /// The lines from `#` on; an empty span is a blank line between them.
    pub(super) lines: Vec<Span>,
}

/// How far yaml.v3 looks ahead for the next comment line, in bytes.
const LOOK_AHEAD: usize = 512;

/// All runs found so far, in the order found, and how many of them were taken.
#[derive(Debug, Default)]
pub(super) struct Comments {
    runs: Vec<Run>,
    taken: usize,
}

impl Comments {
    /// The next run, if it belongs to a token at or before `offset`.
    pub(super) fn next_until(&self, offset: u32) -> Option<&Run> {
        self.runs.get(self.taken).filter(|run| run.owner <= offset)
    }

    /// Takes the run that [`Self::next_until`] gave.
    pub(super) fn take(&mut self) -> Option<&mut Run> {
        let run = self.runs.get_mut(self.taken);
        self.taken += 1;
        run
    }

    /// Where a block at column `indent` is to end. `end` is just before the white space that was
    /// scanned last; a comment of that white space at the block's column stays inside the block, so
    /// the end moves to the first such comment.
    pub(super) fn block_end(&self, indent: i64, end: Mark) -> Mark {
        let mut block_end = end;
        let mut stop = end.offset;
        for run in self.runs.iter().rev() {
            if run.end < stop {
                break;
            }
            if i64::from(run.column) == indent + 1 {
                block_end = run.start;
            }
            stop = run.scan;
        }
        block_end
    }
}

impl Scanner<'_> {
    /// Reads a comment on the rest of this line, if there is one, as the line comment of `owner`.
    pub(super) fn scan_line_comment(&mut self, owner: Mark) {
        if self.cursor.breaks() > 0 {
            return;
        }
        let Some(ahead) =
            (0..LOOK_AHEAD).find(|&ahead| !super::chars::is_blank(self.cursor.byte_at(ahead)))
        else {
            return;
        };
        if self.cursor.byte_at(ahead) != b'#' {
            return;
        }
        self.cursor.pass_blanks(ahead);
        let start = self.cursor.mark();
        self.cursor.skip_line_content();
        let lines = vec![Span::new(start.at(), self.cursor.pos())];
        let run = Run {
            role: Role::Line,
            owner: owner.offset,
            scan: 0,
            column: 0,
            start,
            end: 0,
            lines,
        };
        self.comments.runs.push(run);
    }

    /// Reads the comment lines that begin here, at a `#`, and all that follow with nothing but
    /// white space between. `scan` is where the white space began.
    pub(super) fn scan_comments(&mut self, scan: Mark) {
        let mut reader = RunReader::new(self, scan);
        let (in_flow, block_column) = (self.in_flow(), self.indent().max(0));
        while reader.next_line(&mut self.cursor, in_flow, block_column) {}
        let runs = reader.finish(&self.cursor);
        self.comments.runs.extend(runs);
    }
}

/// The state of reading comment lines with white space between them.
struct RunReader {
    runs: Vec<Run>,
    scan: u32,
    owner: u32,
    /// Whether the token before is a `:`, whose comments are never a foot.
    after_value: bool,
    /// The line on which a comment is still the foot of what is before it.
    foot_line: i64,
    start: Mark,
    column_of_start: u32,
    lines: Vec<Span>,
    /// No blank line was seen yet.
    no_blank_yet: bool,
    after_blank: bool,
    line: u32,
    column: u32,
    /// How far the look-ahead is from the cursor.
    peek: usize,
}

impl RunReader {
    fn new(scanner: &mut Scanner<'_>, scan: Mark) -> Self {
        let here = scanner.cursor.mark();
        let breaks = scanner.cursor.breaks();
        let (owner, after_value) = scanner.comment_owner();
        let mut foot_line = -1;
        if scan.line > 0 {
            foot_line = i64::from(here.line) - i64::from(breaks) + 1;
            if breaks == 0 && here.column > 1 {
                foot_line += 1;
            }
        }
        Self {
            runs: Vec::new(),
            scan: scan.offset,
            owner,
            after_value,
            foot_line,
            start: Mark::default(),
            column_of_start: 0,
            lines: Vec::new(),
            no_blank_yet: breaks <= 1,
            after_blank: false,
            line: here.line,
            column: here.column,
            peek: 0,
        }
    }

    /// Looks ahead to the next comment line and reads it; false where there is none.
    fn next_line(&mut self, cursor: &mut Cursor<'_>, in_flow: bool, block_column: i64) -> bool {
        while self.peek < LOOK_AHEAD {
            self.column += 1;
            let byte = cursor.byte_at(self.peek);
            if super::chars::is_blank(byte) {
                self.peek += 1;
                continue;
            }
            let closes_flow = in_flow && (byte == b']' || byte == b'}');
            let at = cursor.pos() + self.peek;
            let breaks = super::chars::break_len(cursor.bytes(), at) > 0;
            let ends = at >= cursor.bytes().len();
            if closes_flow || breaks || ends {
                self.end_of_line(at, closes_flow, ends, block_column);
                if !breaks {
                    return false;
                }
                self.no_blank_yet = false;
                self.after_blank = true;
                self.column = 0;
                self.line += 1;
                self.peek += 1;
                continue;
            }
            let column = i64::from(self.column) - 1;
            if !self.lines.is_empty()
                && column < block_column
                && self.column != self.column_of_start
            {
                self.split_foot(at);
            }
            if byte != b'#' {
                return false;
            }
            self.read_line(cursor, at);
            return true;
        }
        false
    }

    /// A blank line, the end of the text or the end of a flow collection: what was read so far may
    /// be the foot of what is before it.
    fn end_of_line(&mut self, at: usize, closes_flow: bool, ends: bool, block_column: i64) {
        if !closes_flow && self.after_blank {
            return;
        }
        let dedented = i64::from(self.column_of_start) - 1 < block_column;
        let follows = i64::from(self.start.line) == self.foot_line && !self.after_value;
        if closes_flow || self.no_blank_yet && (follows || dedented) {
            if !self.lines.is_empty() {
                if dedented {
                    self.owner = self.start.offset;
                }
                self.split_foot(at);
            }
        } else if !self.lines.is_empty() && !ends {
            self.lines.push(Span::default());
        }
    }

    /// Closes the lines read so far as a foot that ends at `at`.
    fn split_foot(&mut self, at: usize) {
        let end = u32::try_from(at).unwrap_or(u32::MAX);
        self.push_run(Role::Foot, self.owner, end);
        self.scan = end;
        self.owner = end;
    }

    fn push_run(&mut self, role: Role, owner: u32, end: u32) {
        self.runs.push(Run {
            role,
            owner,
            scan: self.scan,
            column: self.column_of_start,
            start: self.start,
            end,
            lines: std::mem::take(&mut self.lines),
        });
    }

    /// Reads the comment that begins at `at` and leaves the cursor at its line's end.
    fn read_line(&mut self, cursor: &mut Cursor<'_>, at: usize) {
        if self.lines.is_empty() {
            let offset = u32::try_from(at).unwrap_or(u32::MAX);
            self.start = Mark {
                offset,
                line: self.line,
                column: self.column,
            };
            self.column_of_start = self.column;
        }
        self.after_blank = false;
        while cursor.pos() < at {
            if cursor.skip_break().is_none() {
                cursor.pass_blanks(1);
            }
        }
        cursor.skip_line_content();
        self.lines.push(Span::new(at, cursor.pos()));
        self.peek = 1;
        self.column = 0;
        self.line = cursor.line();
    }

    /// Closes what remains as the head of the next token.
    fn finish(mut self, cursor: &Cursor<'_>) -> Vec<Run> {
        if !self.lines.is_empty() {
            let end = u32::try_from(cursor.pos() + self.peek - 1).unwrap_or(u32::MAX);
            self.push_run(Role::Head, self.start.offset, end);
        }
        self.runs
    }
}

impl Scanner<'_> {
    /// The token that a foot found here belongs to, and whether it is a `:`. After a `,` that is
    /// the token before the comma.
    fn comment_owner(&self) -> (u32, bool) {
        let mut last = self.tokens.iter().rev();
        let owner = match (last.next(), last.next()) {
            (Some(token), Some(before)) if matches!(token.kind, Kind::FlowEntry) => Some(before),
            (token, _) => token,
        };
        owner.map_or((0, false), |token| {
            (token.start.offset, matches!(token.kind, Kind::Value))
        })
    }
}
