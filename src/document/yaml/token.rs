//! The tokens of YAML 1.1.

use std::borrow::Cow;

use super::cursor::Mark;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
    Folded,
}

pub(super) struct Token<'s> {
    pub(super) kind: Kind<'s>,
    pub(super) start: Mark,
    /// The offset after the token's last byte.
    pub(super) end: usize,
}

pub(super) enum Kind<'s> {
    StreamStart,
    StreamEnd,
    VersionDirective {
        is_1_1: bool,
    },
    TagDirective {
        handle: &'s str,
        prefix: Cow<'s, str>,
    },
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'s str),
    Anchor(&'s str),
    Tag {
        handle: &'s str,
        suffix: Cow<'s, str>,
    },
    Scalar {
        text: Cow<'s, str>,
        style: Style,
    },
}

impl Token<'_> {
    /// A token that stands for no text of its own.
    pub(super) fn zero_width<'s>(kind: Kind<'s>, at: Mark) -> Token<'s> {
        Token {
            kind,
            start: at,
            end: at.at(),
        }
    }
}
