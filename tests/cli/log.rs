//! `log`: the history of a secret file, told from repositories that the real git made of versions that
//! the real sops wrote.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sandbox::{Output, Sandbox, testdata};

/// What each story amounts to: what was done to its files stands in `scripts/testdata-changes`. Those
/// that are not named here are edits with sops.
const EDITS: [(&str, &str); 54] = [
    ("downgraded-encryption/fires/decrypted", "decrypted"),
    (
        "downgraded-encryption/fires/encrypted-anew",
        "encrypted-anew",
    ),
    ("downgraded-encryption/fires/guessed", "outside-sops"),
    ("edited-outside-sops/fires/added", "outside-sops"),
    ("edited-outside-sops/fires/after-updatekeys", "outside-sops"),
    (
        "edited-outside-sops/fires/bared-within-a-second",
        "perhaps-outside-sops",
    ),
    ("edited-outside-sops/fires/copied-item", "outside-sops"),
    ("edited-outside-sops/fires/list", "outside-sops"),
    (
        "edited-outside-sops/fires/marked-within-a-second",
        "perhaps-outside-sops",
    ),
    (
        "edited-outside-sops/fires/merged-within-a-second",
        "perhaps-outside-sops",
    ),
    ("edited-outside-sops/fires/moved-documents", "outside-sops"),
    ("edited-outside-sops/fires/name-ini", "outside-sops"),
    ("edited-outside-sops/fires/name", "outside-sops"),
    ("edited-outside-sops/fires/namespace", "outside-sops"),
    ("edited-outside-sops/fires/older-token", "outside-sops"),
    ("edited-outside-sops/fires/order", "outside-sops"),
    ("edited-outside-sops/fires/removed-document", "outside-sops"),
    ("edited-outside-sops/fires/removed", "outside-sops"),
    (
        "edited-outside-sops/fires/renamed-within-a-second",
        "perhaps-outside-sops",
    ),
    (
        "edited-outside-sops/fires/typed-within-a-second",
        "perhaps-outside-sops",
    ),
    ("edited-outside-sops/quiet/encrypted-anew", "encrypted-anew"),
    ("edited-outside-sops/quiet/line-ends", "layout"),
    ("edited-outside-sops/quiet/one-line", "layout"),
    (
        "edited-outside-sops/quiet/only-encrypted",
        "unauthenticated",
    ),
    ("edited-outside-sops/quiet/reformatted", "layout"),
    ("edited-outside-sops/quiet/respelled", "updatekeys"),
    ("edited-outside-sops/quiet/rotate", "rotated"),
    ("mixed-merge/fires/all-but-the-time", "mixed"),
    ("mixed-merge/fires/time", "mixed"),
    ("mixed-merge/fires/value", "mixed"),
    ("moved-ciphertext/fires/other-map", "outside-sops"),
    ("moved-ciphertext/fires/renamed", "outside-sops"),
    ("moved-ciphertext/fires/swapped", "outside-sops"),
    ("recipient-added/fires/as-text", "unauthenticated"),
    ("recipient-added/fires/group", "updatekeys"),
    ("recipient-added/fires/rotate", "rotated"),
    ("recipient-added/fires/updatekeys", "updatekeys"),
    ("recipient-added/quiet/order", "updatekeys"),
    ("recipient-dropped/fires/rotate", "rotated"),
    ("recipient-dropped/fires/swapped", "updatekeys"),
    ("recipient-dropped/fires/updatekeys", "updatekeys"),
    ("recipient-dropped/quiet/rotate", "rotated"),
    ("unauthenticated-change/fires/boundary", "unauthenticated"),
    ("unauthenticated-change/fires/comment", "comments"),
    (
        "unauthenticated-change/fires/empty-document",
        "unauthenticated",
    ),
    ("unauthenticated-change/fires/encrypted-comment", "comments"),
    ("unauthenticated-change/fires/groups", "unauthenticated"),
    ("unauthenticated-change/fires/loosened", "unauthenticated"),
    ("unauthenticated-change/fires/name", "unauthenticated"),
    (
        "unauthenticated-change/fires/only-encrypted",
        "unauthenticated",
    ),
    ("unauthenticated-change/fires/selectors", "unauthenticated"),
    ("unauthenticated-change/fires/threshold", "unauthenticated"),
    ("unauthenticated-change/quiet/groups", "updatekeys"),
    ("unauthenticated-change/quiet/updatekeys", "updatekeys"),
];

/// The stories: folders with what a file was and what it is.
fn stories() -> Vec<(String, PathBuf)> {
    let mut stories = Vec::new();
    for (name, _) in EDITS {
        let rule = name.split('/').next().unwrap();
        for kind in ["fires", "quiet"] {
            for entry in fs::read_dir(testdata("rules").join(rule).join(kind)).unwrap() {
                let path = entry.unwrap().path();
                let story = path.file_name().unwrap().to_str().unwrap();
                stories.push((format!("{rule}/{kind}/{story}"), path.clone()));
            }
        }
    }
    stories.sort();
    stories.dedup();
    stories
}

/// The files of a story by the first part of their names, and their extension.
fn parts(story: &Path) -> (BTreeMap<String, Vec<u8>>, String) {
    let mut parts = BTreeMap::new();
    let mut extension = String::new();
    for entry in fs::read_dir(story).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        parts.insert(
            name.split('.').next().unwrap().to_owned(),
            fs::read(&path).unwrap(),
        );
        extension = name.split_once('.').unwrap().1.to_owned();
    }
    (parts, extension)
}

/// A repository with an empty commit.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(["init", "--quiet", "--initial-branch=main"]);
    sandbox.git(["commit", "--quiet", "--allow-empty", "--message=Begin"]);
    sandbox
}

fn commit(sandbox: &Sandbox) {
    sandbox.git(["add", "--all"]);
    sandbox.git(["commit", "--quiet", "--allow-empty", "--message=x"]);
}

fn log(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    sandbox
        .command([&["log"], arguments].concat())
        .with_git()
        .run()
}

fn entries(sandbox: &Sandbox, arguments: &[&str]) -> Vec<Value> {
    let output = log(sandbox, &[&["--format", "json"], arguments].concat()).expect_code(0);
    output.json()["entries"].as_array().unwrap().clone()
}

fn word<'v>(entry: &'v Value, field: &str) -> &'v str {
    entry[field].as_str().unwrap_or("-")
}

#[test]
fn every_story_is_told_for_what_it_is_with_a_key_and_without() {
    let sandbox = repository();
    let stories = stories();
    let mut files = Vec::new();
    for (name, path) in &stories {
        let (parts, extension) = parts(path);
        let file = format!("{name}/x.{extension}");
        files.push((name, file, parts));
    }
    let put = |which: &str| {
        for (_, file, parts) in &files {
            if let Some(text) = parts.get(which) {
                sandbox.write(file, text);
            }
        }
        commit(&sandbox);
    };
    put("base");
    sandbox.git(["checkout", "--quiet", "-b", "other", "main~1"]);
    put("other");
    sandbox.git(["checkout", "--quiet", "main"]);
    sandbox.git([
        "merge",
        "--quiet",
        "--no-commit",
        "--strategy=ours",
        "other",
    ]);
    put("now");

    let key = testdata("rules/keys.txt");
    let key = key.to_str().unwrap();
    let mut wrong = Vec::new();
    for (name, file, parts) in &files {
        if parts["base"] == parts["now"] || parts.get("other") == Some(&parts["now"]) {
            continue;
        }
        let known = EDITS.iter().find(|(known, _)| known == name);
        let expected = known.map_or("sops", |(_, edit)| edit);
        let told = entries(&sandbox, &[file]);
        if word(&told[0], "edit") != expected {
            wrong.push(format!("{name}: {} for {expected}", word(&told[0], "edit")));
        }
        assert!(told.iter().all(|entry| entry["verification"] != "verified"));
        // `check`'s verdicts are sops's, which `tests/peers.rs` sees to.
        let arguments = ["check", "--format", "json", file, "--identity", key];
        let check = sandbox.run(arguments).json();
        let verdict = word(&check["files"][0], "verification").to_owned();
        let told = entries(&sandbox, &[file, "--trust-changes", "--identity", key]);
        if word(&told[0], "verification") != verdict {
            wrong.push(format!(
                "{name}: {} where check says {verdict}",
                told[0]["verification"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
