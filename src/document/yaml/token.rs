//! The tokens of YAML 1.1.

use std::borrow::Cow;

use super::cursor::Mark;
use crate::source::Span;

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

    pub(super) fn span(&self) -> Span {
        Span::new(self.start.at(), self.end)
    }
}

/// What of a token's kind decides the grammar.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    StreamEnd,
    Directive,
    DocumentStart,
    DocumentEnd,
    BlockSequence,
    BlockMapping,
    BlockEnd,
    FlowSequence,
    FlowSequenceEnd,
    FlowMapping,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias,
    Property,
    Scalar,
}

impl Kind<'_> {
    /// What the grammar goes by.
    pub(super) fn next(&self) -> Next {
        match self {
            Kind::StreamEnd => Next::StreamEnd,
            Kind::VersionDirective { .. } | Kind::TagDirective { .. } => Next::Directive,
            Kind::DocumentStart => Next::DocumentStart,
            Kind::DocumentEnd => Next::DocumentEnd,
            Kind::BlockSequenceStart => Next::BlockSequence,
            Kind::BlockMappingStart => Next::BlockMapping,
            Kind::StreamStart | Kind::BlockEnd => Next::BlockEnd,
            Kind::FlowSequenceStart => Next::FlowSequence,
            Kind::FlowSequenceEnd => Next::FlowSequenceEnd,
            Kind::FlowMappingStart => Next::FlowMapping,
            Kind::FlowMappingEnd => Next::FlowMappingEnd,
            Kind::BlockEntry => Next::BlockEntry,
            Kind::FlowEntry => Next::FlowEntry,
            Kind::Key => Next::Key,
            Kind::Value => Next::Value,
            Kind::Alias(_) => Next::Alias,
            Kind::Anchor(_) | Kind::Tag { .. } => Next::Property,
            Kind::Scalar { .. } => Next::Scalar,
        }
    }
}
