//! All that is said of one file, as data. No value is in it.

use super::drift::Drift;
use super::rule::Governing;
use crate::engine::{ComparedWith, FileReport, LogEnd, LogEntry};
use crate::finding::Finding;

/// What `explain` says of a file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page {
    /// Whether it is sops's own configuration.
    pub is_config: bool,
    /// The file and sops's verdict on it.
    pub file: FileReport,
    /// What sops would say, in a sentence.
    pub sops_says: String,
    /// What its metadata settle; none where there are none that sops takes.
    pub seal: Option<SealReport>,
    /// Which `.sops.yaml` governs it, and which rule.
    pub rule: Governing,
    /// What differs from that rule; none where the file is not encrypted, or no rule applies.
    pub drift: Option<Drift>,
    /// The key groups, in the order of the file.
    pub groups: Vec<GroupReport>,
    /// The identities at hand, in the order in which they were found.
    pub identities: Vec<Mine>,
    /// What changed.
    pub changes: Changes,
    /// What the rules of `check` say of it.
    pub findings: Vec<Finding>,
    /// Whether the policy leaves the file out of every check.
    pub is_excluded: bool,
    /// What was wrong with sources of identities, one sentence each.
    pub warnings: Vec<String>,
    /// Where identities were looked for, in order, with what was there.
    pub searched: Vec<String>,
}

/// What the metadata of a file settle about its values.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SealReport {
    /// Which values are encrypted.
    pub selector: SelectorReport,
    /// Whether the MAC covers encrypted values only.
    pub mac_only_encrypted: bool,
    /// How many values the selector picks, empty ones left out.
    pub encrypted: usize,
    /// How many values it leaves in clear.
    pub clear: usize,
    /// When sops last wrote the file.
    pub last_modified: String,
    /// The version of sops that wrote it, where it says one that looks like a version.
    pub version: Option<String>,
}

/// Which values are encrypted, as a file or a creation rule says it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SelectorReport {
    /// The setting's name, such as `encrypted_regex`.
    pub name: &'static str,
    /// What it is set to.
    pub text: String,
    /// Whether nothing is set, so that this is what counts.
    pub is_default: bool,
    /// Whether Go does not take its pattern, so that sops takes it as matching nothing.
    pub is_refused: bool,
}

/// A key group.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GroupReport {
    /// The keys, of which one is enough.
    pub keys: Vec<RecipientReport>,
}

/// A key that opens a file, or that a rule asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecipientReport {
    /// Such as `x25519`, `ssh-rsa`, `plugin yubikey`, `pgp` or `kms`.
    pub kind: String,
    /// The recipient, fingerprint, ARN and so on, or `…` where it is no name of such a key.
    pub name: String,
    /// What people call it: in the policy, or in `.sops.yaml`.
    pub called: Option<String>,
    /// Whether an identity at hand is the key's.
    pub is_mine: bool,
}

/// An identity at hand.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Mine {
    /// Such as `x25519`, `ssh-rsa` or `identity of plugin yubikey`.
    pub kind: String,
    /// Where it was found.
    pub origin: String,
    /// Its public name, where it is known.
    pub recipient: Option<String>,
    /// Why it was not used; none where it was.
    pub idle: Option<String>,
    /// The key groups that it opens, counted from 1.
    pub groups: Vec<usize>,
    /// Whether it opens the file by itself.
    pub opens: bool,
}

/// What changed in a file, as git knows it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Changes {
    /// The commits that the findings compare the file with; none outside of a repository.
    pub compared_with: Option<ComparedWith>,
    /// What is not committed yet, the youngest first.
    pub uncommitted: Vec<LogEntry>,
    /// The last commit that changed the file.
    pub last: Option<LogEntry>,
    /// What changed since the last version that sops would accept, the youngest first; empty where the
    /// file as it is is one.
    pub since_sound: Vec<LogEntry>,
    /// That version.
    pub sound: Option<LogEntry>,
    /// Where the search ended; none where there was none.
    pub end: Option<LogEnd>,
    /// Why nothing is known, and what helps.
    pub lacking: Option<(String, String)>,
}
