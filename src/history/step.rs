//! What can become of a secret file in one commit, as data.

/// What a commit did to a secret file, as far as it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Edit {
    /// The file came into git, encrypted.
    Added,
    /// The file came into git, in clear.
    AddedInClear,
    /// It stood in clear, and is encrypted.
    Encrypted,
    /// It was encrypted, and stands in clear.
    Decrypted,
    /// It stood in clear, and does.
    InClear,
    /// It was deleted, or something else than a file took its place.
    Deleted,
    /// It has a new MAC, which takes the data key to write: an edit with sops, for all that shows.
    Sops,
    /// Nothing that was encrypted is as before, the copies of the data key included.
    Rotated,
    /// The same, and the selectors are others: it was decrypted and encrypted under another rule.
    EncryptedAnew,
    /// The copies of the data key are others, and no value is: `sops updatekeys`.
    UpdateKeys,
    /// Values were changed that the MAC covers, and the MAC was not; or it was taken away, or a token
    /// stands under another key. No edit with sops does that.
    OutsideSops,
    /// The same, in a way in which sops edits a file twice within one second.
    PerhapsOutsideSops,
    /// Values, or the time, of one version stand under the MAC of another one.
    Mixed,
    /// Something changed that the MAC does not cover: names of keys in clear, empty values, settings.
    Unauthenticated,
    /// Comments changed, and nothing else.
    Comments,
    /// The text changed, and nothing that it says.
    Layout,
    /// The content is the same: the file was renamed, or its mode changed.
    Untouched,
    /// It is, to the MAC, what an older commit held.
    Restored,
    /// The versions cannot be compared.
    NotCompared,
}

/// What a commit did to a secret file, in detail. No value is in it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Step {
    /// What it amounts to.
    pub edit: Edit,
    /// Which parent of a merge it was compared with, counted from 1; none where it is no merge.
    pub side: Option<usize>,
    /// The values that came, went or are others; at most 1,000.
    pub values: Vec<ValueChange>,
    /// How many more there are.
    pub more_values: usize,
    /// Documents of the version before that are gone, counted from 1.
    pub documents_removed: Vec<usize>,
    /// Documents that are new.
    pub documents_added: Vec<usize>,
    /// Documents that stand elsewhere.
    pub documents_moved: Vec<usize>,
    /// The keys that open the file and did not; of a first version all.
    pub recipients_added: Vec<String>,
    /// The keys that opened the file and do not.
    pub recipients_dropped: Vec<String>,
    /// What became of the data key; none where there is none before or after.
    pub data_key: Option<DataKeyFate>,
    /// What changed as text that says what is encrypted and for whom: `selectors`, `threshold`,
    /// `groups`, `recipients`.
    pub settings: Vec<&'static str>,
    /// Whether comments changed.
    pub comments: bool,
    /// Why versions were not compared.
    pub reason: Option<&'static str>,
}

/// What happened to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueChange {
    /// The keys that lead to it.
    pub path: String,
    /// What happened.
    pub what: What,
}

/// What can happen to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum What {
    /// It is another.
    Changed,
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It stands under other keys, in another document or in another order.
    Moved,
    /// It stood in clear, and is encrypted.
    Encrypted,
    /// It was encrypted, and stands in clear.
    Bared,
}

/// What became of a data key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataKeyFate {
    /// It is the one of before.
    Same,
    /// It is another, which a key has shown.
    Replaced,
    /// Nothing shows that it is the one of before.
    Unknown,
}

impl Edit {
    /// The word that reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::AddedInClear => "added-in-clear",
            Self::Encrypted => "encrypted",
            Self::Decrypted => "decrypted",
            Self::InClear => "in-clear",
            Self::Deleted => "deleted",
            Self::Sops => "sops",
            Self::Rotated => "rotated",
            Self::EncryptedAnew => "encrypted-anew",
            Self::UpdateKeys => "updatekeys",
            Self::OutsideSops => "outside-sops",
            Self::PerhapsOutsideSops => "perhaps-outside-sops",
            Self::Mixed => "mixed",
            Self::Unauthenticated => "unauthenticated",
            Self::Comments => "comments",
            Self::Layout => "layout",
            Self::Untouched => "untouched",
            Self::Restored => "restored",
            Self::NotCompared => "not-compared",
        }
    }

    /// Whether the MAC is one that the version before does not have.
    pub(super) fn has_new_mac(self) -> bool {
        matches!(
            self,
            Self::Added
                | Self::Encrypted
                | Self::Sops
                | Self::Rotated
                | Self::EncryptedAnew
                | Self::NotCompared
        )
    }

    /// Whether nothing changed that the MAC covers.
    pub(super) fn keeps_values(self) -> bool {
        matches!(
            self,
            Self::UpdateKeys
                | Self::Unauthenticated
                | Self::Comments
                | Self::Layout
                | Self::Untouched
        )
    }
}

impl What {
    /// The word that reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Moved => "moved",
            Self::Encrypted => "encrypted",
            Self::Bared => "bared",
        }
    }
}

impl DataKeyFate {
    /// The word that reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Replaced => "replaced",
            Self::Unknown => "unknown",
        }
    }
}
