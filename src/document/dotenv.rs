//! Dotenv files exactly as sops's dotenv store reads them: no quotes, no expansion, no `export`.
//!
//! Lines end at a line feed and nowhere else. The two characters `\n` in a value stand for a line
//! feed. The metadata are the keys that begin with `sops_`, flattened.

use std::borrow::Cow;

use super::flat::{self, Flat};
use super::syntax::Error;
use super::tree::{Comment, Entry, Key, METADATA_KEY, NodeId, Pair, Scalar, Tree, Value};
use crate::source::Span;

/// What the keys of the metadata begin with.
pub(super) const PREFIX: &str = "sops_";

/// Reads `bytes` as sops's dotenv store does.
///
/// # Errors
/// Where sops would not load them: a line without `=`, or metadata that contradict themselves.
pub(super) fn load(bytes: &[u8]) -> Result<Tree<'_>, Error> {
    let mut tree = Tree::default();
    let mut entries = Vec::new();
    let mut metadata = Vec::new();
    let mut start = 0;
    for line in bytes.split(|&byte| byte == b'\n') {
        let end = start + line.len();
        match line.first() {
            None => {}
            Some(b'#') => entries.push(Entry::Comment(Comment {
                text: Cow::Borrowed(line.get(1..).unwrap_or_default()),
                span: Span::new(start, end),
                inline: false,
            })),
            Some(_) => {
                let (name, pair) = pair(&mut tree, line, start)?;
                match name.strip_prefix(PREFIX.as_bytes()) {
                    Some(name) => metadata.push(Flat {
                        name: Cow::Borrowed(name),
                        span: pair.key.span,
                        value: pair.value,
                    }),
                    None => entries.push(Entry::Pair(pair)),
                }
            }
        }
        start = end + 1;
    }
    let metadata = unflattened(&mut tree, metadata)?;
    tree.set_metadata(metadata);
    let root = tree.add(Span::new(0, bytes.len()), Value::Map(entries));
    tree.add_branch(root);
    Ok(tree)
}

/// Reads `KEY=VALUE`, the line at `start`.
fn pair<'s>(
    tree: &mut Tree<'s>,
    line: &'s [u8],
    start: usize,
) -> Result<(&'s [u8], Pair<'s>), Error> {
    let end = start + line.len();
    let Some(equals) = line.iter().position(|&byte| byte == b'=') else {
        return Err(Error::on("the line has no `=`", Span::new(start, end)));
    };
    let (name, value) = line.split_at(equals);
    let value = with_line_feeds(value.get(1..).unwrap_or_default());
    let span = Span::new(start + equals + 1, end);
    let value = tree.add(span, Value::Scalar(Scalar::Str(value)));
    let key = Key {
        name: Scalar::Str(Cow::Borrowed(name)),
        span: Span::new(start, start + equals),
    };
    Ok((name, Pair { key, value }))
}

/// The metadata as the pair that they are in other formats; its key's place is that of the first.
fn unflattened<'s>(
    tree: &mut Tree<'s>,
    metadata: Vec<Flat<'s>>,
) -> Result<Option<Pair<'s>>, Error> {
    let Some(span) = metadata.first().map(|first| first.span) else {
        return Ok(None);
    };
    let entries = flat::unflatten(tree, metadata)?;
    let value: NodeId = tree.add(span, Value::Map(entries));
    let name = Scalar::Str(Cow::Borrowed(METADATA_KEY.as_bytes()));
    let key = Key { name, span };
    Ok(Some(Pair { key, value }))
}

/// A value with line feeds in the place of `\n`.
pub(super) fn with_line_feeds(value: &[u8]) -> Cow<'_, [u8]> {
    let is_escape = |pair: &[u8]| pair == b"\\n";
    if !value.windows(2).any(is_escape) {
        return Cow::Borrowed(value);
    }
    let mut text = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&first, others)) = rest.split_first() {
        rest = match others.split_first() {
            Some((b'n', behind)) if first == b'\\' => {
                text.push(b'\n');
                behind
            }
            _ => {
                text.push(first);
                others
            }
        };
    }
    Cow::Owned(text)
}

/// Spells `value` for a place behind a `=`; none where it holds the two characters that stand for a
/// line feed.
pub(super) fn spell(value: &str) -> Option<String> {
    (!value.contains("\\n")).then(|| value.replace('\n', "\\n"))
}
