//! `audit --compare-values`: values that stand in several places, and known dummies.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::sandbox::{Sandbox, testdata};

/// A repository of a story, with no value of it in any output.
fn repository(story: &Path) -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.know_secret("canary-of-");
    for entry in walkdir::WalkDir::new(story).into_iter().map(Result::unwrap) {
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(story).unwrap();
            sandbox.write(path, fs::read(entry.path()).unwrap());
        }
    }
    sandbox.git(["init", "--quiet"]);
    sandbox
}

fn key() -> String {
    testdata("rules/keys.txt").to_str().unwrap().to_owned()
}

fn audit(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let arguments = [&["audit", "--format", "json"], arguments].concat();
    let output = sandbox.command(arguments).with_git().run();
    output.expect_code(0).json()
}

/// Where a rule fired, with the key.
fn fired(report: &Value, rule: &str) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let fired = findings.filter(|found| found["rule"] == rule);
    fired
        .map(|found| {
            let (path, key) = (found["path"].as_str(), found["key"].as_str());
            format!("{} {}", path.unwrap(), key.unwrap())
        })
        .collect()
}

fn reason(report: &Value, rule: &str) -> Option<(String, String)> {
    let mut skipped = report["not-evaluated"].as_array().unwrap().iter();
    let skipped = skipped.find(|skipped| skipped["rule"] == rule)?;
    let word = |field: &str| skipped[field].as_str().unwrap().to_owned();
    Some((word("path"), word("reason")))
}

/// Where each rule fires in each of its stories.
const EXPECTED: [(&str, &str, &[&str]); 7] = [
    (
        "reused-value",
        "two-files",
        &[
            "prod/db.enc.yaml stringData.password",
            "staging/db.enc.yaml stringData.secret",
        ],
    ),
    (
        "reused-value",
        "two-keys",
        &["db.enc.yaml stringData.password"],
    ),
    (
        "reused-value",
        "base64",
        &[
            "db.enc.yaml data.password",
            "text.enc.yaml stringData.password",
        ],
    ),
    (
        "reused-value",
        "formats",
        &["shop.enc.env PASSWORD", "shop.enc.json password"],
    ),
    (
        "placeholder-value",
        "dummy",
        &["db.enc.yaml stringData.password"],
    ),
    (
        "placeholder-value",
        "base64",
        &["db.enc.yaml data.password"],
    ),
    ("placeholder-value", "template", &["shop.enc.env PASSWORD"]),
];

#[test]
fn they_fire_on_each_story_and_on_no_quiet_one() {
    let mut seen = 0;
    for rule in ["reused-value", "placeholder-value"] {
        for kind in ["fires", "quiet"] {
            for entry in fs::read_dir(testdata("rules").join(rule).join(kind)).unwrap() {
                let story = entry.unwrap().path();
                let name = story.file_name().unwrap().to_str().unwrap();
                let report = audit(
                    &repository(&story),
                    &["--compare-values", "--identity", &key()],
                );
                let is_it = |row: &&(&str, &str, &[&str])| row.0 == rule && row.1 == name;
                let row = EXPECTED.iter().find(is_it).filter(|_| kind == "fires");
                let wanted = row.map_or(&[][..], |row| row.2);
                assert_eq!(fired(&report, rule), wanted, "{story:?}");
                assert_eq!(reason(&report, rule), None, "{story:?}");
                seen += usize::from(row.is_some());
            }
        }
    }
    assert_eq!(seen, EXPECTED.len(), "a story is missing");
}

#[test]
fn the_finding_names_the_other_places() {
    let sandbox = repository(&testdata("rules/reused-value/fires/two-files"));
    let report = audit(&sandbox, &["--compare-values", "--identity", &key()]);
    let findings = report["findings"].as_array().unwrap();
    let found = findings
        .iter()
        .find(|found| found["rule"] == "reused-value");
    let found = found.unwrap();
    assert_eq!(
        found["message"],
        "the same value stands at `stringData.secret` in `staging/db.enc.yaml`"
    );
    assert_eq!(found["start"]["line"], 5);
    assert_eq!(found["severity"], "warning");
}

#[test]
fn no_value_is_compared_unless_that_is_asked_for_and_there_is_a_key() {
    let sandbox = repository(&testdata("rules/reused-value/fires/two-files"));
    for rule in ["reused-value", "placeholder-value"] {
        let report = audit(&sandbox, &["--identity", &key()]);
        assert_eq!(fired(&report, rule), [""; 0]);
        let asked = (".".to_owned(), "not-asked".to_owned());
        assert_eq!(reason(&report, rule), Some(asked));

        let report = audit(&sandbox, &["--compare-values"]);
        assert_eq!(fired(&report, rule), [""; 0]);
        let (path, reason) = reason(&report, rule).unwrap();
        assert_eq!((&*path, &*reason), ("prod/db.enc.yaml", "no-identity"));
    }
}

#[test]
fn a_file_whose_selectors_were_loosened_is_not_opened() {
    let sandbox = repository(&testdata("rules/reused-value/fires/two-keys"));
    sandbox.git(["add", "--all"]);
    sandbox.git(["commit", "--quiet", "--message=x"]);
    let text = String::from_utf8(sandbox.read("db.enc.yaml")).unwrap();
    let loosened = text.replace("^(data|stringData)$", "^(data|stringData|more)$");
    assert_ne!(text, loosened);
    sandbox.write("db.enc.yaml", loosened);
    let all = ["--compare-values", "--identity", &key()];
    let report = audit(&sandbox, &all);
    assert_eq!(fired(&report, "reused-value"), [""; 0]);
    let (_, reason) = reason(&report, "reused-value").unwrap();
    assert_eq!(reason, "selectors-changed");
    let report = audit(&sandbox, &[&all[..], &["--trust-changes"]].concat());
    assert_eq!(fired(&report, "reused-value").len(), 1);
}

#[test]
fn the_report_is_the_same_on_every_run() {
    let sandbox = repository(&testdata("rules/reused-value/fires/formats"));
    let run = |jobs: &str| {
        let key = key();
        let all = [
            "audit",
            "--compare-values",
            "--identity",
            &key,
            "--jobs",
            jobs,
        ];
        sandbox.command(all).with_git().run().stdout
    };
    let first = run("1");
    assert!(first.contains("reused-value"));
    assert_eq!(first, run("8"));
}

#[test]
fn without_a_key_that_fits_it_is_said_that_nothing_was_compared() {
    let sandbox = repository(&testdata("rules/reused-value/fires/two-files"));
    let told = |arguments: &[&str]| {
        let arguments = [&["audit", "--compare-values"], arguments].concat();
        let output = sandbox.command(arguments).with_git().run();
        output.expect_code(0).stdout
    };
    let key = testdata("example/key.txt");
    let other = ["--identity", key.to_str().unwrap()];
    let line = "not compared: 2 files (prod/db.enc.yaml, staging/db.enc.yaml): no identity here is a recipient\n";
    assert!(told(&other).contains(line), "{}", told(&other));
    let quiet = told(&[&other[..], &["--quiet"]].concat());
    assert!(quiet.contains(line), "{quiet}");
    let none = told(&[]);
    assert!(
        none.contains("not compared: 2 files") && none.contains("there is no identity"),
        "{none}"
    );
    assert!(!told(&["--identity", &self::key()]).contains("not compared"));
}
