//! Why yaml.v3 would not decode a document.

use crate::document::yaml::syntax;
use crate::source::Span;

/// Why yaml.v3 would not decode the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Error {
    pub(crate) fault: Fault,
    pub(crate) span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("{0}")]
    Syntax(syntax::Error),
    #[error("{} has to be {expected}, not {found}", place(.field))]
    WrongType {
        field: &'static str,
        expected: &'static str,
        found: &'static str,
    },
    #[error("the key is already defined in this mapping")]
    RepeatedKey { first: Span },
    #[error("it is not UTF-8 from here on")]
    NotText,
    #[error("the value does not fit its tag")]
    Tag,
    #[error("a key is a collection")]
    CollectionAsKey,
    #[error("a merge needs a map or a sequence of maps")]
    Merge,
    #[error("the document contains excessive aliasing")]
    Aliasing,
    /// It may be that sops takes it.
    #[error("{0} is not read here")]
    Undecidable(&'static str),
}

fn place(field: &str) -> String {
    match field {
        "" => "the file".to_owned(),
        field => format!("`{field}`"),
    }
}
