//! `recover`, and what is left of files when the command is killed or the system refuses, at any call.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::{Sandbox, testdata};
use crate::strace;

/// The files that are changed.
pub(crate) const FILES: [&str; 3] = ["a.enc.yaml", "b.enc.yaml", "sub/c.enc.yaml"];

/// A repository with three files whose rule has one recipient more than they have.
pub(crate) fn strayed() -> Sandbox {
    let sandbox = Sandbox::with_repository();
    for folder in ["healthy", "damaged"] {
        fs::remove_dir_all(sandbox.work().join(folder)).unwrap();
    }
    let file = fs::read(testdata("example/healthy/infra/accounts.enc.yaml")).unwrap();
    for path in FILES {
        sandbox.write(path, &file);
    }
    let keys = ["example/key.txt", "rules/keys.txt"].map(|path| public_key(&testdata(path)));
    sandbox.write(
        ".sops.yaml",
        format!("creation_rules:\n  - age: {}\n", keys.join(",")),
    );
    fs::copy(
        testdata("rules/keys.txt"),
        sandbox.work().join("new-key.txt"),
    )
    .unwrap();
    sandbox
}

fn public_key(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.split("public key: ").nth(1));
    line.unwrap().to_owned()
}

pub(crate) const UPDATE: [&str; 6] = [
    "updatekeys",
    "--yes",
    "--jobs",
    "1",
    "--identity",
    "key.txt",
];

pub(crate) fn files(sandbox: &Sandbox) -> BTreeMap<PathBuf, Vec<u8>> {
    let all = walkdir::WalkDir::new(sandbox.work()).into_iter();
    let all = all.filter_entry(|entry| !entry.path().ends_with(".git"));
    let files = all
        .map(Result::unwrap)
        .filter(|entry| entry.path().is_file());
    files
        .map(|entry| {
            let bytes = fs::read(entry.path()).unwrap();
            (entry.into_path(), bytes)
        })
        .collect()
}

/// Which files the new key opens, and whether all verify.
pub(crate) fn opened(sandbox: &Sandbox) -> Vec<bool> {
    FILES
        .iter()
        .map(|path| {
            let report = sandbox
                .command([
                    "check",
                    "--format",
                    "json",
                    "--identity",
                    "new-key.txt",
                    path,
                ])
                .with_git()
                .run()
                .json();
            match report["files"][0]["verification"].as_str().unwrap() {
                "verified" => true,
                "not-verified" => false,
                other => panic!("{path} is {other}"),
            }
        })
        .collect()
}

/// Recovers in this direction, and checks that all is one or the other and nothing is left.
fn recover(sandbox: &Sandbox, before: &BTreeMap<PathBuf, Vec<u8>>, direction: &str) {
    let whole = files(sandbox);
    for path in FILES {
        let path = sandbox.work().join(path);
        assert!(whole.contains_key(&path), "{} is gone", path.display());
    }
    let told = sandbox.command(["recover"]).with_git().run();
    let is_open = told.code == 4;
    if is_open {
        let output = sandbox.command(UPDATE).with_git().run().expect_code(4);
        assert!(
            output.stderr.contains("sopsguard recover --finish"),
            "{}",
            output.stderr
        );
        let note = sandbox.command(["check"]).with_git().run();
        assert!(note.stderr.contains("sopsguard recover"), "{}", note.stderr);
    }
    let _ = sandbox
        .command(["recover", direction])
        .with_git()
        .run()
        .expect_code(0);
    let opened = opened(sandbox);
    if is_open {
        assert_eq!(opened, [direction == "--finish"; 3]);
    }
    assert!(opened.iter().all(|one| *one == opened[0]), "{opened:?}");
    let after = files(sandbox);
    assert!(after.keys().eq(before.keys()), "{:?}", after.keys());
    if !opened[0] {
        assert_eq!(&after, before);
    }
    assert!(!sandbox.work().join(".git/sopsguard").exists());
}

/// The calls that open, list, write, move, keep or delete something. Those with `?` are not on every machine.
const CALLS: [&str; 16] = [
    "getdents64",
    "?mkdir",
    "mkdirat",
    "openat",
    "write",
    "fchmod",
    "fchown",
    "fsync",
    "fdatasync",
    "syncfs",
    "?rename",
    "renameat",
    "renameat2",
    "?unlink",
    "unlinkat",
    "?rmdir",
];

#[test]
#[ignore = "runs the command some hundred times"]
fn whatever_call_is_the_last_files_are_wholly_old_or_new() {
    if !strace::is_there() {
        return;
    }
    let mut points = BTreeMap::new();
    for what in ["signal=KILL", "error=ENOSPC", "error=EIO", "error=EACCES"] {
        for call in CALLS {
            for at in 1.. {
                let directions = ["--finish", "--undo"];
                // An error is most often cleared up by the command itself.
                let both = what == "signal=KILL";
                let directions = directions.iter().skip(usize::from(!both) * (at % 2));
                let mut was_reached = false;
                for direction in directions.take(1 + usize::from(both)) {
                    let sandbox = strayed();
                    let before = files(&sandbox);
                    let injection = format!("{call}:{what}:when={at}");
                    let Some(ended) = strace::inject(&sandbox, &injection, &[], &UPDATE) else {
                        break;
                    };
                    was_reached = true;
                    if ended.code == Some(0) {
                        assert_eq!(opened(&sandbox), [true; 3], "{call} {what} {at}");
                    }
                    recover(&sandbox, &before, direction);
                }
                if !was_reached {
                    break;
                }
                *points.entry(what).or_insert(0) += 1;
            }
        }
    }
    println!("points tried: {points:?}");
    assert!(points.values().all(|count| *count > 30), "{points:?}");
}

#[test]
fn nothing_to_recover_is_said_and_no_error() {
    let sandbox = Sandbox::with_repository();
    for arguments in [
        &["recover"][..],
        &["recover", "--finish"],
        &["recover", "--undo", "--dry-run"],
    ] {
        let output = sandbox.command(arguments).with_git().run().expect_code(0);
        assert_eq!(output.stdout, "nothing was interrupted\n");
    }
    let output = sandbox
        .command(["recover", "--format", "json"])
        .with_git()
        .run();
    let expected = serde_json::json!({
        "schema": "sopsguard.recovery/1", "interrupted": false, "swept": false,
        "direction": null, "changed": null, "files": [],
    });
    assert_eq!(output.json(), expected);
    assert!(!sandbox.work().join(".git/sopsguard").exists());
    // Outside of a repository, too, and without a home.
    let _ = Sandbox::with_example().run(["recover"]).expect_code(0);
    let _ = Sandbox::new()
        .command(["recover", "--undo"])
        .env("HOME", "")
        .run()
        .expect_code(0);
    let _ = sandbox
        .run(["recover", "--undo", "--finish"])
        .expect_code(2);
}

#[test]
fn a_planted_journal_is_refused_with_a_word_and_readers_go_on() {
    let sandbox = strayed();
    fs::create_dir(sandbox.work().join(".git/sopsguard")).unwrap();
    sandbox.write(".git/sopsguard/journal", "sopsguard-journal/1 planted\n{}");
    sandbox.write(".sopsguard.toml", "");
    let before = files(&sandbox);
    for arguments in [
        &["recover"][..],
        &["recover", "--finish"],
        &["recover", "--undo"],
    ] {
        let output = sandbox.command(arguments).with_git().run().expect_code(3);
        assert!(output.stderr.contains("is damaged"), "{}", output.stderr);
    }
    let key = public_key(&testdata("rules/keys.txt"));
    for writer in [
        &UPDATE[..],
        &["updatekeys", "--dry-run"],
        &["rotate", "--yes", "--identity", "key.txt"],
        &["reseal", "--yes", "--identity", "key.txt", FILES[0]],
        &["escrow", "add-recipient", &key, "--name", "x", "--dry-run"],
        &["escrow", "remove-recipient", &key, "--yes"],
        &["escrow", "verify", "--identity", "key.txt", "--record"],
    ] {
        let output = sandbox.command(writer).with_git().run().expect_code(4);
        let told = output.stderr.contains("sopsguard recover");
        assert!(told, "{writer:?}: {}", output.stderr);
    }
    for reader in ["check", "audit"] {
        let output = sandbox
            .command([reader, "--format", "json"])
            .with_git()
            .run();
        assert!(
            output
                .stderr
                .contains("note: a change of several files was interrupted")
        );
        assert_eq!(output.json()["files"].as_array().unwrap().len(), 3);
    }
    assert_eq!(files(&sandbox), before);
}

#[test]
fn a_file_outside_of_the_repository_is_refused_before_anything_is_asked() {
    let sandbox = strayed();
    let outside = sandbox.work().parent().unwrap().join("outside");
    fs::create_dir(&outside).unwrap();
    for file in [FILES[0], ".sops.yaml"] {
        fs::copy(sandbox.work().join(file), outside.join(file)).unwrap();
    }
    let named = "../outside";
    let before = fs::read(outside.join(FILES[0])).unwrap();
    for command in [
        &UPDATE[..],
        &["updatekeys", "--dry-run", "--identity", "key.txt"],
    ] {
        let arguments = [command, &[named]].concat();
        let output = sandbox.command(arguments).with_git().run().expect_code(1);
        let told = output.stdout + &output.stderr;
        assert!(told.contains("lies outside"), "{told}");
        assert!(!told.contains("by a link"), "{told}");
    }
    assert_eq!(fs::read(outside.join(FILES[0])).unwrap(), before);
}
