//! What was done to a file since the last commit: in the index, and in the work tree.

use super::file::{File, Item};
use super::{At, renamed};
use crate::engine::{Error, MAX_FILE_LEN};
use crate::fs;
use crate::history::{Named, Place};
use crate::repo::{BlobId, CommitId, Commits, Index, Kind};

/// What is not committed yet.
pub(super) struct Uncommitted {
    /// The changes, the youngest first.
    pub(super) items: Vec<Item>,
    /// The path that the file has in `HEAD`, where it was renamed in the index.
    pub(super) former_path: Option<Vec<u8>>,
}

impl Uncommitted {
    /// Looks for what is not committed yet. `bases` are the parents of the next commit.
    ///
    /// # Errors
    /// [`Error::Git`] where the index or a base cannot be read.
    pub(super) fn of(
        file: &File<'_>,
        commits: &mut Commits<'_>,
        bases: &[CommitId],
    ) -> Result<Self, Error> {
        let index = file.repo.index()?;
        let mut items = changes(file, &index, commits, bases)?;
        let mut former_path = None;
        if let Some(staged) = items.last_mut()
            && staged.at == At::Index
            && staged.before.iter().all(Option::is_none)
            && let Some(blob) = staged.blob()
            && let Some(head) = bases.first()
        {
            let gone = index.vanished(commits, *head).unwrap_or_default();
            if let Some((path, content)) = renamed::find(file.repo, &file.path, blob, gone) {
                staged.renamed_from = Some(file.shown(&path));
                staged.before = vec![Some(Named {
                    place: Place::Blob(content),
                    path: file.shown(&path),
                })];
                former_path = Some(path);
            }
        }
        Ok(Self { items, former_path })
    }
}

fn changes(
    file: &File<'_>,
    index: &Index<'_>,
    commits: &mut Commits<'_>,
    bases: &[CommitId],
) -> Result<Vec<Item>, Error> {
    let mut before = Vec::new();
    for base in bases {
        before.push(match commits.at(*base, &file.path)? {
            Some(Kind::File(blob)) => Some(blob),
            _ => None,
        });
    }
    let staged = match index.at(&file.path) {
        Some(Kind::File(blob)) => Some(blob),
        // What the work tree has is compared with both sides.
        Some(Kind::Unmerged) => return Ok(in_work_tree(file, &before).into_iter().collect()),
        Some(Kind::Announced | Kind::Link | Kind::Submodule) | None => None,
    };
    let staged_before: Vec<Option<BlobId>> = vec![staged.clone()];
    let mut items: Vec<Item> = in_work_tree(file, &staged_before).into_iter().collect();
    if !before.contains(&staged) {
        let now = staged.map(|blob| file.blob(blob));
        items.push(item(file, At::Index, now, &before));
    }
    Ok(items)
}

/// What the work tree holds, where that is none of `before`.
fn in_work_tree(file: &File<'_>, before: &[Option<BlobId>]) -> Option<Item> {
    let now = match fs::read(file.place, MAX_FILE_LEN) {
        Ok(bytes) => Some(bytes),
        Err(fs::Error::NotFound { .. }) => None,
        Err(_) => return None,
    };
    let known = || before.iter().flatten();
    let is_known = match &now {
        None => before.contains(&None),
        Some(bytes) => known().any(|blob| is_checked_out(blob, bytes)),
    };
    // A file that git knows nothing of is no change of anything.
    let is_new = known().next().is_none();
    if is_known || is_new || is_filtered(file) {
        return None;
    }
    let now = now.map(|bytes| file.given(bytes));
    Some(item(file, At::WorkTree, now, before))
}

fn item(file: &File<'_>, at: At, now: Option<Named>, before: &[Option<BlobId>]) -> Item {
    let named = |blob: &Option<BlobId>| Some(file.blob(blob.clone()?));
    Item {
        at,
        commit: None,
        path: file.path_shown(),
        renamed_from: None,
        now,
        before: before.iter().map(named).collect(),
        is_cut: false,
    }
}

/// Whether bytes are what git would put into the work tree for a blob: perhaps with other line ends.
fn is_checked_out(blob: &BlobId, bytes: &[u8]) -> bool {
    if blob.is_of(bytes) {
        return true;
    }
    let mut unix = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
            unix.push(*byte);
        }
    }
    unix.len() < bytes.len() && blob.is_of(&unix)
}

/// Whether git passes the file through a program on its way, so that the two cannot be compared.
fn is_filtered(file: &File<'_>) -> bool {
    let filters = file.repo.filters(&[file.place.to_owned()]);
    filters.is_ok_and(|filters| !filters.is_empty())
}
