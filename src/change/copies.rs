//! Tokens that stand in several files.
//!
//! Files are looked at one by one; what is left of each here is a few marks, by which all files are
//! compared in the end.

use std::collections::{BTreeSet, HashMap};

use super::mark::Mark;
use super::{Change, Origin, Version};
use crate::source::Span;

/// The tokens of a file, as far as it takes to find them in others.
pub(crate) struct Tokens {
    tokens: Vec<Place>,
    stanzas: BTreeSet<Mark>,
    mac: Option<Mark>,
}

struct Place {
    token: Mark,
    path: Mark,
    span: Span,
    /// Whether it came into a file whose MAC stayed: then sops did not write it.
    is_new: bool,
}

/// A token that was copied from another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Copied {
    /// Which file holds the copy, and where.
    pub(crate) file: usize,
    pub(crate) span: Span,
    /// Which file holds the same token.
    pub(crate) original: usize,
    pub(crate) original_span: Span,
}

impl Tokens {
    /// The tokens of a file whose base is not known.
    pub(crate) fn of(version: &Version) -> Self {
        Self::gather(version, |_| false)
    }

    /// The tokens of a file that was changed.
    pub(crate) fn of_change(change: &Change<'_>) -> Self {
        // Whatever sops writes has a MAC of its own, and what git brings back brings its MAC along.
        let goes_on = change.has_same_mac();
        let is_new = |at| match change.origin(at) {
            Origin::Kept(_) | Origin::Moved(_) => false,
            Origin::Changed(_) | Origin::Added => goes_on,
        };
        Self::gather(change.now(), is_new)
    }

    fn gather(version: &Version, is_new: impl Fn(super::LeafId) -> bool) -> Self {
        let tokens = version.ids().filter(|id| version.leaf(*id).is_token());
        let tokens = tokens.map(|id| Place {
            token: version.leaf(id).mark,
            path: version.path_mark(id),
            span: version.span(id),
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
                    span: place.span,
                    original,
                    original_span: source.span,
                });
            }
        }
    }
    copies
}
