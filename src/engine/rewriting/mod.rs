//! What all commands that write have in common: open the files, make the new texts, prove them, and have a plan to
//! show before anything is written.
//!
//! Each file is a task of its own, in parallel; identities that cost more than time come after those that do not.

mod by_sops;
mod difference;
mod links;
mod opening;
mod phases;
mod pieces;
mod plan;
mod survey;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::check::tell_of_keys;
use super::watch::while_waiting;
use super::{Error, Report, Watch};
use crate::apply::{self, NewText, Proof, Reading, Unproven};
use crate::document::Document;
use crate::environment::Environment;
use crate::finding::Help;
use crate::keys::{Keyring, Wrapped};
use crate::rules::FileFacts;
use crate::sops::{DataKey, Reason, SopsFile, Time};

pub(super) use by_sops::Follower;
pub(super) use opening::Stop;
use opening::{changed, open, unverified};
use phases::Attempt;
pub(super) use phases::Keys;
pub(super) use pieces::Piece;
pub use plan::{Amendment, Applied, Blessed, ChangePlan, DiffLine, Exposed, FileChange, Refused};
pub(super) use survey::Survey;

/// What the user allows beyond what is safe for all.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ChangeOptions {
    /// Whether files that do not verify may be changed, too: then only their data key is proved.
    pub even_if_unverified: bool,
    /// Whether the plan has the lines that would change.
    pub with_diff: bool,
}

/// A secret file that is to be rewritten.
pub(super) struct Task<'t, W> {
    pub(super) facts: &'t FileFacts,
    /// Where it lies, absolute.
    pub(super) place: PathBuf,
    /// What the command knows of it beside.
    pub(super) what: W,
}

/// A secret file whose data key is open.
pub(super) struct Opened<'o> {
    path: &'o Path,
    /// Its bytes.
    pub(super) old: &'o [u8],
    pub(super) document: &'o Document<'o>,
    pub(super) file: &'o SopsFile<'o>,
    pub(super) key: &'o DataKey,
    keyring: &'o Keyring,
    /// Whether sops would decrypt it as it is.
    pub(super) verifies: bool,
    /// What plugins gave ahead for recipients of theirs.
    wrapped: &'o Wrapped,
    /// Whether they were asked.
    has_asked: bool,
}

/// What a command makes of one file.
pub(super) struct Rewritten {
    pub(super) text: String,
    pub(super) amendments: Vec<Amendment>,
    /// What came of reading it again, where that was done already.
    pub(super) reading: Option<Reading>,
}

/// A file that is no secret, with what it is to hold: whoever made that has read it again.
pub(super) struct Plain {
    /// The path as reports print it, and the place on the disk, absolute.
    pub(super) path: PathBuf,
    pub(super) place: PathBuf,
    /// What it holds; none where it is not there.
    pub(super) old: Option<Vec<u8>>,
    pub(super) new: String,
    pub(super) amendments: Vec<Amendment>,
}

/// What becomes of the files.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) changes: Vec<(FileChange, Arc<NewText>)>,
    pub(super) refused: Vec<Refused>,
    /// How many files are as they should be already.
    pub(super) unchanged: usize,
}

impl Rewritten {
    /// The text as it is.
    pub(super) fn unchanged(opened: &Opened<'_>) -> Self {
        Self {
            text: opened.document.source().text().to_owned(),
            amendments: Vec::new(),
            reading: None,
        }
    }
}

/// The time that files are dated with.
///
/// # Errors
/// [`Error::NotChanged`] where the environment has none.
pub(super) fn now(environment: &Environment) -> Result<Time, Error> {
    let now = environment.now().and_then(Time::utc);
    now.ok_or_else(|| Error::NotChanged {
        reason: "the time is not known, and sops notes when a file was written".to_owned(),
        help: None,
    })
}

impl<W> Task<'_, W> {
    fn path(&self) -> &Path {
        &self.facts.path
    }
}

/// Opens all files, each once, and shows them to `look`.
///
/// # Errors
/// [`Error::Threads`].
pub(super) fn open_all<W: Sync, R: Send>(
    tasks: &[Task<'_, W>],
    keys: &mut Keys<'_, '_>,
    options: ChangeOptions,
    look: impl Fn(&Task<'_, W>, &Opened<'_>) -> Result<R, Box<Stop>> + Sync + Send,
) -> Result<Vec<Result<R, Refused>>, Error> {
    // A link and what it leads to are one file.
    let mut seen = HashSet::new();
    let tasks = tasks.iter().filter(|task| seen.insert(&task.place));
    let tasks: Vec<&Task<'_, W>> = tasks.collect();
    keys.with_all(&tasks, "opened", |task, keyring, wrapped| {
        match open(task, keyring, wrapped, options, &look) {
            Ok(change) => Attempt::Done(Ok(change)),
            Err(stop) => {
                let Stop {
                    refused,
                    shut,
                    ahead,
                } = *stop;
                match shut {
                    Some(shut) => Attempt::Shut(shut, Err(refused)),
                    None if ahead.is_empty() => Attempt::Done(Err(refused)),
                    None => Attempt::Ahead(ahead, Err(refused)),
                }
            }
        }
    })
}

/// Opens all files and makes their new texts.
///
/// # Errors
/// [`Error::Threads`].
pub(super) fn rewrite<W: Sync>(
    tasks: &[Task<'_, W>],
    keys: &mut Keys<'_, '_>,
    options: ChangeOptions,
    rewrite: impl Fn(&Task<'_, W>, &Opened<'_>) -> Result<Rewritten, Box<Stop>> + Sync + Send,
) -> Result<Draft, Error> {
    let results = open_all(tasks, keys, options, |task, opened| {
        let rewritten = rewrite(task, opened)?;
        Ok(changed(task, opened, options, rewritten))
    })?;
    let mut draft = Draft::default();
    for result in results {
        match result {
            Ok(Some(change)) => draft.changes.push(change),
            Ok(None) => draft.unchanged += 1,
            Err(refused) => draft.refused.push(refused),
        }
    }
    Ok(draft)
}

impl Draft {
    /// Adds a file that is no secret, in the order of the paths.
    pub(super) fn join(&mut self, plain: Plain, options: ChangeOptions) {
        let old = plain.old.as_deref().unwrap_or_default();
        let diff = match std::str::from_utf8(old) {
            Ok(old) if options.with_diff => difference::between(old, &plain.new),
            Ok(_) | Err(_) => Vec::new(),
        };
        let change = FileChange {
            path: plain.path.clone(),
            amendments: plain.amendments,
            diff,
        };
        let text = NewText {
            place: plain.place,
            path: plain.path,
            old: plain.old,
            new: plain.new,
            proof: Proof::IsRead,
            like: None,
        };
        self.put(change, Arc::new(text));
    }

    /// Adds a change, in the order of the paths.
    fn put(&mut self, change: FileChange, text: Arc<NewText>) {
        let bytes = |path: &Path| path.as_os_str().as_encoded_bytes().to_owned();
        let here = bytes(&change.path);
        let at = self
            .changes
            .partition_point(|(other, _)| bytes(&other.path) < here);
        self.changes.insert(at, (change, text));
    }

    /// Proves all new texts. What cannot be proved is refused.
    ///
    /// # Errors
    /// [`Error::Threads`].
    pub(super) fn prove(
        self,
        command: &'static str,
        survey: &Survey<'_>,
        keys: &mut Keys<'_, '_>,
    ) -> Result<ChangePlan, Error> {
        let results =
            keys.with_all(
                &self.changes,
                "proved",
                |(change, text), keyring, _| match apply::prove(text, keyring) {
                    Ok(proven) => Attempt::Done(Ok((proven, links::parts(text)))),
                    Err(Unproven::Shut(reason, shut)) => {
                        let refused = Err(unproven(&change.path, &reason));
                        match shut {
                            Some(shut) => Attempt::Shut(shut, refused),
                            None => Attempt::Done(refused),
                        }
                    }
                    // sops takes a file whose MAC is stale.
                    Err(Unproven::Wrong(_)) if change.is_by_sops() => {
                        Attempt::Done(Err(unverified(&change.path)))
                    }
                    Err(Unproven::Wrong(what)) => {
                        let reason =
                            format!("what would be written {what}, which is a fault of sopsguard");
                        Attempt::Done(Err(Refused::new(change.path.clone(), reason)))
                    }
                },
            )?;
        let mut plan = ChangePlan::to_compare(command, survey, Vec::new());
        let mut parting = Vec::new();
        plan.refuse(self.refused);
        plan.unchanged = self.unchanged;
        for ((change, _), result) in self.changes.into_iter().zip(results) {
            match result {
                Ok((proven, parts)) => {
                    if parts {
                        parting.push(change.path.clone());
                    }
                    plan.files.push(change);
                    plan.proven.push(proven);
                }
                Err(refused) => plan.refuse(vec![refused]),
            }
        }
        plan.notices.extend(links::notice(&parting));
        let mut told = Report::default();
        tell_of_keys(&keys.keyring, &mut told);
        plan.notices.extend(told.warnings);
        Ok(plan)
    }
}

/// A new text that none of the identities at hand opens.
fn unproven(path: &Path, reason: &Reason) -> Refused {
    let help = Help::new(
        "what is written is opened again before it is, and none of your identities would open this: let somebody \
         do it who can open it afterwards",
    );
    let reason = format!("it could not be proved afterwards: {}", reason.in_words());
    Refused::new(path.to_owned(), reason).helped(help)
}

impl ChangePlan {
    /// A plan to be looked at only: it has nothing that would be written.
    pub(super) fn to_compare(
        command: &'static str,
        survey: &Survey<'_>,
        files: Vec<FileChange>,
    ) -> Self {
        let mut plan = Self {
            command,
            files,
            refused: Vec::new(),
            unproved: Vec::new(),
            too_early: None,
            unchanged: 0,
            notices: survey.notices.clone(),
            exposed: Vec::new(),
            proven: Vec::new(),
            gone: Vec::new(),
            home: survey.world.home(),
        };
        plan.refuse(survey.unread().collect());
        plan
    }

    /// Adds files that cannot be changed.
    pub(super) fn refuse(&mut self, refused: Vec<Refused>) {
        let bytes = |path: &Path| path.as_os_str().as_encoded_bytes().to_owned();
        self.refused.extend(refused);
        self.refused
            .sort_by_cached_key(|refused| bytes(&refused.path));
    }

    /// Leaves a file as it is.
    pub(super) fn leave_out(&mut self, path: &Path) {
        let at = self.files.iter().position(|file| file.path == path);
        if let Some(at) = at {
            self.files.remove(at);
            self.proven.remove(at);
        }
    }

    /// Carries it out: all files are changed, or none.
    ///
    /// # Errors
    /// [`Error::NotChanged`], and nothing has changed then; [`Error::NotYet`] where it is too early;
    /// [`Error::Interrupted`] where a change was interrupted before, or this one could neither be finished
    /// nor be undone.
    pub fn apply(&self) -> Result<Applied, Error> {
        self.apply_watched(None)
    }

    /// The same while somebody watches, who sees no file written until all are.
    ///
    /// # Errors
    /// Those of [`Self::apply`].
    pub fn apply_watched(&self, watch: Option<&dyn Watch>) -> Result<Applied, Error> {
        if let Some((reason, help)) = self.too_early.clone() {
            return Err(Error::NotYet { reason, help });
        }
        let home = self.home.as_ref().map_err(Clone::clone)?;
        let all = self.proven.len() + self.gone.len();
        let done = while_waiting(watch, "written", all, || {
            apply::commit(&self.proven, &self.gone, home)
        })?;
        Ok(Applied {
            files: done.written + done.removed,
            took: done.took,
            syncing: done.syncing,
        })
    }
}
