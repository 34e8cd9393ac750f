//! `updatekeys` as a command: what it says beside the plan.
#![cfg(target_os = "linux")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::recover::{UPDATE, files, strayed};

#[test]
fn how_long_writing_took_is_told_to_programs_and_on_request() {
    let command = [&UPDATE[..], &["--format", "json"]].concat();
    let planned = [&command[..], &["--dry-run"]].concat();
    let sandbox = strayed();
    let told = sandbox.command(planned).with_git().run().json();
    assert!(told.get("took-ms").is_none() && told.get("syncing-ms").is_none());
    let told = sandbox.command(command).with_git().run().json();
    let milliseconds = |name: &str| told[name].as_u64().unwrap();
    assert!(milliseconds("syncing-ms") <= milliseconds("took-ms"));

    let sandbox = strayed();
    let command = [&UPDATE[..], &["--verbose"]].concat();
    let output = sandbox.command(command).with_git().run().expect_code(0);
    let last = output.stdout.lines().last().unwrap();
    assert!(last.starts_with("3 files changed: written in 0."), "{last}");
    assert!(last.contains(" s to keep them"), "{last}");
}

/// A public RSA key with so many bits, as SSH spells it.
fn rsa(bits: usize) -> String {
    let mut modulus = vec![0xff; bits / 8];
    modulus.insert(0, 0);
    let mut blob = Vec::new();
    for part in [b"ssh-rsa".as_slice(), &[1, 0, 1], &modulus] {
        blob.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
        blob.extend(part);
    }
    format!("ssh-rsa {}", STANDARD.encode(blob))
}

#[test]
fn an_rsa_key_that_only_sops_locks_for_is_left_to_sops() {
    let sandbox = strayed();
    let own = String::from_utf8(sandbox.read(".sops.yaml")).unwrap();
    sandbox.write(".sops.yaml", format!("{},{}\n", own.trim_end(), rsa(8192)));
    let before = files(&sandbox);
    let output = sandbox.command(UPDATE).with_git().run().expect_code(1);
    let said = output.stdout;
    assert!(
        said.contains("RSA keys of more than 4096 bits are not supported"),
        "{said}"
    );
    assert!(said.contains("--with-sops"), "{said}");
    assert_eq!(files(&sandbox), before);
}

#[test]
fn a_file_with_a_hard_link_is_named() {
    let sandbox = strayed();
    let linked = sandbox.work().join(".git/another-name");
    std::fs::hard_link(sandbox.work().join("b.enc.yaml"), &linked).unwrap();
    let old = std::fs::read(&linked).unwrap();
    let output = sandbox.command(UPDATE).with_git().run().expect_code(0);
    let said = "note: `b.enc.yaml`: there are hard links to it elsewhere, which keep the old text";
    assert!(output.stdout.contains(said), "{}", output.stdout);
    assert_eq!(std::fs::read(&linked).unwrap(), old);
    assert_ne!(sandbox.read("b.enc.yaml"), old);
}
