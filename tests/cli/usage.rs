//! Help, version and wrong arguments.

use crate::sandbox::Sandbox;

#[test]
fn help_teaches_exit_codes_and_shows_examples() {
    let sandbox = Sandbox::new();
    let help = sandbox.run(["--help"]).expect_code(0);
    for part in ["Exit codes:", "Examples:", "check", "explain"] {
        assert!(help.stdout.contains(part), "{part}:\n{}", help.stdout);
    }
    let help = sandbox.run(["check", "--help"]).expect_code(0);
    for part in [
        "Exit codes:",
        "Identities:",
        "--require-key",
        "--identity",
        "not who wrote it",
    ] {
        assert!(help.stdout.contains(part), "{part}:\n{}", help.stdout);
    }
    let version = sandbox.run(["--version"]).expect_code(0);
    assert_eq!(
        version.stdout,
        format!("sopsguard {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn wrong_arguments_are_usage_errors() {
    let sandbox = Sandbox::with_example();
    for arguments in [
        &["frobnicate"][..],
        &["check", "--jobs", "0"],
        &["check", "--format", "xml"],
        &["check", "--allow-plugin", "../x"],
        &["check", "--key-timeout", "0"],
        &["check", "--quiet", "--verbose"],
        &["--quiet", "check", "--verbose"],
        &["rules", "no-such-rule"],
        &["completions"],
        &["completions", "tcsh"],
        &["check", "-", "--identity", "-"],
        &["explain"],
        &["explain", "--tree", "--history", "5", "key.txt"],
        &["check", "--identity", "nowhere.txt"],
        &["check", "--identity", "healthy/.sops.yaml"],
        &[],
    ] {
        let output = sandbox.run(arguments).expect_code(2);
        assert!(
            output.stdout.is_empty() && !output.stderr.is_empty(),
            "{arguments:?}"
        );
    }
}

#[test]
fn what_is_not_there_is_no_finding_but_an_error() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["check", "gone.yaml"][..],
        &["check", "-C", "gone"],
        &["explain", "--tree", "gone.yaml"],
    ] {
        let output = sandbox.run(arguments).expect_code(3);
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(output.stderr.starts_with("error: "), "{}", output.stderr);
    }
}

#[test]
fn a_folder_that_cannot_be_entered_is_named() {
    let sandbox = Sandbox::with_example();
    for folder in ["gone", "key.txt"] {
        let output = sandbox.run(["-C", folder, "check"]).expect_code(3);
        let named = format!("{folder}`: ");
        assert!(output.stderr.contains(&named), "{}", output.stderr);
    }
}

#[test]
fn common_options_stand_before_the_command_and_after_it() {
    let sandbox = Sandbox::with_example();
    let check = ["check", "healthy", "--identity", "key.txt"];
    let plain = sandbox.run(check).expect_code(0).stdout;
    for option in ["--quiet", "--verbose", "-q", "-v"] {
        let before = [&[option][..], &check].concat();
        let after = [&check[..], &[option]].concat();
        let before = sandbox.run(before).expect_code(0).stdout;
        assert_eq!(before, sandbox.run(after).expect_code(0).stdout);
        assert_ne!(before, plain, "{option} changes nothing");
    }
}
