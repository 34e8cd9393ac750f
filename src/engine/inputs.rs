//! From what the user named to the list of files to look at.
//!
//! A folder is walked without following links, so that every file is met once, under its own path,
//! and never one outside the folder.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::{Error, Target, sign};
use crate::document::Format;
use crate::environment::Environment;
use crate::rules::Unreadable;

/// One file to look at.
pub(super) struct Input {
    /// The path that the report prints.
    pub(super) path: PathBuf,
    pub(super) content: Content,
    pub(super) origin: Origin,
}

/// Where the bytes of an input are.
pub(super) enum Content {
    Disk(PathBuf),
    Given(Vec<u8>),
    /// Behind a link that leads out of the folder.
    Outside,
    /// Nowhere: why is known already.
    Lost(Unreadable),
}

/// How an input came to be one. A named file is always in the report.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Named,
    Walked,
}

/// Lists the inputs of all targets, each once, sorted by the bytes of their path.
///
/// # Errors
/// [`Error::NoSuchPath`] where a target is not there.
pub(super) fn list(targets: Vec<Target>, environment: &Environment) -> Result<Vec<Input>, Error> {
    let here = vec![Target::Path(PathBuf::from("."))];
    let targets = if targets.is_empty() { here } else { targets };
    let mut inputs = BTreeMap::new();
    for target in targets {
        match target {
            Target::Text { name, bytes } => {
                add(&mut inputs, name, Content::Given(bytes), Origin::Named);
            }
            Target::Path(named) => {
                let place = environment.current_dir().join(&named);
                if place.symlink_metadata().is_err() {
                    return Err(Error::NoSuchPath { path: named });
                }
                let shown = without_dots(&named);
                if place.is_dir() {
                    walk(&mut inputs, &place, &shown);
                } else {
                    add(&mut inputs, shown, Content::Disk(place), Origin::Named);
                }
            }
        }
    }
    Ok(inputs.into_values().collect())
}

/// Adds an input, keyed by the bytes of its path; a file both named and met in a folder counts as
/// named.
fn add(inputs: &mut BTreeMap<Vec<u8>, Input>, path: PathBuf, content: Content, origin: Origin) {
    let key = path.as_os_str().as_encoded_bytes().to_vec();
    let known = inputs
        .get(&key)
        .is_some_and(|input| input.origin == Origin::Named);
    if !known {
        inputs.insert(
            key,
            Input {
                path,
                content,
                origin,
            },
        );
    }
}

fn walk(inputs: &mut BTreeMap<Vec<u8>, Input>, root: &Path, shown: &Path) {
    let show = |path: &Path| shown.join(path.strip_prefix(root).unwrap_or(path));
    let entries = WalkDir::new(root)
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || entry.file_name() != ".git");
    for entry in entries {
        match entry {
            Ok(entry) => {
                if let Some(content) = content_of(&entry, root) {
                    add(inputs, show(entry.path()), content, Origin::Walked);
                }
            }
            Err(error) => {
                let path = error.path().map_or_else(|| shown.to_owned(), show);
                let kind = error.io_error().map(std::io::Error::kind);
                let reason = kind.map_or_else(|| "a loop".to_owned(), |kind| kind.to_string());
                let message = format!("the folder cannot be read: {reason}");
                add(
                    inputs,
                    path,
                    Content::Lost(Unreadable::Walk(message)),
                    Origin::Walked,
                );
            }
        }
    }
}

/// What to look at behind an entry of a folder; `None` where there is nothing of ours.
fn content_of(entry: &DirEntry, root: &Path) -> Option<Content> {
    let kind = entry.file_type();
    let disk = || Content::Disk(entry.path().to_owned());
    if kind.is_dir() {
        None
    } else if kind.is_file() {
        Some(disk())
    } else if kind.is_symlink() && sign::has_secret_name(entry.path()) {
        // What a link inside the folder leads to is met under its own path.
        match (entry.path().canonicalize(), root.canonicalize()) {
            (Ok(target), Ok(root)) if target.starts_with(&root) => None,
            (Ok(target), _) if target.is_dir() => None,
            (Ok(_), _) => Some(Content::Outside),
            (Err(_), _) => Some(disk()),
        }
    } else {
        let is_yaml = Format::of_path(entry.path()) == Format::Yaml;
        (!kind.is_symlink() && is_yaml && sign::has_secret_name(entry.path())).then(disk)
    }
}

/// The path without its `.` parts, so that `./a` and `a` are one file.
fn without_dots(path: &Path) -> PathBuf {
    path.components()
        .filter(|part| *part != Component::CurDir)
        .collect()
}
