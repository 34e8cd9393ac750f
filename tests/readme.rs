//! What `README.md` shows is what the command prints.
//!
//! A block marked `console` holds commands after `$` and their output. `SOPSGUARD_BLESS=1` writes
//! the present output into the file.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test fails where its world does"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

#[test]
fn the_readme_shows_what_the_command_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("README.md");
    let text = fs::read_to_string(&path).unwrap();
    let world = committed_example(root);
    let mut real = String::new();
    let mut commands = 0;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        real.push_str(line);
        real.push('\n');
        if line != "```console" {
            continue;
        }
        for line in lines.by_ref().take_while(|line| *line != "```") {
            if let Some(command) = line.strip_prefix("$ ") {
                commands += 1;
                real.push_str(line);
                real.push('\n');
                real.push_str(&output_of(command, world.path()));
            }
        }
        real.push_str("```\n");
    }
    assert!(commands >= 3, "the commands were not found");
    if std::env::var_os("SOPSGUARD_BLESS").is_some() {
        fs::write(&path, &real).unwrap();
    }
    assert!(
        text == real,
        "README.md is stale; SOPSGUARD_BLESS=1 cargo test --test readme"
    );
}

/// A repository with the example in its first commit, as what is advised depends on what git has, and a
/// file with a history; in it lies another, before a handover.
fn committed_example(root: &Path) -> TempDir {
    let world = tempfile::tempdir().unwrap();
    let folder = "testdata/example";
    copy(&root.join(folder), &world.path().join(folder));
    git(
        world.path(),
        "init --quiet --initial-branch=main",
        "Somebody",
        1,
    );
    git(world.path(), "add .", "Somebody", 1);
    git(world.path(), "commit --quiet -m Example", "Somebody", 1);
    live(root, world.path());
    // A repository of its own, which the other does not know.
    let handover = world.path().join("handover");
    copy(&root.join("testdata/handover"), &handover);
    git(&handover, "init --quiet", "Somebody", 1);
    world
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The life of a secret file, a commit each, and the key that opens it.
fn live(root: &Path, world: &Path) {
    for (day, author, version) in [
        (2, "Ada", "1-clear.yaml"),
        (3, "Ada", "2-encrypted.enc.yaml"),
        (4, "Bob", "3-set.enc.yaml"),
        (5, "Ada", "4-joined.enc.yaml"),
        (6, "Ada", "5-left.enc.yaml"),
        (7, "Ada", "6-rotated.enc.yaml"),
        (8, "Bob", "7-text.enc.yaml"),
    ] {
        let file = "shop.enc.yaml";
        fs::copy(root.join("testdata/log").join(version), world.join(file)).unwrap();
        git(world, &format!("add {file}"), author, day);
        git(world, "commit --quiet -m Life", author, day);
    }
    fs::copy(root.join("testdata/rules/keys.txt"), world.join("key.txt")).unwrap();
}

/// Runs git as somebody on a day of November, so that the same commits are made each time.
fn git(folder: &Path, command: &str, author: &str, day: u32) {
    let date = format!("2026-11-{day:02}T12:00:00+0000");
    let mut git = Command::new("git");
    git.args(command.split(' ')).current_dir(folder);
    for (name, value) in [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_AUTHOR_NAME", author),
        ("GIT_AUTHOR_EMAIL", "somebody@example.org"),
        ("GIT_AUTHOR_DATE", &date),
        ("GIT_COMMITTER_NAME", author),
        ("GIT_COMMITTER_EMAIL", "somebody@example.org"),
        ("GIT_COMMITTER_DATE", &date),
    ] {
        git.env(name, value);
    }
    assert!(git.status().unwrap().success(), "git {command}");
}

/// Runs one command line of plain words with an empty environment.
fn output_of(command: &str, root: &Path) -> String {
    let words: Vec<&str> = command.split_whitespace().collect();
    let arguments = match words.as_slice() {
        ["cargo", "run", "--locked", "--", arguments @ ..] | ["sopsguard", arguments @ ..] => {
            arguments
        }
        _ => panic!("`{command}` is no command of ours"),
    };
    let output = Command::new(env!("CARGO_BIN_EXE_sopsguard"))
        .args(arguments)
        .env_clear()
        .current_dir(root)
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{command}");
    String::from_utf8(output.stdout).unwrap()
}
