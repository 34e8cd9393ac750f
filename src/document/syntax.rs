//! What a reader of any format says of a text that sops would not load.

use crate::source::Span;

/// Why sops would not load a text.
///
/// The message says what was found in the grammar's words and never quotes the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Error {
    message: &'static str,
    span: Span,
    /// The place that the message refers to besides.
    related: Option<Span>,
}

impl Error {
    /// A complaint about what stands at `offset`, or is missing there.
    pub(super) fn at(message: &'static str, offset: usize) -> Self {
        Self::on(message, Span::new(offset, offset))
    }

    /// A complaint about a part of the text.
    pub(super) fn on(message: &'static str, span: Span) -> Self {
        Self {
            message,
            span,
            related: None,
        }
    }

    /// A key that stood before, at `first`.
    pub(super) fn repeated_key(span: Span, first: Span) -> Self {
        let message = "the key is already defined in this mapping";
        Self {
            message,
            span,
            related: Some(first),
        }
    }

    /// Where the reader stopped: for a wrong value the value, else an empty span.
    pub(crate) fn span(&self) -> Span {
        self.span
    }

    /// Of a repeated key, where it stands first; nothing else has such a place.
    pub(crate) fn related(&self) -> Option<Span> {
        self.related
    }
}
