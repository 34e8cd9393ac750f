//! Whose keys were taken out of files and still know the data key: what the histories of all files say,
//! found in one walk through the commits.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use crate::change::Version;
use crate::document::{Document, Format};
use crate::engine::bases::Bases;
use crate::engine::history::versions;
use crate::engine::inputs::{Content, Input};
use crate::engine::{Access, Error, MAX_FILE_LEN, NotEvaluated, map_all};
use crate::environment::Environment;
use crate::fs;
use crate::history::{DataKeyFate, Departure, Now, Reader, departures, gone};
use crate::keys::{Keyring, Shut};
use crate::repo::{self, BlobId, End, NoBase, Reach};
use crate::rules::{Departed, FileFacts, Left, STALE_DATA_KEY};
use crate::sops::{DataKeyId, DataKeys, SopsFile, locks};
use crate::source::SourceId;

/// The search.
pub(super) struct Histories<'e, 'b> {
    pub(super) bases: Option<&'b Bases<'b>>,
    pub(super) environment: &'e Environment,
    /// How many commits are looked at; none where no history is to be searched.
    pub(super) history: Option<NonZeroUsize>,
    pub(super) jobs: Option<NonZeroUsize>,
}

/// A file with its history.
struct File<'a> {
    facts: &'a FileFacts,
    input: &'a Input,
    versions: Vec<repo::Version>,
}

/// The identities of a run, where they are used, and the data keys that they opened.
#[derive(Clone, Copy)]
struct Keys<'k> {
    keyring: &'k Keyring,
    open: &'k DataKeys,
}

impl Histories<'_, '_> {
    /// Finds who departed. Where identities are to be used, they decide what shows from no version.
    ///
    /// # Errors
    /// [`Error::Threads`].
    pub(super) fn search<'i>(
        &self,
        files: impl Iterator<Item = (&'i FileFacts, &'i Input)>,
        keyring: Option<&mut Keyring>,
        access: &mut Access<'_>,
    ) -> Result<(Vec<Departed>, Vec<NotEvaluated>), Error> {
        let (Some(_), Some(bases)) = (self.history, self.bases) else {
            let reason = match self.history {
                None => "no-history",
                Some(_) => "no-repository",
            };
            return Ok((Vec::new(), vec![lacking(reason)]));
        };
        let (files, end) = self.files(files, bases);
        let tell = |file: &File<'_>, keys| file.departures(bases, keys);
        let mut told = map_all(&files, self.jobs, |file| tell(file, None))?;
        if let Some(keyring) = keyring {
            let is_open = |departed: &&Departure| departed.fate == DataKeyFate::Unknown;
            let open: Vec<usize> = told
                .iter()
                .enumerate()
                .filter(|(_, told)| told.iter().flatten().any(|departed| is_open(&departed)))
                .map(|(at, _)| at)
                .collect();
            let shut: Vec<Shut> = open
                .iter()
                .filter_map(|at| files.get(*at)?.shut())
                .collect();
            keyring.wake(&shut, &mut access.means(self.environment));
            let keys = Keys {
                keyring,
                open: &DataKeys::default(),
            };
            let again = map_all(&open, self.jobs, |at| {
                files.get(*at).map(|file| tell(file, Some(keys)))
            })?;
            for (at, again) in open.into_iter().zip(again) {
                if let (Some(told), Some(again)) = (told.get_mut(at), again) {
                    *told = again;
                }
            }
        }
        let (mut departed, mut lost) = (Vec::new(), Vec::new());
        for (file, told) in files.iter().zip(told) {
            match told {
                Some(told) => departed.extend(file.departed(bases, told)),
                None => lost.push(NotEvaluated {
                    path: PathBuf::from(&file.facts.path),
                    ..lacking("unreadable")
                }),
            }
        }
        lost.extend(end.map(lacking));
        Ok((departed, lost))
    }

    /// The files that git knows, with their histories; and why those end early, if they do.
    fn files<'i>(
        &self,
        files: impl Iterator<Item = (&'i FileFacts, &'i Input)>,
        bases: &Bases<'_>,
    ) -> (Vec<File<'i>>, Option<&'static str>) {
        let inside = |(facts, input): (&'i FileFacts, &'i Input)| {
            let inside = bases.inside(&facts.path)?;
            Some((facts, input, inside))
        };
        let files: Vec<(&FileFacts, &Input, Vec<u8>)> = files.filter_map(inside).collect();
        let paths: Vec<&[u8]> = files.iter().map(|(.., inside)| inside.as_slice()).collect();
        let mut commits = bases.commits();
        let head = match commits.head() {
            Ok(head) => head,
            // Nobody was ever a recipient.
            Err(NoBase::NoCommits) => return (Vec::new(), None),
            Err(_) => return (Vec::new(), Some("unreadable-history")),
        };
        let reach = Reach::of(self.history);
        let (found, end) = versions(bases.repo, &mut commits, head, &paths, reach);
        let files = files.into_iter().zip(found);
        let files = files.map(|((facts, input, _), versions)| File {
            facts,
            input,
            versions,
        });
        let end = match end {
            End::Complete => None,
            End::Limit => Some("history-limit"),
            End::Shallow => Some("shallow-clone"),
            End::Unreadable(_) => Some("unreadable-history"),
        };
        (files.collect(), end)
    }
}

impl File<'_> {
    /// Who departed; none where the file, which was read before, reads no more.
    fn departures(&self, bases: &Bases<'_>, keys: Option<Keys<'_>>) -> Option<Vec<Departure>> {
        let format = self.facts.format;
        let by_name = Format::of_path(&self.input.path) == format;
        let mut reader = Reader::new(&bases.blobs, Some(format).filter(|_| !by_name));
        let names: Vec<&str> = self
            .facts
            .keys()
            .map(|key| key.canonical.as_str())
            .collect();
        if !gone(&mut reader, &self.versions, |name| names.contains(&name)) {
            return Some(Vec::new());
        }
        let told = self.with_present(bases, |file, blob| {
            let version = Version::of(file).ok()?;
            let now = Now {
                version: &version,
                blob,
                key: keys.and_then(|keys| keys.open.id(file, keys.keyring)),
            };
            let key_of = |at: &repo::Version| key_of(at, bases, format, keys?);
            Some(departures(&mut reader, &now, &self.versions, &key_of))
        });
        told.flatten()
    }

    /// What identities may have to be woken for.
    fn shut(&self) -> Option<Shut> {
        let place = match &self.input.content {
            Content::Disk(place) => place,
            _ => return None,
        };
        let bytes = fs::read(place, MAX_FILE_LEN).ok()?;
        with_file(bytes, self.facts.format, locks)
    }

    /// Reads the file once more, as far as its history is concerned.
    fn with_present<T>(
        &self,
        bases: &Bases<'_>,
        tell: impl FnOnce(&SopsFile<'_>, Option<&BlobId>) -> T,
    ) -> Option<T> {
        let (bytes, blob) = match &self.input.content {
            Content::Disk(place) => (fs::read(place, MAX_FILE_LEN).ok()?, None),
            Content::Blob(id) => (bases.blobs.read(id, MAX_FILE_LEN).ok()?, Some(id)),
            Content::Given(_) | Content::Outside | Content::Lost(_) => return None,
        };
        with_file(bytes, self.facts.format, |file| tell(file, blob))
    }

    /// The same for the rule; none where nobody departed of whom there is something to say.
    fn departed(&self, bases: &Bases<'_>, told: Vec<Departure>) -> Option<Departed> {
        let (mut knowing, mut undecided) = (Vec::new(), Vec::new());
        for departure in told {
            let list = match departure.fate {
                DataKeyFate::Same => &mut knowing,
                DataKeyFate::Unknown => &mut undecided,
                DataKeyFate::Replaced => continue,
            };
            list.push(Left {
                canonical: departure.canonical,
                shown: departure.shown,
                since: departure.since.map(|commit| bases.name(commit)),
            });
        }
        let is_told = !knowing.is_empty() || !undecided.is_empty();
        is_told.then(|| Departed {
            path: PathBuf::from(&self.facts.path),
            format: self.facts.format,
            at: self.facts.at,
            knowing,
            undecided,
        })
    }
}

/// Which data key a version had, where it opens.
fn key_of(
    at: &repo::Version,
    bases: &Bases<'_>,
    format: Format,
    keys: Keys<'_>,
) -> Option<DataKeyId> {
    let bytes = bases.blobs.read(at.blob.as_ref()?, MAX_FILE_LEN).ok()?;
    with_file(bytes, format, |file| keys.open.id(file, keys.keyring)).flatten()
}

fn with_file<T>(
    bytes: Vec<u8>,
    format: Format,
    tell: impl FnOnce(&SopsFile<'_>) -> T,
) -> Option<T> {
    let id = SourceId::Stdin(PathBuf::new());
    let source = Document::decode(id, bytes, format).ok()?;
    let document = Document::parse(&source, format).ok()?;
    let file = SopsFile::of(&document).ok()??;
    Some(tell(&file))
}

/// That the rule says nothing of any file, or not all of it, for this reason.
fn lacking(reason: &str) -> NotEvaluated {
    NotEvaluated {
        path: PathBuf::from("."),
        rule: STALE_DATA_KEY,
        reason: reason.to_owned(),
    }
}
