//! Why a file does not get other keys, in words for who asked for them.

use crate::document::EditRefusal;
use crate::keys::LockError;

/// Why there is no new text. The file is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Keys that are not age's would have to be encrypted to, which takes their owners' services.
    #[error("{}", needs_sops(.keys, *.why))]
    NeedsSops {
        /// Their names, as reports may print them.
        keys: Vec<String>,
        why: Why,
    },
    /// There would be nobody left.
    #[error("no key would open the file any more")]
    NoKeys,
    /// A group would have no keys.
    #[error("key group {0} would have no keys")]
    EmptyGroup(usize),
    /// There are no such shares.
    #[error(
        "the data key cannot be shared among {groups} key groups of which {threshold} are needed"
    )]
    Threshold { groups: usize, threshold: i64 },
    /// A new recipient, as reports may print it, and what is the matter with it.
    #[error("nothing is locked for `{recipient}`: {why}")]
    Recipient { recipient: String, why: LockError },
    /// The metadata are written in a way that sops reads and never writes.
    #[error("{0}, which sops itself never writes; `sops updatekeys` writes the metadata anew")]
    Unusual(&'static str),
    /// The text cannot be edited so.
    #[error("the keys are not changed in place: {0}")]
    Edit(#[from] EditRefusal),
}

/// What keys that are not age's would be needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// They are new.
    Added,
    /// The number of key groups or how many are needed changes, so that every key gets a new share.
    Shares,
    /// No identity here opens a key group that somebody joins, so that every key gets a new share.
    ShutGroup,
}

fn needs_sops(keys: &[String], why: Why) -> String {
    let named: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    let named = named.join(", ");
    let why = match why {
        Why::Added => "would be added",
        Why::Shares => {
            "would get a new share of the data key, as every key does where groups change"
        }
        Why::ShutGroup => {
            "would get a new share of the data key, as no identity here opens the group that is added to"
        }
    };
    format!("{named} {why}, and only sops encrypts to such keys")
}
