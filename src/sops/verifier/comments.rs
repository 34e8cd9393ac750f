//! The stops at comments: what opens, what stays as it stands, and what sops crashes on.

use sha2::Digest;

use super::Verifier;
use crate::document::Comment;
use crate::sops::enc::{Decoded, Token, ValueType, looks_like_token};
use crate::sops::plaintext::mac_bytes;
use crate::sops::problem::{
    MAX_PROBLEMS, MalformedCiphertext, Problem, ProblemKind, Undecryptable,
};
use crate::sops::walk::Visit;
use crate::sops::{emit, go};

impl Verifier<'_> {
    /// A comment that does not open is one in clear. One that opens to something else than a
    /// comment enters the MAC like a value; in a map sops can then only put a string in its place.
    pub(super) fn comment(
        &mut self,
        visit: &Visit<'_, '_>,
        comment: &Comment<'_>,
    ) -> Result<(), ProblemKind> {
        let format = self.format;
        let stays_clear = || emit::clear_comment(format, comment);
        if !visit.selected {
            self.unselected(visit, &comment.text, comment.span);
            return stays_clear();
        }
        if visit.via.is_empty() && says_something(&comment.text) {
            self.comments.note(visit, comment);
        }
        let Some(token) = Token::parse(&comment.text) else {
            return stays_clear();
        };
        let Some(kind) = token.value_type() else {
            return stays_clear();
        };
        let is_opened = self.affords(visit.aad);
        let Some(cipher) = self.cipher.as_ref().filter(|_| is_opened) else {
            return Ok(());
        };
        if token.decode(&mut self.decoded).is_err() {
            return stays_clear();
        }
        let Decoded { iv, sealed } = &mut self.decoded;
        let Ok(plaintext) = cipher.open(iv, visit.aad, sealed) else {
            return stays_clear();
        };
        // In a list a string takes the place of the comment, and is written as one.
        if kind == ValueType::Comment || kind == ValueType::Str && !visit.in_list {
            let cut = &mut self.cut_comment;
            emit::comment(format, plaintext, visit, comment.span, cut)?;
        }
        let declared = kind.name();
        match (kind, mac_bytes(kind, plaintext, &mut self.scratch)) {
            (ValueType::Bytes, _) => return Err(MalformedCiphertext::BytesType.into()),
            // A time whose zone sops reads and cannot write; anything else that is not of its type
            // is a comment in clear.
            (ValueType::Time, None) if go::Time::parse(plaintext).is_some() => {
                return Err(Undecryptable::NotOfItsType { declared }.into());
            }
            (_, None) => return stays_clear(),
            (ValueType::Comment, Some(_)) => {}
            (_, Some(_)) if kind != ValueType::Str && !visit.in_list => {
                return Err(Undecryptable::CommentOfOtherType { declared }.into());
            }
            (_, Some(bytes)) => self.hash.update(bytes),
        }
        Ok(())
    }

    /// Decides on a comment that ends within a character, now that it is known what follows it.
    pub(super) fn end_cut_comment(&mut self, another_follows: bool) {
        let Some((span, path)) = self.cut_comment.take() else {
            return;
        };
        if another_follows {
            self.inspection.unsupported = Some("a comment that ends within a character".to_owned());
        } else if self.inspection.problems.len() < MAX_PROBLEMS {
            let kind = Undecryptable::CommentNotText.into();
            let span = Some(span);
            self.inspection.problems.push(Problem { kind, span, path });
        }
    }
}

/// Whether some of a comment is in clear. The comment of an ini file can be several lines, of which
/// the first alone may be a token.
fn says_something(comment: &[u8]) -> bool {
    let is_mark = |byte: &u8| matches!(byte, b' ' | b'#' | b';');
    let is_clear = |line: &[u8]| {
        let marks = line.iter().take_while(|byte| is_mark(byte)).count();
        !line.trim_ascii().is_empty() && !looks_like_token(line.get(marks..).unwrap_or_default())
    };
    comment.split(|byte| *byte == b'\n').any(is_clear)
}
