//! Rotating: nothing of the old key remains, and nothing else changes.

use std::collections::BTreeSet;

use super::super::Refusal;
use super::super::rotate::rotate;
use super::{Case, LATER, later, packaged, packaged_keys};
use crate::keys::{Keyring, Wrapped};
use crate::sops::open_values;

pub(super) fn rotated(case: &Case, keyring: &Keyring) -> Result<String, Refusal> {
    let plan = case.open(keyring, |document, file, key| {
        rotate(document, file, key, later(), &Wrapped::default())
    });
    plan.unwrap_or_else(|| panic!("{} does not open", case.name))
}

/// Everything that is sealed or locked: the tokens, and the lines of age files.
pub(super) fn sealed(text: &str) -> BTreeSet<&str> {
    let starts = text.match_indices("ENC[AES256_GCM,");
    let tokens = starts.filter_map(|(at, _)| text[at..].split(']').next());
    let lines = text.split(['\n', '\r']).flat_map(|line| line.split("\\n"));
    let is_base64 = |line: &&str| {
        let line = line.trim();
        line.len() == 64
            && line
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
    };
    tokens
        .chain(lines.filter(is_base64).map(str::trim))
        .collect()
}

/// The text without what is sealed, locked or dated.
pub(super) fn rest(text: &str, time: &str) -> String {
    let mut rest = String::new();
    let mut left = text;
    while let Some(at) = left.find("ENC[AES256_GCM,") {
        rest.push_str(&left[..at]);
        left = &left[at..];
        let kind = left.find(",type:").unwrap();
        left = &left[kind..];
    }
    rest.push_str(left);
    let mut parts = rest.split("-----BEGIN AGE ENCRYPTED FILE-----");
    let mut rest = parts.next().unwrap().to_owned();
    for part in parts {
        rest.push_str(
            part.split_once("-----END AGE ENCRYPTED FILE-----")
                .unwrap()
                .1,
        );
    }
    assert!(rest.contains(time), "{time}");
    rest.replace(time, "TIME")
}

/// When the file was written last.
pub(super) fn time(case: &Case, keyring: &Keyring) -> String {
    let time = case.open(keyring, |_, file, _| {
        let span = file.metadata().last_modified.span;
        case.text()[span.range()]
            .trim_matches(['"', '\''])
            .to_owned()
    });
    time.unwrap()
}

/// All values with their paths and types.
fn values(case: &Case, keyring: &Keyring) -> Vec<(String, &'static str, Vec<u8>)> {
    let mut values = Vec::new();
    let opened = case.open(keyring, |_, file, _| {
        open_values(file, keyring, |value| {
            values.push((
                value.path.to_string(),
                value.kind.name(),
                value.text.to_vec(),
            ));
        })
    });
    assert!(opened.is_some_and(|opened| opened.is_ok()));
    values
}

#[test]
fn everything_is_sealed_anew_and_says_the_same() {
    let keyring = packaged_keys();
    for case in packaged() {
        let new = case.with(&rotated(&case, &keyring).unwrap());
        assert!(new.is_verified(&keyring), "{}", case.name);
        let (old, then) = (sealed(case.text()), time(&case, &keyring));
        assert!(old.len() > 3, "{}", case.name);
        assert!(old.is_disjoint(&sealed(new.text())), "{}", case.name);
        assert_eq!(
            rest(case.text(), &then),
            rest(new.text(), LATER),
            "{}",
            case.name
        );
        assert_eq!(
            values(&case, &keyring),
            values(&new, &keyring),
            "{}",
            case.name
        );
    }
}

#[test]
fn a_file_that_is_not_verified_is_refused() {
    let keyring = packaged_keys();
    for case in packaged() {
        for (old, new) in [
            ("clear-name", "x"),
            (",type:str]\n", ",type:int]\n"),
            ("production", "x"),
        ] {
            let edited = case.with(&case.text().replacen(old, new, 1));
            if edited.text() != case.text() {
                let refused = rotated(&edited, &keyring);
                assert!(
                    matches!(refused, Err(Refusal::Unsound(_))),
                    "{} {old}",
                    case.name
                );
            }
        }
    }
}

#[test]
fn keys_that_are_not_ages_are_named() {
    let keyring = packaged_keys();
    let yaml = packaged().pop().unwrap();
    let pgp = "    pgp:\n        - fp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21\n          enc: x\n          created_at: '2026-01-01T00:00:00Z'\n";
    let mixed = yaml.with(&yaml.text().replacen("sops:\n", &format!("sops:\n{pgp}"), 1));
    assert!(mixed.is_verified(&keyring));
    let keys = vec!["85D77543B3D624B63CEA9E6DBC17301B491B3F21".to_owned()];
    assert_eq!(rotated(&mixed, &keyring), Err(Refusal::NeedsSops { keys }));
}
