//! The few settings of git's configuration that matter here, read from the files that the
//! environment leads to.

use std::path::{Path, PathBuf};

use super::places::{Places, set, small_file};
use crate::environment::Environment;

/// The file of patterns that a user has git ignore everywhere; the default where none is set.
pub(super) fn excludes_file(environment: &Environment, places: &Places) -> Option<PathBuf> {
    let files = files(environment, places);
    let set = files
        .iter()
        .find_map(|file| text(file, "core.excludesfile", b"excludesfile"));
    match set {
        Some(path) => Some(expand(environment, places, &path)),
        None => Some(user_folder(environment)?.join("ignore")),
    }
}

/// Whether the case of letters does not matter in names.
pub(super) fn ignores_case(places: &Places) -> bool {
    let file = places.common_dir.join("config");
    text(&file, "core.ignorecase", b"ignorecase").is_some_and(|value| value == "true")
}

/// The files of git's configuration, those that win first.
fn files(environment: &Environment, places: &Places) -> Vec<PathBuf> {
    let mut files = vec![
        places.git_dir.join("config.worktree"),
        places.common_dir.join("config"),
    ];
    let here = environment.current_dir();
    match set(environment, "GIT_CONFIG_GLOBAL") {
        Some(file) => files.push(here.join(file)),
        None => {
            files.extend(home(environment).map(|home| home.join(".gitconfig")));
            files.extend(user_folder(environment).map(|folder| folder.join("config")));
        }
    }
    if set(environment, "GIT_CONFIG_NOSYSTEM").is_none() {
        let system = set(environment, "GIT_CONFIG_SYSTEM").map(|file| here.join(file));
        files.push(system.unwrap_or_else(|| PathBuf::from("/etc/gitconfig")));
    }
    files
}

/// A setting of one file. Files that cannot have it are not parsed.
fn text(file: &Path, name: &str, word: &[u8]) -> Option<String> {
    let bytes = small_file(file)?;
    let mentions = |word: &[u8]| {
        bytes
            .windows(word.len())
            .any(|part| part.eq_ignore_ascii_case(word))
    };
    if !mentions(word) && !mentions(b"[include") {
        return None;
    }
    let config = git2::Config::open(file).ok()?;
    config.get_string(name).ok()
}

fn expand(environment: &Environment, places: &Places, path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), home(environment)) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => places.work_tree.join(path),
    }
}

fn home(environment: &Environment) -> Option<PathBuf> {
    set(environment, "HOME").map(PathBuf::from)
}

/// The folder of git's own files in the user's configuration.
fn user_folder(environment: &Environment) -> Option<PathBuf> {
    let folder = match set(environment, "XDG_CONFIG_HOME") {
        Some(folder) => PathBuf::from(folder),
        None => home(environment)?.join(".config"),
    };
    Some(folder.join("git"))
}
