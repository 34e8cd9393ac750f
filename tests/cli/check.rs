//! `sopsguard check`.

use std::process::Stdio;

use crate::sandbox::{Sandbox, testdata};

/// The key of the example, as an argument.
const KEY: [&str; 2] = ["--identity", "key.txt"];

#[test]
fn a_healthy_repository_is_verified() {
    let sandbox = Sandbox::with_example();
    let output = sandbox
        .run(["check", "healthy", KEY[0], KEY[1]])
        .expect_code(0);
    assert_eq!(
        (output.stdout.as_str(), output.stderr.as_str()),
        ("4 files: 4 verified\n", "")
    );
}

#[test]
fn damage_is_named_file_by_file() {
    let sandbox = Sandbox::with_example();
    let output = sandbox
        .run(["check", "-C", "damaged", KEY[0], "../key.txt"])
        .expect_code(1);
    // The README shows how they are drawn.
    let is_told = |line: &&str| {
        line.contains(": error[") || line.starts_with("not verified") || line.contains(" failed, ")
    };
    let lines: Vec<&str> = output.stdout.lines().filter(is_told).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    apps/shop/database.enc.yaml:22:10: error[mac-mismatch] at sops.mac
    apps/wiki/database.enc.yaml:7:15: error[undecryptable-value]
    apps/wiki/database.enc.yaml:8:15: error[undecryptable-value]
    infra/accounts.enc.yaml:8:15: error[plaintext-value]
    infra/registry.enc.yaml:2:1: error[conflict-marker]
    not verified: infra/partner.enc.yaml: no identity here is a recipient
    5 files: 0 verified, 4 failed, 1 not verified, 5 errors
    ");
}

#[test]
fn without_a_key_all_is_checked_that_needs_none_and_the_rest_is_named() {
    let sandbox = Sandbox::with_example();
    let output = sandbox.run(["check", "healthy"]).expect_code(0);
    let line = output.stdout.lines().next().unwrap();
    assert!(
        line.starts_with("not verified: healthy/apps/shop/database.enc.yaml, "),
        "{line}"
    );
    assert!(
        line.contains("there is no identity (`--identity FILE` names one); looked in ")
            && line.contains("`SOPS_AGE_KEY`"),
        "{line}"
    );
    assert!(
        output
            .stdout
            .ends_with("4 files: 0 verified, 4 not verified\n")
    );
    let output = sandbox.run(["check", "damaged"]).expect_code(1);
    assert!(output.stdout.contains("error[plaintext-value]"));
    assert!(output.stdout.contains("error[conflict-marker]"));
    let output = sandbox
        .run(["check", "healthy", "--require-key"])
        .expect_code(1);
    assert_eq!(output.stderr, "error: --require-key: 4 not verified\n");
    let _ = sandbox
        .run(["check", "healthy", "--require-key", KEY[0], KEY[1]])
        .expect_code(0);
    // A key that is no recipient is the same case.
    let stranger = age::x25519::Identity::generate().to_string();
    let key = age::secrecy::ExposeSecret::expose_secret(&stranger);
    let check = |more: &[&str]| {
        let arguments = ["check", "healthy"].iter().chain(more);
        sandbox.command(arguments).env("SOPS_AGE_KEY", key).run()
    };
    assert!(
        check(&[])
            .expect_code(0)
            .stdout
            .contains("no identity here is a recipient")
    );
    let _ = check(&["--require-key"]).expect_code(1);
}

#[test]
fn identities_come_from_where_sops_looks_or_from_standard_input() {
    let sandbox = Sandbox::with_example();
    let key = String::from_utf8(sandbox.read("key.txt")).unwrap();
    let line = key
        .lines()
        .find(|line| line.starts_with("AGE-SECRET-KEY-1"))
        .unwrap();
    let verified = "4 files: 4 verified\n";
    let check = || sandbox.command(["check", "healthy"]);
    assert_eq!(check().env("SOPS_AGE_KEY", line).run().stdout, verified);
    assert_eq!(
        check().env("SOPS_AGE_KEY_FILE", "key.txt").run().stdout,
        verified
    );
    let piped = sandbox
        .command(["check", "healthy", "--identity", "-"])
        .stdin(key.as_bytes());
    assert_eq!(piped.run().stdout, verified);
    sandbox.write("../home/.config/sops/age/keys.txt", &key);
    assert_eq!(check().run().stdout, verified);
}

#[test]
fn an_identity_that_does_not_parse_is_a_warning_unless_it_was_named() {
    let mut sandbox = Sandbox::with_example();
    sandbox.know_secret("hunter2");
    sandbox.write("broken.txt", "# my key\nAGE-SECRET-KEY-1hunter2\n");
    let key = String::from_utf8(sandbox.read("key.txt")).unwrap();
    let line = key
        .lines()
        .find(|line| line.starts_with("AGE-SECRET-KEY-1"))
        .unwrap();
    let output = sandbox
        .command(["check", "healthy"])
        .env("SOPS_AGE_KEY", line)
        .env("SOPS_AGE_KEY_FILE", "broken.txt")
        .run()
        .expect_code(0);
    assert_eq!(output.stdout, "4 files: 4 verified\n");
    assert!(output.stderr.starts_with("warning: "), "{}", output.stderr);
    assert!(output.stderr.contains("line 2"), "{}", output.stderr);
    let _ = sandbox
        .run(["check", "healthy", "--identity", "broken.txt"])
        .expect_code(2);
}

#[test]
fn json_keeps_its_shape() {
    let sandbox = Sandbox::with_example();
    let arguments = ["check", "damaged/apps", "--format", "json", KEY[0], KEY[1]];
    let mut report = sandbox.run(arguments).expect_code(1).json();
    let file = &mut report["files"][0];
    let recipient = file["recipients"][0].take();
    assert!(recipient.as_str().unwrap().starts_with("age1"));
    assert_eq!(file["keys"][0]["recipient"].take(), recipient);
    for finding in report["findings"].as_array_mut().unwrap() {
        let fingerprint = finding["fingerprint"].take();
        assert_eq!(fingerprint.as_str().unwrap().len(), 32);
    }
    report["files"][1] = serde_json::Value::Null;
    report["findings"].as_array_mut().unwrap().truncate(1);
    insta::assert_snapshot!(serde_json::to_string_pretty(&report).unwrap());
}

#[test]
fn standard_input_is_a_file_with_a_name_of_its_own() {
    let sandbox = Sandbox::with_example();
    let text = sandbox.read("damaged/apps/shop/database.enc.yaml");
    let output = sandbox
        .command(["check", "-", KEY[0], KEY[1]])
        .stdin(text.clone())
        .run();
    assert!(
        output.stdout.starts_with("stdin.yaml:"),
        "{}",
        output.stdout
    );
    assert_eq!(output.code, 1);
    let named = ["check", "-", "--stdin-name", "apps/db.yaml", KEY[0], KEY[1]];
    let output = sandbox
        .command(named)
        .stdin(text.clone())
        .run()
        .expect_code(1);
    assert!(
        output.stdout.starts_with("apps/db.yaml:"),
        "{}",
        output.stdout
    );
    let named = ["check", "-", "--stdin-name", "notes.txt"];
    let with_key = [&named[..], &KEY].concat();
    let output = sandbox.command(with_key).stdin(text).run().expect_code(1);
    for rule in ["warning[undeclared-format]", "error[mac-mismatch]"] {
        assert!(output.stdout.contains(rule), "{}", output.stdout);
    }
    let text = "Such a line is `password: ENC[AES256_GCM,data:`.\n";
    let output = sandbox.command(named).stdin(text).run().expect_code(0);
    assert_eq!(
        output.stdout,
        "not verified: notes.txt: not supported: a format that its name does not tell (see \
         `--input-type`)\n1 file: 0 verified, 1 not verified\n"
    );
}

#[test]
fn the_number_of_threads_and_the_order_of_arguments_change_nothing() {
    let sandbox = Sandbox::with_example();
    for at in 0..40 {
        sandbox.write(
            format!("more/{at}.yaml"),
            sandbox.read("damaged/apps/shop/database.enc.yaml"),
        );
    }
    let outputs = [
        &["damaged", "healthy", "more", "--jobs", "1"][..],
        &["more", "damaged", "healthy", "--jobs", "8"],
        &["healthy", "./more", "more/3.yaml", "damaged"],
    ]
    .map(|paths| {
        let arguments = ["check", "--verbose", KEY[0], KEY[1]].iter().chain(paths);
        sandbox.run(arguments).expect_code(1).stdout
    });
    assert!(outputs[0].contains("more/39.yaml"));
    assert_eq!(outputs[0], outputs[1]);
    assert_eq!(outputs[0], outputs[2]);
}

#[test]
fn quiet_prints_findings_only_and_verbose_every_file() {
    let sandbox = Sandbox::with_example();
    let quiet = sandbox
        .run(["check", "healthy", "--quiet", KEY[0], KEY[1]])
        .expect_code(0);
    assert_eq!(quiet.stdout, "");
    let verbose = sandbox
        .run(["check", "--verbose", "healthy", KEY[0], KEY[1]])
        .expect_code(0);
    assert!(
        verbose
            .stdout
            .contains("healthy/infra/registry.enc.yaml: verified\n")
    );
    assert!(verbose.stdout.contains("looked for identities in "));
}

#[test]
fn colour_is_for_terminals_and_those_who_ask() {
    let sandbox = Sandbox::with_example();
    let plain = sandbox
        .run(["check", "damaged", KEY[0], KEY[1]])
        .expect_code(1);
    assert!(!plain.stdout.contains('\u{1b}'));
    let always = ["check", "damaged", "--color", "always", KEY[0], KEY[1]];
    assert!(
        sandbox
            .run(always)
            .expect_code(1)
            .stdout
            .contains("\u{1b}[31mdamaged/apps/shop/database.enc.yaml:22:10: error")
    );
}

#[test]
fn named_files_without_metadata_are_in_the_report_and_others_are_not() {
    let sandbox = Sandbox::new();
    sandbox.write("plain.yaml", "a: b\n");
    sandbox.write("template.yaml", "{{ if .x }}\na: b\n");
    sandbox.write("values.yaml", "sops:\n  enabled: true\n");
    sandbox.write("notes.txt", "hello\n");
    let walked = sandbox.run(["check"]).expect_code(0);
    assert_eq!(walked.stdout, "no sops files found, nothing to verify\n");
    let files = ["check", "--format", "json", "plain.yaml", "notes.txt"];
    let report = sandbox.run(files).expect_code(0).json();
    assert_eq!(report["summary"]["not-encrypted"], 2);
    // Whoever names a file asks what sops would say of it.
    for (file, rule, code) in [
        ("template.yaml", "warning[unreadable-file]", 0),
        ("values.yaml", "error[malformed-metadata]", 1),
    ] {
        let output = sandbox.run(["check", file]).expect_code(code);
        assert!(output.stdout.contains(rule), "{}", output.stdout);
    }
}

#[test]
fn a_file_that_was_never_encrypted_keeps_all_its_problems() {
    let sandbox = Sandbox::new();
    sandbox.write("twice.enc.yaml", "a: x\na: y\n");
    let merge = "<<<<<<< HEAD\na: x\n=======\na: y\n>>>>>>> topic\nb: z\nb: z\n";
    sandbox.write("merge.enc.yaml", merge);
    // Not a secret, and not ours to judge.
    sandbox.write("manifests.yaml", "a: sops\n---\nb: 1\nb: 2\n");
    let output = sandbox.run(["check"]).expect_code(1);
    let told = output
        .stdout
        .lines()
        .filter(|line| line.contains(": error["));
    let told: Vec<&str> = told.collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    merge.enc.yaml:1:1: error[conflict-marker]
    merge.enc.yaml:1:1: error[not-encrypted]
    merge.enc.yaml:7:1: error[duplicate-key] at b
    twice.enc.yaml:1:4: error[not-encrypted]
    twice.enc.yaml:2:1: error[duplicate-key]
    ");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let sandbox = Sandbox::with_example();
    for at in 0..200 {
        sandbox.write(
            format!("more/{at}.yaml"),
            sandbox.read("damaged/apps/shop/database.enc.yaml"),
        );
    }
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_sopsguard"))
        .args([
            "check",
            "healthy",
            "--verbose",
            "--format",
            "json",
            "--identity",
        ])
        .arg(testdata("example/key.txt"))
        .env_clear()
        .current_dir(sandbox.work())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn an_option_behind_the_dashes_is_no_silent_file() {
    let sandbox = Sandbox::with_example();
    for option in ["--require-key", "--jobs=2", "--quiet"] {
        let output = sandbox
            .run(["check", "healthy", "--", option])
            .expect_code(2);
        let words = format!("`{option}` stands behind `--`");
        assert!(output.stderr.contains(&words), "{}", output.stderr);
    }
    sandbox.write("--quiet", "a: b\n");
    let output = sandbox.run(["check", "--", "--quiet"]).expect_code(0);
    assert!(output.stdout.contains("--quiet: "), "{}", output.stdout);
}
