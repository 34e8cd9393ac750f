//! A repository with the hook in it, a remote, and a home of its own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::runner::Runner;

/// Parts of every value that `scripts/make-testdata` encrypts, or pastes in clear.
const PLANTED: [&str; 4] = ["canary", "-password", "-user", "pasted-in-clear"];

/// A repository whose hook some runner runs.
///
/// It holds the healthy example without `apps/wiki`, has one commit, and the key is at hand.
pub(crate) struct World {
    root: TempDir,
    pub(crate) runner: Runner,
    variables: RefCell<BTreeMap<OsString, OsString>>,
}

/// What was tried, and what came of it.
pub(crate) struct Attempt {
    /// Whether the commit or the push is there now, or the run ended well.
    pub(crate) done: bool,
    /// All that was printed.
    pub(crate) output: String,
}

impl World {
    /// A repository with the hook in force, which has run once.
    pub(crate) fn new(runner: Runner) -> Self {
        let world = Self::without_hook(runner);
        if runner == Runner::Git {
            world.must("sopsguard", &["install"]);
        } else {
            world.install_with(&world.hooks_repository());
            world.manage(&["run", "--all-files"]);
        }
        world
    }

    /// Another one that begins like this one, and shares nothing with it but the built hook.
    pub(crate) fn again(&self) -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["bin", "home", "repo", "remote"] {
            let copied = Command::new("cp")
                .args(["-R", "-P", "-p"])
                .args([self.place(folder), root.path().join(folder)])
                .status();
            assert!(copied.unwrap().success());
        }
        let world = Self {
            root,
            runner: self.runner,
            variables: RefCell::default(),
        };
        world.set_variables();
        for name in ["PRE_COMMIT_HOME", "PREK_HOME"] {
            let built = self.variables.borrow()[OsStr::new(name)].clone();
            world.set(name, built);
        }
        // The index knows the files by their inodes.
        world.git(["update-index", "-q", "--refresh"]);
        world
    }

    /// The same without the hook.
    pub(crate) fn without_hook(runner: Runner) -> Self {
        let root = tempfile::tempdir().unwrap();
        let world = Self {
            root,
            runner,
            variables: RefCell::default(),
        };
        for folder in ["home", "bin", "repo", "hooks"] {
            fs::create_dir(world.place(folder)).unwrap();
        }
        let program = env!("CARGO_BIN_EXE_sopsguard");
        std::os::unix::fs::symlink(program, world.place("bin/sopsguard")).unwrap();
        fs::copy(testdata("example/key.txt"), world.place("home/key.txt")).unwrap();
        world.set_variables();
        world.make_repository();
        world
    }

    fn set_variables(&self) {
        let mut path = self.place("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap());
        self.set("PATH", path);
        let home = self.place("home");
        for (name, value) in [
            ("HOME", "."),
            ("XDG_CACHE_HOME", "cache"),
            ("SOPS_AGE_KEY_FILE", "key.txt"),
        ] {
            self.set(name, home.join(value));
        }
        self.set("PRE_COMMIT_HOME", self.place("pre-commit"));
        self.set("PREK_HOME", self.place("prek"));
        for (name, value) in [
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "Somebody"),
            ("GIT_AUTHOR_EMAIL", "somebody@example.org"),
            ("GIT_COMMITTER_NAME", "Somebody"),
            ("GIT_COMMITTER_EMAIL", "somebody@example.org"),
            ("LC_ALL", "C.UTF-8"),
        ] {
            self.set(name, value);
        }
        self.git(["config", "--global", "init.defaultBranch", "main"]);
    }

    fn make_repository(&self) {
        self.git(["init", "--quiet", "--template=", "."]);
        self.git(["init", "--quiet", "--template=", "--bare", "../remote"]);
        self.git(["remote", "add", "origin", "../remote"]);
        for path in [
            ".sops.yaml",
            "apps/shop/database.enc.yaml",
            "infra/accounts.enc.yaml",
            "infra/registry.enc.yaml",
        ] {
            self.put("healthy", path);
        }
        self.git(["add", "."]);
        self.git(["commit", "--quiet", "--message=start"]);
        self.git(["push", "--quiet", "--set-upstream", "origin", "main"]);
    }

    /// A repository that offers our hook as ours does, only that the program is there already.
    fn hooks_repository(&self) -> PathBuf {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/.pre-commit-hooks.yaml");
        let manifest = fs::read_to_string(manifest).unwrap();
        let system = manifest.replace("language: rust\n", "language: system\n");
        assert_ne!(system, manifest);
        let folder = self.place("hooks");
        fs::write(folder.join(".pre-commit-hooks.yaml"), system).unwrap();
        self.git(["-C", "../hooks", "init", "--quiet"]);
        self.git(["-C", "../hooks", "add", "."]);
        self.git(["-C", "../hooks", "commit", "--quiet", "--message=hook"]);
        folder
    }

    /// Adds lines to the configuration of the hook.
    pub(crate) fn configure(&self, lines: &str) {
        let path = self.at(".pre-commit-config.yaml");
        let config = fs::read_to_string(&path).unwrap();
        fs::write(path, config + lines).unwrap();
        self.stage();
        self.commit_unseen();
    }

    /// Configures the hook of a repository of hooks, commits that, and puts it in force.
    pub(crate) fn install_with(&self, hooks: &Path) {
        let hooks = hooks.to_str().unwrap();
        let rev = self.git(["-C", hooks, "rev-parse", "HEAD"]);
        let config = format!(
            "repos:\n- repo: {hooks}\n  rev: {}\n  hooks:\n  - id: sopsguard-check\n",
            rev.trim()
        );
        fs::write(self.at(".pre-commit-config.yaml"), config).unwrap();
        self.git(["add", "."]);
        self.git(["commit", "--quiet", "--message=configure hooks"]);
        self.git(["push", "--quiet"]);
        self.manage(&[
            "install",
            "--hook-type=pre-commit",
            "--hook-type=pre-merge-commit",
            "--hook-type=pre-push",
        ]);
    }

    /// Runs the program that manages the hooks, which has to succeed.
    fn manage(&self, arguments: &[&str]) {
        let program = self.runner.program().unwrap();
        self.must(program.to_str().unwrap(), arguments);
    }

    /// Sets a variable for all that runs from now on.
    pub(crate) fn set(&self, name: &str, value: impl Into<OsString>) {
        self.variables
            .borrow_mut()
            .insert(name.into(), value.into());
    }

    /// Takes the program away.
    pub(crate) fn remove_program(&self) {
        fs::remove_file(self.place("bin/sopsguard")).unwrap();
    }

    /// Takes a variable away.
    pub(crate) fn unset(&self, name: &str) {
        self.variables.borrow_mut().remove(OsStr::new(name));
    }

    fn place(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// A path in the repository.
    pub(crate) fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.place("repo").join(path)
    }

    /// Puts a file of one of the example repositories in the same place.
    pub(crate) fn put(&self, example: &str, path: &str) {
        self.put_as(example, path, path);
    }

    /// Puts a file of one of the example repositories under another name.
    pub(crate) fn put_as(&self, example: &str, path: &str, name: &str) {
        let text = fs::read(testdata("example").join(example).join(path)).unwrap();
        self.write(name, &text);
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let place = self.at(name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }

    /// Runs git, which has to succeed, and gives what it prints.
    #[track_caller]
    pub(crate) fn git<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> String {
        let arguments: Vec<&str> = arguments.into_iter().collect();
        let attempt = self.run("git", &arguments);
        assert!(attempt.done, "git {arguments:?}:\n{}", attempt.output);
        attempt.output
    }

    /// Stages all there is.
    pub(crate) fn stage(&self) {
        self.git(["add", "--all"]);
    }

    /// Commits what is staged, past every hook.
    pub(crate) fn commit_unseen(&self) {
        self.git(["commit", "--quiet", "--no-verify", "--message=unseen"]);
    }

    /// Runs git, and says whether `HEAD` is another commit afterwards.
    pub(crate) fn try_commit(&self, arguments: &[&str]) -> Attempt {
        let tip = |world: &Self| world.run("git", &["rev-parse", "HEAD"]).output;
        let before = tip(self);
        let mut attempt = self.run("git", arguments);
        assert_eq!(attempt.done, before != tip(self), "{}", attempt.output);
        attempt.done = before != tip(self);
        attempt
    }

    /// Commits what is staged.
    pub(crate) fn commit(&self) -> Attempt {
        self.try_commit(&["commit", "--message=change"])
    }

    /// Pushes, and says whether the remote has other commits afterwards.
    pub(crate) fn push(&self, arguments: &[&str]) -> Attempt {
        let references = |world: &Self| world.git(["ls-remote", "origin"]);
        let before = references(self);
        let mut attempt = self.run("git", &[&["push", "origin"], arguments].concat());
        attempt.done = before != references(self);
        attempt
    }

    /// Runs the program that manages the hooks.
    pub(crate) fn run_hooks(&self, arguments: &[&str]) -> Attempt {
        let program = self.runner.program().unwrap();
        self.run(program.to_str().unwrap(), &[&["run"], arguments].concat())
    }

    /// Runs a program in the repository.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Attempt {
        // By the path of the test's world, not of this process.
        let program = if program == "sopsguard" {
            self.place("bin/sopsguard").into_os_string()
        } else {
            program.into()
        };
        let output = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(self.variables.borrow().iter())
            .current_dir(self.place("repo"))
            .output()
            .unwrap();
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        Attempt {
            done: output.status.success(),
            output: text,
        }
    }

    #[track_caller]
    fn must(&self, program: &str, arguments: &[&str]) {
        let attempt = self.run(program, arguments);
        assert!(attempt.done, "{program} {arguments:?}:\n{}", attempt.output);
    }

    /// The text that holds the key.
    pub(crate) fn key(&self) -> String {
        fs::read_to_string(testdata("example/key.txt")).unwrap()
    }

    /// Fails where a text holds a secret.
    pub(crate) fn assert_silent(&self, text: &str) {
        let keys = self.key();
        let keys = keys
            .lines()
            .filter_map(|line| line.strip_prefix("AGE-SECRET-KEY-1"));
        for secret in PLANTED.into_iter().chain(keys) {
            assert!(!text.contains(secret), "a secret is in:\n{text}");
        }
    }
}

fn testdata(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(path)
}
