//! What Kubernetes sees in a document: kinds, and the values of Secrets.

use super::tree::{Entry, Item, NodeId, Scalar, Tree, Value};

/// A manifest of `kind: Secret`.
#[derive(Clone, Copy)]
pub(crate) struct SecretManifest {
    map: NodeId,
}

/// The fields of a Secret that hold its values.
const VALUES: [&str; 2] = ["data", "stringData"];

/// The Secrets in a file: documents, and the items of a `kind: List`, in order.
pub(crate) fn secrets<'t>(tree: &'t Tree<'_>) -> impl Iterator<Item = SecretManifest> + 't {
    let manifests = tree.branches().iter().flat_map(|branch| {
        let is_list = kind(tree, *branch).is_some_and(|kind| kind.ends_with(b"List"));
        let items = tree.pair(*branch, "items").filter(|_| is_list);
        let items = items.map_or(&[][..], |items| list(tree, items.value));
        std::iter::once(*branch).chain(items.iter().filter_map(|item| match item {
            Item::Value(node) => Some(*node),
            Item::Comment(_) => None,
        }))
    });
    manifests
        .filter(|map| kind(tree, *map) == Some(b"Secret"))
        .map(|map| SecretManifest { map })
}

/// The `kind` of a manifest.
pub(super) fn kind<'t>(tree: &'t Tree<'_>, map: NodeId) -> Option<&'t [u8]> {
    let pair = tree.pair(map, "kind")?;
    match &tree.resolved(pair.value).value {
        Value::Scalar(Scalar::Str(text)) => Some(text),
        _ => None,
    }
}

fn list<'t, 's>(tree: &'t Tree<'s>, node: NodeId) -> &'t [Item<'s>] {
    match &tree.resolved(node).value {
        Value::List(items) => items,
        Value::Scalar(_) | Value::Map(_) | Value::Alias(_) => &[],
    }
}

impl SecretManifest {
    /// Its values: the nodes below `data` and `stringData`, each with the field and its key.
    pub(crate) fn values<'t, 's>(
        self,
        tree: &'t Tree<'s>,
    ) -> impl Iterator<Item = (&'static str, &'t super::Pair<'s>)> {
        VALUES.into_iter().flat_map(move |field| {
            let pair = tree.pair(self.map, field);
            let entries = pair.map_or(&[][..], |pair| tree.entries(pair.value));
            entries.iter().filter_map(move |entry| match entry {
                Entry::Pair(pair) => Some((field, pair)),
                Entry::Comment(_) => None,
            })
        })
    }

    /// Whether one of its values is more than nothing.
    pub(crate) fn has_values(self, tree: &Tree<'_>) -> bool {
        self.values(tree)
            .any(|(_, pair)| !is_empty(&tree.resolved(pair.value).value))
    }
}

/// Whether a value holds nothing at all: null, an empty text, an empty collection.
pub(crate) fn is_empty(value: &Value<'_>) -> bool {
    match value {
        Value::Scalar(Scalar::Null) => true,
        Value::Scalar(Scalar::Str(text)) => text.is_empty(),
        Value::Scalar(_) | Value::Alias(_) => false,
        Value::Map(entries) => entries.is_empty(),
        Value::List(items) => items.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::yaml;

    #[test]
    fn finds_secrets_in_documents_and_in_lists() {
        for (text, expected) in [
            ("kind: Secret\ndata: {a: b}\n", vec![true]),
            (
                "kind: Secret\nstringData: {a: '', b: null, c: []}\n",
                vec![false],
            ),
            (
                "kind: Secret\ndata: {}\n---\nkind: Secret\nstringData: {n: 0}\n",
                vec![false, true],
            ),
            (
                "kind: List\nitems:\n- kind: Secret\n  data: {a: b}\n- kind: Service\n",
                vec![true],
            ),
            ("kind: ConfigMap\ndata: {a: b}\n", vec![]),
            ("kind: [Secret]\ndata: b\n", vec![]),
        ] {
            let tree = yaml::load(text).unwrap();
            let found: Vec<bool> = secrets(&tree)
                .map(|secret| secret.has_values(&tree))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
