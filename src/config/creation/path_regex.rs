//! The pattern by which a rule picks its files.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::sops::{Pattern, PatternError};
use crate::source::Span;

/// The longest pattern that is tried, in bytes.
const MAX_PATTERN: usize = 32 << 10;

/// A rule's `path_regex`.
pub(crate) struct PathRegex {
    /// As it is written.
    pub(crate) text: String,
    pub(crate) span: Span,
    /// Compiled; `None` where it cannot be tried here.
    pub(crate) pattern: Option<Result<Pattern, PatternError>>,
    tried: AtomicBool,
}

impl PathRegex {
    pub(super) fn new(text: String, span: Span) -> Self {
        let pattern = (text.len() <= MAX_PATTERN).then(|| Pattern::compile(&text));
        let pattern = match pattern {
            Some(Err(error)) if !error.is_go_error() => None,
            pattern => pattern,
        };
        Self {
            text,
            span,
            pattern,
            tried: AtomicBool::new(false),
        }
    }

    /// Whether it was asked before; from now on it was.
    pub(super) fn was_tried(&self) -> bool {
        self.tried.swap(true, Ordering::Relaxed)
    }

    /// Why Go's reader refuses the pattern, where it does.
    pub(crate) fn error(&self) -> Option<&PatternError> {
        self.pattern.as_ref()?.as_ref().err()
    }
}
