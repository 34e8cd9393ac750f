//! `.sopsguard.toml`: where it is looked for, and what it changes.

use std::fs;
use std::os::unix::fs::symlink;

use crate::sandbox::{Output, Sandbox};

fn check(sandbox: &Sandbox, more: &[&str]) -> Output {
    let arguments = ["check", "--identity", "key.txt"];
    sandbox.run(arguments.iter().chain(more))
}

#[test]
fn levels_and_exceptions_change_the_exit_code_and_are_counted() {
    let sandbox = Sandbox::with_example();
    sandbox.write(
        ".sopsguard.toml",
        "[rules]\nmac-mismatch = \"warning\"\nconflict-marker = \"off\"\n\n\
         [[ignore]]\nrule = \"undecryptable-value\"\npath = \"**/wiki/*\"\nreason = \"a test\"\n\n\
         [[ignore]]\nrule = \"plaintext-value\"\npath = \"damaged/infra\"\nreason = \"a test\"\n",
    );
    let report = check(&sandbox, &["damaged", "--format", "json"])
        .expect_code(0)
        .json();
    let found = &report["findings"];
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found[0]["rule"], "mac-mismatch");
    assert_eq!(found[0]["severity"], "warning");
    assert_eq!(report["summary"]["suppressed"], 4);
    assert_eq!(
        report["summary"]["failed"], 4,
        "what sops does stays as it is"
    );
}

#[test]
fn what_is_excluded_is_not_looked_at_even_where_it_is_named() {
    let sandbox = Sandbox::with_example();
    sandbox.write(".sopsguard.toml", "exclude = [\"damaged\", \"key.txt\"]\n");
    assert_eq!(
        check(&sandbox, &[]).expect_code(0).stdout,
        "4 files: 4 verified\n"
    );
    let file = "damaged/infra/registry.enc.yaml";
    let output = check(&sandbox, &["healthy", file]).expect_code(0);
    assert_eq!(output.stdout, "4 files: 4 verified\n");
    let notice = format!(
        "note: `{file}` is left out by `exclude` in the policy, so nothing was checked for it\n"
    );
    assert_eq!(output.stderr, notice);
    let output = check(&sandbox, &["damaged"]).expect_code(0);
    let notice = "note: `damaged` is left out by `exclude` in the policy";
    assert!(output.stderr.starts_with(notice), "{}", output.stderr);
}

#[test]
fn names_that_should_be_encrypted_can_be_set() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "key.txt",
        fs::read(crate::sandbox::testdata("example/key.txt")).unwrap(),
    );
    sandbox.write("secrets/db.yaml", "a: b\n");
    sandbox.write("other.enc.yaml", "a: b\n");
    let listed = |sandbox: &Sandbox| {
        let report = check(sandbox, &["--format", "json"]).json();
        report["files"][0]["path"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(listed(&sandbox), "other.enc.yaml");
    sandbox.write(".sopsguard.toml", "secret-files = [\"secrets/*.yaml\"]\n");
    assert_eq!(listed(&sandbox), "secrets/db.yaml");
}

#[test]
fn a_mistake_in_the_policy_is_told_with_its_place() {
    let sandbox = Sandbox::with_example();
    sandbox.write("healthy/x.toml", "# mine\nexcludes = [\"damaged\"]\n");
    let output = check(&sandbox, &["--config", "healthy/x.toml"]).expect_code(2);
    insta::assert_snapshot!(output.stderr, @r"
    error: the policy is wrong: `healthy/x.toml:2:1`: there is no key `excludes` here
      help: did you mean `exclude`?
    ");
    assert!(output.stdout.is_empty());
    for (name, text) in [
        ("a", &b"rules = \"\x1b[31m\""[..]),
        ("b", b"exclude = [\"\xff\"]"),
        ("c", b"[rules]\n\"mac-mismatch\\u001b\" = 1"),
    ] {
        sandbox.write(name, text);
        let output = check(&sandbox, &["--config", name]).expect_code(2);
        assert!(!output.stderr.contains('\u{1b}'), "{}", output.stderr);
    }
    let _ = check(&sandbox, &["--config", "nowhere.toml"]).expect_code(2);
}

#[test]
fn the_policy_lies_at_the_root_of_the_repository_and_so_do_its_patterns() {
    let sandbox = Sandbox::with_repository();
    sandbox.write(".sopsguard.toml", "exclude = [\"damaged/apps\"]\n");
    sandbox.write("damaged/.sopsguard.toml", "exclude = [\"infra\"]\n");
    let arguments = ["check", "--format", "json", "-C", "damaged", "."];
    let report = sandbox.run(arguments).json();
    assert_eq!(report["summary"]["files"], 3, "{report}");
    let more = ["--config", ".sopsguard.toml"];
    let report = sandbox.run(arguments.iter().chain(&more)).json();
    assert_eq!(
        report["summary"]["files"], 5,
        "`infra` is no folder of the root: {report}"
    );
}

#[test]
fn the_next_commit_is_judged_by_the_policy_that_it_holds() {
    let sandbox = Sandbox::with_repository();
    sandbox.write(".sopsguard.toml", "exclude = [\"damaged\", \"key.txt\"]\n");
    sandbox.git(["add", "damaged"]);
    let _ = check(&sandbox, &["--staged"]).expect_code(0);
    sandbox.git(["add", ".sopsguard.toml"]);
    sandbox.write(".sopsguard.toml", "");
    let _ = check(&sandbox, &["--staged"]).expect_code(0);
    sandbox.git(["add", ".sopsguard.toml"]);
    sandbox.write(".sopsguard.toml", "exclude = [\"damaged\", \"key.txt\"]\n");
    let _ = check(&sandbox, &["--staged"]).expect_code(1);
    let notice = check(
        &sandbox,
        &[
            "--staged",
            "--config",
            ".sopsguard.toml",
            "damaged/infra/accounts.enc.yaml",
        ],
    );
    assert!(
        notice
            .expect_code(0)
            .stderr
            .contains("left out by `exclude`")
    );
}

#[test]
fn a_policy_is_never_a_file_from_outside_the_repository() {
    let sandbox = Sandbox::with_example();
    sandbox.write("../outside.toml", "");
    symlink("../outside.toml", sandbox.work().join(".sopsguard.toml")).unwrap();
    let output = check(&sandbox, &["healthy"]).expect_code(2);
    assert!(output.stderr.contains("leads out"), "{}", output.stderr);
    sandbox.write("inside.toml", "");
    fs::remove_file(sandbox.work().join(".sopsguard.toml")).unwrap();
    symlink("inside.toml", sandbox.work().join(".sopsguard.toml")).unwrap();
    let _ = check(&sandbox, &["healthy"]).expect_code(0);
}
