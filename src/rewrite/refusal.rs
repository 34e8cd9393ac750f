//! Why a file is not sealed anew, in words for who asked for it.

use crate::document::EditRefusal;
use crate::keys::LockError;
use crate::random::NoRandomness;
use crate::sops::{Indivisible, Inspection, NotSealed};

/// Why there is no new text. The file is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// sops would refuse the file for more than what is to be made right.
    #[error("{}", unsound(.0))]
    Unsound(Box<Inspection>),
    /// It has no `mac` that could be another.
    #[error("it has no `mac`")]
    NoMac,
    #[error("a value is not sealed anew: {0}")]
    Seal(#[from] NotSealed),
    /// An encrypted value is read in more than one place, by way of an alias.
    #[error("an alias leads to an encrypted value, which sops itself never writes")]
    Shared,
    /// A selector matches tokens, whatever is in them.
    #[error("its comment selector matches encrypted comments, which sops refuses, too")]
    Selected,
    /// Keys that are not age's would have to be encrypted to.
    #[error("only sops encrypts to {}", named(.keys))]
    NeedsSops {
        /// Their names, as reports may print them.
        keys: Vec<String>,
    },
    /// sops refuses to lock anything for nobody.
    #[error("key group {0} has no keys")]
    EmptyGroup(usize),
    #[error(transparent)]
    Shares(#[from] Indivisible),
    /// A recipient, as reports may print it, and what is the matter with it.
    #[error("nothing is locked for `{recipient}`: {why}")]
    Lock { recipient: String, why: LockError },
    /// A recipient, as reports may print it, that has no copy of the data key.
    #[error("there is no data key for `{recipient}` in it")]
    NoCopy { recipient: String },
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// There is nothing to take apart.
    #[error("it holds one document: there is nothing to split")]
    OneDocument,
    /// A document cannot be read without those before it.
    #[error(
        "document {number} cannot be read alone: it refers to an anchor or a tag of another document"
    )]
    Dependent { number: usize },
    /// The `sops` block of a document is neither that of the first nor can that be put in its place.
    #[error(
        "the `sops` block of document {number} is not that of the first, and cannot be made so as text"
    )]
    Metadata { number: usize },
    /// Where the documents stand cannot be said, or they would say something else alone.
    #[error("its documents would not say the same alone")]
    Tangled,
    /// The text cannot be edited so.
    #[error("it is not changed in place: {0}")]
    Edit(#[from] EditRefusal),
}

/// What is wrong, the first of it in full: paths of keys are no secret, and are escaped where they are
/// printed.
fn unsound(found: &Inspection) -> String {
    let Some(problem) = found.problems.first() else {
        let what = found.unsupported.as_deref().unwrap_or("too much");
        return format!("it is not verified here: it has {what}");
    };
    let more = match found.problems.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    format!("at `{}`: {}{more}", problem.path, problem.kind)
}

fn named(keys: &[String]) -> String {
    let named: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    named.join(", ")
}
