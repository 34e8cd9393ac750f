//! Possible keys: that a token is a mapping's key shows only at the `:` behind it.
//!
//! Each flow level can have one, the block context too. A possible key must end on the line it began
//! on and within 1,024 characters; one that stands at its block's column must become a key.

use super::Error;
use super::cursor::Mark;

/// How many characters an implicit key may have.
const MAX_KEY: u32 = 1024;

/// A token that can still become a key.
#[derive(Clone, Copy)]
pub(super) struct PossibleKey {
    /// It must be a key: it stands at the block's column.
    pub(super) required: bool,
    /// Which token it is, counted from the stream's start.
    pub(super) token: usize,
    pub(super) mark: Mark,
}

/// The possible key of the block context and of each open flow collection, outermost first.
pub(super) struct PossibleKeys {
    levels: Vec<Option<PossibleKey>>,
    /// Below this level there is no possible key.
    first: usize,
}

impl PossibleKeys {
    pub(super) fn new() -> Self {
        Self {
            levels: vec![None],
            first: 0,
        }
    }

    /// How many flow collections are open.
    pub(super) fn flow_depth(&self) -> usize {
        self.levels.len() - 1
    }

    pub(super) fn enter_flow(&mut self) {
        self.levels.push(None);
    }

    pub(super) fn leave_flow(&mut self) {
        if self.levels.len() > 1 {
            self.levels.pop();
        }
    }

    /// Remembers the next token as the innermost possible key, in the place of another.
    pub(super) fn save(&mut self, key: PossibleKey) -> Result<(), Error> {
        self.forget()?;
        let innermost = self.levels.len() - 1;
        if let Some(slot) = self.levels.get_mut(innermost) {
            *slot = Some(key);
        }
        self.first = self.first.min(innermost);
        Ok(())
    }

    /// Gives up the innermost possible key.
    pub(super) fn forget(&mut self) -> Result<(), Error> {
        match self.levels.last_mut().and_then(Option::take) {
            Some(key) if key.required => Err(key.missing()),
            _ => Ok(()),
        }
    }

    /// Takes the innermost possible key for the `:` that stands at `here`.
    pub(super) fn take(&mut self, here: Mark) -> Result<Option<PossibleKey>, Error> {
        let key = self.levels.last_mut().and_then(Option::take);
        match key {
            Some(key) if !key.reaches(here) && key.required => Err(key.missing()),
            key => Ok(key.filter(|key| key.reaches(here))),
        }
    }

    /// Whether the token of that number, the first that is not handed out, can still become a key
    /// at `here`. Outer levels hold the earlier tokens, so that only the outermost possible key can
    /// be meant.
    pub(super) fn may_be(&mut self, token: usize, here: Mark) -> Result<bool, Error> {
        while let Some(None) = self.levels.get(self.first) {
            self.first += 1;
        }
        match self.levels.get_mut(self.first) {
            Some(slot @ Some(_)) => {
                let Some(key) = slot.filter(|key| key.token == token) else {
                    return Ok(false);
                };
                if !key.reaches(here) {
                    *slot = None;
                    return if key.required {
                        Err(key.missing())
                    } else {
                        Ok(false)
                    };
                }
                Ok(true)
            }
            Some(None) | None => Ok(false),
        }
    }
}

impl PossibleKey {
    fn reaches(&self, here: Mark) -> bool {
        self.mark.line == here.line && here.column - self.mark.column <= MAX_KEY
    }

    fn missing(&self) -> Error {
        Error::at("could not find expected ':'", self.mark.at())
    }
}
