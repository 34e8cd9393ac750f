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
