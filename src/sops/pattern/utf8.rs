//! Which bytes make up a name: UTF-8, and no line breaks in it.

/// Where a text is between two characters, or within one: as the table of well-formed sequences in the
/// Unicode standard has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Utf8 {
    Start,
    /// So many bytes follow.
    Tail(u8),
    /// The next byte is of this range, and so many follow it.
    Narrow(u8, u8, u8),
}

impl Utf8 {
    /// Where it is one byte further; none where no name goes on so.
    pub(super) fn next(self, byte: u8) -> Option<Self> {
        let tail = |left: u8| match left {
            0 => Self::Start,
            left => Self::Tail(left),
        };
        match self {
            Self::Start => match byte {
                b'\n' | 0 => None,
                0x01..=0x7F => Some(Self::Start),
                0xC2..=0xDF => Some(Self::Tail(1)),
                0xE0 => Some(Self::Narrow(0xA0, 0xBF, 1)),
                0xED => Some(Self::Narrow(0x80, 0x9F, 1)),
                0xE1..=0xEF => Some(Self::Tail(2)),
                0xF0 => Some(Self::Narrow(0x90, 0xBF, 2)),
                0xF1..=0xF3 => Some(Self::Tail(3)),
                0xF4 => Some(Self::Narrow(0x80, 0x8F, 2)),
                0x80..=0xC1 | 0xF5..=0xFF => None,
            },
            Self::Tail(left) => (0x80..=0xBF)
                .contains(&byte)
                .then(|| tail(left.saturating_sub(1))),
            Self::Narrow(low, high, left) => (low..=high).contains(&byte).then(|| tail(left)),
        }
    }

    /// Bytes of one class are alike here.
    pub(super) fn class(byte: u8) -> u8 {
        match byte {
            b'\n' | 0 => 0,
            0x01..=0x7F => 1,
            0x80..=0x8F => 2,
            0x90..=0x9F => 3,
            0xA0..=0xBF => 4,
            0xC2..=0xDF => 5,
            0xE0 => 6,
            0xED => 7,
            0xE1..=0xEF => 8,
            0xF0 => 9,
            0xF1..=0xF3 => 10,
            0xF4 => 11,
            0xC0 | 0xC1 | 0xF5..=0xFF => 12,
        }
    }
}
