//! From what the caller wants to what will be done: each place is looked at, and nothing is written.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::Error;
use super::change::{Change, Mode, What};
use super::disk::Access;
use super::journal::{Entry, New, Old};
use super::place::{Inside, Place, Root, behind_links};
use super::stage::map;

/// One file, its place, and its bytes before and after.
pub(super) struct Planned {
    pub(super) target: PathBuf,
    pub(super) entry: Entry,
    /// Its access after.
    pub(super) access: Access,
    pub(super) old: Vec<u8>,
    pub(super) new: Vec<u8>,
}

/// All changes, and the folders that they need.
pub(super) struct Plan {
    pub(super) files: Vec<Planned>,
    pub(super) folders: Vec<Inside>,
}

/// The most bytes of a file that is changed.
const LIMIT: usize = 1 << 30;

impl Plan {
    /// Looks at the places of all changes. A file that has its new bytes already is left out.
    ///
    /// # Errors
    /// [`Error`], of the first change that cannot be made.
    pub(super) fn of(root: &Root, changes: Vec<Change>) -> Result<Self, Error> {
        let planned = map(changes, |change| look(root, change));
        let mut plan = Self {
            files: Vec::new(),
            folders: Vec::new(),
        };
        let (mut places, mut folders, mut at) = (HashSet::new(), BTreeSet::new(), 0);
        for planned in planned {
            let Some((mut file, missing)) = planned? else {
                continue;
            };
            if !places.insert(file.target.clone()) {
                return Err(Error::Twice { path: file.target });
            }
            if let Some(old) = &mut file.entry.old {
                old.at = at;
                at += old.length;
            }
            folders.extend(missing);
            plan.files.push(file);
        }
        // A folder sorts before what is in it.
        plan.folders = folders.into_iter().collect();
        Ok(plan)
    }

    /// How many bytes the old texts have together.
    pub(super) fn old_length(&self) -> u64 {
        let old = self.files.iter().filter_map(|file| file.entry.old.as_ref());
        old.map(|old| old.length).sum()
    }
}

/// Looks at the place of one change; none where there is nothing to do.
fn look(root: &Root, change: Change) -> Result<Option<(Planned, Vec<Inside>)>, Error> {
    let path = change.path;
    let (expected, new) = match change.what {
        What::Create { mode, new } => {
            return create(root, &path, &mode, new).map(Some);
        }
        What::Replace { old, new } => (old, Some(new)),
        What::Remove { old } => (old, None),
    };
    if new.is_none() && path_in(root, &path).is_symlink() {
        return Err(Error::IsLink { path });
    }
    let place = root.of_file(&path)?;
    let found = fs::metadata(&place.path).map_err(Error::io(&path))?;
    if !found.is_file() {
        return Err(Error::NotAFile { path });
    }
    let bytes = crate::fs::read(&place.path, LIMIT).map_err(|error| match error {
        crate::fs::Error::Io { source, .. } => Error::io(&path)(source.kind().into()),
        _ => Error::Changed { path: path.clone() },
    })?;
    let access = Access::of(&found);
    let old = Old::of(&bytes, access);
    if old.hash != expected {
        return Err(Error::Changed { path });
    }
    let after = new.as_deref().map(New::of);
    if after.as_ref().is_some_and(|after| after.hash == old.hash) {
        return Ok(None);
    }
    let planned = Planned {
        entry: Entry {
            path: place.inside,
            old: Some(old),
            new: after,
        },
        target: place.path,
        access,
        old: bytes,
        new: new.unwrap_or_default(),
    };
    Ok(Some((planned, Vec::new())))
}

fn create(
    root: &Root,
    path: &Path,
    mode: &Mode,
    new: Vec<u8>,
) -> Result<(Planned, Vec<Inside>), Error> {
    let Place {
        path: target,
        inside,
        missing,
    } = root.of_new(path)?;
    if target.symlink_metadata().is_ok() {
        let path = path.to_owned();
        return Err(Error::Exists { path });
    }
    let planned = Planned {
        entry: Entry {
            path: inside,
            old: None,
            new: Some(New::of(&new)),
        },
        target,
        access: access_of(root, mode)?,
        old: Vec::new(),
        new,
    };
    Ok((planned, missing))
}

fn access_of(root: &Root, mode: &Mode) -> Result<Access, Error> {
    match mode {
        Mode::Usual => Ok(Access::Usual),
        Mode::Private => Ok(Access::PRIVATE),
        Mode::Like(path) => {
            let like = behind_links(&path_in(root, path)).and_then(fs::metadata);
            like.map(|like| Access::of(&like)).map_err(Error::io(path))
        }
    }
}

fn path_in(root: &Root, path: &Path) -> PathBuf {
    crate::paths::absolute(root.path(), path)
}
