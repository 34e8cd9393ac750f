//! Histories of real repositories, made by the real git.

mod origin;
mod reader;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::environment::{Environment, Platform};
use crate::repo::{Reach, Repo};

/// A repository, and the world that git and we see it in.
pub(super) struct World {
    _folder: TempDir,
    pub(super) environment: Environment,
    pub(super) inside: PathBuf,
    /// The minutes since the first commit.
    clock: std::cell::Cell<u64>,
}

/// As far back as a test ever goes.
pub(super) const FAR: Reach = Reach {
    commits: 10_000,
    first_parents: false,
};

fn variables() -> Vec<(OsString, OsString)> {
    let mut variables = vec![("PATH".into(), std::env::var_os("PATH").unwrap())];
    for (name, value) in [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_AUTHOR_NAME", "Ada"),
        ("GIT_AUTHOR_EMAIL", "ada@example.org"),
        ("GIT_COMMITTER_NAME", "Ada"),
        ("GIT_COMMITTER_EMAIL", "ada@example.org"),
    ] {
        variables.push((name.into(), value.into()));
    }
    variables
}

impl World {
    /// An empty repository.
    pub(super) fn new() -> Self {
        let world = Self::empty();
        world.git(&["init", "--quiet", "--initial-branch=main"]);
        world
    }

    /// A clone of another one, made with these options.
    pub(super) fn cloned(of: &Self, options: &[&str]) -> Self {
        let world = Self::empty();
        let from = format!("file://{}", of.inside.display());
        let command = [&["clone", "--quiet"], options, &[&from, "."]].concat();
        world.git(&command);
        world
    }

    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().canonicalize().unwrap();
        Self {
            environment: Environment::new(variables(), inside.clone(), Platform::Unix),
            _folder: folder,
            inside,
            clock: std::cell::Cell::new(0),
        }
    }

    /// Runs git, and gives what it prints.
    #[track_caller]
    pub(super) fn git(&self, arguments: &[&str]) -> String {
        self.feed(arguments, b"")
    }

    /// Runs git with this input.
    #[track_caller]
    pub(super) fn feed(&self, arguments: &[&str], input: &[u8]) -> String {
        let time = format!("{} +0000", 1_700_000_000 + 60 * self.clock.get());
        let mut git = Command::new("git")
            .args(arguments)
            .env_clear()
            .envs(variables())
            .env("GIT_AUTHOR_DATE", &time)
            .env("GIT_COMMITTER_DATE", &time)
            .current_dir(&self.inside)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        git.stdin.take().unwrap().write_all(input).unwrap();
        let output = git.wait_with_output().unwrap();
        assert!(output.status.success(), "git {arguments:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.inside.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Commits all that is in the work tree; a minute later each time.
    #[track_caller]
    pub(super) fn commit(&self) -> String {
        self.clock.set(self.clock.get() + 1);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message=x"]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Writes a file and commits it.
    #[track_caller]
    pub(super) fn put(&self, path: &str, text: &str) -> String {
        self.write(path, text);
        self.commit()
    }

    pub(super) fn repo(&self) -> Repo<'_> {
        Repo::discover(&self.environment, &self.inside).unwrap()
    }
}

/// A fixture of the rules.
pub(super) fn fixture(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/rules");
    std::fs::read_to_string(root.join(name)).unwrap()
}
