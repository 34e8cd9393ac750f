//! Keys that their object, or their dotenv file, has already.
//!
//! sops's stores for JSON and dotenv keep every pair of a name, encrypt each and write them back, and
//! what uses the file takes one of them. An ini file's reader keeps the last, so that it tells by
//! itself what is lost.

use std::collections::HashMap;

use super::{Entry, Item, KeyPath, NodeId, RepeatedKey, Scalar, Tree, Value};
use crate::source::Span;

/// The most repeated keys that are told of one text.
pub(super) const MAX_REPEATED: usize = 1_000;

/// The deepest that maps and lists are looked into.
const MAX_DEPTH: usize = 100;

/// Finds the repeated keys of all maps, in the order of the text.
pub(super) fn find(tree: &Tree<'_>) -> Vec<RepeatedKey> {
    let mut found = Vec::new();
    let mut path = Vec::new();
    for branch in tree.branches() {
        find_below(tree, *branch, 0, &mut path, &mut found);
    }
    found.sort_by_key(|key: &RepeatedKey| key.span);
    found.truncate(MAX_REPEATED);
    found
}

fn find_below<'t>(
    tree: &'t Tree<'_>,
    node: NodeId,
    depth: usize,
    path: &mut Vec<&'t [u8]>,
    found: &mut Vec<RepeatedKey>,
) {
    if depth > MAX_DEPTH || found.len() >= MAX_REPEATED {
        return;
    }
    match &tree.node(node).value {
        Value::Map(entries) => {
            let mut seen: HashMap<&[u8], Span> = HashMap::new();
            for entry in entries {
                let Entry::Pair(pair) = entry else { continue };
                let Scalar::Str(name) = &pair.key.name else {
                    continue;
                };
                path.push(name);
                let first = *seen.entry(name).or_insert(pair.key.span);
                if first != pair.key.span {
                    found.push(RepeatedKey {
                        span: pair.key.span,
                        first,
                        path: KeyPath::new(path.iter().copied()),
                        in_first_document: true,
                    });
                }
                find_below(tree, pair.value, depth + 1, path, found);
                path.pop();
            }
        }
        Value::List(items) => {
            for item in items {
                if let Item::Value(value) = item {
                    find_below(tree, *value, depth + 1, path, found);
                }
            }
        }
        Value::Scalar(_) | Value::Alias(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crate::document::{Document, Format};
    use crate::source::{Source, SourceId};

    /// The repeated keys of a text: path, line, line of the first.
    fn found(format: Format, text: &str) -> Vec<String> {
        let id = SourceId::Stdin(PathBuf::from("x"));
        let source = Source::of_bytes(id, text.as_bytes().to_vec()).unwrap();
        let line = |offset| source.position(offset).line;
        let keys = Document::read(&source, format).repeated_keys;
        keys.iter()
            .map(|key| {
                let (at, first) = (line(key.span.start()), line(key.first.start()));
                format!("{} {at} {first}", key.path)
            })
            .collect()
    }

    #[test]
    fn every_repeated_key_is_found_with_the_first_of_its_name() {
        for (format, text, expected) in [
            (Format::Json, "{\"a\": 1,\n\"a\": 2}", vec!["a 2 1"]),
            (
                Format::Json,
                "{\"a\": [{\"b\": 1,\n\"\\u0062\": 2}]}",
                vec!["a.b 2 1"],
            ),
            (
                Format::Json,
                "{\"a\": {\"b\": 1}, \"b\": {\"b\": 1}}",
                vec![],
            ),
            (
                Format::Dotenv,
                "A=1\nB=2\nA=3\nA=4\n",
                vec!["A 3 1", "A 4 1"],
            ),
            (
                Format::Ini,
                "a=1\na=2\n[s]\na=1\n\na = 2\n",
                vec!["DEFAULT.a 2 1", "s.a 6 4"],
            ),
            (Format::Ini, "[s]\na=1\n[s]\na=2\n-=1\n-=2\n", vec![]),
        ] {
            assert_eq!(found(format, text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_thousand_are_told_of_however_many_there_are() {
        let text = "A=1\n".repeat(20_000);
        assert_eq!(found(Format::Dotenv, &text).len(), super::MAX_REPEATED);
        assert_eq!(found(Format::Ini, &text).len(), super::MAX_REPEATED);
        let deep = "{\"a\":".repeat(100_000);
        assert_eq!(found(Format::Json, &deep), Vec::<String>::new());
    }
}
