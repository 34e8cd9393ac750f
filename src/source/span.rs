//! A range of bytes in a source.

use std::ops::Range;

/// A half-open range of byte offsets into a [`Source`](super::Source)'s text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// The span from `start` to `end`, which are offsets into a source and so fit 32 bits.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end, "a span runs forward");
        let clamp = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Self {
            start: clamp(start),
            end: clamp(end),
        }
    }

    /// The offset of the first byte.
    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    /// The offset after the last byte.
    pub(crate) fn end(self) -> usize {
        self.end as usize
    }

    /// The offsets as a range.
    pub(crate) fn range(self) -> Range<usize> {
        self.start()..self.end()
    }

    /// Whether another span lies within.
    pub(crate) fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}
