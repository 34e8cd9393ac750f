//! A world of its own for the command: an empty environment, a home, a work folder, and canaries.
//!
//! Whatever a test runs, the sandbox looks for every secret that it knows in the output: private
//! keys, data keys, and the values in the encrypted files. No test can forget to look.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

/// How long a command may take before it counts as hanging.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Parts of every value that `scripts/make-testdata` encrypts.
const PLANTED: [&str; 4] = ["canary", "-password", "-user", "pasted-in-clear"];

/// A folder to run the command in, and what must never be printed.
pub(crate) struct Sandbox {
    root: TempDir,
    secrets: Vec<String>,
}

/// What a command printed and how it ended.
#[must_use]
pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A command that is being put together.
pub(crate) struct Run<'s> {
    sandbox: &'s Sandbox,
    command: Command,
    stdin: Vec<u8>,
}

impl Sandbox {
    /// An empty work folder.
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("home")).unwrap();
        fs::create_dir(root.path().join("work")).unwrap();
        let secrets = PLANTED.map(str::to_owned).to_vec();
        let mut sandbox = Self { root, secrets };
        sandbox.know_identity(&testdata("example/key.txt"));
        sandbox.know_identity(&testdata("rules/keys.txt"));
        sandbox
    }

    /// A work folder with `healthy` and `damaged` of the example, and `key.txt`.
    pub(crate) fn with_example() -> Self {
        let mut sandbox = Self::new();
        copy(&testdata("example"), &sandbox.work());
        sandbox.know_data_keys();
        sandbox
    }

    /// The folder that commands run in.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// Puts a file into the work folder.
    pub(crate) fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.work().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// The content of a file in the work folder.
    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.work().join(path)).unwrap()
    }

    /// A text that no command may print.
    pub(crate) fn know_secret(&mut self, secret: &str) {
        self.secrets.push(secret.to_owned());
        self.secrets.push(STANDARD.encode(secret));
    }

    /// Runs the command with these arguments.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Output {
        self.command(arguments).run()
    }

    /// A work folder with the example, as a repository without commits.
    pub(crate) fn with_repository() -> Self {
        let sandbox = Self::with_example();
        sandbox.git(["init", "--quiet", "--initial-branch=main"]);
        sandbox
    }

    /// Runs git in the work folder, and gives what it prints.
    #[track_caller]
    pub(crate) fn git<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> String {
        let mut git = self.git_command();
        let output = git.args(arguments).output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git failed: {complaint}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// git in the work folder, in a world of its own.
    pub(crate) fn git_command(&self) -> Command {
        let mut git = Command::new("git");
        git.env_clear()
            .envs(self.git_variables())
            .current_dir(self.work());
        git
    }

    /// The variables that git and those who run it need.
    pub(crate) fn git_variables(&self) -> Vec<(&'static str, OsString)> {
        let mut variables: Vec<(&str, OsString)> = vec![
            ("PATH", std::env::var_os("PATH").unwrap()),
            ("HOME", self.root.path().join("home").into()),
        ];
        for (name, value) in [
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "Somebody"),
            ("GIT_AUTHOR_EMAIL", "somebody@example.org"),
            ("GIT_COMMITTER_NAME", "Somebody"),
            ("GIT_COMMITTER_EMAIL", "somebody@example.org"),
        ] {
            variables.push((name, value.into()));
        }
        variables
    }

    /// Puts a command with these arguments together.
    pub(crate) fn command<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Run<'_> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sopsguard"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.root.path().join("home"))
            .current_dir(self.work());
        Run {
            sandbox: self,
            command,
            stdin: Vec::new(),
        }
    }

    fn know_identity(&mut self, path: &Path) {
        let text = fs::read_to_string(path).unwrap();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            self.secrets
                .push(line.trim_start_matches("AGE-SECRET-KEY-1").to_owned());
        }
    }

    /// Opens the data key of every file that the example's key opens, in ways of our own.
    fn know_data_keys(&mut self) {
        let text = fs::read_to_string(testdata("example/key.txt")).unwrap();
        let line = text
            .lines()
            .find(|line| line.starts_with("AGE-SECRET-KEY-1"))
            .unwrap();
        let identity: age::x25519::Identity = line.parse().unwrap();
        let before = self.secrets.len();
        for file in walkdir::WalkDir::new(self.work())
            .into_iter()
            .map(Result::unwrap)
        {
            let Ok(text) = fs::read_to_string(file.path()) else {
                continue;
            };
            let Some(start) = text.find("-----BEGIN AGE") else {
                continue;
            };
            let armor: Vec<&str> = text[start..]
                .lines()
                .map(str::trim)
                .take_while(|line| !line.ends_with("END AGE ENCRYPTED FILE-----"))
                .collect();
            let armor = format!("{}\n-----END AGE ENCRYPTED FILE-----\n", armor.join("\n"));
            let Ok(key) = age::decrypt(&identity, armor.as_bytes()) else {
                continue;
            };
            self.secrets.push(STANDARD.encode(&key));
            self.secrets
                .push(key.iter().map(|byte| format!("{byte:02x}")).collect());
        }
        assert!(self.secrets.len() > before, "no data key was opened");
    }

    fn assert_silent(&self, output: &Output) {
        for (name, text) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            for (at, secret) in self.secrets.iter().enumerate() {
                assert!(!text.contains(secret), "secret {at} is in {name}:\n{text}");
            }
        }
    }
}

impl Run<'_> {
    /// Gives the command this on standard input.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Sets a variable for the command.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Gives the command the variables under which git is found and works.
    pub(crate) fn with_git(mut self) -> Self {
        self.command.envs(self.sandbox.git_variables());
        self
    }

    /// Runs it, and looks for secrets in what it prints.
    pub(crate) fn run(mut self) -> Output {
        let (stdin, stdout, stderr) = (Stdio::piped(), Stdio::piped(), Stdio::piped());
        let mut child = self
            .command
            .stdin(stdin)
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let bytes = std::mem::take(&mut self.stdin);
        let writer = thread::spawn(move || input.write_all(&bytes));
        let stdout = read_all(child.stdout.take().unwrap());
        let stderr = read_all(child.stderr.take().unwrap());
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if started.elapsed() > TIME_LIMIT {
                child.kill().unwrap();
                panic!("the command hangs");
            }
            thread::sleep(Duration::from_millis(2));
        };
        // A command that does not read its input is none of this test's business.
        let _ = writer.join().unwrap();
        let output = Output {
            code: status.code().expect("ended by itself"),
            stdout: String::from_utf8(stdout.join().unwrap()).expect("prints UTF-8"),
            stderr: String::from_utf8(stderr.join().unwrap()).expect("prints UTF-8"),
        };
        self.sandbox.assert_silent(&output);
        assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
        output
    }
}

impl Output {
    /// The report of `--format json`.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// Fails unless the command ended with this code.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }
}

/// A path below the project's test data.
pub(crate) fn testdata(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(path)
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).into_iter().map(Result::unwrap) {
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn read_all(mut from: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        bytes
    })
}
