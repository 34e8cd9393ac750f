//! YAML exactly as go.yaml.in/yaml/v3 v3.0.4 and sops's YAML store read it.

use super::Tree;
use crate::source::Span;

/// Why sops would not load a YAML text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Error {
    pub(crate) message: String,
    /// Where the reader stopped.
    pub(crate) span: Span,
}

/// Reads all documents of `text` as sops's YAML store does.
///
/// # Errors
/// [`Error`] where sops would not load it.
pub(crate) fn load(_text: &str) -> Result<Tree<'_>, Error> {
    Err(Error { message: "reader under construction".to_owned(), span: Span::new(0, 0) })
}
