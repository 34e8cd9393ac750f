//! `keys`: the identities at hand, and what each of them opens.

use std::path::{Path, PathBuf};

use super::inputs::{self, Content, Input, Origin, Scope};
use super::others::decode;
use super::{Error, MAX_FILE_LEN, Request, describe, policy, sign};
use crate::document::Document;
use crate::fs;
use crate::keys::{Keyring, Listed, Locked, Place, PlaceState, Shut};
use crate::paths;
use crate::repo::Repo;
use crate::sops::{SopsFile, locks};
use crate::source::SourceId;

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
/// is of no use, [`Error::Policy`] where the policy is wrong.
pub fn keys(request: Request<'_>) -> Result<KeyReport, Error> {
    let Request {
        environment,
        targets,
        identities,
        mut access,
        policy,
        jobs,
        input_type,
        staged: _,
    } = request;
    let here = paths::absolute(environment.current_dir(), Path::new(""));
    let repo = Repo::discover(environment, &here);
    let search = policy::Search {
        here: &here,
        repo: repo.as_ref(),
        index: None,
    };
    let policy = search.load(policy.as_deref())?;
    let scope = Scope {
        environment,
        policy: &policy,
        input_type,
        repo: repo.as_ref(),
        index: None,
        jobs,
    };
    let (inputs, _) = inputs::list(targets, scope)?;
    let mut keyring = Request::keyring(identities, environment)?;
    let files: Vec<(PathBuf, Shut)> = inputs.iter().filter_map(read_locks).collect();
    keyring.look_at_ssh();
    let (paths, shut): (Vec<PathBuf>, Vec<Shut>) = files.into_iter().unzip();
    keyring.wake(&shut, &mut access.means(environment));
    let mut keys: Vec<Tried> = keyring.list().into_iter().map(Tried::new).collect();
    let mut report = KeyReport {
        warnings: keyring.warnings().map(ToString::to_string).collect(),
        searched: keyring.places().iter().map(describe_all).collect(),
        ..KeyReport::default()
    };
    for (path, shut) in paths.into_iter().zip(&shut) {
        if try_on(&path, shut, &keyring, &mut keys) < shut.needed {
            report.shut.push(path.clone());
        }
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

/// Tries all keys on a file, and says how many of its groups open.
fn try_on(path: &Path, shut: &Shut, keyring: &Keyring, keys: &mut [Tried]) -> usize {
    let mut groups_of = vec![0; keys.len()];
    let mut open = 0;
    for group in &shut.groups {
        let mut openers: Vec<usize> = group
            .iter()
            .flat_map(|locked: &Locked| keyring.openers(locked))
            .collect();
        openers.sort_unstable();
        openers.dedup();
        open += usize::from(!openers.is_empty());
        for at in openers {
            if let Some(count) = groups_of.get_mut(at) {
                *count += 1;
            }
        }
    }
    for (key, count) in keys.iter_mut().zip(groups_of) {
        let list = match count {
            0 => continue,
            count if count >= shut.needed => &mut key.known.opens,
            _ => &mut key.known.helps_open,
        };
        list.push(path.to_owned());
    }
    open
}

/// What age may open of a file; `None` where it is no secret file, or cannot be read.
fn read_locks(input: &Input) -> Option<(PathBuf, Shut)> {
    let bytes = match &input.content {
        Content::Disk(place) => fs::read(place, MAX_FILE_LEN).ok()?,
        Content::Given(bytes) => bytes.clone(),
        Content::Index(_) | Content::Outside | Content::Lost(_) => return None,
    };
    if !sign::may_have_metadata(input.format, &bytes) && input.origin == Origin::Walked {
        return None;
    }
    let id = SourceId::WorkTree(input.path.clone());
    let (Some(source), None) = decode(id, bytes, input.format) else {
        return None;
    };
    let document = Document::parse(&source, input.format).ok()?;
    let file = SopsFile::of(&document).ok().flatten()?;
    Some((input.path.clone(), locks(&file)))
}
