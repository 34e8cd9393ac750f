//! What became of the comments.
//!
//! They are compared as a heap of lines, wherever they stand: sops and formatters move comments when
//! they print a file anew, and the MAC covers none of them. Which values a comment picks shows on the
//! values.

use std::collections::{HashMap, HashSet};

use super::mark::Mark;
use super::{Change, Version};
use crate::source::Span;

/// Lines of comment that differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CommentChanges {
    /// Where lines in clear stand that the base has not.
    pub(crate) added: Vec<Span>,
    /// How many lines in clear are gone.
    pub(crate) removed: usize,
    /// Where encrypted lines stand that the base has not and that sops did not write since.
    pub(crate) copied: Vec<Span>,
    /// How many encrypted lines are gone.
    pub(crate) removed_tokens: usize,
}

impl CommentChanges {
    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Change<'_> {
    /// What became of the comments. An encrypted one that is new with a vector of its own was
    /// written by sops, and is not among them; nor is one that it may have replaced.
    pub(crate) fn comments(&self) -> CommentChanges {
        let mut changes = CommentChanges::default();
        let vectors: HashSet<Mark> = vectors(self.base).collect();
        let mut left = counts(self.base);
        let mut written = 0;
        for remark in &self.now.remarks {
            match left.get_mut(&remark.mark) {
                Some((count, _)) if *count > 0 => *count -= 1,
                Some(_) | None => match remark.iv {
                    None => changes.added.push(remark.span),
                    Some(iv) if vectors.contains(&iv) => changes.copied.push(remark.span),
                    Some(_) => written += 1,
                },
            }
        }
        for (count, is_token) in left.into_values() {
            if is_token {
                changes.removed_tokens += count;
            } else {
                changes.removed += count;
            }
        }
        changes.removed_tokens = changes.removed_tokens.saturating_sub(written);
        changes
    }

    /// Whether a comment is new or gone.
    pub(crate) fn has_other_comments(&self) -> bool {
        let sorted = |version: &Version| {
            let marks = version.remarks.iter().map(|remark| remark.mark);
            let mut marks: Vec<Mark> = marks.collect();
            marks.sort_unstable();
            marks
        };
        sorted(self.base) != sorted(self.now)
    }
}

fn counts(version: &Version) -> HashMap<Mark, (usize, bool)> {
    let mut counts: HashMap<Mark, (usize, bool)> = HashMap::new();
    for remark in &version.remarks {
        let entry = counts
            .entry(remark.mark)
            .or_insert((0, remark.iv.is_some()));
        entry.0 += 1;
    }
    counts
}

fn vectors(version: &Version) -> impl Iterator<Item = Mark> {
    version.remarks.iter().filter_map(|remark| remark.iv)
}
