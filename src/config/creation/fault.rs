//! What is wrong with a `.sops.yaml`, with one of its rules, or with a key.

use std::fmt;

use crate::document::yaml::decode;
use crate::keys::Flaw;
use crate::source::{Position, Source, Span};

/// Why sops refuses to load the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Error {
    pub(crate) at: Position,
    pub(crate) span: Span,
    pub(crate) fault: decode::Fault,
}

impl Error {
    pub(super) fn new(source: &Source, error: decode::Error) -> Self {
        Self {
            at: source.position(error.span.start()),
            span: error.span,
            fault: error.fault,
        }
    }

    /// Of a file that is no text from `at` on.
    pub(super) fn not_text(source: &Source, at: usize) -> Self {
        let error = decode::Error {
            fault: decode::Fault::NotText,
            span: Span::new(at, at),
        };
        Self::new(source, error)
    }

    /// Of a file that is not read here, for what it is.
    pub(crate) fn unread(source: &Source, what: &'static str) -> Self {
        let error = decode::Error {
            fault: decode::Fault::Undecidable(what),
            span: Span::default(),
        };
        Self::new(source, error)
    }

    /// Whether sops may take the file: it only is not followed here.
    pub(crate) fn is_undecidable(&self) -> bool {
        matches!(self.fault, decode::Fault::Undecidable(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)
    }
}

/// Why sops fails once it comes to a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) span: Span,
    pub(crate) fault: RuleFault,
}

impl Refusal {
    /// Whether sops may take the rule: it only is not followed here.
    pub(crate) fn is_unsure(&self) -> bool {
        let fault = KeyFault::Unsure;
        matches!(&self.fault, RuleFault::Key { fault: found, .. } if *found == fault)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RuleFault {
    #[error("`path_regex` is no regular expression: {0}")]
    BadRegex(String),
    #[error("more than one selector is set: `{}`", .0.join("`, `"))]
    ManySelectors(Vec<&'static str>),
    #[error("`{field}` has to be text or a list of texts, not {found}")]
    NotText {
        field: &'static str,
        found: &'static str,
    },
    #[error("this key of `{field}` is none: {fault}")]
    Key {
        field: &'static str,
        fault: KeyFault,
    },
}

/// What is wrong with a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyFault {
    /// Of an age recipient.
    #[error("it {0}")]
    Age(Flaw),
    #[error("it has to be `region:key`")]
    HcKms,
    #[error("it has to be `https://NAME/keys/KEY/VERSION`")]
    Azure,
    #[error("it has to be `https://NAME:8200/v1/ENGINE/keys/KEY`")]
    Vault,
    #[error("sops crashes on what is empty here")]
    Empty,
    /// It may be that sops takes it.
    #[error("it is not known whether sops takes it")]
    Unsure,
}
