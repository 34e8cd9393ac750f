//! `audit --history`: recipients who left and still know the data key. Every story is a repository that
//! the real git made of versions that the real sops wrote.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sandbox::{Sandbox, testdata};

const FILE: &str = "secret.enc.yaml";
const RULE: &str = "stale-data-key";

/// The stories of `fires` or `quiet`.
fn stories(kind: &str) -> Vec<PathBuf> {
    let folder = testdata("rules").join(RULE).join(kind);
    let mut stories: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    stories.sort();
    assert!(stories.len() >= 5, "{kind} has few stories");
    stories
}

fn commit(sandbox: &Sandbox) {
    sandbox.git(["add", "--all"]);
    sandbox.git(["commit", "--quiet", "--message=x"]);
}

fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(["init", "--quiet", "--initial-branch=main"]);
    sandbox
}

/// The versions of a story, the first one first.
fn versions(story: &Path) -> Vec<PathBuf> {
    let mut versions: Vec<PathBuf> = fs::read_dir(story)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    versions.sort();
    assert!(versions.len() >= 2, "{story:?}");
    versions
}

fn played(story: &Path) -> Sandbox {
    let sandbox = repository();
    for version in versions(story) {
        sandbox.write(FILE, fs::read(version).unwrap());
        commit(&sandbox);
    }
    sandbox
}

fn key() -> String {
    testdata("rules/keys.txt").to_str().unwrap().to_owned()
}

fn audit(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let arguments = [&["audit", "--format", "json"], arguments].concat();
    let output = sandbox.command(arguments).with_git().run();
    output.expect_code(0).json()
}

/// Whether the rule fired, or why it did not say anything.
fn told(report: &Value) -> String {
    let is_it = |said: &&Value| said["rule"] == RULE;
    let findings = report["findings"].as_array().unwrap();
    if findings.iter().any(|found| is_it(&found)) {
        return "fires".to_owned();
    }
    let skipped = report["not-evaluated"].as_array().unwrap();
    let reason = skipped.iter().find(is_it);
    reason.map_or("quiet".to_owned(), |skipped| {
        skipped["reason"].as_str().unwrap().to_owned()
    })
}

fn name(story: &Path) -> &str {
    story.file_name().unwrap().to_str().unwrap()
}

#[test]
fn with_a_key_it_fires_where_the_data_key_is_the_old_one_and_nowhere_else() {
    for (kind, expected) in [("fires", "fires"), ("quiet", "quiet")] {
        for story in stories(kind) {
            let report = audit(&played(&story), &["--history", "--identity", &key()]);
            assert_eq!(told(&report), expected, "{story:?}");
        }
    }
}

#[test]
fn without_a_key_it_fires_where_something_shows_and_else_says_that_it_cannot_decide() {
    for (kind, expected) in [("fires", "fires"), ("quiet", "quiet")] {
        for story in stories(kind) {
            let expected = match name(&story) {
                // Every token and every copy of the data key is new.
                "only-value" | "rotated" | "rotated-at-once" | "made-anew" => "cannot-decide",
                _ => expected,
            };
            let report = audit(&played(&story), &["--history"]);
            assert_eq!(told(&report), expected, "{story:?}");
        }
    }
}

#[test]
fn the_finding_names_who_left_and_the_commit_and_its_command_ends_it() {
    let story = testdata("rules").join(RULE).join("fires/edited-since");
    let sandbox = played(&story);
    let since = sandbox.git(["rev-parse", "HEAD~2"]);
    let report = audit(&sandbox, &["--history"]);
    let all = report["findings"].as_array().unwrap();
    let found = all.iter().find(|found| found["rule"] == RULE).unwrap();
    let message = found["message"].as_str().unwrap();
    assert!(message.contains(&since[..10]), "{message}");
    let first = fs::read_to_string(story.join("1.enc.yaml")).unwrap();
    let now = sandbox.read(FILE);
    let now = String::from_utf8(now).unwrap();
    let recipients = first.lines().filter(|line| line.contains("recipient: "));
    let left: Vec<&str> = recipients
        .map(|line| line.split("recipient: ").nth(1).unwrap())
        .filter(|recipient| !now.contains(recipient))
        .collect();
    assert_eq!(left.len(), 1);
    assert!(message.contains(left[0]), "{message}");
    assert_eq!(found["commands"][0], format!("sopsguard rotate {FILE}"));
    assert_eq!(found["start"]["line"], 9);
}

#[test]
fn histories_are_searched_where_that_is_asked_for_and_as_far() {
    let story = testdata("rules").join(RULE).join("fires/edited-since");
    let sandbox = played(&story);
    assert_eq!(told(&audit(&sandbox, &[])), "no-history");
    assert_eq!(told(&audit(&sandbox, &["--history=1"])), "history-limit");
    let empty = Sandbox::with_example();
    assert_eq!(
        told(&audit(&empty, &["--history", "healthy"])),
        "no-repository"
    );
}

#[test]
fn renames_are_followed_and_what_is_not_committed_counts() {
    let versions = versions(&testdata("rules").join(RULE).join("fires/left"));
    let sandbox = repository();
    sandbox.write(FILE, fs::read(&versions[0]).unwrap());
    commit(&sandbox);
    sandbox.git(["mv", FILE, "renamed.enc.yaml"]);
    commit(&sandbox);
    sandbox.write("renamed.enc.yaml", fs::read(&versions[1]).unwrap());
    let report = audit(&sandbox, &["--history"]);
    let message = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|found| found["rule"] == RULE)
        .map(|found| found["message"].as_str().unwrap().to_owned());
    assert!(message.unwrap().contains("not committed"));
}

#[test]
fn a_file_that_was_deleted_and_made_anew_has_another_data_key() {
    let versions = versions(&testdata("rules").join(RULE).join("quiet/made-anew"));
    let sandbox = repository();
    sandbox.write(FILE, fs::read(&versions[0]).unwrap());
    commit(&sandbox);
    sandbox.git(["rm", "--quiet", FILE]);
    commit(&sandbox);
    sandbox.write(FILE, fs::read(&versions[1]).unwrap());
    commit(&sandbox);
    assert_eq!(told(&audit(&sandbox, &["--history"])), "quiet");
}

#[test]
fn a_head_that_cannot_be_read_is_not_taken_for_a_history_without_anybody() {
    let story = testdata("rules").join(RULE).join("fires/edited-since");
    let sandbox = played(&story);
    let history = &["--history"][..];
    assert_eq!(told(&audit(&sandbox, history)), "fires");
    let id = sandbox.git(["rev-parse", "HEAD"]);
    let (folder, name) = id.trim().split_at(2);
    let object = sandbox.work().join(format!(".git/objects/{folder}/{name}"));
    fs::remove_file(object).unwrap();
    assert_eq!(told(&audit(&sandbox, history)), "unreadable-history");
    let unborn = repository();
    let last = versions(&story).pop().unwrap();
    unborn.write(FILE, fs::read(last).unwrap());
    unborn.git(["add", "--all"]);
    assert_eq!(told(&audit(&unborn, history)), "quiet");
}

/// What people read of an audit.
fn human(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let arguments = [&["audit"], arguments].concat();
    let output = sandbox.command(arguments).with_git().run();
    output.expect_code(0).stdout
}

#[test]
fn what_the_history_does_not_tell_is_said_where_it_was_asked_for() {
    let sandbox = played(&testdata("rules").join(RULE).join("quiet/rotated"));
    for arguments in [&["--history"][..], &["--history", "--quiet"]] {
        let told = human(&sandbox, arguments);
        let line = "not decided: `stale-data-key` on 1 file (secret.enc.yaml): ";
        assert!(told.contains(line) && told.contains("--identity"), "{told}");
    }
    let told = human(&sandbox, &["--history=1"]);
    assert!(
        told.contains("not decided: `stale-data-key`: older"),
        "{told}"
    );
    let told = human(&sandbox, &["--history", "--identity", &key()]);
    assert!(!told.contains("not decided"), "{told}");
    assert!(!human(&sandbox, &[]).contains("not decided"));
}

#[test]
fn a_shallow_clone_does_not_pass_for_a_history() {
    let sandbox = played(&testdata("rules").join(RULE).join("fires/left"));
    let from = format!("file://{}", sandbox.work().display());
    sandbox.git(["clone", "--quiet", "--depth=1", &from, "shallow"]);
    for arguments in [&["--history"][..], &["--history", "--quiet"]] {
        let told = human(&sandbox, &[&["-C", "shallow"], arguments].concat());
        assert!(told.contains("the clone is shallow"), "{told}");
    }
    let told = human(&sandbox, &["-C", "shallow"]);
    assert!(!told.contains("shallow"), "{told}");
}
