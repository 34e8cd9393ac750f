//! Keys of every kind as users have them: options, variables, hooks, the terminal, and `keys`.

use std::fs;
use std::path::PathBuf;

use crate::sandbox::{Output, Run, Sandbox, testdata};

/// A work folder with the files that keys of every kind open, and a copy of the keys.
fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.know_secret("canary-passphrase");
    let mut public = String::new();
    for folder in ["", "keys"] {
        for entry in fs::read_dir(testdata("identities").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let bytes = fs::read(&path).unwrap();
                let text = String::from_utf8_lossy(&bytes);
                match folder {
                    "" => public.push_str(&text),
                    _ => know_key(&mut sandbox, &text, &public),
                }
                let name = path.file_name().unwrap().to_str().unwrap();
                sandbox.write(PathBuf::from(folder).join(name), &bytes);
            }
        }
    }
    sandbox
}

/// No line of a private key may be printed, if it is not one of the public half.
fn know_key(sandbox: &mut Sandbox, key: &str, public: &str) {
    for line in key.lines().map(str::trim).filter(|line| line.len() > 20) {
        // The identity of a plugin without data is its name, and the others are public.
        let is_clear = line.starts_with(['#', '-', '{']) || line.starts_with("AGE-PLUGIN-");
        if !is_clear && !line.contains(' ') && !public.contains(line) {
            sandbox.know_secret(line);
        }
    }
}

fn verdict(output: &Output) -> (String, String) {
    let file = &output.json()["files"][0];
    let reason = file["reason"].as_str().unwrap_or_default().to_owned();
    (file["verification"].as_str().unwrap().to_owned(), reason)
}

fn check<'s>(sandbox: &'s Sandbox, arguments: &[&str]) -> Run<'s> {
    sandbox.command([&["check", "--format", "json"], arguments].concat())
}

#[test]
fn keys_of_every_kind_open_their_files() {
    let sandbox = sandbox();
    for (file, key) in [
        ("age", "age.txt"),
        ("age", "manifest.yaml"),
        ("age", "manifest.json"),
        ("pq", "pq.txt"),
        ("ed25519", "ed25519"),
        ("rsa", "rsa"),
        ("rsa-pem", "rsa-pem"),
        ("rsa-pkcs8", "rsa-pkcs8"),
        ("ed25519-pkcs8", "ed25519-pkcs8"),
    ] {
        let (file, key) = (format!("{file}.enc.yaml"), format!("keys/{key}"));
        let output = check(&sandbox, &[&file, "--identity", &key])
            .run()
            .expect_code(0);
        assert_eq!(verdict(&output).0, "verified", "{key}: {}", output.stdout);
        let given = sandbox.read(&key);
        let output = check(&sandbox, &[&file, "--identity", "-"])
            .stdin(given)
            .run();
        assert_eq!(verdict(&output).0, "verified", "{key}: {}", output.stdout);
    }
}

#[test]
fn without_a_terminal_a_passphrase_counts_as_absent() {
    let sandbox = sandbox();
    for (file, key) in [("age", "age-locked.txt"), ("rsa-locked", "rsa-locked")] {
        let (file, key) = (format!("{file}.enc.yaml"), format!("keys/{key}"));
        let arguments = [&file, "--identity", &key, "--require-key"];
        let output = check(&sandbox, &arguments).run().expect_code(1);
        let expected = ("not-verified".to_owned(), "needs-input".to_owned());
        assert_eq!(verdict(&output), expected);
    }
    let output = sandbox.run(["check", "groups.enc.yaml", "--identity", "keys/age.txt"]);
    insta::assert_snapshot!(output.expect_code(0).stdout, @r"
    not verified: groups.enc.yaml: 2 of 3 key groups needed; opened: 1
    1 file: 0 verified, 1 not verified
    ");
}

#[test]
fn a_key_command_runs_for_its_user_and_not_in_a_hook() {
    let sandbox = sandbox();
    let key = sandbox.work().join("keys/age.txt");
    let command = format!("cat '{}'", key.display());
    let run = |arguments: &[&str]| {
        check(&sandbox, &[&["age.enc.yaml"], arguments].concat())
            .env("PATH", "/usr/bin:/bin")
            .env("SOPS_AGE_KEY_CMD", &command)
    };
    assert_eq!(verdict(&run(&[]).run()).0, "verified");
    for sign in ["GIT_INDEX_FILE", "GIT_EXEC_PATH", "PRE_COMMIT"] {
        let output = run(&[]).env(sign, "1").run().expect_code(0);
        let what = "not-allowed: `SOPS_AGE_KEY_CMD` is not run in a hook without `--allow-key-cmd`";
        assert_eq!(
            verdict(&output),
            ("not-verified".to_owned(), what.to_owned())
        );
        let output = run(&["--allow-key-cmd"]).env(sign, "1").run();
        assert_eq!(verdict(&output).0, "verified");
    }
}

#[test]
fn keys_lists_what_each_opens() {
    let sandbox = sandbox();
    let arguments = [
        "keys",
        ".",
        "--identity",
        "keys/age.txt",
        "--identity",
        "keys/ed25519",
    ];
    let more = [
        "--identity",
        "keys/ed25519-locked",
        "--identity",
        "keys/rsa-pem",
        "--identity",
        "keys/plugin.txt",
    ];
    let arguments = [&arguments[..], &more].concat();
    let output = sandbox.run(&arguments).expect_code(0);
    let shown = output
        .stdout
        .replace(&sandbox.work().display().to_string(), "WORK");
    let short = |word: &str| match word {
        word if word.starts_with("age1") => "age1…".to_owned(),
        word if word.starts_with("AAAA") => "AAAA…".to_owned(),
        word => word.to_owned(),
    };
    let lines = shown
        .lines()
        .map(|line| line.split(' ').map(short).collect::<Vec<_>>().join(" "));
    let shown = lines.collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(shown, @r"
    x25519 age1…
      found in `WORK/keys/age.txt`
      opens age.enc.yaml
      opens a key group of groups.enc.yaml
    ssh-ed25519 AAAA…
      found in `WORK/keys/ed25519`
      opens ed25519.enc.yaml
      opens a key group of groups.enc.yaml
    ssh-rsa AAAA…
      found in `WORK/keys/rsa-pem`
      opens rsa-pem.enc.yaml
    SSH key with a passphrase ssh-ed25519 AAAA…
      found in `WORK/keys/ed25519-locked`
      not used: it asks for a passphrase, and there is nobody to ask
    identity of plugin batchpass
      found in `WORK/keys/plugin.txt`
      not used: plugin `batchpass` is not run without `--allow-plugin batchpass`
    looked in `WORK/keys/age.txt` (1 usable), `WORK/keys/ed25519` (1 usable), `WORK/keys/ed25519-locked` (0 usable), `WORK/keys/rsa-pem` (1 usable), `WORK/keys/plugin.txt` (0 usable)
    5 keys, 2 never used; 11 secret files, not opened by any: ed25519-locked.enc.yaml, ed25519-pkcs8.enc.yaml, plugin.enc.yaml, pq.enc.yaml, rsa-locked.enc.yaml and 2 more
    ");
    let json = sandbox
        .run([&arguments[..], &["--format", "json"]].concat())
        .expect_code(0)
        .json();
    assert_eq!(json["schema"], "sopsguard.keys/1");
    assert_eq!(json["keys"][0]["kind"], "x25519");
    assert_eq!(json["keys"][0]["opens"][0], "age.enc.yaml");
    assert_eq!(json["keys"][0]["helps-open"][0], "groups.enc.yaml");
}

#[test]
fn keys_says_where_it_looked_and_what_no_key_opens() {
    let sandbox = sandbox();
    let output = sandbox
        .command(["keys", "age.enc.yaml", "rsa.enc.yaml"])
        .env("SOPS_AGE_KEY_FILE", "keys/age.txt")
        .env("SOPS_AGE_KEY", "hunter2")
        .run()
        .expect_code(0);
    assert!(
        output
            .stderr
            .contains("`SOPS_AGE_KEY`: line 1 is no age identity"),
        "{}",
        output.stderr
    );
    for part in [
        "`SOPS_AGE_KEY` (unusable)",
        "keys/age.txt` (`SOPS_AGE_KEY_FILE`) (1 usable)",
        ".ssh/id_rsa` (nothing there)",
        "1 key, 0 never used; 2 secret files, not opened by any: rsa.enc.yaml",
    ] {
        assert!(output.stdout.contains(part), "{part}:\n{}", output.stdout);
    }
}

/// Needs `python3`, which gives the command a terminal and types the passphrase.
#[cfg(unix)]
#[test]
#[ignore = "needs python3"]
fn a_passphrase_is_asked_for_on_the_terminal_and_not_shown() {
    const TYPIST: &str = r#"
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
while b"passphrase for" not in seen:
    seen += os.read(terminal, 1024)
time.sleep(0.2)
os.write(terminal, b"canary-passphrase\n")
try:
    while part := os.read(terminal, 1024):
        seen += part
except OSError:
    pass
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;
    let sandbox = sandbox();
    let output = std::process::Command::new("python3")
        .args([
            "-c",
            TYPIST,
            env!("CARGO_BIN_EXE_sopsguard"),
            "check",
            "age.enc.yaml",
        ])
        .args(["--identity", "keys/age-locked.age"])
        .current_dir(sandbox.work())
        .env_remove("GIT_EXEC_PATH")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains(": 1 verified"), "{text}");
    assert!(!text.contains("canary"), "{text}");
    assert!(output.status.success(), "{text}");
}
