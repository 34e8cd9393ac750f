//! The splices of one edit, each once: several rules can ask for the same one.

use std::collections::BTreeSet;

use crate::source::{Edits, Span};

/// Changes to a text that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Splices(BTreeSet<(Span, String)>);

impl Splices {
    pub(super) fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::replace(Span::new(at, at), text)
    }

    pub(super) fn replace(span: Span, text: impl Into<String>) -> Self {
        Self(BTreeSet::from([(span, text.into())]))
    }

    pub(super) fn delete(start: usize, end: usize) -> Self {
        Self::replace(Span::new(start, end), "")
    }

    /// Both.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.join(other);
        self
    }

    pub(super) fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The text with all of them made; none where they do not fit each other.
    pub(super) fn apply(&self, text: &str) -> Option<String> {
        let mut edits = Edits::default();
        for (span, new) in &self.0 {
            edits.replace(*span, new.as_str());
        }
        edits.apply(text).ok()
    }
}
