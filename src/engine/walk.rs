//! Folders that belong to no repository.
//!
//! A folder is walked without following links, so that every file is met once, under its own path,
//! and never one outside the folder.

use std::path::Path;

use walkdir::{DirEntry, WalkDir};

use super::inputs::{Content, Inputs, Origin};
use crate::document::Format;
use crate::paths;
use crate::rules::Unreadable;

/// Adds all files below `root`, which the report calls `shown`.
pub(super) fn add(inputs: &mut Inputs<'_>, root: &Path, shown: &Path) {
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
                if let Some(content) = content_of(inputs, &entry, root) {
                    inputs.add(show(entry.path()), content, Origin::Walked);
                }
            }
            Err(error) => {
                let path = error.path().map_or_else(|| shown.to_owned(), show);
                let kind = error.io_error().map(std::io::Error::kind);
                let reason = kind.map_or_else(|| "a loop".to_owned(), |kind| kind.to_string());
                let message = format!("the folder cannot be read: {reason}");
                let content = Content::Lost(Unreadable::Walk(message));
                inputs.add(path, content, Origin::Walked);
            }
        }
    }
}

/// What to look at behind an entry of a folder; `None` where there is nothing of ours.
fn content_of(inputs: &Inputs<'_>, entry: &DirEntry, root: &Path) -> Option<Content> {
    let kind = entry.file_type();
    let disk = || Content::Disk(entry.path().to_owned());
    if kind.is_dir() || paths::is_temporary(entry.path()) {
        None
    } else if kind.is_file() {
        Some(disk())
    } else if kind.is_symlink() && inputs.has_secret_name(entry.path()) {
        // What a link inside the folder leads to is met under its own path.
        match (entry.path().canonicalize(), root.canonicalize()) {
            (Ok(target), Ok(root)) if target.starts_with(&root) => None,
            (Ok(target), _) if target.is_dir() => None,
            (Ok(_), _) => Some(Content::Outside),
            (Err(_), _) => Some(disk()),
        }
    } else {
        let is_yaml = Format::of_path(entry.path()) == Format::Yaml;
        (!kind.is_symlink() && is_yaml && inputs.has_secret_name(entry.path())).then(disk)
    }
}
