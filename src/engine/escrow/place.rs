//! Where a private key may be written: outside of every repository, where nothing is yet.

use std::path::{Path, PathBuf};

use super::super::Error;
use crate::environment::Environment;
use crate::repo::Repo;
use crate::{fs, paths};

/// What marks a folder as the root of a repository.
const MARKS: [&str; 4] = [".git", ".hg", ".jj", ".svn"];

/// The place of a new file for a private key, absolute.
///
/// Nothing may be there yet, and it may not lie in a repository: not in a work tree, ignored or not, and not
/// in git's own folder. What is ignored today is committed with `git add --force`, or once somebody edits
/// `.gitignore`.
///
/// # Errors
/// [`Error::SecretInRepository`], [`Error::SecretExists`], [`Error::NotWritten`] where there is no such
/// folder.
pub fn refuse_repository(environment: &Environment, path: &Path) -> Result<PathBuf, Error> {
    let place = paths::absolute(environment.current_dir(), path);
    if fs::kind(&place).is_some() {
        let path = path.to_owned();
        return Err(Error::SecretExists { path });
    }
    let (Some(folder), Some(name)) = (place.parent(), place.file_name()) else {
        let path = path.to_owned();
        return Err(Error::SecretExists { path });
    };
    let folder = folder.canonicalize().map_err(|error| Error::NotWritten {
        path: path.to_owned(),
        reason: format!("its folder is not there ({error})"),
    })?;
    match root_around(environment, &folder) {
        Some(root) => Err(Error::SecretInRepository {
            path: path.to_owned(),
            root,
        }),
        None => Ok(folder.join(name)),
    }
}

/// The root of the repository that a folder, without links on the way, lies in.
fn root_around(environment: &Environment, folder: &Path) -> Option<PathBuf> {
    let is_root = |folder: &&Path| {
        let is_marked = MARKS
            .iter()
            .any(|mark| fs::kind(&folder.join(mark)).is_some());
        is_marked || is_git_folder(folder)
    };
    if let Some(root) = folder.ancestors().find(is_root) {
        return Some(root.to_owned());
    }
    // A work tree can lie away from its repository, where variables or the configuration say so.
    let here = paths::absolute(environment.current_dir(), Path::new(""));
    let repo = Repo::discover(environment, &here)?;
    let root = repo.work_tree().canonicalize().ok()?;
    folder.starts_with(&root).then_some(root)
}

/// Whether a folder is git's own, or a repository without a work tree.
fn is_git_folder(folder: &Path) -> bool {
    ["HEAD", "objects", "refs"]
        .iter()
        .all(|name| fs::kind(&folder.join(name)).is_some())
}
