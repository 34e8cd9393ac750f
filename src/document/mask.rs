//! What may be shown of a document: its keys, never its values and comments.

use super::{Comment, Document, Entry, Item, Value};
use crate::source::{Part, PartKind, Span};

/// The places of the document's keys, and those of all values and comments, which are hidden; sorted,
/// as [`Masked`](crate::source::Masked) wants them.
pub(crate) fn parts(document: &Document<'_>) -> Vec<Part> {
    let tree = document.tree();
    // Each root has a scalar of its span beside it, a placeholder.
    let roots: Vec<Span> = tree
        .branches()
        .iter()
        .map(|root| tree.node(*root).span)
        .collect();
    let mut parts = Vec::new();
    let mut add = |span: Span, kind: PartKind| parts.push(Part { span, kind });
    let hide = |comment: &Comment<'_>| (comment.span, PartKind::Hidden);
    for node in tree.nodes() {
        match &node.value {
            Value::Scalar(_) if roots.contains(&node.span) => {}
            Value::Scalar(_) | Value::Alias(_) => add(node.span, PartKind::Hidden),
            Value::Map(entries) => {
                for entry in entries {
                    let (span, kind) = match entry {
                        Entry::Pair(pair) => (pair.key.span, PartKind::Key),
                        Entry::Comment(comment) => hide(comment),
                    };
                    add(span, kind);
                }
            }
            Value::List(items) => {
                for item in items {
                    if let Item::Comment(comment) = item {
                        let (span, kind) = hide(comment);
                        add(span, kind);
                    }
                }
            }
        }
    }
    parts.retain(|part| part.span.start() < part.span.end());
    parts.sort_unstable();
    parts
}
