//! Paths as manifests write them.

use std::path::{Component, Path, PathBuf};

/// What makes a text none that certainly names one file here: patterns, placeholders, places in other
/// repositories.
const ELSEWHERE: [&str; 9] = ["{{", "${", "$(", "<", "*", "?", "[", "://", "::"];

/// The path from the root that `written` is in the folder `base`; none where it is no path, or one
/// that leads out of the root.
pub(super) fn path(base: &Path, written: &str) -> Option<PathBuf> {
    let is_elsewhere = written.is_empty()
        || written.chars().any(char::is_control)
        || written.starts_with(['/', '~', '@'])
        || written.starts_with("git@")
        || ELSEWHERE.iter().any(|mark| written.contains(mark));
    if is_elsewhere {
        return None;
    }
    let mut path = PathBuf::new();
    for part in base.join(written).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            Component::Normal(name) => path.push(name),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

/// Whether a text may be the address of a repository (`github.com/org/name`), where it names nothing
/// here.
pub(super) fn may_be_remote(written: &str) -> bool {
    let host = written.split_once('/').map(|(first, _)| first);
    host.is_some_and(|host| host.trim_start_matches('.').contains(['.', ':']))
}
