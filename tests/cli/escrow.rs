//! `escrow`: keys that go only where the user says, proofs of what each opens by itself, and where a handover
//! stands. The files were made by real sops.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::sandbox::{Output, Sandbox, testdata};

/// A repository with these files of testdata/identities.
fn identities(files: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    for name in files {
        let file = format!("{name}.enc.yaml");
        let from = testdata("identities").join(&file);
        sandbox.write(&file, fs::read(from).unwrap());
    }
    sandbox.git(["init", "--quiet"]);
    sandbox
}

fn key(name: &str) -> String {
    let path = testdata("identities/keys").join(name);
    path.to_str().unwrap().to_owned()
}

fn key_text(name: &str) -> String {
    fs::read_to_string(key(name)).unwrap()
}

fn verify(sandbox: &Sandbox, arguments: &[&str], stdin: &str) -> Output {
    let all = ["escrow", "verify", "--no-input", "--format", "json"];
    let arguments = [&all[..], arguments].concat();
    sandbox.command(arguments).stdin(stdin).run()
}

fn recipient_of(name: &str) -> String {
    let text = key_text(name);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "));
    line.unwrap().to_owned()
}

fn verified(report: &Value, at: usize) -> Vec<&str> {
    let files = report["identities"][at]["verified"].as_array().unwrap();
    files.iter().map(|path| path.as_str().unwrap()).collect()
}

// --- keygen ------------------------------------------------------------------------------------

#[test]
fn a_new_key_goes_to_a_file_that_only_its_owner_reads_and_its_recipient_is_printed() {
    let sandbox = Sandbox::new();
    let output = sandbox
        .run(["escrow", "keygen", "-o", "../key.txt", "--name", "it's"])
        .expect_code(0);
    let place = sandbox.work().join("../key.txt");
    let text = fs::read_to_string(&place).unwrap();
    let key: age::x25519::Identity = text.lines().last().unwrap().parse().unwrap();
    let recipient = key.to_public().to_string();
    assert!(text.contains(&format!("# public key: {recipient}\n")));
    let next =
        format!(r"sopsguard escrow add-recipient {recipient} --name 'it'\''s' --role escrow");
    assert!(output.stdout.contains(&next), "{}", output.stdout);
    assert!(!output.stdout.contains("SECRET-KEY"), "{}", output.stdout);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = place.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let again = sandbox
        .run(["escrow", "keygen", "-o", "../key.txt"])
        .expect_code(2);
    assert!(again.stderr.contains("is there already"));
    assert_eq!(fs::read_to_string(&place).unwrap(), text);
}

#[test]
fn a_private_key_is_never_written_into_a_repository() {
    let sandbox = Sandbox::new();
    sandbox.git(["init", "--quiet"]);
    sandbox.write(".gitignore", "ignored\n");
    sandbox.write("folder/file", "");
    let places = [
        "key.txt",
        "ignored",
        "folder/key.txt",
        ".git/key.txt",
        "folder/../key.txt",
    ];
    for place in places {
        for option in ["--output", "--paper"] {
            let output = sandbox
                .run(["escrow", "keygen", option, place])
                .expect_code(2);
            assert!(
                output.stderr.contains("lies in the repository"),
                "{}",
                output.stderr
            );
            assert!(!sandbox.work().join(place).exists(), "{place}");
        }
    }
    #[cfg(unix)]
    {
        // Through a link from outside, too.
        std::os::unix::fs::symlink(sandbox.work(), sandbox.work().join("../link")).unwrap();
        let output = sandbox
            .run(["escrow", "keygen", "-o", "../link/key.txt"])
            .expect_code(2);
        assert!(
            output.stderr.contains("lies in the repository"),
            "{}",
            output.stderr
        );
    }
    let entries = fs::read_dir(sandbox.work()).unwrap().count();
    assert_eq!(entries, 3, "nothing is left");
}

#[test]
fn a_private_key_is_printed_to_a_terminal_or_where_that_is_said() {
    let sandbox = Sandbox::new();
    let output = sandbox.run(["escrow", "keygen"]).expect_code(2);
    assert!(output.stderr.contains("no terminal") && output.stdout.is_empty());
    let output = sandbox.run(["escrow", "keygen", "--stdout"]).expect_code(0);
    let printed = output
        .stdout
        .lines()
        .find(|line| line.starts_with("AGE-SECRET-KEY-1"));
    let key: age::x25519::Identity = printed.unwrap().parse().unwrap();
    assert!(output.stdout.contains(&key.to_public().to_string()));
    // A safe that it is piped into gives back what age takes: the key, and comments.
    let lines = output.stdout.lines();
    let lines: Vec<&str> = lines.filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines, [printed.unwrap()]);
    let next = "sopsguard escrow add-recipient age1";
    assert!(output.stderr.contains(next), "{}", output.stderr);
    let output = sandbox
        .run(["escrow", "keygen", "--stdout", "--format", "json"])
        .expect_code(0);
    let report = output.json();
    let key: age::x25519::Identity = report["private-key"].as_str().unwrap().parse().unwrap();
    assert_eq!(report["recipient"], key.to_public().to_string());
}

#[test]
fn a_private_key_that_nobody_read_is_not_said_to_be_made() {
    for more in [&["--stdout"][..], &["--stdout", "--format", "json"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let keygen = std::process::Command::new(env!("CARGO_BIN_EXE_sopsguard"))
            .args(["escrow", "keygen"])
            .args(more)
            .env_clear()
            .stdout(writer)
            .output()
            .unwrap();
        assert_eq!(keygen.status.code(), Some(3), "{more:?}");
        let told = String::from_utf8(keygen.stderr).unwrap();
        assert!(!told.contains("add-recipient"), "{told}");
        assert!(!told.contains("AGE-SECRET-KEY"), "{told}");
    }
}

#[test]
fn the_sheet_holds_the_key_and_a_dry_run_makes_none() {
    let sandbox = Sandbox::new();
    let arguments = [
        "escrow",
        "keygen",
        "--paper",
        "../sheet.html",
        "--format",
        "json",
    ];
    let place = sandbox.work().join("../sheet.html");
    let told = sandbox
        .run([&arguments[..], &["--dry-run"]].concat())
        .expect_code(0)
        .json();
    assert!(!place.exists() && told["recipient"].is_null());
    let told = sandbox.run(arguments).expect_code(0).json();
    let page = fs::read_to_string(&place).unwrap();
    assert!(page.contains(told["recipient"].as_str().unwrap()));
    assert!(page.contains(told["fingerprint"].as_str().unwrap()));
    assert!(told.get("private-key").is_none());
    let at = page.find("AGE-SECRET-KEY-1").unwrap();
    let key: age::x25519::Identity = page[at..at + 74].parse().unwrap();
    assert_eq!(told["recipient"], key.to_public().to_string());
}

// --- verify ------------------------------------------------------------------------------------

#[test]
fn each_identity_is_proved_by_itself_and_what_it_does_not_open_is_listed() {
    let sandbox = identities(&["age", "pq", "ed25519"]);
    let both = format!("{}{}", key_text("age.txt"), key_text("pq.txt"));
    let report = verify(&sandbox, &["--identity", "-"], &both)
        .expect_code(1)
        .json();
    assert_eq!(report["files"], 3);
    assert_eq!(verified(&report, 0), ["age.enc.yaml"]);
    assert_eq!(verified(&report, 1), ["pq.enc.yaml"]);
    let not = report["identities"][0]["not-proved"].as_array().unwrap();
    assert_eq!(not.len(), 2);
    assert!(not.iter().all(|file| file["reason"] == "not-a-recipient"));
    let report = verify(
        &sandbox,
        &["--identity", "-", "age.enc.yaml"],
        &key_text("age.txt"),
    );
    assert_eq!(report.expect_code(0).json()["proved"], true);
}

#[test]
fn no_other_identity_helps() {
    let sandbox = identities(&["age"]);
    let arguments = ["escrow", "verify", "--identity", &key("pq.txt")];
    let run = sandbox
        .command(arguments)
        .env("SOPS_AGE_KEY_FILE", key("age.txt"));
    let output = run.run().expect_code(1);
    assert!(
        output.stdout.contains("opens no file by itself"),
        "{}",
        output.stdout
    );
    assert!(
        output
            .stdout
            .contains("not proved: age.enc.yaml: it is not a recipient")
    );
}

#[test]
fn a_secret_of_the_cluster_is_a_source_and_the_key_that_is_meant_must_be_in_it() {
    let sandbox = identities(&["age"]);
    for manifest in ["manifest.yaml", "manifest.json"] {
        let text = key_text(manifest);
        let recipient = recipient_of("age.txt");
        let only = ["--identity", "-", "--only", &recipient];
        let report = verify(&sandbox, &only, &text).expect_code(0).json();
        assert_eq!(
            report["identities"].as_array().unwrap().len(),
            1,
            "{manifest}"
        );
        assert!(
            report["identities"][0]["origin"]
                .as_str()
                .unwrap()
                .contains("age.agekey"),
            "{report}"
        );
        let other = recipient_of("pq.txt");
        let only = ["--identity", "-", "--only", &other];
        let report = verify(&sandbox, &only, &text).expect_code(1).json();
        assert_eq!(report["missing"], other.as_str());
    }
}

#[test]
fn a_key_under_a_passphrase_that_nobody_gives_is_no_proof() {
    let sandbox = identities(&["age"]);
    let report = verify(&sandbox, &["--identity", &key("age-locked.age")], "")
        .expect_code(1)
        .json();
    let idle = report["identities"][0]["idle"].as_str().unwrap();
    assert!(idle.contains("passphrase"), "{idle}");
}

#[test]
fn a_file_that_sops_would_refuse_is_no_proof_and_neither_is_none() {
    let sandbox = identities(&["age"]);
    let text = String::from_utf8(sandbox.read("age.enc.yaml")).unwrap();
    sandbox.write("age.enc.yaml", text.replace("kind: Secret", "kind: Other"));
    let report = verify(&sandbox, &["--identity", &key("age.txt")], "")
        .expect_code(1)
        .json();
    assert_eq!(report["identities"][0]["not-proved"][0]["reason"], "failed");
    let report = verify(&identities(&[]), &["--identity", &key("age.txt")], "")
        .expect_code(1)
        .json();
    assert_eq!(
        (&report["files"], &report["proved"]),
        (&Value::from(0), &Value::from(false))
    );
}

#[test]
fn a_proof_is_noted_below_the_key_and_only_where_all_was_proved() {
    let sandbox = identities(&["age", "pq"]);
    let recipient = recipient_of("age.txt");
    let policy = format!(
        "# ours\n[[recipient]]\nkey = \"{recipient}\" # the safe\nname = \"safe\"\nrole = \"escrow\"\n"
    );
    sandbox.write(".sopsguard.toml", &policy);
    let read = || String::from_utf8(sandbox.read(".sopsguard.toml")).unwrap();
    let age = key("age.txt");
    let record = ["--identity", &age, "--record"];
    let told = verify(&sandbox, &record, "").expect_code(1).json();
    assert!(told["recorded"].is_null());
    assert_eq!(read(), policy);
    fs::remove_file(sandbox.work().join("pq.enc.yaml")).unwrap();
    let told = verify(&sandbox, &[&record[..], &["--dry-run"]].concat(), "")
        .expect_code(0)
        .json();
    assert_eq!(
        (&told["recorded"]["written"], read()),
        (&Value::from(false), policy.clone())
    );
    let told = verify(&sandbox, &record, "").expect_code(0).json();
    let day = told["recorded"]["day"].as_str().unwrap();
    let noted = read();
    assert!(noted.contains(&format!("proved = {day}\n")), "{noted}");
    assert_eq!(noted.replace(&format!("proved = {day}\n"), ""), policy);
    let status = sandbox
        .run(["escrow", "status", "--format", "json"])
        .expect_code(0)
        .json();
    assert_eq!(status["escrows"][0]["proved"], day);
    assert_eq!(status["escrows"][0]["is-proved"], true);
}

#[test]
fn a_proof_of_a_key_that_the_policy_does_not_list_is_not_noted() {
    let sandbox = identities(&["age"]);
    let output = verify(&sandbox, &["--identity", &key("age.txt"), "--record"], "").expect_code(2);
    assert!(
        output.stderr.contains("there is no `.sopsguard.toml` here"),
        "{}",
        output.stderr
    );
    sandbox.write(".sopsguard.toml", "min-recipients = 1\n");
    let output = verify(&sandbox, &["--identity", &key("age.txt"), "--record"], "").expect_code(2);
    assert!(output.stderr.contains("does not list"), "{}", output.stderr);
}

#[test]
fn with_key_groups_the_identities_of_a_source_count_together_and_it_is_said() {
    let sandbox = identities(&["groups"]);
    let (one, other) = (key("age.txt"), key("ed25519"));
    let alone = verify(&sandbox, &["--identity", &one], "")
        .expect_code(1)
        .json();
    assert_eq!(
        alone["identities"][0]["not-proved"][0]["reason"],
        "too-few-groups"
    );
    let arguments = ["escrow", "verify", "--identity", &one, "--identity", &other];
    let output = sandbox.run(arguments).expect_code(0);
    assert!(
        output.stdout.contains("lets no single key open"),
        "{}",
        output.stdout
    );
}

// --- status ------------------------------------------------------------------------------------

fn handover() -> Sandbox {
    let sandbox = Sandbox::new();
    for entry in walkdir::WalkDir::new(testdata("handover")) {
        let entry = entry.unwrap();
        let path: &Path = entry.path().strip_prefix(testdata("handover")).unwrap();
        if entry.file_type().is_file() {
            sandbox.write(path, fs::read(entry.path()).unwrap());
        }
    }
    sandbox.git(["init", "--quiet"]);
    sandbox
}

fn status(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let arguments = [&["escrow", "status", "--format", "json"], arguments].concat();
    sandbox.run(arguments).expect_code(0).json()
}

/// The steps as number and state.
fn steps(status: &Value) -> Vec<(u64, &str)> {
    let steps = status["steps"].as_array().unwrap().iter();
    steps
        .map(|step| {
            (
                step["number"].as_u64().unwrap(),
                step["state"].as_str().unwrap(),
            )
        })
        .collect()
}

/// What testdata/handover/README.md tells of the files.
#[test]
fn a_status_tells_what_the_files_of_the_example_are_known_to_be() {
    let report = status(&handover(), &[]);
    assert_eq!(report["files"], 6);
    assert_eq!(report["bus-factor"], 1);
    assert_eq!(report["lone"], serde_json::json!(["infra/dns.enc.json"]));
    let without = [
        "infra/dns.enc.json",
        "infra/vpn.enc.yaml",
        "vault/root.enc.yaml",
    ];
    assert_eq!(report["without-escrow"], serde_json::json!(without));
    let escrow = &report["escrows"][0];
    assert_eq!(
        (&escrow["name"], &escrow["opens"]),
        (&"office safe".into(), &3.into())
    );
    assert_eq!(
        steps(&report),
        [(2, "done"), (2, "not-done"), (3, "not-done")]
    );
}

#[test]
fn who_leaves_sees_what_she_still_holds_and_the_steps_in_order() {
    let report = status(&handover(), &["--leaving", "Bob"]);
    let leaving = &report["leaving"];
    let opens = [
        "apps/shop.enc.yaml",
        "infra/registry.enc.env",
        "infra/vpn.enc.yaml",
    ];
    assert_eq!(leaving["opens"], serde_json::json!(opens));
    assert_eq!(
        leaving["helps-open"],
        serde_json::json!(["vault/root.enc.yaml"])
    );
    assert_eq!(leaving["lone"], serde_json::json!([]));
    assert_eq!(leaving["keys"][0]["held-by"], serde_json::json!(["laptop"]));
    assert_eq!(leaving["rules"], serde_json::json!([".sops.yaml"]));
    let expected = [
        (1, "done"),
        (2, "done"),
        // Of the vault, which takes two, Ada alone would be left beside the safe.
        (2, "not-done"),
        (2, "not-done"),
        (3, "not-done"),
        (3, "unknown"),
        (4, "unknown"),
        (5, "unknown"),
        (6, "not-done"),
        (7, "unknown"),
        (8, "unknown"),
        (9, "unknown"),
    ];
    assert_eq!(steps(&report), expected);
    let report = status(&handover(), &["--leaving", "Ada"]);
    assert_eq!(
        report["leaving"]["lone"],
        serde_json::json!(["infra/dns.enc.json"])
    );
}

#[test]
fn who_is_gone_is_told_from_who_is_misspelt() {
    let sandbox = handover();
    let gone = recipient_of("age.txt");
    for (name, expected) in [(gone.as_str(), "done"), ("Bbo", "unknown")] {
        let report = status(&sandbox, &["--leaving", name]);
        assert!(steps(&report).contains(&(6, expected)), "{name}: {report}");
    }
    let output = sandbox
        .run(["escrow", "status", "--leaving", "Bob"])
        .expect_code(0);
    for told in [
        "[ ] 6. only now take Bob out",
        "$ sopsguard escrow remove-recipient Bob",
        "[x] 1. list every copy of the leaving key",
        "held by laptop",
    ] {
        assert!(output.stdout.contains(told), "{told}:\n{}", output.stdout);
    }
}

// --- with real age and sops --------------------------------------------------------------------

mod with_peers {
    use std::path::PathBuf;
    use std::process::{Command, Stdio};

    use sopsguard::engine::{Answer, KeyKind, NewIdentity};

    use super::*;

    fn peer(path: &str) -> PathBuf {
        let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let cache = variable("SOPSGUARD_PEERS")
            .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("sopsguard-peers")))
            .unwrap_or_else(|| variable("HOME").unwrap().join(".cache/sopsguard-peers"));
        let program = cache.join(path);
        assert!(program.is_file(), "run scripts/peers");
        program
    }

    /// What a program prints for what it is given; none where it fails.
    fn run(command: &mut Command, given: &str) -> Option<String> {
        use std::io::Write;
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.stderr(Stdio::null()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // Who ends without reading has its reasons.
        let _ = stdin.write_all(given.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        output.status.success().then_some(text)
    }

    /// Makes a key beside the work folder; gives its place and its recipient.
    fn keygen(sandbox: &Sandbox, name: &str, options: &[&str]) -> (PathBuf, String) {
        let place = format!("../{name}");
        let arguments = ["escrow", "keygen", "--format", "json", "-o", &place];
        let report = sandbox
            .run([&arguments[..], options].concat())
            .expect_code(0)
            .json();
        let recipient = report["recipient"].as_str().unwrap().to_owned();
        (sandbox.work().join(place), recipient)
    }

    fn sops(sandbox: &Sandbox) -> Command {
        let mut sops = Command::new(peer("sops-3.13.3/sops"));
        sops.env_clear()
            .env("HOME", "/nonexistent")
            .current_dir(sandbox.work());
        sops
    }

    #[test]
    #[ignore = "needs what scripts/peers installs"]
    fn real_age_and_real_sops_take_new_keys() {
        let sandbox = Sandbox::new();
        for (name, options) in [("x25519", &[][..]), ("pq", &["--pq"])] {
            let (place, recipient) = keygen(&sandbox, name, options);
            let mut keygen = Command::new(peer("age-1.3.1/age-keygen"));
            let public = run(keygen.arg("-y").arg(&place), "").unwrap();
            assert_eq!(public.trim_end(), recipient);
            let mut age = Command::new(peer("age-1.3.1/age"));
            let locked = run(age.args(["-a", "-r", &recipient]), "hello").unwrap();
            let mut age = Command::new(peer("age-1.3.1/age"));
            let opened = run(age.arg("-d").arg("-i").arg(&place), &locked);
            assert_eq!(opened.as_deref(), Some("hello"));
            let mut encrypt = sops(&sandbox);
            encrypt.args([
                "encrypt",
                "--age",
                &recipient,
                "--filename-override",
                "x.yaml",
            ]);
            let file = run(encrypt.arg("/dev/stdin"), "a: canary\n").unwrap();
            sandbox.write("x.yaml", file);
            let mut decrypt = sops(&sandbox);
            decrypt
                .args(["decrypt", "x.yaml"])
                .env("SOPS_AGE_KEY_FILE", &place);
            assert_eq!(run(&mut decrypt, "").as_deref(), Some("a: canary\n"));
        }
    }

    #[test]
    #[ignore = "needs what scripts/peers installs"]
    fn real_age_opens_a_key_under_a_passphrase() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("key.age");
        let identity = NewIdentity::generate(KeyKind::X25519, None).unwrap();
        let passphrase = Answer::new("canary passphrase".to_owned());
        identity.write(&place, Some(&passphrase)).unwrap();
        let locked = fs::read_to_string(&place).unwrap();
        assert!(!locked.contains("SECRET"));
        let plugin = peer("age-plugin-batchpass-1.3.1/age-plugin-batchpass");
        let open = |passphrase: &str| {
            let mut age = Command::new(peer("age-1.3.1/age"));
            age.args(["-d", "-j", "batchpass"]);
            age.env("PATH", plugin.parent().unwrap())
                .env("AGE_PASSPHRASE", passphrase);
            run(&mut age, &locked)
        };
        let expected = format!(
            "# public key: {}\n{}\n",
            identity.recipient(),
            identity.expose()
        );
        assert_eq!(open("canary passphrase"), Some(expected));
        assert_eq!(open("another"), None);
    }

    /// A file by its name, and the keys of its rule.
    type Ruled = (&'static str, String);

    /// Files for these keys, by kind and with groups, of which two take two.
    fn ruled(keys: &[(PathBuf, String)]) -> Vec<Ruled> {
        let of = |at: &[usize]| {
            let recipients: Vec<&str> = at.iter().map(|at| keys[*at].1.as_str()).collect();
            format!("age: '{}'", recipients.join(","))
        };
        let two_of = |at: [usize; 3]| {
            let groups = at.map(|at| format!("{{age: [{}]}}", keys[at].1)).join(", ");
            format!("key_groups: [{groups}]\n      shamir_threshold: 2")
        };
        vec![
            ("all.yaml", of(&[0, 1, 2])),
            ("first.json", of(&[0])),
            ("others.env", of(&[1, 2])),
            ("last.ini", of(&[2])),
            ("two.yaml", two_of([0, 1, 2])),
            ("twice.yaml", two_of([0, 0, 1])),
            ("broken.yaml", of(&[0, 1])),
        ]
    }

    /// Has sops encrypt a file; one is broken after that.
    fn encrypt(sandbox: &Sandbox, (file, keys): &Ruled) {
        let clear = match file.rsplit_once('.').unwrap().1 {
            "json" => "{\"a\": \"canary\"}",
            "env" => "a=canary\n",
            "ini" => "[s]\na = canary\n",
            _ => "a: canary\nb_unencrypted: c\n",
        };
        let rules = format!("creation_rules:\n    - path_regex: ''\n      {keys}\n");
        sandbox.write("rules", rules);
        let mut command = sops(sandbox);
        command.args(["--config", "rules", "encrypt", "--filename-override", file]);
        let text = run(command.arg("/dev/stdin"), clear).unwrap();
        fs::remove_file(sandbox.work().join("rules")).unwrap();
        let text = match *file {
            "broken.yaml" => text.replace("b_unencrypted: c", "b_unencrypted: d"),
            _ => text,
        };
        sandbox.write(file, text);
    }

    /// Each identity by itself on each file: proved is what sops decrypts with that identity alone.
    #[test]
    #[ignore = "needs what scripts/peers installs"]
    fn what_is_proved_is_what_sops_decrypts_with_that_identity_alone() {
        let sandbox = Sandbox::new();
        sandbox.git(["init", "--quiet"]);
        let keys: Vec<(PathBuf, String)> = [("a", &[][..]), ("b", &["--pq"]), ("c", &[])]
            .into_iter()
            .map(|(name, options)| keygen(&sandbox, name, options))
            .collect();
        let files = ruled(&keys);
        for ruled in &files {
            encrypt(&sandbox, ruled);
        }
        let mut proved = 0;
        for (place, recipient) in &keys {
            let report = verify(&sandbox, &["--identity", place.to_str().unwrap()], "").json();
            assert_eq!(report["identities"][0]["recipient"], recipient.as_str());
            assert_eq!(report["proved"], false);
            for (file, _) in &files {
                let mut decrypt = sops(&sandbox);
                decrypt
                    .args(["decrypt", file])
                    .env("SOPS_AGE_KEY_FILE", place);
                let is_decrypted = run(&mut decrypt, "").is_some();
                let is_verified = verified(&report, 0).contains(file);
                assert_eq!(is_verified, is_decrypted, "{file} {recipient}");
                proved += usize::from(is_decrypted);
            }
        }
        assert_eq!(proved, 3 + 2 + 3);
        let all = keys
            .iter()
            .flat_map(|(place, _)| ["--identity", place.to_str().unwrap()]);
        let report = verify(&sandbox, &all.collect::<Vec<_>>(), "")
            .expect_code(1)
            .json();
        assert_eq!(
            report["identities"][2]["shares"],
            serde_json::json!(["two.yaml"])
        );
    }
}
