//! The last version of a file that verified, and what became of the file since: what a key tells that
//! no other version does.
//!
//! Usually that is the version that brought the MAC; where it does not verify either, all are tried, the youngest
//! first.

use std::sync::Arc;

use super::origin::{Address, Present, Search, Stop};
use super::reader::Reader;
use crate::change::{Change, LeafId, Version};
use crate::document::{Document, Format};
use crate::keys::Keyring;
use crate::repo::{self, CommitId};
use crate::sops::{self, SopsFile, Verification};
use crate::source::SourceId;

/// What a key tells of the history of a file.
pub(crate) struct Sound {
    /// The last version that verified.
    pub(crate) version: Arc<Version>,
    /// Where git has it.
    pub(crate) at: Address,
    /// What became of it since, the oldest first.
    pub(crate) steps: Vec<Changed>,
    /// Whether the file at hand is yet another thing.
    pub(crate) has_uncommitted: bool,
    /// Whose `mac` the file has, and whose `lastmodified`, where those are not one version's.
    pub(crate) seals: Option<(CommitId, CommitId)>,
    /// The values of the file that look as they did and are of another type.
    pub(crate) retyped: Vec<LeafId>,
}

/// A change of what the MAC covers, or of the MAC.
pub(crate) struct Changed {
    pub(crate) commit: CommitId,
    pub(crate) before: Arc<Version>,
    pub(crate) version: Arc<Version>,
}

/// The most bytes of a version that is opened.
const MAX_OPENED: usize = 8 << 20;

/// Looks for the last version that verifies with `keyring`. Unless `trusts_changes`, none counts whose
/// verdict could answer a guess: whoever may add commits could ask as often as there are.
///
/// # Errors
/// Why it is not known, as reports print it; none where no version verifies.
pub(crate) fn last_sound(
    reader: &mut Reader<'_>,
    present: &Present<'_>,
    versions: &[repo::Version],
    keyring: &Keyring,
    trusts_changes: bool,
) -> Result<Option<Sound>, Stop> {
    let mut search = Search::new(reader, present);
    let first = search.youngest_as_written(versions)?;
    let mut is_sound = |version: &repo::Version| {
        search.verifies(version, keyring)
            && (trusts_changes || !search.may_be_guess(version, versions))
    };
    let first = first.filter(|at| versions.get(*at).is_some_and(&mut is_sound));
    let found = first.or_else(|| versions.iter().position(is_sound));
    let Some((at, version)) = found.and_then(|at| Some((at, versions.get(at)?))) else {
        return Ok(None);
    };
    let later = versions.get(..at).unwrap_or_default();
    let steps = search.steps(later);
    let read = search.version(version.blob.as_ref(), &version.path)?;
    let retyped = search.retyped(version, &read);
    let seals = search.seals(versions);
    let has_uncommitted = !search.is_as(versions.first());
    Ok(Some(Sound {
        has_uncommitted,
        seals,
        version: read,
        at: Address::of(version),
        steps,
        retyped,
    }))
}

impl Search<'_, '_> {
    /// Whether a version verifies.
    fn verifies(&mut self, version: &repo::Version, keyring: &Keyring) -> bool {
        let Some(blob) = &version.blob else {
            return false;
        };
        let format = self.reader.format_of(&version.path);
        let bytes = self.take(blob).filter(|bytes| bytes.len() <= MAX_OPENED);
        bytes.is_some_and(|bytes| verifies(bytes, format, keyring))
    }

    /// Whether the verdict on a version could answer a guess about the oldest one with its data key, or
    /// with its MAC.
    fn may_be_guess(&mut self, at: &repo::Version, versions: &[repo::Version]) -> bool {
        let Ok(version) = self.version(at.blob.as_ref(), &at.path) else {
            return true;
        };
        let tests: [fn(&Version, &Version) -> bool; 2] =
            [Version::shares_stanza, Version::shares_mac];
        tests.into_iter().any(|is_of| {
            let mut older = versions.iter().rev();
            let older = older.find_map(|at| {
                let older = self.version(at.blob.as_ref(), &at.path).ok()?;
                is_of(&older, &version).then_some(older)
            });
            older.is_some_and(|older| Change::between(&older, &version).may_be_guess())
        })
    }

    /// What became of a version in the commits after it, of which `later` are the youngest first.
    fn steps(&mut self, later: &[repo::Version]) -> Vec<Changed> {
        let mut steps = Vec::new();
        for at in later.iter().rev() {
            let Ok(version) = self.version(at.blob.as_ref(), &at.path) else {
                continue;
            };
            let before = self.reader.before(at).into_iter().flatten();
            let before: Vec<Arc<Version>> = before.filter_map(Result::ok).collect();
            let is_as = |before: &Arc<Version>| {
                version.has_mac_of(before) && before.has_inputs_of(&version)
            };
            if before.iter().any(is_as) {
                continue;
            }
            // Of a merge the side is told whose MAC it has.
            let side = before.iter().find(|before| version.has_mac_of(before));
            if let Some(before) = side.or(before.first()).cloned() {
                steps.push(Changed {
                    commit: at.commit,
                    before,
                    version,
                });
            }
        }
        steps
    }

    /// Whether the file at hand is, to the MAC, what this version is.
    fn is_as(&mut self, version: Option<&repo::Version>) -> bool {
        let Some(at) = version else { return false };
        let present = self.present.version;
        self.version(at.blob.as_ref(), &at.path)
            .is_ok_and(|version| present.has_mac_of(&version) && version.has_inputs_of(present))
    }

    /// The youngest commits with the file's `mac` and with its time, where none has both.
    fn seals(&mut self, versions: &[repo::Version]) -> Option<(CommitId, CommitId)> {
        let present = self.present.version;
        let (mut mac, mut time) = (None, None);
        for at in versions {
            let Ok(version) = self.version(at.blob.as_ref(), &at.path) else {
                continue;
            };
            if present.has_mac_of(&version) {
                // A commit that put them together brought neither.
                continue;
            }
            if present.shares_mac(&version) {
                mac = mac.or(Some(at.commit));
            }
            if present.shares_time(&version) {
                time = time.or(Some(at.commit));
            }
        }
        mac.zip(time)
    }

    /// The clear values of the file that are spelled as in an older version, quotes left aside, and
    /// count as something else.
    fn retyped(&mut self, at: &repo::Version, was: &Version) -> Vec<LeafId> {
        let Some(older) = at.blob.as_ref().and_then(|blob| self.take(blob)) else {
            return Vec::new();
        };
        let now = self.present.text;
        Change::between(was, self.present.version)
            .respelled(&older, now)
            .collect()
    }
}

/// Whether sops would decrypt what these bytes are.
fn verifies(bytes: Vec<u8>, format: Format, keyring: &Keyring) -> bool {
    let id = SourceId::Stdin(std::path::PathBuf::new());
    let Ok(source) = Document::decode(id, bytes, format) else {
        return false;
    };
    let Ok(document) = Document::parse(&source, format) else {
        return false;
    };
    let Ok(Some(file)) = SopsFile::of(&document) else {
        return false;
    };
    sops::check(&file, keyring).verification == Verification::Verified
}
