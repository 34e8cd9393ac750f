//! Recipients that go: whoever still opens something is not called gone, and nobody goes too early.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use serde_json::Value;

use crate::handover::{FILES, fails, opened, repository, succeeds};
use crate::repo::{ONLY_DATA, Repo, SECRET, peer_sops};

const REMOVE: [&str; 4] = ["escrow", "remove-recipient", "bob", "--without-proof"];

fn remove(more: &[&'static str]) -> Vec<&'static str> {
    [&REMOVE[..], more].concat()
}

/// A policy that lists people, each with what else is said of them.
fn list(repo: &Repo, people: &[(&str, &str, &str)]) {
    let listed = people.iter().map(|(name, key, more)| {
        format!("[[recipient]]\nname = \"{name}\"\nkey = \"{key}\"\n{more}\n")
    });
    repo.write(".sopsguard.toml", listed.collect::<String>());
}

/// Commits all there is, at a moment that git takes.
fn commit_at(repo: &Repo, written: &str, committed: &str) {
    repo.git(["add", "--all"]);
    let mut git = repo.command("git");
    git.env("GIT_AUTHOR_DATE", written);
    git.env("GIT_COMMITTER_DATE", committed);
    let commit = ["commit", "--quiet", "--message", "At another time"];
    let output = git.args(commit).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn status(repo: &Repo, leaving: &str) -> Value {
    let asked = ["escrow", "status", "--leaving", leaving, "--format", "json"];
    let printed = succeeds(repo, &asked);
    serde_json::from_str(&printed).unwrap()
}

/// What the status says of the last of the steps that files can tell.
fn taken_out(repo: &Repo, leaving: &str) -> String {
    let status = status(repo, leaving);
    let steps = status["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["number"] == 6).unwrap();
    step["state"].as_str().unwrap().to_owned()
}

#[test]
#[ignore = "plays with real sops"]
fn who_still_opens_a_file_that_was_left_out_is_not_called_gone() {
    let repo = repository();
    let (alice, bob) = (&repo.alice.recipient, &repo.bob.recipient);
    list(&repo, &[("alice", alice, ""), ("bob", bob, "")]);
    repo.replace(FILES[0], "namespace: production", "namespace: staging");
    repo.commit("Edit it as text");
    let said = fails(&repo, 1, &remove(&["--yes", "--skip-refused"]));
    assert!(said.contains("goes on listing `bob`"), "{said}");
    assert!(said.contains(&format!("left out, and as before: {}", FILES[0])));
    assert_eq!(opened(&repo, &repo.bob, FILES[1]), None);
    assert!(repo.read(".sopsguard.toml").contains(bob.as_str()));
    assert_eq!(taken_out(&repo, "bob"), "not-done");
    // Once it is mended, the same command does the rest.
    repo.replace(FILES[0], "namespace: staging", "namespace: production");
    assert!(opened(&repo, &repo.bob, FILES[0]).is_some());
    succeeds(&repo, &remove(&["--yes"]));
    assert_eq!(opened(&repo, &repo.bob, FILES[0]), None);
    assert!(opened(&repo, &repo.alice, FILES[0]).is_some());
    assert!(!repo.read(".sopsguard.toml").contains(bob.as_str()));
    assert_eq!(taken_out(&repo, bob), "done");
}

#[test]
#[ignore = "plays with real sops"]
fn rules_by_which_files_are_published_lose_the_key_too() {
    let repo = repository();
    let bob = repo.bob.recipient.clone();
    repo.change(".sops.yaml", |text| {
        format!(
            "{text}destination_rules:\n  - s3_bucket: shop\n    recreation_rule:\n      age:\n        - *alice\n        \
             - *bob\n  - gcs_bucket: shop\n    recreation_rule:\n      age: {},{bob}\n",
            repo.alice.recipient
        )
    });
    repo.commit("Publish them");
    succeeds(&repo, &remove(&["--yes"]));
    let rules = repo.read(".sops.yaml");
    assert!(!rules.contains(&bob) && !rules.contains("bob"), "{rules}");
    assert_eq!(rules.matches("*alice").count(), 2, "{rules}");
    assert_eq!(taken_out(&repo, &bob), "done");
    // In no rule but one of these.
    let only = rules.replace(
        "      age:\n        - *alice\n",
        &format!("      age: {bob}\n"),
    );
    assert_ne!(only, rules);
    repo.write(".sops.yaml", &only);
    assert_eq!(taken_out(&repo, &bob), "not-done");
    let gone = ["escrow", "remove-recipient", &bob, "--yes"];
    let said = fails(&repo, 2, &gone);
    assert!(said.contains("`recreation_rule` in line"), "{said}");
}

/// Carol is to go, who opens files of two rules; Bob was in the first of them from January on, and in the second from
/// June on, by comments of `.sops.yaml` ever.
fn joined_late(proved: &str) -> Repo {
    let repo = Repo::new();
    let [alice, bob, carol] = [&repo.alice, &repo.bob, &repo.carol].map(|who| &who.recipient);
    let rules = |second: &str| {
        format!(
            "creation_rules:\n  - path_regex: ^dev/\n    age: {alice},{bob},{carol}\n  - path_regex: ^prod/\n    \
             # soon: {bob}\n    age: {alice},{carol}{second}\n"
        )
    };
    repo.write(".sops.yaml", rules(""));
    repo.encrypt("dev/a.enc.yaml", SECRET);
    repo.encrypt("prod/a.enc.yaml", SECRET);
    let january = "2025-01-10T12:00:00+00:00";
    commit_at(&repo, january, january);
    repo.write(".sops.yaml", rules(&format!(",{bob}")));
    repo.updatekeys("prod/a.enc.yaml");
    let june = "2025-06-10T12:00:00+00:00";
    commit_at(&repo, june, june);
    // What was branched off before and joined later brings nobody again.
    repo.git(["branch", "side", "HEAD~1"]);
    repo.checkout("side");
    repo.change(".sops.yaml", |text| format!("# ours\n{text}"));
    let october = "2025-10-10T12:00:00+00:00";
    commit_at(&repo, october, october);
    repo.checkout("main");
    repo.git(["merge", "--quiet", "--no-edit", "side"]);
    let listed = [
        ("alice", alice.as_str(), "proved = 2025-11-01"),
        ("bob", bob, proved),
        ("carol", carol, ""),
    ];
    list(&repo, &listed);
    repo
}

const CAROL: [&str; 4] = ["escrow", "remove-recipient", "carol", "--dry-run"];

#[test]
#[ignore = "plays with real sops"]
fn who_was_proved_before_her_key_came_into_a_rule_is_not_proved() {
    let repo = joined_late("proved = 2025-02-01");
    let said = fails(&repo, 1, &CAROL);
    assert!(
        said.contains("`bob` (proved 2025-02-01, added 2025-06-10)"),
        "{said}"
    );
    succeeds(&joined_late("proved = 2025-07-01"), &CAROL);
}

#[test]
#[ignore = "plays with real sops"]
fn a_proof_of_a_day_to_come_is_none() {
    let repo = joined_late("proved = 2199-07-01");
    let said = fails(&repo, 1, &CAROL);
    assert!(said.contains("still to come"), "{said}");
}

#[test]
#[ignore = "plays with real sops"]
fn days_are_counted_where_nobody_lives() {
    for (written, committed, proved, counts) in [
        // On the next day there, and on the day before.
        ("2025-06-02T00:30:00+13:00", "", "2025-06-01", true),
        ("2025-06-01T23:30:00-11:00", "", "2025-06-01", false),
        ("2025-06-01T23:30:00-11:00", "", "2025-06-02", true),
        // Written in spring, and committed by somebody in summer.
        (
            "2025-03-01T12:00:00+00:00",
            "2025-06-10T12:00:00+00:00",
            "2025-05-01",
            false,
        ),
    ] {
        let repo = Repo::new();
        let [alice, bob, carol] = [&repo.alice, &repo.bob, &repo.carol].map(|who| &who.recipient);
        let settings = format!("path_regex: ^apps/\n{ONLY_DATA}");
        repo.rule(&format!("age: {alice},{bob},{carol}"), &settings);
        repo.encrypt(FILES[0], SECRET);
        let committed = if committed.is_empty() {
            written
        } else {
            committed
        };
        commit_at(&repo, written, committed);
        let proof = format!("proved = {proved}");
        let listed = [
            ("alice", alice.as_str(), "proved = 2025-11-01"),
            ("bob", bob, proof.as_str()),
            ("carol", carol, ""),
        ];
        list(&repo, &listed);
        match counts {
            true => drop(succeeds(&repo, &CAROL)),
            false => drop(fails(&repo, 1, &CAROL)),
        }
    }
}

#[test]
#[ignore = "plays with real sops"]
fn nobody_comes_or_goes_while_a_configuration_cannot_be_read() {
    let repo = repository();
    let bob = &repo.bob.recipient;
    let conflict = format!(
        "creation_rules:\n<<<<<<< ours\n  - age: {bob}\n=======\n  - age: {bob}\n>>>>>>> theirs\n"
    );
    repo.write("apps/inner/.sops.yaml", conflict);
    repo.commit("Add one more");
    let carol = repo.carol.recipient.clone();
    let add = [
        "escrow",
        "add-recipient",
        &carol,
        "--name",
        "carol",
        "--yes",
    ];
    for arguments in [&remove(&["--yes"])[..], &add] {
        let said = fails(&repo, 2, arguments);
        assert!(
            said.contains("`apps/inner/.sops.yaml` cannot be read"),
            "{said}"
        );
        assert_eq!(repo.git(["status", "--short"]), "");
    }
    // Where another is meant, it does not matter.
    succeeds(&repo, &[&add[..], &[".sops.yaml"]].concat());
}

#[test]
#[ignore = "plays with real sops"]
fn a_configuration_that_a_link_leads_to_is_changed_once() {
    let repo = repository();
    repo.write(
        ".sops.yaml",
        format!("creation_rules:\n  - {}\n", repo.for_alice_and(&repo.bob)),
    );
    symlink("../.sops.yaml", repo.at("apps/.sops.yaml")).unwrap();
    repo.commit("Let one configuration do");
    let carol = repo.carol.recipient.clone();
    let add = [
        "escrow",
        "add-recipient",
        &carol,
        "--name",
        "carol",
        "--yes",
    ];
    // The rule is one, whichever of the two is named.
    succeeds(&repo, &[&add[..], &["apps"]].concat());
    for path in FILES {
        assert!(opened(&repo, &repo.carol, path).is_some(), "{path}");
    }
    repo.commit("Add Carol");
    succeeds(
        &repo,
        &[
            "escrow",
            "remove-recipient",
            &repo.bob.recipient,
            "--without-proof",
            "--yes",
        ],
    );
    for path in FILES {
        assert!(opened(&repo, &repo.bob, path).is_none(), "{path}");
        assert!(opened(&repo, &repo.carol, path).is_some(), "{path}");
    }
    assert!(repo.at("apps/.sops.yaml").is_symlink());
    assert!(!repo.read(".sops.yaml").contains(&repo.bob.recipient));
}

/// A plugin that wraps keys by leaving them as they are.
const MIRROR: &str = r#"#!/bin/sh
keys=
while read -r line; do
    case $line in
    '-> wrap-file-key') read -r key && keys="$keys $key" ;;
    '-> done') read -r _ && break ;;
    esac
done
at=0
for key in $keys; do
    printf -- '-> recipient-stanza %s mirror\n%s\n' $at "$key"
    read -r _ && read -r _
    at=$((at + 1))
done
printf -- '-> done\n\n'
"#;

const MIRRORED: [&str; 2] = [
    "age1mirror1d3hk76mnyp3xzcmtna8f3e",
    "age1mirror1d3hk76mnypshwctecn0w9e",
];

#[test]
#[ignore = "plays with real sops"]
fn files_are_locked_for_plugins_that_are_there_and_for_those_that_come_with_the_change() {
    let repo = Repo::new();
    let plugin = repo.beside("age-plugin-mirror");
    fs::write(&plugin, MIRROR).unwrap();
    fs::set_permissions(&plugin, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!(
        "{}:{}",
        repo.beside("").display(),
        std::env::var("PATH").unwrap()
    );
    let [alice, bob] = [&repo.alice, &repo.bob].map(|who| &who.recipient);
    let [old, new] = MIRRORED;
    repo.rule(&format!("age: {alice},{bob},{old}"), ONLY_DATA);
    repo.write(FILES[0], SECRET);
    let mut sops = repo.sops_command();
    let output = sops
        .env("PATH", &path)
        .args(["encrypt", "--in-place", FILES[0]])
        .output();
    assert!(output.unwrap().status.success());
    // One more, which the file does not have yet.
    repo.rule(&format!("age: {alice},{bob},{old},{new}"), ONLY_DATA);
    repo.commit("Add a secret");
    let mut command: Command = repo.command(env!("CARGO_BIN_EXE_sopsguard"));
    command
        .env("PATH", &path)
        .env("SOPS_AGE_KEY", repo.alice.key());
    let arguments = [
        "escrow",
        "remove-recipient",
        bob,
        "--without-proof",
        "--yes",
    ];
    let output = command
        .args(arguments)
        .args(["--allow-plugin", "mirror"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let file = repo.read(FILES[0]);
    assert!(
        file.contains(old) && file.contains(new) && !file.contains(bob.as_str()),
        "{file}"
    );
    assert!(opened(&repo, &repo.alice, FILES[0]).is_some());
}

/// Runs the command of sops that was told, with Alice's key.
#[track_caller]
fn runs(repo: &Repo, said: &str) {
    let command = said.lines().find(|line| line.contains("sops rotate"));
    let place = peer_sops("3.13.3").display().to_string();
    let command = command.unwrap().trim().replacen("sops", &place, 1);
    let mut shell = repo.command("sh");
    shell.env("SOPS_AGE_KEY", repo.alice.key());
    let output = shell.args(["-c", &command]).output().unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
}

#[test]
#[ignore = "plays with real sops"]
fn a_file_without_a_rule_loses_an_ssh_key_by_the_command_that_is_told() {
    let repo = Repo::new();
    let key = repo.beside("id");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"])
        .arg(&key)
        .status();
    assert!(made.unwrap().success());
    let public = fs::read_to_string(repo.beside("id.pub")).unwrap();
    let public = public.trim();
    repo.rule(
        &format!("age: [{}, '{public}']", repo.alice.recipient),
        ONLY_DATA,
    );
    repo.encrypt("other.enc.yaml", SECRET);
    let settings = format!("path_regex: ^apps/\n{ONLY_DATA}");
    repo.rule(&repo.for_alice(), &settings);
    repo.commit("Add a secret without a rule");
    let said = fails(&repo, 1, &["escrow", "remove-recipient", public, "--yes"]);
    runs(&repo, &said);
    assert!(!repo.read("other.enc.yaml").contains("ssh-ed25519"));
    assert!(opened(&repo, &repo.alice, "other.enc.yaml").is_some());
}

#[test]
#[ignore = "plays with real sops"]
fn who_is_listed_in_the_last_commit_only_is_listed_again() {
    let repo = repository();
    let [alice, bob, carol] = [&repo.alice, &repo.bob, &repo.carol].map(|who| &who.recipient);
    let both = [("alice", alice.as_str(), ""), ("bob", bob, "")];
    let all = [&both[..], &[("carol", carol.as_str(), "")]].concat();
    list(&repo, &all);
    repo.commit("List all of us");
    list(&repo, &both);
    let said = succeeds(
        &repo,
        &["escrow", "add-recipient", carol, "--name", "Carol", "--yes"],
    );
    assert!(!said.contains("already"), "{said}");
    assert!(
        repo.read(".sopsguard.toml").contains(carol.as_str()),
        "{said}"
    );
}

#[test]
#[ignore = "plays with real sops"]
fn names_are_the_same_in_small_letters() {
    let repo = repository();
    let [alice, bob] = [&repo.alice, &repo.bob].map(|who| &who.recipient);
    list(&repo, &[("alice", alice, ""), ("Bob's Laptop", bob, "")]);
    repo.commit("List us");
    let remove = [
        "escrow",
        "remove-recipient",
        "bob's laptop",
        "--without-proof",
        "--yes",
    ];
    let said = succeeds(&repo, &remove);
    assert!(said.contains("- Bob's Laptop"), "{said}");
    assert_eq!(opened(&repo, &repo.bob, FILES[0]), None);
}
