//! The metadata of one version, as far as a change of it means something.

use std::collections::BTreeSet;

use super::mark::Mark;
use crate::sops::{Selectors, SopsFile, Token};
use crate::source::Span;

/// What the `sops` mapping of a version says.
pub(crate) struct Seal {
    /// Where its key stands.
    pub(super) span: Span,
    /// The MAC and where it stands; none where sops would say "no MAC".
    pub(super) mac: Option<(Mark, Span)>,
    /// When sops last wrote the file: the text that the MAC is authenticated with.
    pub(super) last_modified: (String, Span),
    /// The selector that counts, its name and its text; where it stands, if it does.
    pub(super) selector: (Mark, Option<Span>),
    pub(super) mac_only_encrypted: bool,
    /// How many groups must be opened.
    pub(super) threshold: usize,
    pub(super) threshold_span: Option<Span>,
    /// The keys that open it, group by group.
    pub(super) groups: Vec<Vec<Recipient>>,
    /// The names of all these keys.
    pub(super) names: BTreeSet<String>,
    /// The data key or shares of it, each encrypted to a key.
    pub(super) stanzas: BTreeSet<Mark>,
}

/// A key that opens a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recipient {
    /// The name to compare; it may be anything that was pasted there.
    pub(super) name: String,
    /// The name to print.
    pub(crate) shown: String,
    /// Where its entry stands.
    pub(crate) span: Span,
}

impl Recipient {
    /// The name to compare. It may be anything that was pasted there.
    pub(crate) fn canonical(&self) -> &str {
        &self.name
    }
}

impl Seal {
    /// What the metadata of `file` says.
    pub(super) fn of(file: &SopsFile<'_>) -> Self {
        let metadata = file.metadata();
        let selector = match &metadata.selector {
            Some(field) => {
                let (kind, text) = &field.value;
                (
                    Mark::of(&[kind.name().as_bytes(), text]),
                    Some(field.key_span),
                )
            }
            None => {
                let (name, text) = Selectors::default_setting();
                (Mark::of(&[name.as_bytes(), text]), None)
            }
        };
        let groups = metadata.groups.iter().map(|group| {
            let keys = group.keys.iter().map(|key| Recipient {
                name: key.canonical(),
                shown: key.shown(),
                span: key.span,
            });
            keys.collect()
        });
        let groups: Vec<Vec<Recipient>> = groups.collect();
        let stanzas = metadata
            .groups
            .iter()
            .flat_map(|group| &group.keys)
            .filter_map(|key| Some(Mark::of(&[&key.enc.as_ref()?.value])));
        let threshold = metadata.shamir_threshold.as_ref();
        let last_modified = &metadata.last_modified;
        Self {
            span: metadata.key_span,
            mac: metadata
                .mac
                .as_ref()
                .map(|mac| (mark_of_mac(&mac.value), mac.span)),
            last_modified: (last_modified.value.to_rfc3339(), last_modified.span),
            selector,
            mac_only_encrypted: file.selectors().mac_only_encrypted(),
            threshold: needed(
                threshold.map_or(0, |field| field.value),
                metadata.groups.len(),
            ),
            threshold_span: threshold.map(|field| field.key_span),
            names: groups
                .iter()
                .flatten()
                .map(|key| key.name.clone())
                .collect(),
            groups,
            stanzas: stanzas.collect(),
        }
    }

    /// Whether the MAC covers encrypted values only.
    pub(super) fn mac_only_encrypted(&self) -> bool {
        self.mac_only_encrypted
    }

    /// All keys that open it or a part of it.
    pub(super) fn recipients(&self) -> impl Iterator<Item = &Recipient> {
        self.groups.iter().flatten()
    }
}

/// How many of the groups are needed: all, where nothing that makes sense is said.
fn needed(threshold: i64, groups: usize) -> usize {
    let said = usize::try_from(threshold).ok().filter(|said| *said > 0);
    said.unwrap_or(groups).min(groups)
}

/// The MAC without what may stand behind it in a quoted text.
fn mark_of_mac(text: &[u8]) -> Mark {
    match Token::parse(text) {
        Some(token) => Mark::of(&[token.data, token.iv, token.tag, token.kind]),
        None => Mark::of(&[text]),
    }
}
