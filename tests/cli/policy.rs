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

/// The name of the policy file.
const POLICY: &str = ".sopsguard.toml";

/// A file of the example that somebody edits as text.
const EDITED: &str = "healthy/apps/shop/database.enc.yaml";

/// The healthy files of the example, committed together with a policy.
fn committed(policy: Option<&str>) -> Sandbox {
    let sandbox = Sandbox::with_repository();
    fs::remove_dir_all(sandbox.work().join("damaged")).unwrap();
    sandbox.write(".gitignore", "key.txt\n");
    if let Some(policy) = policy {
        sandbox.write(POLICY, policy);
    }
    commit(&sandbox);
    sandbox
}

fn commit(sandbox: &Sandbox) {
    sandbox.git(["add", "--all"]);
    sandbox.git(["commit", "--quiet", "--message", "a test"]);
}

fn edit_as_text(sandbox: &Sandbox) {
    let text = String::from_utf8(sandbox.read(EDITED)).unwrap();
    sandbox.write(EDITED, text.replace("production", "staging"));
}

/// The findings that a check tells, as `RULE LEVEL PATH:LINE`, and its exit code.
fn told(sandbox: &Sandbox, more: &[&str]) -> (i32, Vec<String>) {
    let arguments = ["--format", "json"].iter().chain(more).copied();
    let output = check(sandbox, &arguments.collect::<Vec<_>>());
    let report = output.json();
    let findings = report["findings"].as_array().unwrap().iter();
    let told = findings.map(|found| {
        let word = |key: &str| found[key].as_str().unwrap().to_owned();
        let line = &found["start"]["line"];
        let place = format!("{}:{line}", word("path"));
        format!("{} {} {place}", word("rule"), word("severity"))
    });
    (output.code, told.collect())
}

/// What is told of the policy.
fn of_policy(sandbox: &Sandbox, more: &[&str]) -> Vec<String> {
    let mut told = told(sandbox, more).1;
    told.retain(|found| found.starts_with("policy-weakened "));
    told
}

fn tells(told: &[String], rule: &str) -> bool {
    told.iter()
        .any(|found| found.starts_with(&format!("{rule} error ")))
}

const OFF: &str = "[rules]\nmac-mismatch = \"off\"\nedited-outside-sops = \"off\"\n";

#[test]
fn a_policy_weakened_in_the_same_change_hides_nothing() {
    for policy in [
        OFF,
        "exclude = [\"healthy\"]\n",
        "[[ignore]]\nrule = \"mac-mismatch\"\npath = \"**\"\nreason = \"x\"\n\
         [[ignore]]\nrule = \"edited-outside-sops\"\npath = \"**\"\nreason = \"x\"\n",
    ] {
        for base in [None, Some("# nothing yet\n")] {
            let sandbox = committed(base);
            edit_as_text(&sandbox);
            sandbox.write(POLICY, policy);
            sandbox.git(["add", "--all"]);
            for more in [
                &[][..],
                &["--staged"],
                &[EDITED],
                &["-C", ".", "healthy/apps"],
            ] {
                let (code, found) = told(&sandbox, more);
                assert_eq!(code, 1, "{policy} {more:?}");
                assert!(
                    tells(&found, "mac-mismatch"),
                    "{policy} {more:?}: {found:?}"
                );
                assert!(
                    tells(&found, "policy-weakened"),
                    "{policy} {more:?}: {found:?}"
                );
            }
            // The file alone is in order.
            sandbox.git(["checkout", "--quiet", "HEAD", "--", EDITED]);
            let (code, found) = told(&sandbox, &[]);
            assert_eq!(code, 1);
            assert_eq!(found, of_policy(&sandbox, &[]));
            assert!(!found.is_empty());
        }
    }
}

#[test]
fn what_is_looser_is_told_with_its_place_and_with_who_has_the_last_word() {
    let sandbox = committed(None);
    sandbox.write(POLICY, "exclude = [\"healthy/infra\"]\n");
    let output = check(&sandbox, &[]).expect_code(1);
    insta::assert_snapshot!(output.stdout, @r"
    .sopsguard.toml:1:12: error[policy-weakened] at exclude

      × the policy is looser than at `HEAD`: `healthy/infra` is left out
      ╰─▶ until the base has it, the policy of `HEAD` judges where it is stricter
      help: have it reviewed as a change of its own; to be judged by it all the same, name it
              sopsguard check --config .sopsguard.toml

    4 files: 4 verified, 1 error
    more about a rule: `sopsguard rules policy-weakened`
    ");
    edit_as_text(&sandbox);
    sandbox.write(POLICY, OFF);
    let more = ["--config", POLICY];
    let (code, found) = told(&sandbox, &more);
    assert_eq!((code, found), (0, Vec::new()), "the user has the last word");
    commit(&sandbox);
    let (code, found) = told(&sandbox, &[]);
    assert_eq!((code, found), (0, Vec::new()), "the base has it now");
}

#[test]
fn a_stricter_policy_counts_at_once_and_is_no_finding() {
    let sandbox = committed(Some(OFF));
    edit_as_text(&sandbox);
    assert!(told(&sandbox, &[]).1.is_empty());
    sandbox.write(
        POLICY,
        "secret-files = [\"**/*.enc.*\", \"**/*.sops.*\", \"**/*.txt\"]\n",
    );
    sandbox.write("healthy/clear.txt", "password=hunter\n");
    let (code, found) = told(&sandbox, &[]);
    assert_eq!(code, 1);
    assert!(tells(&found, "mac-mismatch"), "{found:?}");
    assert!(tells(&found, "not-encrypted"), "{found:?}");
    assert!(!tells(&found, "policy-weakened"), "{found:?}");
    fs::remove_file(sandbox.work().join(POLICY)).unwrap();
    assert!(
        tells(&told(&sandbox, &[]).1, "mac-mismatch"),
        "the defaults are stricter"
    );
    assert!(of_policy(&sandbox, &[]).is_empty());
}

#[test]
fn a_deleted_policy_judges_until_that_is_committed() {
    let sandbox = committed(Some("secret-files = [\"secrets/**\"]\n"));
    sandbox.write("secrets/db.yaml", "password: hunter\n");
    let lost = ["policy-weakened error .sopsguard.toml:null"];
    for how in ["work tree", "index"] {
        if how == "work tree" {
            fs::remove_file(sandbox.work().join(POLICY)).unwrap();
        } else {
            sandbox.git(["checkout", "--quiet", "HEAD", "--", POLICY]);
            // The work tree keeps it, and the next commit does not have it.
            sandbox.git(["rm", "--quiet", "--cached", POLICY]);
            sandbox.git(["add", "secrets"]);
        }
        let more: &[&str] = if how == "index" { &["--staged"] } else { &[] };
        let (_, found) = told(&sandbox, more);
        assert!(tells(&found, "not-encrypted"), "{how}: {found:?}");
        assert_eq!(of_policy(&sandbox, more), lost, "{how}");
    }
    sandbox.git(["commit", "--quiet", "--message", "without it"]);
    fs::remove_file(sandbox.work().join(POLICY)).unwrap();
    assert!(told(&sandbox, &[]).1.is_empty());
}

#[test]
fn what_stands_in_the_place_of_the_policy_is_no_way_around_it() {
    let sandbox = committed(Some("# nothing yet\n"));
    edit_as_text(&sandbox);
    let place = sandbox.work().join(POLICY);
    sandbox.write("healthy/other.toml", OFF);
    fs::remove_file(&place).unwrap();
    symlink("healthy/other.toml", &place).unwrap();
    sandbox.git(["add", "--all"]);
    for more in [&[][..], &["--staged"]] {
        let (_, found) = told(&sandbox, more);
        assert!(tells(&found, "mac-mismatch"), "{more:?} {found:?}");
        assert_eq!(of_policy(&sandbox, more).len(), 2, "{more:?}");
    }
    fs::remove_file(&place).unwrap();
    sandbox.write(".sopsguard.toml/x", OFF);
    sandbox.git(["add", "--all"]);
    let output = check(&sandbox, &[]).expect_code(2);
    assert!(output.stderr.contains("is not a file"), "{}", output.stderr);
    let (_, found) = told(&sandbox, &["--staged"]);
    assert!(tells(&found, "mac-mismatch"), "{found:?}");
}

#[test]
fn a_policy_behind_a_link_is_compared_as_well() {
    let sandbox = committed(None);
    sandbox.write("settings/guard.toml", "# nothing yet\n");
    symlink("settings/guard.toml", sandbox.work().join(POLICY)).unwrap();
    commit(&sandbox);
    let output = check(&sandbox, &[]).expect_code(0);
    assert_eq!(output.stderr, "");
    sandbox.write("settings/guard.toml", OFF);
    edit_as_text(&sandbox);
    assert_eq!(of_policy(&sandbox, &[]).len(), 2);
    assert!(tells(&told(&sandbox, &[]).1, "mac-mismatch"));
}

#[test]
fn line_ends_and_spelling_make_no_policy_looser() {
    let policy = "# why\nexclude = [\"old\", \"tmp\"]\n[rules]\nplaintext-comment = \"off\"\n";
    let sandbox = committed(Some(policy));
    for same in [
        policy.replace('\n', "\r\n"),
        format!("\u{feff}{policy}"),
        "rules.plaintext-comment = 'off'\nexclude = ['./tmp/', 'old']".to_owned(),
    ] {
        sandbox.write(POLICY, same);
        assert_eq!(told(&sandbox, &[]), (0, Vec::new()));
    }
}

#[test]
fn a_policy_that_git_does_not_have_is_judged_like_any_new_one() {
    let sandbox = committed(None);
    sandbox.write(".gitignore", "key.txt\n.sopsguard.toml\n");
    commit(&sandbox);
    edit_as_text(&sandbox);
    sandbox.git(["add", "--all"]);
    sandbox.write(POLICY, OFF);
    for more in [&[][..], &["--staged"]] {
        assert!(tells(&told(&sandbox, more).1, "mac-mismatch"), "{more:?}");
        assert_eq!(of_policy(&sandbox, more).len(), 2, "{more:?}");
    }
}

#[test]
fn in_a_merge_what_one_of_the_parents_has_is_not_new() {
    let sandbox = committed(None);
    sandbox.git(["checkout", "--quiet", "-b", "topic"]);
    sandbox.write(POLICY, OFF);
    commit(&sandbox);
    sandbox.git(["checkout", "--quiet", "main"]);
    sandbox.write("healthy/note.txt", "a note\n");
    commit(&sandbox);
    sandbox.git(["merge", "--quiet", "--no-commit", "--no-ff", "topic"]);
    for more in [&[][..], &["--staged"]] {
        assert_eq!(told(&sandbox, more), (0, Vec::new()), "{more:?}");
    }
    sandbox.write(POLICY, format!("exclude = [\"healthy/apps\"]\n{OFF}"));
    sandbox.git(["add", "--all"]);
    let new = ["policy-weakened error .sopsguard.toml:1"];
    assert_eq!(of_policy(&sandbox, &["--staged"]), new);
}

#[test]
fn a_base_whose_policy_is_not_understood_leaves_the_present_one_alone_and_says_so() {
    let sandbox = committed(Some("colour = \"red\"\n"));
    sandbox.write(POLICY, OFF);
    let output = check(&sandbox, &["--format", "json"]).expect_code(0);
    let report = output.json();
    let notices = report["notices"].to_string();
    assert!(
        notices.contains("line 1, column 1: there is no key `colour` here"),
        "{notices}"
    );
    let lacking = &report["not-evaluated"][0];
    assert_eq!(lacking["rule"], "policy-weakened");
    assert_eq!(lacking["reason"], "unreadable-base-policy");
}

#[test]
fn without_a_base_the_present_policy_judges_alone() {
    let sandbox = Sandbox::with_repository();
    sandbox.write(POLICY, "exclude = [\"damaged\", \"key.txt\"]\n");
    let report = check(&sandbox, &["--format", "json"]).expect_code(0).json();
    let lacking = report["not-evaluated"].as_array().unwrap();
    let is_meant = |skipped: &&serde_json::Value| skipped["rule"] == "policy-weakened";
    let lacking = lacking.iter().find(is_meant).unwrap();
    assert_eq!(lacking["reason"], "no-commits");
    assert_eq!(lacking["path"], POLICY);
}

#[test]
fn no_policy_silences_the_rule_about_policies() {
    let sandbox = committed(None);
    for policy in [
        "[rules]\npolicy-weakened = \"off\"\n",
        "[rules]\npolicy-weakened = \"note\"\n",
        "[[ignore]]\nrule = \"policy-weakened\"\npath = \"**\"\nreason = \"x\"\n",
    ] {
        sandbox.write(POLICY, policy);
        let output = check(&sandbox, &[]).expect_code(2);
        let said = "`policy-weakened` cannot be switched off, lowered or ignored";
        assert!(output.stderr.contains(said), "{}", output.stderr);
    }
    sandbox.write(
        POLICY,
        "exclude = [\".sopsguard.toml\", \"healthy/infra\"]\n",
    );
    assert_eq!(of_policy(&sandbox, &[]).len(), 2);
}

#[test]
fn a_pull_request_is_judged_by_the_policy_of_its_merge_base() {
    let sandbox = committed(Some("# nothing yet\n"));
    sandbox.git(["checkout", "--quiet", "-b", "topic"]);
    edit_as_text(&sandbox);
    sandbox.write(POLICY, OFF);
    commit(&sandbox);
    // What only the work tree has is not what is asked for.
    sandbox.write(POLICY, "# as before\n");
    let (code, found) = told(&sandbox, &["--since", "main"]);
    assert_eq!(code, 1);
    assert!(tells(&found, "edited-outside-sops"), "{found:?}");
    let lines = [3, 2].map(|line| format!("policy-weakened error .sopsguard.toml:{line}"));
    let mut of_policy = of_policy(&sandbox, &["--since", "main"]);
    of_policy.sort_by(|one, other| other.cmp(one));
    assert_eq!(of_policy, lines);
    sandbox.git(["checkout", "--quiet", "HEAD", "--", POLICY]);
    let arguments = ["--since", "main", "--config", POLICY];
    assert_eq!(
        told(&sandbox, &arguments),
        (0, Vec::new()),
        "who runs it says so"
    );
    // Somebody merged it all the same.
    sandbox.git(["checkout", "--quiet", "main"]);
    sandbox.git(["merge", "--quiet", "--ff-only", "topic"]);
    sandbox.git(["checkout", "--quiet", "topic"]);
    assert_eq!(told(&sandbox, &["--since", "main"]), (0, Vec::new()));
    sandbox.git(["rm", "--quiet", POLICY]);
    commit(&sandbox);
    let found = told(&sandbox, &["--since", "main~"]).1;
    assert!(
        tells(&found, "edited-outside-sops"),
        "deleted, and stricter: {found:?}"
    );
    assert!(!tells(&found, "policy-weakened"), "{found:?}");
}

#[test]
fn nothing_of_a_policy_reaches_the_terminal_raw() {
    let sandbox = committed(None);
    let long = "x".repeat(5_000);
    sandbox.write(
        POLICY,
        format!("exclude = [\"\\u001b(31m\\n::error::\\u202e\", \"a`b\", \"{long}\"]\n"),
    );
    for format in ["human", "json"] {
        let output = check(&sandbox, &["--format", format]).expect_code(1);
        assert!(
            !output.stdout.contains(['\u{1b}', '\u{202e}']),
            "{}",
            output.stdout
        );
        assert!(!output.stdout.lines().any(|line| line.starts_with("::")));
        assert!(output.stdout.len() < 10_000, "{}", output.stdout.len());
    }
}
