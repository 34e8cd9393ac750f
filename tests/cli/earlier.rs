//! Help that goes back in git is given where git has something to go back to, and nowhere else:
//! `git restore` with a commit that lacks the file takes the file away.

use std::process::Command;

use serde_json::Value;

use crate::sandbox::{Sandbox, testdata};

/// A damaged file for each rule that goes back in git, and the fixture that it is.
const FIXTURES: [(&str, &str); 9] = [
    ("mac.enc.yaml", "mac-mismatch/fires/namespace.enc.yaml"),
    ("value.enc.yaml", "plaintext-value/fires/pasted.enc.yaml"),
    ("cut.enc.yaml", "malformed-ciphertext/fires/cut.enc.yaml"),
    (
        "moved.enc.yaml",
        "undecryptable-value/fires/renamed.enc.yaml",
    ),
    ("copied.enc.yaml", "copied-ciphertext/fires/before.enc.yaml"),
    ("twice.enc.yaml", "duplicate-key/fires/twice.enc.yaml"),
    ("merge.enc.yaml", "conflict-marker/fires/conflict.enc.yaml"),
    ("gone.enc.yaml", "not-encrypted/fires/without-block.yaml"),
    ("broken.enc.yaml", "unreadable-file/fires/indented.enc.yaml"),
];

fn write_damaged(sandbox: &Sandbox) {
    for (name, fixture) in FIXTURES {
        let path = testdata("rules").join(fixture);
        sandbox.write(name, std::fs::read(path).unwrap());
    }
}

/// The findings of `check` with these arguments.
fn findings(sandbox: &Sandbox, arguments: &[&str]) -> Vec<Value> {
    let arguments = ["check", "--format", "json"].iter().chain(arguments);
    let report = sandbox
        .command(arguments)
        .env("SOPS_AGE_KEY_FILE", testdata("rules/keys.txt"))
        .with_git()
        .run()
        .json();
    report["findings"].as_array().unwrap().clone()
}

fn commands(finding: &Value) -> Vec<&str> {
    let commands = finding["commands"].as_array().unwrap().iter();
    commands.map(|command| command.as_str().unwrap()).collect()
}

/// How many findings offer to go back; none of the others may name a version at all.
#[track_caller]
fn going_back(findings: &[Value]) -> usize {
    let goes_back = |finding: &&Value| {
        let offers = commands(finding)
            .iter()
            .any(|command| command.contains("--source="));
        let help = finding["help"].as_str().unwrap();
        assert_eq!(
            offers,
            !help.contains("no earlier version in git"),
            "{finding}"
        );
        assert!(offers || !help.contains("go back"), "{finding}");
        offers
    };
    assert!(findings.len() >= FIXTURES.len(), "{findings:?}");
    findings.iter().filter(goes_back).count()
}

#[test]
fn a_file_that_no_commit_has_is_not_to_be_brought_back_from_one() {
    for arguments in [&[][..], &["--staged"]] {
        let sandbox = Sandbox::new();
        sandbox.git(["init", "--quiet", "--initial-branch=main"]);
        write_damaged(&sandbox);
        sandbox.git(["add", "."]);
        assert_eq!(going_back(&findings(&sandbox, arguments)), 0, "no commits");
        sandbox.git(["reset", "--quiet"]);
        sandbox.write("other", "");
        sandbox.git(["add", "other"]);
        sandbox.git(["commit", "--quiet", "-m", "Something else"]);
        sandbox.git(["add", "."]);
        assert_eq!(going_back(&findings(&sandbox, arguments)), 0, "new files");
    }
}

#[test]
fn outside_of_a_repository_no_command_of_git_is_given() {
    let sandbox = Sandbox::new();
    write_damaged(&sandbox);
    sandbox.write("clear.enc.yaml", "password: canary\n");
    let found = findings(&sandbox, &["."]);
    let clear = |finding: &&Value| finding["path"] != "clear.enc.yaml";
    let damaged: Vec<Value> = found.iter().filter(clear).cloned().collect();
    assert_eq!(going_back(&damaged), 0);
    for finding in &found {
        let commands = commands(finding);
        assert!(
            !commands.iter().any(|line| line.starts_with("git ")),
            "{finding}"
        );
    }
}

#[test]
fn a_file_that_the_last_commit_has_is_brought_back() {
    for format in ["sha1", "sha256"] {
        let sandbox = Sandbox::new();
        let format = format!("--object-format={format}");
        sandbox.git(["init", "--quiet", "--initial-branch=main", &format]);
        write_damaged(&sandbox);
        sandbox.git(["add", "."]);
        sandbox.git(["commit", "--quiet", "-m", "Add them"]);
        let found = findings(&sandbox, &[]);
        assert_eq!(going_back(&found), found.len(), "{format}");
        let restore = "git restore --source=REV -- value.enc.yaml";
        assert!(found.iter().any(|found| commands(found).contains(&restore)));
    }
}

#[test]
fn what_only_the_other_side_of_a_merge_has_is_brought_back_from_there() {
    let sandbox = Sandbox::new();
    sandbox.git(["init", "--quiet", "--initial-branch=main"]);
    sandbox.write("value.enc.yaml", "sound: once\n");
    for message in ["Add it", "Edit it"] {
        sandbox.git(["add", "."]);
        sandbox.git(["commit", "--quiet", "-m", message]);
        sandbox.git(["checkout", "--quiet", "-B", "other"]);
        sandbox.write("value.enc.yaml", "sound: twice\n");
    }
    sandbox.git(["checkout", "--quiet", "--force", "main"]);
    sandbox.git(["rm", "--quiet", "value.enc.yaml"]);
    sandbox.git(["commit", "--quiet", "-m", "Remove it"]);
    let mut merge: Command = sandbox.git_command();
    let merge = merge.args(["merge", "--quiet", "other"]).output().unwrap();
    assert!(!merge.status.success(), "the merge stops");
    write_damaged(&sandbox);
    let found = findings(&sandbox, &["value.enc.yaml"]);
    let commands = commands(&found[0]);
    let [restore, edit] = commands[..] else {
        panic!("{commands:?}");
    };
    assert_eq!(edit, "sops edit value.enc.yaml");
    sandbox.git(restore.strip_prefix("git ").unwrap().split(' '));
    assert_eq!(sandbox.read("value.enc.yaml"), b"sound: twice\n");
}
