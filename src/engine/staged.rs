//! The files of the index: what the next commit will hold, whatever the work tree holds.

use std::path::{Path, PathBuf};

use super::Error;
use super::inputs::{Content, Inputs, Origin};
use super::notices::Why;
use crate::paths;
use crate::repo::{Entry, Index, Kind, Repo};

/// Adds the files that are staged, or all of the index where the scope says so, or, where there are names, all that the index has under them.
///
/// # Errors
/// [`Error::Git`] where the repository cannot be read.
pub(super) fn add(
    inputs: &mut Inputs<'_>,
    repo: &Repo<'_>,
    index: &Index<'_>,
    named: &[PathBuf],
) -> Result<(), Error> {
    let here = paths::absolute(inputs.scope.environment.current_dir(), Path::new(""));
    if named.is_empty() {
        let entries = if inputs.scope.is_all {
            index.below(b"")
        } else {
            differing(inputs, index)?
        };
        for entry in entries {
            let place = repo.place(&entry.path);
            let shown = paths::relative(&here, &place);
            add_entry(inputs, shown, &place, entry.kind, false);
        }
    }
    for named in named {
        let shown = paths::without_dots(named);
        if inputs.is_left_out(&shown) {
            continue;
        }
        match find(repo, index, &paths::absolute(&here, named)) {
            Found::File(place, kind) => add_entry(inputs, shown, &place, kind, true),
            Found::Folder(place, entries) => {
                for entry in entries {
                    let file = repo.place(&entry.path);
                    let below = file.strip_prefix(&place).unwrap_or(&file);
                    add_entry(inputs, shown.join(below), &file, entry.kind, false);
                }
            }
            Found::Nothing => inputs.notices.add(Why::NotInIndex, &shown),
        }
    }
    Ok(())
}

/// The entries that are not as in `HEAD`, or not as in the base where there is one to compare with.
///
/// # Errors
/// [`Error::Git`] where the repository cannot be read.
fn differing(inputs: &Inputs<'_>, index: &Index<'_>) -> Result<Vec<Entry>, Error> {
    let base = inputs.scope.since.and_then(|bases| {
        let point = bases.points().first()?;
        Some((bases, point.commit))
    });
    let entries = match base {
        Some((bases, commit)) => index.differing_from(&mut bases.commits(), commit),
        None => index.staged(),
    };
    Ok(entries?)
}

/// What the index has under a name.
enum Found {
    File(PathBuf, Kind),
    Folder(PathBuf, Vec<Entry>),
    Nothing,
}

fn find(repo: &Repo<'_>, index: &Index<'_>, place: &Path) -> Found {
    let Some(path) = path_in_index(repo, place) else {
        return Found::Nothing;
    };
    let place = repo.place(&path);
    if !path.is_empty()
        && let Some(kind) = index.at(&path)
    {
        return Found::File(place, kind);
    }
    let entries = index.below(&path);
    if entries.is_empty() && !path.is_empty() {
        return Found::Nothing;
    }
    Found::Folder(place, entries)
}

/// The path that the index would have a place under, also where links lead to the work tree.
fn path_in_index(repo: &Repo<'_>, place: &Path) -> Option<Vec<u8>> {
    repo.path_in_index(place).or_else(|| {
        let root = repo.work_tree().canonicalize().ok()?;
        let folder = place.parent()?.canonicalize().ok()?;
        let inside = folder.strip_prefix(root).ok()?;
        repo.path_in_index(&repo.work_tree().join(inside).join(place.file_name()?))
    })
}

/// Adds what the index has under `shown`. `named` is whether the user named it and not its folder.
fn add_entry(inputs: &mut Inputs<'_>, shown: PathBuf, place: &Path, kind: Kind, named: bool) {
    if paths::is_temporary(&shown) {
        return;
    }
    let content = match kind {
        Kind::File(id) => Content::Blob(id),
        // Only the work tree has the text that the user is about to mend, markers and all.
        Kind::Unmerged if place.is_file() => Content::Disk(place.to_owned()),
        Kind::Unmerged => return,
        Kind::Link => return note(inputs, Why::Link, &shown, named),
        Kind::Submodule => return note(inputs, Why::Submodule, &shown, named),
        Kind::Announced => return note(inputs, Why::Announced, &shown, named),
    };
    let origin = if named {
        Origin::NamedInIndex
    } else {
        Origin::Walked
    };
    inputs.add(shown, content, origin);
}

fn note(inputs: &mut Inputs<'_>, why: Why, shown: &Path, named: bool) {
    if named {
        inputs.notices.add(why, shown);
    }
}
