//! Folders: those of a repository as git sees them, others with all that is in them.
//!
//! A folder is walked without following links, so that every file is met once, under its own path,
//! and never one outside the folder.

use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::Error;
use super::inputs::{Content, Inputs, Origin};
use crate::config::creation::SOPS_CONFIG;
use crate::document::Format;
use crate::fs::Kind;
use crate::paths;
use crate::repo::{Met, Repo, Wanted};
use crate::rules::Unreadable;

/// Adds the whole repository.
///
/// # Errors
/// [`Error::Git`] where its index cannot be read.
pub(super) fn add_repository(inputs: &mut Inputs<'_>, repo: &Repo<'_>) -> Result<(), Error> {
    let here = paths::absolute(inputs.scope.environment.current_dir(), Path::new(""));
    let show = |path: &Path| paths::relative(&here, path);
    add_files(inputs, repo, repo.work_tree(), &show)
}

/// Adds the files below `place`, which the report calls `shown`.
///
/// # Errors
/// [`Error::Git`] where it belongs to a repository whose index cannot be read.
pub(super) fn add_folder(inputs: &mut Inputs<'_>, place: &Path, shown: &Path) -> Result<(), Error> {
    let environment = inputs.scope.environment;
    let folder = paths::absolute(environment.current_dir(), place);
    // What a link leads to can be anywhere.
    let repo = if place.is_symlink() {
        None
    } else {
        Repo::discover(environment, &folder)
    };
    match repo.filter(|repo| repo.path_in_index(&folder).is_some()) {
        Some(repo) => {
            let show = |path: &Path| shown.join(path.strip_prefix(&folder).unwrap_or(path));
            add_files(inputs, &repo, &folder, &show)
        }
        None => {
            add_all(inputs, place, shown);
            Ok(())
        }
    }
}

/// Adds the files of a repository below a folder.
fn add_files(
    inputs: &mut Inputs<'_>,
    repo: &Repo<'_>,
    folder: &Path,
    show: &dyn Fn(&Path) -> PathBuf,
) -> Result<(), Error> {
    let policy = inputs.scope.policy;
    let wanted = Wanted {
        folder,
        leave_out: &|path| policy.is_excluded(path),
        jobs: inputs.scope.jobs,
    };
    for met in repo.files(&wanted)? {
        match met {
            Met::File(path, kind) => {
                if let Some(content) = content_of(inputs, &path, kind, folder) {
                    inputs.add(show(&path), content, Origin::Walked);
                }
            }
            Met::Unreadable(path, reason) => {
                let path = path.map_or_else(|| show(folder), |path| show(&path));
                add_unreadable(inputs, path, reason);
            }
        }
    }
    Ok(())
}

/// Adds all files below `root`.
fn add_all(inputs: &mut Inputs<'_>, root: &Path, shown: &Path) {
    let show = |path: &Path| shown.join(path.strip_prefix(root).unwrap_or(path));
    let policy = inputs.scope.policy;
    let is_left_out = |entry: &DirEntry| {
        let is_git = entry.depth() > 0 && entry.file_name() == ".git";
        is_git || entry.file_type().is_dir() && policy.is_excluded(entry.path())
    };
    let entries = WalkDir::new(root)
        .into_iter()
        .filter_entry(|entry| !is_left_out(entry));
    for entry in entries {
        match entry {
            Ok(entry) => {
                let kind = Kind::from(entry.file_type());
                if let Some(content) = content_of(inputs, entry.path(), kind, root) {
                    inputs.add(show(entry.path()), content, Origin::Walked);
                }
            }
            Err(error) => {
                let path = error.path().map_or_else(|| shown.to_owned(), show);
                let kind = error.io_error().map(std::io::Error::kind);
                let reason = kind.map_or_else(|| "a loop".to_owned(), |kind| kind.to_string());
                let reason = format!("the folder cannot be read: {reason}");
                add_unreadable(inputs, path, reason);
            }
        }
    }
}

fn add_unreadable(inputs: &mut Inputs<'_>, path: PathBuf, reason: String) {
    let content = Content::Lost(Unreadable::Walk(reason));
    inputs.add(path, content, Origin::Walked);
}

/// What to look at behind an entry of a folder; `None` where there is nothing of ours.
fn content_of(inputs: &Inputs<'_>, path: &Path, kind: Kind, root: &Path) -> Option<Content> {
    if paths::is_temporary(path) {
        return None;
    }
    let disk = || Content::Disk(path.to_owned());
    match kind {
        Kind::Folder => None,
        Kind::File => Some(disk()),
        // What a link inside the folder leads to is met under its own path.
        Kind::Link if inputs.has_secret_name(path) => {
            match (path.canonicalize(), root.canonicalize()) {
                (Ok(target), Ok(root)) if target.starts_with(&root) => None,
                (Ok(target), _) if target.is_dir() => None,
                (Ok(_), _) => Some(Content::Outside),
                (Err(_), _) => Some(disk()),
            }
        }
        // sops takes it for the configuration of the folder that the link is in.
        Kind::Link if path.file_name().is_some_and(|name| name == SOPS_CONFIG) => {
            match (path.canonicalize(), root.canonicalize()) {
                (Ok(target), Ok(root)) if target.starts_with(&root) => Some(disk()),
                (Ok(_), _) => Some(Content::Outside),
                (Err(_), _) => None,
            }
        }
        Kind::Link => None,
        Kind::Other => {
            let is_yaml = Format::of_path(path) == Format::Yaml;
            (is_yaml && inputs.has_secret_name(path)).then(disk)
        }
    }
}
