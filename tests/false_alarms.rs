//! Repositories in which nothing is wrong, though it looks as if it were: `testdata/audit`, which
//! `scripts/make-testdata audit` makes with real sops. Neither `audit` nor `check` says a word.

#![expect(clippy::unwrap_used, reason = "a test fails where its world does")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use sopsguard::engine::{self, Report, Request};
use sopsguard::{Environment, Platform, Severity, Verification};

/// What `audit` tells all the same: the repository, the rule, how often and how loud; and why that is right.
const TOLD: &[(&str, &str, usize, Severity, &str)] = &[
    (
        "day-one",
        "single-recipient",
        1,
        Severity::Warning,
        "one maintainer has one key, and it can be lost",
    ),
    (
        "not-made-yet",
        "unused-rule",
        1,
        Severity::Note,
        "whether the files of a rule come next week or their folder was renamed, nobody can tell",
    ),
];

#[test]
fn nothing_is_told_where_nothing_is_wrong() {
    let mut wrong = Vec::new();
    for name in repositories() {
        let repository = Repository::of(&name);
        for report in [repository.audit(), repository.check()] {
            let what = format!("{name}, {}", report.command.name());
            let mut told: BTreeMap<&str, usize> = BTreeMap::new();
            for finding in &report.findings {
                *told.entry(finding.rule).or_default() += 1;
            }
            let expected = match report.command {
                engine::Command::Audit => expected(&name),
                _ => BTreeMap::new(),
            };
            if told != expected {
                wrong.push(format!("{what}: {:#?}", report.findings));
            }
            for sentence in report.warnings.iter().chain(&report.notices) {
                wrong.push(format!("{what}: {sentence}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_told_never_fails_a_run() {
    for (name, rule, _, severity, reason) in TOLD {
        let report = Repository::of(name).audit();
        let told = report.findings.iter().filter(|found| found.rule == *rule);
        for found in told {
            assert_eq!(found.severity, *severity, "{name}: {reason}");
        }
        assert!(!report.has_errors(), "{name}: {reason}");
    }
}

#[test]
fn every_file_is_verified_but_templates_which_are_in_clear() {
    let mut files = 0;
    for name in repositories() {
        for file in Repository::of(&name).check().files {
            files += 1;
            let is_template = file.path.starts_with("tmpl");
            let expected = match is_template {
                true => Verification::NotEncrypted,
                false => Verification::Verified,
            };
            assert_eq!(
                file.verification,
                expected,
                "{name}/{}",
                file.path.display()
            );
        }
    }
    assert!(files > 40, "{files} files are few for so many repositories");
}

fn expected(name: &str) -> BTreeMap<&'static str, usize> {
    let told = TOLD.iter().filter(|(of, ..)| *of == name);
    told.map(|(_, rule, times, ..)| (*rule, *times)).collect()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

fn repositories() -> Vec<String> {
    let entries = fs::read_dir(fixtures().join("audit"))
        .unwrap()
        .map(Result::unwrap);
    let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    let mut names: Vec<String> = folders
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() > 25, "{names:?}");
    names
}

/// A fixture, committed.
struct Repository {
    _root: tempfile::TempDir,
    _home: tempfile::TempDir,
    environment: Environment,
}

impl Repository {
    fn of(name: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        copy(&fixtures().join("audit").join(name), root.path());
        for arguments in [
            &["init", "--quiet", "--template="][..],
            &["add", "--all"],
            &["commit", "--quiet", "--allow-empty", "--message", "All"],
        ] {
            git(root.path(), arguments);
        }
        let here = root.path().canonicalize().unwrap();
        let home = tempfile::tempdir().unwrap();
        let key = home.path().join("keys.txt");
        fs::copy(fixtures().join("rules/keys.txt"), &key).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        // Alice's key, and noon of the 22nd of November 2026.
        let variables = [
            ("HOME".into(), home.path().into()),
            ("SOPS_AGE_KEY_FILE".into(), key.into()),
        ];
        let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_800);
        let environment = Environment::new(variables, here, Platform::Unix).at(noon);
        Self {
            _root: root,
            _home: home,
            environment,
        }
    }

    fn audit(&self) -> Report {
        engine::audit(Request::new(&self.environment)).unwrap()
    }

    fn check(&self) -> Report {
        engine::check(Request::new(&self.environment)).unwrap()
    }
}

fn git(folder: &Path, arguments: &[&str]) {
    let git = Command::new("git")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(git.status.success(), "{git:?}");
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path()).unwrap(), target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
