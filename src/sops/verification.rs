//! What is known of a file: sops's verdict, or why there is none.

use std::fmt;

/// Whether sops 3.13.3 would decrypt the file with the identities at hand.
///
/// `Verified` means that the file is consistent: whoever knows the recipients can write another one
/// that is consistent too. It never means that the file is authentic.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verification {
    /// sops would decrypt it: every value opens and the MAC holds.
    Verified,
    /// sops would refuse it.
    Failed,
    /// No identity at hand opens it, so that only what needs no key was checked.
    NotVerified(Reason),
    /// It carries no sops metadata.
    NotEncrypted,
}

/// Why a file was not verified.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// There is no identity here at all.
    NoIdentity,
    /// None of the identities here is a recipient of the file.
    NotARecipient,
    /// The identities here open fewer key groups than the file needs.
    TooFewGroups,
    /// Only keys of kinds that age does not have (KMS, PGP, …) open it.
    NeedsOtherKeys,
    /// The key that would open it asks for a passphrase or a touch.
    NeedsInput,
    /// sopsguard cannot read what the file uses; it is named.
    Unsupported(String),
    /// The file's selectors differ from the base's, so that a verdict could answer guesses.
    SelectorsChanged,
}

impl Verification {
    /// The word that reports use.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Failed => "failed",
            Self::NotVerified(_) => "not-verified",
            Self::NotEncrypted => "not-encrypted",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoIdentity => "no-identity",
            Self::NotARecipient => "not-a-recipient",
            Self::TooFewGroups => "too-few-groups",
            Self::NeedsOtherKeys => "needs-other-keys",
            Self::NeedsInput => "needs-input",
            Self::Unsupported(what) => return write!(f, "unsupported: {what}"),
            Self::SelectorsChanged => "selectors-changed",
        })
    }
}
