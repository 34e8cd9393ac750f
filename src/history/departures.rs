//! Who could open a file once and cannot any more, and whether the data key is still one that they know.
//!
//! Two versions have the same data key where a token, a copy of the data key or the MAC of one is in the
//! other: [`Change::shares_data_key`]. From one version to the one before it that nearly always shows, so the chain is
//! followed from the file at hand. Where a commit encrypted all anew, only a key tells.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::reader::Reader;
use super::step::DataKeyFate;
use crate::change::{Change, Recipient, Version};
use crate::repo::{self, BlobId, CommitId};
use crate::sops::DataKeyId;

/// A key that is no recipient any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Departure {
    /// Its name, to compare. It may be anything that was pasted there.
    pub(crate) canonical: String,
    /// Its name as reports print it.
    pub(crate) shown: String,
    /// The commit since which it is none; none where that is not committed yet.
    pub(crate) since: Option<CommitId>,
    /// What became of the data keys that it opened.
    pub(crate) fate: DataKeyFate,
}

/// The file at hand.
pub(crate) struct Now<'a> {
    pub(crate) version: &'a Version,
    /// What git calls its content, where a version has it.
    pub(crate) blob: Option<&'a BlobId>,
    /// Its data key, where one opened.
    pub(crate) key: Option<DataKeyId>,
}

/// Opens the data key of a version.
pub(crate) type KeyOf<'k> = &'k dyn Fn(&repo::Version) -> Option<DataKeyId>;

/// The most versions with a departed key that are compared with the file, each by itself.
const MAX_TRIED: usize = 50;

/// The names of all keys of older versions that do not open the file, each with the youngest version that
/// it opened. Costs no comparison, so that most files are done with here.
pub(crate) fn gone<'n>(
    reader: &mut Reader<'_>,
    versions: &[repo::Version],
    has: impl Fn(&str) -> bool + 'n,
) -> bool {
    versions.iter().any(|at| {
        let version = read(reader, at);
        version.is_some_and(|version| version.keys().any(|key| !has(key.canonical())))
    })
}

/// Who departed, in the order of names. `versions` are those that [`repo::Histories`] has.
pub(crate) fn departures(
    reader: &mut Reader<'_>,
    now: &Now<'_>,
    versions: &[repo::Version],
    key_of: KeyOf<'_>,
) -> Vec<Departure> {
    let read: Vec<Option<Arc<Version>>> = versions.iter().map(|at| read(reader, at)).collect();
    let search = Search {
        now,
        versions,
        linked: linked(reader, now, versions, &read),
        life: life(versions, &read),
        read,
    };
    let mut known: BTreeMap<&str, (&Recipient, Vec<usize>)> = BTreeMap::new();
    for (at, version) in search.read.iter().enumerate() {
        for key in version.iter().flat_map(|version| version.keys()) {
            if !now.version.has_recipient(key) {
                let (_, held) = known.entry(key.canonical()).or_insert((key, Vec::new()));
                if held.last() != Some(&at) {
                    held.push(at);
                }
            }
        }
    }
    let departed = known.into_iter().filter_map(|(name, (key, held))| {
        Some(Departure {
            canonical: name.to_owned(),
            shown: key.shown.clone(),
            since: search.since(*held.first()?, key),
            fate: search.fate(&held, key_of)?,
        })
    });
    departed.collect()
}

fn read(reader: &mut Reader<'_>, at: &repo::Version) -> Option<Arc<Version>> {
    let format = reader.format_of(&at.path);
    reader.read(at.blob.as_ref()?, format).ok()
}

/// What is known of one file.
struct Search<'a> {
    now: &'a Now<'a>,
    versions: &'a [repo::Version],
    read: Vec<Option<Arc<Version>>>,
    /// The contents that have the data key of the file at hand, for all that shows.
    linked: HashSet<BlobId>,
    /// How many of the versions came after the file was last new, or encrypted anew: before that it
    /// certainly had another data key, unless something shows that it had not.
    life: usize,
}

impl Search<'_> {
    /// The commit that took a key away of which `at` is the youngest version; none where that is not
    /// committed yet.
    fn since(&self, at: usize, key: &Recipient) -> Option<CommitId> {
        let blob = self.versions.get(at)?.blob.as_ref();
        let later = self.versions.get(..at)?.iter().zip(&self.read);
        let lacks = |read: &Option<Arc<Version>>| {
            read.as_ref()
                .is_none_or(|version| !version.has_recipient(key))
        };
        let mut after = later.clone().filter(|(version, read)| {
            lacks(read) && version.before.iter().any(|before| before.as_ref() == blob)
        });
        let taken = after.next_back().or_else(|| later.clone().next_back());
        taken.map(|(version, _)| version.commit)
    }

    /// What became of the data keys of these versions; none where the file was made anew since.
    fn fate(&self, held: &[usize], key_of: KeyOf<'_>) -> Option<DataKeyFate> {
        let version = |at: &usize| self.versions.get(*at);
        let is_linked = |version: &repo::Version| {
            let blob = version.blob.as_ref();
            blob.is_some_and(|blob| self.linked.contains(blob))
        };
        if held.iter().filter_map(version).any(is_linked) {
            return Some(DataKeyFate::Same);
        }
        let mut tried: Vec<&Version> = Vec::new();
        let (mut others, mut unknown) = (0, 0);
        for at in held.iter().filter(|at| **at < self.life) {
            let (Some(at), Some(Some(was))) = (self.versions.get(*at), self.read.get(*at)) else {
                continue;
            };
            if tried.iter().any(|known| known.shares_stanza(was)) {
                continue;
            }
            if tried.len() == MAX_TRIED {
                unknown += 1;
                break;
            }
            tried.push(was);
            if Change::between(was, self.now.version).shares_data_key() {
                return Some(DataKeyFate::Same);
            }
            match (self.now.key, self.now.key.and_then(|_| key_of(at))) {
                (Some(now), Some(was)) if now == was => return Some(DataKeyFate::Same),
                (Some(_), Some(_)) => others += 1,
                _ => unknown += 1,
            }
        }
        match (others, unknown) {
            (0, 0) => None,
            (_, 0) => Some(DataKeyFate::Replaced),
            _ => Some(DataKeyFate::Unknown),
        }
    }
}

/// The contents that have the data key of the file at hand, for all that shows.
fn linked(
    reader: &mut Reader<'_>,
    now: &Now<'_>,
    versions: &[repo::Version],
    read: &[Option<Arc<Version>>],
) -> HashSet<BlobId> {
    let mut linked: HashSet<BlobId> = now.blob.cloned().into_iter().collect();
    if let (Some(first), Some(Some(was))) = (versions.first(), read.first())
        && Change::between(was, now.version).shares_data_key()
    {
        linked.extend(first.blob.clone());
    }
    for (at, is) in versions.iter().zip(read) {
        let (Some(blob), Some(is)) = (&at.blob, is) else {
            continue;
        };
        if !linked.contains(blob) {
            continue;
        }
        let before = at.before.iter().zip(reader.before(at));
        for (blob, was) in before {
            if let (Some(blob), Some(Ok(was))) = (blob, was)
                && (linked.contains(blob) || Change::between(&was, is).shares_data_key())
            {
                linked.insert(blob.clone());
            }
        }
    }
    linked
}

/// How many of the versions came after the file was last new, or encrypted anew.
fn life(versions: &[repo::Version], read: &[Option<Arc<Version>>]) -> usize {
    let begins = |(at, read): &(&repo::Version, &Option<Arc<Version>>)| {
        let is_new = !at.before.is_empty() && at.before.iter().all(Option::is_none);
        at.blob.is_none() || is_new || read.as_ref().is_some_and(|read| !read.is_encrypted())
    };
    let mut all = versions.iter().zip(read);
    all.position(|at| begins(&at))
        .map_or(versions.len(), |at| at + 1)
}
