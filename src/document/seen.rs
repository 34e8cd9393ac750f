//! A tree in the notation of the recorded vectors, for tests of the readers.

use super::{Comment, Entry, Item, NodeId, Scalar, Tree, Value};

/// What sops sees in a document: `DOC`, then a line for each leaf and comment; `None` where it would
/// stop at a leaf or a key.
pub(super) fn seen(tree: &Tree<'_>) -> Option<Vec<String>> {
    let mut seer = Seer {
        tree,
        lines: Vec::new(),
        refused: false,
    };
    for &branch in tree.branches() {
        seer.lines.push("DOC".to_owned());
        seer.value(branch, &mut Vec::new());
    }
    (!seer.refused).then_some(seer.lines)
}

/// What sops sees in one node, as a document of its own.
pub(super) fn seen_in(tree: &Tree<'_>, node: NodeId) -> Vec<String> {
    let mut seer = Seer {
        tree,
        lines: vec!["DOC".to_owned()],
        refused: false,
    };
    seer.value(node, &mut Vec::new());
    seer.lines
}

struct Seer<'a> {
    tree: &'a Tree<'a>,
    lines: Vec<String>,
    refused: bool,
}

impl Seer<'_> {
    fn value(&mut self, id: NodeId, path: &mut Vec<String>) {
        match &self.tree.resolved(id).value {
            Value::Scalar(scalar) => self.scalar(scalar, &path.join(":")),
            Value::Alias(_) => unreachable!("aliases are followed"),
            Value::List(items) => {
                for item in items {
                    match item {
                        Item::Comment(comment) => self.comment(comment, &path.join(":")),
                        Item::Value(id) => self.value(*id, path),
                    }
                }
            }
            Value::Map(entries) => {
                for entry in entries {
                    match entry {
                        Entry::Comment(comment) => self.comment(comment, &path.join(":")),
                        Entry::Pair(pair) => {
                            let Scalar::Str(key) = &pair.key.name else {
                                self.refused = true;
                                return;
                            };
                            let key = String::from_utf8_lossy(key);
                            path.push(key.into_owned());
                            self.value(pair.value, path);
                            path.pop();
                        }
                    }
                }
            }
        }
    }

    fn scalar(&mut self, scalar: &Scalar<'_>, path: &str) {
        let kind = go_type(scalar);
        let Some(bytes) = scalar
            .mac_bytes()
            .or((kind == "nil").then(Default::default))
        else {
            self.refused = true;
            return;
        };
        self.lines
            .push(format!("V\t{path}\t{kind}\t{}", hex(&bytes)));
    }

    fn comment(&mut self, comment: &Comment<'_>, path: &str) {
        self.lines.push(format!(
            "C\t{path}\t{}\t{}",
            comment.inline,
            hex(&comment.text)
        ));
    }
}

pub(super) fn go_type(scalar: &Scalar<'_>) -> &'static str {
    match scalar {
        Scalar::Null => "nil",
        Scalar::Uint(_) => "uint64",
        Scalar::Float(_) => "float64",
        Scalar::Time(_) => "time.Time",
        other => other.kind(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
