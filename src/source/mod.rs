//! The text of one input and places in it.
//!
//! A [`Source`] is read once and never changes; everything above it speaks in byte [`Span`]s of its
//! text, and turns them into lines and columns only to tell a user where something is. [`Edits`]
//! are the one way from an old text to a new one.

mod conflicts;
mod edits;
mod encoding;
mod id;
mod lines;
mod masked;
mod span;

pub(crate) use conflicts::{
    Blank, Conflict, Side, find as find_conflicts, side as side_of_conflicts,
};
pub(crate) use edits::{EditError, Edits};
pub(crate) use id::SourceId;
pub(crate) use lines::LineIndex;
pub use lines::Position;
pub(crate) use masked::{Masked, Part, PartKind, is_plain_key};
pub(crate) use span::Span;

use std::ops::Range;
use std::sync::OnceLock;

/// One input: where it came from and its text.
///
/// The text is the input decoded to UTF-8, byte for byte where it was UTF-8 already; a byte order
/// mark is part of it. Offsets everywhere are byte offsets into this text. There is no `Debug`: a
/// text can hold plaintext.
pub(crate) struct Source {
    id: SourceId,
    text: String,
    /// Whether the text is the input byte for byte.
    is_verbatim: bool,
    /// The input, where some of its bytes are no text and the text has `?` in their places.
    raw: Option<Vec<u8>>,
    lines: OnceLock<LineIndex>,
}

/// Why bytes could not become a [`Source`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum DecodeError {
    /// The bytes are neither UTF-8 nor UTF-16 with a byte order mark; here they stop being it.
    #[error("not valid UTF-8")]
    NotText { position: Position },
    /// The input is larger than spans can address.
    #[error("larger than {limit} bytes")]
    TooLarge { limit: usize },
}

/// The largest input that is read, in bytes: spans hold 32-bit offsets.
pub(crate) const MAX_LEN: usize = 1 << 30;

impl Source {
    /// Takes `bytes` as the text of `id`: UTF-8, or UTF-16 where they begin with its byte order
    /// mark, as yaml.v3 does.
    ///
    /// # Errors
    /// [`DecodeError`] where the bytes are no such text or more than [`MAX_LEN`].
    pub(crate) fn decode(id: SourceId, bytes: Vec<u8>) -> Result<Self, DecodeError> {
        if bytes.len() > MAX_LEN {
            return Err(DecodeError::TooLarge { limit: MAX_LEN });
        }
        let not_text = |valid: String| {
            let position = LineIndex::new(&valid).position(&valid, valid.len());
            DecodeError::NotText { position }
        };
        let (text, is_verbatim) = match encoding::utf16(&bytes) {
            Some(text) => (text.map_err(not_text)?, false),
            None => (encoding::utf8(bytes).map_err(not_text)?, true),
        };
        let lines = OnceLock::new();
        Ok(Self {
            id,
            text,
            is_verbatim,
            raw: None,
            lines,
        })
    }

    /// Takes any `bytes`. Where some are not UTF-8, `?` stands for each of them in the text, and
    /// [`bytes`](Self::bytes) has them; offsets are the same in both.
    ///
    /// # Errors
    /// [`DecodeError::TooLarge`] where there are more than [`MAX_LEN`].
    pub(crate) fn of_bytes(id: SourceId, bytes: Vec<u8>) -> Result<Self, DecodeError> {
        if bytes.len() > MAX_LEN {
            return Err(DecodeError::TooLarge { limit: MAX_LEN });
        }
        let (text, raw) = match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => (
                encoding::legible(error.as_bytes()),
                Some(error.into_bytes()),
            ),
        };
        let lines = OnceLock::new();
        Ok(Self {
            id,
            text,
            is_verbatim: raw.is_none(),
            raw,
            lines,
        })
    }

    /// The input's bytes, at the offsets of the text; the text's own where that was decoded.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or(self.text.as_bytes())
    }

    /// Whether the text is the input byte for byte, so that splices of it are splices of the input.
    pub(crate) fn is_verbatim(&self) -> bool {
        self.is_verbatim
    }

    /// Where the text came from.
    pub(crate) fn id(&self) -> &SourceId {
        &self.id
    }

    /// The whole text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The whole text, for who is done with the source.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// The line and column of a byte offset; an offset past the end or inside a character is
    /// rounded down.
    pub(crate) fn position(&self, offset: usize) -> Position {
        self.lines().position(&self.text, offset)
    }

    /// The bytes of the line of this number, from 1, its end included; `None` where there is none.
    pub(crate) fn line(&self, number: usize) -> Option<Range<usize>> {
        self.lines().line(number, self.text.len())
    }

    fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }
}
