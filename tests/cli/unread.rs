//! What the system does not give: whoever writes refuses then, whoever reads says so.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;

use crate::recover::{UPDATE, files, strayed};
use crate::strace;

const ROTATE: [&str; 4] = ["rotate", "--yes", "--identity", "key.txt"];

/// The folder and the file that the system does not give, each with the calls that fail.
const LOST: [(&str, &str); 3] = [
    ("sub", "openat:error=EACCES"),
    ("sub", "getdents64:error=EIO"),
    ("sub/c.enc.yaml", "openat:error=EIO"),
];

#[test]
fn what_cannot_be_read_keeps_all_files_as_they_are() {
    if !strace::is_there() {
        return;
    }
    for (path, injection) in LOST {
        for command in [&UPDATE[..], &ROTATE] {
            let sandbox = strayed();
            let before = files(&sandbox);
            let place = sandbox.work().join(path);
            let ended = strace::inject(&sandbox, injection, &[&place], command).unwrap();
            let said = ended.said();
            assert_eq!(ended.code, Some(1), "{injection}: {said}");
            assert!(
                said.contains(&format!("{path}: cannot be changed: the f")),
                "{said}"
            );
            assert!(said.contains(" cannot be read: "), "{said}");
            assert_eq!(files(&sandbox), before);
        }
    }
}

#[test]
fn what_was_not_named_may_be_unreadable() {
    if !strace::is_there() {
        return;
    }
    for (path, injection) in LOST {
        let sandbox = strayed();
        let place = sandbox.work().join(path);
        let update = |named: &str| {
            let named = [&UPDATE[..], &[named]].concat();
            strace::inject(&sandbox, injection, &[&place], &named).unwrap()
        };
        let refused = update("sub/c.enc.yaml");
        assert_eq!(refused.code, Some(1), "{}", refused.said());
        let changed = update("a.enc.yaml");
        assert_eq!(changed.code, Some(0), "{}", changed.said());
    }
}

#[test]
fn a_configuration_that_cannot_be_read_keeps_all_files_as_they_are() {
    if !strace::is_there() {
        return;
    }
    let sandbox = strayed();
    let before = files(&sandbox);
    let place = sandbox.work().join(".sops.yaml");
    for command in [&UPDATE[..], &ROTATE, &["updatekeys", "--check"]] {
        let injection = "openat:error=EIO";
        let ended = strace::inject(&sandbox, injection, &[&place], command).unwrap();
        let said = ended.said();
        assert_eq!(ended.code, Some(1), "{said}");
        assert!(said.contains(".sops.yaml: cannot be changed: "), "{said}");
    }
    assert_eq!(files(&sandbox), before);
}

#[test]
fn a_configuration_that_sops_refuses_is_no_reason_to_say_that_all_is_well() {
    let sandbox = strayed();
    sandbox.write(".sops.yaml", "creation_rules: [\n");
    let output = sandbox.command(UPDATE).with_git().run().expect_code(1);
    assert!(
        output.stdout.contains(".sops.yaml: cannot be changed: "),
        "{}",
        output.stdout
    );
}

/// The commands that read, each with what it prints where all can be read.
fn readers() -> Vec<Vec<&'static str>> {
    vec![
        vec!["check", "--jobs", "1", "--identity", "key.txt"],
        vec!["audit", "--jobs", "1"],
        vec!["recipients"],
        vec!["keys", "--identity", "key.txt"],
        vec!["escrow", "status"],
        vec!["escrow", "verify", "--identity", "key.txt"],
    ]
}

#[test]
fn what_cannot_be_read_is_said_by_all_who_read() {
    if !strace::is_there() {
        return;
    }
    for (path, injection) in LOST {
        for reader in readers() {
            let sandbox = strayed();
            let place = sandbox.work().join(path);
            let ended = strace::inject(&sandbox, injection, &[&place], &reader).unwrap();
            let said = ended.said();
            assert!(said.contains(path), "{reader:?} {injection}: {said}");
            if reader[0] == "check" || reader[1..].contains(&"verify") {
                assert_eq!(ended.code, Some(1), "{reader:?} {injection}: {said}");
            }
        }
    }
}

#[test]
#[ignore = "runs the commands some hundred times"]
fn whatever_call_fails_readers_say_the_same_or_that_something_failed() {
    if !strace::is_there() {
        return;
    }
    let mut points = BTreeMap::new();
    for reader in readers() {
        let sandbox = strayed();
        let sound = sandbox.command(&reader).with_git().run();
        for what in ["error=EIO", "error=EACCES"] {
            for call in ["openat", "getdents64", "?statx", "?newfstatat", "read"] {
                for at in 1.. {
                    let injection = format!("{call}:{what}:when={at}");
                    let Some(ended) = strace::inject(&sandbox, &injection, &[], &reader) else {
                        break;
                    };
                    *points.entry(what).or_insert(0) += 1;
                    let is_same = ended.stdout == sound.stdout && ended.code == Some(sound.code);
                    assert!(
                        is_same || says_that_something_failed(&ended),
                        "{reader:?} {injection}: {:?}\n{}\ninstead of:\n{}",
                        ended.code,
                        ended.said(),
                        sound.stdout,
                    );
                }
            }
        }
    }
    println!("points tried: {points:?}");
}

fn says_that_something_failed(ended: &strace::Ended) -> bool {
    let words = [
        "cannot be",
        "damaged",
        "could not",
        "error",
        "Permission denied",
        "note: ",
    ];
    let said = ended.said();
    words.iter().any(|word| said.contains(word))
}
