//! `audit` as a command: what it looks at, what it tells, and how it ends.

use std::fs;

use serde_json::Value;

use crate::sandbox::{Sandbox, testdata};

/// Has a rule that sops refuses.
const BROKEN: &str =
    "creation_rules:\n  - encrypted_regex: a\n    encrypted_suffix: b\n    age: ''\n";

/// A repository with a configuration that sops refuses in each of two folders.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    _ = sandbox.git(["init", "--quiet"]);
    for folder in ["one", "two"] {
        sandbox.write(format!("{folder}/.sops.yaml"), BROKEN);
        let secret = testdata("rules/malformed-config/quiet/plain/secrets/shop.yaml");
        sandbox.write(format!("{folder}/shop.yaml"), fs::read(secret).unwrap());
    }
    _ = sandbox.git(["add", "--all"]);
    _ = sandbox.git(["commit", "--quiet", "--message", "All"]);
    sandbox
}

fn audit(sandbox: &Sandbox, arguments: &[&str], code: i32) -> Value {
    let arguments = [&["audit", "--format", "json"], arguments].concat();
    sandbox.run(arguments).expect_code(code).json()
}

/// The files with a configuration that sops refuses.
fn broken(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap().iter();
    let of_rule = findings.filter(|found| found["rule"] == "malformed-config");
    of_rule
        .map(|found| found["path"].as_str().unwrap())
        .collect()
}

#[test]
fn all_is_looked_at_and_told_is_what_was_named() {
    let sandbox = repository();
    let report = audit(&sandbox, &[], 1);
    assert_eq!(broken(&report), ["one/.sops.yaml", "two/.sops.yaml"]);
    assert_eq!(report["command"], "audit");
    assert_eq!(report["files"].as_array().unwrap().len(), 2);
    assert_eq!(report["files"][0]["reason"], "not-asked");
    let report = audit(&sandbox, &["two"], 1);
    assert_eq!(broken(&report), ["two/.sops.yaml"]);
    assert_eq!(report["files"].as_array().unwrap().len(), 1);
    let report = audit(&sandbox, &["one/shop.yaml"], 0);
    assert_eq!(broken(&report), [""; 0]);
    let lost = sandbox.run(["audit", "three"]).expect_code(3);
    assert!(
        lost.stderr.contains("`three` does not exist"),
        "{}",
        lost.stderr
    );
}

#[test]
fn with_staged_it_is_the_index_that_counts() {
    let sandbox = repository();
    sandbox.write("one/.sops.yaml", "creation_rules: []\n");
    assert_eq!(broken(&audit(&sandbox, &[], 1)), ["two/.sops.yaml"]);
    let staged = audit(&sandbox, &["--staged"], 1);
    assert_eq!(broken(&staged), ["one/.sops.yaml", "two/.sops.yaml"]);
    _ = sandbox.git(["add", "--all"]);
    assert_eq!(
        broken(&audit(&sandbox, &["--staged"], 1)),
        ["two/.sops.yaml"]
    );
}

#[test]
fn a_configuration_behind_a_link_counts_and_of_one_outside_nothing_is_known() {
    let sandbox = repository();
    for (link, target) in [("three", "../one"), ("four", "../../elsewhere")] {
        let place = sandbox.work().join(link);
        fs::create_dir(&place).unwrap();
        let target = format!("{target}/.sops.yaml");
        std::os::unix::fs::symlink(target, place.join(".sops.yaml")).unwrap();
    }
    let elsewhere = sandbox.work().join("../elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join(".sops.yaml"), BROKEN).unwrap();
    let report = audit(&sandbox, &[], 1);
    let expected = [
        "four/.sops.yaml",
        "one/.sops.yaml",
        "three/.sops.yaml",
        "two/.sops.yaml",
    ];
    assert_eq!(broken(&report), expected);
    let outside = &report["findings"][0];
    assert_eq!(
        (outside["severity"].as_str(), outside["path"].as_str()),
        (Some("warning"), Some(expected[0]))
    );
}

#[test]
fn outside_of_a_repository_the_folder_is_audited() {
    let sandbox = repository();
    fs::remove_dir_all(sandbox.work().join(".git")).unwrap();
    assert_eq!(broken(&audit(&sandbox, &["two"], 1)), ["two/.sops.yaml"]);
    assert_eq!(broken(&audit(&sandbox, &[], 1)).len(), 2);
    let staged = sandbox.run(["audit", "--staged"]).expect_code(3);
    assert!(
        staged.stderr.contains("no git repository"),
        "{}",
        staged.stderr
    );
}

#[test]
fn people_read_what_was_found_and_how_much_was_looked_at() {
    let sandbox = repository();
    let told = sandbox.run(["audit"]).expect_code(1).stdout;
    assert!(
        told.contains("one/.sops.yaml:2:5: error[malformed-config]"),
        "{told}"
    );
    assert!(told.contains("\n2 files audited: 2 errors"), "{told}");
    assert!(!told.contains("not verified"), "{told}");
    let quiet = sandbox.run(["audit", "--quiet", "one/shop.yaml"]);
    assert_eq!(quiet.expect_code(0).stdout, "");
    let verbose = sandbox.run(["audit", "--verbose"]).expect_code(1).stdout;
    assert!(verbose.contains("compared with `HEAD`"), "{verbose}");
    let empty = Sandbox::new();
    let told = empty.run(["audit"]).expect_code(0).stdout;
    assert_eq!(told, "no sops files found: nothing found\n");
}

#[test]
fn the_same_is_told_whatever_the_number_of_threads() {
    let sandbox = repository();
    let told = |jobs| {
        sandbox
            .run(["audit", "-v", "--jobs", jobs])
            .expect_code(1)
            .stdout
    };
    assert_eq!(told("1"), told("8"));
}

#[test]
fn a_file_that_does_not_follow_its_rule_is_told_with_the_command_that_mends_it() {
    let sandbox = Sandbox::new();
    _ = sandbox.git(["init", "--quiet"]);
    for name in [".sops.yaml", "apps/shop.enc.yaml", "apps/wiki.enc.yaml"] {
        let from = testdata(&format!("rules/recipient-drift/fires/left/{name}"));
        sandbox.write(name, fs::read(from).unwrap());
    }
    let report = audit(&sandbox, &[], 0);
    let findings = report["findings"].as_array().unwrap();
    let drifted = findings
        .iter()
        .find(|found| found["rule"] == "recipient-drift");
    let drifted = drifted.unwrap();
    assert_eq!(drifted["path"], "apps/shop.enc.yaml");
    assert_eq!(drifted["severity"], "warning");
    let told = sandbox.run(["audit"]).expect_code(0).stdout;
    assert!(
        told.contains("\n          sopsguard updatekeys apps/shop.enc.yaml\n"),
        "{told}"
    );
}

#[test]
fn a_configuration_that_is_not_followed_is_told_and_counts_for_its_folder() {
    let good = "creation_rules:\n  - path_regex: none\n";
    let large = format!("#{}\n{good}", "x".repeat(17 << 20));
    for (text, level) in [
        (large.as_bytes(), "warning"),
        (b"creation_rules: # \xff\n  - path_regex: none\n", "error"),
    ] {
        let sandbox = repository();
        sandbox.write(".sops.yaml", good);
        fs::write(sandbox.work().join("one/.sops.yaml"), text).unwrap();
        let report = audit(&sandbox, &["one"], i32::from(level == "error"));
        assert_eq!(broken(&report), ["one/.sops.yaml"]);
        let rules = report["findings"].as_array().unwrap().iter();
        let told: Vec<&str> = rules.map(|found| found["rule"].as_str().unwrap()).collect();
        assert!(
            !told.contains(&"no-creation-rule"),
            "the one above does not count: {told:?}"
        );
        assert_eq!(report["findings"][0]["severity"], level);
    }
}

/// A branch that brings a file with a recipient nobody listed, and a policy that ignores that.
fn branch_that_excuses_itself() -> Sandbox {
    let sandbox = Sandbox::new();
    _ = sandbox.git(["init", "--quiet", "--initial-branch=main"]);
    let of_story = |name: &str| fs::read(testdata(STRANGER).join(name)).unwrap();
    let policy = String::from_utf8(of_story(".sopsguard.toml")).unwrap();
    sandbox.write(".sopsguard.toml", &policy);
    sandbox.write("one/.sops.yaml", BROKEN);
    _ = sandbox.git(["add", "--all"]);
    _ = sandbox.git(["commit", "--quiet", "--message", "Base"]);
    _ = sandbox.git(["checkout", "--quiet", "-b", "topic"]);
    let excuse = "[[ignore]]\nrule = 'untrusted-recipient'\npath = 'db.enc.yaml'\nreason = 'x'\n";
    sandbox.write(".sopsguard.toml", format!("{policy}\n{excuse}"));
    sandbox.write("db.enc.yaml", of_story("db.enc.yaml"));
    _ = sandbox.git(["add", "--all"]);
    _ = sandbox.git(["commit", "--quiet", "--message", "Change"]);
    sandbox
}

const STRANGER: &str = "rules/untrusted-recipient/fires/stranger";

fn rules(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|found| found["rule"].as_str().unwrap())
        .collect()
}

#[test]
fn with_since_the_policy_of_the_merge_base_judges_and_all_files_are_audited() {
    let sandbox = branch_that_excuses_itself();
    let alone = audit(&sandbox, &["--require-base"], 1);
    assert_eq!(rules(&alone), ["malformed-config"]);
    let since = ["--require-base", "--since", "main"];
    let branch = audit(&sandbox, &since, 1);
    let expected = ["policy-weakened", "untrusted-recipient", "malformed-config"];
    assert_eq!(rules(&branch), expected);
    let weakened = &branch["findings"][0];
    assert_eq!(
        weakened["commands"][0],
        "sopsguard audit --config .sopsguard.toml"
    );
    assert_eq!(branch["base"]["commits"][0]["revision"], "main");

    // What is audited is the work tree, and not what the branch has.
    sandbox.write("one/.sops.yaml", "creation_rules: []\n");
    fs::remove_file(sandbox.work().join("db.enc.yaml")).unwrap();
    assert_eq!(rules(&audit(&sandbox, &since, 1)), ["policy-weakened"]);
    let staged = [&since[..], &["--staged"]].concat();
    assert_eq!(rules(&audit(&sandbox, &staged, 1)), expected);
    let trusted = [&since[..], &["--config", ".sopsguard.toml"]].concat();
    assert_eq!(rules(&audit(&sandbox, &trusted, 0)), [""; 0]);
    let nowhere = sandbox.command(["audit", "--since", "elsewhere"]);
    assert!(
        nowhere
            .with_git()
            .run()
            .expect_code(2)
            .stderr
            .contains("elsewhere")
    );
}

#[test]
fn a_number_beside_history_is_told_where_it_belongs() {
    let sandbox = repository();
    for command in ["audit", "check"] {
        let told = sandbox.run([command, "--history", "5"]).expect_code(2);
        assert!(told.stderr.contains("`--history=5`"), "{}", told.stderr);
        let told = sandbox.run([command, "--history=0"]).expect_code(2);
        assert!(told.stderr.contains("is left out"), "{}", told.stderr);
    }
    let told = sandbox.run(["audit", "5"]).expect_code(3).stderr;
    assert!(!told.contains("--history"), "{told}");
}

#[test]
fn a_baseline_that_is_not_there_is_made_by_the_same_command() {
    let sandbox = repository();
    let told = sandbox.run(["audit", "--baseline", "nope.json"]);
    let told = told.expect_code(2).stderr;
    let command = "sopsguard audit --baseline nope.json --write-baseline";
    assert!(told.contains(command), "{told}");
}

/// A repository in which many files follow one rule with one key, which has a name.
fn day_one() -> Sandbox {
    let sandbox = Sandbox::new();
    _ = sandbox.git(["init", "--quiet"]);
    let secret = fs::read(testdata("rules/single-recipient/fires/alone/db.enc.yaml")).unwrap();
    let key = "age1xvuserz38f3qu7lr7z6ya42dxucuxg33wcks9683gf2xs4vygg8q83nu38";
    sandbox.write(
        ".sops.yaml",
        format!("keys:\n  - &ada {key}\ncreation_rules:\n  - path_regex: ^apps/\n    age: *ada\n"),
    );
    for number in 0..5 {
        sandbox.write(format!("apps/{number}/db.enc.yaml"), &secret);
    }
    sandbox.write("elsewhere/db.enc.yaml", &secret);
    _ = sandbox.git(["add", "--all"]);
    _ = sandbox.git(["commit", "--quiet", "--message", "All"]);
    sandbox
}

/// Where a rule finds something, and what.
fn told_by(report: &Value, rule: &str) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let of_rule = findings.filter(|found| found["rule"] == rule);
    of_rule
        .map(|found| {
            let text = |key: &str| found[key].as_str().unwrap();
            format!("{}: {}", text("path"), text("message"))
        })
        .collect()
}

#[test]
fn what_many_files_lack_by_one_rule_is_told_once_at_the_rule() {
    let sandbox = day_one();
    let alone =
        "`age1xvuserz38f3qu7lr7z6ya42dxucuxg33wcks9683gf2xs4vygg8q83nu38` (ada) alone can decrypt";
    let at_the_rule = |files: &str| format!(".sops.yaml: {alone} {files}");
    let elsewhere = format!("elsewhere/db.enc.yaml: {alone} the file");
    let five = at_the_rule(
        "5 files that follow this rule: `apps/0/db.enc.yaml`, `apps/1/db.enc.yaml`, `apps/2/db.enc.yaml` and 2 more",
    );
    let told = |arguments: &[&str]| told_by(&audit(&sandbox, arguments, 0), "single-recipient");
    assert_eq!(told(&[]), [five, elsewhere.clone()]);
    // What is told of is never told at a file that is not.
    let named = told(&["apps/1", "apps/2"]);
    assert_eq!(named.len(), 2, "{named:?}");
    assert!(named[0].starts_with("apps/1/db.enc.yaml: "), "{named:?}");
    // A file that is ignored is not counted.
    let ignored =
        "[[ignore]]\nrule = 'single-recipient'\npath = 'apps/[0-2]/**'\nreason = 'a sandbox'\n";
    sandbox.write(".sopsguard.toml", ignored);
    let two =
        at_the_rule("2 files that follow this rule: `apps/3/db.enc.yaml` and `apps/4/db.enc.yaml`");
    _ = sandbox.git(["add", "--all"]);
    _ = sandbox.git(["commit", "--quiet", "--message", "Ignore"]);
    let report = audit(&sandbox, &[], 0);
    assert_eq!(told_by(&report, "single-recipient"), [two, elsewhere]);
}

#[test]
fn keys_are_told_by_name_and_the_nearest_configuration_names_them() {
    let sandbox = Sandbox::new();
    _ = sandbox.git(["init", "--quiet"]);
    let config = fs::read(testdata("rules/recipient-drift/fires/left/.sops.yaml")).unwrap();
    let config = String::from_utf8(config).unwrap();
    let key = "age1lf7n9f4k54ywhnj67v79z5dgl2fsqtalc70v4p5jcz9ucepa43gqljkj8r";
    sandbox.write(
        ".sops.yaml",
        format!("keys:\n  - &uppermost {key}\n{config}"),
    );
    let ada = "age1xvuserz38f3qu7lr7z6ya42dxucuxg33wcks9683gf2xs4vygg8q83nu38";
    let near = format!(
        "creation_rules:\n  - encrypted_regex: ^(data|stringData)$\n    key_groups:\n      - age:\n          - {ada}\n          - {key} # Carol (blue)\n"
    );
    sandbox.write("apps/.sops.yaml", near);
    for name in ["apps/shop.enc.yaml", "apps/wiki.enc.yaml"] {
        let secret = testdata(&format!("rules/recipient-drift/fires/left/{name}"));
        sandbox.write(name, fs::read(secret).unwrap());
    }
    _ = sandbox.git(["add", "--all"]);
    let told = told_by(&audit(&sandbox, &[], 0), "recipient-drift");
    assert!(
        told[0].contains(&format!("`{key}` (\"Carol (blue)\")")),
        "{told:?}"
    );
    for arguments in [&["recipients"][..], &["explain", "apps/wiki.enc.yaml"]] {
        let told = sandbox.run(arguments).stdout;
        assert!(told.contains("Carol (blue)"), "{told}");
        assert!(!told.contains("uppermost"), "{told}");
    }
}
