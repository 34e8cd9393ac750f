//! The rules about a whole repository, on the stories in `testdata/rules/RULE/{fires,quiet}`: each is a small
//! repository, which is committed and audited here.

#![expect(clippy::unwrap_used, reason = "a test fails where its world does")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use sopsguard::engine::{self, Report, Request};
use sopsguard::{Environment, Platform};

/// The rules whose stories are told elsewhere, for they need more than a repository: a history, a key.
const ELSEWHERE: [&str; 3] = ["placeholder-value", "reused-value", "stale-data-key"];

/// What is found beside the rule whose story it is.
const ALSO: &[(&str, &[&str])] = &[
    (
        "accidental-key-groups/fires/of-a-file",
        &["single-recipient"],
    ),
    (
        "accidental-key-groups/fires/two-groups",
        &["single-recipient"],
    ),
    (
        "accidental-key-groups/quiet/threshold",
        &["single-recipient"],
    ),
    (
        "single-recipient/fires/both-groups",
        &["accidental-key-groups"],
    ),
    ("threshold-drift/fires/lowered", &["single-recipient"]),
    ("untrusted-recipient/fires/in-a-group", &["missing-escrow"]),
    ("recipient-drift/fires/fewer-groups", &["single-recipient"]),
    ("threshold-drift/quiet/all", &["single-recipient"]),
    ("ambiguous-config/quiet/not-for-it", &["unused-rule"]),
    ("recipient-drift/quiet/nested", &["unused-rule"]),
    (
        "unknown-config-key/fires/rules-at-the-top",
        &["no-creation-rule"],
    ),
];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/rules")
}

/// The rules that `audit` alone evaluates.
fn rules() -> impl Iterator<Item = &'static str> {
    let of_audit = engine::catalogue().filter(|rule| rule.commands == ["audit"]);
    of_audit
        .map(|rule| rule.id)
        .filter(|id| !ELSEWHERE.contains(id))
}

fn stories(rule: &str, side: &str) -> Vec<String> {
    let folder = fixtures().join(rule).join(side);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|_| panic!("no {}", folder.display()));
    let entries = entries.map(Result::unwrap);
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Commits the story, and audits it.
fn audit(story: &Path) -> Report {
    let root = tempfile::tempdir().unwrap();
    copy(story, root.path());
    for arguments in [
        &["init", "--quiet", "--template="][..],
        &["add", "--all"],
        &["commit", "--quiet", "--allow-empty", "--message", "All"],
    ] {
        let git = Command::new("git")
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"])
            .args(arguments)
            .current_dir(root.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(git.status.success(), "{git:?}");
    }
    let here = root.path().canonicalize().unwrap();
    set_modes(&here);
    let home = [("HOME".into(), here.join("home").into())];
    let environment = Environment::new(home, here, Platform::Unix).at(day_of_the_run());
    engine::audit(Request::new(&environment)).unwrap()
}

/// The 22nd of November 2026, at noon.
fn day_of_the_run() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_800)
}

/// Gives files the modes that stand in the file `modes`, as git keeps none of them.
fn set_modes(root: &Path) {
    use std::os::unix::fs::PermissionsExt;
    #[expect(clippy::disallowed_methods, reason = "a test reads its own world")]
    let modes = std::fs::read_to_string(root.join("modes")).unwrap_or_default();
    for line in modes.lines() {
        let (mode, path) = line.split_once(' ').unwrap();
        let mode = u32::from_str_radix(mode, 8).unwrap();
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(root.join(path), permissions).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else if kind.is_symlink() {
            let link = std::fs::read_link(entry.path()).unwrap();
            std::os::unix::fs::symlink(link, target).unwrap();
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn fired(report: &Report) -> BTreeSet<&'static str> {
    report.findings.iter().map(|finding| finding.rule).collect()
}

/// What is found beside the rule in a story.
fn also(story: &str) -> BTreeSet<&'static str> {
    let found = ALSO.iter().filter(|(name, _)| *name == story);
    found.flat_map(|(_, rules)| rules.iter().copied()).collect()
}

#[test]
fn every_rule_fires_in_its_stories_and_no_other_does() {
    let mut wrong = Vec::new();
    for rule in rules() {
        let names = stories(rule, "fires");
        assert!(!names.is_empty(), "{rule} has no story that makes it fire");
        for name in names {
            let story = format!("{rule}/fires/{name}");
            let report = audit(&fixtures().join(&story));
            let mut expected = also(&story);
            expected.insert(rule);
            let fired = fired(&report);
            if fired != expected {
                wrong.push(format!("{story}: {fired:?}, not {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_rule_at_all_fires_in_quiet_stories() {
    let mut wrong = Vec::new();
    for rule in rules() {
        let names = stories(rule, "quiet");
        assert!(!names.is_empty(), "{rule} has no quiet story");
        for name in names {
            let story = format!("{rule}/quiet/{name}");
            let report = audit(&fixtures().join(&story));
            let fired = fired(&report);
            if fired != also(&story) {
                wrong.push(format!("{story}: {fired:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn findings_say_where_what_and_what_to_do() {
    for rule in rules() {
        for name in stories(rule, "fires") {
            for finding in audit(&fixtures().join(rule).join("fires").join(name)).findings {
                let what = format!("{rule}: {finding:?}");
                let first = finding.message.chars().next().unwrap();
                assert!(
                    first.is_lowercase() || first == '`' || first.is_ascii_digit(),
                    "{what}"
                );
                assert!(!finding.message.ends_with('.'), "{what}");
                assert!(!finding.help.text.is_empty(), "{what}");
            }
        }
    }
}
