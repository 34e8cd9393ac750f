//! A check of a repository, and all that it must find.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::repo::{Person, Repo};

/// How long a check may take before it counts as hanging.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Findings of these rules mean that sops refuses the file.
const REFUSED: [&str; 11] = [
    "edited-outside-sops",
    "moved-ciphertext",
    "mixed-merge",
    "copied-ciphertext",
    "malformed-ciphertext",
    "malformed-metadata",
    "plaintext-value",
    "conflict-marker",
    "duplicate-key",
    "mac-mismatch",
    "unreadable-file",
];

/// A finding that must be there.
#[derive(Clone)]
pub(crate) struct Expected {
    severity: &'static str,
    rule: &'static str,
    path: String,
    key: Option<&'static str>,
    line: Option<usize>,
    says: Vec<String>,
}

/// A check that is being put together.
pub(crate) struct Check<'r> {
    repo: &'r Repo,
    command: Command,
}

/// What a check said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn error(rule: &'static str, path: &str) -> Expected {
    Expected::new("error", rule, path)
}

pub(crate) fn warning(rule: &'static str, path: &str) -> Expected {
    Expected::new("warning", rule, path)
}

pub(crate) fn note(rule: &'static str, path: &str) -> Expected {
    Expected::new("note", rule, path)
}

impl Expected {
    fn new(severity: &'static str, rule: &'static str, path: &str) -> Self {
        Self {
            severity,
            rule,
            path: path.to_owned(),
            key: None,
            line: None,
            says: Vec::new(),
        }
    }

    /// The key that it is about.
    pub(crate) fn key(mut self, key: &'static str) -> Self {
        self.key = Some(key);
        self
    }

    /// The line that it points at.
    pub(crate) fn at_line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// A part of its message, its help, or one of its commands.
    pub(crate) fn says(mut self, words: impl Into<String>) -> Self {
        self.says.push(words.into());
        self
    }

    /// Whether a finding is this one.
    fn is(&self, found: &Value) -> bool {
        let text = words(found);
        found["severity"] == self.severity
            && found["rule"] == self.rule
            && found["path"] == self.path.as_str()
            && self.key.is_none_or(|key| found["key"] == key)
            && self.line.is_none_or(|line| found["start"]["line"] == line)
            && self.says.iter().all(|words| text.contains(words))
    }

    fn means_refused(&self) -> bool {
        self.severity == "error" && REFUSED.contains(&self.rule)
    }
}

/// All that a finding says, in one text.
fn words(found: &Value) -> String {
    let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
    let commands = commands(found).join("\n");
    [text("message"), text("consequence"), text("help"), commands].join("\n")
}

/// The commands that a finding prints.
pub(crate) fn commands(found: &Value) -> Vec<String> {
    let commands = found["commands"].as_array().unwrap().iter();
    commands
        .map(|line| line.as_str().unwrap().to_owned())
        .collect()
}

impl Repo {
    /// A check with these arguments, without a key.
    pub(crate) fn check(&self, arguments: &[&str]) -> Check<'_> {
        let mut command = self.command(env!("CARGO_BIN_EXE_sopsguard"));
        command.args(["check", "--format", "json"]).args(arguments);
        Check {
            repo: self,
            command,
        }
    }

    /// An audit with these arguments, without a key.
    pub(crate) fn audit(&self, arguments: &[&str]) -> Check<'_> {
        self.run_with_json("audit", arguments)
    }

    /// Any command that prints JSON, without a key.
    pub(crate) fn run_with_json(&self, name: &str, arguments: &[&str]) -> Check<'_> {
        let mut command = self.command(env!("CARGO_BIN_EXE_sopsguard"));
        command.args([name, "--format", "json"]).args(arguments);
        Check {
            repo: self,
            command,
        }
    }

    /// What changed is found before it is staged, once it is staged, and once it is committed; and sops
    /// opens a file exactly where nothing is found that breaks it.
    #[track_caller]
    pub(crate) fn finds(&self, expected: impl IntoIterator<Item = Expected>) {
        let expected: Vec<Expected> = expected.into_iter().collect();
        let files = self.finds_whatever_sops_does(expected.clone());
        for file in files {
            let is_refused = |found: &Expected| found.path == file && found.means_refused();
            let refused = expected.iter().any(is_refused);
            assert_eq!(self.opens(&file), !refused, "sops opens `{file}`");
        }
    }

    /// The same, for what breaks a file where nobody can see it without a key. Gives the encrypted
    /// files.
    #[track_caller]
    pub(crate) fn finds_whatever_sops_does(
        &self,
        expected: impl IntoIterator<Item = Expected>,
    ) -> BTreeSet<String> {
        let expected: Vec<Expected> = expected.into_iter().collect();
        let before = self.id("HEAD");
        let mut files = BTreeSet::new();
        let mut look = |arguments: &[&str]| {
            let said = self.check(arguments).finds(expected.clone());
            said.was_compared(self, &before);
            files.extend(said.encrypted());
        };
        look(&[]);
        self.git(["add", "--all"]);
        look(&["--staged"]);
        self.commit("What the story is about");
        look(&["--since", &before]);
        files
    }

    /// Nothing is found, however it is looked at, and sops opens all files.
    #[track_caller]
    pub(crate) fn finds_nothing(&self) {
        self.finds([]);
    }
}

impl Check<'_> {
    /// Lets the check have a key.
    pub(crate) fn with_key_of(mut self, person: &Person) -> Self {
        self.command.env("SOPS_AGE_KEY", person.key());
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it in another folder.
    pub(crate) fn at(mut self, folder: impl Into<PathBuf>) -> Self {
        self.command.current_dir(folder.into());
        self
    }

    /// Finds exactly this, and ends with the code that follows from it.
    #[track_caller]
    pub(crate) fn finds(self, expected: impl IntoIterator<Item = Expected>) -> Said {
        let command = format!("{:?}", self.command.get_args().collect::<Vec<_>>());
        let said = self.run();
        said.holds(expected.into_iter().collect(), &command);
        said
    }

    /// Finds nothing.
    #[track_caller]
    pub(crate) fn finds_nothing(self) -> Said {
        self.finds([])
    }

    /// Runs it; whatever it prints, it is no secret, and it does not panic or hang.
    #[track_caller]
    pub(crate) fn run(mut self) -> Said {
        let folder = tempfile::tempdir().unwrap();
        let (stdout, stderr) = (folder.path().join("out"), folder.path().join("err"));
        let to = |path| File::create(path).unwrap();
        let command = self.command.stdout(to(&stdout)).stderr(to(&stderr));
        let mut child = command.spawn().unwrap();
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if started.elapsed() > TIME_LIMIT {
                child.kill().unwrap();
                panic!("the check hangs");
            }
            thread::sleep(Duration::from_millis(1));
        };
        let said = Said {
            code: status.code().expect("ended by itself"),
            stdout: fs::read_to_string(&stdout).unwrap(),
            stderr: fs::read_to_string(&stderr).unwrap(),
        };
        assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
        for (at, secret) in self.repo.secrets().into_iter().enumerate() {
            let text = [said.stdout.as_str(), &said.stderr].concat();
            assert!(!text.contains(secret), "secret {at} is printed:\n{text}");
        }
        said
    }
}

impl Said {
    /// The report.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let report = serde_json::from_str(&self.stdout);
        report.unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }

    /// The findings of a rule.
    #[track_caller]
    pub(crate) fn findings(&self, rule: &str) -> Vec<Value> {
        let report = self.json();
        let findings = report["findings"].as_array().unwrap().iter();
        findings
            .filter(|found| found["rule"] == rule)
            .cloned()
            .collect()
    }

    /// The files that sops encrypted.
    #[track_caller]
    fn encrypted(&self) -> BTreeSet<String> {
        let report = self.json();
        let files = report["files"].as_array().unwrap().iter();
        let files = files.filter(|file| file["verification"] != "not-encrypted");
        files
            .map(|file| file["path"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Why rules were not evaluated: each reason once.
    #[track_caller]
    pub(crate) fn not_evaluated(&self) -> BTreeSet<String> {
        let report = self.json();
        let skipped = report["not-evaluated"].as_array().unwrap().iter();
        skipped
            .map(|skip| skip["reason"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Fails where a file was not compared that is as old as this commit: nothing was found then, and
    /// nothing was looked at.
    #[track_caller]
    fn was_compared(&self, repo: &Repo, before: &str) {
        let report = self.json();
        for skip in report["not-evaluated"].as_array().unwrap() {
            let (path, reason) = (
                skip["path"].as_str().unwrap(),
                skip["reason"].as_str().unwrap(),
            );
            let object = format!("{before}:{path}");
            let is_old = || repo.has(&object);
            let is_meant = ["no-identity", "selectors-changed"].contains(&reason);
            assert!(is_meant || !is_old(), "not compared: {skip}");
        }
    }

    /// What the report warns of.
    #[track_caller]
    pub(crate) fn warnings(&self) -> Vec<Value> {
        let report = self.json();
        let list = |name: &str| report[name].as_array().unwrap().clone();
        [list("warnings"), list("notices")].concat()
    }

    /// The verdict on a file, with its reason.
    #[track_caller]
    pub(crate) fn verdict(&self, path: &str) -> (String, Option<String>) {
        let report = self.json();
        let files = report["files"].as_array().unwrap();
        let file = files.iter().find(|file| file["path"] == path);
        let file = file.unwrap_or_else(|| panic!("no file `{path}` in {report}"));
        let text = |name: &str| file[name].as_str().map(str::to_owned);
        (text("verification").unwrap(), text("reason"))
    }

    #[track_caller]
    fn holds(&self, mut expected: Vec<Expected>, command: &str) {
        let report = self.json();
        let errors = expected.iter().any(|found| found.severity == "error");
        let mut surplus = Vec::new();
        for found in report["findings"].as_array().unwrap() {
            match expected.iter().position(|expected| expected.is(found)) {
                Some(at) => drop(expected.remove(at)),
                None => surplus.push(format!(
                    "{}[{}] {} {} {}: {}",
                    found["severity"],
                    found["rule"],
                    found["path"],
                    found["start"]["line"],
                    found["key"],
                    words(found)
                )),
            }
        }
        let missing = expected.iter();
        let missing: Vec<String> = missing
            .map(|e| {
                format!(
                    "{}[{}] {} {:?} {:?} {:?}",
                    e.severity, e.rule, e.path, e.line, e.key, e.says
                )
            })
            .collect();
        assert!(
            surplus.is_empty() && missing.is_empty(),
            "{command}\nnot found:\n  {}\nfound beside it:\n  {}\nstderr:\n{}",
            missing.join("\n  "),
            surplus.join("\n  "),
            self.stderr
        );
        assert_eq!(self.code, i32::from(errors), "{command}\n{}", self.stderr);
    }
}
