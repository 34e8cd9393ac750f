//! The list of keys that some configurations keep, each with an anchor, and what a new key is called
//! there.

use std::collections::BTreeMap;

use super::NewKey;
use super::lines::{Lines, NewPair};
use super::reading::Reading;
use super::splices::Splices;
use crate::document::yaml::outline::{Kind, Node};
use crate::keys::Recipient;

/// How a new key can be referred to.
pub(super) struct Naming<'o, 't> {
    /// The name of its anchor.
    pub(super) anchor: String,
    /// What gives it this anchor; nothing where it has one.
    pub(super) entry: Splices,
    /// The list that the entry is in.
    pub(super) list: Option<Node<'o, 't>>,
}

/// Sections of the file that mean something to sops.
const SECTIONS: [&str; 3] = ["creation_rules", "destination_rules", "stores"];

impl<'o, 't> Naming<'o, 't> {
    /// How to refer to a key; none where no rule refers to any.
    pub(super) fn of(reading: &'o Reading<'t>, key: &NewKey<'_>) -> Option<Self> {
        let outline = &reading.outline;
        let known = outline.anchored().find(|(node, _)| {
            let wanted = Recipient::parse(key.key);
            node.kind() == Kind::Scalar
                && Recipient::parse(node.says()).canonical() == wanted.canonical()
        });
        if let Some((node, name)) = known {
            return Some(Self {
                anchor: name.to_owned(),
                entry: Splices::default(),
                list: node.parent(),
            });
        }
        let list = register(reading)?;
        let anchor = anchor(reading, key.name);
        let entry = entry(reading, list, key, &anchor)?;
        Some(Self {
            anchor,
            entry,
            list: Some(list),
        })
    }
}

/// The list, or the mapping, outside of the rules, that holds most of the keys to which they refer.
fn register<'o, 't>(reading: &'o Reading<'t>) -> Option<Node<'o, 't>> {
    let root = reading.outline.root();
    let sections: Vec<_> = SECTIONS.iter().filter_map(|name| root.own(name)).collect();
    let mut lists: BTreeMap<Node<'_, 't>, usize> = BTreeMap::new();
    for alias in reading
        .outline
        .nodes()
        .filter(|node| node.kind() == Kind::Alias)
    {
        let key = alias.target();
        let is_outside = !sections.iter().any(|section| key.is_within(*section));
        if !is_recipient(key) || !is_outside || !reading.is_in_rules(alias) {
            continue;
        }
        let list = key.parent().filter(|list| *list != root);
        if let Some(list) = list {
            *lists.entry(list).or_default() += 1;
        }
    }
    let most = lists.into_iter().rev().max_by_key(|(_, count)| *count);
    most.map(|(list, _)| list)
}

fn is_recipient(node: Node<'_, '_>) -> bool {
    node.kind() == Kind::Scalar && Recipient::parse(node.says()).flaw().is_none()
}

/// A new entry of the list.
fn entry(
    reading: &Reading<'_>,
    list: Node<'_, '_>,
    key: &NewKey<'_>,
    anchor: &str,
) -> Option<Splices> {
    let lines = Lines(reading.text);
    if list.kind() == Kind::Mapping {
        let last = list.pairs().filter(|(_, key)| is_recipient(*key)).last()?;
        let value = format!("&{anchor} {}", like(last.1, key.key));
        let pair = NewPair {
            key: anchor,
            value: &value,
            is_item: false,
        };
        return lines.pair(list, last, &pair);
    }
    let last = list.items().filter(|key| is_recipient(*key)).last()?;
    let new = format!("&{anchor} {}", like(last, key.key));
    lines.item(list, last, &new, key.name)
}

/// A key in the quotes that another has.
pub(super) fn like(other: Node<'_, '_>, key: &str) -> String {
    match other.written().chars().next() {
        Some(quote @ ('"' | '\'')) => format!("{quote}{key}{quote}"),
        Some(_) | None => key.to_owned(),
    }
}

/// A name that no anchor has yet, in the characters that all readers of YAML take.
fn anchor(reading: &Reading<'_>, name: &str) -> String {
    let plain: String = name
        .to_lowercase()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        })
        .collect();
    let plain = plain.trim_matches(['_', '-']);
    let first = if plain.is_empty() { "recipient" } else { plain };
    let is_taken = |name: &str| reading.outline.anchored().any(|(_, known)| known == name);
    let mut number = 1;
    let mut anchor = first.to_owned();
    while is_taken(&anchor) {
        number += 1;
        anchor = format!("{first}_{number}");
    }
    anchor
}
