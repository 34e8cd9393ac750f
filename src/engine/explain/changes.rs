//! What changed in a file: since the last commit, and since sops last would have accepted it.

use std::path::Path;

use super::page::Changes;
use crate::document::Format;
use crate::engine::log;
use crate::engine::{At, Edit, Error, LogEntry, Verification};
use crate::keys::{Keyring, Means};
use crate::repo::Repo;

/// Where the history of a file is looked for.
pub(in crate::engine) struct History<'a> {
    pub(in crate::engine) repo: Option<&'a Repo<'a>>,
    pub(in crate::engine) here: &'a Path,
    /// As the user named it.
    pub(in crate::engine) named: &'a Path,
    pub(in crate::engine) place: &'a Path,
    /// Whether the text came from elsewhere.
    pub(in crate::engine) is_text: bool,
    /// The format of all versions, where the user says it.
    pub(in crate::engine) format: Option<Format>,
    /// How many commits are looked at.
    pub(in crate::engine) commits: usize,
    pub(in crate::engine) trust_changes: bool,
}

impl History<'_> {
    /// Tells what changed, of a file of which sops would say this.
    ///
    /// # Errors
    /// [`Error::Git`] where the repository cannot be read, [`Error::Identity`].
    pub(in crate::engine) fn tell(
        &self,
        verification: &Verification,
        keyring: &mut Keyring,
        means: &mut Means<'_>,
    ) -> Result<Changes, Error> {
        let Some(repo) = self.repo else {
            let help = "git tells what changed, and when: `git init`";
            return Ok(lacking("it lies in no git repository", help));
        };
        if self.is_text {
            let help = "name the file instead of `-`";
            return Ok(lacking("it was read from standard input", help));
        }
        let asked = log::File::of(repo, self.here, self.named, self.place).map(|file| log::Asked {
            file,
            input_type: self.format,
            max_count: None,
            history: self.commits,
            trust_changes: self.trust_changes,
            jobs: None,
        });
        let log = match asked.and_then(|asked| asked.tell(keyring, means)) {
            Ok(log) => log,
            Err(Error::NoHistory { reason, help, .. }) => return Ok(lacking(&reason, &help)),
            Err(error) => return Err(error),
        };
        let end = Some(log.end);
        let (since_sound, sound) = since_sound(verification, &log.entries);
        let mut uncommitted = log.entries;
        let committed = uncommitted.iter().position(is_committed);
        let last = committed.and_then(|at| uncommitted.get(at).cloned());
        uncommitted.truncate(committed.unwrap_or(uncommitted.len()));
        Ok(Changes {
            compared_with: None,
            uncommitted,
            last,
            since_sound,
            sound,
            end,
            lacking: None,
        })
    }
}

fn lacking(reason: &str, help: &str) -> Changes {
    Changes {
        lacking: Some((reason.to_owned(), help.to_owned())),
        ..Changes::default()
    }
}

fn is_committed(entry: &LogEntry) -> bool {
    matches!(entry.at, At::Commit(_))
}

/// The changes since the last version that sops would accept, and that one; nothing where the file as it
/// is is one, or never was sops's.
fn since_sound(
    verification: &Verification,
    entries: &[LogEntry],
) -> (Vec<LogEntry>, Option<LogEntry>) {
    let is_stale = entries.first().is_some_and(|entry| entry.has_stale_mac);
    let is_sound = match verification {
        Verification::Verified => true,
        Verification::Failed => false,
        Verification::NotVerified(_) => !is_stale,
        Verification::NotEncrypted => false,
    };
    if is_sound {
        return (Vec::new(), None);
    }
    let Some(at) = entries.iter().position(|entry| would_open(entry, entries)) else {
        return (Vec::new(), None);
    };
    let since = entries.get(..at).unwrap_or_default();
    (since.to_vec(), entries.get(at).cloned())
}

/// Whether sops would accept a version: as a key tells, or else as it shows.
fn would_open(entry: &LogEntry, entries: &[LogEntry]) -> bool {
    let has_verdict = |entry: &LogEntry| entry.verification == Some(Verification::Verified);
    match &entry.verification {
        Some(Verification::Verified) => true,
        Some(Verification::NotVerified(_)) if !entries.iter().any(has_verdict) => {
            !entry.has_stale_mac && !matches!(entry.step.edit, Edit::OutsideSops | Edit::Mixed)
        }
        _ => false,
    }
}
