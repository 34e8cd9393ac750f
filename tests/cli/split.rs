//! `split` through the command: what it shows, what it asks, and what is left where it is killed.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::sandbox::{Sandbox, testdata};

const NEW: [&str; 2] = ["apps/secret-two.enc.yaml", "apps/secret-two-more.enc.yaml"];
const GENERATOR: &str = "\
apiVersion: viaduct.ai/v1
kind: ksops
metadata:
  name: secrets
files:
  - ./all.enc.yaml
";
const SPLIT: [&str; 8] = [
    "split",
    "--yes",
    "--jobs",
    "1",
    "--identity",
    "key.txt",
    "apps/all.enc.yaml",
    "--quiet",
];

/// A repository with two documents in one file, which a generator lists.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    _ = sandbox.git(["init", "--quiet"]);
    let two = fs::read(testdata("rules/multi-document/fires/two.enc.yaml")).unwrap();
    sandbox.write("apps/all.enc.yaml", two);
    sandbox.write("apps/ksops.yaml", GENERATOR);
    sandbox.write("key.txt", fs::read(testdata("rules/keys.txt")).unwrap());
    sandbox
}

fn files(sandbox: &Sandbox) -> BTreeMap<PathBuf, Vec<u8>> {
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

#[test]
fn the_plan_says_what_comes_what_goes_and_what_lists_it() {
    let sandbox = repository();
    let before = files(&sandbox);
    let plan = sandbox
        .command([
            "split",
            "--dry-run",
            "--identity",
            "key.txt",
            "apps/all.enc.yaml",
        ])
        .with_git()
        .run()
        .expect_code(0);
    insta::assert_snapshot!(plan.stdout, @"
    - the file goes
        apps/all.enc.yaml

    ~ lists `apps/secret-two.enc.yaml`, `apps/secret-two-more.enc.yaml` in the place of `apps/all.enc.yaml`
        apps/ksops.yaml

    + a new file
    ~ document 2 of `apps/all.enc.yaml`
        apps/secret-two-more.enc.yaml

    + a new file
    ~ document 1 of `apps/all.enc.yaml`
        apps/secret-two.enc.yaml

    4 files to change
    ");
    assert_eq!(files(&sandbox), before);
}

#[test]
fn nobody_to_ask_is_a_usage_error_and_nothing_happens() {
    let sandbox = repository();
    let before = files(&sandbox);
    let split = ["split", "--identity", "key.txt", "apps/all.enc.yaml"];
    let output = sandbox.command(split).with_git().run().expect_code(2);
    assert!(output.stderr.contains("--yes"), "{}", output.stderr);
    assert_eq!(files(&sandbox), before);
}

#[test]
fn what_is_shown_is_done_and_all_of_it_verifies() {
    let sandbox = repository();
    let output = sandbox.command(SPLIT).with_git().run().expect_code(0);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
    let mut expected = NEW.map(|path| sandbox.work().join(path)).to_vec();
    expected.extend(["apps/ksops.yaml", "key.txt"].map(|path| sandbox.work().join(path)));
    expected.sort();
    assert_eq!(files(&sandbox).into_keys().collect::<Vec<_>>(), expected);
    let generator = String::from_utf8(sandbox.read("apps/ksops.yaml")).unwrap();
    let listed = "  - ./secret-two.enc.yaml\n  - ./secret-two-more.enc.yaml\n";
    assert_eq!(generator, GENERATOR.replace("  - ./all.enc.yaml\n", listed));
    let check = ["check", "--require-key", "--identity", "key.txt", "apps"];
    _ = sandbox.command(check).with_git().run().expect_code(0);
}

#[test]
fn a_file_that_does_not_verify_is_refused_with_what_helps() {
    let sandbox = repository();
    let two = String::from_utf8(sandbox.read("apps/all.enc.yaml")).unwrap();
    sandbox.write("apps/all.enc.yaml", two.replace("production", "staging"));
    let before = files(&sandbox);
    let output = sandbox.command(SPLIT).with_git().run().expect_code(1);
    insta::assert_snapshot!(output.stdout, @"
    apps/all.enc.yaml: cannot be changed: it does not verify as it is
      help: new MACs would bless whatever was done to it: see what that is, then bring the old version back from git, or bless it with `reseal`
              sopsguard explain apps/all.enc.yaml
              sopsguard reseal apps/all.enc.yaml
    nothing to change, 1 that cannot be changed
    ");
    assert_eq!(files(&sandbox), before);
}

/// A repository in which the command was killed at a call; none where the call was not made.
#[cfg(target_os = "linux")]
fn killed(call: &str, at: usize) -> Option<Sandbox> {
    let sandbox = repository();
    let status = std::process::Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null"])
        .args(["-e", &format!("trace={call}")])
        .args(["-e", &format!("inject={call}:signal=KILL:when={at}")])
        .arg(env!("CARGO_BIN_EXE_sopsguard"))
        .args(SPLIT)
        .env_clear()
        .envs(sandbox.git_variables())
        .current_dir(sandbox.work())
        .status()
        .unwrap();
    (!status.success()).then_some(sandbox)
}

/// Recovers in this direction: all is split, or nothing is. Says whether there was something to recover.
#[cfg(target_os = "linux")]
fn recovers(sandbox: &Sandbox, direction: &str) -> bool {
    let told = sandbox.command(["recover"]).with_git().run();
    let recover = sandbox.command(["recover", direction]).with_git();
    _ = recover.run().expect_code(0);
    let after = files(sandbox);
    let is_split = !after.contains_key(&sandbox.work().join("apps/all.enc.yaml"));
    let is_open = told.code == 4;
    assert!(!is_open || is_split == (direction == "--finish"));
    if is_split {
        assert_eq!(after.len(), 4);
        let check = ["check", "--require-key", "--identity", "key.txt", "apps"];
        _ = sandbox.command(check).with_git().run().expect_code(0);
    } else {
        let before = repository();
        let names = |files: &BTreeMap<PathBuf, Vec<u8>>, sandbox: &Sandbox| -> Vec<PathBuf> {
            let names = files.keys().map(|path| path.strip_prefix(sandbox.work()));
            names.map(|path| path.unwrap().to_owned()).collect()
        };
        let expected = files(&before);
        assert_eq!(names(&after, sandbox), names(&expected, &before));
        assert!(after.values().eq(expected.values()));
    }
    is_open
}

/// Wherever the process ends while it moves and deletes files.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "runs the command some dozen times"]
fn killed_at_any_call_all_is_finished_or_undone() {
    let mut strace = std::process::Command::new("strace");
    let tried = strace.args(["-qq", "-o", "/dev/null", "true"]).status();
    if !tried.is_ok_and(|status| status.success()) {
        println!("skipped: there is no strace here, or it may not be used");
        return;
    }
    let (mut points, mut open) = (0, 0);
    for call in [
        "?rename",
        "renameat",
        "renameat2",
        "?unlink",
        "unlinkat",
        "fsync",
        "syncfs",
    ] {
        for at in 1.. {
            let Some(sandbox) = killed(call, at) else {
                break;
            };
            points += 1;
            open += usize::from(recovers(&sandbox, "--finish"));
            if let Some(sandbox) = killed(call, at) {
                recovers(&sandbox, "--undo");
            }
        }
    }
    println!("{points} points, {open} of them to be recovered");
    assert!(points > 10 && open > 4, "{points} {open}");
}
