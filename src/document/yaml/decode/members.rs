//! The pairs of a mapping, and those that it merges: their keys, and which of them count.

use std::collections::{HashMap, HashSet};

use super::decoder::{Decoder, MAX_DEPTH, kind};
use super::{Error, Fault, Field};
use crate::document::Scalar;
use crate::document::yaml::node::{Content as NodeContent, Id};
use crate::document::yaml::precheck::is_merge;
use crate::document::yaml::repeated;
use crate::source::Span;

/// What is to be done with a pair.
pub(super) type Put<'p, 'a, 's> =
    dyn FnMut(&mut Decoder<'a, 's>, String, Id, Id) -> Result<(), Error> + 'p;

/// A key as maps compare them.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum Key {
    Text(String),
    Other(String),
}

impl<'a, 's> Decoder<'a, 's> {
    /// Hands each pair of a mapping to `put`, then those that it merges and does not have itself.
    ///
    /// `merged` holds the keys that are set already, where the mapping is itself merged into one.
    pub(super) fn members(
        &mut self,
        id: Id,
        texts_only: bool,
        mut merged: Option<&mut HashSet<Key>>,
        fields: &'static [Field],
        put: &mut Put<'_, 'a, 's>,
    ) -> Result<(), Error> {
        self.repeated_keys(id)?;
        let mut merge = None;
        let mut done: HashMap<&'static str, Span> = HashMap::new();
        for pair in self.stream.children(id).chunks_exact(2) {
            let &[key, value] = pair else { continue };
            if is_merge(self.stream, key) {
                merge = Some(value);
                continue;
            }
            let Some(name) = self.key(key, texts_only)? else {
                continue;
            };
            let text = match &name {
                Key::Text(text) | Key::Other(text) => text.clone(),
            };
            if let Some(merged) = merged.as_deref_mut()
                && !merged.insert(name)
            {
                continue;
            }
            if let Some(field) = fields.iter().find(|field| field.name == text) {
                let span = self.stream.node(key).span;
                if let Some(first) = done.insert(field.name, span) {
                    return Err(self.fault(key, Fault::RepeatedKey { first }));
                }
            }
            put(self, text, key, value)?;
        }
        match merge {
            Some(merge) => self.merge(id, merge, texts_only, merged, fields, put),
            None => Ok(()),
        }
    }

    fn merge(
        &mut self,
        parent: Id,
        merge: Id,
        texts_only: bool,
        merged: Option<&mut HashSet<Key>>,
        fields: &'static [Field],
        put: &mut Put<'_, 'a, 's>,
    ) -> Result<(), Error> {
        let mut own = HashSet::new();
        let merged = match merged {
            Some(merged) => merged,
            None => {
                for &key in self.stream.children(parent).iter().step_by(2) {
                    own.extend(self.key(key, false)?);
                }
                &mut own
            }
        };
        let maps = match &self.stream.node(merge).content {
            NodeContent::Sequence(items) => items.as_slice(),
            _ => std::slice::from_ref(&merge),
        };
        for &map in maps {
            self.count(map)?;
            let mut target = map;
            if let NodeContent::Alias { target: of, .. } = self.stream.node(map).content {
                target = of;
                self.aliases += 1;
                self.count(target)?;
            }
            if !matches!(self.stream.node(target).content, NodeContent::Mapping(_)) {
                return Err(self.fault(map, Fault::Merge));
            }
            self.depth += 1;
            if self.depth >= MAX_DEPTH {
                return Err(self.fault(map, Fault::Undecidable("such deep nesting")));
            }
            self.members(target, texts_only, Some(merged), fields, put)?;
            self.depth -= 1;
            self.aliases -= u32::from(target != map);
        }
        Ok(())
    }

    /// Decodes a key; `None` where it is null and a text is asked for.
    fn key(&mut self, id: Id, texts_only: bool) -> Result<Option<Key>, Error> {
        self.count(id)?;
        let mut target = id;
        if let NodeContent::Alias { target: of, .. } = self.stream.node(id).content {
            target = of;
            self.aliases += 1;
            let counted = self.count(target);
            self.aliases -= 1;
            counted?;
        }
        if !matches!(self.stream.node(target).content, NodeContent::Scalar { .. }) {
            return Err(self.fault(id, Fault::CollectionAsKey));
        }
        let scalar = self.resolved(target)?;
        Ok(match scalar {
            Scalar::Str(text) => Some(Key::Text(self.take(target, &text)?)),
            Scalar::Null if texts_only => None,
            _ if texts_only => Some(Key::Text(self.text(target).to_owned())),
            other => Some(Key::Other(format!(
                "{} {}",
                kind(&other),
                self.text(target)
            ))),
        })
    }

    /// Keys of one mapping must differ: two scalars in their texts, two aliases in their names.
    pub(super) fn repeated_keys(&self, id: Id) -> Result<(), Error> {
        match repeated::first_in(self.stream, self.stream.children(id)) {
            Some((key, first)) => {
                let first = self.stream.node(first).span;
                Err(self.fault(key, Fault::RepeatedKey { first }))
            }
            None => Ok(()),
        }
    }
}
