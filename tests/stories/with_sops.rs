//! Files that only sops can give their keys, as those of PGP are: the installed sops does it on copies, in the same
//! change as all others. gpg is real, and its keys are thrown away; where it is not installed, the stories say so.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::{Value, json};

use crate::check::Said;
use crate::repo::{ONLY_DATA, Repo, SECRET, peer_sops};

const FILE: &str = "apps/db.enc.yaml";
const OTHER: &str = "other/wiki.enc.yaml";

/// A home of gpg's with one key. Its agent ends with it.
struct Gpg<'r> {
    repo: &'r Repo,
    fingerprint: String,
}

impl<'r> Gpg<'r> {
    /// None where there is no gpg, which is said.
    #[expect(clippy::print_stdout, reason = "a story that is skipped says so")]
    fn new(repo: &'r Repo) -> Option<Self> {
        let home = repo.beside("gpg");
        fs::create_dir(&home).unwrap();
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
        let mut gpg = Self {
            repo,
            fingerprint: String::new(),
        };
        let make = [
            "--passphrase",
            "",
            "--quick-generate-key",
            "Ann <ann@example.org>",
            "default",
            "default",
            "never",
        ];
        if gpg.run(&make).is_none() {
            println!("skipped: gpg is not installed");
            return None;
        }
        let listed = gpg.run(&["--list-keys", "--with-colons"]).unwrap();
        let line = listed.lines().find(|line| line.starts_with("fpr:"));
        let fingerprint = line.unwrap().split(':').find(|field| field.len() == 40);
        gpg.fingerprint = fingerprint.unwrap().to_owned();
        Some(gpg)
    }

    fn run(&self, arguments: &[&str]) -> Option<String> {
        let mut gpg = self.repo.command("gpg");
        gpg.env("GNUPGHOME", self.repo.beside("gpg"));
        let output = gpg.args(["--batch", "--quiet"]).args(arguments).output();
        let output = output.ok()?;
        assert!(output.status.success(), "{output:?}");
        Some(String::from_utf8(output.stdout).unwrap())
    }

    /// A command that finds the key.
    fn gives<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("GNUPGHOME", self.repo.beside("gpg"))
    }

    /// What sops makes of a file with this key alone.
    fn decrypts(&self, path: &str) -> Option<String> {
        let mut sops = self.repo.sops_command();
        sops.env_remove("SOPS_AGE_KEY").args(["decrypt", path]);
        let output = self.gives(&mut sops).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        output.status.success().then_some(text)
    }

    fn encrypts(&self, path: &str, text: &str) {
        self.repo.write(path, text);
        let mut sops = self.repo.sops_command();
        sops.args(["encrypt", "--in-place", path]);
        let output = self.gives(&mut sops).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        self.repo.commit("Add a secret");
    }
}

impl Drop for Gpg<'_> {
    fn drop(&mut self) {
        let mut command = self.repo.command("gpgconf");
        command.args(["--kill", "gpg-agent"]);
        let _ = self.gives(&mut command).output();
    }
}

impl Repo {
    /// A folder whose `sops` is a script, which finds the real one as `$SOPS`.
    fn with_sops_script(&self, script: &str) -> String {
        let folder = self.beside("bin");
        fs::create_dir_all(&folder).unwrap();
        let real = peer_sops("3.13.3");
        let text = format!("#!/bin/sh\nSOPS='{}'\n{script}\n", real.display());
        let place = folder.join("sops");
        fs::write(&place, text).unwrap();
        fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
        folder.display().to_string()
    }

    /// `updatekeys` with Alice's key, where sops is in this folder.
    fn updates_with(&self, bin: &str, arguments: &[&str]) -> Said {
        let path = format!("{bin}:/usr/bin:/bin");
        let command = self.run_with_json("updatekeys", arguments);
        let command = command.env("PATH", path);
        let command = command.env("GNUPGHOME", self.beside("gpg"));
        command.with_key_of(&self.alice).run()
    }

    fn real_sops(&self) -> String {
        let place = peer_sops("3.13.3");
        place.parent().unwrap().display().to_string()
    }

    /// Nothing of the copies is left, nor anything else.
    #[track_caller]
    fn left_nothing(&self) {
        assert!(!self.at(".git/sopsguard").exists());
        assert_eq!(
            self.git(["status", "--porcelain", "--", "apps", "other"]),
            ""
        );
    }

    /// Rules for two folders: `apps` for Alice and these keys, the others for her and Bob.
    fn two_rules(&self, more: &str) {
        let (alice, bob) = (&self.alice.recipient, &self.bob.recipient);
        let text = format!(
            "creation_rules:\n  - path_regex: ^apps/\n    age: {alice}\n    {more}\n    {ONLY_DATA}\n  \
             - age: {alice},{bob}\n    {ONLY_DATA}\n"
        );
        self.write(".sops.yaml", text);
    }
}

#[track_caller]
fn kinds(plan: &Value, path: &str) -> Vec<String> {
    let files = plan["files"].as_array().unwrap();
    let file = files.iter().find(|file| file["path"] == path);
    let changes = file.unwrap()["changes"].as_array().unwrap().iter();
    let kind = |change: &Value| change["kind"].as_str().unwrap().to_owned();
    changes.map(kind).collect()
}

#[track_caller]
fn reason(said: &Said) -> String {
    assert_eq!(said.code, 1, "{} {}", said.stdout, said.stderr);
    let plan = said.json();
    assert_eq!(plan["applied"], json!(false));
    plan["refused"][0]["reason"].as_str().unwrap().to_owned()
}

/// Who may read the entries of the PGP keys.
fn pgp_entries(text: &str) -> Vec<String> {
    let mut parts = text.split("-----BEGIN PGP MESSAGE-----").skip(1);
    let whole = |part: &str| {
        let (message, _) = part.split_once("-----END PGP MESSAGE-----").unwrap();
        message.to_owned()
    };
    parts.by_ref().map(whole).collect()
}

story!(a_key_of_gpg_comes_together_with_keys_of_age, |repo| {
    let Some(gpg) = Gpg::new(repo) else { return };
    for file in [FILE, "apps/tokens.enc.json", "apps/app.enc.env", OTHER] {
        let text = match file.rsplit('.').next().unwrap() {
            "json" => "{\"data\": {\"token\": \"canary-token\"}}",
            "env" => "TOKEN=canary-token\n",
            _ => SECRET,
        };
        repo.encrypt(file, text);
    }
    repo.commit("Add secrets");
    repo.two_rules(&format!("pgp: {}", gpg.fingerprint));
    repo.commit("Let more read them");
    let before = repo.read(OTHER);
    let bin = repo.real_sops();

    let checked = repo.updates_with(&bin, &["--check"]);
    assert_eq!(kinds(&checked.json(), FILE), ["add-recipient", "other"]);
    assert_eq!(kinds(&checked.json(), OTHER), ["add-recipient"]);
    let refused = repo.updates_with(&bin, &["--yes"]);
    assert!(reason(&refused).contains("only sops encrypts"));
    let plan = refused.json();
    let commands = plan["refused"][1]["commands"].to_string();
    assert!(
        commands.contains("sopsguard updatekeys --with-sops apps/"),
        "{commands}"
    );
    assert_eq!(plan["refused"][1]["with-sops"], json!(true));
    repo.left_nothing();

    let planned = repo.updates_with(&bin, &["--dry-run", "--with-sops"]);
    assert_eq!(planned.code, 0, "{} {}", planned.stdout, planned.stderr);
    assert_eq!(kinds(&planned.json(), FILE), ["add-recipient", "by-sops"]);
    assert_eq!(kinds(&planned.json(), OTHER), ["add-recipient"]);
    repo.left_nothing();

    let plaintext = repo.sops(["decrypt", FILE]);
    let done = repo.updates_with(&bin, &["--yes", "--with-sops"]);
    assert_eq!(done.code, 0, "{} {}", done.stdout, done.stderr);
    assert_eq!(gpg.decrypts(FILE).as_deref(), Some(plaintext.as_str()));
    assert_eq!(repo.sops(["decrypt", FILE]), plaintext);
    for file in ["apps/tokens.enc.json", "apps/app.enc.env"] {
        assert!(gpg.decrypts(file).unwrap().contains("canary-token"));
    }
    // sops has nothing to do, and of what it does not have to write all lines are there.
    let again = repo.updates_with(&bin, &["--check"]);
    assert_eq!(again.code, 0, "{}", again.stdout);
    let after = repo.read(OTHER);
    assert!(
        before
            .lines()
            .all(|line| after.lines().any(|it| it == line))
    );
    assert!(!repo.at(".git/sopsguard").exists());
});

story!(a_file_that_only_gpg_opens_gets_a_key_of_age, |repo| {
    let Some(gpg) = Gpg::new(repo) else { return };
    repo.rule(&format!("pgp: {}", gpg.fingerprint), ONLY_DATA);
    gpg.encrypts(FILE, SECRET);
    let only_pgp = repo.read(FILE);
    repo.rule(
        &format!(
            "age: {}\n    pgp: {}",
            repo.alice.recipient, gpg.fingerprint
        ),
        ONLY_DATA,
    );
    let bin = repo.real_sops();
    let refused = repo.updates_with(&bin, &["--yes"]);
    assert!(reason(&refused).contains("PGP"), "{}", refused.stdout);
    assert_eq!(repo.read(FILE), only_pgp);
    let done = repo.updates_with(&bin, &["--yes", "--with-sops"]);
    assert_eq!(done.code, 0, "{} {}", done.stdout, done.stderr);
    assert!(repo.opens(FILE));
    assert!(gpg.decrypts(FILE).is_some());

    // What nobody here opens afterwards is not written, whoever made it.
    repo.rule(&format!("pgp: {}", gpg.fingerprint), ONLY_DATA);
    let both = repo.read(FILE);
    let refused = repo.updates_with(&bin, &["--yes", "--with-sops"]);
    assert!(reason(&refused).contains("proved"), "{}", refused.stdout);
    assert_eq!(repo.read(FILE), both);
});

story!(entries_of_gpg_stay_where_only_keys_of_age_change, |repo| {
    let Some(gpg) = Gpg::new(repo) else { return };
    let rule = |age: &str| {
        let pgp = format!("age: {age}\n    pgp: {}", gpg.fingerprint);
        repo.rule(&pgp, ONLY_DATA);
    };
    rule(&repo.alice.recipient);
    gpg.encrypts(FILE, SECRET);
    repo.write(OTHER, repo.read(FILE));
    repo.commit("The same file twice");
    let before = repo.read(FILE);
    rule(&format!("{},{}", repo.alice.recipient, repo.bob.recipient));
    // No sops and no gpg are needed for it.
    let done = repo.updates_with("/nowhere", &["--yes", "apps"]);
    assert_eq!(done.code, 0, "{} {}", done.stdout, done.stderr);
    let after = repo.read(FILE);
    assert_eq!(pgp_entries(&after), pgp_entries(&before));
    assert_eq!(pgp_entries(&after).len(), 1);
    assert!(
        before
            .lines()
            .all(|line| after.lines().any(|it| it == line))
    );
    assert!(gpg.decrypts(FILE).is_some());

    // sops itself encrypts to all of them anew, to the same end.
    let mut sops = repo.sops_command();
    sops.args(["updatekeys", "--yes", OTHER]);
    assert!(gpg.gives(&mut sops).output().unwrap().status.success());
    assert_ne!(pgp_entries(&repo.read(OTHER)), pgp_entries(&before));
    let mut sops = repo.sops_command();
    let output = gpg.gives(sops.args(["updatekeys", "--yes", FILE])).output();
    let told = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(told.contains("already up to date"), "{told}");
});

story!(where_sops_fails_nothing_changes, |repo| {
    repo.encrypt(FILE, SECRET);
    repo.encrypt(OTHER, SECRET);
    // Of this key gpg knows nothing.
    repo.two_rules("pgp: AAAABBBBCCCCDDDDEEEEFFFF7777888899990000");
    repo.commit("Add secrets");
    fs::create_dir(repo.beside("gpg")).unwrap();
    let asked = ["--yes", "--with-sops"];
    let refused = repo.updates_with(&repo.real_sops(), &asked);
    let why = reason(&refused);
    assert!(
        why.contains("sops 3.13.3 refused") && why.contains("99990000"),
        "{why}"
    );
    assert!(!why.contains(".git/sopsguard"), "{why}");
    repo.left_nothing();

    let refused = repo.updates_with("/nowhere", &asked);
    assert!(reason(&refused).contains("`sops` is not installed"));
    let bin = repo.with_sops_script("echo sops 3.9.2");
    assert!(reason(&repo.updates_with(&bin, &asked)).contains("3.9.2 is too old"));
    let bin = repo.with_sops_script("echo hello");
    assert!(reason(&repo.updates_with(&bin, &asked)).contains("its version"));
    let bin = repo.with_sops_script("case $* in *--version) echo sops 3.13.3;; *) sleep 60;; esac");
    let slow = ["--yes", "--with-sops", "--key-timeout", "1"];
    assert!(reason(&repo.updates_with(&bin, &slow)).contains("within 1 seconds"));
    let bin = repo.with_sops_script(
        "case $* in *--version) echo sops 3.13.3;; *) echo \"$SOPS_AGE_KEY\" >&2; exit 3;; esac",
    );
    assert!(reason(&repo.updates_with(&bin, &asked)).contains("is not shown"));
    repo.left_nothing();

    // Whoever is ended in the middle leaves copies, which are encrypted, and the next one takes them away.
    let bin = repo
        .with_sops_script("case $* in *--version) echo sops 3.13.3;; *) kill -KILL $PPID;; esac");
    let mut killed = repo.command(env!("CARGO_BIN_EXE_sopsguard"));
    killed
        .env("PATH", format!("{bin}:/usr/bin:/bin"))
        .env("SOPS_AGE_KEY", repo.alice.key())
        .args(["updatekeys", "--yes", "--with-sops"]);
    assert_eq!(killed.status().unwrap().code(), None);
    let copy = repo.at(".git/sopsguard/copies/0/copy").join(FILE);
    assert_eq!(fs::read_to_string(copy).unwrap(), repo.read(FILE));

    let some = repo.updates_with("/nowhere", &["--yes", "--with-sops", "--skip-refused"]);
    assert_eq!(some.code, 1, "{} {}", some.stdout, some.stderr);
    assert!(!repo.at(".git/sopsguard").exists());
    assert!(
        repo.git(["status", "--porcelain"])
            .ends_with("M other/wiki.enc.yaml\n")
    );
});

story!(
    what_sops_makes_is_taken_only_with_other_keys_and_nothing_else,
    |repo| {
        let Some(gpg) = Gpg::new(repo) else { return };
        repo.encrypt(FILE, SECRET);
        repo.encrypt(OTHER, SECRET);
        repo.two_rules(&format!("pgp: {}", gpg.fingerprint));
        repo.commit("Add secrets");
        let asked = ["--yes", "--with-sops"];
        for (then, expected) in [
            ("sed -i '/password:/d' \"$file\"", "more than its keys"),
            (
                "sed -i 's/namespace: .*/namespace: x/' \"$file\"",
                "more than its keys",
            ),
            (
                "sed -i 's/mac: ENC/mac: EMC/' \"$file\"",
                "more than its keys",
            ),
            ("sed -i '/mac: ENC/d' \"$file\"", "more than its keys"),
            ("\"$SOPS\" rotate -i \"$file\"", "more than its keys"),
            ("\"$SOPS\" decrypt -i \"$file\"", "cannot be read"),
            (
                "\"$SOPS\" rotate -i --rm-pgp $(sed -n 's/ *fp: //p' \"$file\") \"$file\"",
                "are not those",
            ),
            ("echo : >> \"$file\"", "cannot be read"),
            ("rm \"$file\"", "left nothing"),
            (
                "rm \"$file\"; ln -s /etc/passwd \"$file\"",
                "cannot be read",
            ),
        ] {
            let script = format!(
                "\"$SOPS\" \"$@\" || exit; for file; do :; done; case $* in *--version) ;; *) {then};; esac"
            );
            let bin = repo.with_sops_script(&script);
            let why = reason(&repo.updates_with(&bin, &asked));
            assert!(why.contains(expected), "{then}: {why}");
            repo.left_nothing();
        }
        // A file that sops does not accept is not blessed, either: of those `updatekeys` makes new keys.
        repo.replace(FILE, "namespace: production", "namespace: staging");
        let why = reason(&repo.updates_with(&repo.real_sops(), &asked));
        assert!(why.contains("does not verify"), "{why}");
        let forced = [&asked[..], &["--even-if-unverified"]].concat();
        let done = repo.updates_with(&repo.real_sops(), &forced);
        assert_eq!(done.code, 0, "{} {}", done.stdout, done.stderr);
        assert_eq!(gpg.decrypts(FILE), None);
        repo.replace(FILE, "namespace: staging", "namespace: production");
        assert!(gpg.decrypts(FILE).is_some());
    }
);

story!(
    key_groups_come_from_sops_and_their_threshold_does_not,
    |repo| {
        let Some(gpg) = Gpg::new(repo) else { return };
        repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
        repo.add(FILE, SECRET);
        let keys = [repo.alice.key(), repo.bob.key()].join("\n");
        fs::write(repo.beside("two.txt"), keys).unwrap();
        let identity = repo.beside("two.txt").display().to_string();
        let (alice, bob) = (&repo.alice.recipient, &repo.bob.recipient);
        let age = |key: &str| format!("\n        - age:\n            - {key}");
        let pgp = |before: &str| format!("{before}pgp:\n            - {}", gpg.fingerprint);
        let three = [age(alice), age(bob), pgp("\n        - ")].concat();
        let settings = format!("shamir_threshold: 2\n{ONLY_DATA}");
        repo.rule(&format!("key_groups:{three}"), &settings);
        let asked = ["--yes", "--with-sops", "--identity", &identity];
        let bin = repo.real_sops();
        let refused = repo.updates_with(&bin, &[&asked[..], &["--apply-threshold"]].concat());
        assert!(reason(&refused).contains("has no way"));
        // sops asks for all three groups, and nobody here has the third.
        let refused = repo.updates_with(&bin, &asked);
        assert!(reason(&refused).contains("could not be proved"));

        let two = [age(alice), age(bob), pgp("\n          ")].concat();
        repo.rule(&format!("key_groups:{two}"), ONLY_DATA);
        let done = repo.updates_with(&bin, &asked);
        assert_eq!(done.code, 0, "{} {}", done.stdout, done.stderr);
        assert!(repo.read(FILE).contains("shamir_threshold: 2"));
        assert_eq!(gpg.decrypts(FILE), None);
        let mut sops = repo.sops_command();
        let output = gpg.gives(sops.args(["decrypt", FILE])).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
);

story!(
    entries_of_a_service_stay_where_only_keys_of_age_change,
    |repo| {
        let arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        let rule = |age: &str, more: &str| {
            repo.rule(&format!("age: {age}\n    kms: {arn}{more}"), ONLY_DATA)
        };
        repo.encrypt(FILE, SECRET);
        let entry = format!(
            "    kms:\n        - arn: {arn}\n          created_at: \"2026-01-01T00:00:00Z\"\n          enc: AQICAHh+canary/0==\n          \
         aws_profile: \"\"\n"
        );
        repo.replace(FILE, "\nsops:\n", &format!("\nsops:\n{entry}"));
        repo.commit("Add a secret, and a key of a service");
        let both = format!("{},{}", repo.alice.recipient, repo.bob.recipient);
        rule(&both, "");
        let before = repo.read(FILE);
        let done = repo.updates_with("/nowhere", &["--yes"]);
        assert_eq!(done.code, 0, "{} {}", done.stdout, done.stderr);
        let after = repo.read(FILE);
        assert!(after.contains(&entry), "{after}");
        assert!(
            before
                .lines()
                .all(|line| after.lines().any(|it| it == line))
        );
        let mut sops = repo.sops_command();
        sops.env("SOPS_AGE_KEY", repo.bob.key());
        assert!(
            sops.args(["decrypt", FILE])
                .output()
                .unwrap()
                .status
                .success()
        );
        // sops compares names as well, and has nothing to ask the service for.
        let output = repo
            .sops_command()
            .args(["updatekeys", "--yes", FILE])
            .output();
        let told = String::from_utf8(output.unwrap().stderr).unwrap();
        assert!(told.contains("already up to date"), "{told}");

        // A service that nobody reaches is no reason to change anything.
        rule(&both, &format!(",{arn}1"));
        let asked = ["--yes", "--with-sops", "--key-timeout", "3"];
        let why = reason(&repo.updates_with(&repo.real_sops(), &asked));
        assert!(
            why.contains("`sops` did not end") || why.contains("refused"),
            "{why}"
        );
        assert_eq!(repo.read(FILE), after);
        assert!(!repo.at(".git/sopsguard").exists());
    }
);

story!(
    whoever_goes_from_a_file_of_gpg_is_taken_out_by_sops,
    |repo| {
        let Some(gpg) = Gpg::new(repo) else { return };
        let both = format!("{},{}", repo.alice.recipient, repo.bob.recipient);
        let rule = format!("age: {both}\n    pgp: {}", gpg.fingerprint);
        repo.rule(&rule, ONLY_DATA);
        gpg.encrypts(FILE, SECRET);
        let run = |more: &[&str]| {
            let remove = [
                "remove-recipient",
                &repo.bob.recipient,
                "--yes",
                "--without-proof",
                "--format",
                "json",
            ];
            let mut command = repo.command(env!("CARGO_BIN_EXE_sopsguard"));
            command.env("SOPS_AGE_KEY", repo.alice.key()).arg("escrow");
            let output = command.args([&remove[..], more].concat()).output().unwrap();
            let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
            (output.status.code(), plan)
        };
        let (code, plan) = run(&[]);
        assert_eq!(code, Some(1), "{plan}");
        let why = plan["refused"][0]["reason"].to_string();
        assert!(why.contains("only sops encrypts"), "{why}");
        let command = plan["refused"][0]["commands"][0].as_str().unwrap();
        assert!(command.contains(" --rm-age "), "{command}");
        let (code, done) = run(&["--skip-refused"]);
        assert_eq!(code, Some(1), "{done}");
        assert!(!repo.read(".sops.yaml").contains(&repo.bob.recipient));
        let mut sops = repo.sops_command();
        sops.args(command.split(' ').skip(1));
        let output = gpg.gives(&mut sops).output().unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
        assert!(repo.opens(FILE) && gpg.decrypts(FILE).is_some());
        let mut theirs = repo.sops_command();
        theirs
            .env("SOPS_AGE_KEY", repo.bob.key())
            .args(["decrypt", FILE]);
        assert!(!theirs.output().unwrap().status.success());
    }
);
