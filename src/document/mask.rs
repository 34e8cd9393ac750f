//! What may be shown of a document: its keys, never its values and comments.

use super::{Comment, Document, Entry, Item, Value};
use crate::source::{Part, PartKind, Span};

/// The places of the document's keys, and those of all values and comments, which are hidden; sorted,
/// as [`Masked`](crate::source::Masked) wants them.
pub(crate) fn parts(document: &Document<'_>) -> Vec<Part> {
    let tree = document.tree();
    // Each root has a scalar of its span beside it, a placeholder.
    let mut roots: Vec<Span> = tree
        .branches()
        .iter()
        .map(|root| tree.node(*root).span)
        .collect();
    roots.sort_unstable();
    let mut parts = Vec::new();
    let mut add = |span: Span, kind: PartKind| parts.push(Part { span, kind });
    let hide = |comment: &Comment<'_>| (comment.span, PartKind::Hidden);
    for node in tree.nodes() {
        match &node.value {
            Value::Scalar(_) if roots.binary_search(&node.span).is_ok() => {}
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::Path;

    use super::*;
    use crate::document::{Format, Scalar};
    use crate::source::{Masked, Source, SourceId};

    const MASK: &str = "********";

    /// Every line of the text as it may be shown, and the keys that the text has.
    fn shown(text: &str) -> Option<(Vec<String>, HashSet<String>)> {
        let id = SourceId::Stdin("x.yaml".into());
        let source = Source::decode(id, text.as_bytes().to_vec()).ok()?;
        let document = Document::parse(&source, Format::Yaml).ok()?;
        let parts = parts(&document);
        let masked = Masked::new(&source, &parts);
        let lines = (1..).map_while(|number| masked.line_of_problem(number));
        let lines = lines.map(|line| line.text).collect();
        let tree = document.tree();
        let entries = tree.nodes().flat_map(|node| match &node.value {
            Value::Map(entries) => entries.as_slice(),
            _ => &[],
        });
        let keys = entries.filter_map(|entry| match entry {
            Entry::Pair(pair) => Some(match &pair.key.name {
                Scalar::Str(key) => String::from_utf8_lossy(key).into_owned(),
                _ => text.get(pair.key.span.range())?.to_owned(),
            }),
            Entry::Comment(_) => None,
        });
        Some((lines, keys.collect()))
    }

    #[test]
    fn of_any_document_only_keys_and_structure_are_shown() {
        let mut checked = 0;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/yaml");
        for file in ["pitfalls", "comments", "fuzz", "regressions"] {
            let text = crate::fs::read(&folder.join(format!("{file}.jsonl")), 64 << 20).unwrap();
            for line in String::from_utf8(text).unwrap().lines() {
                let case: serde_json::Value = serde_json::from_str(line).unwrap();
                let yaml = case["yaml"].as_str().unwrap_or_default();
                let Some((lines, keys)) = shown(yaml) else {
                    continue;
                };
                for line in lines {
                    let rest = line.replace(MASK, " ");
                    let words = rest.split([' ', ',', '[', ']', '{', '}', ':', '?']);
                    for word in words.filter(|word| word.chars().any(|c| c != '-')) {
                        checked += 1;
                        assert!(keys.contains(word), "{word:?} of {line:?} in {yaml:?}");
                    }
                }
            }
        }
        assert!(checked > 3_000, "{checked}");
    }

    #[test]
    fn a_pasted_password_is_neither_shown_nor_measured() {
        let text = |value: &str| format!("a: {value}\nb: |\n  {value}\n# {value}\nc: [{value}]\n");
        let (short, _) = shown(&text("x")).unwrap();
        let (long, _) = shown(&text("hunter2-and-more")).unwrap();
        assert_eq!(short, long);
        assert_eq!(
            short.join("\n"),
            "a: ********\nb: ********\n********\n********\nc: [********]"
        );
    }
}
