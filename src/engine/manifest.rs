//! Identities inside a Kubernetes Secret, as `kubectl get secret NAME -o yaml` prints it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::document::{Document, Entry, Format, Item, NodeId, Scalar, Tree, Value};
use crate::keys::{Given, Origin};
use crate::secret::Secret;
use crate::source::{Source, SourceId};

/// The texts that a place of identities holds: its own, or where it is a manifest of a Secret (or a
/// list of them), each value in it that begins like identities. A manifest without any gives an empty
/// text.
pub(super) fn unpack(given: Given) -> Vec<Given> {
    let text = given.text.expose();
    let has = |word: &[u8]| text.windows(word.len()).any(|part| part == word);
    if !has(b"kind") || !has(b"Secret") {
        return vec![given];
    }
    let id = SourceId::Stdin("manifest.yaml".into());
    let Ok(source) = Source::decode(id, text.clone()) else {
        return vec![given];
    };
    let found = Document::parse(&source, Format::Yaml)
        .ok()
        .and_then(|document| identities(document.tree(), &given.origin));
    // It held what the text of the given place holds, and is wiped as that is.
    drop(Secret::new(source.into_text()));
    match found {
        Some(found) if found.is_empty() => vec![Given {
            origin: given.origin,
            text: Secret::new(Vec::new()),
        }],
        Some(found) => found,
        None => vec![given],
    }
}

/// The values of all Secrets in a document that begin like identities; `None` where it has no Secret.
fn identities(tree: &Tree<'_>, manifest: &Origin) -> Option<Vec<Given>> {
    let mut secrets: Vec<NodeId> = Vec::new();
    for document in tree.branches() {
        match text_at(tree, *document, "kind") {
            Some(b"Secret") => secrets.push(*document),
            Some(b"List" | b"SecretList") => secrets.extend(items(tree, *document)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for secret in &secrets {
        for (section, is_encoded) in [("data", true), ("stringData", false)] {
            let Some(section) = tree.pair(*secret, section) else {
                continue;
            };
            for entry in tree.entries(section.value) {
                let Entry::Pair(pair) = entry else {
                    continue;
                };
                let (Scalar::Str(key), Some(value)) = (&pair.key.name, text(tree, pair.value))
                else {
                    continue;
                };
                let value = if is_encoded {
                    decode(value)
                } else {
                    Some(value.to_vec())
                };
                let Some(text) = value
                    .map(Secret::new)
                    .filter(|text| is_identity(text.expose()))
                else {
                    continue;
                };
                let origin = Origin::Secret {
                    manifest: Box::new(manifest.clone()),
                    key: String::from_utf8_lossy(key).into_owned(),
                };
                found.push(Given { origin, text });
            }
        }
    }
    (!secrets.is_empty()).then_some(found)
}

/// The Secrets in a list of things.
fn items<'t>(tree: &'t Tree<'_>, list: NodeId) -> impl Iterator<Item = NodeId> + 't {
    let items = tree
        .pair(list, "items")
        .map(|items| tree.resolved(items.value));
    let items = match items.map(|node| &node.value) {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    let values = items.iter().filter_map(|item| match item {
        Item::Value(value) => Some(*value),
        Item::Comment(_) => None,
    });
    values.filter(|value| text_at(tree, *value, "kind") == Some(b"Secret"))
}

fn text_at<'t>(tree: &'t Tree<'_>, map: NodeId, key: &str) -> Option<&'t [u8]> {
    text(tree, tree.pair(map, key)?.value)
}

fn text<'t>(tree: &'t Tree<'_>, node: NodeId) -> Option<&'t [u8]> {
    match &tree.resolved(node).value {
        Value::Scalar(Scalar::Str(text)) => Some(text),
        _ => None,
    }
}

/// Base64, which may be folded over lines.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bare = Secret::new(Vec::with_capacity(text.len()));
    let visible = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    bare.expose_mut().extend(visible);
    BASE64_STANDARD.decode(bare.expose()).ok()
}

/// Whether a value holds identities, as far as can be told from the first line that is no comment.
fn is_identity(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(b"#"));
    first.is_some_and(|line| {
        line.starts_with(b"AGE-")
            || line.starts_with(b"age-encryption.org/")
            || line.starts_with(b"-----BEGIN ")
    })
}
