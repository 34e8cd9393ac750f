//! Why a pattern was refused, and where.

use std::ops::Range;

/// A pattern that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct Error {
    reason: Reason,
    span: Range<usize>,
}

impl Error {
    pub(super) fn new(reason: Reason, span: Range<usize>) -> Self {
        Self { reason, span }
    }

    /// What is wrong.
    #[cfg(test)]
    pub(crate) fn reason(&self) -> Reason {
        self.reason
    }

    /// The bytes of the pattern that the reason is about, on character boundaries.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Whether Go refuses the pattern too, so that sops takes it as matching nothing.
    pub(crate) fn is_go_error(&self) -> bool {
        self.reason != Reason::BeyondEngine
    }
}

/// What is wrong with a pattern; displayed in Go's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Reason {
    /// A range such as `z-a`, or a name of no class such as `\p{Gibberish}` and `[:letter:]`.
    #[error("invalid character class range")]
    InvalidClassRange,
    /// An escape that means nothing, such as `\Z` or `\1`.
    #[error("invalid escape sequence")]
    InvalidEscape,
    /// A group's name that is empty, not closed by `>`, or not of `[A-Za-z0-9_]`.
    #[error("invalid named capture")]
    InvalidNamedCapture,
    /// A group that begins with `(?` but is none that Go knows, such as `(?=a)`.
    #[error("invalid or unsupported Perl syntax")]
    InvalidPerlSyntax,
    /// Two repetitions in a row, such as `a**`.
    #[error("invalid nested repetition operator")]
    NestedRepeat,
    /// More than 1,000 repetitions, also by nesting, or a range such as `{2,1}`.
    #[error("invalid repeat count")]
    InvalidRepeatCount,
    /// A class without its `]`.
    #[error("missing closing ]")]
    MissingBracket,
    /// A group without its `)`.
    #[error("missing closing )")]
    MissingParen,
    /// A repetition of nothing, such as `*a` or `(+)`.
    #[error("missing argument to repetition operator")]
    MissingRepeatArgument,
    /// A pattern that ends in a backslash.
    #[error("trailing backslash at end of expression")]
    TrailingBackslash,
    /// A `)` without its group.
    #[error("unexpected )")]
    UnexpectedParen,
    /// More than 1,000 levels.
    #[error("expression nests too deeply")]
    NestsTooDeeply,
    /// More than 128 MiB of program or of class ranges, by Go's count.
    #[error("expression too large")]
    TooLarge,
    /// Go accepts it, but it would need more memory than is granted here.
    #[error("expression needs too much memory")]
    BeyondEngine,
}
