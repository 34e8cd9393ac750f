//! What a `.sops.yaml` calls the keys: by anchors (`- &alice age1…`), and by comments.

use super::keys::RuleKey;
use crate::document::yaml::decode::{Anchored, Value};
use crate::keys::Recipient;
use crate::sops::{KeyKind, KeyNames};
use crate::source::Span;

/// A key that has a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    /// The name by which keys are compared.
    pub(crate) canonical: String,
    pub(crate) source: NameSource,
    /// Where the name stands.
    pub(crate) span: Span,
    /// What it is called. It is the user's text.
    pub(crate) name: String,
    /// The key as reports may print it.
    pub(crate) shown: String,
}

/// Where a name is from, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NameSource {
    Anchor,
    /// A comment behind the key.
    Comment,
    /// A comment on the line above.
    CommentAbove,
}

/// The longest name, in characters.
const MAX_NAME: usize = 80;

/// The names that anchors give.
pub(super) fn anchored(text: &str, anchored: &[Anchored<'_>]) -> Vec<Named> {
    let mut names = Vec::new();
    for scalar in anchored {
        let Some(kind) = kind(&scalar.text) else {
            continue;
        };
        let key = KeyNames::new(kind, &scalar.text, &[], "");
        comments(text, scalar.span, &key, &mut names);
        names.push(Named {
            canonical: key.canonical,
            source: NameSource::Anchor,
            span: scalar.span,
            name: scalar.name.to_owned(),
            shown: key.shown,
        });
    }
    names
}

/// The kind of key that a text is by itself, where it is one.
fn kind(text: &str) -> Option<KeyKind> {
    let text = text.trim();
    let digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
    if Recipient::parse(text).flaw().is_none() {
        Some(KeyKind::Age)
    } else if digits == text.replace(' ', "").len() && matches!(digits, 16 | 40) {
        Some(KeyKind::Pgp)
    } else if text.starts_with("arn:") {
        Some(KeyKind::Kms)
    } else {
        None
    }
}

/// The names that comments give a key which stands alone in its scalar: at the alias that leads to
/// it, and at its text.
pub(super) fn by_comment(text: &str, value: &Value, key: &RuleKey, names: &mut Vec<Named>) {
    comments(text, value.at, &key.names, names);
    if value.at != value.span {
        comments(text, value.span, &key.names, names);
    }
}

fn comments(text: &str, span: Span, key: &KeyNames, names: &mut Vec<Named>) {
    let found = [
        (NameSource::Comment, behind(text, span)),
        (NameSource::CommentAbove, above(text, span)),
    ];
    for (source, found) in found {
        let Some((name, span)) = found.and_then(|at| name_of(text, at)) else {
            continue;
        };
        names.push(Named {
            canonical: key.canonical.clone(),
            source,
            span,
            name,
            shown: key.shown.clone(),
        });
    }
}

/// Where the comment behind a scalar begins, on its line.
fn behind(text: &str, span: Span) -> Option<usize> {
    let rest = text.get(span.end()..)?;
    let line = rest.lines().next()?;
    let before = line.find('#')?;
    let between = line.get(..before)?;
    let is_apart = between.ends_with([' ', '\t']);
    let closes = between.trim().chars().all(|c| ",]}'\"".contains(c));
    let is_alone = !between.contains([']', '}']) || opens_alone(text, span);
    (is_apart && closes && is_alone).then_some(span.end() + before)
}

/// Whether nothing stands before a scalar in its flow list.
fn opens_alone(text: &str, span: Span) -> bool {
    let line = text
        .get(..span.start())
        .and_then(|before| before.lines().next_back());
    line.is_some_and(|line| line.trim_end_matches([' ', '"', '\'']).ends_with('['))
}

/// Where the comment on the line above a scalar's begins.
fn above(text: &str, span: Span) -> Option<usize> {
    let before = text.get(..span.start())?;
    let line = before.rfind('\n')?;
    let own = before.get(line + 1..)?;
    // Only an item of a block list, or a field: nothing else begins the line.
    let begins = own.trim_start();
    let starts_item = begins.is_empty() || begins.starts_with("- ") || begins.starts_with('&');
    let previous = before.get(..line)?;
    let start = previous.rfind('\n').map_or(0, |at| at + 1);
    let comment = previous.get(start..)?;
    let indent = comment.len() - comment.trim_start().len();
    let own_indent = own.len() - begins.len();
    (starts_item && comment.trim_start().starts_with('#') && indent == own_indent)
        .then_some(start + indent)
}

/// What a comment says, where that can be a name.
fn name_of(text: &str, at: usize) -> Option<(String, Span)> {
    let line = text.get(at..)?.lines().next()?;
    let name = line.trim_start_matches('#').trim();
    let is_key = [
        "age1",
        "AGE-SECRET",
        "AGE-PLUGIN",
        "PRIVATE KEY",
        "ssh-",
        "arn:",
    ]
    .iter()
    .any(|mark| name.contains(mark));
    let is_text = !name.is_empty()
        && name.chars().count() <= MAX_NAME
        && !name.starts_with(['-', '&', '*'])
        && !name.ends_with(':')
        && !name.chars().any(char::is_control);
    (is_text && !is_key).then(|| (name.to_owned(), Span::new(at, at + line.len())))
}

/// Sorts the names by key, the surest first, each once.
pub(super) fn settle(names: &mut Vec<Named>) {
    names.sort_unstable();
    names.dedup();
}
