//! One version of a file, as far as it takes to compare it with another one.
//!
//! A version owns all that it knows and holds none of the text: marks of values and tokens, the names
//! of keys that look like keys, and where everything stood. So the text of a base can be dropped, and
//! a version can be compared with several others.

use std::collections::HashSet;

use super::leaf::{Leaf, LeafId, Leaves, Remark};
use super::mark::Mark;
use super::paths::Paths;
use super::seal::{Recipient, Seal};
use crate::document::{Document, Format, KeyPath};
use crate::sops::{Selectors, SopsFile};
use crate::source::{SourceId, Span};

/// A version of a file.
pub(crate) struct Version {
    pub(super) leaves: Vec<Leaf>,
    pub(super) paths: Paths,
    /// The comments, encrypted ones too, in the order of the text.
    pub(super) remarks: Vec<Remark>,
    /// How many documents it has.
    pub(super) documents: usize,
    /// What enters the MAC, where it covers all values; and where it covers the encrypted ones.
    pub(super) inputs: [Mark; 2],
    /// The metadata; none where sops finds none.
    pub(super) seal: Option<Seal>,
}

/// Why a version cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotCompared {
    /// It is no text.
    NotText,
    /// It is no document that sops would load.
    Unreadable,
    /// sops refuses its metadata.
    MalformedMetadata,
    /// It has too many values, or its selectors take too long.
    TooLarge,
}

impl NotCompared {
    /// The reason as reports print it, whatever version it is.
    pub(crate) fn cause(self) -> &'static str {
        match self {
            Self::NotText => "not-text",
            Self::Unreadable => "unreadable",
            Self::MalformedMetadata => "malformed-metadata",
            Self::TooLarge => "too-large",
        }
    }

    /// The reason as reports print it, for a version that is the base of another one.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::NotText | Self::Unreadable => "base-unreadable",
            Self::MalformedMetadata => "base-malformed-metadata",
            Self::TooLarge => "too-large",
        }
    }
}

impl Version {
    /// Reads a version out of the bytes that a file of this format had.
    ///
    /// # Errors
    /// [`NotCompared`] where it is not certain what stands where in it.
    pub(crate) fn read(id: SourceId, bytes: Vec<u8>, format: Format) -> Result<Self, NotCompared> {
        let source = Document::decode(id, bytes, format).map_err(|_| NotCompared::NotText)?;
        let document = Document::parse(&source, format).map_err(|_| NotCompared::Unreadable)?;
        match SopsFile::of(&document) {
            Ok(Some(file)) => Self::of(&file),
            Ok(None) => Self::of_clear(&document),
            Err(_) => Err(NotCompared::MalformedMetadata),
        }
    }

    /// The version that a file of sops's is.
    ///
    /// # Errors
    /// [`NotCompared::TooLarge`].
    pub(crate) fn of(file: &SopsFile<'_>) -> Result<Self, NotCompared> {
        let leaves = Leaves::gather(file.tree(), file.selectors())?;
        Ok(Self::new(
            leaves,
            Some(Seal::of(file)),
            file.tree().branches().len(),
        ))
    }

    /// The version that a document without metadata is: all in clear.
    ///
    /// # Errors
    /// [`NotCompared::TooLarge`].
    pub(crate) fn of_clear(document: &Document<'_>) -> Result<Self, NotCompared> {
        let tree = document.tree();
        let leaves = Leaves::gather(tree, &Selectors::nothing())?;
        Ok(Self::new(leaves, None, tree.branches().len()))
    }

    /// The version that a file without anything in it is.
    pub(crate) fn empty() -> Self {
        Self::new(Leaves::none(), None, 0)
    }

    /// Whether it holds no value.
    pub(crate) fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    pub(super) fn new(gathered: Leaves, seal: Option<Seal>, documents: usize) -> Self {
        let Leaves {
            leaves,
            paths,
            remarks,
            inputs,
        } = gathered;
        Self {
            leaves,
            paths,
            remarks,
            documents,
            inputs,
            seal,
        }
    }

    /// About how many bytes of memory it takes.
    pub(crate) fn size(&self) -> usize {
        std::mem::size_of::<Self>()
            + std::mem::size_of_val(self.leaves.as_slice())
            + std::mem::size_of_val(self.remarks.as_slice())
            + self.paths.size()
    }

    /// Whether sops encrypted it.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.seal.is_some()
    }

    /// The leaves in the order in which sops visits them, which is that of the MAC.
    pub(super) fn ids(&self) -> impl Iterator<Item = LeafId> + use<> {
        (0..self.leaves.len()).map(LeafId::of_index)
    }

    /// The leaf of that name.
    ///
    /// # Panics
    /// Where `id` is another version's.
    pub(super) fn leaf(&self, id: LeafId) -> &Leaf {
        &self.leaves[id.index()]
    }

    /// What tells the keys that lead to a leaf from others.
    pub(super) fn path_mark(&self, id: LeafId) -> Mark {
        self.paths.mark(self.leaf(id).path)
    }

    /// The keys that lead to a leaf, as reports print them.
    pub(crate) fn path(&self, id: LeafId) -> KeyPath {
        self.paths.shown(self.leaf(id).path)
    }

    /// Where a leaf stands in the text of this version.
    pub(crate) fn span(&self, id: LeafId) -> Span {
        self.leaf(id).span
    }

    /// Whether a leaf is an encrypted value.
    pub(crate) fn is_token(&self, id: LeafId) -> bool {
        self.leaf(id).is_token()
    }

    /// The keys of what a document holds: of its encrypted values, or where it has none of all.
    pub(crate) fn held(&self, document: usize) -> Vec<KeyPath> {
        let of_document = || self.ids().filter(|id| self.document(*id) == document);
        let tokens: Vec<LeafId> = of_document().filter(|id| self.is_token(*id)).collect();
        let told = if tokens.is_empty() {
            of_document().collect()
        } else {
            tokens
        };
        told.into_iter().map(|id| self.path(id)).collect()
    }

    /// Whether a key is among those that open it.
    pub(crate) fn has_recipient(&self, recipient: &Recipient) -> bool {
        let seal = self.seal.as_ref();
        seal.is_some_and(|seal| seal.names.contains(&recipient.name))
    }

    /// The document that holds a leaf, counted from 0.
    pub(crate) fn document(&self, id: LeafId) -> usize {
        self.leaf(id).document as usize
    }

    /// Which documents hold values.
    pub(super) fn occupied(&self) -> Vec<bool> {
        let mut occupied = vec![false; self.documents];
        for id in self.ids() {
            if let Some(holds) = occupied.get_mut(self.document(id)) {
                *holds = true;
            }
        }
        occupied
    }

    /// Whether sops wrote `mac` once for both: the MAC and its time are the same. Costs nothing, so
    /// that a history can be searched for the version that brought a MAC.
    pub(crate) fn has_mac_of(&self, other: &Self) -> bool {
        let (Some(this), Some(other)) = (&self.seal, &other.seal) else {
            return false;
        };
        let mac = |seal: &Seal| seal.mac.map(|(mark, _)| mark);
        mac(this).is_some()
            && mac(this) == mac(other)
            && this.last_modified.0 == other.last_modified.0
    }

    /// What tells the MAC with its time from others: equal where [`Version::has_mac_of`] is true. None
    /// where there is no MAC.
    pub(crate) fn mac(&self) -> Option<Mark> {
        let seal = self.seal.as_ref()?;
        let (mac, _) = seal.mac?;
        let time = Mark::of(&[seal.last_modified.0.as_bytes()]);
        Some(Mark::of_marks([mac, time]))
    }

    /// What tells the selectors from others, and whether the MAC covers clear values; none where
    /// nothing is encrypted.
    pub(crate) fn selectors(&self) -> Option<(Mark, bool)> {
        let seal = self.seal.as_ref()?;
        Some((seal.selector.0, seal.mac_only_encrypted))
    }

    /// The names of the keys that open it, as reports print them, each once.
    pub(crate) fn recipients(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        let all = self.seal.iter().flat_map(Seal::recipients);
        let all = all.filter(|recipient| seen.insert(&recipient.name));
        all.map(|recipient| recipient.shown.clone()).collect()
    }

    /// The keys that open it, group by group.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Recipient> {
        self.seal.iter().flat_map(Seal::recipients)
    }

    /// Whether a key's copy of the data key is the same in both: sops writes all of them anew whenever
    /// it changes one, or the groups or the threshold.
    pub(crate) fn shares_stanza(&self, other: &Self) -> bool {
        let (Some(this), Some(other)) = (&self.seal, &other.seal) else {
            return false;
        };
        !this.stanzas.is_disjoint(&other.stanzas)
    }

    /// Whether both have the same `mac`, whatever their times are.
    pub(crate) fn shares_mac(&self, other: &Self) -> bool {
        let mac = |version: &Self| Some(version.seal.as_ref()?.mac?.0);
        mac(self).is_some() && mac(self) == mac(other)
    }

    /// Whether both say the same time.
    pub(crate) fn shares_time(&self, other: &Self) -> bool {
        let time = |version: &Self| Some(version.seal.as_ref()?.last_modified.0.clone());
        time(self).is_some() && time(self) == time(other)
    }

    /// Whether what enters the MAC is the same in both, by the rule of `self` for values in clear.
    /// Costs nothing either.
    pub(crate) fn has_inputs_of(&self, other: &Self) -> bool {
        let scope = |version: &Self| version.seal.as_ref().map(Seal::mac_only_encrypted);
        // What the MAC covers enters it, too.
        if matches!((scope(self), scope(other)), (Some(one), Some(another)) if one != another) {
            return false;
        }
        let only_encrypted = scope(self).unwrap_or_default();
        let [all, encrypted] = &self.inputs;
        let [others_all, others_encrypted] = &other.inputs;
        if only_encrypted {
            encrypted == others_encrypted
        } else {
            all == others_all
        }
    }
}
