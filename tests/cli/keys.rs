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
        let (verdict, reason) = verdict(&output);
        let asks = format!("needs-input: `{key}` asks for a passphrase, and nobody answered");
        assert_eq!((verdict.as_str(), reason), ("not-verified", asks));
    }
    let output = sandbox.run(["check", "groups.enc.yaml", "--identity", "keys/age.txt"]);
    insta::assert_snapshot!(without_keys(&output.expect_code(0).stdout), @r"
    not verified: groups.enc.yaml: 2 of 3 key groups needed; opened: 1
      it takes 2 of (age1…), (ssh-ed25519 AAAA…), (age1…)
    1 file: 0 verified, 1 not verified
    ");
}

/// The text with every public key cut to its beginning.
fn without_keys(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = ["age1", "AAAA"]
        .iter()
        .filter_map(|start| rest.find(start))
        .min()
    {
        let (before, key) = rest.split_at(at);
        let end = key.find(|char: char| !char.is_ascii_alphanumeric() && !"+/=".contains(char));
        out.extend([before, &key[..4], "…"]);
        rest = key[end.unwrap_or(key.len())..].trim_start_matches('…');
    }
    out + rest
}

/// What opens what: the whole report on files that no key at hand opens.
#[test]
fn the_report_says_which_key_would_open_a_file() {
    let sandbox = sandbox();
    let kms = "a: ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]
sops:
    kms:
        - arn: arn:aws:kms:eu-west-1:1:key/x
          created_at: '2026-01-01T00:00:00Z'
          enc: AAAA
AGE    lastmodified: '2026-01-01T00:00:00Z'
    mac: ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]
    version: 3.13.3
";
    let age = String::from_utf8(sandbox.read("ed25519.enc.yaml")).unwrap();
    let start = age.find("    age:\n").unwrap();
    let end = age.find("    encrypted_regex").unwrap();
    sandbox.write("kms.enc.yaml", kms.replace("AGE", "").as_bytes());
    sandbox.write(
        "kms-age.enc.yaml",
        kms.replace("AGE", &age[start..end]).as_bytes(),
    );
    let files = ["kms", "kms-age", "groups", "rsa", "plugin", "pq", "age"];
    let files = files.map(|name| format!("{name}.enc.yaml"));
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let arguments = ["-v", "check", "--identity", "keys/rsa-pem"];
    let output = sandbox
        .run([&arguments[..], &files].concat())
        .expect_code(0);
    let shown = without_keys(&output.stdout);
    let at = shown.find("not verified: ").unwrap();
    insta::assert_snapshot!(shown[at..], @r"
    not verified: age.enc.yaml, groups.enc.yaml, kms-age.enc.yaml, plugin.enc.yaml, pq.enc.yaml, rsa.enc.yaml: no identity here is a recipient
      age.enc.yaml: it takes age1…
      groups.enc.yaml: it takes 2 of (age1…), (ssh-ed25519 AAAA…), (age1…)
      kms-age.enc.yaml: it takes AWS KMS arn:aws:kms:eu-west-1:1:key/x or ssh-ed25519 AAAA…
      plugin.enc.yaml: it takes age1… (of plugin `batchpass`)
      pq.enc.yaml: it takes age1…
      rsa.enc.yaml: it takes ssh-rsa AAAA…
    not verified: kms.enc.yaml: needs AWS KMS
      it takes AWS KMS arn:aws:kms:eu-west-1:1:key/x
    7 files: 0 verified, 7 not verified
    ");
}

#[test]
fn places_where_nobody_looked_are_not_named() {
    let sandbox = sandbox();
    let output = sandbox.run(["check", "age.enc.yaml"]).expect_code(0);
    let shown = without_keys(&output.stdout);
    let home = sandbox.work().with_file_name("home").display().to_string();
    insta::assert_snapshot!(shown.replace(&home, "HOME"), @r"
    not verified: age.enc.yaml: there is no identity (`--identity FILE` names one); looked in `SOPS_AGE_KEY`, `SOPS_AGE_KEY_FILE`, `SOPS_AGE_KEY_CMD`, `HOME/.config/sops/age/keys.txt`
      it takes age1…
    1 file: 0 verified, 1 not verified
    ");
    let output = sandbox.run(["check", "rsa.enc.yaml"]).expect_code(0);
    assert!(
        output.stdout.contains(".ssh/id_rsa`, `SOPS_AGE_KEY`, "),
        "{}",
        output.stdout
    );
}

#[test]
fn what_is_said_does_not_depend_on_which_file_asks_for_an_ssh_key_first() {
    let sandbox = sandbox();
    sandbox.write("../home/.ssh/id_rsa", sandbox.read("keys/rsa"));
    for last in ["rsa", "zz-rsa"] {
        sandbox.write(format!("{last}.enc.yaml"), sandbox.read("rsa.enc.yaml"));
        for jobs in ["1", "8"] {
            let last = format!("{last}.enc.yaml");
            let files = [
                "age.enc.yaml",
                "pq.enc.yaml",
                "ed25519.enc.yaml",
                "--jobs",
                jobs,
            ];
            let report = check(&sandbox, &[&files[..], &[last.as_str()]].concat())
                .run()
                .json();
            for file in &report["files"].as_array().unwrap()[..3] {
                assert_eq!(file["reason"], "not-a-recipient", "{report}");
            }
            let lacking = report["not-evaluated"].as_array().unwrap().iter();
            // What changed is not known outside of a repository.
            for rule in lacking.filter(|rule| rule["reason"] != "no-repository") {
                assert_eq!(rule["reason"], "not-a-recipient", "{report}");
            }
            assert_eq!(report["files"][3]["verification"], "verified", "{report}");
        }
    }
}

#[test]
fn a_command_that_failed_is_named_whatever_the_comment_of_a_recipient() {
    let sandbox = sandbox();
    let text = String::from_utf8(sandbox.read("rsa.enc.yaml")).unwrap();
    for comment in ["rsa@example.org", "alice's laptop"] {
        sandbox.write("rsa.enc.yaml", text.replace("rsa@example.org", comment));
        let run = check(&sandbox, &["rsa.enc.yaml"]).env("SOPS_AGE_SSH_PRIVATE_KEY_CMD", "false");
        let (_, reason) = verdict(&run.env("PATH", "/usr/bin:/bin").run());
        assert!(reason.starts_with("key-failed: "), "{comment}: {reason}");
    }
}

#[test]
fn keys_names_files_that_are_too_damaged_to_be_tried() {
    let sandbox = sandbox();
    let sound = String::from_utf8(sandbox.read("age.enc.yaml")).unwrap();
    sandbox.write("cut/a.enc.yaml", &sound[..sound.len() / 2]);
    sandbox.write(
        "cut/b.enc.yaml",
        sound.replace("lastmodified: \"", "lastmodified: \"x"),
    );
    sandbox.write("cut/c.yaml", "sops: no secret\n");
    sandbox.write("cut/d.enc.yaml", &sound);
    let output = sandbox.run(["keys", "cut", "--format", "json"]).json();
    assert_eq!(
        output["unread"],
        serde_json::json!(["cut/a.enc.yaml", "cut/b.enc.yaml"])
    );
    assert_eq!(output["files"], serde_json::json!(["cut/d.enc.yaml"]));
    let shown = sandbox
        .run(["keys", "cut/a.enc.yaml"])
        .expect_code(0)
        .stdout;
    assert!(
        shown.contains("damaged or not readable, so that no key was tried: cut/a.enc.yaml"),
        "{shown}"
    );
}

#[test]
fn programs_are_told_of_key_groups_too() {
    let sandbox = sandbox();
    let output = check(&sandbox, &["groups.enc.yaml", "--identity", "keys/age.txt"]).run();
    let file = &output.json()["files"][0];
    assert_eq!(
        file["groups"],
        serde_json::json!({"needed": 2, "of": 3, "open": 1})
    );
    assert_eq!(file["keys"][1]["kind"], "ssh-ed25519");
    assert_eq!(file["keys"][1]["group"], 2);
}

#[test]
fn keys_lists_a_key_once_however_often_a_command_gives_it() {
    let sandbox = sandbox();
    let command = format!("cat '{}'", sandbox.work().join("keys/age.txt").display());
    let output = sandbox
        .command(["keys", "--format", "json", "--jobs", "2"])
        .env("PATH", "/usr/bin:/bin")
        .env("SOPS_AGE_KEY_CMD", command)
        .run()
        .expect_code(0);
    let json = output.json();
    assert_eq!(json["keys"].as_array().unwrap().len(), 1, "{json}");
    assert_eq!(json["keys"][0]["unused"], false);
    assert_eq!(json["files"].as_array().unwrap().len(), 11);
}

#[test]
fn keys_takes_a_file_from_standard_input() {
    let sandbox = sandbox();
    let output = sandbox
        .command([
            "keys",
            "-",
            "--identity",
            "keys/age.txt",
            "--format",
            "json",
        ])
        .stdin(sandbox.read("age.enc.yaml"))
        .run()
        .expect_code(0);
    assert_eq!(output.json()["keys"][0]["opens"][0], "stdin.yaml");
    let twice = sandbox.run(["keys", "-", "--identity", "-"]).expect_code(2);
    assert!(twice.stderr.contains("more than once"), "{}", twice.stderr);
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
    let shown = output.stdout;
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
      found in `keys/age.txt`
      opens age.enc.yaml
      opens a key group of groups.enc.yaml
    ssh-ed25519 AAAA…
      found in `keys/ed25519`
      opens ed25519.enc.yaml
      opens a key group of groups.enc.yaml
    ssh-rsa AAAA…
      found in `keys/rsa-pem`
      opens rsa-pem.enc.yaml
    SSH key with a passphrase ssh-ed25519 AAAA…
      found in `keys/ed25519-locked`
      not used: it asks for a passphrase, and nobody answered
    identity of plugin batchpass
      found in `keys/plugin.txt`
      not used: plugin `batchpass` is not run without `--allow-plugin batchpass`
    looked in `keys/age.txt` (1 usable), `keys/ed25519` (1 usable), `keys/ed25519-locked` (1 locked), `keys/rsa-pem` (1 usable), `keys/plugin.txt` (1 locked)
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
fn all_names_are_there_for_who_asks_for_more() {
    let sandbox = sandbox();
    for entry in sandbox.work().join("keys").read_dir().unwrap() {
        let path = entry.unwrap().path();
        if !path.ends_with("rsa-pem") {
            std::fs::remove_file(path).unwrap();
        }
    }
    std::fs::rename(sandbox.work().join("keys"), sandbox.work().join("../keys")).unwrap();
    for command in ["keys", "check"] {
        let arguments = [command, ".", "--identity", "../keys/rsa-pem"];
        let short = sandbox.run(arguments).expect_code(0).stdout;
        assert!(short.contains(" more"), "{short}");
        let long = sandbox.run([&arguments[..], &["--verbose"]].concat());
        let long = long.expect_code(0).stdout;
        assert!(!long.contains(" more"), "{long}");
    }
}

#[test]
fn what_the_user_named_is_called_what_the_user_called_it() {
    let sandbox = sandbox();
    sandbox.write("sub/x", "");
    let output = sandbox
        .command(["-C", "sub", "check", "-v", "../age.enc.yaml"])
        .env("SOPS_AGE_KEY_FILE", "../missing")
        .run()
        .expect_code(0);
    let missing = "looked for identities in `SOPS_AGE_KEY`, `../missing` (`SOPS_AGE_KEY_FILE`) \
                   (nothing there)";
    assert!(output.stdout.contains(missing), "{}", output.stdout);
    let arguments = ["-C", "sub", "check", "-v", "../age.enc.yaml", "--identity"];
    let output = sandbox.run([&arguments[..], &["../keys/age.txt"]].concat());
    let found = "looked for identities in `../keys/age.txt` (1 usable)";
    assert!(output.stdout.contains(found), "{}", output.stdout);
    let output = sandbox.run([&arguments[..], &["../missing"]].concat());
    let missing = "cannot use the identity: `../missing` does not exist";
    assert!(output.stderr.contains(missing), "{}", output.stderr);
}

#[test]
fn a_plugin_goes_by_its_name_and_is_missed_where_there_is_none_of_it() {
    let sandbox = sandbox();
    let allowed = |name| {
        let arguments = ["check", "-v", "age.enc.yaml", "--allow-plugin", name];
        sandbox.run(arguments)
    };
    let output = allowed("age-plugin-batchpass").expect_code(2);
    let why = "this is the program's name; the plugin's is `batchpass`";
    assert!(output.stderr.contains(why), "{}", output.stderr);
    let output = allowed("nosuch").expect_code(0);
    let why = "no identity of plugin `nosuch`, which `--allow-plugin` names";
    assert!(output.stdout.contains(why), "{}", output.stdout);
}

#[test]
fn a_file_that_is_no_private_key_is_told_for_what_it_is() {
    let sandbox = sandbox();
    let key = String::from_utf8(sandbox.read("keys/age.txt")).unwrap();
    let public = key
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "));
    let public = public.unwrap().to_owned();
    let utf16: Vec<u8> = key.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let public_is = "line 1 holds a public key (a recipient); the private key is needed";
    let wide = "it is in UTF-16: save it as UTF-8";
    for (text, why) in [
        (public.as_bytes().to_vec(), public_is),
        (b"ssh-ed25519 AAAAC3NzaC1lZDI1 me@here\n".to_vec(), public_is),
        ([b"\xff\xfe".to_vec(), utf16.clone()].concat(), wide),
        (utf16, wide),
        (
            [b"\xef\xbb\xbf".as_slice(), key.as_bytes()].concat(),
            "it begins with a byte order mark: save it as UTF-8 without one",
        ),
        (
            b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n\
              -----END RSA PRIVATE KEY-----\n"
                .to_vec(),
            "`ssh-keygen -p -o -f FILE` rewrites one",
        ),
    ] {
        sandbox.write("key", text);
        let output = sandbox.run(["check", "age.enc.yaml", "--identity", "key"]);
        let output = output.expect_code(2);
        assert!(output.stderr.contains("`key`: "), "{}", output.stderr);
        assert!(output.stderr.contains(why), "{why}: {}", output.stderr);
    }
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

/// Runs `check` at a terminal with a key that asks for a passphrase, and types `answer`. What was
/// shown, and whether the terminal shows what is typed afterwards.
///
/// Needs `python3`, which makes the terminal.
#[cfg(unix)]
fn at_a_terminal(arguments: &[&str], answer: &str) -> String {
    const TYPIST: &str = r#"
import os, pty, signal, sys, termios, time
pid, terminal = pty.fork()
if pid == 0:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.execv(sys.argv[2], sys.argv[2:])
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    echo = bool(termios.tcgetattr(0)[3] & termios.ECHO)
    print("ended:", code, "echo:", echo, flush=True)
    os._exit(0)
seen, asked = b"", 0
try:
    while part := os.read(terminal, 1024):
        seen += part
        if seen.count(b"passphrase for") > asked and seen.endswith(b": "):
            asked += 1
            time.sleep(0.1)
            os.write(terminal, sys.argv[1].encode())
except OSError:
    pass
sys.stdout.buffer.write(seen)
"#;
    let sandbox = sandbox();
    let output = std::process::Command::new("python3")
        .args(["-c", TYPIST, answer, env!("CARGO_BIN_EXE_sopsguard")])
        .args(["check", "age.enc.yaml", "--identity", "keys/age-locked.age"])
        .args(arguments)
        .current_dir(sandbox.work())
        .env_remove("GIT_EXEC_PATH")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!text.contains("canary"), "{text}");
    text
}

#[cfg(unix)]
#[test]
#[ignore = "needs python3"]
fn a_passphrase_is_asked_for_on_the_terminal_and_not_shown() {
    // The terminal's own keys for mending a line work: this one takes back a character.
    let text = at_a_terminal(&[], "canary-passphrasx\u{7f}e\n");
    assert!(text.contains(": 1 verified"), "{text}");
    assert!(text.contains("ended: 0 echo: True"), "{text}");
    let text = at_a_terminal(&[], "canary\n");
    assert_eq!(text.matches("passphrase for").count(), 3, "{text}");
    assert!(text.contains("the passphrase was wrong"), "{text}");
    assert!(text.contains("ended: 2 echo: True"), "{text}");
    for nothing in ["\n", "\u{4}"] {
        let text = at_a_terminal(&[], nothing);
        assert_eq!(text.matches("passphrase for").count(), 1, "{text}");
        assert!(text.contains("nobody answered"), "{text}");
        assert!(text.contains("ended: 0 echo: True"), "{text}");
    }
    let text = at_a_terminal(&["--no-input"], "\n");
    assert_eq!(text.matches("passphrase for").count(), 0, "{text}");
}

#[cfg(unix)]
#[test]
#[ignore = "needs python3"]
fn a_terminal_is_as_it_was_after_ctrl_c_at_a_passphrase() {
    let text = at_a_terminal(&[], "canary\u{3}");
    assert!(text.contains("ended: -2 echo: True"), "{text}");
}
