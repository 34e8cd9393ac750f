//! What the values of all files show when they are compared: places with one value, and known dummies.
//!
//! Only where the user asks for it: whoever may change files can encrypt a guess to their recipients, and a
//! finding would say whether it is right. Of a value nothing is kept but a mark under a key that lives for
//! the run.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;

use super::telling;
use crate::document::Document;
use crate::engine::bases::Bases;
use crate::engine::inputs::{Content, Input};
use crate::engine::{Access, Error, MAX_FILE_LEN, NotEvaluated, map_all};
use crate::environment::Environment;
use crate::fs;
use crate::keys::{Keyring, Shut};
use crate::rules::{FileFacts, OF_VALUES, ValuePlace, Values};
use crate::sops::{Blinded, Blinding, SopsFile, Unopened, open_values};
use crate::source::SourceId;

/// How values are compared.
pub(super) struct Comparison<'e, 'b> {
    pub(super) bases: Option<&'b Bases<'b>>,
    pub(super) environment: &'e Environment,
    pub(super) jobs: Option<NonZeroUsize>,
}

/// A file to open.
pub(super) struct ToOpen<'a> {
    pub(super) facts: &'a FileFacts,
    pub(super) input: &'a Input,
}

/// What is kept of the values of one file.
#[derive(Default)]
struct Kept {
    marks: Vec<(Blinded, ValuePlace)>,
    placeholders: Vec<ValuePlace>,
}

/// Why a file was not opened.
struct Closed {
    reason: String,
    shut: Option<Shut>,
}

impl Comparison<'_, '_> {
    /// Opens the files and compares their values; gives what was found, and which files were not opened.
    ///
    /// # Errors
    /// [`Error::NoRandomness`] where there is no key to compare under, [`Error::Threads`].
    pub(super) fn compare(
        &self,
        files: &[ToOpen<'_>],
        keyring: &mut Keyring,
        access: &mut Access<'_>,
    ) -> Result<(Values, Vec<NotEvaluated>), Error> {
        let blinding = Blinding::new().map_err(|_| Error::NoRandomness)?;
        let look = |file: &ToOpen<'_>, keyring: &Keyring| self.open(file, keyring, &blinding);
        let mut opened = map_all(files, self.jobs, |file| look(file, keyring))?;
        let closed = opened.iter_mut().enumerate().filter_map(|(at, opened)| {
            let shut = opened.as_mut().err()?.shut.take()?;
            Some((at, shut))
        });
        let (again, shut): (Vec<usize>, Vec<Shut>) = closed.unzip();
        if !shut.is_empty() && keyring.wake(&shut, &mut access.means(self.environment)) {
            for at in again {
                if let (Some(file), Some(opened)) = (files.get(at), opened.get_mut(at)) {
                    *opened = look(file, keyring);
                }
            }
        }
        let mut lacking = Vec::new();
        let mut kept = Vec::new();
        for (file, opened) in files.iter().zip(opened) {
            match opened {
                Ok(found) => kept.push(found),
                Err(closed) => lacking.extend(unopened(&file.facts.path, &closed.reason)),
            }
        }
        Ok((together(kept), lacking))
    }

    fn open(
        &self,
        file: &ToOpen<'_>,
        keyring: &Keyring,
        blinding: &Blinding,
    ) -> Result<Kept, Closed> {
        let closed = |reason: &str| Closed {
            reason: reason.to_owned(),
            shut: None,
        };
        let bytes = match (&file.input.content, self.bases) {
            (Content::Disk(place), _) => fs::read(place, MAX_FILE_LEN).ok(),
            (Content::Blob(id), Some(bases)) => bases.blobs.read(id, MAX_FILE_LEN).ok(),
            _ => None,
        };
        let (path, format) = (&file.facts.path, file.facts.format);
        let id = SourceId::WorkTree(path.clone());
        let source = bytes.and_then(|bytes| Document::decode(id, bytes, format).ok());
        let source = source.ok_or_else(|| closed("unreadable"))?;
        let document = Document::parse(&source, format).map_err(|_| closed("unreadable"))?;
        let Ok(Some(sops)) = SopsFile::of(&document) else {
            return Err(closed("unreadable"));
        };
        let mut kept = Kept::default();
        let opened = open_values(&sops, keyring, |value| {
            let place = || ValuePlace {
                path: path.clone(),
                at: source.position(value.span.start()),
                key: value.path.clone(),
            };
            telling::with_text(value, |text| {
                if telling::is_placeholder(text) {
                    kept.placeholders.push(place());
                } else if telling::is_telling(text) {
                    kept.marks.push((blinding.of(text), place()));
                }
            });
        });
        opened
            .map(|()| kept)
            .map_err(|Unopened { reason, shut }| Closed {
                reason: reason.to_string(),
                shut,
            })
    }
}

/// Puts the values of all files together.
fn together(files: Vec<Kept>) -> Values {
    let mut values = Values::default();
    let mut by_mark: BTreeMap<Blinded, Vec<ValuePlace>> = BTreeMap::new();
    for kept in files {
        values.placeholders.extend(kept.placeholders);
        for (mark, place) in kept.marks {
            by_mark.entry(mark).or_default().push(place);
        }
    }
    // In the order of the marks, which is another in each run.
    for mut places in by_mark.into_values() {
        // An item of a list, or the same key of another document, is no other place.
        places.sort_by(|a, b| (bytes(a), &a.key, a.at).cmp(&(bytes(b), &b.key, b.at)));
        places.dedup_by(|a, b| a.path == b.path && a.key == b.key);
        if places.len() > 1 {
            places.sort_by(|a, b| (bytes(a), a.at).cmp(&(bytes(b), b.at)));
            values.reused.push(places);
        }
    }
    values.reused.sort();
    values.placeholders.sort();
    values
}

fn bytes(place: &ValuePlace) -> &[u8] {
    place.path.as_os_str().as_encoded_bytes()
}

/// The rules that say nothing of a file, for this reason.
pub(super) fn unopened(path: &Path, reason: &str) -> impl Iterator<Item = NotEvaluated> + use<> {
    let (path, reason) = (path.to_owned(), reason.to_owned());
    OF_VALUES.into_iter().map(move |rule| NotEvaluated {
        path: path.clone(),
        rule,
        reason: reason.clone(),
    })
}

/// That values were not to be compared.
pub(super) fn not_asked() -> impl Iterator<Item = NotEvaluated> {
    unopened(Path::new("."), "not-asked")
}
