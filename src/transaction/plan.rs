//! From what the caller wants to what will be done: each place is looked at, and nothing is written.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use super::Error;
use super::change::{Change, Mode, What};
use super::disk::Access;
use super::journal::{Entry, New, Old};
use super::place::{Inside, Place, Root, behind_links};
use super::room::may_be_written;
use super::stage::map;
use crate::fs::Resolver;

/// One file, its place, and its bytes before and after.
pub(super) struct Planned<'b> {
    pub(super) target: PathBuf,
    pub(super) entry: Entry,
    /// Its access after.
    pub(super) access: Access,
    /// What the system said of it before it was read; none where it is not there.
    pub(super) found: Option<Metadata>,
    pub(super) old: &'b [u8],
    pub(super) new: &'b [u8],
}

/// All changes, and the folders that they need.
pub(super) struct Plan<'b> {
    pub(super) files: Vec<Planned<'b>>,
    pub(super) folders: Vec<Inside>,
}

/// The most bytes of a file that is changed.
const LIMIT: usize = 1 << 30;

impl<'b> Plan<'b> {
    /// Looks at the places of all changes. A file that has its new bytes already is left out.
    ///
    /// # Errors
    /// [`Error`], of the first change that cannot be made.
    pub(super) fn of(root: &Root, changes: Vec<Change<'b>>) -> Result<Self, Error> {
        let resolver = Resolver::default();
        let planned = map(changes, |change| look(root, &resolver, change));
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
fn look<'b>(
    root: &Root,
    resolver: &Resolver,
    change: Change<'b>,
) -> Result<Option<(Planned<'b>, Vec<Inside>)>, Error> {
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
    let (place, found) = root.of_file(&path, resolver)?;
    let bytes = crate::fs::read_known(&place.path, &found, LIMIT);
    let bytes = bytes.map_err(|error| match error {
        crate::fs::Error::Io { source, .. } => Error::io(&path)(source.kind().into()),
        crate::fs::Error::NotAFile { .. } => Error::NotAFile { path: path.clone() },
        _ => Error::Changed { path: path.clone() },
    })?;
    if bytes != expected {
        return Err(Error::Changed { path });
    }
    if new == Some(expected) {
        return Ok(None);
    }
    may_be_written(&place.path, &found)?;
    let access = Access::of(&found);
    let planned = Planned {
        entry: Entry {
            path: place.inside,
            old: Some(Old::of(expected, access)),
            new: new.map(New::of),
        },
        target: place.path,
        access,
        found: Some(found),
        old: expected,
        new: new.unwrap_or_default(),
    };
    Ok(Some((planned, Vec::new())))
}

fn create<'b>(
    root: &Root,
    path: &Path,
    mode: &Mode,
    new: &'b [u8],
) -> Result<(Planned<'b>, Vec<Inside>), Error> {
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
            new: Some(New::of(new)),
        },
        target,
        access: access_of(root, mode)?,
        found: None,
        old: &[],
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
