//! The grammar of collections: what may come next in each of them.

use super::Error;
use super::compose::{Composer, Open, State};
use super::node::{Comments, Lines};
use super::token::Next;

impl Composer<'_> {
    /// Reads what comes next in the innermost open collection.
    pub(super) fn step(&mut self, open: Open) -> Result<(), Error> {
        match open.state {
            State::BlockSequence => self.block_entry(),
            State::IndentlessSequence => self.indentless_entry(),
            State::BlockKey => self.block_key(),
            State::BlockValue => self.block_value(),
            State::FlowSequence { first } => self.flow_entry(first),
            State::PairKey => self.pair_key(),
            State::PairValue => self.flow_value(State::PairEnd, Next::FlowSequenceEnd),
            State::PairEnd => {
                self.close(Comments::default());
                Ok(())
            }
            State::FlowKey { first } => self.flow_key(first),
            State::FlowValue => {
                self.flow_value(State::FlowKey { first: false }, Next::FlowMappingEnd)
            }
            State::FlowEmptyValue => {
                self.peek()?;
                self.add_empty(State::FlowKey { first: false });
                Ok(())
            }
        }
    }

    fn block_entry(&mut self) -> Result<(), Error> {
        match self.peek()? {
            Next::BlockEntry => {
                self.take_dash()?;
                match self.peek()? {
                    Next::BlockEntry | Next::BlockEnd => self.add_empty(State::BlockSequence),
                    _ => self.add_node(State::BlockSequence, true, false)?,
                }
                Ok(())
            }
            Next::BlockEnd => {
                self.close(Comments::default());
                self.take().map(drop)
            }
            _ => self.error("did not find expected '-' indicator"),
        }
    }

    fn indentless_entry(&mut self) -> Result<(), Error> {
        if self.peek()? != Next::BlockEntry {
            self.close(Comments::default());
            return Ok(());
        }
        self.take_dash()?;
        match self.peek()? {
            Next::BlockEntry | Next::Key | Next::Value | Next::BlockEnd => {
                self.add_empty(State::IndentlessSequence);
            }
            _ => self.add_node(State::IndentlessSequence, true, false)?,
        }
        Ok(())
    }

    /// Takes a `- `. Where the item is a block collection, the comments before the dash are that
    /// collection's.
    fn take_dash(&mut self) -> Result<(), Error> {
        let before = self.pending.head.len();
        self.take()?;
        let opens = matches!(self.peek()?, Next::BlockSequence | Next::BlockMapping);
        if opens && before > 0 {
            let rest = self.pending.head.split_off(before);
            self.stem = std::mem::replace(&mut self.pending.head, rest);
        } else {
            self.stem = Lines::new();
        }
        Ok(())
    }

    fn block_key(&mut self) -> Result<(), Error> {
        match self.peek()? {
            Next::Key => {
                self.take()?;
                self.block_member(State::BlockValue)
            }
            Next::BlockEnd => {
                let comments = self.take_comments();
                self.close(comments);
                self.take().map(drop)
            }
            _ => self.error("did not find expected key"),
        }
    }

    fn block_value(&mut self) -> Result<(), Error> {
        if self.peek()? == Next::Value {
            self.take()?;
            return self.block_member(State::BlockKey);
        }
        self.add_empty(State::BlockKey);
        Ok(())
    }

    /// Reads a key or value of a block mapping, which may be left out.
    fn block_member(&mut self, then: State) -> Result<(), Error> {
        match self.peek()? {
            Next::Key | Next::Value | Next::BlockEnd => {
                self.add_empty(then);
                Ok(())
            }
            _ => self.add_node(then, true, true),
        }
    }

    fn flow_entry(&mut self, first: bool) -> Result<(), Error> {
        let mut next = self.peek()?;
        if next != Next::FlowSequenceEnd && !first {
            if next != Next::FlowEntry {
                return self.error("did not find expected ',' or ']'");
            }
            self.take()?;
            next = self.peek()?;
        }
        match next {
            Next::FlowSequenceEnd => self.close_flow(),
            Next::Key => {
                self.open_pair();
                self.take().map(drop)
            }
            _ => self.add_node(State::FlowSequence { first: false }, false, false),
        }
    }

    fn pair_key(&mut self) -> Result<(), Error> {
        match self.peek()? {
            Next::Value | Next::FlowEntry | Next::FlowSequenceEnd => {
                self.add_empty(State::PairValue);
                Ok(())
            }
            _ => self.add_node(State::PairValue, false, false),
        }
    }

    fn flow_key(&mut self, first: bool) -> Result<(), Error> {
        let mut next = self.peek()?;
        if next != Next::FlowMappingEnd && !first {
            if next != Next::FlowEntry {
                return self.error("did not find expected ',' or '}'");
            }
            self.take()?;
            next = self.peek()?;
        }
        match next {
            Next::FlowMappingEnd => self.close_flow(),
            Next::Key => {
                self.take()?;
                match self.peek()? {
                    Next::Value | Next::FlowEntry | Next::FlowMappingEnd => {
                        self.add_empty(State::FlowValue);
                        Ok(())
                    }
                    _ => self.add_node(State::FlowValue, false, false),
                }
            }
            _ => self.add_node(State::FlowEmptyValue, false, false),
        }
    }

    /// Reads the value of a pair in a flow collection, which may be left out.
    fn flow_value(&mut self, then: State, end: Next) -> Result<(), Error> {
        if self.peek()? == Next::Value {
            self.take()?;
            let next = self.peek()?;
            if next != Next::FlowEntry && next != end {
                return self.add_node(then, false, false);
            }
        }
        self.add_empty(then);
        Ok(())
    }

    fn close_flow(&mut self) -> Result<(), Error> {
        let comments = self.take_comments();
        self.take()?;
        self.close(comments);
        Ok(())
    }
}
