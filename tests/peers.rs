//! The fixtures against real sops: our verdict is sops's verdict.
//!
//! These tests need the programs that `scripts/peers` installs, and are ignored unless asked for.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test fails where its world does"
)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sopsguard::engine::{self, Answer, Ask, Request, Target};
use sopsguard::{Environment, Foreign, Platform, Verification};

fn testdata(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(path)
}

/// Where `scripts/peers` put this version of sops.
fn sops(version: &str) -> PathBuf {
    let cache = match (
        std::env::var_os("SOPSGUARD_PEERS"),
        std::env::var_os("XDG_CACHE_HOME"),
    ) {
        (Some(peers), _) => PathBuf::from(peers),
        (None, Some(cache)) => PathBuf::from(cache).join("sopsguard-peers"),
        (None, None) => {
            PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache/sopsguard-peers")
        }
    };
    let program = cache.join(format!("sops-{version}/sops"));
    assert!(
        program.is_file(),
        "{} is missing: run scripts/peers",
        program.display()
    );
    program
}

/// Whether sops decrypts the file.
fn decrypts(sops: &Path, file: &Path, key: &Path) -> Result<(), String> {
    let output = Command::new(sops)
        .arg("decrypt")
        .arg(file)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("SOPS_AGE_KEY_FILE", key)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

fn verdict(file: &Path, key: &Path) -> (Verification, Vec<String>, Option<Foreign>) {
    let key = [("SOPS_AGE_KEY_FILE".into(), key.into())];
    let environment = Environment::new(key, "/".into(), Platform::Unix);
    let mut request = Request::new(&environment);
    request.targets = vec![Target::Path(file.to_owned())];
    let mut report = engine::check(request).unwrap();
    let file = report.files.remove(0);
    (file.verification, file.unreadable_by, file.foreign)
}

/// The endings of the files that sops takes for one of its formats.
const ENDINGS: [&str; 5] = ["yaml", "json", "env", "ini", "bin"];

/// Compares every file of a folder; returns how many.
fn compare(folder: &Path, key: &Path) -> usize {
    let (current, old) = (sops("3.13.3"), sops("3.13.2"));
    let mut compared = 0;
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.unwrap();
        let path = entry.path();
        let is_configuration = path.file_name().is_some_and(|name| name == ".sops.yaml");
        let ending = path.extension().unwrap_or_default();
        if is_configuration || ENDINGS.iter().all(|known| ending != *known) {
            continue;
        }
        let (verification, unreadable_by, foreign) = verdict(path, key);
        let name = path.display();
        match (&verification, decrypts(&current, path, key)) {
            (Verification::Verified, Ok(())) | (Verification::Failed, Err(_)) => {}
            // The library reads it, which is the reference.
            (Verification::Verified, Err(error)) if error == "Version string empty\n" => {
                compared += 1;
                continue;
            }
            (Verification::NotEncrypted, Err(error)) => {
                // What is of another program, or holds nothing but comments, sops refuses otherwise.
                let is_ours = foreign.is_none() && !error.contains("EOF");
                assert!(
                    !is_ours || error.contains("metadata not found"),
                    "{name}: {error}"
                );
            }
            (Verification::NotVerified(_), Err(error)) => {
                assert!(
                    error.contains("Failed to get the data key"),
                    "{name}: {error}"
                );
            }
            (ours, theirs) => panic!("{name}: {ours:?}, but sops: {theirs:?}"),
        }
        if verification == Verification::Verified {
            let refused = decrypts(&old, path, key).is_err();
            assert_eq!(
                unreadable_by == ["3.13.2"],
                refused,
                "{name} and sops 3.13.2"
            );
        }
        compared += 1;
    }
    compared
}

#[test]
#[ignore = "needs real sops; run scripts/peers"]
fn sops_agrees_on_every_fixture_and_on_the_example() {
    let rules = compare(&testdata("rules"), &testdata("rules/keys.txt"));
    let example = compare(&testdata("example"), &testdata("example/key.txt"));
    println!("{rules} fixtures and {example} files of the example: no difference");
    assert!(rules > 30 && example > 8);
}

/// Checks one file with a key.
fn opens(file: &Path, key: &Path) -> bool {
    verdict(file, key).0 == Verification::Verified
}

// What the help of `mac-mismatch` says: bring the file back, and delete the document inside sops.
#[test]
#[ignore = "needs real sops; run scripts/peers"]
fn a_document_that_is_deleted_inside_sops_leaves_a_sound_file() {
    let (sops, key) = (sops("3.13.3"), testdata("rules/keys.txt"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("two.enc.yaml");
    std::fs::copy(testdata("rules/multi-document/fires/two.enc.yaml"), &file).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let status = Command::new(&sops)
        .arg("edit")
        .arg(&file)
        .env("SOPS_AGE_KEY_FILE", &key)
        .env("EDITOR", "sed -i /^---$/,$d")
        .status()
        .unwrap();
    assert!(status.success());
    let edited = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("\n---\n") && !edited.contains("\n---\n"));
    assert!(opens(&file, &key));
    std::fs::write(&file, text.split("\n---\n").next().unwrap()).unwrap();
    assert!(!opens(&file, &key));
}

// What the help of `mac-mismatch` says of a file that sops itself cannot read.
#[test]
#[ignore = "needs real sops; run scripts/peers"]
fn a_quoted_negative_zero_has_the_mac_of_the_number() {
    let (sops, key) = (sops("3.13.3"), testdata("rules/keys.txt"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("zero.enc.yaml");
    let fixture = testdata("rules/mac-mismatch/fires/negative-zero.enc.yaml");
    let text = std::fs::read_to_string(fixture).unwrap();
    std::fs::write(&file, text.replace("ratio: -0\n", "ratio: \"-0\"\n")).unwrap();
    decrypts(&sops, &file, &key).unwrap();
    assert!(opens(&file, &key));
}

/// Runs a command line as a user would who pastes it, in `folder`.
fn paste(command: &str, folder: &Path, key: &Path) {
    let bin = folder.join("bin");
    if !bin.exists() {
        std::fs::create_dir(&bin).unwrap();
        std::os::unix::fs::symlink(sops("3.13.3"), bin.join("sops")).unwrap();
        let ours = env!("CARGO_BIN_EXE_sopsguard");
        std::os::unix::fs::symlink(ours, bin.join("sopsguard")).unwrap();
    }
    let path = std::env::join_paths([bin, "/usr/bin".into(), "/bin".into()]).unwrap();
    let output = Command::new("sh")
        .args(["-ec", command])
        .current_dir(folder)
        .env_clear()
        .env("PATH", path)
        .env("HOME", "/nonexistent")
        .env("SOPS_AGE_KEY_FILE", key)
        // An editor in which somebody deletes all documents but the first.
        .env("EDITOR", "sed -i '/^---$/,$d'")
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {error}");
}

#[test]
#[ignore = "needs real sops; run scripts/peers"]
fn the_commands_of_the_help_mend_the_file() {
    let key = testdata("rules/keys.txt");
    let recipient = std::fs::read_to_string(&key).unwrap();
    let recipient = recipient
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "));
    let rules = format!(
        "creation_rules: [{{encrypted_regex: ^(data|stringData)$, age: {}}}]\n",
        recipient.unwrap()
    );
    let mut mended = 0;
    for rule in [
        "malformed-metadata",
        "multi-document",
        "not-encrypted",
        "undeclared-format",
        "unreadable-file",
    ] {
        for entry in std::fs::read_dir(testdata("rules").join(rule).join("fires")).unwrap() {
            let folder = tempfile::tempdir().unwrap();
            let name = entry.as_ref().unwrap().file_name();
            std::fs::copy(entry.unwrap().path(), folder.path().join(&name)).unwrap();
            std::fs::write(folder.path().join(".sops.yaml"), &rules).unwrap();
            let check = || {
                let key = [("SOPS_AGE_KEY_FILE".into(), key.clone().into())];
                let environment = Environment::new(key, folder.path().into(), Platform::Unix);
                engine::check(Request::new(&environment)).unwrap()
            };
            let found = check().findings;
            let commands = &found
                .iter()
                .find(|found| found.rule == rule)
                .unwrap()
                .help
                .commands;
            let is_git = |command: &String| command.starts_with("git ");
            let asks_a_person = |command: &String| {
                command.contains("--ignore-mac")
                    || command.contains("--accept-unknown")
                    || command.ends_with(" PLAINTEXT")
            };
            if commands.iter().any(asks_a_person) || commands.iter().all(is_git) {
                continue;
            }
            for command in commands.iter().filter(|command| !is_git(command)) {
                // Somebody says yes.
                let command = command.replace("sopsguard split", "sopsguard split --yes");
                paste(&command, folder.path(), &key);
            }
            // Another rule may have something to say of the file once it is one of sops's.
            let mut left = check().findings;
            left.retain(|found| found.rule == rule);
            assert!(left.is_empty(), "{name:?}: {left:?}");
            mended += 1;
        }
    }
    assert!(mended > 10, "{mended}");
}

/// Damaged files, and what somebody does in the editor.
const NEW_FILES: [(&str, &str); 7] = [
    ("mac-mismatch/fires/namespace", "sed -i \"1i # seen\""),
    ("mac-mismatch/fires/without-mac", "sed -i \"1i # seen\""),
    (
        "plaintext-value/fires/pasted",
        "sed -i \"\\$ a again: canary\"",
    ),
    (
        "malformed-ciphertext/fires/cut",
        "sed -i \"\\$ a again: canary\"",
    ),
    (
        "undecryptable-value/fires/renamed",
        "sed -i \"\\$ a again: canary\"",
    ),
    ("malformed-metadata/fires/without-time", "true"),
    ("not-encrypted/fires/without-block", "true"),
];

/// Outside of a repository nothing brings the file back.
#[test]
#[ignore = "needs real sops; run scripts/peers"]
fn the_help_mends_a_file_of_which_git_has_nothing_earlier() {
    let key = testdata("rules/keys.txt");
    let text = std::fs::read_to_string(&key).unwrap();
    let recipient = text
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "));
    let rules = format!("creation_rules: [{{age: {}}}]\n", recipient.unwrap());
    for (fixture, editor) in NEW_FILES {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new.enc.yaml");
        let damaged = testdata("rules").join(fixture);
        let damaged = [".enc.yaml", ".yaml"].map(|end| format!("{}{end}", damaged.display()));
        let damaged = damaged
            .iter()
            .find_map(|path| std::fs::read_to_string(path).ok());
        std::fs::write(&file, damaged.expect(fixture)).unwrap();
        std::fs::write(folder.path().join(".sops.yaml"), &rules).unwrap();
        std::fs::write(folder.path().join("PLAINTEXT"), "a: canary\n").unwrap();
        let check = || {
            let key = [("SOPS_AGE_KEY_FILE".into(), key.clone().into())];
            let environment = Environment::new(key, folder.path().into(), Platform::Unix);
            engine::check(Request::new(&environment)).unwrap()
        };
        let rule = fixture.split('/').next().unwrap();
        let found = check().findings;
        let found = found
            .iter()
            .find(|found| found.rule == rule)
            .expect(fixture);
        if found.help.text.contains("delete the line") {
            let text = std::fs::read_to_string(&file).unwrap();
            let at = found.location.start.unwrap().line - 1;
            let lines = text.lines().enumerate().filter(|(line, _)| *line != at);
            let left: Vec<&str> = lines.map(|(_, line)| line).collect();
            std::fs::write(&file, left.join("\n") + "\n").unwrap();
        }
        let [command] = &found.help.commands[..] else {
            panic!("{fixture}: {:?}", found.help);
        };
        // Somebody says yes.
        let command = command.replace("sopsguard reseal", "sopsguard reseal --yes");
        paste(
            &format!("export EDITOR='{editor}'; {command}"),
            folder.path(),
            &key,
        );
        let report = check();
        let verdict = report.files[0].verification.name();
        assert_eq!(verdict, "verified", "{fixture}: {:?}", report.findings);
    }
}

/// Keys of `testdata/identities`, and the variables that give them to sops.
const KEYS: [(&str, &str); 10] = [
    ("SOPS_AGE_KEY_FILE", "age.txt"),
    ("SOPS_AGE_KEY_FILE", "pq.txt"),
    ("SOPS_AGE_KEY_FILE", "plugin.txt"),
    ("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "ed25519"),
    ("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "rsa"),
    ("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "rsa-pem"),
    ("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "rsa-pkcs8"),
    ("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "ed25519-pkcs8"),
    ("SOPS_AGE_KEY_CMD", "age.txt"),
    ("SOPS_AGE_SSH_PRIVATE_KEY_CMD", "rsa"),
];

/// The variables under which a key is all that there is, beside a plugin.
fn variables(variable: &str, key: &str, plugin: &Path) -> [(String, String); 4] {
    let key = testdata("identities/keys").join(key);
    let value = if variable.ends_with("_CMD") {
        format!("cat '{}'", key.display())
    } else {
        key.display().to_string()
    };
    let path = format!("/usr/bin:/bin:{}", plugin.display());
    [
        (variable, value),
        ("PATH", path),
        ("HOME", "/nonexistent".to_owned()),
        ("AGE_PASSPHRASE", "canary-passphrase".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

#[test]
#[ignore = "needs real sops; run scripts/peers"]
fn sops_agrees_on_which_key_opens_which_file() {
    let sops = sops("3.13.3");
    let plugin = sops
        .parent()
        .unwrap()
        .with_file_name("age-plugin-batchpass-1.3.1");
    let (mut opened, mut compared) = (0, 0);
    for entry in std::fs::read_dir(testdata("identities")).unwrap() {
        let file = entry.unwrap().path();
        for (variable, key) in KEYS.iter().filter(|_| file.is_file()) {
            let variables = variables(variable, key, &plugin);
            let theirs = Command::new(&sops)
                .arg("decrypt")
                .arg(&file)
                .env_clear()
                .envs(variables.clone())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .unwrap();
            let variables = variables.map(|(name, value)| (name.into(), value.into()));
            let environment = Environment::new(variables, "/".into(), Platform::Unix);
            let mut request = Request::new(&environment);
            request.targets = vec![Target::Path(file.clone())];
            request.access.key_commands = true;
            request.access.plugins = vec!["batchpass".to_owned()];
            let report = engine::check(request).unwrap();
            let ours = report.files[0].verification.name();
            let expected = if theirs.success() {
                "verified"
            } else {
                "not-verified"
            };
            assert_eq!(ours, expected, "{} {variable} {key}", file.display());
            opened += usize::from(theirs.success());
            compared += 1;
        }
    }
    println!("{compared} pairs of a key and a file, {opened} opened: no difference");
    assert!(opened >= 10);
}

/// Somebody at a terminal who types the same whatever is asked.
struct Typist(&'static str);

impl Ask for Typist {
    fn secret(&mut self, _: &str) -> Option<Answer> {
        Some(Answer::new(self.0.to_owned()))
    }

    fn value(&mut self, _: &str) -> Option<Answer> {
        None
    }

    fn confirm(&mut self, _: &str, _: &str, _: Option<&str>) -> Option<bool> {
        None
    }

    fn tell(&mut self, _: &str) {}
}

/// Whether sops decrypts a file at a terminal, where this is typed.
fn decrypts_at_a_terminal(file: &Path, variables: &[(String, String)], typed: &str) -> bool {
    let command = format!(
        "'{}' decrypt '{}'",
        sops("3.13.3").display(),
        file.display()
    );
    let mut script = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .env_clear()
        .envs(variables.iter().cloned())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // It stays open: its end would be that of the terminal.
    let mut keyboard = script.stdin.take().unwrap();
    writeln!(keyboard, "{typed}").unwrap();
    script.wait().unwrap().success()
}

#[test]
#[ignore = "needs real sops; run scripts/peers"]
fn sops_agrees_on_keys_with_a_passphrase() {
    const KINDS: [&str; 2] = ["ed25519-locked", "rsa-locked"];
    let (mut opened, mut compared) = (0, 0);
    for (file, key) in KINDS.iter().flat_map(|file| KINDS.map(|key| (file, key))) {
        for typed in ["canary-passphrase", "another"] {
            let file = testdata(&format!("identities/{file}.enc.yaml"));
            let variables = variables("SOPS_AGE_SSH_PRIVATE_KEY_FILE", key, Path::new("/bin"));
            let theirs = decrypts_at_a_terminal(&file, &variables, typed);
            let variables = variables.map(|(name, value)| (name.into(), value.into()));
            let environment = Environment::new(variables, "/".into(), Platform::Unix);
            let mut request = Request::new(&environment);
            request.targets = vec![Target::Path(file.clone())];
            let mut typist = Typist(typed);
            request.access.ask = Some(&mut typist);
            let report = engine::check(request).unwrap();
            let ours = report.files[0].verification == Verification::Verified;
            assert_eq!(ours, theirs, "{} {key} {typed}", file.display());
            opened += usize::from(theirs);
            compared += 1;
        }
    }
    println!("{compared} times a passphrase was typed, {opened} times it opened: no difference");
    assert_eq!(opened, 2);
}
