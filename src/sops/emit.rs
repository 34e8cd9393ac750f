//! What sops must be able to write once all values are open, or `sops decrypt` fails at its end.
//!
//! Each format has a printer of its own, with limits and bugs of its own.

use super::SopsFile;
use super::comment::Emitted;
use super::enc::{Token, ValueType};
use super::problem::{ProblemKind, Undecryptable, Unreadable};
use super::walk::Visit;
use crate::document::{Comment, Format, KeyPath, Scalar, Value};
use crate::source::Span;

/// The key that holds the content of a binary file.
pub(super) const CONTENT: &str = "data";

/// Whether sops can write a value of this type, given as the bytes that it hashes.
pub(super) fn value(format: Format, kind: ValueType, bytes: &[u8]) -> Result<(), Undecryptable> {
    let is_finite = !matches!(bytes, b"NaN" | b"+Inf" | b"-Inf");
    match (format, kind) {
        (Format::Json, ValueType::Float) if !is_finite => Err(Undecryptable::NotFinite),
        _ => Ok(()),
    }
}

/// Whether sops can write the opened comment; `cut` is set where that hangs on what follows.
pub(super) fn comment(
    format: Format,
    text: &[u8],
    visit: &Visit<'_, '_>,
    span: Span,
    cut: &mut Option<(Span, KeyPath)>,
) -> Result<(), ProblemKind> {
    match (format, Emitted::of(text)) {
        (Format::Ini, _) if has_empty_line(text) => Err(Unreadable::EmptyCommentLine.into()),
        (Format::Yaml, Emitted::Broken) => Err(Undecryptable::CommentNotText.into()),
        (Format::Yaml, Emitted::Cut) => {
            *cut = Some((span, KeyPath::new(visit.path.iter().copied())));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Whether sops can write a comment that stays as it stands in the file.
pub(super) fn clear_comment(format: Format, comment: &Comment<'_>) -> Result<(), ProblemKind> {
    if format == Format::Ini && has_empty_line(&comment.text) {
        return Err(Unreadable::EmptyCommentLine.into());
    }
    Ok(())
}

/// Whether sops can write the content of a binary file: it is the value of the first `data`, which
/// must be a string once it is opened.
pub(super) fn content(file: &SopsFile<'_>) -> Result<(), (ProblemKind, Option<Span>)> {
    if file.format() != Format::Binary {
        return Ok(());
    }
    let lacks = |span| Err((Unreadable::NoContent.into(), span));
    let (tree, selectors) = (file.tree(), file.selectors());
    let branch = tree.branches().first();
    let Some(pair) = branch.and_then(|branch| tree.pair(*branch, CONTENT)) else {
        return lacks(None);
    };
    let Value::Scalar(Scalar::Str(text)) = &tree.node(pair.value).value else {
        return lacks(Some(pair.key.span));
    };
    // There are no comments in JSON that could match.
    let matched = !selectors.looks_at_comments() && selectors.matches(CONTENT.as_bytes());
    let token = Token::parse(text).filter(|_| selectors.select(matched));
    match token.map(|token| token.value_type()) {
        None | Some(Some(ValueType::Str)) => Ok(()),
        Some(_) => lacks(Some(pair.key.span)),
    }
}

/// Whether one of the lines is empty. sops's printer for ini files looks at the first character of
/// each, whether it is there or not.
fn has_empty_line(comment: &[u8]) -> bool {
    let mut lines = comment.split(|byte| *byte == b'\n');
    !comment.is_empty() && lines.any(<[u8]>::is_empty)
}
