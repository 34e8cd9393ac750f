//! The commit that `HEAD` stands for, from git's files.
//!
//! Only what is plain is read here; whatever else a repository may keep its references in is left to
//! git itself.

use std::path::{Component, Path};

use memchr::memmem;

use super::places::{Places, SMALL, small_file};
use crate::{fs, paths};

/// What `HEAD` stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// A commit.
    Commit(git2::Oid),
    /// A branch without commits.
    Unborn,
    /// Something that is not read here.
    Unknown,
}

/// How often one reference may lead to another.
const MOST_LINKS: usize = 5;

/// The most bytes of `packed-refs` that are read.
const PACKED_REFS: usize = 256 << 20;

/// Follows `HEAD`.
pub(super) fn head(places: &Places) -> Head {
    let Some(mut text) = small_file(&places.git_dir.join("HEAD")) else {
        return Head::Unknown;
    };
    for _ in 0..MOST_LINKS {
        let Some(name) = text.strip_prefix(b"ref:") else {
            return commit(&text);
        };
        let name = name.trim_ascii_start().to_vec();
        let path = super::path::of_git(&name);
        // So does a repository say that its references are in tables.
        if !is_plain(&path) || name == b"refs/heads/.invalid" {
            return Head::Unknown;
        }
        match fs::read(&places.common_dir.join(&path), SMALL) {
            Ok(next) => text = next.trim_ascii_end().to_vec(),
            Err(fs::Error::NotFound { .. } | fs::Error::NotAFile { .. }) => {
                return packed(places, &name);
            }
            Err(_) => return Head::Unknown,
        }
    }
    Head::Unknown
}

/// The commit whose id a file of git's holds.
pub(super) fn commit(text: &[u8]) -> Head {
    let id = std::str::from_utf8(text)
        .ok()
        .filter(|text| text.len() == 40);
    id.and_then(|id| git2::Oid::from_str(id).ok())
        .map_or(Head::Unknown, Head::Commit)
}

/// Whether a reference lies below `refs`.
fn is_plain(name: &Path) -> bool {
    name.starts_with("refs")
        && paths::without_dots(name) == name
        && name
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
}

/// A reference in the file of those that have none of their own.
fn packed(places: &Places, name: &[u8]) -> Head {
    let place = places.common_dir.join("packed-refs");
    let text = match fs::read(&place, PACKED_REFS) {
        Ok(text) => text,
        Err(fs::Error::NotFound { .. }) => return Head::Unborn,
        Err(_) => return Head::Unknown,
    };
    let line = text
        .split(|byte| *byte == b'\n')
        .find(|line| line.get(41..).is_some_and(|rest| rest == name));
    match line {
        Some(line) => commit(line.get(..40).unwrap_or_default()),
        // Ids of another length stand in such a repository.
        None if memmem::find(&text, name).is_some() => Head::Unknown,
        None => Head::Unborn,
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test makes its own world")]
mod tests {
    use super::*;
    use crate::environment::{Environment, Platform};

    const ID: &str = "2222222222222222222222222222222222222222";

    /// What `HEAD` stands for in a git folder with these files.
    fn head_with(files: &[(&str, &str)]) -> Head {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(".git").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let environment = Environment::new([], folder.path().to_owned(), Platform::Unix);
        head(&Places::find(&environment, folder.path()).unwrap())
    }

    #[test]
    fn head_is_followed_to_its_commit() {
        let id = git2::Oid::from_str(ID).unwrap();
        let line = format!("{ID}\n");
        let packed = format!("# pack-refs with: peeled\n{ID} refs/heads/b\n^{ID}\n");
        let main = "ref: refs/heads/main\n";
        for files in [
            &[("HEAD", line.as_str())][..],
            &[("HEAD", main), ("refs/heads/main", &line)],
            &[
                ("HEAD", main),
                ("refs/heads/main", "ref: refs/heads/b"),
                ("packed-refs", &packed),
            ],
            &[("HEAD", "ref:refs/heads/b"), ("packed-refs", &packed)],
            &[
                ("HEAD", "ref: refs/heads/b"),
                ("packed-refs", &packed),
                ("refs/heads/b/c", &line),
            ],
        ] {
            assert_eq!(head_with(files), Head::Commit(id), "{files:?}");
        }
        for files in [
            &[("HEAD", main)][..],
            &[("HEAD", main), ("packed-refs", &packed)],
        ] {
            assert_eq!(head_with(files), Head::Unborn, "{files:?}");
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_git() {
        let long = "2".repeat(64);
        let packed = format!("{long} refs/heads/main\n");
        let main = "ref: refs/heads/main\n";
        for files in [
            &[("HEAD", "ref: refs/heads/.invalid\n")][..],
            &[("HEAD", long.as_str())],
            &[("HEAD", main), ("refs/heads/main", &long)],
            &[("HEAD", main), ("packed-refs", &packed)],
            &[("HEAD", main), ("refs/heads/main", main)],
            &[("HEAD", "ref: refs/../config")],
            &[("HEAD", "ref: /etc/passwd")],
            &[("HEAD", "ref: main"), ("main", ID)],
            &[("HEAD", "")],
        ] {
            assert_eq!(head_with(files), Head::Unknown, "{files:?}");
        }
    }
}
