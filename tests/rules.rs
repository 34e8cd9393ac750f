//! Every rule against its fixtures, which real sops made: it fires on each file of `fires/` and on
//! none of `quiet/`.

#![expect(clippy::unwrap_used, reason = "a test fails where its world does")]

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use sopsguard::engine::{self, Report, Request, Target};
use sopsguard::{Environment, Platform, Verification};

/// The rules that find what they find without a key.
const KEYLESS: [&str; 13] = [
    "conflict-marker",
    "copied-ciphertext",
    "duplicate-key",
    "malformed-ciphertext",
    "malformed-metadata",
    "multi-document",
    "not-encrypted",
    "plaintext-comment",
    "plaintext-value",
    "private-key-committed",
    "undeclared-format",
    "unreadable-file",
    "unselected-ciphertext",
];

/// How the paths begin of the files that fire and that sops decrypts all the same.
/// `scripts/make-testdata` asks sops, and marks them with `but_not`.
///
/// Files with `undeclared-format` it decrypts when it is told the types, as the script sees to.
const ACCEPTED: [&str; 14] = [
    "duplicate-key/second-document.",
    "duplicate-key/twice.enc.ini",
    "malformed-metadata/without-version.",
    "multi-document/",
    "not-encrypted/inverted-picks-nothing.",
    "not-encrypted/regex-picks-nothing.",
    "not-encrypted/suffix-picks-nothing.",
    "private-key-committed/comment.",
    "plaintext-comment/",
    "undeclared-format/app.",
    "undeclared-format/shop.",
    "undeclared-format/values.",
    "unreadable-by-version/",
    "unselected-ciphertext/only-encrypted.",
];

/// Quiet files that only exist with a fault of another rule: sops writes equal tokens across documents.
const ELSEWHERE: [(&str, &str); 1] = [("copied-ciphertext/equal.enc.yaml", "multi-document")];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/rules")
}

/// The rules that have fixtures. That each rule has some is a test of the registry.
fn rules() -> Vec<String> {
    let mut rules: Vec<String> = folder(&fixtures());
    rules.retain(|name| fixtures().join(name).is_dir() && !compares_versions(name));
    assert!(rules.len() >= 6);
    rules
}

/// Whether the rule's fixtures are stories: those are told in the library's own tests.
fn compares_versions(rule: &str) -> bool {
    let fires = std::fs::read_dir(fixtures().join(rule).join("fires")).unwrap();
    fires.map(Result::unwrap).all(|entry| entry.path().is_dir())
}

fn folder(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Checks a folder of a rule as a walk of it, with the fixtures' key or without.
fn check(rule: &str, side: &str, with_key: bool) -> Report {
    let key = with_key.then(|| {
        (
            "SOPS_AGE_KEY_FILE".into(),
            fixtures().join("keys.txt").into(),
        )
    });
    let folder = fixtures().join(rule).join(side);
    let environment = Environment::new(key, folder, Platform::Unix);
    let mut request = Request::new(&environment);
    // Not the whole repository, which holds the fixtures of all rules.
    request.targets = vec![Target::Path(".".into())];
    engine::check(request).unwrap()
}

fn fired(report: &Report, rule: &str) -> BTreeSet<String> {
    let of_rule = report
        .findings
        .iter()
        .filter(|finding| finding.rule == rule);
    of_rule
        .map(|finding| finding.location.path.to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_rule_fires_on_each_file_of_its_folder() {
    for rule in rules() {
        let expected: BTreeSet<String> = folder(&fixtures().join(&rule).join("fires"))
            .into_iter()
            .collect();
        assert!(
            !expected.is_empty(),
            "{rule} has no file that makes it fire"
        );
        assert_eq!(
            fired(&check(&rule, "fires", true), &rule),
            expected,
            "{rule}"
        );
        if KEYLESS.contains(&rule.as_str()) {
            assert_eq!(
                fired(&check(&rule, "fires", false), &rule),
                expected,
                "{rule}, no key"
            );
        }
    }
}

/// All that is said of one file of `fires`: the line and the rule of each finding.
fn told(path: &str, with_key: bool) -> Vec<(usize, &'static str)> {
    let (rule, file) = path.split_once('/').unwrap();
    let report = check(rule, "fires", with_key);
    let of_file = report
        .findings
        .iter()
        .filter(|found| found.location.path == Path::new(file));
    of_file
        .map(|found| (found.location.start.unwrap().line, found.rule))
        .collect()
}

#[test]
fn all_problems_of_a_file_are_reported_and_not_only_the_first() {
    for with_key in [true, false] {
        for (path, expected) in [
            (
                "plaintext-value/several.enc.yaml",
                &[
                    (8, "plaintext-value"),
                    (9, "plaintext-value"),
                    (11, "plaintext-value"),
                    (12, "plaintext-value"),
                ][..],
            ),
            (
                "plaintext-value/broken-metadata.enc.yaml",
                &[(8, "plaintext-value"), (9, "malformed-metadata")],
            ),
            (
                "plaintext-value/conflict.enc.yaml",
                &[(8, "conflict-marker"), (11, "plaintext-value")],
            ),
            (
                "plaintext-value/twice.enc.yaml",
                &[
                    (8, "plaintext-value"),
                    (9, "duplicate-key"),
                    (9, "plaintext-value"),
                ],
            ),
            (
                "duplicate-key/thrice.enc.yaml",
                &[
                    (5, "duplicate-key"),
                    (6, "duplicate-key"),
                    (11, "duplicate-key"),
                ],
            ),
            (
                "duplicate-key/conflict.enc.yaml",
                &[
                    (5, "duplicate-key"),
                    (9, "conflict-marker"),
                    (14, "duplicate-key"),
                ],
            ),
            (
                "duplicate-key/broken.enc.yaml",
                &[(5, "duplicate-key"), (7, "unreadable-file")],
            ),
            (
                "conflict-marker/two.enc.yaml",
                &[(8, "conflict-marker"), (26, "conflict-marker")],
            ),
        ] {
            assert_eq!(told(path, with_key), expected, "{path}");
        }
    }
}

#[test]
fn a_copy_is_where_the_token_does_not_open_or_without_a_key_the_later_place() {
    let renamed = "copied-ciphertext/renamed.enc.yaml";
    let before = "copied-ciphertext/before.enc.yaml";
    assert_eq!(told(renamed, true), [(9, "copied-ciphertext")]);
    assert_eq!(told(renamed, false), [(9, "copied-ciphertext")]);
    assert_eq!(told(before, true), [(7, "copied-ciphertext")]);
    assert_eq!(told(before, false), [(9, "copied-ciphertext")]);
}

#[test]
fn no_rule_at_all_fires_on_quiet_files() {
    for rule in rules() {
        assert!(
            !folder(&fixtures().join(&rule).join("quiet")).is_empty(),
            "{rule}"
        );
        for with_key in [true, false] {
            for found in check(&rule, "quiet", with_key).findings {
                let path = format!("{rule}/{}", found.location.path.display());
                let is_meant = ELSEWHERE.contains(&(path.as_str(), found.rule));
                assert!(is_meant, "{path}: {found:?}");
            }
        }
    }
}

#[test]
fn findings_say_where_what_and_what_to_do() {
    for rule in rules() {
        for finding in check(&rule, "fires", true).findings {
            let what = format!("{rule}: {finding:?}");
            let first = finding.message.chars().next().unwrap();
            assert!(
                first.is_lowercase() || first == '`' || first.is_ascii_digit(),
                "{what}"
            );
            assert!(!finding.message.ends_with('.'), "{what}");
            assert!(!finding.help.text.is_empty(), "{what}");
            let place = finding.location.start.is_some();
            assert!(
                place || rule == "unreadable-by-version" || finding.key.is_some(),
                "{what}"
            );
        }
    }
}

#[test]
fn a_file_fails_exactly_where_sops_refuses_it() {
    for rule in rules() {
        for file in check(&rule, "fires", true).files {
            let path = format!("{rule}/{}", file.path.display());
            let accepted = ACCEPTED.iter().any(|start| path.starts_with(start));
            let expected = match file.verification {
                _ if accepted => Verification::Verified,
                // sops says "metadata not found".
                Verification::NotEncrypted => Verification::NotEncrypted,
                _ => Verification::Failed,
            };
            assert_eq!(file.verification, expected, "{path}");
        }
    }
}

#[test]
fn without_a_key_the_rules_that_need_one_are_not_evaluated() {
    let report = check("mac-mismatch", "quiet", false);
    let rules: BTreeSet<&str> = report
        .not_evaluated
        .iter()
        .map(|skipped| skipped.rule)
        .collect();
    assert_eq!(
        rules,
        BTreeSet::from([
            "mac-mismatch",
            "undecryptable-value",
            "unreadable-by-version"
        ])
    );
    assert!(
        report
            .not_evaluated
            .iter()
            .all(|skipped| skipped.reason == "no-identity")
    );
    assert!(
        check("mac-mismatch", "quiet", true)
            .not_evaluated
            .is_empty()
    );
}

#[test]
fn suppressed_findings_are_counted_and_gone() {
    let folder = fixtures().join("mac-mismatch/fires");
    let key = [(
        "SOPS_AGE_KEY_FILE".into(),
        fixtures().join("keys.txt").into(),
    )];
    let environment = Environment::new(key, folder, Platform::Unix);
    let mut request = Request::new(&environment);
    request.targets = vec![Target::Path("time.enc.yaml".into())];
    let mut policy = tempfile::NamedTempFile::new().unwrap();
    let text = "[[ignore]]\nrule = 'mac-mismatch'\npath = '**/time.*'\nreason = 'a fixture'";
    policy.write_all(text.as_bytes()).unwrap();
    request.policy = Some(policy.path().to_owned());
    let report = engine::check(request).unwrap();
    assert!(report.findings.is_empty() && !report.has_errors());
    assert_eq!(report.summary().suppressed, 1);
    assert_eq!(report.summary().failed, 1, "the verdict stays");
}
