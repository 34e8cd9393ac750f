//! Resealing: what it changes, and what it refuses.

use super::super::Refusal;
use super::super::reseal::reseal;
use super::{Case, LATER, later, packaged, packaged_keys};
use crate::keys::Keyring;
use crate::sops::SopsFile;

fn resealed(case: &Case, keyring: &Keyring) -> Result<String, Refusal> {
    let plan = case.open(keyring, |document, file, key| {
        reseal(document, file, key, later())
    });
    plan.unwrap_or_else(|| panic!("{} does not open", case.name))
}

/// The `mac` and the `lastmodified` that a file has.
fn seal(case: &Case, keyring: &Keyring) -> (String, String) {
    let seal = case.open(keyring, |_, file: &SopsFile<'_>, _| {
        let metadata = file.metadata();
        let text = |span: crate::source::Span| case.text()[span.range()].to_owned();
        let mac = metadata.mac.as_ref().unwrap().span;
        (text(mac), text(metadata.last_modified.span))
    });
    seal.unwrap()
}

/// Clear values of the packaged files, made others.
fn edited(case: &Case) -> Case {
    let edits = [
        ("clear-name", "other-name"),
        ("production", "staging"),
        ("5432", "5433"),
        ("clear", "other"),
    ];
    let text = edits.iter().find_map(|(old, new)| {
        let text = case.text();
        text.contains(old).then(|| text.replacen(old, new, 1))
    });
    text.map_or_else(|| case.clone(), |text| case.with(&text))
}

#[test]
fn an_edited_file_gets_a_mac_and_a_time_and_keeps_all_else() {
    let keyring = packaged_keys();
    let mut stale = 0;
    for case in packaged() {
        assert!(case.is_verified(&keyring), "{}", case.name);
        let edited = edited(&case);
        stale += usize::from(!edited.is_verified(&keyring));
        let (mac, time) = seal(&edited, &keyring);
        let new = edited.with(&resealed(&edited, &keyring).unwrap());
        assert!(new.is_verified(&keyring), "{}", case.name);
        let (new_mac, new_time) = seal(&new, &keyring);
        assert_ne!(mac, new_mac);
        assert_eq!(new_time.trim_matches('"'), LATER);
        assert_eq!(new.text().matches(&new_mac).count(), 1, "{}", case.name);
        let back = new.text().replace(&new_mac, &mac).replace(&new_time, &time);
        assert_eq!(back, edited.text(), "{}", case.name);
    }
    // The content of the binary file is all encrypted.
    assert_eq!(stale, packaged().len() - 1);
}
