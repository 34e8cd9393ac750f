//! All that a rule about two versions of a file may see.

use std::path::Path;

use super::{FileContext, remedy};
use crate::change::{Change, Difference, LeafId, Origin};
use crate::document::KeyPath;
use crate::finding::Help;

/// A file, and what became of the versions before it.
pub(crate) struct ChangeContext<'a> {
    /// The file as it is now.
    pub(crate) file: &'a FileContext<'a>,
    /// What became of the version that the file goes on from: see [`Change::nearest`].
    pub(crate) change: &'a Change<'a>,
    /// What became of the other sides, where it is a merge.
    pub(crate) others: &'a [Change<'a>],
    /// The version that the file goes on from.
    pub(crate) base: BaseName<'a>,
}

/// How a version is named in words and commands.
#[derive(Clone, Copy)]
pub(crate) struct BaseName<'a> {
    /// The revision, as git takes it.
    pub(crate) revision: &'a str,
    /// The path that the file had there, as reports print it.
    pub(crate) path: &'a Path,
}

/// The most paths that a finding names.
const MAX_NAMES: usize = 12;

/// The most findings of one kind about one file.
pub(in crate::rules) const MAX_FINDINGS: usize = 1_000;

impl ChangeContext<'_> {
    /// Whether another side of a merge has the leaf as it is now.
    pub(in crate::rules) fn comes_from_other(&self, now: LeafId) -> bool {
        let kept = |other: &Change<'_>| matches!(other.origin(now), Origin::Kept(_));
        self.others.iter().any(kept)
    }

    /// How to bring the version of before back, for the reason `text`.
    pub(in crate::rules) fn bring_back(&self, text: impl Into<String>) -> Help {
        let BaseName { revision, path } = self.base;
        let (was, is) = (remedy::word(path), remedy::word(self.file.path));
        let revision = remedy::word(Path::new(revision));
        let command = if path == self.file.path {
            format!("git restore --source={revision} -- {is}")
        } else {
            format!("git show {revision}:./{was} > {is}")
        };
        Help::new(text).then(command)
    }

    /// The same, and then the edit with sops.
    pub(in crate::rules) fn bring_back_then_edit(&self, text: impl Into<String>) -> Help {
        let file = remedy::argument(self.file.path);
        self.bring_back(text).then(format!("sops edit {file}"))
    }
}

/// What happened to which keys, in words.
#[derive(Default)]
pub(in crate::rules) struct Tale {
    parts: Vec<(Vec<(KeyPath, usize)>, &'static str)>,
    documents: Vec<String>,
}

impl Tale {
    /// Tells differences, those of one kind together.
    pub(in crate::rules) fn of(
        change: &Change<'_>,
        differences: impl IntoIterator<Item = Difference>,
    ) -> Self {
        let mut tale = Self::default();
        for difference in differences {
            let (path, what) = match difference {
                Difference::Changed { now, .. } => (change.now().path(now), "changed"),
                Difference::Added { now } => (change.now().path(now), "added"),
                Difference::Removed { base } => (change.base().path(base), "removed"),
                Difference::Moved { now, .. } => (change.now().path(now), "moved"),
            };
            tale.add(path, what);
        }
        tale
    }

    /// Adds that this happened to the value under `path`.
    pub(in crate::rules) fn add(&mut self, path: KeyPath, what: &'static str) {
        let at = self.parts.iter().position(|(_, known)| *known == what);
        let at = at.unwrap_or_else(|| {
            self.parts.push((Vec::new(), what));
            self.parts.len() - 1
        });
        if let Some((paths, _)) = self.parts.get_mut(at) {
            // Items of a list follow each other.
            match paths.last_mut() {
                Some((last, count)) if *last == path => *count += 1,
                _ => paths.push((path, 1)),
            }
        }
    }

    /// Adds that this happened to documents, counted from 0.
    pub(in crate::rules) fn add_documents(&mut self, documents: &[usize], what: &str) {
        let numbers: Vec<String> = documents.iter().map(|at| (at + 1).to_string()).collect();
        match numbers.as_slice() {
            [] => {}
            [one] => self.documents.push(format!("document {one} {what}")),
            [first @ .., last] => {
                let first = first.iter().take(MAX_NAMES);
                let first: Vec<&str> = first.map(String::as_str).collect();
                let first = first.join(", ");
                self.documents
                    .push(format!("documents {first} and {last} {what}"));
            }
        }
    }

    /// The words; none where nothing happened.
    pub(in crate::rules) fn into_words(self) -> Option<String> {
        let parts = self.parts.into_iter().map(|(paths, what)| {
            let named = paths.iter().take(MAX_NAMES).map(|(path, count)| {
                let shown = if path.is_empty() {
                    "…".to_owned()
                } else {
                    path.to_string()
                };
                match count {
                    1 => format!("`{shown}`"),
                    _ => format!("`{shown}` ({count} items)"),
                }
            });
            let named: Vec<String> = named.collect();
            let more = match paths.len().saturating_sub(MAX_NAMES) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{}{more} {what}", named.join(", "))
        });
        let words: Vec<String> = parts.chain(self.documents).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }
}
