//! Documents taken apart: what each text holds, and what is refused.

use super::super::Refusal;
use super::super::split::{Holds, Part, split};
use super::{Case, LATER, later, packaged_keys, read, testdata};
use crate::document::Format;
use crate::keys::Keyring;

pub(super) fn parts(case: &Case, keyring: &Keyring) -> Result<Vec<Part>, Refusal> {
    let plan = case.open(keyring, |document, file, key| {
        split(document, file, key, later())
    });
    plan.unwrap_or_else(|| panic!("{} does not open", case.name))
}

/// A file of two Secrets, written by sops.
fn two() -> Case {
    let path = "rules/multi-document/fires/two.enc.yaml";
    Case {
        name: path.to_owned(),
        format: Format::Yaml,
        text: read(&testdata(path)),
    }
}

/// The texts of its documents.
fn documents(text: &str) -> [&str; 2] {
    let (first, _) = text.split_once("\n---\n").unwrap();
    [&text[..=first.len()], &text[first.len() + 5..]]
}

/// What is left of a text without what is always new.
fn without_seal(text: &str) -> Vec<&str> {
    let is_seal = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("mac: ") || line.starts_with("lastmodified: ")
    };
    text.split_inclusive('\n')
        .filter(|line| !is_seal(line))
        .collect()
}

#[track_caller]
fn texts(case: &Case) -> Vec<String> {
    let keyring = packaged_keys();
    let parts = parts(case, &keyring).unwrap();
    let texts = parts
        .into_iter()
        .filter(|part| part.holds != Holds::Nothing);
    let texts: Vec<String> = texts.map(|part| part.text).collect();
    for text in &texts {
        assert!(case.with(text).is_verified(&keyring), "{text}");
    }
    texts
}

#[test]
fn each_document_keeps_its_bytes_and_gets_a_mac_of_its_own() {
    let case = two();
    let texts = texts(&case);
    assert_eq!(texts.len(), 2);
    for (text, document) in texts.iter().zip(documents(case.text())) {
        assert_eq!(without_seal(text), without_seal(document));
        assert!(text.contains(&format!("lastmodified: \"{LATER}\"")));
    }
    let mac = |text: &str| text.split("mac: ").nth(1).unwrap().to_owned();
    assert_ne!(mac(&texts[0]), mac(&texts[1]));
}

#[test]
fn what_only_separates_documents_goes_and_all_else_stays() {
    let case = two();
    let (first, second) = documents(case.text()).into();
    for (text, expected) in [
        (
            format!("{first}---\n# of the second\n{second}"),
            ["", "# of the second\n"],
        ),
        (
            format!("# top\n{first}--- # behind\n{second}"),
            ["# top\n", "--- # behind\n"],
        ),
        (format!("---\n{first}---\n{second}"), ["---\n", "---\n"]),
        (
            format!("{first}...\n\n# above\n---  \n{second}...\n"),
            ["", "\n# above\n"],
        ),
        (
            format!("{first}...\n%YAML 1.1\n---\n{second}"),
            ["", "%YAML 1.1\n---\n"],
        ),
        (format!("{first}---\n---\n{second}---\n"), ["", ""]),
    ] {
        let texts = texts(&case.with(&text));
        for ((text, expected), document) in texts.iter().zip(expected).zip([first, second]) {
            let start = format!("{expected}{}", document.lines().next().unwrap());
            assert!(text.starts_with(&start), "{text}");
        }
        assert!(!texts[0].ends_with("...\n"));
    }
}

#[test]
fn line_ends_stay() {
    let case = two();
    let texts = texts(&case.with(&case.text().replace('\n', "\r\n")));
    for text in texts {
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    }
}

#[test]
fn the_metadata_of_the_first_document_are_those_of_all() {
    let case = two();
    let (first, second) = documents(case.text()).into();
    let (values, metadata) = second.split_once("sops:\n").unwrap();
    let other = metadata.replace(
        "age1xvuserz38f3qu7lr7z6ya42dxucuxg33wcks9683gf2xs4vygg8q83nu38",
        "age1other",
    );
    let spaced = metadata.replace("    age:", "    # why\n    age:");
    let expected = texts(&case);
    for (text, is_own) in [
        (format!("{first}---\n{values}"), false),
        (format!("{first}---\n{}", values.trim_end()), false),
        (format!("{first}---\n{values}sops:\n{other}"), false),
        (format!("{first}---\n{values}sops: null\n"), false),
        (format!("{first}---\n{values}sops:\n{spaced}"), true),
    ] {
        let texts = texts(&case.with(&text));
        let is_equal = without_seal(&texts[1]) == without_seal(&expected[1]);
        assert_eq!(is_equal, !is_own, "{}", texts[1]);
    }
}

#[test]
fn what_holds_nothing_has_no_text_and_comments_are_something() {
    let case = two();
    let text = format!("{}---\n---\n# only\n---\n", case.text());
    let parts = parts(&case.with(&text), &packaged_keys()).unwrap();
    let holds: Vec<(usize, Holds)> = parts.iter().map(|part| (part.number, part.holds)).collect();
    let expected = [
        Holds::Values,
        Holds::Values,
        Holds::Nothing,
        Holds::Comments,
        Holds::Nothing,
    ];
    assert_eq!(holds, (1..).zip(expected).collect::<Vec<_>>());
    assert!(parts[2].text.is_empty() && parts[4].text.is_empty());
    assert!(
        parts[3].text.starts_with("# only\nsops:\n"),
        "{}",
        parts[3].text
    );
}

#[test]
fn where_one_document_holds_all_it_keeps_its_mac() {
    let case = Case {
        name: "sound".to_owned(),
        text: read(&testdata("rules/multi-document/quiet/sound.enc.yaml")),
        format: Format::Yaml,
    };
    let text = format!("{}---\n", case.text());
    assert_eq!(texts(&case.with(&text)), [case.text()]);
}

#[test]
fn titles_are_what_stands_in_clear() {
    let case = two();
    let parts = parts(&case, &packaged_keys()).unwrap();
    let names: Vec<_> = parts
        .iter()
        .map(|part| part.title.name.as_deref())
        .collect();
    assert_eq!(names, [Some("two"), Some("two-more")]);
    assert_eq!(parts[0].title.kind.as_deref(), Some("Secret"));
    assert_eq!(parts[0].title.namespace.as_deref(), Some("production"));
}

#[test]
fn documents_that_lean_on_each_other_are_refused() {
    let case = two();
    let anchored = case
        .text()
        .replacen("namespace: production", "namespace: &n production", 1);
    let (first, second) = documents(&anchored).into();
    let second = second.replace("namespace: production", "namespace: *n");
    let refused = |text: &str| {
        parts(&case.with(text), &packaged_keys())
            .map(|_| ())
            .unwrap_err()
    };
    assert_eq!(
        refused(&format!("{first}---\n{second}")),
        Refusal::Dependent { number: 2 }
    );
    let twice = format!("{}sops: {{}}\n", case.text());
    assert_eq!(refused(&twice), Refusal::Metadata { number: 2 });
    assert_eq!(refused(first), Refusal::OneDocument);
}
