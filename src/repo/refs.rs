//! What references stand for, from git's files.
//!
//! Only what is plain is read here; whatever else a repository may keep its references in is left to
//! git itself.

use std::path::{Component, Path, PathBuf};

use memchr::memmem;

use super::id::Id;
use super::places::{Places, SMALL};
use crate::{fs, paths};

/// What a reference stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// An object.
    Id(Id),
    /// There is none of this name, or it leads to one that there is not.
    Nothing,
    /// Something that is not read here.
    Unknown,
}

/// How often one reference may lead to another.
const MOST_LINKS: usize = 5;

/// The most bytes of `packed-refs` that are read.
const PACKED_REFS: usize = 256 << 20;

/// Follows a reference: `HEAD` and its like, or one below `refs`.
pub(super) fn follow(places: &Places, name: &[u8]) -> Found {
    let mut name = name.to_vec();
    for _ in 0..MOST_LINKS {
        let path = super::path::of_git(&name);
        // So does a repository say that its references are in tables.
        if !is_plain(&path) || name == b"refs/heads/.invalid" {
            return Found::Unknown;
        }
        let text = match fs::read(&place(places, &path), SMALL) {
            Ok(text) => text,
            Err(fs::Error::NotFound { .. } | fs::Error::NotAFile { .. }) => {
                return packed(places, &name);
            }
            Err(_) => return Found::Unknown,
        };
        match text.trim_ascii_end().strip_prefix(b"ref:") {
            Some(next) => name = next.trim_ascii_start().to_vec(),
            None => return object(&text),
        }
    }
    Found::Unknown
}

/// The ids of a file such as `MERGE_HEAD`, which has one a line; none where there is no such file.
pub(super) fn ids(places: &Places, name: &str) -> Vec<Id> {
    let text = fs::read(&places.git_dir.join(name), SMALL).unwrap_or_default();
    let lines = text.split(|byte| *byte == b'\n');
    lines
        .filter_map(|line| Id::of_hex(first_word(line)))
        .collect()
}

/// What stands in a reference's file. That of `FETCH_HEAD` goes on behind the id.
fn object(text: &[u8]) -> Found {
    Id::of_hex(first_word(text)).map_or(Found::Unknown, Found::Id)
}

fn first_word(text: &[u8]) -> &[u8] {
    let end = text.iter().position(u8::is_ascii_whitespace);
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// Each linked work tree has its own `HEAD`, and a few references that are about its own work.
fn place(places: &Places, name: &Path) -> PathBuf {
    let own = ["refs/bisect", "refs/worktree", "refs/rewritten"];
    let is_shared = name.starts_with("refs") && !own.iter().any(|own| name.starts_with(own));
    let folder = if is_shared {
        &places.common_dir
    } else {
        &places.git_dir
    };
    folder.join(name)
}

/// Whether a reference lies below `refs`, or is one of those with a name such as `MERGE_HEAD`.
fn is_plain(name: &Path) -> bool {
    let mut parts = name.components();
    let are_names =
        paths::without_dots(name) == name && parts.all(|part| matches!(part, Component::Normal(_)));
    let is_special = |name: &str| {
        let fits = |letter: u8| letter.is_ascii_uppercase() || letter == b'_';
        !name.is_empty() && name.bytes().all(fits)
    };
    are_names && (name.starts_with("refs") || name.to_str().is_some_and(is_special))
}

/// A reference in the file of those that have none of their own.
fn packed(places: &Places, name: &[u8]) -> Found {
    let place = places.common_dir.join("packed-refs");
    let text = match fs::read(&place, PACKED_REFS) {
        Ok(text) => text,
        Err(fs::Error::NotFound { .. }) => return Found::Nothing,
        Err(_) => return Found::Unknown,
    };
    // A line is the id, a space and the name.
    let line = memmem::find_iter(&text, name).find_map(|at| {
        let end = at + name.len();
        let is_whole = matches!(text.get(end), Some(b'\n' | b'\r') | None);
        let line = text.get(..at)?.strip_suffix(b" ")?;
        let start = memchr::memrchr(b'\n', line).map_or(0, |line| line + 1);
        is_whole.then(|| line.get(start..))?
    });
    match line {
        Some(id) => object(id),
        None => Found::Nothing,
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test makes its own world")]
mod tests {
    use super::*;
    use crate::environment::{Environment, Platform};

    const ID: &str = "2222222222222222222222222222222222222222";

    /// What a reference stands for in a git folder with these files.
    fn found(name: &str, files: &[(&str, &str)]) -> Found {
        let folder = tempfile::tempdir().unwrap();
        let head = [("HEAD", "ref: refs/heads/main\n")];
        for (name, text) in head.iter().chain(files) {
            let path = folder.path().join(".git").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let environment = Environment::new([], folder.path().to_owned(), Platform::Unix);
        let places = Places::find(&environment, folder.path()).unwrap();
        follow(&places, name.as_bytes())
    }

    #[test]
    fn a_reference_is_found_wherever_git_keeps_it() {
        let id = Id::of_hex(ID.as_bytes()).unwrap();
        let line = format!("{ID}\n");
        let fetched = format!("{ID}\tnot-for-merge\tbranch 'a' of b\n");
        let other = ID.replace('2', "3");
        let packed = format!(
            "{other} refs/tags/refs/heads/b\n{other} refs/heads/bb\n{ID} refs/heads/b\n^{other}\n"
        );
        for (name, files) in [
            ("refs/heads/a", &[("refs/heads/a", line.as_str())][..]),
            ("refs/heads/b", &[("packed-refs", &packed)]),
            ("refs/heads/b", &[("packed-refs", packed.trim_end())]),
            (
                "refs/remotes/o/HEAD",
                &[
                    ("refs/remotes/o/HEAD", "ref: refs/heads/b"),
                    ("packed-refs", &packed),
                ],
            ),
            ("FETCH_HEAD", &[("FETCH_HEAD", &fetched)]),
        ] {
            assert_eq!(found(name, files), Found::Id(id), "{name} {files:?}");
        }
        for name in ["refs/heads/a", "refs/heads", "MERGE_HEAD"] {
            assert_eq!(
                found(name, &[("packed-refs", &packed)]),
                Found::Nothing,
                "{name}"
            );
        }
        for name in [
            "config",
            "refs/../HEAD",
            "/etc/passwd",
            "",
            "refs/heads/.invalid",
        ] {
            assert_eq!(
                found(name, &[("packed-refs", &packed)]),
                Found::Unknown,
                "{name}"
            );
        }
    }
}
