//! The commands that `audit` prints: they name the files, and the `.sops.yaml` of each, and are left out where
//! they would do harm.

use std::fs;

use serde_json::Value;

use crate::sandbox::{Sandbox, testdata};

const ALICE: &str = "age1xvuserz38f3qu7lr7z6ya42dxucuxg33wcks9683gf2xs4vygg8q83nu38";
const BOB: &str = "age1ge2dkqxku6gcfxf2k0672wsfd4gavrtqu8w5gww0ydp0n9vhhgyqdm0vwm";
const CAROL: &str = "age1lf7n9f4k54ywhnj67v79z5dgl2fsqtalc70v4p5jcz9ucepa43gqljkj8r";

/// A repository with a file from the fixtures of rules as `apps/db.enc.yaml`, the rules of `apps/.sops.yaml`,
/// and other rules in the folder above.
fn repository(story: &str, rules: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    _ = sandbox.git(["init", "--quiet"]);
    let file = fs::read(testdata(&format!("rules/{story}"))).unwrap();
    sandbox.write("apps/db.enc.yaml", file);
    sandbox.write("apps/.sops.yaml", format!("creation_rules:\n{rules}"));
    sandbox.write(
        ".sops.yaml",
        format!("creation_rules:\n  - age: {BOB},{CAROL}\n"),
    );
    sandbox
}

const ALONE: &str = "single-recipient/fires/alone/db.enc.yaml";
const UPDATE: &str = "sopsguard updatekeys apps/db.enc.yaml";
const ROTATE: &str = "sopsguard rotate apps/db.enc.yaml";

/// What a rule finds, at the path, as it is in the report.
fn found(sandbox: &Sandbox, rule: &str, path: &str) -> Option<Value> {
    let report = sandbox.run(["audit", "--format", "json"]).json();
    let mut findings = report["findings"].as_array().unwrap().iter();
    findings
        .find(|found| found["rule"] == rule && found["path"] == path)
        .cloned()
}

fn help(sandbox: &Sandbox, rule: &str) -> (String, Vec<String>) {
    let found = found(sandbox, rule, "apps/db.enc.yaml");
    let found = found.unwrap_or_else(|| panic!("{rule} is silent"));
    let commands = found["commands"].as_array().unwrap().iter();
    let commands = commands.map(|command| command.as_str().unwrap().to_owned());
    let text = found["help"].as_str().unwrap().to_owned();
    (text, commands.collect())
}

#[test]
fn a_key_of_a_service_is_left_to_sops_and_its_configuration_is_named() {
    let arn = "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-000000000000";
    let sandbox = repository(ALONE, &format!("  - kms: {arn}\n    age: {ALICE}\n"));
    let (_, commands) = help(&sandbox, "recipient-drift");
    let by_sops = "sops --config apps/.sops.yaml updatekeys apps/db.enc.yaml";
    assert_eq!(commands, [by_sops]);
    let page = sandbox.run(["explain", "apps/db.enc.yaml"]);
    assert!(page.stdout.contains(by_sops), "{}", page.stdout);
}

#[test]
fn every_rule_about_recipients_names_the_configuration_of_the_file() {
    let sandbox = repository(ALONE, &format!("  - age: {ALICE}\n"));
    sandbox.write(
        ".sopsguard.toml",
        format!("[[recipient]]\nname = \"vault\"\nrole = \"escrow\"\nkey = \"{CAROL}\"\n"),
    );
    let add = format!(
        "sopsguard escrow add-recipient {CAROL} --name vault --role escrow apps/db.enc.yaml"
    );
    for (rule, expected) in [
        ("single-recipient", &[UPDATE][..]),
        ("missing-escrow", &[add.as_str()]),
        ("untrusted-recipient", &[UPDATE, ROTATE]),
    ] {
        let (text, commands) = help(&sandbox, rule);
        assert_eq!(commands, expected, "{rule}");
        assert!(text.contains("`apps/.sops.yaml`"), "{rule}: {text}");
    }
    sandbox.write(
        ".sopsguard.toml",
        format!("[[recipient]]\nname = \"ci\"\npaths = [\"ci/**\"]\nkey = \"{ALICE}\"\n"),
    );
    let (text, commands) = help(&sandbox, "recipient-out-of-path");
    assert_eq!(commands, [UPDATE, ROTATE]);
    assert!(text.contains("`apps/.sops.yaml`"), "{text}");
}

#[test]
fn who_is_alone_in_the_rule_is_replaced_there_before_the_file_is_rotated() {
    let sandbox = repository(ALONE, &format!("  - age: {ALICE}\n"));
    sandbox.write(
        ".sopsguard.toml",
        format!("[[recipient]]\nname = \"bob\"\nkey = \"{BOB}\"\n"),
    );
    let text = || help(&sandbox, "untrusted-recipient").0;
    assert!(text().contains("put another key into its place"));
    sandbox.write(
        "apps/.sops.yaml",
        format!("creation_rules:\n  - age: {ALICE},{BOB}\n"),
    );
    assert!(text().contains("take it out of the creation rule in `apps/.sops.yaml`"));
    // A file without a rule: sops refuses to take out the only key of a group.
    sandbox.write("apps/.sops.yaml", "creation_rules: []\n");
    let (text, commands) = help(&sandbox, "untrusted-recipient");
    assert!(
        text.contains("give the file a creation rule in `apps/.sops.yaml`"),
        "{text}"
    );
    assert_eq!(commands, [UPDATE, ROTATE]);
}

#[test]
fn a_rule_that_names_enough_keys_gets_no_more_of_them() {
    let sandbox = repository(ALONE, &format!("  - age: {ALICE},{BOB}\n"));
    let (text, commands) = help(&sandbox, "single-recipient");
    assert!(text.contains("names 2 keys already"), "{text}");
    assert_eq!(commands, [UPDATE]);
}

#[test]
fn all_keys_are_named_without_which_a_file_is_lost() {
    let sandbox = Sandbox::new();
    _ = sandbox.git(["init", "--quiet"]);
    let both = testdata("rules/accidental-key-groups/fires/of-a-file/secrets/shop.yaml");
    sandbox.write("apps/db.enc.yaml", fs::read(both).unwrap());
    let found = found(&sandbox, "single-recipient", "apps/db.enc.yaml").unwrap();
    let message = found["message"].as_str().unwrap();
    assert!(
        message.contains(ALICE) && message.contains(BOB),
        "{message}"
    );
}

#[test]
fn no_file_is_made_to_follow_a_rule_that_needs_all_keys_by_accident() {
    let story = "single-recipient/quiet/two/db.enc.yaml";
    let rule = format!("  - key_groups:\n      - age: [{ALICE}]\n      - age: [{BOB}]\n");
    let sandbox = repository(story, &rule);
    let (text, commands) = help(&sandbox, "recipient-drift");
    assert!(text.starts_with("mend the rule first"), "{text}");
    assert_eq!(commands, ["sopsguard audit"]);
}

#[test]
fn a_key_that_changed_its_group_is_neither_missing_nor_too_much() {
    let story = "single-recipient/quiet/two/db.enc.yaml";
    let rule = format!(
        "  - shamir_threshold: 2\n    key_groups:\n      - age: [{ALICE}]\n      - age: [{CAROL}, {BOB}]\n"
    );
    let sandbox = repository(story, &rule);
    let found = found(&sandbox, "recipient-drift", "apps/db.enc.yaml").unwrap();
    let message = found["message"].as_str().unwrap();
    let expected = format!("`{CAROL}` is in key group 1 here, and the rule puts it into group 2");
    assert!(message.contains(&expected), "{message}");
    let missing = format!("`{BOB}` is missing here, by rule 1");
    assert!(message.starts_with(&missing), "{message}");
    assert!(!message.contains("not there"), "{message}");
}

#[test]
fn nothing_is_encrypted_anew_by_a_selector_that_does_not_count() {
    let story = "selector-drift/fires/widened/shop.enc.yaml";
    let sandbox = repository(
        story,
        &format!("  - encrypted_regex: ^(dat\n    age: {ALICE},{BOB}\n"),
    );
    let drift = found(&sandbox, "selector-drift", "apps/db.enc.yaml");
    assert_eq!(
        drift, None,
        "a broken pattern is told of by `invalid-regex`"
    );
    assert!(found(&sandbox, "invalid-regex", "apps/.sops.yaml").is_some());
    sandbox.write(
        "apps/.sops.yaml",
        format!("creation_rules:\n  - encrypted_regexp: ^data$\n    age: {ALICE},{BOB}\n"),
    );
    let (text, commands) = help(&sandbox, "selector-drift");
    assert!(text.starts_with("mend the rule first"), "{text}");
    assert_eq!(commands, ["sopsguard audit"]);
}

#[test]
fn a_file_in_clear_by_a_broken_selector_is_told_of_by_itself() {
    let story = "invalid-regex/fires/selector/secrets/shop.yaml";
    let sandbox = Sandbox::new();
    _ = sandbox.git(["init", "--quiet"]);
    sandbox.write(
        "secrets/shop.yaml",
        fs::read(testdata(&format!("rules/{story}"))).unwrap(),
    );
    let config = fs::read(testdata("rules/invalid-regex/fires/selector/.sops.yaml")).unwrap();
    sandbox.write(".sops.yaml", config);
    let report = sandbox
        .run(["audit", "--format", "json", "secrets/shop.yaml"])
        .json();
    let mut findings = report["findings"].as_array().unwrap().iter();
    assert!(
        findings.any(|found| found["rule"] == "invalid-regex"),
        "{report}"
    );
}

#[test]
fn a_file_that_follows_its_rule_is_not_brought_back_to_what_it_was() {
    let sandbox = repository(ALONE, &format!("  - age: {ALICE},{CAROL}\n"));
    _ = sandbox.git(["add", "--all"]);
    _ = sandbox.git(["commit", "--quiet", "--message", "All"]);
    let two = fs::read(testdata("rules/single-recipient/quiet/two/db.enc.yaml")).unwrap();
    sandbox.write("apps/db.enc.yaml", two);
    let (text, commands) = help(&sandbox, "recipient-added");
    assert!(
        text.starts_with("the file has just the keys of rule 1"),
        "{text}"
    );
    assert_eq!(commands, [""; 0]);
    sandbox.write(
        "apps/.sops.yaml",
        format!("creation_rules:\n  - age: {ALICE}\n"),
    );
    let (_, commands) = help(&sandbox, "recipient-added");
    assert!(commands[0].starts_with("git restore"), "{commands:?}");
}

#[test]
fn a_recipient_that_came_or_went_is_told_by_name() {
    let rules = format!(
        "  - key_groups:\n      - age:\n          - {ALICE}\n          - {CAROL} # Carol (blue)\n"
    );
    let two = "single-recipient/quiet/two/db.enc.yaml";
    for (before, after, rule) in [
        (ALONE, two, "recipient-added"),
        (two, ALONE, "recipient-dropped"),
    ] {
        let sandbox = repository(before, &rules);
        _ = sandbox.git(["add", "--all"]);
        _ = sandbox.git(["commit", "--quiet", "--message", "All"]);
        let after = fs::read(testdata(&format!("rules/{after}"))).unwrap();
        sandbox.write("apps/db.enc.yaml", after);
        let told = |expected: &str| {
            for command in ["check", "audit"] {
                let report = sandbox.run([command, "--format", "json"]).json();
                let mut findings = report["findings"].as_array().unwrap().iter();
                let found = findings.find(|found| found["rule"] == rule).unwrap();
                let message = found["message"].as_str().unwrap();
                assert!(message.starts_with(expected), "{command}: {message}");
            }
        };
        told(&format!("`{CAROL}` (\"Carol (blue)\") is "));
        // The policy's name counts first.
        sandbox.write(
            ".sopsguard.toml",
            format!("[[recipient]]\nname = \"carol\"\nkey = \"{CAROL}\"\n"),
        );
        told(&format!("`{CAROL}` (carol) is "));
    }
}

#[test]
fn a_file_in_clear_by_a_broken_selector_of_comments_is_named() {
    let sandbox = Sandbox::new();
    _ = sandbox.git(["init", "--quiet"]);
    let story = testdata("rules/invalid-regex/fires/selector");
    let broken = "encrypted_comment_regex";
    for name in ["secrets/shop.yaml", ".sops.yaml"] {
        let text = fs::read_to_string(story.join(name)).unwrap();
        assert!(text.contains("encrypted_regex"), "{text}");
        sandbox.write(name, text.replace("encrypted_regex", broken));
    }
    let found = found(&sandbox, "invalid-regex", ".sops.yaml").unwrap();
    let says = found["consequence"].as_str().unwrap();
    assert!(
        says.contains("in clear already: `secrets/shop.yaml`"),
        "{says}"
    );
}
