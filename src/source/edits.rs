//! Changes to a text as splices: everything that no splice names stays byte for byte.

use super::Span;

/// A set of splices over one text, in any order of arrival.
///
/// The vocabulary of edits to a document (replace a scalar, insert an item, …) is
/// `document::editor`'s; it ends in splices here.
#[derive(Clone, Default)]
pub(crate) struct Edits {
    splices: Vec<Splice>,
}

#[derive(Clone)]
struct Splice {
    span: Span,
    text: String,
}

/// Why a set of splices cannot be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EditError {
    /// Two splices touch the same bytes.
    #[error("two edits overlap at byte {at}")]
    Overlap { at: usize },
    /// A splice lies outside the text or cuts a character.
    #[error("an edit at byte {at} does not fit the text")]
    OutOfBounds { at: usize },
}

impl Edits {
    /// Puts `text` in the place of `span`. An empty span inserts.
    pub(crate) fn replace(&mut self, span: Span, text: impl Into<String>) {
        self.splices.push(Splice {
            span,
            text: text.into(),
        });
    }

    /// The text with all splices made.
    ///
    /// The result does not depend on the order in which splices of different places were added;
    /// insertions at one place keep their order.
    ///
    /// # Errors
    /// [`EditError`] where splices overlap each other or do not fit `text`.
    pub(crate) fn apply(&self, text: &str) -> Result<String, EditError> {
        let mut sorted: Vec<&Splice> = self.splices.iter().collect();
        sorted.sort_by_key(|splice| splice.span);
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for splice in sorted {
            let at = splice.span.start();
            if at < done {
                return Err(EditError::Overlap { at });
            }
            let kept = text.get(done..at).ok_or(EditError::OutOfBounds { at })?;
            out.push_str(kept);
            out.push_str(&splice.text);
            done = splice.span.end();
        }
        out.push_str(
            text.get(done..)
                .ok_or(EditError::OutOfBounds { at: done })?,
        );
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splices_in_any_order_and_keeps_the_rest() {
        let mut edits = Edits::default();
        edits.replace(Span::new(4, 5), "Z");
        edits.replace(Span::new(0, 1), "");
        edits.replace(Span::new(2, 2), "++");
        assert_eq!(edits.apply("abcdef").as_deref(), Ok("b++cdZf"));
    }

    #[test]
    fn refuses_overlaps_and_splices_outside_the_text() {
        let mut edits = Edits::default();
        edits.replace(Span::new(0, 3), "x");
        edits.replace(Span::new(2, 4), "y");
        assert_eq!(edits.apply("abcdef"), Err(EditError::Overlap { at: 2 }));
        let mut edits = Edits::default();
        edits.replace(Span::new(5, 9), "x");
        assert_eq!(edits.apply("abc"), Err(EditError::OutOfBounds { at: 5 }));
        let mut edits = Edits::default();
        edits.replace(Span::new(1, 2), "x");
        assert_eq!(edits.apply("é"), Err(EditError::OutOfBounds { at: 1 }));
    }
}
