//! What the histories of files say of them, once the files by themselves and their bases were looked at.
//!
//! Most files have nothing to ask: their commits are not even read. Those that have are looked for in one walk
//! through the commits, each is compared with its versions by itself, in parallel, and where that says
//! something the file is looked at again, with it.

mod walk;

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use super::bases::Bases;
use super::file::{Around, Looked, look};
use super::inputs::{Content, Input};
use super::{Error, MAX_FILE_LEN, NotEvaluated, Verification, map_all};
use crate::change::Version;
use crate::document::{Document, Format};
use crate::fs;
use crate::history::{self, Needle, Present, Reader, Traced};
use crate::keys::Keyring;
use crate::repo::{CommitId, Commits, Kind, Reach};
use crate::rules::{CommitName, EDITED, MAC_MISMATCH, MIXED};
use crate::sops::SopsFile;
use crate::source::SourceId;
pub(super) use walk::versions;
use walk::{Histories, Walk};

/// What the history says of one file.
#[derive(Default)]
pub(super) struct Past {
    /// The version that brought its MAC, where what that covers was changed since by commits.
    pub(super) since: Option<Since>,
    /// The older version that it is again.
    pub(super) again: Option<(CommitName, Arc<Version>)>,
    /// The last version that verified, where its MAC does not hold.
    pub(super) sound: Option<Sound>,
}

/// The last version of a file that verified.
pub(super) struct Sound {
    pub(super) commit: CommitName,
    pub(super) revision: String,
    pub(super) path: PathBuf,
    pub(super) last: history::Sound,
    /// The commits of its steps.
    pub(super) by: Vec<CommitName>,
    pub(super) seals: Option<(CommitName, CommitName)>,
}

/// A file that was changed since sops wrote it.
pub(super) struct Since {
    pub(super) version: Arc<Version>,
    /// The revision that has that version, as git takes it.
    pub(super) revision: String,
    /// The path that it has there, as reports print it.
    pub(super) path: PathBuf,
    pub(super) by: Vec<CommitName>,
}

/// How far a run looks back, and with what.
pub(super) struct Back<'a> {
    pub(super) bases: &'a Bases<'a>,
    pub(super) around: Around<'a>,
    pub(super) history: Option<NonZeroUsize>,
    pub(super) jobs: Option<NonZeroUsize>,
}

/// A file that has something to ask.
struct Asked<'i> {
    /// Its number among the inputs.
    at: usize,
    input: &'i Input,
    format: Format,
    /// Its path in the index.
    inside: Vec<u8>,
    /// Whether it is asked who edited it outside sops.
    edited: bool,
    /// Whether it is asked if an older version is back.
    again: bool,
    /// Whether it is asked when it last verified.
    sound: bool,
}

/// What was found out about one file.
#[derive(Default)]
struct Told {
    edited: Option<history::Edited>,
    again: Option<(CommitId, Arc<Version>)>,
    sound: Option<history::Sound>,
    /// Whether the file is as sops wrote it, whatever it was in its base.
    as_written: bool,
    /// Why nothing is known.
    lacking: Option<&'static str>,
}

impl Back<'_> {
    /// Looks again at those files of which the history says something. Gives a sentence where the
    /// history cannot be read.
    ///
    /// # Errors
    /// [`Error::Threads`].
    pub(super) fn look_again(
        &self,
        looked: &mut [Looked],
        inputs: &[Input],
        keyring: &Keyring,
    ) -> Result<Option<String>, Error> {
        let asked = self.asked(looked, inputs);
        if asked.is_empty() {
            return Ok(None);
        }
        let head = self.bases.head_of_range();
        let Some(head) = head.or_else(|| self.bases.commits().head().ok()) else {
            return Ok(None);
        };
        let histories = self.histories(head, &asked);
        let numbered: Vec<(usize, &Asked<'_>)> = asked.iter().enumerate().collect();
        let told = map_all(&numbered, self.jobs, |(number, asked)| {
            self.tell(asked, *number, &histories, keyring)
        })?;
        let cut = told.iter().find_map(|told| told.lacking);
        let cut = cut.filter(|_| self.history.is_some()).map(unfinished);
        let mut pasts = HashMap::new();
        let mut again = Vec::new();
        for (asked, told) in asked.iter().zip(told) {
            if let Some(looked) = looked.get_mut(asked.at) {
                settle(looked, &told);
            }
            if let Some(past) = self.past(told) {
                pasts.insert(asked.input.path.clone(), past);
                again.push(asked);
            }
        }
        if self.bases.pasts.set(pasts).is_ok() {
            let seen = map_all(&again, self.jobs, |asked| {
                look(asked.input, keyring, self.around)
            })?;
            for (asked, seen) in again.into_iter().zip(seen) {
                if let Some(looked) = looked.get_mut(asked.at) {
                    *looked = seen;
                }
            }
        }
        Ok(histories.complaint().or(cut))
    }

    /// The files that have something to ask.
    fn asked<'i>(&self, looked: &mut [Looked], inputs: &'i [Input]) -> Vec<Asked<'i>> {
        let mut asked = Vec::new();
        for (at, (input, looked)) in inputs.iter().zip(looked).enumerate() {
            let Looked::At {
                file,
                findings,
                is_older,
                ..
            } = looked
            else {
                continue;
            };
            let is_verified = file.verification == Verification::Verified;
            if is_verified {
                // What brings a sound version back is an edit of the broken one: the MAC decides.
                findings.retain(|finding| finding.rule != EDITED);
            }
            let is_found = |rule: &str| findings.iter().any(|finding| finding.rule == rule);
            let is_wanted = self.history.is_some() || self.bases.head_of_range().is_some();
            let is_secret = is_wanted && !file.openers.is_empty();
            let edited = is_found(EDITED) || is_secret && !is_verified && !is_found(MIXED);
            let sound = is_found(MAC_MISMATCH);
            if !edited && !sound && !*is_older {
                continue;
            }
            if let Some(inside) = self.bases.inside(&file.path) {
                asked.push(Asked {
                    at,
                    input,
                    format: file.format,
                    inside,
                    edited,
                    again: *is_older,
                    sound,
                });
            }
        }
        asked
    }

    fn histories(&self, head: CommitId, asked: &[Asked<'_>]) -> Histories {
        let mut commits = self.bases.commits();
        let reach = Reach::of(self.history);
        let is_file = |commits: &mut Commits<'_>, asked: &Asked<'_>| {
            matches!(commits.at(head, &asked.inside), Ok(Some(Kind::File(_))))
        };
        let edited: Vec<bool> = asked
            .iter()
            .map(|asked| (asked.edited || asked.sound) && is_file(&mut commits, asked))
            .collect();
        let again: Vec<bool> = asked.iter().map(|asked| asked.again).collect();
        let base = self.bases.points().first();
        let base = base.map_or(head, |point| point.commit);
        let repo = self.bases.repo;
        Histories {
            head: Walk::from(repo, &mut commits, head, asked, &edited, reach),
            base: Walk::from(repo, &mut commits, base, asked, &again, reach),
        }
    }

    /// What the versions of one file say.
    fn tell(
        &self,
        asked: &Asked<'_>,
        number: usize,
        histories: &Histories,
        keyring: &Keyring,
    ) -> Told {
        let format = asked.format;
        let by_name = Format::of_path(&asked.input.path) == format;
        let mut reader = Reader::new(&self.bases.blobs, Some(format).filter(|_| !by_name));
        let mut told = Told::default();
        self.with_present(asked, |present| {
            if let Some(versions) = histories.base.versions(number) {
                told.again = history::again(&mut reader, present, versions);
            }
            let walk = &histories.head;
            let Some(versions) = walk.versions(number) else {
                return;
            };
            if asked.sound {
                let trusts = self.around.trusts_changes;
                let sound = history::last_sound(&mut reader, present, versions, keyring, trusts);
                told.sound = sound.ok().flatten();
            }
            if !asked.edited {
                return;
            }
            match history::trace(&mut reader, present, versions, &walk.end) {
                // Nobody asked for more than the base tells.
                Traced::NotKnown(_) if self.history.is_none() => {}
                Traced::AsWritten => told.as_written = true,
                Traced::NotCommitted => {}
                Traced::NotKnown(reason) => told.lacking = Some(reason),
                // What is not committed yet the base tells of.
                Traced::Edited(edited) if edited.by.is_empty() => {}
                Traced::Edited(edited) => told.edited = Some(edited),
            }
        });
        told
    }

    /// Reads a file once more, as far as its history is concerned.
    fn with_present(&self, asked: &Asked<'_>, tell: impl FnOnce(&Present<'_>)) {
        let bytes = match &asked.input.content {
            Content::Disk(place) => fs::read(place, MAX_FILE_LEN).ok(),
            Content::Blob(id) => self.bases.blobs.read(id, MAX_FILE_LEN).ok(),
            Content::Given(_) | Content::Outside | Content::Lost(_) => None,
        };
        let id = SourceId::WorkTree(asked.input.path.clone());
        let source = bytes.and_then(|bytes| Document::decode(id, bytes, asked.format).ok());
        let Some(source) = source else { return };
        let Ok(document) = Document::parse(&source, asked.format) else {
            return;
        };
        let Ok(Some(file)) = SopsFile::of(&document) else {
            return;
        };
        if let Ok(version) = Version::of(&file) {
            tell(&Present {
                version: &version,
                needle: Needle::of(&file),
                text: source.bytes(),
            });
        }
    }

    /// The same with names; none where there is nothing to say.
    fn past(&self, told: Told) -> Option<Past> {
        if told.edited.is_none() && told.again.is_none() && told.sound.is_none() {
            return None;
        }
        let name = |commit| self.bases.name(commit);
        Some(Past {
            since: told.edited.map(|edited| Since {
                version: edited.written,
                revision: edited.at.revision(),
                path: self.bases.shown(&edited.at.path),
                by: edited.by.into_iter().map(name).collect(),
            }),
            again: told.again.map(|(commit, version)| (name(commit), version)),
            sound: told.sound.map(|last| Sound {
                commit: name(last.at.commit),
                revision: last.at.revision(),
                path: self.bases.shown(&last.at.path),
                by: last.steps.iter().map(|step| name(step.commit)).collect(),
                seals: last.seals.map(|(mac, time)| (name(mac), name(time))),
                last,
            }),
        })
    }
}

/// Takes back what the base said of a file that is as sops wrote it, and notes where nothing is known.
fn settle(looked: &mut Looked, told: &Told) {
    let Looked::At {
        file,
        findings,
        not_evaluated,
        ..
    } = looked
    else {
        return;
    };
    if told.as_written {
        findings.retain(|finding| finding.rule != EDITED);
    }
    let is_said = findings.iter().any(|finding| finding.rule == EDITED)
        || not_evaluated.iter().any(|lacking| lacking.rule == EDITED);
    if let Some(reason) = told.lacking.filter(|_| !is_said) {
        not_evaluated.push(NotEvaluated {
            path: file.path.clone(),
            rule: EDITED,
            reason: reason.to_owned(),
        });
        not_evaluated.sort();
    }
}

/// What to say where the history of some file could not be searched to the commit that brought its MAC.
fn unfinished(reason: &str) -> String {
    let why = match reason {
        "shallow-clone" => "this clone is shallow, which `git fetch --unshallow` mends",
        "history-limit" => "`--history=N` looks at more commits",
        _ => "see `not-evaluated` in `--format json`",
    };
    format!("not every file was followed back to the commit that brought its MAC: {why}")
}
