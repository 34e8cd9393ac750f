//! What a document was decoded into. Every value keeps the place where it stands.

use std::borrow::Cow;

use super::Field;
use crate::source::Span;

/// A decoded document.
pub(crate) struct Decoded<'s> {
    /// `None` where the document is empty or null.
    pub(crate) value: Option<Value>,
    /// The keys that no record knows, each once, in the order of the text.
    pub(crate) unknown: Vec<UnknownKey>,
    /// The scalars that have an anchor, in the order of the text.
    pub(crate) anchored: Vec<Anchored<'s>>,
}

/// A decoded value.
pub(crate) struct Value {
    pub(crate) content: Content,
    /// Where its text stands.
    pub(crate) span: Span,
    /// Where it is used: at an alias, or where its text stands.
    pub(crate) at: Span,
}

pub(crate) enum Content {
    Text(String),
    Int(i64),
    Bool(bool),
    List(Vec<Value>),
    Texts(Vec<(String, Option<String>)>),
    Record(Vec<(Member, Value)>),
    /// What is neither a text nor a list, where anything may stand: what it is.
    Other(&'static str),
}

/// A key of a record that was set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) span: Span,
}

/// A key that its record does not know.
pub(crate) struct UnknownKey {
    pub(crate) name: String,
    pub(crate) span: Span,
    /// The value's place.
    pub(crate) value: Span,
    /// What the record knows.
    pub(crate) known: &'static [Field],
    /// The field that holds the record; empty at the top level.
    pub(crate) within: &'static str,
}

/// A scalar with an anchor.
pub(crate) struct Anchored<'s> {
    pub(crate) name: &'s str,
    pub(crate) text: Cow<'s, str>,
    pub(crate) span: Span,
}

impl Value {
    /// The text that it is, where it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of the list that it is.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.content {
            Content::List(items) => items,
            _ => &[],
        }
    }

    /// The value of a record's field, and the key that sets it.
    pub(crate) fn field(&self, name: &str) -> Option<(Member, &Self)> {
        match &self.content {
            Content::Record(members) => members
                .iter()
                .find(|(member, _)| member.name == name)
                .map(|(member, value)| (*member, value)),
            _ => None,
        }
    }
}
