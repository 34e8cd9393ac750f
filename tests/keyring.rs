//! Keys of every kind through the library: what opens which file, who is asked, and what is run. The
//! files were encrypted by real sops (`scripts/make-identities`).

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test fails where its world does"
)]

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use age_core::secrecy::ExposeSecret;
use sopsguard::engine::{self, Answer, Ask, IdentitySource, Report, Request, Target};
use sopsguard::{Environment, Platform, Reason, Verification};

const PASSPHRASE: &str = "canary-passphrase";

fn testdata(path: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.join("testdata/identities").join(path)
}

/// Somebody who knows one passphrase, and counts how often he is asked.
#[derive(Default)]
struct Somebody {
    passphrase: &'static str,
    asked: Vec<String>,
    told: Vec<String>,
}

impl Ask for Somebody {
    fn secret(&mut self, prompt: &str) -> Option<Answer> {
        self.asked.push(prompt.to_owned());
        Some(Answer::new(self.passphrase.to_owned()))
    }

    fn value(&mut self, prompt: &str) -> Option<Answer> {
        self.asked.push(prompt.to_owned());
        None
    }

    fn confirm(&mut self, prompt: &str, _: &str, _: Option<&str>) -> Option<bool> {
        self.asked.push(prompt.to_owned());
        Some(true)
    }

    fn tell(&mut self, message: &str) {
        self.told.push(message.to_owned());
    }
}

fn somebody(passphrase: &'static str) -> Somebody {
    Somebody {
        passphrase,
        ..Somebody::default()
    }
}

/// A run that is being put together.
struct Run {
    variables: Vec<(String, String)>,
    identities: Vec<IdentitySource>,
    files: Vec<PathBuf>,
    plugins: Vec<String>,
    commands: bool,
    time: Duration,
}

/// A run on these files, by their names.
fn check(files: &[&str]) -> Run {
    let file = |name: &&str| testdata(&format!("{name}.enc.yaml"));
    Run {
        variables: Vec::new(),
        identities: Vec::new(),
        files: files.iter().map(file).collect(),
        plugins: Vec::new(),
        commands: true,
        time: Duration::from_secs(30),
    }
}

impl Run {
    fn with(mut self, variable: &str, value: impl AsRef<Path>) -> Self {
        let value = value.as_ref().to_str().unwrap().to_owned();
        self.variables.push((variable.to_owned(), value));
        self
    }

    fn identity(mut self, key: &str) -> Self {
        let path = testdata("keys").join(key);
        self.identities.push(IdentitySource::file(path));
        self
    }

    fn plugin(mut self, name: &str) -> Self {
        self.plugins.push(name.to_owned());
        self
    }

    fn without_commands(mut self) -> Self {
        self.commands = false;
        self
    }

    fn impatient(mut self) -> Self {
        self.time = Duration::from_millis(300);
        self
    }

    fn report(self, ask: Option<&mut Somebody>) -> Report {
        self.outcome(ask).unwrap()
    }

    fn outcome(self, ask: Option<&mut Somebody>) -> Result<Report, engine::Error> {
        let variables = self.variables.into_iter();
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        let environment = Environment::new(variables, "/".into(), Platform::Unix);
        let mut request = Request::new(&environment);
        request.targets = self.files.into_iter().map(Target::Path).collect();
        request.identities = self.identities;
        request.access.key_commands = self.commands;
        request.access.plugins = self.plugins;
        request.access.time = self.time;
        request.access.ask = ask.map(|ask| ask as &mut dyn Ask);
        engine::check(request)
    }

    /// The verdict on the one file.
    fn verdict(self, ask: Option<&mut Somebody>) -> Verification {
        self.report(ask).files.remove(0).verification
    }

    #[track_caller]
    fn opens(self) {
        assert_eq!(self.verdict(None), Verification::Verified);
    }
}

#[test]
fn keys_of_every_kind_open_their_file_from_where_sops_looks() {
    for name in ["age", "pq"] {
        let key = testdata(&format!("keys/{name}.txt"));
        check(&[name]).with("SOPS_AGE_KEY_FILE", &key).opens();
        let text = fs::read_to_string(&key).unwrap();
        check(&[name]).with("SOPS_AGE_KEY", text).opens();
    }
    for name in ["ed25519", "rsa", "rsa-pem", "rsa-pkcs8", "ed25519-pkcs8"] {
        let key = testdata("keys").join(name);
        check(&[name])
            .with("SOPS_AGE_SSH_PRIVATE_KEY_FILE", &key)
            .opens();
        check(&[name]).identity(name).opens();
        let command = format!("cat '{}'", key.display());
        check(&[name])
            .with("PATH", "/usr/bin:/bin")
            .with("SOPS_AGE_SSH_PRIVATE_KEY_CMD", command)
            .opens();
    }
    for name in ["ed25519", "rsa"] {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join(".ssh")).unwrap();
        let key = home.path().join(".ssh").join(format!("id_{name}"));
        fs::copy(testdata("keys").join(name), key).unwrap();
        check(&[name]).with("HOME", home.path()).opens();
    }
}

#[test]
fn ssh_keys_are_looked_at_for_files_that_name_one_only() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".ssh")).unwrap();
    fs::write(home.path().join(".ssh/id_rsa"), "hunter2").unwrap();
    let key = testdata("keys/age.txt");
    let report = |file| {
        let run = check(&[file]).with("HOME", home.path());
        run.with("SOPS_AGE_KEY_FILE", &key).report(None)
    };
    let age = report("age");
    assert_eq!(age.files[0].verification, Verification::Verified);
    assert_eq!(age.warnings, [""; 0]);
    let is_ssh = |place: &String| place.contains(".ssh");
    assert!(!age.searched.iter().any(is_ssh), "{:?}", age.searched);
    let ssh = report("rsa");
    assert_eq!(ssh.searched.iter().filter(|place| is_ssh(place)).count(), 2);
    assert_eq!(ssh.files[0].verification.name(), "not-verified");
    let expected = "id_rsa`: it holds no SSH private key that can be read";
    assert!(
        ssh.warnings.len() == 1 && ssh.warnings[0].ends_with(expected),
        "{:?}",
        ssh.warnings
    );
}

#[test]
fn a_key_opens_no_file_of_another() {
    for (file, key) in [
        ("ed25519", "rsa"),
        ("rsa", "rsa-pem"),
        ("pq", "age.txt"),
        ("age", "pq.txt"),
    ] {
        let verdict = check(&[file]).identity(key).verdict(None);
        let reason = Verification::NotVerified(Reason::NotARecipient);
        assert_eq!(verdict, reason, "{file} with {key}");
    }
}

#[test]
fn a_manifest_of_a_secret_is_as_good_as_the_key_in_it() {
    check(&["age"]).identity("manifest.yaml").opens();
    check(&["age"]).identity("manifest.json").opens();
    let list = fs::read_to_string(testdata("keys/manifest.json")).unwrap();
    let list = format!("{{\"kind\": \"List\", \"items\": [{{\"kind\": \"Pod\"}}, {list}]}}");
    let mut run = check(&["age"]);
    run.identities
        .push(IdentitySource::stdin(list.into_bytes()));
    run.opens();
    let without = b"kind: Secret\ndata:\n  password: aHVudGVyMg==\n".to_vec();
    let environment = Environment::new([], "/".into(), Platform::Unix);
    let mut request = Request::new(&environment);
    request.identities = vec![IdentitySource::stdin(without)];
    let error = engine::check(request).unwrap_err().to_string();
    assert_eq!(
        error,
        "cannot use the identity: standard input: it holds no identity"
    );
}

#[test]
fn passphrases_are_asked_for_where_they_help() {
    for (file, key) in [
        ("ed25519-locked", "ed25519-locked"),
        ("rsa-locked", "rsa-locked"),
        ("age", "age-locked.age"),
        ("age", "age-locked.txt"),
    ] {
        let mut ask = somebody(PASSPHRASE);
        let verdict = check(&[file]).identity(key).verdict(Some(&mut ask));
        assert_eq!(verdict, Verification::Verified, "{key}");
        let path = testdata("keys").join(key);
        let prompt = format!("passphrase for `{}`", path.display());
        assert_eq!(ask.asked, [prompt]);

        let mut ask = somebody("wrong");
        let refused = check(&[file]).identity(key).outcome(Some(&mut ask));
        let wrong = format!("`{}`: the passphrase was wrong", path.display());
        let refused = refused.map_err(|error| error.to_string()).err();
        let expected = format!("cannot use the identity: {wrong}");
        assert_eq!(refused, Some(expected), "{key}");
        assert_eq!(ask.asked.len(), 3, "a few tries");

        // One that was only found is one of several.
        let variable = match key {
            "ed25519-locked" | "rsa-locked" => "SOPS_AGE_SSH_PRIVATE_KEY_FILE",
            _ => "SOPS_AGE_KEY_FILE",
        };
        let mut ask = somebody("wrong");
        let report = check(&[file]).with(variable, &path).report(Some(&mut ask));
        let wrong = format!(
            "`{}` (`{variable}`): the passphrase was wrong",
            path.display()
        );
        let verdict = &report.files[0].verification;
        let reason = Reason::KeyFailed(wrong);
        assert_eq!(*verdict, Verification::NotVerified(reason), "{key}");

        let mut ask = somebody("");
        let who = Reason::NeedsInput(format!("`{}`", path.display()));
        let needs = Verification::NotVerified(who);
        let verdict = check(&[file]).identity(key).verdict(Some(&mut ask));
        assert_eq!((verdict, ask.asked.len()), (needs.clone(), 1), "{key}");
        assert_eq!(check(&[file]).identity(key).verdict(None), needs, "{key}");
    }
}

#[test]
fn nobody_is_asked_for_what_opens_nothing() {
    let mut ask = somebody(PASSPHRASE);
    let verdict = check(&["rsa"])
        .identity("rsa-locked")
        .verdict(Some(&mut ask));
    assert_eq!(verdict, Verification::NotVerified(Reason::NotARecipient));
    // What another key opens needs no passphrase.
    let run = check(&["age"])
        .identity("age-locked.txt")
        .identity("age.txt");
    assert_eq!(run.verdict(Some(&mut ask)), Verification::Verified);
    assert_eq!(ask.asked, [""; 0]);
}

#[test]
fn key_groups_say_how_many_are_missing() {
    let too_few = |opened| Reason::TooFewGroups {
        needed: 2,
        exist: 3,
        opened,
    };
    let verdict = check(&["groups"]).identity("age.txt").verdict(None);
    assert_eq!(verdict, Verification::NotVerified(too_few(1)));
    let both = check(&["groups"]).identity("age.txt").identity("ed25519");
    both.opens();
    let mut ask = somebody(PASSPHRASE);
    let locked = check(&["groups"])
        .identity("age-locked.age")
        .identity("ed25519");
    assert_eq!(locked.verdict(Some(&mut ask)), Verification::Verified);
}

#[test]
fn a_share_of_another_file_is_told_from_shares_that_are_missing() {
    let text = fs::read_to_string(testdata("groups.enc.yaml")).unwrap();
    let start = text.find("                -----BEGIN").unwrap();
    let end = text.find("              recipient: age1").unwrap();
    let keys = fs::read_to_string(testdata("keys/age.txt")).unwrap();
    let recipient = keys
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "));
    let recipient: age::x25519::Recipient = recipient.unwrap().parse().unwrap();
    for (share, expected) in [
        (
            vec![7; 33],
            "the key groups' shares make a data key that opens no value: one is of another file",
        ),
        (
            vec![7; 32],
            "the key groups' shares do not make one data key",
        ),
    ] {
        let locked = age::encrypt_and_armor(&recipient, &share).unwrap();
        let locked = locked
            .lines()
            .map(|line| format!("                {line}\n"));
        let locked: String = locked.collect();
        let text = [&text[..start], &locked, &text[end..]].concat();
        let environment = Environment::new([], "/".into(), Platform::Unix);
        let mut request = Request::new(&environment);
        let (name, bytes) = ("x.yaml".into(), text.into_bytes());
        request.targets = vec![Target::Text { name, bytes }];
        request.identities = ["age.txt", "ed25519"]
            .map(|key| IdentitySource::file(testdata("keys").join(key)))
            .into();
        let report = engine::check(request).unwrap();
        assert_eq!(report.files[0].verification, Verification::Failed);
        let messages: Vec<&str> = report
            .findings
            .iter()
            .map(|found| found.message.as_str())
            .collect();
        assert_eq!(messages, [expected]);
    }
}

/// The recipient that a file of one key names.
fn recipient_of(name: &str) -> String {
    let text = fs::read_to_string(testdata(&format!("{name}.enc.yaml"))).unwrap();
    let mut lines = text.lines().map(str::trim);
    let recipient = lines.find_map(|line| line.strip_prefix("recipient: "));
    recipient.unwrap().to_owned()
}

/// A run on a copy of a file, edited.
fn check_edited(of: &str, folder: &Path, edit: impl Fn(String) -> String) -> Run {
    let text = fs::read_to_string(testdata(&format!("{of}.enc.yaml"))).unwrap();
    let file = folder.join("edited.enc.yaml");
    fs::write(&file, edit(text)).unwrap();
    let mut run = check(&[]);
    run.files = vec![file];
    run
}

// To sops the recipient in the metadata is a remark: all identities are tried on every stanza.
#[test]
fn keys_that_sleep_are_tried_where_the_one_that_is_named_does_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let (locked, age) = (recipient_of("ed25519-locked"), recipient_of("age"));
    let run = || {
        let run = check_edited("ed25519-locked", folder.path(), |text| {
            text.replace(&locked, &age)
        });
        run.identity("age.txt")
    };
    let both = run().identity("ed25519-locked");
    let verdict = both.verdict(Some(&mut somebody(PASSPHRASE)));
    assert_eq!(verdict, Verification::Verified);
    assert_eq!(run().verdict(None), Verification::Failed);
    // The age file names that very key, which nobody may unlock.
    let both = run().identity("ed25519-locked");
    assert!(matches!(both.verdict(None), Verification::NotVerified(_)));
}

// As sops has it: the group is open, and too few are. But a stanza that names a key at hand and does
// not open is damaged, whoever has keys for the other groups.
#[test]
fn a_stanza_of_ours_that_does_not_open_is_told_in_a_group_that_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let recipient = recipient_of("age");
    let run = || {
        let edit = |text: String| {
            let stranger = text.rfind("            - enc: |").unwrap();
            let end = stranger + text[stranger..].find("              recipient: ").unwrap();
            let ours = format!("              recipient: {recipient}\n");
            let twice = [&ours, &text[stranger..end], &ours].concat();
            text.replacen(&ours, &twice, 1)
        };
        check_edited("groups", folder.path(), edit).identity("age.txt")
    };
    assert_eq!(run().verdict(None), Verification::Failed);
    run().identity("ed25519").opens();
}

#[test]
fn files_for_other_kinds_of_keys_name_them() {
    let text = b"a: ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]
sops:
    kms:
        - arn: arn:aws:kms:eu-west-1:1:key/x
          created_at: '2026-01-01T00:00:00Z'
          enc: AAAA
    pgp:
        - fp: ABCD
          created_at: '2026-01-01T00:00:00Z'
          enc: AAAA
    lastmodified: '2026-01-01T00:00:00Z'
    mac: ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]
    version: 3.13.3
";
    let environment = Environment::new([], "/".into(), Platform::Unix);
    let mut request = Request::new(&environment);
    let (name, bytes) = ("x.yaml".into(), text.to_vec());
    request.targets = vec![Target::Text { name, bytes }];
    let report = engine::check(request).unwrap();
    let reason = Reason::NeedsOtherKeys(vec!["pgp", "kms"]);
    let file = &report.files[0];
    assert_eq!(file.verification, Verification::NotVerified(reason.clone()));
    assert_eq!(reason.to_string(), "needs-other-keys");
}

/// Scripts that stand in for programs.
#[cfg(unix)]
mod programs {
    use super::*;

    /// A folder with programs, a file of which each run adds a line to.
    struct Programs(tempfile::TempDir);

    impl Programs {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn add(&self, name: &str, script: &str) -> &Self {
            use std::os::unix::fs::PermissionsExt;
            let path = self.0.path().join(name);
            let log = self.0.path().join("log");
            let script = format!(
                "#!/bin/sh\necho \"$0 $*\" >>'{}'\n{script}\n",
                log.display()
            );
            fs::write(&path, script).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            self
        }

        fn path(&self) -> String {
            format!("{}:/usr/bin:/bin", self.0.path().display())
        }

        fn runs(&self) -> usize {
            let log = fs::read_to_string(self.0.path().join("log"));
            log.map_or(0, |log| log.lines().count())
        }

        /// So many copies of a file.
        fn copies(&self, of: &str, count: usize) -> Vec<PathBuf> {
            let from = testdata(&format!("{of}.enc.yaml"));
            let copy = |at| {
                let to = self.0.path().join(format!("{at}.enc.yaml"));
                fs::copy(&from, &to).unwrap();
                to
            };
            (0..count).map(copy).collect()
        }
    }

    fn all_verified(report: &Report) -> bool {
        let verified = |file: &engine::FileReport| file.verification == Verification::Verified;
        report.files.iter().all(verified)
    }

    #[test]
    fn two_hundred_files_cost_one_prompt_or_one_run_of_a_command() {
        let programs = Programs::new();
        let mut ask = somebody(PASSPHRASE);
        let mut run = check(&[]).identity("ed25519-locked");
        run.files = programs.copies("ed25519-locked", 200);
        let report = run.report(Some(&mut ask));
        assert!(report.files.len() == 200 && all_verified(&report));
        assert_eq!(ask.asked.len(), 1);

        let key = testdata("keys/age.txt");
        programs.add("get-key", &format!("cat '{}'", key.display()));
        let mut run = check(&[])
            .with("PATH", programs.path())
            .with("SOPS_AGE_KEY_CMD", "get-key now");
        run.files = programs.copies("age", 200);
        let report = run.report(None);
        assert!(report.files.len() == 200 && all_verified(&report));
        assert_eq!(programs.runs(), 1);
    }

    #[test]
    fn a_command_knows_for_whom_a_key_is_wanted() {
        let programs = Programs::new();
        let (age, pq) = (testdata("keys/age.txt"), testdata("keys/pq.txt"));
        let script = format!(
            "case $SOPS_AGE_RECIPIENT in age1pq1*) cat '{}' ;; age1*) cat '{}' ;; *) exit 1 ;; esac",
            pq.display(),
            age.display()
        );
        programs.add("get-key", &script);
        let report = check(&["age", "ed25519", "pq"])
            .with("PATH", programs.path())
            .with("SOPS_AGE_KEY_CMD", "get-key")
            .report(None);
        let verdicts: Vec<&str> = report
            .files
            .iter()
            .map(|file| file.verification.name())
            .collect();
        assert_eq!(verdicts, ["verified", "not-verified", "verified"]);
        assert_eq!(programs.runs(), 2, "SSH keys have a variable of their own");
    }

    #[test]
    fn a_command_that_gives_no_key_is_told_and_never_waited_for() {
        let programs = Programs::new();
        programs
            .add("fails", "echo hunter2; echo hunter2 >&2; exit 7")
            .add("hangs", "sleep 60")
            .add("junk", "echo hunter2");
        let started = Instant::now();
        for (command, expected) in [
            ("fails", "`fails` ended with exit code 7"),
            ("hangs", "`hangs` did not end within 0 seconds"),
            ("junk", "what `junk` printed: line 1 is no age identity"),
            ("missing", "`missing` is not installed"),
            (
                "sh -c 'trap \"\" TERM; sleep 60'",
                "`sh` did not end within 0 seconds",
            ),
            (
                "sh -c 'sleep 60 & echo'",
                "`sh` did not end within 0 seconds",
            ),
            (
                "./fails",
                "`./fails` is not run: it must be an absolute path",
            ),
            ("'fails", "a quote is not closed"),
            ("# nothing", "it names no command"),
        ] {
            let report = check(&["age"])
                .with("PATH", programs.path())
                .with("SOPS_AGE_KEY_CMD", command)
                .impatient()
                .report(None);
            let expected = format!("`SOPS_AGE_KEY_CMD`: {expected}");
            let reason = Reason::KeyFailed(expected.clone());
            let verdict = &report.files[0].verification;
            assert_eq!(*verdict, Verification::NotVerified(reason), "{command}");
            assert_eq!(report.warnings, [expected]);
        }
        assert!(started.elapsed() < Duration::from_secs(20));
        let verdict = check(&["age"])
            .with("PATH", programs.path())
            .with("SOPS_AGE_KEY_CMD", "cat /dev/zero")
            .verdict(None);
        let what = "`SOPS_AGE_KEY_CMD`: `cat` printed too much".to_owned();
        assert_eq!(verdict, Verification::NotVerified(Reason::KeyFailed(what)));
        let runs = programs.runs();
        let verdict = check(&["age"])
            .with("PATH", programs.path())
            .with("SOPS_AGE_KEY_CMD", "fails")
            .without_commands()
            .verdict(None);
        let what = "`SOPS_AGE_KEY_CMD` is not run in a hook without `--allow-key-cmd`";
        let reason = Reason::NotAllowed(what.to_owned());
        assert_eq!(verdict, Verification::NotVerified(reason));
        assert_eq!(programs.runs(), runs);
    }

    /// What a plugin may do instead of its work, and what is said of it then.
    const MISBEHAVIOUR: [(&str, &str); 12] = [
        (
            "sleep 60",
            "`age-plugin-batchpass` did not answer within 0 seconds",
        ),
        ("exit 1", "it ended before it was done"),
        ("echo hunter2", "it does not speak the plugin protocol"),
        (
            "cat /dev/zero",
            "`age-plugin-batchpass` printed more than anyone would read",
        ),
        (
            "while :; do printf -- '-> msg\\n\\n'; done",
            "it talks and does nothing",
        ),
        (
            "printf -- '-> file-key 9\\nAAAA\\n'",
            "it does not speak the plugin protocol",
        ),
        ("printf -- '-> error internal\\naGk\\n-> done\\n\\n'", "hi"),
        ("printf -- '-> error internal\\naGk\\n'; exit 1", "hi"),
        ("exec >&-; sleep 60", "it ended before it was done"),
        (
            "trap '' TERM HUP INT; sleep 60",
            "`age-plugin-batchpass` did not answer within 0 seconds",
        ),
        (
            "printf '\\377\\376'",
            "it does not speak the plugin protocol",
        ),
        (
            "printf -- '-> file-key 0\\n%065d\\n'",
            "it does not speak the plugin protocol",
        ),
    ];

    #[test]
    fn a_plugin_that_misbehaves_is_told_and_never_waited_for() {
        let programs = Programs::new();
        let started = Instant::now();
        for (script, expected) in MISBEHAVIOUR {
            programs.add("age-plugin-batchpass", script);
            let report = check(&["plugin"])
                .with("PATH", programs.path())
                .identity("plugin.txt")
                .plugin("batchpass")
                .impatient()
                .report(None);
            let expected = format!("plugin `batchpass`: {expected}");
            let reason = Reason::KeyFailed(expected);
            let verdict = &report.files[0].verification;
            assert_eq!(*verdict, Verification::NotVerified(reason), "{script}");
            assert_eq!(report.warnings.len(), 1, "{:?}", report.warnings);
        }
        assert!(started.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_plugin_that_asks_and_gives_a_wrong_key_opens_nothing() {
        let programs = Programs::new();
        let ask = "printf -- '-> msg\\n\\n'; printf -- '-> request-secret\\naGk\\n'";
        let file_key = "printf -- '-> file-key 0\\nAAAAAAAAAAAAAAAAAAAAAA\\n-> done\\n\\n'";
        programs.add(
            "age-plugin-batchpass",
            &format!("{ask}; {file_key}; sleep 60"),
        );
        let mut asked = somebody("x");
        let verdict = check(&["plugin"])
            .with("PATH", programs.path())
            .identity("plugin.txt")
            .plugin("batchpass")
            .verdict(Some(&mut asked));
        assert_eq!(verdict.name(), "not-verified");
        assert_eq!(asked.told, ["plugin `batchpass`: "]);
        assert_eq!(asked.asked, ["plugin `batchpass`: hi"]);
    }

    #[test]
    fn nobody_has_to_read_pages_of_what_a_plugin_says() {
        let programs = Programs::new();
        let line = "YWFh".repeat(16);
        let page = format!("i=0; while [ $i -lt 20 ]; do echo {line}; i=$((i+1)); done; echo");
        programs.add(
            "age-plugin-batchpass",
            &format!("while printf -- '-> msg\\n'; do {page}; done"),
        );
        let mut told = somebody("x");
        let verdict = check(&["plugin"])
            .with("PATH", programs.path())
            .identity("plugin.txt")
            .plugin("batchpass")
            .verdict(Some(&mut told));
        let what = "plugin `batchpass`: it talks and does nothing".to_owned();
        assert_eq!(verdict, Verification::NotVerified(Reason::KeyFailed(what)));
        assert!(told.told.len() < 200, "{}", told.told.len());
        assert!(told.told.iter().all(|said| said.chars().count() < 300));
    }

    #[test]
    fn only_plugins_that_were_named_are_run() {
        let programs = Programs::new();
        programs.add("age-plugin-batchpass", "exit 1");
        for plugin in ["other", "batch", "../batchpass"] {
            let verdict = check(&["plugin"])
                .with("PATH", programs.path())
                .identity("plugin.txt")
                .plugin(plugin)
                .verdict(None);
            let what = "plugin `batchpass` is not run without `--allow-plugin batchpass`";
            let reason = Reason::NotAllowed(what.to_owned());
            assert_eq!(verdict, Verification::NotVerified(reason));
        }
        assert_eq!(programs.runs(), 0);
        // It is asked about every file that is shut, whomever that names.
        for (file, plugin) in [("age", "other"), ("rsa", "other"), ("pq", "batch")] {
            let verdict = check(&[file])
                .with("PATH", programs.path())
                .identity("plugin.txt")
                .plugin(plugin)
                .verdict(None);
            let what = "plugin `batchpass` is not run without `--allow-plugin batchpass`";
            let reason = Reason::NotAllowed(what.to_owned());
            assert_eq!(verdict, Verification::NotVerified(reason), "{file}");
            let verdict = check(&[file])
                .with("PATH", programs.path())
                .identity("plugin.txt")
                .plugin("batchpass")
                .verdict(None);
            assert_eq!(verdict, Verification::NotVerified(Reason::NotARecipient));
        }
        assert_eq!(programs.runs(), 3);
        let verdict = check(&["plugin"])
            .with("PATH", "relative:/nowhere")
            .identity("plugin.txt")
            .plugin("batchpass")
            .verdict(None);
        let what = "plugin `batchpass`: `age-plugin-batchpass` is not installed";
        let reason = Reason::KeyFailed(what.to_owned());
        assert_eq!(verdict, Verification::NotVerified(reason));
    }

    /// Locks files for the plugin of the tests: the stanza says the key of the file.
    struct Open;

    impl age::Recipient for Open {
        fn wrap_file_key(
            &self,
            file_key: &age_core::format::FileKey,
        ) -> Result<(Vec<age_core::format::Stanza>, HashSet<String>), age::EncryptError> {
            let body = file_key.expose_secret().to_vec();
            let (tag, args) = ("open".to_owned(), Vec::new());
            let stanza = age_core::format::Stanza { tag, args, body };
            Ok((vec![stanza], HashSet::new()))
        }
    }

    /// A plugin that opens the files that [`Open`] locked, and does something before each.
    fn opening(before_each: &str) -> String {
        format!(
            "keys=
             while read -r _ kind at tag _; do
               read -r body
               line=$body
               while [ ${{#line}} -eq 64 ]; do read -r line; done
               case $kind/$tag in
                 recipient-stanza/open) keys=\"$keys $at:$body\" ;;
                 done/) break ;;
               esac
             done
             for key in $keys; do
               {before_each}
               printf -- '-> file-key %s\\n%s\\n' \"${{key%%:*}}\" \"${{key#*:}}\"
               read -r _; read -r _
             done
             printf -- '-> done\\n\\n'"
        )
    }

    impl Programs {
        /// So many files that only the plugin of the tests opens.
        fn locked_files(&self, count: usize) -> Vec<PathBuf> {
            let text = fs::read_to_string(testdata("age.enc.yaml")).unwrap();
            let key = fs::read_to_string(testdata("keys/age.txt")).unwrap();
            let key = key.lines().find(|line| line.starts_with("AGE-")).unwrap();
            let key: age::x25519::Identity = key.parse().unwrap();
            let start = text.find("            -----BEGIN").unwrap();
            let end = text.find("          recipient: ").unwrap();
            let lines = text[start..end].lines();
            let armored: String = lines.map(|line| line.trim().to_owned() + "\n").collect();
            let data_key = age::decrypt(&key, armored.as_bytes()).unwrap();
            let lock = |at| {
                let locked = age::encrypt_and_armor(&Open, &data_key).unwrap();
                let lines = locked.lines().map(|line| format!("            {line}\n"));
                let locked: String = lines.collect();
                let file = self.0.path().join(format!("{at}.enc.yaml"));
                fs::write(&file, [&text[..start], &locked, &text[end..]].concat()).unwrap();
                file
            };
            (0..count).map(lock).collect()
        }
    }

    #[test]
    fn one_process_of_a_plugin_opens_two_hundred_files_however_long_it_takes() {
        let programs = Programs::new();
        let run = |before_each: &str, count| {
            programs.add("age-plugin-batchpass", &opening(before_each));
            let mut run = check(&[])
                .with("PATH", programs.path())
                .identity("plugin.txt")
                .plugin("batchpass");
            run.files = programs.locked_files(count);
            run
        };
        let report = run("", 200).report(None);
        assert_eq!(report.warnings, [""; 0]);
        assert!(report.files.len() == 200 && all_verified(&report));
        assert_eq!((report.warnings.len(), programs.runs()), (0, 1));
        // The limit is for each file.
        let mut slow = run("sleep 0.4", 4);
        slow.time = Duration::from_secs(1);
        assert!(all_verified(&slow.report(None)));
    }

    #[test]
    fn a_plugin_that_nobody_answers_needs_input() {
        let programs = Programs::new();
        for question in ["request-secret", "request-public", "confirm eWVz"] {
            let ask = format!(
                "printf -- '-> {question}\\ncGlu\\n'; printf -- '-> error internal\\nbm8\\n-> done\\n\\n'"
            );
            programs.add("age-plugin-batchpass", &ask);
            let report = check(&["plugin"])
                .with("PATH", programs.path())
                .identity("plugin.txt")
                .plugin("batchpass")
                .report(None);
            let reason = Reason::NeedsInput("plugin `batchpass`".to_owned());
            let verdict = &report.files[0].verification;
            assert_eq!(*verdict, Verification::NotVerified(reason), "{question}");
            assert_eq!(report.warnings, [""; 0]);
        }
    }

    /// Where `scripts/peers` put age-plugin-batchpass.
    fn batchpass() -> PathBuf {
        let cache = match std::env::var_os("SOPSGUARD_PEERS") {
            Some(peers) => PathBuf::from(peers),
            None => PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache/sopsguard-peers"),
        };
        let program = cache.join("age-plugin-batchpass-1.3.1/age-plugin-batchpass");
        assert!(program.is_file(), "run scripts/peers");
        program
    }

    #[test]
    #[ignore = "needs age-plugin-batchpass; run scripts/peers"]
    fn a_real_plugin_opens_two_hundred_files_in_one_run() {
        let programs = Programs::new();
        let real = batchpass();
        programs.add(
            "age-plugin-batchpass",
            &format!("exec '{}' \"$@\"", real.display()),
        );
        let run = |passphrase: &str, count| {
            let mut run = check(&[])
                .with("PATH", programs.path())
                .with("AGE_PASSPHRASE", passphrase)
                .identity("plugin.txt")
                .plugin("batchpass");
            run.files = programs.copies("plugin", count);
            run.report(None)
        };
        let report = run(PASSPHRASE, 200);
        assert!(report.files.len() == 200 && all_verified(&report));
        assert_eq!(programs.runs(), 1);

        let report = run("wrong", 1);
        let what = "plugin `batchpass`: incorrect passphrase";
        let reason = Reason::KeyFailed(what.to_owned());
        assert_eq!(
            report.files[0].verification,
            Verification::NotVerified(reason)
        );
    }
}
