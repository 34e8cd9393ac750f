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
mod lower;
mod node;
mod possible_keys;
mod precheck;
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

pub(crate) use spell::spell;

use super::Tree;
use super::syntax::Error;

/// Reads all documents of `text` as sops's YAML store does. A text of no bytes has no documents.
///
/// # Errors
/// [`Error`] where sops would not load the text. Input that only takes sops down (a document after
/// the first that contains itself) is refused too.
pub(crate) fn load(text: &str) -> Result<Tree<'_>, Error> {
    if text.is_empty() {
        return Ok(Tree::default());
    }
    if let Some(at) = chars::first_forbidden(text) {
        return Err(Error::at("control characters are not allowed", at));
    }
    let composed = compose::compose(text)?;
    precheck::check_first_document(&composed)?;
    lower::lower(text, &composed)
}
