//! From what the user asked for to a report: list the inputs, look at each file by itself, sort,
//! and put what was found together.
//!
//! Files are looked at in parallel, a file a task, and nothing of a file's text outlives its task.
//! What comes out depends on the files and the identities alone, not on the number of threads.

mod audit;
mod baseline;
mod bases;
mod bytes;
mod catalogue;
mod check;
mod compare;
mod configs;
mod creation;
mod earlier;
mod encrypted;
mod error;
mod escrow;
mod explain;
mod file;
mod filters;
mod fingerprint;
mod former;
mod guess;
mod history;
mod inputs;
mod interruption;
mod judge;
mod keys;
mod known;
mod log;
mod manifest;
mod named;
mod names;
mod notices;
mod others;
mod policy;
mod recipients;
mod recovery;
mod refused;
mod report;
mod request;
mod reseal;
mod rewriting;
mod rotate;
mod settle;
mod sign;
mod since;
mod split;
mod staged;
mod surroundings;
mod threads;
mod unread;
mod updatekeys;
mod walk;
mod watch;
mod work_tree;

pub use crate::history::{DataKeyFate, Edit, Step, ValueChange, What};
pub use crate::keys::{Answer, Ask};
pub use crate::rules::Command;
pub use audit::{FirstPolicy, audit, init};
pub use baseline::{Written, write_baseline};
pub use catalogue::{RuleInfo, catalogue, policy_schema};
pub use check::check;
pub use error::Error;
pub use escrow::{
    AddRecipient, EscrowKey, EscrowStatus, HandoverStep, KeyKind, Leaving, NewIdentity, NotProved,
    ProofReport, ProofRequest, ProvedIdentity, Recorded, RemoveRecipient, StepState, WhichRules,
    add_recipient, escrow_status, new_passphrase, prove_identities, refuse_repository,
    remove_recipient,
};
pub use explain::{
    AskedRule, Changes, Drift, ExplainRequest, Explanation, Governing, GroupReport, KeyName, Leaf,
    Mine, MovedKey, Outcome, Page, RecipientReport, RuleReport, SealReport, SelectorReport,
    explain, explain_tree,
};
pub use keys::{KeyReport, KnownKey, keys};
pub use log::{At, Log, LogEnd, LogEntry, LogRequest, log};
pub use recipients::{AccessMatrix, FileAccess, Grant, Keyholder, recipients};
pub use recovery::{Direction, FileState, RecoveredFile, Recovery, recover};
pub use report::{BaseCommit, ComparedWith, FileReport, Lacking, NotEvaluated, Report, Summary};
pub use request::{Access, IdentitySource, Request, Target};
pub use reseal::{Reseal, reseal};
pub use rewriting::{
    Amendment, Applied, Blessed, ChangeOptions, ChangePlan, DiffLine, Exposed, FileChange, Refused,
};
pub use rotate::{Rotate, rotate};
pub use split::{Split, split};
pub use updatekeys::{UpdateKeys, update_keys};
pub use watch::Watch;

use threads::map_all;

#[cfg(feature = "cli")]
pub(crate) use crate::document::Foreign;
#[cfg(feature = "cli")]
pub(crate) use crate::sops::service;
pub use crate::sops::{BusFactor, Opener};
pub(crate) use crate::sops::{Reason, Verification};

/// The most bytes of one input that are read: 256 MiB. A cluster stores one in an object, and memory
/// grows with the input.
pub const MAX_FILE_LEN: usize = 256 << 20;
