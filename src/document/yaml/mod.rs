//! YAML exactly as go.yaml.in/yaml/v3 v3.0.4 and sops's YAML store read it.
//!
//! No YAML crate accepts, types and comments alike, and the MAC and the selectors depend on all
//! three. Text goes through three steps: [`scanner`] makes tokens, [`compose`] makes nodes with
//! comments, [`lower`] makes sops's tree of them; [`precheck`] refuses what sops refuses in a first
//! document. The grammar is YAML 1.1 with yaml.v3's additions; the recorded vectors decide where
//! that leaves a question.

mod build;
mod chars;
mod collections;
mod comments;
mod compose;
mod cursor;
mod cut;
pub(crate) mod decode;
mod lower;
mod node;
pub(crate) mod outline;
mod possible_keys;
mod precheck;
mod repeated;
mod resolve;
mod scan_block;
mod scan_flow;
mod scan_name;
mod scanner;
mod spell;
mod timestamp;
mod token;

#[cfg(test)]
mod tests;

pub(crate) use cut::{Piece, pieces};
use node::Stream;
pub(crate) use repeated::RepeatedKey;
pub(crate) use spell::{spell, spell_new};

use super::Tree;
use super::syntax::{self, Error};

/// A text as far as it could be read.
pub(crate) struct Reading<'s> {
    /// All documents. They may be there although sops refuses the text, for a reason that leaves no
    /// doubt about what stands where.
    pub(crate) tree: Option<Tree<'s>>,
    /// Why sops would not load the text.
    pub(crate) error: Option<Error>,
    /// The keys that stand in their mapping twice, up to the place where the reader stopped.
    pub(crate) repeated_keys: Vec<RepeatedKey>,
}

/// Reads all documents of `text` as sops's YAML store does. A text of no bytes has no documents.
///
/// # Errors
/// [`Error`] where sops would not load the text. Input that only takes sops down (a document after
/// the first that contains itself) is refused too.
#[cfg(any(test, feature = "bench"))]
pub(crate) fn load(text: &str) -> Result<Tree<'_>, Error> {
    let reading = read(text);
    match (reading.error, reading.tree) {
        (None, Some(tree)) => Ok(tree),
        (Some(error), _) => Err(error),
        (None, None) => Err(Error::at("nothing was read", 0)),
    }
}

/// Reads `text` as `load` does, and says all that is certain of a text which sops would refuse.
pub(crate) fn read(text: &str) -> Reading<'_> {
    if text.is_empty() {
        return Reading {
            tree: Some(Tree::default()),
            error: None,
            repeated_keys: Vec::new(),
        };
    }
    if let Some(at) = chars::first_forbidden(text) {
        return Reading {
            tree: None,
            error: Some(Error::at("control characters are not allowed", at)),
            repeated_keys: Vec::new(),
        };
    }
    let composed = compose::compose(text);
    let stream = &composed.stream;
    let first = stream.documents.first();
    let unseen = first.map(|first| precheck::values_of_null_keys(stream, first));
    let repeated_keys = repeated::find(stream, composed.end, unseen.unwrap_or_default());
    let (tree, error) = match composed.error {
        Some(error) => (None, Some(error)),
        None => tree_of(text, stream),
    };
    let repeated = repeated_keys.iter().find(|key| key.in_first_document);
    Reading {
        tree,
        error: error.or_else(|| repeated.map(|key| Error::repeated_key(key.span, key.first))),
        repeated_keys,
    }
}

/// The tree, and why sops would refuse it. There can be both.
fn tree_of<'s>(text: &'s str, stream: &Stream<'s>) -> (Option<Tree<'s>>, Option<Error>) {
    if let Err(error) = precheck::check_aliases(stream) {
        return (None, Some(error));
    }
    let refused = precheck::check_first_document(stream).err();
    match lower::lower(text, stream) {
        Ok(tree) => (Some(tree), refused),
        Err(error) => (None, Some(refused.unwrap_or(error))),
    }
}
