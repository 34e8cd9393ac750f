//! The grammar of Go's regexp syntax with the flags of `regexp.Compile`: sequences, alternations,
//! groups, flags and repetitions. Escapes are in [`super::escape`], classes in [`super::bracket`].
//!
//! There is no recursion: the groups that are open form a stack.

use std::collections::{BTreeMap, VecDeque};

use regex_syntax::hir::ClassUnicode;

use super::cursor::Cursor;
use super::error::{Error, Reason};
use super::limits::{Limits, MOST_REPEATS};
use super::tree::{Join, Kind, Look, Node, Tree};
use super::unicode;

/// Reads a pattern.
///
/// # Errors
///
/// Exactly where Go's `regexp.Compile` refuses it, but for [`Reason::BeyondEngine`].
pub(super) fn parse(pattern: &str) -> Result<Tree, Error> {
    Parser {
        cursor: Cursor::new(pattern),
        flags: Flags::default(),
        level: Level::default(),
        outer: Vec::new(),
        repeated: None,
        last_posix_end: pattern.rfind(":]"),
        named: BTreeMap::new(),
        text: String::new(),
        limits: Limits::new(),
    }
    .tree()
}

pub(super) struct Parser<'p> {
    pub(super) cursor: Cursor<'p>,
    pub(super) flags: Flags,
    level: Level,
    outer: Vec<Group>,
    /// Where the repetition began that was just read; another one may not follow.
    repeated: Option<usize>,
    /// Where the last `:]` is; looked up once, so that many unclosed `[:` cost no more than one.
    pub(super) last_posix_end: Option<usize>,
    /// The classes by name that were read so far, by how they are written and whether case counts.
    pub(super) named: BTreeMap<(&'p str, bool), ClassUnicode>,
    text: String,
    limits: Limits,
}

/// The flags that say something about whether there is a match, which `U` does not.
#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) fold: bool,
    multi_line: bool,
    dot_takes_newline: bool,
}

/// What was read of the innermost group that is open, or of the pattern outside of all groups.
#[derive(Default)]
struct Level {
    alternatives: VecDeque<Node>,
    sequence: VecDeque<Node>,
}

/// A group that is open, and what to return to after it.
struct Group {
    at: usize,
    captures: bool,
    flags: Flags,
    level: Level,
}

impl<'p> Parser<'p> {
    fn tree(mut self) -> Result<Tree, Error> {
        while let Some(c) = self.cursor.peek() {
            let repeated = self.repeated.take();
            self.element(c, repeated)?;
        }
        let root = self.end_level()?;
        if let Some(group) = self.outer.last() {
            return Err(Error::new(Reason::MissingParen, group.at..group.at + 1));
        }
        if self.limits.is_beyond_engine() {
            return Err(self.cursor.error_to_end(Reason::BeyondEngine, 0));
        }
        Ok(Tree {
            root,
            text: self.text,
        })
    }

    fn element(&mut self, c: char, repeated: Option<usize>) -> Result<(), Error> {
        let start = self.cursor.at();
        if c == '[' {
            return self.bracket();
        }
        if c == '\\' {
            return self.escape();
        }
        self.cursor.bump();
        match c {
            '(' => self.open_group(start),
            ')' => self.close_group(start),
            '|' => self.end_alternative(),
            '^' if self.flags.multi_line => self.look(Look::LineStart),
            '^' => self.look(Look::TextStart),
            '$' if self.flags.multi_line => self.look(Look::LineEnd),
            '$' => self.look(Look::TextEnd),
            '.' => self.dot(),
            '*' => self.repeat(start, repeated, 0, None),
            '+' => self.repeat(start, repeated, 1, None),
            '?' => self.repeat(start, repeated, 0, Some(1)),
            '{' => match self.repeat_count() {
                Some((min, max)) => self.repeat(start, repeated, min, max),
                None => self.literal('{'),
            },
            _ => self.literal(c),
        }
    }

    pub(super) fn literal(&mut self, c: char) -> Result<(), Error> {
        self.character(c, self.flags.fold)
    }

    fn character(&mut self, c: char, fold: bool) -> Result<(), Error> {
        let start = self.text.len();
        self.text.push(c);
        self.limits.allocate();
        self.push(Node::literal(start..self.text.len(), fold))
    }

    /// A class of characters. One of a single character is the literal, as far as limits go.
    pub(super) fn set(&mut self, set: ClassUnicode) -> Result<(), Error> {
        if let [only] = set.ranges()
            && only.start() == only.end()
        {
            return self.character(only.start(), false);
        }
        self.limits.allocate();
        let mut node = Node::set(set);
        if !self.limits.keeps_ranges(&node) {
            node.kind = Kind::Set(ClassUnicode::empty());
        }
        self.push(node)
    }

    fn dot(&mut self) -> Result<(), Error> {
        let mut set = ClassUnicode::empty();
        if !self.flags.dot_takes_newline {
            set.push(unicode::single('\n'));
        }
        set.negate();
        self.limits.allocate();
        let mut node = Node::set(set);
        node.measure.runes = 0;
        self.push(node)
    }

    pub(super) fn look(&mut self, look: Look) -> Result<(), Error> {
        self.limits.allocate();
        self.push(Node::look(look))
    }

    /// Adds to the sequence. Only now are two literals before it merged: a repetition takes one
    /// character.
    fn push(&mut self, node: Node) -> Result<(), Error> {
        self.merge_literals();
        self.enter(&node)?;
        self.level.sequence.push_back(node);
        Ok(())
    }

    fn merge_literals(&mut self) {
        let Some(last) = self.level.sequence.pop_back() else {
            return;
        };
        let before = self.level.sequence.back_mut();
        if before.is_some_and(|before| before.absorb(&last)) {
            self.limits.free();
        } else {
            self.level.sequence.push_back(last);
        }
    }

    fn enter(&mut self, node: &Node) -> Result<(), Error> {
        self.limits
            .enter(node)
            .map_err(|reason| self.cursor.error_to_end(reason, 0))
    }

    fn end_alternative(&mut self) -> Result<(), Error> {
        self.merge_literals();
        if self.level.sequence.len() != 1 {
            self.limits.allocate();
        }
        let node = Node::joined(Join::Sequence, std::mem::take(&mut self.level.sequence));
        self.enter(&node)?;
        self.level.alternatives.push_back(node);
        Ok(())
    }

    fn end_level(&mut self) -> Result<Node, Error> {
        self.end_alternative()?;
        if self.level.alternatives.len() > 1 {
            self.limits.allocate();
        }
        let node = Node::joined(
            Join::Alternation,
            std::mem::take(&mut self.level.alternatives),
        );
        self.enter(&node)?;
        Ok(node)
    }

    /// What follows `(`: a group, or flags for the rest of the one around.
    fn open_group(&mut self, start: usize) -> Result<(), Error> {
        if !self.cursor.rest().starts_with('?') {
            self.begin_group(start, true, self.flags);
            return Ok(());
        }
        // A name's mark at the very end counts as flags.
        let rest = self.cursor.rest();
        let mark = ["?P<", "?<"]
            .into_iter()
            .find(|mark| rest.starts_with(mark));
        match mark {
            Some(mark) if rest.len() > mark.len() => {
                self.cursor.eat(mark);
                self.group_name(start)
            }
            _ => {
                self.cursor.bump();
                self.group_flags(start)
            }
        }
    }

    fn group_name(&mut self, start: usize) -> Result<(), Error> {
        let invalid = Reason::InvalidNamedCapture;
        let name = self.cursor.until(">");
        let name = name.ok_or_else(|| self.cursor.error_to_end(invalid, start))?;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(self.cursor.error(invalid, start));
        }
        self.begin_group(start, true, self.flags);
        Ok(())
    }

    fn group_flags(&mut self, start: usize) -> Result<(), Error> {
        let mut flags = self.flags;
        let mut on = true;
        let mut complete = true;
        while let Some(c) = self.cursor.bump() {
            match c {
                'i' => flags.fold = on,
                'm' => flags.multi_line = on,
                's' => flags.dot_takes_newline = on,
                'U' => {}
                '-' if on => on = false,
                ':' if complete => {
                    self.begin_group(start, false, flags);
                    return Ok(());
                }
                ')' if complete => {
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            }
            complete = c != '-';
        }
        Err(self.cursor.error(Reason::InvalidPerlSyntax, start))
    }

    fn begin_group(&mut self, at: usize, captures: bool, inside: Flags) {
        self.limits.allocate();
        let level = std::mem::take(&mut self.level);
        self.outer.push(Group {
            at,
            captures,
            flags: self.flags,
            level,
        });
        self.flags = inside;
    }

    fn close_group(&mut self, start: usize) -> Result<(), Error> {
        let node = self.end_level()?;
        let Some(group) = self.outer.pop() else {
            return Err(self.cursor.error(Reason::UnexpectedParen, start));
        };
        (self.flags, self.level) = (group.flags, group.level);
        self.push(if group.captures {
            Node::group(node)
        } else {
            node
        })
    }

    /// Repeats the last node. `start` is where the operator begins, which has been read but for the
    /// `?` that makes it lazy.
    fn repeat(
        &mut self,
        start: usize,
        repeated: Option<usize>,
        min: u32,
        max: Option<u32>,
    ) -> Result<(), Error> {
        if min.max(max.unwrap_or(0)) > MOST_REPEATS || max.is_some_and(|max| max < min) {
            return Err(self.cursor.error(Reason::InvalidRepeatCount, start));
        }
        self.cursor.eat("?");
        if let Some(before) = repeated {
            return Err(self.cursor.error(Reason::NestedRepeat, before));
        }
        let Some(node) = self.level.sequence.pop_back() else {
            return Err(self.cursor.error(Reason::MissingRepeatArgument, start));
        };
        self.limits.allocate();
        let node = Node::repeat(node, min, max);
        self.limits
            .check(&node)
            .map_err(|reason| self.cursor.error_to_end(reason, 0))?;
        if min.max(max.unwrap_or(0)) >= 2 && node.measure.copies > MOST_REPEATS {
            return Err(self.cursor.error(Reason::InvalidRepeatCount, start));
        }
        self.level.sequence.push_back(node);
        self.repeated = Some(start);
        Ok(())
    }

    /// Reads `n}`, `n,}` or `n,m}`; `None`, and nothing is read, if it is not of that form.
    fn repeat_count(&mut self) -> Option<(u32, Option<u32>)> {
        let start = self.cursor.at();
        let count = self.repeat_range().filter(|_| self.cursor.eat("}"));
        if count.is_none() {
            self.cursor.rewind(start);
        }
        count
    }

    fn repeat_range(&mut self) -> Option<(u32, Option<u32>)> {
        let min = self.number()?;
        if !self.cursor.eat(",") {
            return Some((min, Some(min)));
        }
        // Where there is something else than a number, the closing brace will be missed.
        Some((min, self.number()))
    }

    /// Reads a decimal number without leading zeros, `u32::MAX` for any that is larger.
    fn number(&mut self) -> Option<u32> {
        let start = self.cursor.at();
        while self.cursor.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.cursor.bump();
        }
        let digits = self.cursor.read_since(start);
        if digits.is_empty() || digits.len() > 1 && digits.starts_with('0') {
            self.cursor.rewind(start);
            return None;
        }
        Some(digits.parse().unwrap_or(u32::MAX))
    }
}
