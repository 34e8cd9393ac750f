//! Paths as git writes them: bytes, relative to the root of the work tree, with slashes.

use std::path::{Component, Path, PathBuf};

/// A relative path as git writes it; none where it leads out of its root.
pub(super) fn to_git(path: &Path) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for part in path.components() {
        let Component::Normal(name) = part else {
            return None;
        };
        if !out.is_empty() {
            out.push(b'/');
        }
        out.extend_from_slice(name.as_encoded_bytes());
    }
    Some(out)
}

/// A path of git's as one of this system.
#[cfg(unix)]
pub(super) fn of_git(path: &[u8]) -> PathBuf {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(OsStr::from_bytes(path))
}

/// A path of git's as one of this system.
#[cfg(not(unix))]
pub(super) fn of_git(path: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(path).into_owned())
}
