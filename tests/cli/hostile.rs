//! Input that somebody made to do harm, and accidents that look like it.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;

use crate::sandbox::{Sandbox, testdata};

#[test]
fn names_cannot_act_on_the_terminal_or_on_a_log() {
    let sandbox = Sandbox::new();
    for name in [
        "a\u{1b}[31m.enc.yaml",
        "b\n::error::x.enc.yaml",
        "::error::d.enc.yaml",
        "c\u{202e}lmay.enc.yaml",
    ] {
        sandbox.write(name, "a: [\n");
    }
    for format in ["human", "json"] {
        let output = sandbox.run(["check", "--format", format]).expect_code(1);
        let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!output.stdout.contains(harmful), "{}", output.stdout);
        assert!(
            !output.stdout.lines().any(|line| line.starts_with("::")),
            "{}",
            output.stdout
        );
    }
    let output = sandbox.run(["check", "x\u{1b}[31m.yaml"]).expect_code(3);
    assert!(!output.stderr.contains('\u{1b}'), "{}", output.stderr);
}

#[test]
fn names_that_are_no_text_are_checked_like_others() {
    let sandbox = Sandbox::with_example();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.enc.yaml");
    sandbox.write(
        Path::new(name),
        sandbox.read("damaged/apps/shop/database.enc.yaml"),
    );
    let output = sandbox
        .command([std::ffi::OsStr::new("check"), name])
        .env("SOPS_AGE_KEY_FILE", "key.txt")
        .run()
        .expect_code(1);
    assert!(
        output.stdout.starts_with("caf\u{fffd}.enc.yaml:"),
        "{}",
        output.stdout
    );
}

#[test]
fn what_is_no_file_is_found_and_not_waited_for() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.work().join("folder.enc.yaml")).unwrap();
    symlink("nowhere", sandbox.work().join("link.enc.yaml")).unwrap();
    symlink(".", sandbox.work().join("loop")).unwrap();
    let fifo = sandbox.work().join("pipe.enc.yaml");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let output = sandbox.run(["check"]).expect_code(1);
    insta::assert_snapshot!(output.stdout, @r"
    link.enc.yaml: error[unreadable-file]

      × the file is not there; it may be a link that leads nowhere
      help: look at it, and bring back what it points to
              ls -ld -- link.enc.yaml

    pipe.enc.yaml: error[unreadable-file]

      × not a regular file
      help: look at it; pipes go to `sopsguard check -`
              ls -ld -- pipe.enc.yaml

    2 files: 0 verified, 2 failed, 2 errors
    more about a rule: `sopsguard rules unreadable-file`
    ");
    let _ = sandbox.run(["check", "pipe.enc.yaml"]).expect_code(1);
    let _ = sandbox.run(["check", "link.enc.yaml"]).expect_code(1);
    let _ = sandbox.run(["check", "folder.enc.yaml"]).expect_code(0);
    let _ = sandbox.run(["check", "/dev/zero"]).expect_code(1);
}

#[test]
fn a_link_out_of_the_folder_is_not_followed_and_not_called_fine() {
    let sandbox = Sandbox::with_example();
    fs::create_dir(sandbox.work().join("links")).unwrap();
    symlink(
        "../healthy/infra/registry.enc.yaml",
        sandbox.work().join("links/a.enc.yaml"),
    )
    .unwrap();
    let output = sandbox.run(["check", "links"]).expect_code(0);
    assert!(
        output
            .stdout
            .contains("not verified: links/a.enc.yaml: not supported: a link out of"),
        "{}",
        output.stdout
    );
    let output = sandbox
        .run(["check", "links/a.enc.yaml", "--identity", "key.txt"])
        .expect_code(0);
    assert_eq!(output.stdout, "1 file: 1 verified\n");
}

#[test]
fn a_file_that_may_not_be_read_is_a_finding() {
    let sandbox = Sandbox::new();
    sandbox.write("locked.yaml", "a: b\n");
    let path = sandbox.work().join("locked.yaml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_ok() {
        return; // Root may read everything.
    }
    let output = sandbox.run(["check"]).expect_code(1);
    assert!(output.stdout.contains("chmod u+r"), "{}", output.stdout);
}

#[test]
fn large_files_are_bounded() {
    let sandbox = Sandbox::new();
    let mut bundle = "kind: CustomResourceDefinition # not about sops\n".repeat(1_200_000);
    sandbox.write("bundle.yaml", &bundle);
    assert!(bundle.len() > 50_000_000);
    let output = sandbox.run(["check"]).expect_code(0);
    assert_eq!(output.stdout, "no sops files found, nothing to verify\n");
    bundle.push_str("a: ENC[AES256_GCM,data:\n");
    sandbox.write("bundle.yaml", &bundle);
    let output = sandbox.run(["check"]).expect_code(1);
    assert!(
        output
            .stdout
            .contains("bundle.yaml:1200001:23: error[unreadable-file]")
    );
    drop(bundle);
    // 300 MB that take no room on the disk.
    sandbox.write("bundle.yaml", "a: ENC[AES256_GCM,data:\n");
    let file = fs::File::options()
        .write(true)
        .open(sandbox.work().join("bundle.yaml"));
    file.unwrap().set_len(300_000_000).unwrap();
    let output = sandbox.run(["check"]).expect_code(1);
    assert!(
        output.stdout.contains("larger than 256 MiB"),
        "{}",
        output.stdout
    );
    assert!(
        output
            .stdout
            .contains("1 file: 0 verified, 1 not verified, 1 error")
    );
}

#[test]
fn of_a_file_too_large_to_read_no_verdict_is_given_whatever_stands_in_it() {
    const LEN: u64 = 280 << 20;
    let token = "ENC[AES256_GCM,data:";
    let place = testdata("formats/values.enc.json");
    let sound = String::from_utf8(fs::read(place).unwrap()).unwrap();
    let damaged = sound.replace(token, "ENC[AES256_GCN,data:");
    // All zeros, and files of which all tokens are damaged: with the name of a secret, named, met.
    for (name, text, arguments, expected) in [
        ("z.enc.bin", "", &["check"][..], true),
        ("z.enc.yaml", "a: b\n", &["check"], true),
        ("z.json", damaged.as_str(), &["check", "z.json"], true),
        ("z.json", damaged.as_str(), &["check"], true),
        ("z.bin", damaged.as_str(), &["check"], true),
        // Nothing of sops's, and nobody's concern.
        ("z.bin", "", &["check"], false),
        ("z.iso", "", &["check", "z.iso"], false),
        ("z.json", "{}", &["check"], false),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write(name, text);
        let file = fs::File::options()
            .write(true)
            .open(sandbox.work().join(name));
        file.unwrap().set_len(LEN).unwrap();
        let output = sandbox.run(arguments).expect_code(i32::from(expected));
        let is_told = output.stdout.contains("error[unreadable-file]")
            && output.stdout.contains("larger than 256 MiB")
            && output.stdout.contains("1 not verified");
        assert_eq!(is_told, expected, "{name}: {}", output.stdout);
    }
}

#[test]
fn depth_and_aliases_end_in_a_finding() {
    let sandbox = Sandbox::new();
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in ('b'..='i').zip('a'..) {
        let list = vec![format!("*{before}"); 10].join(", ");
        writeln!(bomb, "{name}: &{name} [{list}]").unwrap();
    }
    let tail = "sops:\n  mac: x\n  version: 3.13.3\n";
    sandbox.write("bomb.enc.yaml", bomb + tail);
    sandbox.write(
        "deep.enc.yaml",
        format!("a: {}{}\n{tail}", "[".repeat(200_000), "]".repeat(200_000)),
    );
    let wide = "? ".repeat(100_000);
    sandbox.write("keys.enc.yaml", wide + "\n");
    let output = sandbox
        .run(["check", "--format", "json"])
        .expect_code(1)
        .json();
    assert_eq!(output["summary"]["failed"], 3);
    let _ = sandbox
        .run(["explain", "--tree", "bomb.enc.yaml"])
        .expect_code(1);
}

/// Metadata that sops reads, and that no key is for.
const METADATA: &str = "sops:
  kms: [{arn: x, enc: x, created_at: '2026-01-01T00:00:00Z'}]
  lastmodified: '2026-01-01T00:00:00Z'
  mac: ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]
  version: 3.13.3
";

/// How many findings the report on such values has of each rule, sorted. A report that takes as long
/// as the findings times the length of the text never comes.
fn findings_of(values: &str) -> Vec<(String, usize)> {
    let sandbox = Sandbox::new();
    sandbox.write("x.enc.yaml", format!("{values}{METADATA}"));
    let report = sandbox.run(["check", "--format", "json"]).json();
    let mut counts = std::collections::BTreeMap::new();
    for finding in report["findings"].as_array().unwrap() {
        let rule = finding["rule"].as_str().unwrap().to_owned();
        *counts.entry(rule).or_default() += 1;
    }
    counts.into_iter().collect()
}

#[test]
fn a_line_of_many_findings_is_not_rendered_for_each() {
    let pairs: String = (0..150_000).map(|key| format!("é{key}: v, ")).collect();
    let expected = [("plaintext-value".to_owned(), 1_000)];
    assert_eq!(findings_of(&format!("x: {{{pairs}}}\n")), expected);
}

#[test]
fn a_long_key_over_many_comments_and_copies_is_not_read_for_each() {
    let token = "ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]";
    let pair = |key| format!("  # c\n  k{key}: {token}\n");
    let pairs: String = (0..40_000).map(pair).collect();
    let values = format!("? {}\n:\n{pairs}", "k".repeat(4_000_000));
    let expected = [
        ("copied-ciphertext".to_owned(), 1_000),
        ("plaintext-comment".to_owned(), 1_000),
    ];
    assert_eq!(findings_of(&values), expected);
}

#[test]
fn a_long_value_of_many_aliases_is_not_hashed_for_each() {
    let aliases = "*a, ".repeat(400_000);
    let value = "v".repeat(2_000_000);
    let values = format!("a_unencrypted: &a {value}\nb_unencrypted: [{aliases}]\n");
    assert_eq!(findings_of(&values), []);
}

#[test]
fn every_cut_of_a_file_ends_in_a_report() {
    let sandbox = Sandbox::with_example();
    let mut text = sandbox.read("healthy/infra/registry.enc.yaml");
    // After the MAC there is only what sops can do without.
    text.truncate(text.windows(5).position(|part| part == b" mac:").unwrap() + 50);
    for (at, length) in (0..text.len()).step_by(31).enumerate() {
        sandbox.write(format!("cuts/{at}.enc.yaml"), &text[..length]);
    }
    let arguments = ["check", "cuts", "--identity", "key.txt", "--format", "json"];
    let report = sandbox.run(arguments).expect_code(1).json();
    assert_eq!(report["summary"]["verified"], 0);
    assert!(report["summary"]["failed"].as_u64().unwrap() > 20);
}

// The time that age takes to read a header grows with its square, and that of an RSA key is long.
#[test]
fn data_keys_that_would_take_too_long_are_left_alone() {
    let sandbox = Sandbox::new();
    let key = testdata("identities/keys/rsa").display().to_string();
    let sound = std::fs::read_to_string(testdata("identities/rsa.enc.yaml")).unwrap();
    let (head, rest) = sound.split_once("        - enc: |").unwrap();
    let (entry, tail) = rest.split_once("    encrypted_regex:").unwrap();
    let entry = format!("        - enc: |{entry}");
    let of = |entries: &str| format!("{head}{entries}    encrypted_regex:{tail}");
    assert_eq!(of(&entry), sound);
    sandbox.write("sound.enc.yaml", of(&entry.repeat(200)));
    sandbox.write("many.enc.yaml", of(&entry.repeat(201)));
    sandbox.write(
        "heavy.enc.yaml",
        of(&entry.replace("ssh-rsa", "age1x").repeat(20_000)),
    );
    let stanzas = "-> foo bar\nAAAA\n".repeat(8_000);
    let armor = STANDARD.encode(format!("age-encryption.org/v1\n{stanzas}--- AAAA\n"));
    let lines: Vec<_> = armor
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    let indent = " ".repeat(12);
    let armor = lines.join(&format!("\n{indent}"));
    let long = format!(
        "        - recipient: age1x\n          enc: |\n{indent}-----BEGIN AGE ENCRYPTED FILE-----\n\
         {indent}{armor}\n{indent}-----END AGE ENCRYPTED FILE-----\n"
    );
    sandbox.write("long.enc.yaml", of(&long));
    let report = sandbox
        .run(["check", "--format", "json", "--identity", &key])
        .json();
    for (at, reason) in ["4 MiB", "8 KiB", "200 recipients"].iter().enumerate() {
        let file = &report["files"][at];
        assert_eq!(file["verification"], "not-verified");
        let said = file["reason"].as_str().unwrap();
        assert!(
            said.starts_with("unsupported: ") && said.contains(reason),
            "{said}"
        );
    }
    assert_eq!(report["files"][3]["verification"], "verified");
}
