//! New values for fields of the metadata, and for the copies of these fields: sops writes the metadata
//! into every document of a file and reads those of the first. Nothing of the old is left behind.

use std::collections::HashMap;

use crate::document::{EditRefusal, Editor, Entry, Item, NodeId, Pair, Scalar, Tree, Value};
use crate::sops::{Metadata, Time};

/// What fields of the metadata were, their names and what they become.
#[derive(Default)]
pub(super) struct Fields(HashMap<Vec<u8>, (&'static str, String)>);

impl Fields {
    /// Makes the field of this name, whose value is at this node, the string `new`.
    ///
    /// # Errors
    /// [`EditRefusal`].
    pub(super) fn replace(
        &mut self,
        editor: &mut Editor<'_, '_>,
        (name, node): (&'static str, NodeId),
        new: String,
    ) -> Result<(), EditRefusal> {
        editor.replace_scalar(node, &new)?;
        if let Value::Scalar(Scalar::Str(old)) = &editor.tree().node(node).value {
            self.0.insert(old.to_vec(), (name, new));
        }
        Ok(())
    }

    /// Makes `lastmodified` this time, as sops prints it.
    ///
    /// # Errors
    /// [`EditRefusal`].
    pub(super) fn replace_time(
        &mut self,
        editor: &mut Editor<'_, '_>,
        metadata: &Metadata<'_>,
        at: Time,
    ) -> Result<(), EditRefusal> {
        let field = ("lastmodified", metadata.last_modified.node);
        self.replace(editor, field, at.to_rfc3339())
    }

    /// Replaces what is equal to the old values in the metadata of the later documents.
    ///
    /// # Errors
    /// [`EditRefusal`].
    pub(super) fn replace_in_copies(&self, editor: &mut Editor<'_, '_>) -> Result<(), EditRefusal> {
        let tree = editor.tree();
        let later = tree.branches().iter().skip(1);
        let top = later.flat_map(|branch| pairs(&tree.node(*branch).value));
        let copies = top.filter(|pair| tree.is_metadata(pair));
        let mut open: Vec<NodeId> = copies.map(|pair| pair.value).collect();
        // What an alias leads to is met where it stands.
        while let Some(node) = open.pop() {
            let value = &tree.node(node).value;
            open.extend(items(value));
            for pair in pairs(value) {
                match self.new_value(tree, pair) {
                    Some(new) => editor.replace_scalar(pair.value, new)?,
                    None => open.push(pair.value),
                }
            }
        }
        Ok(())
    }

    /// What becomes of the value of a pair, where it is a copy of a field.
    fn new_value(&self, tree: &Tree<'_>, pair: &Pair<'_>) -> Option<&str> {
        let Value::Scalar(Scalar::Str(value)) = &tree.node(pair.value).value else {
            return None;
        };
        let (name, new) = self.0.get(value.as_ref())?;
        pair.key.is(name).then_some(new.as_str())
    }
}

fn pairs<'t, 's>(value: &'t Value<'s>) -> impl Iterator<Item = &'t Pair<'s>> {
    let entries = match value {
        Value::Map(entries) => entries.as_slice(),
        Value::Scalar(_) | Value::List(_) | Value::Alias(_) => &[],
    };
    entries.iter().filter_map(|entry| match entry {
        Entry::Pair(pair) => Some(pair),
        Entry::Comment(_) => None,
    })
}

fn items(value: &Value<'_>) -> impl Iterator<Item = NodeId> {
    let items = match value {
        Value::List(items) => items.as_slice(),
        Value::Scalar(_) | Value::Map(_) | Value::Alias(_) => &[],
    };
    items.iter().filter_map(|item| match item {
        Item::Value(id) => Some(*id),
        Item::Comment(_) => None,
    })
}
