//! Which rules a recipient comes into: all, or those that are meant by number, pattern, folder or file. Whatever they do not
//! govern stays byte for byte, and sops finds nothing to update anywhere.

use std::collections::BTreeMap;

use crate::repo::{ONLY_DATA, Repo, SECRET};

const FILES: [&str; 4] = [
    "apps/db.enc.yaml",
    "apps/wiki.enc.yaml",
    "infra/dns.enc.yaml",
    "other.enc.yaml",
];
const NEAR: &str = "apps/.sops.yaml";
const ROOT: &str = ".sops.yaml";

/// A rule for one file, and one for the others, near to the files; two rules in the folder above.
fn prepare(repo: &Repo) {
    let alice = &repo.alice.recipient;
    let rules = |patterns: [&str; 2]| {
        let rules = patterns.map(|pattern| {
            format!("  - path_regex: {pattern}\n    {ONLY_DATA}\n    age: {alice}\n")
        });
        format!("creation_rules:\n{}", rules.concat())
    };
    repo.write(ROOT, rules(["^infra/", "''"]));
    repo.write(NEAR, rules(["^db", "''"]));
    for file in FILES {
        repo.write(file, SECRET);
        let config = config_of(file);
        repo.sops(["--config", config, "encrypt", "--in-place", file]);
    }
    repo.commit("Add secrets");
}

fn config_of(file: &str) -> &'static str {
    if file.starts_with("apps/") {
        NEAR
    } else {
        ROOT
    }
}

fn texts(repo: &Repo) -> BTreeMap<&'static str, String> {
    let paths = FILES.into_iter().chain([NEAR, ROOT]);
    paths.map(|path| (path, repo.read(path))).collect()
}

/// Runs a command of `escrow` with Alice's key; gives its exit code, and what it said.
fn escrow(repo: &Repo, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = repo.command(env!("CARGO_BIN_EXE_sopsguard"));
    command.arg("escrow").args(arguments).arg("--yes");
    let output = command
        .env("SOPS_AGE_KEY", repo.alice.key())
        .output()
        .unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    for secret in repo.secrets() {
        assert!(!said.contains(secret), "{said}");
    }
    (output.status.code(), said)
}

fn add(repo: &Repo, arguments: &[&str]) -> (Option<i32>, String) {
    let all = ["add-recipient", &repo.carol.recipient, "--name", "carol"];
    escrow(repo, &[&all[..], arguments].concat())
}

/// Adds Carol by these arguments to these files, and to nothing else.
#[track_caller]
fn comes_into(repo: &Repo, arguments: &[&str], expected: &[&str]) {
    let before = texts(repo);
    let (code, said) = add(repo, arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {said}");
    for (path, text) in texts(repo) {
        let is_expected = expected.contains(&path);
        assert_eq!(
            text.contains(&repo.carol.recipient),
            is_expected,
            "{arguments:?}: {path}"
        );
        assert_eq!(text != before[path], is_expected, "{arguments:?}: {path}");
    }
    for file in FILES {
        let before = repo.read(file);
        repo.sops(["--config", config_of(file), "updatekeys", "--yes", file]);
        assert_eq!(repo.read(file), before, "{arguments:?}: {file}");
        assert!(repo.opens(file));
    }
    repo.git(["checkout", "--quiet", "."]);
    repo.git(["clean", "--quiet", "--force"]);
}

story!(a_recipient_comes_into_the_rules_that_are_meant, |repo| {
    prepare(repo);
    let [db, wiki, dns, other] = FILES;
    comes_into(repo, &[], &[db, wiki, dns, other, NEAR, ROOT]);
    comes_into(repo, &["apps"], &[db, wiki, NEAR]);
    comes_into(repo, &[NEAR], &[db, wiki, NEAR]);
    comes_into(repo, &[db], &[db, NEAR]);
    comes_into(repo, &[wiki, dns], &[wiki, dns, NEAR, ROOT]);
    comes_into(repo, &["--path-regex", "^infra/"], &[dns, ROOT]);
    comes_into(repo, &["--rule", "2", "apps"], &[wiki, NEAR]);
    comes_into(repo, &["--rule", "1", ROOT], &[dns, ROOT]);
});

story!(
    rules_that_are_not_there_are_told_and_nothing_changes,
    |repo| {
        prepare(repo);
        let before = texts(repo);
        for arguments in [
            &["--rule", "9", ROOT][..],
            &["--rule", "0"],
            &["--path-regex", "^nowhere/"],
            &["nowhere"],
        ] {
            let (code, said) = add(repo, arguments);
            assert!([Some(2), Some(3)].contains(&code), "{arguments:?}: {said}");
            assert!(said.contains("error: "), "{arguments:?}: {said}");
            assert_eq!(texts(repo), before, "{arguments:?}");
        }
    }
);

story!(a_recipient_goes_from_every_configuration, |repo| {
    prepare(repo);
    assert_eq!(add(repo, &[]).0, Some(0));
    repo.commit("Add Carol");
    let (code, said) = escrow(repo, &["remove-recipient", "carol", "--without-proof"]);
    assert_eq!(code, Some(0), "{said}");
    for (path, text) in texts(repo) {
        assert!(!text.contains(&repo.carol.recipient), "{path}");
    }
    for file in FILES {
        let before = repo.read(file);
        repo.sops(["--config", config_of(file), "updatekeys", "--yes", file]);
        assert_eq!(repo.read(file), before, "{file}");
        assert!(repo.opens(file));
    }
});
