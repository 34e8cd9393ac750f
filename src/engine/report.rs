//! What a run of `check` or `audit` found out, as data: reporters print it, the command takes its exit code.

use std::path::{Path, PathBuf};

use crate::document::{Foreign, Format};
use crate::finding::{Finding, Severity};
use crate::paths;
use crate::rules::Command;
use crate::sops::{Opener, Reason, Verification};

/// The outcome of a check or an audit: every file looked at, and all that the rules have to say.
///
/// Files, findings and rules not evaluated are sorted by the bytes of their path, so that two runs
/// over the same files give the same report, whatever the number of threads.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// The command that made it.
    pub command: Command,
    /// The sops files, and every file that was named.
    pub files: Vec<FileReport>,
    /// What the files were compared with; none outside of a repository.
    pub compared_with: Option<ComparedWith>,
    /// The problems that no suppression took away.
    pub findings: Vec<Finding>,
    /// The rules that lacked what they need. Their silence says nothing.
    pub not_evaluated: Vec<NotEvaluated>,
    /// How many findings the suppressions took away.
    pub suppressed: usize,
    /// How many files without sops metadata the walk of folders passed over.
    pub passed_over: usize,
    /// How many of those were not searched for private keys: binary files, and those above 1 MiB.
    pub unsearched: usize,
    /// What went wrong with the sources of identities, one sentence each.
    pub warnings: Vec<String>,
    /// What was named and not looked at, one sentence each.
    pub notices: Vec<String>,
    /// The plugins that were allowed to run and of which there is no identity.
    pub idle_plugins: Vec<String>,
    /// Where identities were looked for, in order.
    pub searched: Vec<String>,
    /// Where its paths start from.
    pub(super) ground: Ground,
}

/// Two folders, both absolute: what a reader of the report has open, and what the services have that
/// show it beside the files.
#[derive(Clone, Debug, Default)]
pub(super) struct Ground {
    /// The current folder.
    pub(super) here: PathBuf,
    /// The root of the repository; the current folder outside of one.
    pub(super) root: PathBuf,
}

impl Ground {
    /// A path of the report as it is from the root.
    pub(super) fn path_in_root(&self, path: &Path) -> PathBuf {
        paths::relative(&self.root, &paths::absolute(&self.here, path))
    }
}

/// One file and what is known of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FileReport {
    /// The path as the user named it, or below the folder that the user named.
    pub path: PathBuf,
    /// The format that it was read as.
    pub format: Format,
    /// How many documents it holds; none where it could not be read as its format.
    pub documents: Option<usize>,
    /// The verdict.
    pub verification: Verification,
    /// Whose it is, where it is not sops's.
    pub foreign: Option<Foreign>,
    /// The recipients that its metadata names, in their order.
    pub recipients: Vec<String>,
    /// The same with their kinds and key groups.
    pub openers: Vec<Opener>,
    /// How many of its key groups must open; none where its metadata names no keys.
    pub groups_needed: usize,
    /// The versions of sops that cannot read it although sops 3.13.3 can.
    pub unreadable_by: Vec<String>,
}

/// The commits that files were compared with, or why there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ComparedWith {
    /// The commits: `HEAD` or the merge base first, and what a merge joins it with.
    pub commits: Vec<BaseCommit>,
    /// Why there is none.
    pub lacking: Option<Lacking>,
}

/// A commit that files were compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BaseCommit {
    /// How it is named in findings, as git takes it.
    pub revision: String,
    /// Its id, in hexadecimal.
    pub id: String,
}

/// Why there is no commit to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lacking {
    /// The reason in one word, such as `shallow-clone`.
    pub reason: &'static str,
    /// The reason in a sentence.
    pub message: String,
    /// What helps.
    pub help: String,
}

/// A rule that could not be evaluated on a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct NotEvaluated {
    /// The file; `.` where it is about all of them.
    pub path: PathBuf,
    /// The rule's id.
    pub rule: &'static str,
    /// What was lacking, one word such as `no-identity`.
    pub reason: String,
}

impl NotEvaluated {
    /// Whether it was evaluated on no file at all.
    #[must_use]
    pub fn is_of_all(&self) -> bool {
        self.path == Path::new(".")
    }
}

/// The counts of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Summary {
    /// Files in the report: sops files, and every file that was named.
    pub files: usize,
    /// Files that sops would decrypt.
    pub verified: usize,
    /// Files that sops would refuse.
    pub failed: usize,
    /// Files of which no verdict can be given.
    pub not_verified: usize,
    /// Named files without sops metadata.
    pub not_encrypted: usize,
    /// Findings at error level.
    pub errors: usize,
    /// Findings at warning level.
    pub warnings: usize,
    /// Findings at note level.
    pub notes: usize,
    /// Findings taken away by suppressions.
    pub suppressed: usize,
}

impl Report {
    /// Counts files by verdict and findings by severity.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let files = |wanted: &str| {
            self.files
                .iter()
                .filter(|file| file.verification.name() == wanted)
                .count()
        };
        let findings = |wanted: Severity| {
            self.findings
                .iter()
                .filter(|finding| finding.severity == wanted)
                .count()
        };
        Summary {
            files: self.files.len(),
            verified: files("verified"),
            failed: files("failed"),
            not_verified: files("not-verified"),
            not_encrypted: files("not-encrypted"),
            errors: findings(Severity::Error),
            warnings: findings(Severity::Warning),
            notes: findings(Severity::Note),
            suppressed: self.suppressed,
        }
    }

    /// A path of this report as it is from the root of the repository, from wherever it was made; it
    /// begins with `..` where it leads out.
    #[must_use]
    pub fn path_in_root(&self, path: &Path) -> PathBuf {
        self.ground.path_in_root(path)
    }

    /// Whether a finding at error level is left.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    }

    /// The files that stayed unverified for want of a key. Files that no key would help, because
    /// sopsguard cannot read their format, are not among them.
    pub fn lacking_key(&self) -> impl Iterator<Item = &FileReport> {
        self.files.iter().filter(|file| match &file.verification {
            Verification::NotVerified(reason) => !matches!(reason, Reason::Unsupported(_)),
            Verification::Verified | Verification::Failed | Verification::NotEncrypted => false,
        })
    }
}
