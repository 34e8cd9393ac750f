//! Tokens that stand in several files.
//!
//! Files are looked at one by one; what is left of each here is a few marks, by which all files are
//! compared in the end.

use std::collections::{BTreeSet, HashMap};

use super::mark::Mark;
use super::{Change, LeafId, Origin, Version};
use crate::source::{Position, Span};

/// The tokens of a file, as far as it takes to find them in others.
pub(crate) struct Tokens {
    tokens: Vec<Place>,
    stanzas: BTreeSet<Mark>,
    mac: Option<Mark>,
}

struct Place {
    token: Mark,
    path: Mark,
    at: Position,
    /// Whether it came into a file whose MAC stayed: then sops did not write it.
    is_new: bool,
}

/// A token that was copied from another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Copied {
    /// Which file holds the copy, and where.
    pub(crate) file: usize,
    pub(crate) at: Position,
    /// Which file holds the same token.
    pub(crate) original: usize,
    pub(crate) original_at: Position,
}

impl Tokens {
    /// The tokens of a file whose base is not known. `at` says where a place in its text is.
    pub(crate) fn of(version: &Version, at: impl Fn(Span) -> Position) -> Self {
        Self::gather(version, at, |_| false)
    }

    /// The tokens of a file that was changed.
    pub(crate) fn of_change(change: &Change<'_>, at: impl Fn(Span) -> Position) -> Self {
        // Whatever sops writes has a MAC of its own, and what git brings back brings its MAC along.
        let goes_on = change.has_same_mac();
        let is_new = |id| match change.origin(id) {
            Origin::Kept(_) | Origin::Moved(_) => false,
            Origin::Changed(_) | Origin::Added => goes_on,
        };
        Self::gather(change.now(), at, is_new)
    }

    fn gather(
        version: &Version,
        at: impl Fn(Span) -> Position,
        is_new: impl Fn(LeafId) -> bool,
    ) -> Self {
        let tokens = version.ids().filter(|id| version.leaf(*id).is_token());
        let tokens = tokens.map(|id| Place {
            token: version.leaf(id).mark,
            path: version.path_mark(id),
            at: at(version.span(id)),
            is_new: is_new(id),
        });
        let seal = version.seal.as_ref();
        Self {
            tokens: tokens.collect(),
            stanzas: seal.map(|seal| seal.stanzas.clone()).unwrap_or_default(),
            mac: seal.and_then(|seal| Some(seal.mac?.0)),
        }
    }

    /// Whether the other file has the same data key for all that can be seen: one is a copy of the
    /// other.
    fn is_copy_of(&self, other: &Self) -> bool {
        self.mac.is_some() && self.mac == other.mac || !self.stanzas.is_disjoint(&other.stanzas)
    }
}

/// The tokens that were copied between files as text, where that is certain: into a file that was
/// there before and has another data key for all that can be seen, or under other keys.
///
/// A file that was copied whole is no copy of tokens, whatever was done to it then: `updatekeys`
/// leaves no trace by which such a file could be told from one into which a token was pasted under the
/// same keys, so nothing is said of a new file with tokens under the keys that they were written for.
pub(crate) fn copied_across(files: &[Tokens]) -> Vec<Copied> {
    let mut first: HashMap<Mark, (usize, &Place)> = HashMap::new();
    for (file, tokens) in files.iter().enumerate() {
        for place in &tokens.tokens {
            let known = first.entry(place.token).or_insert((file, place));
            // What was there before is the original.
            if known.1.is_new && !place.is_new {
                *known = (file, place);
            }
        }
    }
    let mut copies = Vec::new();
    for (file, tokens) in files.iter().enumerate() {
        for place in &tokens.tokens {
            let Some(&(original, source)) = first.get(&place.token) else {
                continue;
            };
            let Some(other) = files.get(original).filter(|_| original != file) else {
                continue;
            };
            let is_elsewhere = place.path != source.path;
            let came_as_text = place.is_new && !tokens.is_copy_of(other);
            if is_elsewhere || came_as_text {
                copies.push(Copied {
                    file,
                    at: place.at,
                    original,
                    original_at: source.at,
                });
            }
        }
    }
    copies
}

#[cfg(test)]
mod tests {
    use super::super::tests::{sealed, version};
    use super::*;
    use crate::source::{Source, SourceId};

    /// The tokens of a file, wherever they stand.
    fn of(version: &Version) -> Tokens {
        Tokens::of(version, |_| nowhere())
    }

    fn of_change(change: &Change<'_>) -> Tokens {
        Tokens::of_change(change, |_| nowhere())
    }

    fn nowhere() -> Position {
        let source = Source::decode(SourceId::Stdin("x".into()), Vec::new()).unwrap();
        source.position(0)
    }

    /// Which file holds a copy of which other one's token, in words.
    fn copies(files: &[Tokens]) -> Vec<String> {
        let copies = copied_across(files);
        let told = copies
            .iter()
            .map(|copy| format!("{} of {}", copy.file, copy.original));
        told.collect()
    }

    #[test]
    fn a_file_that_was_copied_whole_holds_no_copies() {
        let file = of(&version("a: <1>\nb: <2>\n"));
        let copy = of(&version("a: <1>\nb: <9>\n"));
        assert_eq!(copies(&[file, copy]), [""; 0]);
    }

    #[test]
    fn a_token_under_other_keys_of_another_file_is_a_copy() {
        let file = of(&version("a: <1>\nb: <2>\n"));
        let other = of(&version("a: <3>\nc: <2>\n"));
        assert_eq!(copies(&[file, other]), ["1 of 0"]);
    }

    #[test]
    fn a_token_that_came_under_an_old_mac_is_a_copy_where_the_data_key_is_another() {
        let (was, is) = (sealed("a: <1>\n", 1, 1), sealed("a: <7>\n", 1, 1));
        let edited = || of_change(&Change::between(&was, &is));
        assert_eq!(
            copies(&[edited(), of(&sealed("a: <7>\n", 2, 2))]),
            ["0 of 1"]
        );
        assert_eq!(copies(&[edited(), of(&sealed("a: <7>\n", 2, 1))]), [""; 0]);
        // What sops or git brought has a MAC of its own.
        let brought = sealed("a: <7>\n", 3, 1);
        let brought = of_change(&Change::between(&was, &brought));
        assert_eq!(copies(&[brought, of(&sealed("a: <7>\n", 2, 2))]), [""; 0]);
    }
}
