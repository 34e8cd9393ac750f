//! Commits in real repositories, made by the real git.

mod base;
mod brought;
mod ci;
mod history;
mod hostile;
mod lookup;
mod revision;
mod speed;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::*;
use crate::environment::Platform;

/// A repository, and the world that git and we see it in.
struct World {
    folder: TempDir,
    environment: Environment,
    /// Where in it git runs.
    inside: PathBuf,
    /// The minutes since the first commit.
    clock: std::cell::Cell<u64>,
}

/// The variables of git and of ours.
fn variables() -> Vec<(OsString, OsString)> {
    let mut variables = vec![("PATH".into(), std::env::var_os("PATH").unwrap())];
    for (name, value) in [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_AUTHOR_NAME", "Ada"),
        ("GIT_AUTHOR_EMAIL", "ada@example.org"),
        ("GIT_COMMITTER_NAME", "Ada"),
        ("GIT_COMMITTER_EMAIL", "ada@example.org"),
        ("GIT_EDITOR", "true"),
    ] {
        variables.push((name.into(), value.into()));
    }
    variables
}

impl World {
    /// An empty repository.
    fn new() -> Self {
        Self::with_format("sha1")
    }

    fn with_format(format: &str) -> Self {
        let world = Self::empty();
        let format = format!("--object-format={format}");
        world.git(["init", "--quiet", "--initial-branch=main", &format]);
        world
    }

    /// A folder without a repository.
    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().canonicalize().unwrap();
        Self {
            environment: Environment::new(variables(), inside.clone(), Platform::Unix),
            folder,
            inside,
            clock: std::cell::Cell::new(0),
        }
    }

    /// A clone of this one, made with these options.
    fn clone_with(&self, options: &[&str]) -> Self {
        let other = Self::empty();
        let from = format!("file://{}", self.inside.display());
        let arguments = ["clone", "--quiet"]
            .into_iter()
            .chain(options.iter().copied());
        other.git(arguments.chain([from.as_str(), "."]));
        other
    }

    /// The same repository with variables beside.
    fn with_variables(&mut self, more: &[(&str, &str)]) {
        let more = more.iter().map(|(name, value)| (name.into(), value.into()));
        let all = variables().into_iter().chain(more);
        self.environment = Environment::new(all, self.inside.clone(), Platform::Unix);
    }

    fn command(&self) -> Command {
        let mut git = Command::new("git");
        let time = format!("{} +0000", 1_700_000_000 + 60 * self.clock.get());
        git.env_clear()
            .envs(variables())
            .env("GIT_AUTHOR_DATE", &time)
            .env("GIT_COMMITTER_DATE", &time)
            .current_dir(&self.inside);
        git
    }

    /// Runs git, and gives what it prints.
    #[track_caller]
    fn git<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> String {
        let output = self.command().args(arguments).output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git failed: {complaint}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Runs git, which need not succeed.
    fn try_git<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> bool {
        self.command()
            .args(arguments)
            .output()
            .unwrap()
            .status
            .success()
    }

    /// Runs git with this input.
    #[track_caller]
    fn feed(&self, arguments: &[&str], input: &[u8]) -> String {
        let mut git = self.command();
        git.args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut git = git.spawn().unwrap();
        git.stdin.take().unwrap().write_all(input).unwrap();
        let output = git.wait_with_output().unwrap();
        assert!(output.status.success(), "git {arguments:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.inside.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Commits all that is in the work tree; a minute later each time.
    #[track_caller]
    fn commit(&self) -> String {
        self.clock.set(self.clock.get() + 1);
        self.git(["add", "--all"]);
        self.git(["commit", "--quiet", "--allow-empty", "--message=x"]);
        self.git(["rev-parse", "HEAD"])
    }

    /// Writes a file and commits it.
    #[track_caller]
    fn put(&self, path: &str, text: &str) -> String {
        self.write(path, text);
        self.commit()
    }

    fn repo(&self) -> Repo<'_> {
        Repo::discover(&self.environment, &self.inside).unwrap()
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }
}

/// Numbers that look like chance, the same in every run.
struct Random(u64);

impl Random {
    fn new() -> Self {
        Self(88_172_645_463_325_252)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

/// The parents of commits.
type Parents = HashMap<String, Vec<String>>;

/// All that a commit comes from, and itself.
fn ancestors<'a>(parents: &'a Parents, id: &'a String) -> HashSet<&'a String> {
    let (mut all, mut open) = (HashSet::new(), vec![id]);
    while let Some(id) = open.pop() {
        if all.insert(id) {
            open.extend(&parents[id]);
        }
    }
    all
}

/// A commit's id.
fn id(hex: &str) -> CommitId {
    CommitId(id::Id::of_hex(hex.as_bytes()).unwrap())
}

/// Commits by their ids.
fn hex(ids: &[CommitId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// As far back as a test ever goes.
const FAR: Reach = Reach {
    commits: 10_000,
    first_parents: false,
};
