//! What happened once: a document of a secret file was deleted in an editor, and committed. Nobody
//! noticed until the next `sops edit`.

use std::fs;

use serde_json::Value;

use crate::sandbox::{Sandbox, testdata};

const FILE: &str = "secret.enc.yaml";

/// A repository with two commits: the file as sops wrote it, and as somebody left it.
fn history(fixture: &str, edit: impl Fn(&str) -> String) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(["init", "--quiet", "--initial-branch=main"]);
    let sound = fs::read_to_string(testdata(fixture)).unwrap();
    let edited = edit(&sound);
    assert_ne!(sound, edited);
    for (text, message) in [(&sound, "Add the secret"), (&edited, "Tidy up")] {
        sandbox.write(FILE, text);
        sandbox.git(["add", "--", FILE]);
        sandbox.git(["commit", "--quiet", "-m", message]);
    }
    sandbox
}

/// The verdict on the file, and what `mac-mismatch` says of it.
fn check(sandbox: &Sandbox) -> (String, Option<Value>) {
    let report = sandbox
        .command(["check", "--format", "json", FILE])
        .env("SOPS_AGE_KEY_FILE", testdata("rules/keys.txt"))
        .with_git()
        .run()
        .json();
    let findings = report["findings"].as_array().unwrap();
    let found = findings
        .iter()
        .find(|found| found["rule"] == "mac-mismatch");
    let verdict = report["files"][0]["verification"].as_str().unwrap();
    (verdict.to_owned(), found.cloned())
}

/// Does what the help says, up to the edit inside sops: brings back the commit before, which it names.
fn follow(help: &Value, sandbox: &Sandbox) {
    let commands = help["commands"].as_array().unwrap().iter();
    let commands: Vec<&str> = commands.map(|command| command.as_str().unwrap()).collect();
    let [restore, edit] = commands[..] else {
        panic!("{commands:?}");
    };
    let git = |command: &str| {
        let words = command.strip_prefix("git ").unwrap().split(' ');
        sandbox.git(words)
    };
    let before = git("git rev-parse HEAD~1");
    let before = &before[..10];
    assert_eq!(restore, format!("git restore --source={before} -- {FILE}"));
    git(restore);
    assert_eq!(edit, format!("sops edit {FILE}"));
}

#[test]
fn a_document_deleted_as_text_is_a_mac_mismatch_and_the_help_brings_it_back() {
    let first_only = |text: &str| format!("{}\n", text.split("\n---\n").next().unwrap());
    let last_only = |text: &str| text.split("\n---\n").last().unwrap().to_owned();
    let trailing = |text: &str| format!("{}---\n", first_only(text));
    for edit in [
        &first_only as &dyn Fn(&str) -> String,
        &last_only,
        &trailing,
    ] {
        let sandbox = history("rules/multi-document/fires/two.enc.yaml", edit);
        let (verdict, found) = check(&sandbox);
        assert_eq!(verdict, "failed");
        let found = found.unwrap();
        let message = found["message"].as_str().unwrap();
        assert!(message.contains("of the base removed with"), "{message}");
        follow(&found, &sandbox);
        assert_eq!(check(&sandbox), ("verified".to_owned(), None));
    }
}

#[test]
fn an_entry_deleted_as_text_is_a_mac_mismatch_and_the_help_brings_it_back() {
    let without_user = |text: &str| {
        let lines = text.split_inclusive('\n');
        lines.filter(|line| !line.contains(" username:")).collect()
    };
    let sandbox = history("rules/mac-mismatch/quiet/sound.enc.yaml", without_user);
    let (verdict, found) = check(&sandbox);
    assert_eq!(verdict, "failed");
    let found = found.unwrap();
    let message = found["message"].as_str().unwrap();
    assert!(message.contains("username` removed"), "{message}");
    follow(&found, &sandbox);
    assert_eq!(check(&sandbox), ("verified".to_owned(), None));
}

// An empty document adds nothing to the MAC: sops decrypts the file, and hands on `{}` besides.
#[test]
fn a_trailing_separator_leaves_the_mac_as_it_is() {
    let sandbox = history("rules/mac-mismatch/quiet/sound.enc.yaml", |text| {
        format!("{text}---\n")
    });
    assert_eq!(check(&sandbox), ("verified".to_owned(), None));
}

#[test]
fn nothing_of_it_is_claimed_without_a_key() {
    let sandbox = history("rules/mac-mismatch/quiet/sound.enc.yaml", |text| {
        text.replace("production", "staging")
    });
    let output = sandbox.run(["check", FILE]).expect_code(0);
    assert!(
        output.stdout.starts_with("not verified: "),
        "{}",
        output.stdout
    );
}
