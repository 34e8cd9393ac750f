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
    TooFewGroups {
        /// How many must open.
        needed: usize,
        /// How many there are.
        exist: usize,
        /// How many did open.
        opened: usize,
    },
    /// Only keys of kinds that age does not have open it; the kinds as sops names them, such as `kms`
    /// and `pgp`.
    NeedsOtherKeys(Vec<&'static str>),
    /// The key that would open it asks for a passphrase or a touch, and nobody answered; what asks is
    /// named.
    NeedsInput(String),
    /// The key that would open it is behind a command or a plugin that may not run here; it is named.
    NotAllowed(String),
    /// The key that would open it could not be had, for this reason.
    KeyFailed(String),
    /// sopsguard cannot read what the file uses; it is named.
    Unsupported(String),
    /// Nobody asked for it: the command opens nothing.
    NotAsked,
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
            Self::TooFewGroups { .. } => "too-few-groups",
            Self::NeedsOtherKeys(_) => "needs-other-keys",
            Self::NeedsInput(who) => {
                return write!(
                    f,
                    "needs-input: {who} asks for a passphrase, and nobody answered"
                );
            }
            Self::NotAllowed(what) => return write!(f, "not-allowed: {what}"),
            Self::KeyFailed(what) => return write!(f, "key-failed: {what}"),
            Self::Unsupported(what) => return write!(f, "unsupported: {what}"),
            Self::SelectorsChanged => "selectors-changed",
            Self::NotAsked => "not-asked",
        })
    }
}

impl Reason {
    /// The reason in a few words, lower case, for people.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Self::NoIdentity => "there is no identity".to_owned(),
            Self::NotARecipient => "no identity here is a recipient".to_owned(),
            Self::TooFewGroups {
                needed,
                exist,
                opened,
            } => format!("{needed} of {exist} key groups needed; opened: {opened}"),
            Self::NeedsOtherKeys(kinds) => {
                let names: Vec<&str> = kinds.iter().map(|kind| service(kind)).collect();
                format!("needs {}", names.join(" or "))
            }
            Self::NeedsInput(who) => format!(
                "{who} asks for a passphrase, and nobody answered (nobody is asked in a hook, without a \
                 terminal, or with `--no-input`)"
            ),
            Self::NotAllowed(what) | Self::KeyFailed(what) => what.clone(),
            Self::SelectorsChanged => {
                "its selectors, or what they leave in clear, differ from the base's, so that a verdict \
                 could answer a guess; `--trust-changes` opens it"
                    .to_owned()
            }
            Self::NotAsked => "this command opens no file".to_owned(),
            Self::Unsupported(what) => format!("not supported: {what}"),
        }
    }
}

/// A kind of keys that is not age's, as people call it.
pub(crate) fn service(kind: &str) -> &str {
    match kind {
        "pgp" => "PGP",
        "kms" => "AWS KMS",
        "gcp_kms" => "GCP KMS",
        "hckms" => "HuaweiCloud KMS",
        "azure_kv" => "Azure Key Vault",
        "hc_vault" => "HashiCorp Vault",
        other => other,
    }
}
