//! `recipients`: who can open what, and how many keys each file can lose.
//!
//! All of it stands in the metadata, which are in clear: no key is needed, and none is looked for.

mod matrix;
mod names;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use matrix::{AccessMatrix, FileAccess, Grant, Keyholder};
pub(super) use names::Names;

use super::encrypted;
use super::inputs;
use super::work_tree::WorkTree;
use super::{Error, Request};
use crate::paths;
use crate::sops::{BusFactors, Opener, Quorum, SopsFile};

/// Tells who can open which secret file of the work tree.
///
/// Of `request` count the targets, the policy, the type of the input and the number of threads; no
/// identity is looked for.
///
/// # Errors
/// [`Error::NoSuchPath`] where a named path is not there, [`Error::Policy`] where the policy is wrong,
/// [`Error::Git`] where the repository cannot be read, [`Error::Threads`] where the system gives no
/// threads.
pub fn recipients(request: Request<'_>) -> Result<AccessMatrix, Error> {
    let tree = WorkTree::of(&request)?;
    let (inputs, notices) = inputs::list(request.targets, tree.scope())?;
    let all = encrypted::read_all(&inputs, request.jobs, |sops| Facts::of(sops.file))?;
    let (files, unread) = all.into_parts();
    let name = tree.root().file_name().unwrap_or_default();
    let places: Vec<PathBuf> = files
        .iter()
        .map(|(path, _)| paths::absolute(&tree.here, path))
        .collect();
    let names = Names::of(
        &tree.policy,
        tree.root(),
        places.iter().map(PathBuf::as_path),
    );
    let mut matrix = put_together(files, &places, &names);
    matrix.folder = name.to_string_lossy().into_owned();
    matrix.unread = unread;
    matrix.notices = notices.sentences();
    Ok(matrix)
}

/// What the metadata of one file say of its recipients.
struct Facts {
    groups: Vec<Vec<Named>>,
    threshold: Option<i64>,
    needed: usize,
}

/// A key of a file.
struct Named {
    /// The name by which keys are compared, which is never printed.
    canonical: String,
    opener: Opener,
}

impl Facts {
    fn of(file: &SopsFile<'_>) -> Self {
        let metadata = file.metadata();
        let mut openers = file.openers();
        let groups = metadata.groups.iter().map(|group| {
            let keys = group.keys.iter().map(|key| key.canonical());
            let named = keys.zip(openers.by_ref());
            named
                .map(|(canonical, opener)| Named { canonical, opener })
                .collect()
        });
        Self {
            groups: groups.collect(),
            threshold: metadata.shamir_threshold.as_ref().map(|it| it.value),
            needed: file.groups_needed(),
        }
    }
}

/// Puts the facts of all files, which lie at these places, together: whoever holds a key, each once, and
/// what for.
fn put_together(files: Vec<(PathBuf, Facts)>, places: &[PathBuf], names: &Names) -> AccessMatrix {
    let mut known: BTreeMap<&str, Keyholder> = names.listed().collect();
    let all = files.iter().zip(places);
    for (named, place) in all.flat_map(|((_, facts), place)| {
        let keys = facts.groups.iter().flatten();
        keys.map(move |named| (named, place))
    }) {
        let holder = known
            .entry(&named.canonical)
            .or_insert_with(|| names.holder(&named.canonical, &named.opener, place));
        // Of two spellings the one that says more: a fingerprint and not a key id.
        if holder.key.len() < named.opener.name.len() {
            holder.key.clone_from(&named.opener.name);
        }
    }
    let mut known: Vec<(&str, Keyholder)> = known.into_iter().collect();
    known.sort_by_cached_key(|(_, holder)| holder.rank());
    let places = known.iter().zip(0..);
    let places: BTreeMap<&str, usize> = places.map(|((name, _), at)| (*name, at)).collect();
    let mut factors = BusFactors::default();
    let files = files
        .iter()
        .map(|(path, facts)| facts.access(path, &places, &mut factors));
    AccessMatrix {
        files: files.collect(),
        recipients: known.iter().map(|(_, holder)| holder.clone()).collect(),
        ..AccessMatrix::default()
    }
}

impl Facts {
    /// Who can open the file.
    fn access<'f>(
        &'f self,
        path: &Path,
        places: &BTreeMap<&str, usize>,
        factors: &mut BusFactors<'f>,
    ) -> FileAccess {
        let mut opened: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (group, number) in self.groups.iter().zip(1..) {
            for named in group {
                let numbers = opened.entry(&named.canonical).or_default();
                if numbers.last() != Some(&number) {
                    numbers.push(number);
                }
            }
        }
        let groups = self.groups.iter();
        let names = groups.map(|group| group.iter().map(|named| named.canonical.as_str()));
        let quorum = Quorum::new(names, self.threshold);
        let grants = quorum.holders().filter_map(|holder| {
            Some(Grant {
                recipient: *places.get(holder.name)?,
                groups: opened.remove(holder.name)?,
                opens_alone: holder.opens_alone,
                is_lone: holder.is_lone,
            })
        });
        let mut grants: Vec<Grant> = grants.collect();
        grants.sort_by_key(|grant| grant.recipient);
        FileAccess {
            path: path.to_owned(),
            grants,
            groups: self.groups.len(),
            groups_needed: self.needed,
            bus_factor: factors.of(quorum),
        }
    }
}
