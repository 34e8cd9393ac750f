//! `keys`: the identities at hand, and what each of them opens.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::check::{describe, refuse_unusable};
use super::encrypted;
use super::inputs;
use super::work_tree::WorkTree;
use super::{Error, Request, map_all};
use crate::keys::{Keyring, Listed, Locked, Place, PlaceState, Shut};
use crate::sops::locks;

/// The identities of a run and the secret files that they were tried on. No secret is in it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct KeyReport {
    /// All identities, and what may be some once it is woken, in the order in which they were found.
    pub keys: Vec<KnownKey>,
    /// The secret files, sorted by the bytes of their path.
    pub files: Vec<PathBuf>,
    /// Those that the identities do not open.
    pub shut: Vec<PathBuf>,
    /// Those of which sops could not read for whom they are: `check` says why.
    pub unread: Vec<PathBuf>,
    /// What was wrong with sources of identities, one sentence each.
    pub warnings: Vec<String>,
    /// Where identities were looked for, in order, with what was there.
    pub searched: Vec<String>,
}

/// An identity, or something that may be one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KnownKey {
    /// Such as `x25519`, `ssh-rsa` or `identity of plugin yubikey`.
    pub kind: String,
    /// Where it was found.
    pub origin: String,
    /// Its public name, where it is known.
    pub recipient: Option<String>,
    /// Why it was not used; none where it was.
    pub idle: Option<String>,
    /// The files that it opens by itself.
    pub opens: Vec<PathBuf>,
    /// The files of which it opens a key group, and that need more.
    pub helps_open: Vec<PathBuf>,
}

/// Lists the identities that `request` would use, and tries each on every secret file.
///
/// # Errors
/// [`Error::NoSuchPath`] where a named path is not there, [`Error::Identity`] where a named identity
/// cannot be used, [`Error::Policy`] where the policy is wrong.
pub fn keys(request: Request<'_>) -> Result<KeyReport, Error> {
    let tree = WorkTree::of(&request)?;
    let Request {
        environment,
        targets,
        identities,
        mut access,
        jobs,
        ..
    } = request;
    let (inputs, _) = inputs::list(targets, tree.scope())?;
    let mut keyring = Request::keyring(identities, environment)?;
    let all = encrypted::read_all(&inputs, jobs, |sops| locks(sops.file))?;
    let (files, unread) = all.into_parts();
    let (paths, shut): (Vec<PathBuf>, Vec<Shut>) = files.into_iter().unzip();
    keyring.look_at_ssh();
    keyring.wake(&shut, &mut access.means(environment));
    refuse_unusable(&keyring)?;
    let mut keys: Vec<Tried> = keyring.list().into_iter().map(Tried::new).collect();
    let mut report = KeyReport {
        warnings: keyring.warnings().map(ToString::to_string).collect(),
        searched: keyring.places().map(describe_all).collect(),
        unread,
        ..KeyReport::default()
    };
    let opened = map_all(&shut, jobs, |shut| Opened::of(shut, &keyring))?;
    for ((path, shut), opened) in paths.into_iter().zip(&shut).zip(opened) {
        if opened.groups < shut.needed {
            report.shut.push(path.clone());
        }
        opened.note(&path, shut.needed, &mut keys);
        report.files.push(path);
    }
    let listed = keys.into_iter().filter(|key| !key.is_used_up);
    report.keys = listed.map(|key| key.known).collect();
    Ok(report)
}

/// A place of identities and what was there, also where it was nothing.
fn describe_all(place: &Place) -> String {
    match place.state {
        PlaceState::Missing => format!("{} (nothing there)", place.origin),
        _ => describe(place),
    }
}

/// A key while it is tried.
struct Tried {
    known: KnownKey,
    is_used_up: bool,
}

impl Tried {
    fn new(listed: Listed) -> Self {
        let known = KnownKey {
            kind: listed.kind,
            origin: listed.origin,
            recipient: listed.recipient,
            idle: listed.idle,
            opens: Vec::new(),
            helps_open: Vec::new(),
        };
        let is_used_up = listed.is_used_up;
        Self { known, is_used_up }
    }
}

/// What the keys open of a file.
struct Opened {
    /// How many of its key groups open.
    groups: usize,
    /// How many groups a key opens by itself, by its place in the list.
    by_key: BTreeMap<usize, usize>,
}

impl Opened {
    /// Tries all keys.
    fn of(shut: &Shut, keyring: &Keyring) -> Self {
        let mut opened = Self {
            groups: 0,
            by_key: BTreeMap::new(),
        };
        for group in &shut.groups {
            let openers = group
                .iter()
                .flat_map(|locked: &Locked| keyring.openers(locked));
            let openers: BTreeSet<usize> = openers.collect();
            opened.groups += usize::from(!openers.is_empty());
            for key in openers {
                *opened.by_key.entry(key).or_default() += 1;
            }
        }
        opened
    }

    /// Notes with each key what it does for the file, of which so many groups are needed.
    fn note(&self, path: &Path, needed: usize, keys: &mut [Tried]) {
        for (key, groups) in &self.by_key {
            let Some(key) = keys.get_mut(*key) else {
                continue;
            };
            let list = if *groups >= needed {
                &mut key.known.opens
            } else {
                &mut key.known.helps_open
            };
            list.push(path.to_owned());
        }
    }
}
