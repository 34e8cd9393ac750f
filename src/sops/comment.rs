//! What sops makes of comments: the bytes with which it cannot write one, and the comments in clear
//! that it would have encrypted.

use super::walk::Visit;
use crate::document::{Comment, KeyPath};
use crate::source::Span;

/// The most comments that are told of one file.
const MAX_COMMENTS: usize = 1_000;

/// Lines of comment in clear, with nothing between them, where sops encrypts comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClearComment {
    /// The first line.
    pub(crate) span: Span,
    /// The keys that lead to what holds it.
    pub(crate) path: KeyPath,
    pub(crate) lines: usize,
}

/// The comments in clear, gathered stop by stop of a walk.
#[derive(Default)]
pub(super) struct ClearComments {
    found: Vec<ClearComment>,
    /// Whether the stop before this one was such a comment, and what led to it.
    follows_one: bool,
    aad: Vec<u8>,
    is_one: bool,
}

impl ClearComments {
    /// Goes on to the next stop.
    pub(super) fn next_stop(&mut self) {
        self.follows_one = std::mem::take(&mut self.is_one);
    }

    /// Takes the comment at this stop for one in clear, if it says anything.
    pub(super) fn note(&mut self, visit: &Visit<'_, '_>, comment: &Comment<'_>) {
        if comment.text.trim_ascii().is_empty() {
            return;
        }
        self.is_one = true;
        let continues = self.follows_one && !comment.inline && self.aad == visit.aad;
        if let Some(last) = self.found.last_mut().filter(|_| continues) {
            last.lines += 1;
            return;
        }
        self.aad.clear();
        self.aad.extend_from_slice(visit.aad);
        if self.found.len() < MAX_COMMENTS {
            self.found.push(ClearComment {
                span: comment.span,
                path: KeyPath::new(visit.path.iter().copied()),
                lines: 1,
            });
        }
    }

    pub(super) fn into_found(self) -> Vec<ClearComment> {
        self.found
    }
}

/// What sops's YAML emitter makes of a comment: it takes as many bytes for a character as the first
/// one says, and does not look at the others.
pub(super) enum Emitted {
    Whole,
    /// The last character lacks bytes.
    Cut,
    /// A byte that starts no character stands where one starts.
    Broken,
}

impl Emitted {
    pub(super) fn of(text: &[u8]) -> Self {
        let mut rest = text;
        while let Some(first) = rest.first() {
            let width = match first {
                0x00..=0x7F => 1,
                0xC0..=0xDF => 2,
                0xE0..=0xEF => 3,
                0xF0..=0xF7 => 4,
                0x80..=0xBF | 0xF8..=0xFF => return Self::Broken,
            };
            match rest.get(width..) {
                Some(behind) => rest = behind,
                None => return Self::Cut,
            }
        }
        Self::Whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Whether sops 3.13.3 decrypts a file with such a comment.
    #[test]
    fn knows_at_which_bytes_sops_crashes_in_a_comment() {
        let texts: &[(&[u8], bool)] = &[
            (b" a\xc3", false),
            (b" a\xc3x", true),
            (b" \xc3\xa9", true),
            (b"\xe2\x80", false),
            (b"\xe2\x80\xa8", true),
            (b"\xe2ab", true),
            (b"\xf0\x9f\x98", false),
            (b"\xf0\x9f\x98\x80", true),
            (b"\xf4\xff\xff\xff", true),
            (b"\xf7abc", true),
            (b"\xf8abcdef", false),
            (b"\x80", false),
            (b"a\xbfb", false),
            (b"\xc0a", true),
            (b"\xc2", false),
            (b"\xed\xa0\x80", true),
            (b"\xc3\xff", true),
            (b"", true),
            (b"a\nb\xe0", false),
        ];
        for (text, decrypts) in texts {
            assert_eq!(
                matches!(Emitted::of(text), Emitted::Whole),
                *decrypts,
                "{text:x?}"
            );
        }
    }
}
