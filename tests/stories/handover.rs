//! Recipients that come and go everywhere at once, and what real sops makes of it.

use std::process::Output;

use crate::repo::{ONLY_DATA, Person, Repo, SECRET, peer_sops};

pub(crate) const FILES: [&str; 3] = ["apps/a.enc.yaml", "apps/b.enc.json", "c.enc.env"];

/// Rules with anchors and comments, and files of three formats; for Alice and Bob.
pub(crate) fn repository() -> Repo {
    let repo = Repo::new();
    let (alice, bob) = (&repo.alice.recipient, &repo.bob.recipient);
    repo.write(
        ".sops.yaml",
        format!(
            "# who we are\nkeys:\n  - &alice {alice}\n  - &bob {bob} # Bob's laptop\ncreation_rules:\n  \
             # the cluster's\n  - path_regex: ^apps/\n    {ONLY_DATA}\n    age:\n      - *alice\n      - *bob\n  - age: >-\n      \
             {alice},\n      {bob}\n"
        ),
    );
    repo.encrypt(FILES[0], SECRET);
    repo.encrypt(FILES[1], r#"{"data": {"token": "canary-token"}}"#);
    repo.encrypt(FILES[2], "PASSWORD=canary-password\n");
    repo.commit("Add secrets");
    repo
}

/// Runs the command with Alice's key.
pub(crate) fn sopsguard(repo: &Repo, arguments: &[&str]) -> Output {
    let mut command = repo.command(env!("CARGO_BIN_EXE_sopsguard"));
    command.env("SOPS_AGE_KEY", repo.alice.key());
    let output = command.args(arguments).output().unwrap();
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8(said).unwrap();
    for secret in repo.secrets() {
        assert!(!said.contains(secret), "{said}");
    }
    output
}

#[track_caller]
pub(crate) fn succeeds(repo: &Repo, arguments: &[&str]) -> String {
    let output = sopsguard(repo, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{arguments:?}: {printed}{said}");
    printed
}

#[track_caller]
pub(crate) fn fails(repo: &Repo, code: i32, arguments: &[&str]) -> String {
    let output = sopsguard(repo, arguments);
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8(said).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

/// What sops decrypts a file to with one key, where it does.
pub(crate) fn opened(repo: &Repo, person: &Person, path: &str) -> Option<String> {
    let mut sops = repo.command(peer_sops("3.13.3"));
    sops.env("SOPS_AGE_KEY", person.key());
    let output = sops.args(["decrypt", path]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    output.status.success().then_some(text)
}

/// `sops updatekeys` leaves every file as it is.
#[track_caller]
fn follows_its_rules(repo: &Repo) {
    for path in FILES {
        let before = repo.read(path);
        repo.updatekeys(path);
        assert_eq!(repo.read(path), before, "{path}");
    }
}

#[test]
#[ignore = "plays with real sops"]
fn a_recipient_comes_and_opens_everything() {
    let repo = repository();
    let plain: Vec<_> = FILES.map(|path| opened(&repo, &repo.alice, path)).into();
    let rules = repo.read(".sops.yaml");
    let carol = repo.carol.recipient.clone();
    let add = ["escrow", "add-recipient", &carol, "--name", "lab escrow"];
    let with = |more: &[&'static str]| [&add[..], more].concat();
    let dry = succeeds(&repo, &with(&["--role", "escrow", "--dry-run"]));
    assert!(dry.contains(&format!("+ lab escrow ({carol})")), "{dry}");
    assert_eq!(repo.git(["status", "--short"]), "");
    fails(&repo, 2, &with(&[]));
    assert_eq!(repo.git(["status", "--short"]), "");
    succeeds(
        &repo,
        &with(&["--role", "escrow", "--held-by", "safe", "--yes"]),
    );
    let edited = repo.read(".sops.yaml");
    let expected = rules
        .replace(
            "# Bob's laptop\n",
            &format!("# Bob's laptop\n  - &lab_escrow {carol}\n"),
        )
        .replace("      - *bob\n", "      - *bob\n      - *lab_escrow\n");
    let last = format!("{},\n      {carol}\n", repo.bob.recipient);
    let expected = expected.replace(&format!("{}\n", repo.bob.recipient), &last);
    // Of the anchor's line the comment follows.
    assert_eq!(edited, expected);
    follows_its_rules(&repo);
    for (path, plain) in FILES.iter().zip(&plain) {
        assert!(plain.is_some());
        for person in [&repo.alice, &repo.bob, &repo.carol] {
            assert_eq!(&opened(&repo, person, path), plain, "{path}");
        }
    }
    let policy = repo.read(".sopsguard.toml");
    for said in [
        &carol,
        "name = \"lab escrow\"",
        "role = \"escrow\"",
        "[\"safe\"]",
    ] {
        assert!(policy.contains(said), "{policy}");
    }
    assert!(policy.contains(&repo.bob.recipient), "{policy}");
    let again = succeeds(&repo, &with(&["--role", "escrow", "--yes"]));
    assert!(again.contains("nothing to change"), "{again}");
}

#[test]
#[ignore = "plays with real sops"]
fn a_recipient_goes_and_opens_nothing_new() {
    let repo = repository();
    let plain: Vec<_> = FILES.map(|path| opened(&repo, &repo.alice, path)).into();
    succeeds(
        &repo,
        &[
            "escrow",
            "add-recipient",
            &repo.carol.recipient,
            "--name",
            "carol",
            "--yes",
        ],
    );
    repo.commit("Add Carol");
    let early = fails(&repo, 1, &["escrow", "remove-recipient", "bob", "--yes"]);
    assert!(early.contains("--without-proof"), "{early}");
    assert_eq!(repo.git(["status", "--short"]), "");
    let before = FILES.map(|path| repo.read(path));
    let remove = [
        "escrow",
        "remove-recipient",
        "bob",
        "--without-proof",
        "--yes",
    ];
    let said = succeeds(&repo, &remove);
    for value in ["stringData", "password", "PASSWORD", "token"] {
        assert!(said.contains(value), "{said}");
    }
    let rules = repo.read(".sops.yaml");
    assert!(
        !rules.contains(&repo.bob.recipient) && !rules.contains("bob"),
        "{rules}"
    );
    assert!(!repo.read(".sopsguard.toml").contains(&repo.bob.recipient));
    follows_its_rules(&repo);
    for ((path, plain), before) in FILES.iter().zip(&plain).zip(before) {
        assert_eq!(opened(&repo, &repo.bob, path), None, "{path}");
        for person in [&repo.alice, &repo.carol] {
            assert_eq!(&opened(&repo, person, path), plain, "{path}");
        }
        // No token of before is there any more.
        let now = repo.read(path);
        let tokens = before
            .split(['"', '\n', ' ', '='])
            .filter(|word| word.starts_with("ENC["));
        assert!(tokens.clone().count() > 0);
        for token in tokens {
            assert!(!now.contains(token), "{path}: {token}");
        }
    }
    let nobody = fails(&repo, 2, &remove);
    assert!(nobody.contains("no recipient"), "{nobody}");
}

#[test]
#[ignore = "plays with real sops"]
fn one_file_that_does_not_verify_keeps_everything_as_it_is() {
    let repo = repository();
    repo.replace(FILES[0], "namespace: production", "namespace: staging");
    repo.commit("Edit it as text");
    let carol = repo.carol.recipient.clone();
    let add = [
        "escrow",
        "add-recipient",
        &carol,
        "--name",
        "carol",
        "--yes",
    ];
    let said = fails(&repo, 1, &add);
    assert!(
        said.contains(FILES[0]) && said.contains("does not verify"),
        "{said}"
    );
    assert_eq!(repo.git(["status", "--short"]), "");
    let bob = [
        "escrow",
        "remove-recipient",
        "bob",
        "--without-proof",
        "--yes",
    ];
    fails(&repo, 1, &bob);
    assert_eq!(repo.git(["status", "--short"]), "");
}

#[test]
#[ignore = "plays with real sops"]
fn what_is_no_recipient_is_refused_and_a_private_key_never_shown() {
    let repo = repository();
    let carol = repo.carol.recipient.clone();
    let (mistyped, private) = (carol.replace("age1", "age1q"), repo.carol.key().to_owned());
    for (key, says) in [
        (mistyped.as_str(), "no recipient"),
        (private.as_str(), "private key"),
        ("hunter2", "no recipient"),
    ] {
        let said = fails(
            &repo,
            2,
            &["escrow", "add-recipient", key, "--name", "x", "--yes"],
        );
        assert!(said.contains(says) && !said.contains("hunter2"), "{said}");
    }
    let said = fails(&repo, 2, &["escrow", "remove-recipient", &private]);
    assert!(said.contains("private key"), "{said}");
    assert_eq!(repo.git(["status", "--short"]), "");
}

#[test]
#[ignore = "plays with real sops"]
fn one_of_several_key_groups_gets_a_recipient_once_it_is_named() {
    let repo = Repo::new();
    let (alice, bob) = (&repo.alice.recipient, &repo.bob.recipient);
    let groups = format!("key_groups: [{{age: [{alice}]}}, {{age: [{alice}, {bob}]}}]");
    repo.rule(&groups, &format!("shamir_threshold: 2\n{ONLY_DATA}"));
    repo.add(FILES[0], SECRET);
    let carol = repo.carol.recipient.clone();
    let add = [
        "escrow",
        "add-recipient",
        &carol,
        "--name",
        "carol",
        "--yes",
    ];
    let said = fails(&repo, 2, &add);
    assert!(said.contains("--group"), "{said}");
    let said = succeeds(&repo, &[&add[..], &["--group", "2"]].concat());
    assert!(said.contains("2 groups are needed"), "{said}");
    assert!(opened(&repo, &repo.carol, FILES[0]).is_none());
    succeeds(&repo, &[&add[..], &["--group", "1"]].concat());
    assert!(opened(&repo, &repo.carol, FILES[0]).is_some());
    let before = repo.read(FILES[0]);
    repo.updatekeys(FILES[0]);
    assert_eq!(repo.read(FILES[0]), before);
}
