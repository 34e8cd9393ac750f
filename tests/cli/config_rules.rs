//! The rules about `.sops.yaml` through the command: what is shown of it, and what is not.

use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::sandbox::Sandbox;

const ALICE: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

fn with_config(config: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(["init", "--quiet", "--initial-branch=main"]);
    sandbox.write(".sops.yaml", config);
    sandbox.write("secrets/notes.txt", "nothing\n");
    sandbox.git(["add", "--all"]);
    sandbox
}

/// The sandbox knows the key, and fails every command that prints it.
#[test]
fn a_private_key_in_the_place_of_a_recipient_is_an_error_and_is_not_shown() {
    let keys = include_str!("../../testdata/rules/keys.txt");
    let private = keys
        .lines()
        .find(|line| line.starts_with("AGE-SECRET-KEY-"));
    let private = private.unwrap();
    for config in [
        format!("creation_rules:\n  - age: {ALICE},{private}\n"),
        format!("keys: [&bob {private}]\ncreation_rules:\n  - key_groups: [{{age: [*bob]}}]\n"),
    ] {
        let sandbox = with_config(&config);
        for format in ["human", "json", "sarif", "github", "gitlab", "junit"] {
            let output = sandbox.run(["audit", "--format", format]);
            assert_eq!(output.code, 1, "{format}: {}", output.stderr);
            assert!(
                output
                    .stdout
                    .contains("a private key stands where a recipient belongs")
            );
        }
    }
}

#[test]
fn a_finding_shows_the_pattern_and_names_the_exact_place() {
    let sandbox = with_config(&format!(
        "creation_rules:\n  - path_regex: secrets/*.(txt\n    age: {ALICE} # hunter2\n"
    ));
    let output = sandbox.run(["audit", "--format", "human"]);
    assert_eq!(output.code, 1, "{}", output.stderr);
    for expected in [
        ".sops.yaml:2:27",
        "secrets/*.(txt",
        "missing closing )",
        "can not compile regexp",
    ] {
        assert!(
            output.stdout.contains(expected),
            "{expected}: {}",
            output.stdout
        );
    }
    assert!(!output.stdout.contains("hunter2"));
}

#[test]
fn names_with_control_characters_reach_no_terminal() {
    let sandbox = with_config(&format!(
        "creation_rules:\n  - \"a\\e[31m\\u202e\": x\n    path_regex: \"(\\e]0;x\\a\\n::error::\"\n    age: \"{ALICE}\\e[0m\"\n"
    ));
    for format in ["human", "json", "sarif", "github", "gitlab", "junit"] {
        let output = sandbox.run(["audit", "--format", format]);
        assert_eq!(output.code, 1, "{format}: {}", output.stderr);
        let is_harmful = |c: char| c != '\n' && c.is_control() || c == '\u{202e}';
        assert!(
            !output.stdout.contains(is_harmful),
            "{format}: {:?}",
            output.stdout
        );
        assert!(
            format == "github" || !output.stdout.contains("\n::"),
            "{format}"
        );
    }
}

#[test]
fn a_hundred_thousand_rules_take_no_more_than_seconds() {
    let mut config = format!("keys: [&a {ALICE}]\ncreation_rules:\n");
    for at in 0..100_000 {
        writeln!(
            config,
            "  - path_regex: (x|y)*a{at}.*b{{1,9}}$\n    age: *a"
        )
        .unwrap();
    }
    let sandbox = with_config(&config);
    let start = Instant::now();
    let output = sandbox.run(["audit"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(start.elapsed() < Duration::from_secs(50));
}

#[test]
fn a_placeholder_for_a_recipient_is_an_error_where_files_need_the_configuration() {
    let config = "creation_rules:\n  - age: ${AGE_KEY}\n";
    let jinja = "creation_rules:\n  {% for key in keys %}\n  - age: {{ key }}\n  {% endfor %}\n";
    for (config, rule) in [(config, "invalid-recipient"), (jinja, "malformed-config")] {
        let sandbox = with_config(config);
        let template = sandbox.run(["audit"]);
        assert_eq!(template.code, 0, "{}", template.stdout);
        let secret = include_str!("../../testdata/audit/order/apps/shop.enc.yaml");
        sandbox.write("apps/shop.enc.yaml", secret);
        sandbox.git(["add", "--all"]);
        let needed = sandbox.run(["audit"]);
        assert_eq!(needed.code, 1, "{}", needed.stdout);
        assert!(needed.stdout.contains(rule), "{}", needed.stdout);
    }
}

/// Each is read to its end or refused; nothing of it reaches the terminal as it is.
#[test]
fn hostile_configurations_end_soon_with_words() {
    for (what, config) in hostile() {
        let sandbox = with_config(&config);
        let secret = include_str!("../../testdata/audit/order/apps/shop.enc.yaml");
        sandbox.write("apps/shop.enc.yaml", secret);
        sandbox.git(["add", "--all"]);
        for arguments in [
            &["audit"][..],
            &["recipients"],
            &["explain", "apps/shop.enc.yaml"],
            &["audit", "--format", "github"],
        ] {
            let start = Instant::now();
            let output = sandbox.run(arguments);
            let told = format!("{what}, {arguments:?}: {}{}", output.stdout, output.stderr);
            let told: String = told.chars().take(2_000).collect();
            assert!(output.code <= 2 && !told.contains("panicked"), "{told}");
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "{what}: {:?}",
                start.elapsed()
            );
            let is_harmful = |c: char| c != '\n' && c.is_control() || c == '\u{202e}';
            assert!(!output.stdout.contains(is_harmful), "{told:?}");
            assert!(!output.stderr.contains(is_harmful), "{told:?}");
        }
    }
}

fn hostile() -> [(&'static str, String); 7] {
    let bomb = (0..30).fold("a0: &a0 [x, x]\n".to_owned(), |bomb, at| {
        let next = at + 1;
        bomb + &format!("a{next}: &a{next} [*a{at}, *a{at}, *a{at}, *a{at}]\n")
    });
    let bomb = bomb + "creation_rules:\n  - key_groups:\n      - age: *a30\n";
    let merges = (0..30).fold(format!("g0: &g0 {{age: [{ALICE}]}}\n"), |text, at| {
        let next = at + 1;
        text + &format!("g{next}: &g{next} {{merge: [*g{at}, *g{at}, *g{at}]}}\n")
    });
    let merges = merges + "creation_rules:\n  - key_groups: [*g30]\n";
    let deep = format!(
        "creation_rules: {}{}\n",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let deep_maps = format!(
        "creation_rules:\n  - age: {}x{}\n",
        "{a: ".repeat(50_000),
        "}".repeat(50_000)
    );
    let long = format!(
        "creation_rules:\n  - age: {ALICE}\n# {}\n",
        "x".repeat(20_000_000)
    );
    let many = format!("keys:\n{}", format!("  - &k {ALICE}\n").repeat(250_000));
    let names = format!(
        "keys:\n  - &a\u{9b}31m {ALICE} # \u{202e}bob\n  - &::error::x {ALICE} # \u{9b}2J\ncreation_rules:\n  - age: *::error::x\n"
    );
    [
        ("aliases", bomb),
        ("merges", merges),
        ("lists", deep),
        ("maps", deep_maps),
        ("a comment", long),
        ("anchors", many),
        ("names", names),
    ]
}

#[test]
fn a_pattern_that_is_no_yaml_is_told_with_the_quotes_that_it_needs() {
    for (pattern, expected) in [
        ("*.enc.yaml", r"`'\.enc\.yaml$'`, not `*.enc.yaml`"),
        ("*_enc", r"`'\.enc\.yaml$'`, not `*.enc.yaml`"),
        (r#""\.env$""#, r#"`'\.env$'`, not `"\.env$"`"#),
    ] {
        let config = format!("creation_rules:\n  - path_regex: {pattern}\n    age: {ALICE}\n");
        let told = with_config(&config).run(["audit", "--format", "json"]);
        let told = told.expect_code(1).json();
        let help = told["findings"][0]["help"].to_string();
        let help = help.replace(r"\\", r"\").replace("\\\"", "\"");
        assert!(help.contains(expected), "{pattern}: {told}");
    }
}

#[test]
fn a_pattern_from_the_root_in_the_configuration_of_a_folder_is_told_with_what_to_write() {
    let sandbox = with_config("");
    let rules = format!("creation_rules:\n  - path_regex: ^teams/blue/web/.*\n    age: {ALICE}\n");
    sandbox.write("teams/blue/.sops.yaml", rules);
    sandbox.write("teams/blue/web/notes.txt", "nothing\n");
    sandbox.git(["add", "--all"]);
    let told = sandbox.run(["audit", "--format", "json"]).stdout;
    assert!(
        told.contains("count from the folder of this `.sops.yaml`")
            && told.contains("Write `^web/.*`"),
        "{told}"
    );
}

/// A policy that lists one key by name.
fn listing(name: &str, key: &str, more: &str) -> String {
    format!("[[recipient]]\nname = \"{name}\"\nkey = \"{key}\"\n{more}")
}

/// What a rule finds: path, line and message.
fn found(sandbox: &Sandbox, rule: &str) -> Vec<(String, u64, String)> {
    let report = sandbox.run(["audit", "--format", "json"]).json();
    let findings = report["findings"].as_array().unwrap().iter();
    let of_rule = findings.filter(|found| found["rule"] == rule);
    of_rule
        .map(|found| {
            let text = |name: &str| found[name].as_str().unwrap().to_owned();
            let line = found["start"]["line"].as_u64().unwrap();
            (text("path"), line, text("message"))
        })
        .collect()
}

/// The recipients of the file.
const ADA: &str = "age1xvuserz38f3qu7lr7z6ya42dxucuxg33wcks9683gf2xs4vygg8q83nu38";
const BOB: &str = "age1lf7n9f4k54ywhnj67v79z5dgl2fsqtalc70v4p5jcz9ucepa43gqljkj8r";

/// A file of Ada's and Bob's, and a rule for it.
fn followed(rule: &str, policy: &str) -> Sandbox {
    let sandbox = with_config(&format!("creation_rules:\n{rule}"));
    let secret = include_str!("../../testdata/rules/single-recipient/quiet/two/db.enc.yaml");
    sandbox.write("apps/db.enc.yaml", secret);
    sandbox.write(".sopsguard.toml", policy);
    sandbox.git(["add", "--all"]);
    sandbox.git(["commit", "--quiet", "--message", "All"]);
    sandbox
}

#[test]
fn a_stranger_in_a_rule_is_told_before_a_file_is_encrypted_to_it() {
    let both = [listing("ada", ADA, ""), listing("bob", BOB, "")].concat();
    let stranger = format!("  - path_regex: x\n    age: {ALICE}\n");
    let rules = format!(
        "{stranger}{stranger}  - age:\n      - {ADA}\n      - {ALICE} # eve\n      - {BOB}\n"
    );
    let sandbox = followed(&rules, &both);
    let expected =
        format!("a creation rule names `{ALICE}` (eve), which is not listed in the policy");
    assert_eq!(
        found(&sandbox, "untrusted-recipient"),
        [(".sops.yaml".to_owned(), 3, expected)]
    );
    assert_eq!(sandbox.run(["audit"]).code, 1);
    // What is told at the file is not told at its rule.
    sandbox.write(".sopsguard.toml", listing("ada", ADA, ""));
    sandbox.git(["commit", "--quiet", "--all", "--message", "Trust fewer"]);
    let told = found(&sandbox, "untrusted-recipient");
    let paths: Vec<&str> = told.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(paths, [".sops.yaml", "apps/db.enc.yaml"]);
    assert!(
        told[0].2.contains(ALICE) && told[1].2.contains(BOB),
        "{told:?}"
    );
    // A template that no file follows is no reason to stop anybody.
    let sandbox = followed(&format!("  - age: {ADA},{BOB}\n"), &both);
    sandbox.write(
        "example/.sops.yaml",
        format!("creation_rules:\n  - age: {ALICE}\n"),
    );
    sandbox.git(["add", "--all"]);
    assert_eq!(found(&sandbox, "untrusted-recipient").len(), 1);
    assert_eq!(sandbox.run(["audit"]).code, 0);
}

#[test]
fn a_rule_that_would_give_a_key_files_that_it_may_not_read_is_told() {
    let both = [listing("ada", ADA, ""), listing("bob", BOB, "")].concat();
    let limited = listing("ci", ALICE, "paths = [\"ci/**\"]\n");
    let rule = format!("  - age:\n      - {ADA}\n      - {BOB}\n      - {ALICE}\n");
    let sandbox = followed(&rule, &format!("{both}{limited}"));
    let expected = format!(
        "this rule names `{ALICE}` (ci) for `apps/db.enc.yaml`, and that key may decrypt `ci/**` only"
    );
    assert_eq!(
        found(&sandbox, "recipient-out-of-path"),
        [(".sops.yaml".to_owned(), 5, expected)]
    );
    // What is told at the file is not told at its rule.
    let limited = listing("ada", ADA, "paths = [\"ci/**\"]\n");
    let others = [listing("bob", BOB, ""), listing("ci", ALICE, "")].concat();
    let sandbox = followed(&rule, &format!("{others}{limited}"));
    let told = found(&sandbox, "recipient-out-of-path");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, "apps/db.enc.yaml");
}

#[test]
fn a_rule_that_sops_fails_at_is_shown() {
    let sandbox = with_config(&format!(
        "creation_rules:\n  - encrypted_regex: ^data$\n    encrypted_suffix: _secret\n    age: {ALICE} # hunter2\n"
    ));
    let told = sandbox.run(["audit"]).expect_code(1).stdout;
    assert!(told.contains("encrypted_regex: ^data$"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}
