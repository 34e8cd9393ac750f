//! Go's limits on the size of a pattern.
//!
//! Go bounds the nodes of the tree, their nesting, the instructions of the program and the ranges of
//! its classes, each counted in its own way; so they are counted here in the same way.

use super::error::Reason;
use super::tree::{Kind, Node};

/// How often the innermost part of nested counted repetitions may be copied.
pub(super) const MOST_REPEATS: u32 = 1000;

const MOST_LEVELS: u32 = 1000;
/// Instructions of 40 bytes in 128 MiB.
const MOST_INSTRUCTIONS: u64 = (128 << 20) / 40;
/// Ends of class ranges, and characters, of 4 bytes in 128 MiB.
const MOST_RUNES: u64 = (128 << 20) / 4;
/// Beyond this many ranges of classes (8 MiB) none are kept, since no engine would take them.
const MOST_RANGES: u64 = (8 << 20) / 8;

/// What has been counted so far.
#[derive(Debug)]
pub(super) struct Limits {
    nodes: u64,
    most_nodes: u64,
    runes: u64,
    ranges: u64,
    repeats: u64,
    counts_instructions: bool,
}

impl Limits {
    pub(super) fn new() -> Self {
        Self {
            nodes: 0,
            most_nodes: 0,
            runes: 0,
            ranges: 0,
            repeats: 1,
            counts_instructions: false,
        }
    }

    /// Counts a node that Go allocates.
    pub(super) fn allocate(&mut self) {
        self.nodes += 1;
        self.most_nodes = self.most_nodes.max(self.nodes);
    }

    /// Counts a node that Go frees for reuse, because it was merged into another.
    pub(super) fn free(&mut self) {
        self.nodes = self.nodes.saturating_sub(1);
    }

    /// Counts the ranges of a class, and says whether it can be kept.
    pub(super) fn keeps_ranges(&mut self, class: &Node) -> bool {
        self.ranges += class.measure.runes / 2;
        !self.is_beyond_engine()
    }

    /// Whether a class was not kept.
    pub(super) fn is_beyond_engine(&self) -> bool {
        self.ranges > MOST_RANGES
    }

    /// Counts a node that enters the tree at a new place, and checks it.
    pub(super) fn enter(&mut self, node: &Node) -> Result<(), Reason> {
        self.runes += node.measure.runes;
        self.check(node)
    }

    /// Checks a node against all limits.
    pub(super) fn check(&mut self, node: &Node) -> Result<(), Reason> {
        if self.runes > MOST_RUNES {
            return Err(Reason::TooLarge);
        }
        if self.counts_instructions(node) && node.measure.instructions > MOST_INSTRUCTIONS {
            return Err(Reason::TooLarge);
        }
        if node.measure.height > MOST_LEVELS {
            return Err(Reason::NestsTooDeeply);
        }
        Ok(())
    }

    /// Go counts instructions only once nodes times repetitions, wherever they are, could be too many.
    fn counts_instructions(&mut self, node: &Node) -> bool {
        if !self.counts_instructions {
            if let Kind::Repeat { min, max, .. } = node.kind {
                let copies = u64::from(max.unwrap_or(min).max(1));
                self.repeats = (self.repeats * copies).min(MOST_INSTRUCTIONS);
            }
            self.counts_instructions = self.most_nodes >= MOST_INSTRUCTIONS / self.repeats;
        }
        self.counts_instructions
    }
}
