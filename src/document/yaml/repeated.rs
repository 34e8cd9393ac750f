//! Keys that their mapping has already.
//!
//! sops refuses them in the first document, with yaml.v3's words and one at a time, and keeps all of
//! them in the documents after it. Here every one is found, also in a text that does not parse to
//! its end.

use std::collections::HashMap;
use std::ops::Range;

use super::node::{Content, Id, Stream};
use crate::document::KeyPath;
use crate::source::Span;

/// The most repeated keys that are told of one text.
const MAX_REPEATED: usize = 1_000;

/// A key that stands in its mapping once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RepeatedKey {
    /// Where it stands again.
    pub(crate) span: Span,
    /// Where it stands first.
    pub(crate) first: Span,
    /// The keys that lead there, itself included.
    pub(crate) path: KeyPath,
    /// Whether it stands in the first document, the only one in which sops refuses it.
    pub(crate) in_first_document: bool,
}

/// Finds the repeated keys of the mappings before `end`, in the order of the text. The mappings in
/// `unseen`, the last first, are left out.
///
/// Two keys are one where both are scalars, or both are aliases, and their texts are equal, tags
/// and quotes aside.
pub(super) fn find(stream: &Stream<'_>, end: Id, mut unseen: Vec<Range<Id>>) -> Vec<RepeatedKey> {
    let mut found = Vec::new();
    for id in stream.ids().take_while(|id| *id < end) {
        let Content::Mapping(members) = &stream.node(id).content else {
            continue;
        };
        while unseen.last().is_some_and(|values| values.end <= id) {
            unseen.pop();
        }
        if !unseen.last().is_some_and(|values| values.contains(&id)) {
            find_in(stream, members, &mut found);
        }
    }
    found.sort_unstable();
    found.truncate(MAX_REPEATED);
    describe(stream, &found)
}

/// Adds the repeated keys of one mapping, each with the first of its name.
fn find_in(stream: &Stream<'_>, members: &[Id], found: &mut Vec<(Id, Id)>) {
    if members.len() < 4 {
        return;
    }
    let mut seen: HashMap<(bool, &str), Id> = HashMap::with_capacity(members.len() / 2);
    for &key in members.iter().step_by(2) {
        let name = match &stream.node(key).content {
            Content::Scalar { text, .. } => (false, text.as_ref()),
            Content::Alias { name, .. } => (true, *name),
            Content::Sequence(_) | Content::Mapping(_) => continue,
        };
        let first = *seen.entry(name).or_insert(key);
        if first != key {
            found.push((key, first));
        }
    }
}

/// The first key of one mapping that stands there again, and the one that it repeats.
pub(super) fn first_in(stream: &Stream<'_>, members: &[Id]) -> Option<(Id, Id)> {
    let mut found = Vec::new();
    find_in(stream, members, &mut found);
    found.into_iter().min()
}

fn describe(stream: &Stream<'_>, found: &[(Id, Id)]) -> Vec<RepeatedKey> {
    if found.is_empty() {
        return Vec::new();
    }
    let places = Places::of(stream);
    let first_end = stream.documents.first().map(|document| document.end);
    let tell = |&(key, first): &(Id, Id)| RepeatedKey {
        span: stream.node(key).span,
        first: stream.node(first).span,
        path: places.path(stream, key),
        in_first_document: first_end.is_none_or(|end| key < end),
    };
    found.iter().map(tell).collect()
}

/// Where each node of a stream stands.
struct Places(Vec<Option<Place>>);

#[derive(Clone, Copy)]
struct Place {
    parent: Id,
    /// The key whose value the node is; the node itself where it is a key.
    key: Option<Id>,
}

impl Places {
    fn of(stream: &Stream<'_>) -> Self {
        let mut places = vec![None; stream.len()];
        let mut set = |id: Id, place| {
            if let Some(slot) = places.get_mut(id.index()) {
                *slot = Some(place);
            }
        };
        for parent in stream.ids() {
            match &stream.node(parent).content {
                Content::Mapping(members) => {
                    for pair in members.chunks(2) {
                        let key = pair.first().copied();
                        pair.iter().for_each(|&id| set(id, Place { parent, key }));
                    }
                }
                Content::Sequence(items) => {
                    let key = None;
                    items.iter().for_each(|&id| set(id, Place { parent, key }));
                }
                Content::Scalar { .. } | Content::Alias { .. } => {}
            }
        }
        Self(places)
    }

    /// The keys that lead to a key, itself the last.
    fn path(&self, stream: &Stream<'_>, key: Id) -> KeyPath {
        let place = |id: Id| self.0.get(id.index()).copied().flatten();
        let ancestors = std::iter::successors(place(key), |at| place(at.parent));
        let mut keys: Vec<&[u8]> = ancestors
            .filter_map(|at| at.key)
            .map(|key| text(stream, key))
            .collect();
        keys.reverse();
        KeyPath::new(keys)
    }
}

/// The text of a key, or of the key that an alias leads to; nothing of a collection.
fn text<'n>(stream: &'n Stream<'_>, key: Id) -> &'n [u8] {
    let mut node = stream.node(key);
    if let Content::Alias { target, .. } = node.content {
        node = stream.node(target);
    }
    match &node.content {
        Content::Scalar { text, .. } => text.as_bytes(),
        Content::Sequence(_) | Content::Mapping(_) | Content::Alias { .. } => b"",
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    /// The repeated keys of a text: line, path, line of the first, and a mark of a later document.
    fn found(text: &str) -> Vec<String> {
        let line = |span: Span| text[..span.start()].matches('\n').count() + 1;
        let shown = |key: &RepeatedKey| {
            let later = if key.in_first_document { "" } else { " later" };
            format!("{} {} {}{later}", line(key.span), key.path, line(key.first))
        };
        read(text).repeated_keys.iter().map(shown).collect()
    }

    #[test]
    fn every_repeated_key_is_found_with_the_first_of_its_name() {
        for (text, expected) in [
            ("a: 1\nb: 2\na: 3\na: 4\n", vec!["3 a 1", "4 a 1"]),
            (
                "a:\n  b: 1\n  b: 2\nc: [{d: 1, d: 2}]\n",
                vec!["3 a.b 2", "4 c.d 4"],
            ),
            ("a: {b: 1, 'b': 2}\n", vec!["1 a.b 1"]),
            ("1: x\n\"1\": y\n", vec!["2 1 1"]),
            ("a: &x k\nb: {*x : 1, *x : 2}\n", vec!["2 b.k 2"]),
            ("a: 1\n---\nb:\n- c: 1\n  c: 2\n", vec!["5 b.c 4 later"]),
            (
                "a: 1\nb: 1\na: 2\n---\nb: 1\nb: 2\n",
                vec!["3 a 1", "6 b 5 later"],
            ),
            ("a: {k: 1}\nb: {k: 1}\n", vec![]),
            ("a: [{k: 1}, {k: 1}]\n", vec![]),
            ("a: 1\n---\na: 1\n", vec![]),
            // Never looked at: the value of a key that is no string.
            ("~: {a: 1, a: 2}\n", vec![]),
        ] {
            assert_eq!(found(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_certain_of_a_broken_text_is_found() {
        for (text, expected) in [
            ("a: 1\na: 2\nb: [\n", vec!["2 a 1"]),
            ("a: 1\n\tb: 2\n", vec![]),
            ("a:\n  b: 1\n  b: 2\nc: ]\n", vec!["3 a.b 2"]),
            ("a: 1\n---\nb: 1\nb: 2\n}\n", vec!["4 b 3 later"]),
            // The brace may be the mistake: then the keys stand in mappings of their own.
            ("x: {user: 1,\ny:\n  user: 2\n", vec![]),
            ("a: 1\na: 2\nx: {u: 1, u: 2\ny: *\n", vec!["2 a 1"]),
        ] {
            assert!(read(text).error.is_some(), "{text:?}");
            assert_eq!(found(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_thousand_are_told_of_however_many_there_are() {
        let nested =
            |depth: usize| "k: {".repeat(depth) + &"k: 1, ".repeat(5_000) + &"}".repeat(depth);
        assert_eq!(found(&nested(900)).len(), MAX_REPEATED);
        assert_eq!(found(&"k: 1\n".repeat(50_000)).len(), MAX_REPEATED);
    }
}
