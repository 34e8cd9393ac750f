//! From the keys that one `sops` mapping lists to those that it is to list, as edits.

use super::goal::{Goal, Stanza};
use super::{Refusal, Threshold};
use crate::document::{Editor, Item, New, NodeId, Scalar, Tree, Value};
use crate::sops::{KeyKind, KeyNames, MasterKey, Metadata};

/// Where one `sops` mapping has its keys.
pub(super) struct Alignment<'m> {
    tree: &'m Tree<'m>,
    metadata: &'m Metadata<'m>,
    /// The list `key_groups`, where it holds the keys.
    key_groups: Option<NodeId>,
    /// The mappings that hold the lists of each group.
    homes: Vec<NodeId>,
}

/// The keys of one kind in one group.
struct List<'m> {
    kind: KeyKind,
    /// The value behind the kind's name, where there is one.
    node: Option<NodeId>,
    keys: Vec<(&'m MasterKey<'m>, KeyNames)>,
}

const KEY_GROUPS: &str = "key_groups";
const THRESHOLD: &str = "shamir_threshold";

impl<'m> Alignment<'m> {
    /// Finds the lists.
    ///
    /// # Errors
    /// [`Refusal::Unusual`] where they are written as sops never writes them.
    pub(super) fn new(tree: &'m Tree<'m>, metadata: &'m Metadata<'m>) -> Result<Self, Refusal> {
        let root = metadata.node;
        let key_groups = tree.pair(root, KEY_GROUPS).map(|pair| pair.value);
        let groups = key_groups.map_or_else(Vec::new, |list| items(tree, list));
        let is_flat = KeyKind::ALL.iter().any(|kind| {
            let list = tree.pair(root, kind.name());
            list.is_some_and(|pair| !items(tree, pair.value).is_empty())
        });
        let (key_groups, homes) = match (is_flat, groups.is_empty()) {
            (true, true) => (None, vec![root]),
            (false, false) => (key_groups, groups),
            (true, false) => return Err(Refusal::Unusual("there are both keys and key groups")),
            (false, true) => return Err(UNUSUAL_LIST),
        };
        let alignment = Self {
            tree,
            metadata,
            key_groups,
            homes,
        };
        if alignment.homes.len() == metadata.groups.len() {
            Ok(alignment)
        } else {
            Err(UNUSUAL_LIST)
        }
    }

    /// Edits the mapping so that its keys are those of `goal`.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn edit(&self, goal: &Goal<'_>, editor: &mut Editor<'_, '_>) -> Result<(), Refusal> {
        let is_grouped = goal.groups.len() > 1;
        match self.key_groups {
            Some(list) if is_grouped || self.homes.len() == 1 => {
                self.edit_groups(list, goal, editor)?;
            }
            Some(_) => self.flatten(goal, editor)?,
            None if is_grouped => self.group(goal, editor)?,
            None => self.edit_each(goal, editor)?,
        }
        self.edit_threshold(goal.threshold, editor)
    }

    /// Edits the groups that stay groups, takes away those behind them and adds new ones.
    fn edit_groups(
        &self,
        list: NodeId,
        goal: &Goal<'_>,
        editor: &mut Editor<'_, '_>,
    ) -> Result<(), Refusal> {
        self.edit_each(goal, editor)?;
        for home in self.homes.iter().skip(goal.groups.len()) {
            editor.remove_item(list, *home)?;
        }
        for group in goal.groups.iter().skip(self.homes.len()) {
            // Groups are compared by their numbers.
            editor.append_item(list, self.new_group(group)?)?;
        }
        Ok(())
    }

    /// Edits the keys of each group that is there and is to be there.
    fn edit_each(&self, goal: &Goal<'_>, editor: &mut Editor<'_, '_>) -> Result<(), Refusal> {
        for (at, group) in goal.groups.iter().enumerate().take(self.homes.len()) {
            for list in self.lists(at)? {
                let wanted: Vec<&Stanza<'_>> =
                    group.iter().filter(|key| key.kind == list.kind).collect();
                self.edit_list(at, &list, wanted, editor)?;
            }
        }
        Ok(())
    }

    /// Edits the keys of one kind in one group.
    fn edit_list(
        &self,
        at: usize,
        list: &List<'_>,
        mut wanted: Vec<&Stanza<'_>>,
        editor: &mut Editor<'_, '_>,
    ) -> Result<(), Refusal> {
        let mut gone = Vec::new();
        for (key, names) in &list.keys {
            let same = |stanza: &&Stanza<'_>| stanza.spelled == names.spelled;
            match wanted.iter().position(same) {
                Some(found) => replace_enc(key, wanted.remove(found), editor)?,
                None => gone.push(key.node),
            }
        }
        let home = self.homes.get(at).copied().ok_or(UNUSUAL_LIST)?;
        let stays = gone.len() < list.keys.len();
        match list.node {
            None if wanted.is_empty() => {}
            None => editor.add_pair(home, list.kind.name(), self.new_list(&wanted)?)?,
            Some(node) if list.keys.is_empty() && !wanted.is_empty() => {
                editor.replace(home, node, self.new_list(&wanted)?)?;
            }
            Some(node) if !list.keys.is_empty() && !stays && wanted.is_empty() => {
                self.clear(home, node, editor)?;
            }
            Some(node) => {
                for item in gone {
                    editor.remove_item(node, item)?;
                }
                for stanza in wanted {
                    editor.add_item(node, self.new_entry(stanza)?)?;
                }
            }
        }
        Ok(())
    }

    /// From keys to key groups.
    fn group(&self, goal: &Goal<'_>, editor: &mut Editor<'_, '_>) -> Result<(), Refusal> {
        let root = self.metadata.node;
        for list in self.lists(0)?.iter().filter(|list| !list.keys.is_empty()) {
            self.clear(root, list.node.ok_or(UNUSUAL_LIST)?, editor)?;
        }
        let groups = goal.groups.iter().map(|group| self.new_group(group));
        let groups = New::List(groups.collect::<Result<_, _>>()?);
        match self.tree.pair(root, KEY_GROUPS) {
            Some(pair) => editor.replace(root, pair.value, groups)?,
            None => editor.add_pair(root, KEY_GROUPS, groups)?,
        }
        Ok(())
    }

    /// From key groups to keys.
    fn flatten(&self, goal: &Goal<'_>, editor: &mut Editor<'_, '_>) -> Result<(), Refusal> {
        let root = self.metadata.node;
        let groups = self.key_groups.ok_or(UNUSUAL_LIST)?;
        editor.remove_pair(root, groups)?;
        let stanzas: Vec<&Stanza<'_>> = goal.groups.iter().flatten().collect();
        let keys = self.new_list(&stanzas)?;
        match self.tree.pair(root, KeyKind::Age.name()) {
            Some(pair) => editor.replace(root, pair.value, keys)?,
            None => editor.add_pair(root, KeyKind::Age.name(), keys)?,
        }
        Ok(())
    }

    fn edit_threshold(
        &self,
        threshold: Threshold,
        editor: &mut Editor<'_, '_>,
    ) -> Result<(), Refusal> {
        let root = self.metadata.node;
        let field = self.metadata.shamir_threshold.as_ref();
        let pair = self.tree.pair(root, THRESHOLD).map(|pair| pair.value);
        if field.map(|field| field.node) != pair {
            return Err(Refusal::Unusual(
                "`shamir_threshold` is spelled differently",
            ));
        }
        match (threshold, pair, field.map(|field| field.value)) {
            (Threshold::Stays, _, _) | (Threshold::Goes, None, _) => {}
            (Threshold::Goes, Some(node), _) => editor.remove_pair(root, node)?,
            (Threshold::Is(count), _, Some(now)) if count == now => {}
            (Threshold::Is(count), Some(node), _) => editor.replace(root, node, New::Int(count))?,
            (Threshold::Is(count), None, _) => {
                editor.add_pair(root, THRESHOLD, New::Int(count))?;
            }
        }
        Ok(())
    }

    /// Leaves a list without keys: empty as its neighbours are in files of sops before 3.10 and in groups,
    /// else away with it.
    fn clear(
        &self,
        home: NodeId,
        list: NodeId,
        editor: &mut Editor<'_, '_>,
    ) -> Result<(), Refusal> {
        let kinds = KeyKind::ALL.iter();
        let mut lists = kinds.filter_map(|kind| self.tree.pair(home, kind.name()));
        let empty = lists.find_map(|pair| match &self.tree.node(pair.value).value {
            Value::List(items) if items.is_empty() => Some(New::List(Vec::new())),
            Value::Scalar(Scalar::Null) => Some(New::Null),
            _ => None,
        });
        match empty {
            Some(empty) => editor.replace(home, list, empty)?,
            None => editor.remove_pair(home, list)?,
        }
        Ok(())
    }

    /// The lists of one group, kind by kind.
    ///
    /// # Errors
    /// [`Refusal::Unusual`] where its keys are not the items of these lists.
    fn lists(&self, at: usize) -> Result<Vec<List<'m>>, Refusal> {
        let home = self.homes.get(at).copied().ok_or(UNUSUAL_LIST)?;
        let group = self.metadata.groups.get(at).ok_or(UNUSUAL_LIST)?;
        let lists = KeyKind::ALL.iter().map(|kind| {
            let node = self.tree.pair(home, kind.name()).map(|pair| pair.value);
            let keys = group.keys.iter().filter(|key| key.kind == *kind);
            let keys: Vec<_> = keys.map(|key| (key, key.names())).collect();
            let items = node.map_or_else(Vec::new, |node| items(self.tree, node));
            let is_same = items.iter().eq(keys.iter().map(|(key, _)| &key.node));
            let list = List {
                kind: *kind,
                node,
                keys,
            };
            if is_same { Ok(list) } else { Err(UNUSUAL_LIST) }
        });
        lists.collect()
    }

    /// A group as sops writes it, which has two of its lists in any case.
    fn new_group(&self, group: &[Stanza<'_>]) -> Result<New, Refusal> {
        let stanzas: Vec<&Stanza<'_>> = group.iter().collect();
        let vault = KeyKind::HcVault.name().to_owned();
        Ok(New::Map(vec![
            (KeyKind::Age.name().to_owned(), self.new_list(&stanzas)?),
            (vault, New::List(Vec::new())),
        ]))
    }

    fn new_list(&self, stanzas: &[&Stanza<'_>]) -> Result<New, Refusal> {
        let entries = stanzas.iter().map(|stanza| self.new_entry(stanza));
        Ok(New::List(entries.collect::<Result<_, _>>()?))
    }

    /// An entry with its fields in the order of the others.
    fn new_entry(&self, stanza: &Stanza<'_>) -> Result<New, Refusal> {
        if stanza.kind != KeyKind::Age {
            let unlike = "a later document has a `sops` of its own with other keys";
            return Err(Refusal::Unusual(unlike));
        }
        let enc = std::str::from_utf8(&stanza.enc);
        let enc = enc.map_err(|_| Refusal::Unusual("an `enc` is no text"))?;
        let mut fields = vec![
            ("enc".to_owned(), New::Text(enc.to_owned())),
            ("recipient".to_owned(), New::Text(stanza.id.clone())),
        ];
        if self.has_enc_behind() {
            fields.reverse();
        }
        Ok(New::Map(fields))
    }

    /// Whether the entries name their recipient first, as those of sops before 3.10 do.
    fn has_enc_behind(&self) -> bool {
        let mut keys = self.metadata.groups.iter().flat_map(|group| &group.keys);
        let age = keys.find(|key| key.kind == KeyKind::Age);
        age.and_then(|key| Some(key.id.as_ref()?.span < key.enc.as_ref()?.span))
            .unwrap_or(false)
    }
}

const UNUSUAL_LIST: Refusal = Refusal::Unusual("its keys are not in the lists that sops writes");

/// Gives an entry another content, where it has to have one.
fn replace_enc(
    key: &MasterKey<'_>,
    stanza: &Stanza<'_>,
    editor: &mut Editor<'_, '_>,
) -> Result<(), Refusal> {
    let enc = key
        .enc
        .as_ref()
        .ok_or(Refusal::Unusual("an entry has no `enc`"))?;
    if enc.value == stanza.enc {
        return Ok(());
    }
    let text = std::str::from_utf8(&stanza.enc);
    let text = text.map_err(|_| Refusal::Unusual("an `enc` is no text"))?;
    Ok(editor.replace_scalar(enc.node, text)?)
}

/// The values of a list; none where the node itself is no list.
fn items(tree: &Tree<'_>, list: NodeId) -> Vec<NodeId> {
    match &tree.node(list).value {
        Value::List(items) => items
            .iter()
            .filter_map(|item| match item {
                Item::Value(node) => Some(*node),
                Item::Comment(_) => None,
            })
            .collect(),
        Value::Scalar(_) | Value::Map(_) | Value::Alias(_) => Vec::new(),
    }
}
