//! All that a rule about two versions of a file may see.

use std::fmt;
use std::path::Path;

use super::repository::told_key;
use super::{FileContext, Past, remedy};
use crate::change::{Change, Difference, DocumentChanges, LeafId, Recipient, comes_from};
use crate::document::KeyPath;
use crate::finding::Help;

/// A file, and what became of the versions before it.
pub(crate) struct ChangeContext<'a> {
    /// The file as it is now.
    pub(crate) file: &'a FileContext<'a>,
    /// What people call a key, by the name by which keys are compared.
    pub(crate) called: &'a Called<'a>,
    /// What became of the version that the file goes on from: see [`Change::nearest`].
    pub(crate) change: &'a Change<'a>,
    /// What became of the other sides, where it is a merge.
    pub(crate) others: &'a [Change<'a>],
    /// The version that the file goes on from.
    pub(crate) base: BaseName<'a>,
    /// What the history says beyond that.
    pub(crate) past: Past<'a>,
}

/// What people call a key, where anybody has written that down.
pub(crate) type Called<'a> = dyn Fn(&str) -> Option<String> + 'a;

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
        comes_from(self.others, now)
    }

    /// A recipient in a sentence, and whose it is.
    pub(in crate::rules) fn told(&self, recipient: &Recipient) -> String {
        let called = (self.called)(recipient.canonical());
        told_key(&recipient.shown, called.as_deref())
    }

    /// How to bring the version of before back, for the reason `text`.
    pub(in crate::rules) fn bring_back(&self, text: impl Into<String>) -> Help {
        bring_back(self.base, self.file.path, text)
    }

    /// The same, and then the edit with sops.
    pub(in crate::rules) fn bring_back_then_edit(&self, text: impl Into<String>) -> Help {
        self.bring_back(text).then(remedy::sops("edit", self.file))
    }
}

/// How to bring a version of `file` back, for the reason `text`.
pub(super) fn bring_back(base: BaseName<'_>, file: &Path, text: impl Into<String>) -> Help {
    let (was, is) = (remedy::word(base.path), remedy::word(file));
    let revision = remedy::word(Path::new(base.revision));
    let command = if base.path == file {
        format!("git restore --source={revision} -- {is}")
    } else {
        format!("git show {revision}:./{was} > {is}")
    };
    Help::new(text).then(command)
}

/// Keys by name, those that follow each other as items of a list as one.
#[derive(Default)]
pub(in crate::rules) struct Names(Vec<(KeyPath, usize)>);

impl Names {
    /// The names of these keys.
    pub(in crate::rules) fn of(paths: impl IntoIterator<Item = KeyPath>) -> Self {
        let mut names = Self::default();
        paths.into_iter().for_each(|path| names.add(path));
        names
    }

    fn add(&mut self, path: KeyPath) {
        match self.0.last_mut() {
            Some((last, count)) if *last == path => *count += 1,
            _ => self.0.push((path, 1)),
        }
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (path, count)) in self.0.iter().take(MAX_NAMES).enumerate() {
            f.write_str(if at > 0 { ", " } else { "" })?;
            if path.is_empty() {
                f.write_str("`…`")?;
            } else {
                write!(f, "`{path}`")?;
            }
            if *count > 1 {
                write!(f, " ({count} items)")?;
            }
        }
        match self.0.len().saturating_sub(MAX_NAMES) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// What happened to which keys, in words.
#[derive(Default)]
pub(in crate::rules) struct Tale {
    parts: Vec<(Names, &'static str)>,
    documents: Vec<String>,
}

impl Tale {
    /// Tells differences, those of one kind together, and what became of whole documents.
    pub(in crate::rules) fn of(
        change: &Change<'_>,
        differences: impl IntoIterator<Item = Difference>,
    ) -> Self {
        let mut tale = Self::default();
        let documents = change.documents();
        tale.add_documents(change, &documents);
        let is_in = |places: &[usize], document: usize| places.binary_search(&document).is_ok();
        for difference in differences {
            let (path, what) = match difference {
                Difference::Changed { now, .. } => (change.now().path(now), "changed"),
                Difference::Moved { now, .. } => (change.now().path(now), "moved"),
                Difference::Added { now }
                    if is_in(&documents.added, change.now().document(now)) =>
                {
                    continue;
                }
                Difference::Added { now } => (change.now().path(now), "added"),
                Difference::Removed { base }
                    if is_in(&documents.removed, change.base().document(base)) =>
                {
                    continue;
                }
                Difference::Removed { base } => (change.base().path(base), "removed"),
            };
            tale.add(path, what);
        }
        tale
    }

    /// Adds that this happened to the value under `path`.
    pub(in crate::rules) fn add(&mut self, path: KeyPath, what: &'static str) {
        let at = self.parts.iter().position(|(_, known)| *known == what);
        let at = at.unwrap_or_else(|| {
            self.parts.push((Names::default(), what));
            self.parts.len() - 1
        });
        if let Some((names, _)) = self.parts.get_mut(at) {
            names.add(path);
        }
    }

    fn add_documents(&mut self, change: &Change<'_>, documents: &DocumentChanges) {
        for at in documents.removed.iter().take(MAX_NAMES) {
            let names = Names::of(change.base().held(*at));
            let number = at + 1;
            self.documents.push(format!(
                "document {number} of the base removed with {names}"
            ));
        }
        for (places, what) in [(&documents.added, "added"), (&documents.moved, "moved")] {
            for at in places.iter().take(MAX_NAMES) {
                self.documents.push(format!("document {} {what}", at + 1));
            }
        }
        let lists = [&documents.removed, &documents.added, &documents.moved];
        if lists.iter().any(|list| list.len() > MAX_NAMES) {
            self.documents.push("and more documents".to_owned());
        }
    }

    /// The words; none where nothing happened.
    pub(in crate::rules) fn into_words(self) -> Option<String> {
        let parts = self.parts.into_iter();
        let parts = parts.map(|(names, what)| format!("{names} {what}"));
        let words: Vec<String> = self.documents.into_iter().chain(parts).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }
}
