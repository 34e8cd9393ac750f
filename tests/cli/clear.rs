//! Files that are not encrypted: which are an alarm, which are another program's, and what is
//! searched for private keys.

use std::fs;

use crate::sandbox::{Sandbox, testdata};

fn fixture(path: &str) -> Vec<u8> {
    fs::read(testdata("rules").join(path)).unwrap()
}

#[test]
fn files_of_other_programs_are_named_with_their_reason_and_are_no_alarm() {
    let sandbox = Sandbox::new();
    sandbox.write("a.enc.yaml", "$ANSIBLE_VAULT;1.1;AES256\n6331\n");
    sandbox.write("b.enc.yaml", "kind: SealedSecret\nspec: {a: canary}\n");
    sandbox.write("plain.yaml", "kind: SealedSecret\nspec: {a: canary}\n");
    let report = sandbox
        .run(["check", "--format", "json"])
        .expect_code(0)
        .json();
    let files = report["files"].as_array().unwrap();
    let reasons: Vec<_> = files.iter().map(|file| file["reason"].as_str()).collect();
    assert_eq!(reasons, [Some("ansible-vault"), Some("sealed-secret")]);
    assert_eq!(report["summary"]["not-encrypted"], 2);
    let text = sandbox.run(["check"]).expect_code(0).stdout;
    assert!(
        text.contains("not sops's: a.enc.yaml: an Ansible vault\n"),
        "{text}"
    );
}

#[test]
fn a_manifest_in_clear_is_an_alarm_where_its_name_or_the_user_says_so() {
    let secret = "kind: Secret\nstringData: {a: canary}\n";
    let sandbox = Sandbox::new();
    sandbox.write("manifest.yaml", secret);
    sandbox.write("settings.yaml", "a: canary\n");
    _ = sandbox.run(["check"]).expect_code(0);
    _ = sandbox.run(["check", "settings.yaml"]).expect_code(0);
    let named = sandbox
        .run(["check", "manifest.yaml"])
        .expect_code(1)
        .stdout;
    assert!(named.contains("error[not-encrypted]"), "{named}");
    sandbox.write("manifest.enc.yaml", secret);
    let walked = sandbox.run(["check"]).expect_code(1).stdout;
    assert!(
        walked.contains("manifest.enc.yaml:2:14: error[not-encrypted]"),
        "{walked}"
    );
}

#[test]
fn what_git_encrypts_on_its_way_into_the_index_may_stand_in_clear() {
    let sandbox = Sandbox::new();
    let check = |more: &[&str]| {
        let arguments = ["check"].iter().chain(more);
        sandbox.command(arguments).with_git().run()
    };
    sandbox.git(["init", "--quiet"]);
    sandbox.write("a/db.enc.yaml", "password: canary\n");
    sandbox.write("a/id", fixture("private-key-committed/fires/id_ed25519"));
    sandbox.write("b/db.enc.yaml", "password: canary\n");
    _ = check(&[]).expect_code(1);
    sandbox.write(
        ".gitattributes",
        "a/** filter=git-crypt diff=git-crypt\nb/** filter=crypt\n",
    );
    let report = check(&["--format", "json"]).expect_code(0).json();
    let files = report["files"].as_array().unwrap();
    let reasons: Vec<_> = files.iter().map(|file| file["reason"].as_str()).collect();
    assert_eq!(reasons, [Some("git-crypt"), Some("transcrypt")]);
    sandbox.write(".gitattributes", "a/** filter=lfs\n");
    _ = check(&[]).expect_code(1);
}

#[test]
fn files_that_are_not_searched_for_private_keys_are_counted() {
    let key = fixture("private-key-committed/fires/age.txt");
    let sandbox = Sandbox::new();
    let binary = [&b"\0"[..], &key].concat();
    sandbox.write("picture", binary);
    let long = [&key[..], &vec![b'.'; 1 << 20]].concat();
    sandbox.write("long.txt", long);
    sandbox.write("empty", "");
    let report = sandbox
        .run(["check", "--format", "json"])
        .expect_code(0)
        .json();
    assert_eq!(report["unsearched"], 2);
    assert_eq!(report["files"].as_array().unwrap().len(), 0);
    let text = sandbox.run(["check", "--verbose"]).expect_code(0).stdout;
    let line = "did not search 2 of them for private keys: binary, or larger than 1 MiB\n";
    assert!(text.contains(line), "{text}");
    sandbox.write("key.txt", key);
    let text = sandbox.run(["check"]).expect_code(1).stdout;
    assert!(
        text.contains("key.txt:3:1: error[private-key-committed]"),
        "{text}"
    );
    assert!(!text.contains("AGE-SECRET-KEY-1"), "{text}");
}
