//! The commit that `HEAD` stands for, from git's files.

use super::places::Places;
use super::refs::{Found, follow};
use crate::fs;

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

/// Follows `HEAD`.
pub(super) fn head(places: &Places) -> Head {
    if !fs::is_file(&places.git_dir.join("HEAD")) {
        return Head::Unknown;
    }
    match follow(places, b"HEAD") {
        // Ids of another length are none of libgit2's.
        Found::Id(id) => id.to_oid().map_or(Head::Unknown, Head::Commit),
        Found::Nothing => Head::Unborn,
        Found::Unknown => Head::Unknown,
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
