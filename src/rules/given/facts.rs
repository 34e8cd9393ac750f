//! What is kept of a sops file for the rules that look at all files together: no text of it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::document::{Format, Scalar, Tree};
use crate::finding::Position;
use crate::sops::{KeyKind, Leaf, Quorum, SelectorKind, SopsFile, walk};
use crate::source::{Source, Span};

/// A sops file as its metadata has it.
#[derive(Clone, Debug)]
pub(crate) struct FileFacts {
    /// The path as reports print it.
    pub(crate) path: PathBuf,
    /// The format that it was read as.
    pub(crate) format: Format,
    /// Where the metadata begins.
    pub(crate) at: Position,
    /// The keys that open it, group by group.
    pub(crate) groups: Vec<Vec<KeyFacts>>,
    /// How many groups must open, as the file says it, and where.
    pub(crate) threshold: Option<(i64, Position)>,
    /// How many groups must open.
    pub(crate) groups_needed: usize,
    /// The selector that is set.
    pub(crate) selector: Option<SelectorFacts>,
    /// Whether the MAC covers encrypted values only.
    pub(crate) mac_only_encrypted: bool,
    /// Whether it is a manifest for a cluster.
    pub(crate) is_manifest: bool,
    /// Whether its selectors are certain to pick none of its values, of which there are some, and would not
    /// leave them in clear for marks in the file itself.
    pub(crate) picks_nothing: bool,
}

/// A key that opens a file or a group of it.
#[derive(Clone, Debug)]
pub(crate) struct KeyFacts {
    /// What service it is of.
    pub(crate) kind: KeyKind,
    /// The name to compare. It may be anything that was pasted there, and is never printed.
    pub(crate) canonical: String,
    /// The name that `sops updatekeys` compares. It is never printed, either.
    pub(crate) spelled: String,
    /// The name to print.
    pub(crate) shown: String,
    /// Where its entry stands.
    pub(crate) at: Position,
}

/// A selector that a file sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SelectorFacts {
    /// Which of the six.
    pub(crate) kind: SelectorKind,
    /// The suffix or regular expression.
    pub(crate) text: Vec<u8>,
    /// Where it stands.
    pub(crate) at: Position,
}

/// Whether the selectors are certain to pick none of the values, empty ones counted, of which there are some.
fn picks_nothing(file: &SopsFile<'_>) -> bool {
    let selectors = file.selectors();
    if selectors.goes_by_marks() && !selectors.is_refused() {
        return false;
    }
    let (mut has_values, mut picks) = (false, false);
    let walked = walk(file.tree(), selectors, |visit| {
        if let Leaf::Scalar { scalar, .. } = visit.leaf {
            has_values |= !matches!(scalar, Scalar::Null);
            picks |= visit.selected;
        }
    });
    walked.is_ok() && has_values && !picks && selectors.is_certain()
}

impl FileFacts {
    /// What is kept of `file`, whose selectors pick `encrypted` values.
    pub(crate) fn of(
        path: &Path,
        format: Format,
        source: &Source,
        file: &SopsFile<'_>,
        encrypted: usize,
    ) -> Self {
        let at = |span: Span| source.position(span.start());
        let metadata = file.metadata();
        let groups = metadata.groups.iter().map(|group| {
            let keys = group.keys.iter().map(|key| {
                let names = key.names();
                KeyFacts {
                    kind: names.kind,
                    canonical: names.canonical,
                    spelled: names.spelled,
                    shown: names.shown,
                    at: at(key.span),
                }
            });
            keys.collect()
        });
        let threshold = metadata.shamir_threshold.as_ref();
        let selector = metadata.selector.as_ref().map(|field| SelectorFacts {
            kind: field.value.0,
            text: field.value.1.to_vec(),
            at: at(field.key_span),
        });
        Self {
            path: path.to_owned(),
            format,
            at: at(metadata.key_span),
            groups: groups.collect(),
            threshold: threshold.map(|field| (field.value, at(field.key_span))),
            groups_needed: file.groups_needed(),
            selector,
            mac_only_encrypted: file.selectors().mac_only_encrypted(),
            is_manifest: is_manifest(file.tree()),
            picks_nothing: encrypted == 0 && picks_nothing(file),
        }
    }

    /// The groups as what the loss of recipients is counted by.
    pub(in crate::rules) fn quorum(&self) -> Quorum<'_> {
        let threshold = self.threshold.map(|(count, _)| count);
        let groups = self
            .groups
            .iter()
            .map(|group| group.iter().map(|key| key.canonical.as_str()));
        Quorum::new(groups, threshold)
    }

    /// The keys that open it or a group of it, each once.
    pub(crate) fn distinct_keys(&self) -> impl Iterator<Item = &KeyFacts> {
        let mut seen = HashSet::new();
        self.keys().filter(move |key| seen.insert(&key.canonical))
    }

    /// All keys that open it or a group of it.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &KeyFacts> {
        self.groups.iter().flatten()
    }

    /// Whether all of its keys are age's, for which nothing but their text is needed to encrypt to them.
    pub(crate) fn is_of_age(&self) -> bool {
        self.keys().all(|key| key.kind == KeyKind::Age)
    }
}

/// Whether a cluster would take a document for an object of its own, as far as names tell.
fn is_manifest(tree: &Tree<'_>) -> bool {
    let mut documents = tree.branches().iter();
    documents.any(|document| {
        let has = |key| tree.pair(*document, key).is_some();
        has("apiVersion") && has("kind")
    })
}
