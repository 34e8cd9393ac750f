//! `--baseline` and `--write-baseline`: taking the tool in use where much is wrong already.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::sandbox::{Output, Sandbox};

const FILE: &str = "baseline.json";

fn check(sandbox: &Sandbox, more: &[&str]) -> Output {
    let arguments = ["check", "--identity", "key.txt", "--baseline", FILE];
    let run = sandbox.command(arguments.iter().chain(more));
    run.with_git().run()
}

fn commit(sandbox: &Sandbox) {
    sandbox.git(["add", "--all"]);
    sandbox.git(["commit", "--quiet", "--allow-empty", "--message=x"]);
}

/// A repository with the damaged example in its first commit.
fn old_repository() -> Sandbox {
    let sandbox = Sandbox::with_repository();
    sandbox.write(".sopsguard.toml", "exclude = [\"key.txt\"]\n");
    commit(&sandbox);
    sandbox
}

/// The same with a baseline of all that, which is committed.
fn with_baseline() -> Sandbox {
    let sandbox = old_repository();
    let _ = check(&sandbox, &["--write-baseline"]).expect_code(0);
    commit(&sandbox);
    sandbox
}

fn entries(sandbox: &Sandbox) -> Vec<Value> {
    let file: Value = serde_json::from_slice(&sandbox.read(FILE)).unwrap();
    file["findings"].as_array().unwrap().clone()
}

fn rules(output: &Output) -> Vec<String> {
    let report = output.json();
    let findings = report["findings"].as_array().unwrap().iter();
    let rules = findings.map(|found| found["rule"].as_str().unwrap().to_owned());
    rules.collect()
}

#[test]
fn what_was_there_is_accepted_and_counted_and_what_is_new_is_told() {
    let sandbox = old_repository();
    let found = check(&sandbox, &["--write-baseline"]).expect_code(0);
    let count = entries(&sandbox).len();
    assert!(count >= 5);
    assert_eq!(found.stdout, format!("`{FILE}` accepts {count} findings\n"));
    assert!(found.stderr.is_empty(), "{}", found.stderr);
    commit(&sandbox);
    let output = check(&sandbox, &["--format", "json"]).expect_code(0);
    assert_eq!(output.json()["summary"]["suppressed"], count);
    assert_eq!(
        output.json()["summary"]["failed"],
        4,
        "sops's verdict stays"
    );
    assert!(output.stderr.is_empty(), "{}", output.stderr);

    sandbox.write("new.enc.yaml", "password: pasted-in-clear\n");
    let output = check(&sandbox, &["--format", "json"]).expect_code(1);
    assert_eq!(rules(&output), ["not-encrypted"]);
    // A second finding like one that is accepted is a new one.
    let bad = "damaged/infra/registry.enc.yaml";
    let text = String::from_utf8(sandbox.read(bad)).unwrap();
    sandbox.write("new.enc.yaml", "{}\n");
    let marks = "<<<<<<< HEAD\nx: 1\n=======\nx: 2\n>>>>>>> other\n";
    sandbox.write(bad, format!("{text}{marks}"));
    let output = check(&sandbox, &["--format", "json"]).expect_code(1);
    assert_eq!(rules(&output), ["conflict-marker"], "{}", output.stdout);
}

#[test]
fn a_baseline_is_sorted_and_says_nothing_of_values() {
    let sandbox = with_baseline();
    let first = sandbox.read(FILE);
    let text = String::from_utf8(first.clone()).unwrap();
    for secret in ["canary", "-password", "pasted-in-clear"] {
        assert!(!text.contains(secret), "{text}");
    }
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("\"rule\""))
        .collect();
    assert!(lines.is_sorted() && lines.len() == entries(&sandbox).len());
    let _ = check(&sandbox, &["--write-baseline", "--jobs", "1"]).expect_code(0);
    assert_eq!(sandbox.read(FILE), first);
    let from_below = ["check", "-C", "healthy/apps", "--identity", "../../key.txt"];
    let more = ["--baseline", "../../baseline.json", "--write-baseline"];
    let _ = sandbox.run(from_below.iter().chain(&more)).expect_code(0);
    assert_eq!(sandbox.read(FILE), first);
}

#[test]
fn lines_that_move_and_folders_that_are_entered_change_nothing() {
    let sandbox = with_baseline();
    let path = "damaged/infra/accounts.enc.yaml";
    let text = String::from_utf8(sandbox.read(path)).unwrap();
    sandbox.write(path, text.replacen("stringData:", "# a\n\nstringData:", 1));
    let from_below = [
        "check",
        "-C",
        "damaged/infra",
        "--identity",
        "../../key.txt",
    ];
    let more = ["--baseline", "../../baseline.json", "--format", "json"];
    let output = sandbox.run(from_below.iter().chain(&more));
    let only_changes = ["unauthenticated-change", "plaintext-comment"];
    let rules = rules(&output);
    assert!(
        rules
            .iter()
            .all(|rule| only_changes.contains(&rule.as_str())),
        "{rules:?}"
    );
}

#[test]
fn what_a_change_adds_to_the_baseline_counts_when_it_is_merged() {
    let sandbox = with_baseline();
    let before = entries(&sandbox).len();
    sandbox.write("new.enc.yaml", "password: pasted-in-clear\n");
    let _ = check(&sandbox, &["--write-baseline"]).expect_code(0);
    assert_eq!(entries(&sandbox).len(), before + 1);
    sandbox.git(["add", "--all"]);
    for more in [&["--format", "json"][..], &["--format", "json", "--staged"]] {
        let output = check(&sandbox, more).expect_code(1);
        assert_eq!(
            rules(&output),
            ["policy-weakened", "not-encrypted"],
            "{more:?}"
        );
        let found = &output.json()["findings"][0];
        assert_eq!(found["path"], FILE);
        let line = usize::try_from(found["start"]["line"].as_u64().unwrap()).unwrap();
        let text = String::from_utf8(sandbox.read(FILE)).unwrap();
        assert!(text.lines().nth(line - 1).unwrap().contains("new.enc.yaml"));
    }
    // Whoever names the policy means this one, and the baseline with it.
    let _ = check(&sandbox, &["--config", ".sopsguard.toml"]).expect_code(0);
    let other = ["--config", ".sopsguard.toml", "--staged"];
    let _ = check(&sandbox, &other).expect_code(0);
    commit(&sandbox);
    let _ = check(&sandbox, &[]).expect_code(0);
    // What is taken out is told at once, and is no finding of the policy.
    let former = sandbox.git(["show", "HEAD~1:baseline.json"]);
    sandbox.write(FILE, former);
    let output = check(&sandbox, &["--format", "json"]).expect_code(1);
    assert_eq!(rules(&output), ["not-encrypted"]);
}

#[test]
fn a_pull_request_is_judged_by_the_baseline_of_its_base() {
    let sandbox = with_baseline();
    sandbox.git(["checkout", "--quiet", "-b", "topic"]);
    sandbox.write("new.enc.yaml", "password: pasted-in-clear\n");
    let _ = check(&sandbox, &["--write-baseline"]).expect_code(0);
    commit(&sandbox);
    let since = ["--since", "main", "--require-base", "--format", "json"];
    let output = check(&sandbox, &since).expect_code(1);
    assert_eq!(rules(&output), ["policy-weakened", "not-encrypted"]);
    // A merge joins what both sides had.
    sandbox.git(["checkout", "--quiet", "main"]);
    sandbox.git(["merge", "--quiet", "--no-ff", "--no-commit", "topic"]);
    let _ = check(&sandbox, &["--staged"]).expect_code(0);
}

#[test]
fn entries_that_match_nothing_any_more_are_told_with_the_command_that_takes_them_out() {
    let sandbox = with_baseline();
    let before = entries(&sandbox).len();
    for name in ["shop", "wiki"] {
        let path = format!("apps/{name}/database.enc.yaml");
        sandbox.write(
            format!("damaged/{path}"),
            sandbox.read(&format!("healthy/{path}")),
        );
    }
    commit(&sandbox);
    let output = check(&sandbox, &[]).expect_code(0);
    let command = "sopsguard check --baseline baseline.json --write-baseline";
    assert!(
        output
            .stderr
            .contains("entries of the baseline match nothing"),
        "{}",
        output.stderr
    );
    assert!(
        output.stderr.contains(&format!("`{command}`")),
        "{}",
        output.stderr
    );
    // Nobody knows what was not looked at.
    for more in [&["healthy"][..], &["--staged"]] {
        assert!(check(&sandbox, more).expect_code(0).stderr.is_empty());
    }
    // Nor does a run without a key know about MACs.
    let keyless = sandbox.run(command.split(' ').skip(1)).expect_code(0);
    assert!(
        keyless.stdout.contains("stood there before"),
        "{}",
        keyless.stdout
    );
    let _ = check(&sandbox, &["--write-baseline"]).expect_code(0);
    assert!(entries(&sandbox).len() < before);
    commit(&sandbox);
    assert!(check(&sandbox, &[]).expect_code(0).stderr.is_empty());
}

#[test]
fn a_run_without_a_key_keeps_what_only_a_key_tells() {
    let sandbox = with_baseline();
    let is_kept = |sandbox: &Sandbox| {
        let entries = entries(sandbox);
        entries.iter().any(|entry| entry["rule"] == "mac-mismatch")
    };
    assert!(is_kept(&sandbox));
    let arguments = ["check", "--baseline", FILE, "--write-baseline"];
    let output = sandbox.run(arguments).expect_code(0);
    assert!(
        output.stdout.contains("stood there before"),
        "{}",
        output.stdout
    );
    assert!(is_kept(&sandbox));
    let audit = ["audit", "--baseline", FILE, "--write-baseline"];
    let before = entries(&sandbox).len();
    let output = sandbox.run(audit).expect_code(0);
    assert!(entries(&sandbox).len() >= before, "{}", output.stdout);
    let output = sandbox.run(["audit", "--baseline", FILE]);
    assert!(!output.stderr.contains("match"), "{}", output.stderr);
}

#[test]
fn what_a_change_does_is_in_no_baseline() {
    let sandbox = with_baseline();
    sandbox.write(".sopsguard.toml", "exclude = [\"key.txt\", \"healthy\"]\n");
    let before = sandbox.read(FILE);
    let output = check(&sandbox, &["--write-baseline"]).expect_code(0);
    assert!(
        output.stdout.contains("not in it: 1 finding about changes"),
        "{}",
        output.stdout
    );
    assert_eq!(sandbox.read(FILE), before);
    let output = check(&sandbox, &["--format", "json"]).expect_code(1);
    assert_eq!(rules(&output), ["policy-weakened"]);
}

#[test]
fn an_entry_that_says_another_path_or_rule_accepts_nothing() {
    let sandbox = with_baseline();
    let text = String::from_utf8(sandbox.read(FILE)).unwrap();
    let count = entries(&sandbox).len();
    for (from, to) in [
        ("\"path\": \"", "\"path\": \"x"),
        ("\"rule\": \"", "\"rule\": \"x"),
    ] {
        sandbox.write(FILE, text.replace(from, to));
        commit(&sandbox);
        let report = check(&sandbox, &["--format", "json"]).expect_code(1).json();
        assert_eq!(report["findings"].as_array().unwrap().len(), count, "{to}");
    }
}

#[test]
fn what_is_no_baseline_is_neither_followed_nor_written_over() {
    let mut sandbox = old_repository();
    sandbox.know_secret("hunter2");
    sandbox.write("secret.json", "{\"password\": \"hunter2\"}\n");
    sandbox.write("secret.yaml", "password: hunter2\n");
    sandbox.write("empty", "");
    sandbox.write("large", vec![b' '; (16 << 20) + 1]);
    sandbox.write("../elsewhere", "hunter2\n");
    symlink("../elsewhere", sandbox.work().join("link")).unwrap();
    symlink("../home", sandbox.work().join("folder")).unwrap();
    symlink("nowhere", sandbox.work().join("dangling")).unwrap();
    for name in [
        "secret.json",
        "secret.yaml",
        "empty",
        "large",
        "link",
        "dangling",
        "healthy",
        ".git/HEAD",
        ".git/baseline.json",
        "folder/baseline.json",
        "/dev/null",
        "none/baseline.json",
    ] {
        let content = || fs::read(sandbox.work().join(name)).ok();
        let before = content();
        let write = sandbox.run(["check", "--baseline", name, "--write-baseline"]);
        assert!([2, 3].contains(&write.code), "{name}: {}", write.stdout);
        assert!(content() == before, "{name} was written");
        let follow = sandbox.run(["check", "--baseline", name]);
        assert_eq!(follow.code, 2, "{name}: {}", follow.stderr);
        assert!(
            follow.stderr.contains("cannot use the baseline"),
            "{}",
            follow.stderr
        );
    }
    assert_eq!(
        fs::read_dir(sandbox.work().join("../home"))
            .unwrap()
            .count(),
        0
    );
    for more in [
        &["healthy"][..],
        &["--staged"],
        &["--since", "HEAD"],
        &["--format", "json"],
    ] {
        let output = check(&sandbox, &[&["--write-baseline"], more].concat()).expect_code(2);
        assert!(
            output.stderr.contains("cannot be used with"),
            "{}",
            output.stderr
        );
    }
    let _ = sandbox.run(["check", "--write-baseline"]).expect_code(2);
}

#[test]
fn a_baseline_outside_of_the_repository_is_whose_it_is() {
    let sandbox = old_repository();
    let outside = [
        "check",
        "--identity",
        "key.txt",
        "--baseline",
        "../mine.json",
    ];
    let _ = sandbox
        .run(outside.iter().chain(&["--write-baseline"]))
        .expect_code(0);
    let _ = sandbox.run(outside).expect_code(0);
    assert!(sandbox.work().join("../mine.json").is_file());
}

#[test]
fn without_a_base_the_baseline_judges_alone() {
    let sandbox = Sandbox::with_example();
    let _ = check(&sandbox, &["--write-baseline"]).expect_code(0);
    let _ = check(&sandbox, &[]).expect_code(0);
    sandbox.git(["init", "--quiet", "--initial-branch=main"]);
    let report = check(&sandbox, &["--format", "json"]).json();
    let lacking = report["not-evaluated"].as_array().unwrap().iter();
    let lacking = lacking.filter(|one| one["rule"] == "policy-weakened" && one["path"] == FILE);
    assert_eq!(lacking.count(), 1);
}
