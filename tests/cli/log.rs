//! `log`: the history of a secret file, told from repositories that the real git made of versions that
//! the real sops wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sandbox::{Output, Sandbox, testdata};

/// What each story amounts to: what was done to its files stands in `scripts/testdata-changes`. Those
/// that are not named here are edits with sops.
const EDITS: [(&str, &str); 55] = [
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
    ("edited-outside-sops/fires/only-encrypted", "outside-sops"),
    ("edited-outside-sops/fires/unquoted", "outside-sops"),
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
    commit(&sandbox);
    sandbox
}

fn commit(sandbox: &Sandbox) {
    commit_by(sandbox, "Ada", 1);
}

/// Commits all that is in the work tree, on a day of November.
fn commit_by(sandbox: &Sandbox, author: &str, day: u32) {
    sandbox.git(["add", "--all"]);
    let date = format!("2026-11-{day:02}T12:00:00+0000");
    let mut git = sandbox.git_command();
    git.args(["commit", "--quiet", "--allow-empty", "--message=x"])
        .env("GIT_AUTHOR_NAME", author)
        .env("GIT_AUTHOR_DATE", &date)
        .env("GIT_COMMITTER_DATE", &date);
    assert!(git.status().unwrap().success());
}

/// A version of the file whose whole life is told in `testdata/log`.
fn version(name: &str) -> Vec<u8> {
    fs::read(testdata("log").join(name)).unwrap()
}

const FILE: &str = "shop.enc.yaml";

/// A repository in which the file went through these versions, a commit each.
fn life(names: &[&str]) -> Sandbox {
    let sandbox = repository();
    for (day, name) in (2..).zip(names) {
        sandbox.write(FILE, version(name));
        commit_by(&sandbox, "Ada", day);
    }
    sandbox
}

const SET: &str = "3-set.enc.yaml";
const ENCRYPTED: &str = "2-encrypted.enc.yaml";
const ROTATED: &str = "6-rotated.enc.yaml";
const TEXT: &str = "7-text.enc.yaml";

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

/// What each change did, the youngest first.
fn edits(sandbox: &Sandbox, arguments: &[&str]) -> Vec<String> {
    let entries = entries(sandbox, arguments);
    entries
        .iter()
        .map(|entry| word(entry, "edit").to_owned())
        .collect()
}

fn key() -> String {
    testdata("rules/keys.txt").to_str().unwrap().to_owned()
}

/// The text with ids of commits as letters, in the order in which they stand, keys cut, and without the
/// places where keys were looked for.
fn steady(text: &str) -> String {
    let without_places = |line: &str| line.split("; looked in").next().unwrap().to_owned() + "\n";
    let text: String = text.lines().map(without_places).collect();
    let mut known: Vec<String> = Vec::new();
    let mut out = String::new();
    for part in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_id = word.len() == 10 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_id {
            let at = known
                .iter()
                .position(|id| id == word)
                .unwrap_or(known.len());
            if at == known.len() {
                known.push(word.to_owned());
            }
            let letter = (b'a' + u8::try_from(at).unwrap()) as char;
            out.push_str(&part.replace(word, &letter.to_string().repeat(10)));
        } else if word.starts_with("age1") {
            out.push_str(&part.replace(word, "age1…"));
        } else {
            out.push_str(part);
        }
    }
    out
}

#[test]
fn a_life_is_told_a_line_a_commit() {
    let sandbox = repository();
    for (day, author, name) in [
        (2, "Ada", "1-clear.yaml"),
        (3, "Ada", ENCRYPTED),
        (4, "Bob", SET),
        (5, "Ada", "4-joined.enc.yaml"),
        (6, "Ada", "5-left.enc.yaml"),
        (7, "Ada", ROTATED),
        (8, "Bob", TEXT),
    ] {
        sandbox.write(FILE, version(name));
        commit_by(&sandbox, author, day);
    }
    sandbox.git(["mv", FILE, "db.enc.yaml"]);
    commit_by(&sandbox, "Ada", 9);
    sandbox.write("db.enc.yaml", version(ROTATED));
    commit_by(&sandbox, "Ada", 10);
    sandbox.write("db.enc.yaml", version("8-unset.enc.yaml"));
    let output = log(&sandbox, &["db.enc.yaml"]).expect_code(0);
    insta::assert_snapshot!(steady(&output.stdout), @r"
    work tree               not committed  sops            stringData.username removed
    aaaaaaaaaa  2026-11-10  Ada            restored        as in bbbbbbbbbb; metadata.namespace changed
    cccccccccc  2026-11-09  Ada            untouched       renamed from shop.enc.yaml
    dddddddddd  2026-11-08  Bob            OUTSIDE SOPS    under the MAC of bbbbbbbbbb; metadata.namespace changed
    bbbbbbbbbb  2026-11-07  Ada            rotated         every token and stanza is new
    eeeeeeeeee  2026-11-06  Ada            updatekeys      - age1…; data key not rotated
    ffffffffff  2026-11-05  Ada            updatekeys      + age1…
    gggggggggg  2026-11-04  Bob            sops            stringData.password changed
    hhhhhhhhhh  2026-11-03  Ada            encrypted       stringData.username, stringData.password stood in clear before; + age1…
    iiiiiiiiii  2026-11-02  Ada            added in clear
    not verified: 9 versions: there is no identity (`--identity FILE` names one)
    9 commits of db.enc.yaml: 1 outside sops
    ");
    let output = log(&sandbox, &["db.enc.yaml", "--identity", &key(), "-n", "3"]).expect_code(0);
    insta::assert_snapshot!(steady(&output.stdout), @r"
    work tree               not committed  verified  sops          stringData.username removed
    aaaaaaaaaa  2026-11-10  Ada            verified  restored      as in bbbbbbbbbb; metadata.namespace changed
    cccccccccc  2026-11-09  Ada            failed    untouched     renamed from shop.enc.yaml
    dddddddddd  2026-11-08  Bob            failed    OUTSIDE SOPS  under the MAC of bbbbbbbbbb; metadata.namespace changed
    6 more, which `--max-count` leaves out
    3 commits of db.enc.yaml: 1 outside sops, 2 verified, 2 failed
    ");
    let output = log(&sandbox, &["db.enc.yaml", "--quiet", "-n", "1"]).expect_code(0);
    insta::assert_snapshot!(steady(&output.stdout), @r"
    work tree               not committed  sops      stringData.username removed
    aaaaaaaaaa  2026-11-10  Ada            restored  as in bbbbbbbbbb; metadata.namespace changed
    ");
}

#[test]
fn a_version_that_mends_damaged_metadata_is_not_blamed_for_them() {
    let sandbox = repository();
    sandbox.write(FILE, version(SET));
    commit_by(&sandbox, "Ada", 2);
    let sound = sandbox.read(FILE);
    let damaged = String::from_utf8(version(SET)).unwrap();
    sandbox.write(FILE, damaged.replace("lastmodified:", "lastmodifie:"));
    commit_by(&sandbox, "Bob", 3);
    sandbox.write(FILE, sound);
    commit_by(&sandbox, "Ada", 4);
    let output = log(&sandbox, &[FILE]).expect_code(0);
    let mut lines = output.stdout.lines();
    let mended = lines.next().unwrap();
    assert!(
        mended.contains("restored") && !mended.contains("makes no sense"),
        "{mended}"
    );
    let damaged = lines.next().unwrap();
    assert!(damaged.contains("makes no sense"), "{damaged}");
}

#[test]
fn what_stood_in_clear_before_it_was_encrypted_is_named() {
    let sandbox = life(&["1-clear.yaml", ENCRYPTED]);
    let told = entries(&sandbox, &[FILE]);
    assert_eq!(told[0]["edit"], "encrypted");
    let values = told[0]["values"].as_array().unwrap().iter();
    let values: Vec<_> = values
        .map(|value| (word(value, "path"), word(value, "what")))
        .collect();
    let expected = [
        ("stringData.username", "encrypted"),
        ("stringData.password", "encrypted"),
    ];
    assert_eq!(values, expected);
    assert_eq!(told[1]["edit"], "added-in-clear");
    assert_eq!(told[1]["verification"], "not-encrypted");
}

#[test]
fn a_decrypted_copy_that_is_committed_and_taken_back_is_told() {
    let sandbox = life(&[SET, "1-clear.yaml", SET]);
    assert_eq!(edits(&sandbox, &[FILE]), ["restored", "decrypted", "added"]);
    let told = entries(&sandbox, &[FILE]);
    assert_eq!(told[0]["mac-from"], told[2]["commit"]);
    assert_eq!(told[1]["values"][1]["what"], "bared");
}

#[test]
fn deleted_and_renamed_files_keep_their_history() {
    let sandbox = life(&[ENCRYPTED, SET]);
    sandbox.git(["mv", FILE, "a b.enc.yaml"]);
    commit(&sandbox);
    sandbox.git(["rm", "--quiet", "a b.enc.yaml"]);
    commit(&sandbox);
    let told = entries(&sandbox, &["a b.enc.yaml", "--identity", &key()]);
    let words: Vec<_> = told
        .iter()
        .map(|one| (word(one, "edit"), word(one, "path")))
        .collect();
    let expected = [
        ("deleted", "a b.enc.yaml"),
        ("untouched", "a b.enc.yaml"),
        ("sops", FILE),
        ("added", FILE),
    ];
    assert_eq!(words, expected);
    assert_eq!(told[1]["renamed-from"], FILE);
    assert_eq!(told[0]["verification"], Value::Null);
    // The old name ends where it was given up.
    assert_eq!(edits(&sandbox, &[FILE]), ["deleted", "sops", "added"]);
}

#[test]
fn a_file_that_was_edited_on_its_way_to_another_name_is_followed() {
    let sandbox = life(&["1-clear.yaml", ENCRYPTED]);
    let mv = |from: &str, to: &str, content: &str| {
        fs::create_dir_all(sandbox.work().join(to).parent().unwrap()).unwrap();
        sandbox.git(["mv", from, to]);
        sandbox.write(to, version(content));
        sandbox.git(["add", "--all"]);
    };
    // A file of the same kind that comes and goes with it is another one.
    sandbox.write(
        "other.enc.yaml",
        fs::read(testdata("rules/mac-mismatch/quiet/sound.enc.yaml")).unwrap(),
    );
    commit(&sandbox);
    sandbox.git(["rm", "--quiet", "other.enc.yaml"]);
    mv(FILE, "secrets/a.enc.yaml", SET);
    commit(&sandbox);
    mv("secrets/a.enc.yaml", "b.enc.yaml", "4-joined.enc.yaml");
    commit(&sandbox);
    mv("b.enc.yaml", "c.enc.yaml", TEXT);
    mv("c.enc.yaml", "d.enc.yaml", "4-joined.enc.yaml");
    let told = entries(&sandbox, &["d.enc.yaml"]);
    let words: Vec<_> = told
        .iter()
        .map(|one| (word(one, "edit"), word(one, "renamed-from")))
        .collect();
    let expected = [
        ("untouched", "b.enc.yaml"),
        ("updatekeys", "secrets/a.enc.yaml"),
        ("sops", FILE),
        ("encrypted", "-"),
        ("added-in-clear", "-"),
    ];
    assert_eq!(words, expected);
}

#[test]
fn a_text_edit_that_was_taken_back_is_sound_again_and_one_that_was_not_is_told_in_the_end() {
    let sandbox = life(&[ROTATED, TEXT, ROTATED, TEXT]);
    let expected = ["outside-sops", "restored", "outside-sops", "added"];
    assert_eq!(edits(&sandbox, &[FILE]), expected);
    let text = String::from_utf8(version(TEXT)).unwrap();
    // What changes nothing for the MAC leaves a broken file broken.
    sandbox.write(
        FILE,
        text.replace("production", "staging") + "# a comment\n",
    );
    commit(&sandbox);
    let told = entries(&sandbox, &[FILE]);
    let stale: Vec<bool> = told
        .iter()
        .map(|one| one["stale-mac"].as_bool().unwrap())
        .collect();
    assert_eq!(stale, [true, true, false, true, false]);
    let printed = log(&sandbox, &[FILE]).expect_code(0).stdout;
    let (broke, brought) = (
        &word(&told[1], "commit")[..10],
        &word(&told[4], "commit")[..10],
    );
    let line = format!(
        "sops refuses the file since {broke}: its MAC is that of {brought}, its values are not"
    );
    assert!(printed.contains(&line), "{printed}");
    let verdicts = entries(&sandbox, &[FILE, "--identity", &key()]);
    let verdicts: Vec<_> = verdicts
        .iter()
        .map(|one| word(one, "verification"))
        .collect();
    assert_eq!(
        verdicts,
        ["failed", "failed", "verified", "failed", "verified"]
    );
}

#[test]
fn what_is_not_committed_yet_stands_first() {
    let sandbox = life(&[ENCRYPTED]);
    sandbox.write(FILE, version(SET));
    sandbox.git(["add", "--all"]);
    sandbox.write(FILE, version(TEXT));
    let told = entries(&sandbox, &[FILE]);
    let words: Vec<_> = told
        .iter()
        .map(|one| (word(one, "at"), word(one, "edit")))
        .collect();
    let expected = [
        ("work-tree", "rotated"),
        ("index", "sops"),
        ("commit", "added"),
    ];
    assert_eq!(words, expected);
    assert_eq!(told[0]["commit"], Value::Null);
    assert_eq!(told[0]["author"], Value::Null);
    // `-n` counts commits.
    assert_eq!(edits(&sandbox, &[FILE, "-n", "0"]), ["rotated", "sops"]);
    fs::remove_file(sandbox.work().join(FILE)).unwrap();
    assert_eq!(edits(&sandbox, &[FILE]), ["deleted", "sops", "added"]);
    sandbox.git(["rm", "--quiet", "--cached", FILE]);
    assert_eq!(edits(&sandbox, &[FILE]), ["deleted", "added"]);
}

#[test]
fn what_git_only_checked_out_in_another_way_is_no_change() {
    let sandbox = life(&[ENCRYPTED]);
    let text = String::from_utf8(version(ENCRYPTED)).unwrap();
    sandbox.write(FILE, text.replace('\n', "\r\n"));
    assert_eq!(edits(&sandbox, &[FILE]), ["added"]);
    sandbox.write(FILE, "clear\n");
    sandbox.git(["config", "filter.mine.smudge", "cat"]);
    sandbox.write(".git/info/attributes", "*.yaml filter=mine\n");
    assert_eq!(edits(&sandbox, &[FILE]), ["added"]);
}

#[test]
fn a_merge_is_compared_with_the_side_that_it_goes_on_from() {
    let sandbox = life(&[ENCRYPTED]);
    sandbox.git(["checkout", "--quiet", "-b", "other"]);
    sandbox.write(FILE, version(SET));
    commit(&sandbox);
    sandbox.git(["checkout", "--quiet", "main"]);
    sandbox.write(FILE, version(ROTATED));
    commit(&sandbox);
    sandbox.git([
        "merge",
        "--quiet",
        "--no-commit",
        "--strategy=ours",
        "other",
    ]);
    sandbox.write(FILE, version(TEXT));
    // While it goes on, and afterwards.
    assert_eq!(entries(&sandbox, &[FILE])[0]["at"], "work-tree");
    commit(&sandbox);
    let told = entries(&sandbox, &[FILE]);
    assert_eq!(told[0]["edit"], "outside-sops");
    assert_eq!(
        (&told[0]["parents"], &told[0]["compared-with-parent"]),
        (&2.into(), &1.into())
    );
    assert_eq!(told.len(), 4);
}

#[test]
fn unfinished_merges_and_broken_texts_are_passed_over_and_said() {
    let sandbox = life(&[ENCRYPTED]);
    let text = String::from_utf8(version(ENCRYPTED)).unwrap();
    sandbox.write(
        FILE,
        format!("<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> other\n"),
    );
    commit(&sandbox);
    sandbox.write(FILE, format!("a: [\n{text}"));
    commit(&sandbox);
    sandbox.write(FILE, &text);
    commit(&sandbox);
    let expected = ["restored", "not-compared", "not-compared", "added"];
    assert_eq!(edits(&sandbox, &[FILE]), expected);
    let printed = log(&sandbox, &[FILE]).expect_code(0).stdout;
    assert!(
        printed.contains("the marks of an unfinished merge stand in it"),
        "{printed}"
    );
    assert!(printed.contains("sops would not load it"), "{printed}");
    let verdicts = entries(&sandbox, &[FILE]);
    assert_eq!(verdicts[1]["verification"], "failed");
}

#[test]
fn a_version_in_which_a_value_gave_way_to_one_in_clear_is_not_opened() {
    let sandbox = life(&[ENCRYPTED]);
    let text = String::from_utf8(version(ENCRYPTED)).unwrap();
    let (before, sops) = text.split_once("\nsops:").unwrap();
    let values = before.lines().map(|line| match line.split_once(": ENC[") {
        Some((key, _)) => format!("{key}: guess\n"),
        None => line.replace("stringData:", "spec:") + "\n",
    });
    let guessed = values.collect::<String>() + "sops:" + sops;
    assert!(
        guessed.contains("spec:") && guessed.contains(": guess"),
        "{guessed}"
    );
    sandbox.write(FILE, guessed);
    commit(&sandbox);
    let told = entries(&sandbox, &[FILE, "--identity", &key()]);
    assert_eq!(told[0]["verification"], "not-verified");
    assert_eq!(told[0]["reason"], "selectors-changed");
    let told = entries(&sandbox, &[FILE, "--identity", &key(), "--trust-changes"]);
    assert_eq!(told[0]["verification"], "failed");
}

#[test]
fn a_version_whose_selectors_were_edited_is_not_opened() {
    let sandbox = life(&[ENCRYPTED]);
    let text = String::from_utf8(version(ENCRYPTED)).unwrap();
    let loosened = text.replace("^(data|stringData)$", "^password$");
    assert_ne!(text, loosened);
    sandbox.write(FILE, loosened);
    commit(&sandbox);
    let told = entries(&sandbox, &[FILE, "--identity", &key()]);
    assert_eq!(told[0]["verification"], "not-verified");
    assert_eq!(told[0]["reason"], "selectors-changed");
    assert_eq!(told[0]["settings"], serde_json::json!(["selectors"]));
    assert_eq!(told[1]["verification"], "verified");
    let told = entries(&sandbox, &[FILE, "--identity", &key(), "--trust-changes"]);
    assert_eq!(told[0]["verification"], "failed");
}

#[test]
fn a_key_tells_the_data_keys_apart() {
    let sandbox = life(&["5-left.enc.yaml", ROTATED]);
    let without = entries(&sandbox, &[FILE]);
    assert_eq!(
        (word(&without[0], "edit"), word(&without[0], "data-key")),
        ("rotated", "unknown")
    );
    let with = entries(&sandbox, &[FILE, "--identity", &key()]);
    assert_eq!(
        (word(&with[0], "edit"), word(&with[0], "data-key")),
        ("rotated", "replaced")
    );
    let sandbox = life(&["4-joined.enc.yaml", "5-left.enc.yaml"]);
    let told = entries(&sandbox, &[FILE]);
    assert_eq!(
        (word(&told[0], "edit"), word(&told[0], "data-key")),
        ("updatekeys", "same")
    );
    assert_eq!(told[0]["recipients-dropped"].as_array().unwrap().len(), 1);
    let printed = log(&sandbox, &[FILE]).expect_code(0).stdout;
    assert!(printed.contains("; data key not rotated\n"), "{printed}");
}

#[test]
fn files_without_a_history_are_said_to_have_none_and_why() {
    let sandbox = Sandbox::new();
    sandbox.write(FILE, version(SET));
    let complaint = |sandbox: &Sandbox, arguments: &[&str]| {
        let output = log(sandbox, arguments).expect_code(3);
        assert!(output.stdout.is_empty());
        output.stderr
    };
    let said = complaint(&sandbox, &[FILE]);
    assert!(said.contains("it lies in no git repository"), "{said}");
    let said = complaint(&sandbox, &["gone.enc.yaml"]);
    assert!(said.contains("`gone.enc.yaml` does not exist"), "{said}");
    sandbox.git(["init", "--quiet", "--initial-branch=main"]);
    let said = complaint(&sandbox, &[FILE]);
    assert!(said.contains("nothing was committed yet"), "{said}");
    sandbox.git(["commit", "--quiet", "--allow-empty", "--message=x"]);
    let said = complaint(&sandbox, &[FILE]);
    assert!(said.contains("git does not track it, and never did") && said.contains("git add"));
    let said = complaint(&sandbox, &["gone.enc.yaml"]);
    assert!(said.contains("`gone.enc.yaml` does not exist"), "{said}");
    let said = complaint(&sandbox, &["."]);
    assert!(said.contains("it is a folder"), "{said}");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(FILE, sandbox.work().join("link.enc.yaml")).unwrap();
        let said = complaint(&sandbox, &["link.enc.yaml"]);
        assert!(said.contains("it is a symbolic link"), "{said}");
    }
    let said = complaint(&sandbox, &["/etc/passwd"]);
    assert!(said.contains("no history here"), "{said}");
    let said = log(&sandbox, &["-"]).expect_code(2).stderr;
    assert!(
        said.contains("standard input has no history") && said.contains("`./-`"),
        "{said}"
    );
    sandbox.git(["clone", "--quiet", "--bare", ".", "../bare.git"]);
    let said = complaint(&sandbox, &["-C", "../bare.git", "x.yaml"]);
    assert!(said.contains("the repository is bare"), "{said}");
    // Staged for the first time: it is there, and nothing else is.
    sandbox.git(["add", FILE]);
    assert_eq!(edits(&sandbox, &[FILE]), ["added"]);
}

#[test]
fn a_history_that_is_not_all_there_says_where_it_ends() {
    let sandbox = life(&[ENCRYPTED, SET, ROTATED]);
    let json = |sandbox: &Sandbox, arguments: &[&str]| {
        log(sandbox, &[&["--format", "json", FILE], arguments].concat())
            .expect_code(0)
            .json()
    };
    let all = json(&sandbox, &[]);
    assert_eq!(
        (&all["end"], &all["left-out"]),
        (&"complete".into(), &0.into())
    );
    let some = json(&sandbox, &["--max-count", "1"]);
    assert_eq!(
        (&some["end"], &some["left-out"]),
        (&"complete".into(), &2.into())
    );
    let near = json(&sandbox, &["--history=2"]);
    assert_eq!(
        (&near["end"], &near["commits"]),
        (&"limit".into(), &2.into())
    );
    let printed = log(&sandbox, &[FILE, "--history=2"]).expect_code(0).stdout;
    assert!(
        printed.contains("`--history=20` looks further back"),
        "{printed}"
    );
    let printed = log(&sandbox, &[FILE, "-n1"]).expect_code(0).stdout;
    assert!(
        printed.contains("2 more, which `--max-count` leaves out"),
        "{printed}"
    );
    let url = format!("file://{}", sandbox.work().display());
    sandbox.git(["clone", "--quiet", "--depth=2", &url, "shallow"]);
    let shallow = log(&sandbox, &["-C", "shallow", FILE, "--format", "json"]).json();
    assert_eq!(shallow["end"], "shallow-clone");
    let last = &shallow["entries"][1];
    // It may be older than the commit with which the clone begins.
    assert_eq!(
        (word(last, "edit"), last["parents"].as_u64()),
        ("not-compared", Some(0))
    );
    let ci = sandbox.command(["log", "-C", "shallow", FILE]).with_git();
    let printed = ci.env("GITHUB_ACTIONS", "true").run().stdout;
    assert!(printed.contains("`fetch-depth: 0`"), "{printed}");
}

#[test]
fn repositories_of_every_kind_have_histories() {
    let sandbox = life(&[ENCRYPTED, SET]);
    let expected = ["sops", "added"];
    sandbox.git(["worktree", "add", "--quiet", "--detach", "../linked"]);
    assert_eq!(edits(&sandbox, &["-C", "../linked", FILE]), expected);
    assert_eq!(edits(&sandbox, &["../linked/shop.enc.yaml"]), expected);
    let url = sandbox.work().display().to_string();
    let allow = ["-c", "protocol.file.allow=always"];
    sandbox.git([&allow[..], &["submodule", "add", "--quiet", &url, "sub"]].concat());
    assert_eq!(edits(&sandbox, &["sub/shop.enc.yaml"]), expected);
    let git_dir = sandbox.work().join(".git");
    let output = sandbox
        .command(["log", "--format", "json", FILE])
        .env("GIT_DIR", git_dir)
        .run();
    assert_eq!(output.json()["entries"].as_array().unwrap().len(), 2);

    // libgit2 reads no such ids, so git is asked.
    let sandbox = Sandbox::new();
    sandbox.git([
        "init",
        "--quiet",
        "--object-format=sha256",
        "--initial-branch=main",
    ]);
    for name in [ENCRYPTED, SET, ROTATED, TEXT] {
        sandbox.write(FILE, version(name));
        commit(&sandbox);
    }
    let told = entries(&sandbox, &[FILE, "--identity", &key()]);
    let told: Vec<_> = told
        .iter()
        .map(|one| (word(one, "edit"), word(one, "verification")))
        .collect();
    let expected = [
        ("outside-sops", "failed"),
        ("rotated", "verified"),
        ("sops", "verified"),
        ("added", "verified"),
    ];
    assert_eq!(told, expected);
}

#[cfg(unix)]
#[test]
fn keys_that_cost_something_open_a_history_too() {
    let sandbox = life(&[ENCRYPTED, SET, ROTATED]);
    sandbox.write("key.txt", fs::read(key()).unwrap());
    sandbox.write(
        "get",
        "#!/bin/sh\necho got >> \"$(dirname \"$0\")/asked\"\ncat \"$(dirname \"$0\")/key.txt\"\n",
    );
    let program = sandbox.work().join("get");
    fs::set_permissions(
        &program,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let told = sandbox
        .command(["log", "--format", "json", FILE])
        .with_git()
        .env("SOPS_AGE_KEY_CMD", &program)
        .run()
        .json();
    let told = told["entries"].as_array().unwrap().iter();
    assert!(
        told.clone()
            .all(|entry| entry["verification"] == "verified")
    );
    assert_eq!(told.count(), 3);
    assert_eq!(
        sandbox.read("asked").len(),
        "got\n".len(),
        "asked once a run"
    );
    let locked = testdata("identities/keys/age-locked.txt");
    let told = entries(&sandbox, &[FILE, "--identity", locked.to_str().unwrap()]);
    assert!(
        word(&told[0], "reason").starts_with("needs-input: "),
        "{}",
        told[0]["reason"]
    );
}

#[test]
fn names_from_the_history_reach_the_terminal_escaped() {
    let sandbox = repository();
    let name = "::error::\u{1b}[31m\u{202e}x.enc.yaml";
    sandbox.write(name, version(ENCRYPTED));
    commit_by(
        &sandbox,
        "Eve \u{1b}[2J\u{202e} ##[error] of a very long name",
        2,
    );
    let text = String::from_utf8(version(ENCRYPTED)).unwrap();
    sandbox.write(
        name,
        text.replace("namespace:", "\"hunter2 !\": 1\n    namespace:"),
    );
    commit_by(&sandbox, "::warning::x", 3);
    sandbox.git(["mv", name, FILE]);
    commit(&sandbox);
    for format in ["human", "json"] {
        let printed = log(&sandbox, &[FILE, "--format", format])
            .expect_code(0)
            .stdout;
        let is_harmful = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!printed.contains(is_harmful), "{printed}");
        assert!(
            !printed.contains("hunter2") && !printed.contains("##["),
            "{printed}"
        );
        assert!(
            !printed
                .lines()
                .any(|line| line.trim_start().starts_with("::")),
            "{printed}"
        );
    }
    let printed = log(&sandbox, &[FILE]).stdout;
    assert!(printed.contains("metadata.… added"), "{printed}");
}

#[cfg(unix)]
#[test]
fn files_with_odd_names_have_a_history() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let sandbox = repository();
    let name = OsStr::from_bytes(b"\xff.enc.yaml");
    sandbox.write(name, version(ENCRYPTED));
    sandbox.write("-", version(ENCRYPTED));
    sandbox.write("-n", version(ENCRYPTED));
    commit(&sandbox);
    for arguments in [
        [OsStr::new("log"), OsStr::new("--"), name],
        [OsStr::new("log"), OsStr::new("--"), OsStr::new("-n")],
        [OsStr::new("log"), OsStr::new("--"), OsStr::new("./-")],
    ] {
        let printed = sandbox
            .command(arguments)
            .with_git()
            .run()
            .expect_code(0)
            .stdout;
        assert!(printed.contains("  added  "), "{printed}");
    }
}

#[test]
fn an_object_that_is_not_there_ends_the_history_and_no_more() {
    let sandbox = life(&[ENCRYPTED, SET]);
    let remove = |revision: &str| {
        let id = sandbox.git(["rev-parse", revision]).trim().to_owned();
        let place = format!(".git/objects/{}/{}", &id[..2], &id[2..]);
        fs::remove_file(sandbox.work().join(place)).unwrap();
    };
    remove(&format!("HEAD~1:{FILE}"));
    let told = entries(&sandbox, &[FILE]);
    assert_eq!(word(&told[0], "edit"), "not-compared");
    assert_eq!(word(&told[0], "edit-reason"), "unreadable-history");
    assert_eq!(
        word(&told[1], "reason").split(':').next(),
        Some("unsupported")
    );
    remove("HEAD~2");
    let json = log(&sandbox, &[FILE, "--format", "json"])
        .expect_code(0)
        .json();
    assert_eq!(json["end"], "unreadable");
}

#[test]
fn more_values_than_a_line_holds_are_counted_and_verbose_names_them() {
    let sandbox = repository();
    let text = String::from_utf8(version(ENCRYPTED)).unwrap();
    sandbox.write(FILE, &text);
    commit(&sandbox);
    let keys: String = (0..9).map(|at| format!("    k{at}: x\n")).collect();
    sandbox.write(
        FILE,
        text.replace("metadata:\n", &format!("metadata:\n{keys}")),
    );
    commit(&sandbox);
    let printed = log(&sandbox, &[FILE]).stdout;
    assert!(
        printed.contains("metadata.k4 and 4 more added"),
        "{printed}"
    );
    let printed = log(&sandbox, &[FILE, "--verbose"]).stdout;
    assert!(
        printed.contains("metadata.k7, metadata.k8 added"),
        "{printed}"
    );
}

#[test]
fn one_thread_and_many_tell_the_same() {
    let sandbox = life(&[
        "1-clear.yaml",
        ENCRYPTED,
        SET,
        "4-joined.enc.yaml",
        ROTATED,
        TEXT,
    ]);
    for format in ["human", "json"] {
        let told = |jobs: &str| log(&sandbox, &[FILE, "--format", format, "--jobs", jobs]).stdout;
        assert_eq!(told("1"), told("8"));
    }
}

/// The files of which the rules say that the last commit changed them outside sops.
fn said_to_be_broken(sandbox: &Sandbox) -> BTreeSet<String> {
    let rules = ["edited-outside-sops", "moved-ciphertext", "mixed-merge"];
    let check = ["check", "--since", "main~1", "--format", "json"];
    let report = sandbox.command(check).with_git().run().json();
    let findings = report["findings"].as_array().unwrap().iter();
    let findings = findings.filter(|found| rules.contains(&word(found, "rule")));
    findings
        .map(|found| word(found, "path").to_owned())
        .collect()
}

/// A story: its name, its file in the repository, and the versions.
type Story = (String, String, BTreeMap<String, Vec<u8>>);

/// A repository in which all stories happened to a file each, in a merge commit.
fn told_stories() -> (Sandbox, Vec<Story>) {
    let sandbox = repository();
    let stories = stories().into_iter().map(|(name, path)| {
        let (parts, extension) = parts(&path);
        let file = format!("{name}/x.{extension}");
        (name, file, parts)
    });
    let stories: Vec<Story> = stories.collect();
    let put = |which: &str| {
        for (_, file, parts) in &stories {
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
    (sandbox, stories)
}

#[test]
fn every_story_is_told_for_what_it_is_with_a_key_and_without() {
    let (sandbox, files) = told_stories();
    let key = key();
    let key = key.as_str();
    let broken = said_to_be_broken(&sandbox);
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
        // The rules and the history say the same of it; merges have other bases there.
        let is_broken = ["outside-sops", "perhaps-outside-sops", "mixed"].contains(&expected);
        if !parts.contains_key("other") && broken.contains(file) != is_broken {
            wrong.push(format!(
                "{name}: the rules say another thing than {expected}"
            ));
        }
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
