//! `check --history`: what earlier commits broke, found without a key.

use serde_json::Value;

use crate::sandbox::{Output, Sandbox, testdata};

const FILE: &str = "db.enc.yaml";

/// What sops wrote, and what became of it.
const STORY: &str = "edited-outside-sops/fires/namespace";

/// An empty repository.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(["init", "--quiet", "--initial-branch=main"]);
    sandbox
}

fn put(sandbox: &Sandbox, name: &str, fixture: &str) {
    let text = std::fs::read(testdata("rules").join(fixture)).unwrap();
    sandbox.write(name, text);
}

/// Commits a fixture as a file.
fn commit(sandbox: &Sandbox, name: &str, fixture: &str) -> String {
    put(sandbox, name, fixture);
    sandbox.git(["add", "--all"]);
    sandbox.git(["commit", "--quiet", "--message=x"]);
    let id = sandbox.git(["rev-parse", "HEAD"]);
    id[..10].to_owned()
}

fn check(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let arguments = ["check", "--format=json"].iter().chain(arguments);
    sandbox.command(arguments).with_git().run().json()
}

/// The rules and messages of the findings about changes.
fn found(report: &Value) -> Vec<(String, String)> {
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| (text(finding, "rule"), text(finding, "message")))
        .collect()
}

/// Why it is not known who edited a file.
fn lacking(report: &Value) -> Vec<String> {
    let lacking = report["not-evaluated"].as_array().unwrap().iter();
    lacking
        .filter(|lacking| lacking["rule"] == "edited-outside-sops")
        .map(|lacking| lacking["reason"].as_str().unwrap().to_owned())
        .collect()
}

/// A repository whose file was edited outside sops two commits ago: when it was written, and the edit.
fn broken() -> (Sandbox, String, String) {
    let sandbox = repository();
    let written = commit(&sandbox, FILE, &format!("{STORY}/base.enc.yaml"));
    let edit = commit(&sandbox, FILE, &format!("{STORY}/now.enc.yaml"));
    sandbox.write("README", "x");
    sandbox.git(["add", "--all"]);
    sandbox.git(["commit", "--quiet", "--message=x"]);
    (sandbox, written, edit)
}

#[test]
fn a_file_that_an_earlier_commit_broke_is_found_with_that_commit() {
    let (sandbox, written, edit) = broken();
    assert_eq!(found(&check(&sandbox, &[])), []);
    let report = check(&sandbox, &["--history"]);
    let [(rule, message)] = &found(&report)[..] else {
        panic!("{report}");
    };
    assert_eq!(rule, "edited-outside-sops");
    assert!(
        message.contains(&format!(
            "since `{written}`: `metadata.namespace` changed; by `{edit}` ("
        )),
        "{message}"
    );
    let command = &report["findings"][0]["commands"][0];
    let expected = format!("git restore --source={written} -- {FILE}");
    assert_eq!(command.as_str().unwrap(), expected);
    // What the help says mends it, also in the eyes of whoever compares with the broken version.
    sandbox.git(["restore", &format!("--source={written}"), "--", FILE]);
    for options in [&[][..], &["--history"]] {
        assert_eq!(found(&check(&sandbox, options)), []);
        sandbox.git(["add", "--all"]);
        let staged = [&["--staged"], options].concat();
        assert_eq!(found(&check(&sandbox, &staged)), []);
    }
}

#[test]
fn a_file_is_told_of_once_where_an_edit_follows_an_edit() {
    let (sandbox, written, edit) = broken();
    let text = String::from_utf8(sandbox.read(FILE)).unwrap();
    sandbox.write(FILE, text.replace("staging", "testing"));
    let report = check(&sandbox, &[]);
    let [(_, message)] = &found(&report)[..] else {
        panic!("{report}");
    };
    assert!(message.contains(&format!("since `{written}`")), "{message}");
    assert!(message.contains(&format!("by `{edit}`")), "{message}");
}

#[test]
fn sound_files_are_left_alone_whatever_became_of_them() {
    let sandbox = repository();
    let quiet = testdata("rules/edited-outside-sops/quiet");
    for entry in std::fs::read_dir(quiet).unwrap() {
        let story = entry.unwrap().path();
        for entry in std::fs::read_dir(&story).unwrap() {
            let file = entry.unwrap().path();
            let name = file.file_name().unwrap().to_str().unwrap();
            let (side, rest) = name.split_once('.').unwrap();
            let folder = story.file_name().unwrap().to_str().unwrap();
            if side == "base" {
                sandbox.write(format!("{folder}/now.{rest}"), std::fs::read(file).unwrap());
            }
        }
    }
    sandbox.git(["add", "--all"]);
    sandbox.git(["commit", "--quiet", "--message=x"]);
    let files = sandbox.git(["ls-files"]);
    assert!(files.lines().count() > 20, "{files}");
    for file in files.lines() {
        put(&sandbox, file, &format!("edited-outside-sops/quiet/{file}"));
    }
    sandbox.git(["add", "--all"]);
    sandbox.git(["commit", "--quiet", "--message=y"]);
    let edited = |report: &Value| {
        let mut found = found(report);
        found.retain(|(rule, _)| rule == "edited-outside-sops");
        found
    };
    let report = check(&sandbox, &["--history"]);
    assert_eq!(edited(&report), []);
    assert_eq!(lacking(&report), [""; 0]);
}

#[test]
fn where_the_search_ends_early_it_says_so() {
    let sandbox = repository();
    commit(&sandbox, FILE, &format!("{STORY}/base.enc.yaml"));
    sandbox.write("README", "x");
    sandbox.git(["add", "--all"]);
    sandbox.git(["commit", "--quiet", "--message=x"]);
    assert_eq!(lacking(&check(&sandbox, &["--history"])), [""; 0]);
    assert_eq!(
        lacking(&check(&sandbox, &["--history=1"])),
        ["history-limit"]
    );
    let head = sandbox.git(["rev-parse", "HEAD"]);
    sandbox.write(".git/shallow", head);
    assert_eq!(lacking(&check(&sandbox, &["--history"])), ["shallow-clone"]);
}

#[test]
fn where_the_history_cannot_be_read_it_says_so() {
    let (sandbox, written, _) = broken();
    let id = sandbox.git(["rev-parse", &written]);
    let (folder, name) = id.trim().split_at(2);
    let object = sandbox.work().join(format!(".git/objects/{folder}/{name}"));
    std::fs::remove_file(object).unwrap();
    let report = check(&sandbox, &["--history"]);
    assert_eq!(lacking(&report), ["unreadable-history"]);
    let notices = report["notices"].to_string();
    assert!(notices.contains("the history cannot be read"), "{notices}");
}

#[test]
fn who_edited_cannot_write_to_the_terminal() {
    let sandbox = repository();
    commit(&sandbox, FILE, &format!("{STORY}/base.enc.yaml"));
    put(&sandbox, FILE, &format!("{STORY}/now.enc.yaml"));
    let mut git = sandbox.git_command();
    git.args(["commit", "--quiet", "--all", "--message=x"]);
    git.env("GIT_AUTHOR_NAME", "\n::error::\u{1b}[31m\u{202e}x");
    assert!(git.status().unwrap().success());
    let Output { stdout, .. } = sandbox
        .command(["check", "--history", "--color=never"])
        .with_git()
        .run();
    assert!(stdout.contains("error::"), "{stdout}");
    assert!(!stdout.contains(['\u{1b}', '\u{202e}']), "{stdout}");
    assert!(!stdout.lines().any(|line| line.starts_with("::")));
}

#[test]
fn an_older_version_that_is_back_is_told_with_its_commit() {
    let story = "replayed-version/fires/older";
    let sandbox = repository();
    let older = commit(&sandbox, FILE, &format!("{story}/earlier.enc.yaml"));
    commit(&sandbox, FILE, &format!("{story}/base.enc.yaml"));
    put(&sandbox, FILE, &format!("{story}/now.enc.yaml"));
    for options in [&[][..], &["--history"], &["--since", "HEAD"]] {
        if options.contains(&"--since") {
            sandbox.git(["checkout", "--quiet", "-b", "side"]);
            sandbox.git(["commit", "--quiet", "--all", "--message=x"]);
        }
        let options: Vec<&str> = options
            .iter()
            .map(|option| if *option == "HEAD" { "main" } else { option })
            .collect();
        let report = check(&sandbox, &options);
        let [(rule, message)] = &found(&report)[..] else {
            panic!("{options:?}: {report}");
        };
        assert_eq!(rule, "replayed-version");
        assert!(
            message.starts_with(&format!("the file is again what it was in `{older}` (")),
            "{message}"
        );
        assert_eq!(report["findings"][0]["severity"], "note");
    }
}

#[test]
fn a_key_that_verifies_decides() {
    let (sandbox, written, _) = broken();
    sandbox.git(["restore", &format!("--source={written}"), "--", FILE]);
    let keys = testdata("rules/keys.txt");
    let keys = keys.to_str().unwrap();
    let report = check(&sandbox, &["--history", "--identity", keys]);
    assert_eq!(found(&report), []);
    assert_eq!(report["summary"]["verified"], 1);
}

/// The message of the only `mac-mismatch` that is found with the key of the fixtures.
#[track_caller]
fn mismatch(sandbox: &Sandbox, options: &[&str]) -> (String, Value) {
    let keys = testdata("rules/keys.txt");
    let options = [options, &["--identity", keys.to_str().unwrap()]].concat();
    let report = check(sandbox, &options);
    let findings = report["findings"].as_array().unwrap().iter();
    let mut found: Vec<&Value> = findings
        .filter(|finding| finding["rule"] == "mac-mismatch")
        .collect();
    assert_eq!(found.len(), 1, "{report}");
    let finding = found.remove(0).clone();
    (finding["message"].as_str().unwrap().to_owned(), finding)
}

#[test]
fn a_mac_that_does_not_hold_is_explained_by_who_changed_what_since_it_did() {
    let (sandbox, written, edit) = broken();
    let (message, finding) = mismatch(&sandbox, &[]);
    assert!(
        message.starts_with(&format!(
            "the values are not those that `mac` was written for: since `{written}` (Somebody, "
        )),
        "{message}"
    );
    let end =
        format!("when it last verified, `metadata.namespace` changed; by `{edit}` (Somebody, ");
    assert!(message.contains(&end), "{message}");
    let commands = finding["commands"].as_array().unwrap();
    assert_eq!(
        commands[0],
        format!("git restore --source={written} -- {FILE}")
    );
    assert_eq!(commands[1], format!("sops edit {FILE}"));
    // Without that commit within reach it says what it always says.
    let (message, _) = mismatch(&sandbox, &["--history=1"]);
    assert!(!message.contains("last verified"), "{message}");
}

#[test]
fn each_commit_is_told_with_what_it_changed_and_what_is_not_committed() {
    let (sandbox, written, edit) = broken();
    let text = String::from_utf8(sandbox.read(FILE)).unwrap();
    let renamed = text.replace("kind: Secret", "kind: Sealed");
    sandbox.write(FILE, &renamed);
    sandbox.git(["commit", "--quiet", "--all", "--message=x"]);
    let other = sandbox.git(["rev-parse", "HEAD"]);
    sandbox.write(FILE, renamed.replace("    name: ", "    name: x"));
    let (message, _) = mismatch(&sandbox, &[]);
    for part in [
        format!("since `{written}`"),
        "`kind`, `metadata.name`, `metadata.namespace` changed;".to_owned(),
        format!("; by `{edit}` (Somebody, "),
        "): `metadata.namespace` changed;".to_owned(),
        format!("; by `{}` (Somebody, ", &other[..10]),
        "): `kind` changed; and more that is not committed yet".to_owned(),
    ] {
        assert!(message.contains(&part), "{part} in {message}");
    }
}

#[test]
fn what_is_not_committed_yet_is_told_as_such() {
    let sandbox = repository();
    commit(&sandbox, FILE, &format!("{STORY}/base.enc.yaml"));
    put(&sandbox, FILE, &format!("{STORY}/now.enc.yaml"));
    let (message, _) = mismatch(&sandbox, &[]);
    assert!(
        message.ends_with("`metadata.namespace` changed; not committed yet"),
        "{message}"
    );
}

#[test]
fn a_document_that_is_gone_an_order_and_a_selector_are_told_apart() {
    for (story, what) in [
        ("removed-document", "document 2 of the base removed with"),
        ("moved-documents", "document 1 moved"),
        ("removed", "`stringData.password` removed"),
        ("added", "`metadata.labels.team` added"),
        ("order", "moved"),
        (
            "../../unauthenticated-change/fires/loosened",
            "the selectors changed",
        ),
    ] {
        let sandbox = repository();
        let folder = format!("edited-outside-sops/fires/{story}");
        commit(&sandbox, FILE, &format!("{folder}/base.enc.yaml"));
        commit(&sandbox, FILE, &format!("{folder}/now.enc.yaml"));
        let (message, _) = mismatch(&sandbox, &[]);
        assert!(message.contains(what), "{story}: {message}");
    }
}

#[test]
fn a_text_that_lost_its_quotes_and_is_a_number_is_told_as_one() {
    let story = "edited-outside-sops/fires/unquoted";
    let sandbox = repository();
    commit(&sandbox, FILE, &format!("{story}/base.enc.yaml"));
    commit(&sandbox, FILE, &format!("{story}/now.enc.yaml"));
    let (message, _) = mismatch(&sandbox, &[]);
    assert!(
        message.contains("`code` changed (`code` only in type: it looks as it did"),
        "{message}"
    );
}

#[test]
fn a_mac_and_a_time_of_two_versions_are_told_with_their_commits() {
    let story = "mixed-merge/fires/time";
    let sandbox = repository();
    let mac = commit(&sandbox, FILE, &format!("{story}/base.enc.yaml"));
    let time = commit(&sandbox, FILE, &format!("{story}/other.enc.yaml"));
    commit(&sandbox, FILE, &format!("{story}/now.enc.yaml"));
    let (message, _) = mismatch(&sandbox, &[]);
    assert!(
        message.contains(&format!("`mac` became that of `{mac}` (Somebody, ")),
        "{message}"
    );
    assert!(
        message.contains(&format!("and `lastmodified` that of `{time}` (")),
        "{message}"
    );
}
