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

/// A repository with the example in its commit: what is advised depends on what git has.
fn committed_example(root: &Path) -> TempDir {
    let world = tempfile::tempdir().unwrap();
    let folder = Path::new("testdata/example");
    for entry in walkdir::WalkDir::new(root.join(folder)) {
        let entry = entry.unwrap();
        let target = world.path().join(entry.path().strip_prefix(root).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
    for command in ["init --quiet", "add .", "commit --quiet -m Example"] {
        let author = [
            "-c",
            "user.name=Somebody",
            "-c",
            "user.email=somebody@example.org",
        ];
        let status = Command::new("git")
            .args(author)
            .args(command.split(' '))
            .current_dir(world.path())
            // So that the commit has the same id always.
            .env("GIT_AUTHOR_DATE", "2026-01-01T12:00:00Z")
            .env("GIT_COMMITTER_DATE", "2026-01-01T12:00:00Z")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .status()
            .unwrap();
        assert!(status.success(), "git {command}");
    }
    world
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
