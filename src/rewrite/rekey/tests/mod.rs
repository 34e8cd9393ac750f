//! Other recipients for files of every layout, and for those of real sops.

#![expect(
    clippy::disallowed_methods,
    reason = "a test fails where its world does"
)]

mod by_sops;
mod chance;
mod layouts;
mod plans;
mod round_trips;

use std::path::Path;

use super::*;
use crate::document::Format;
use crate::keys::{Given, Keyring, Origin};
use crate::sops::{Verification, check, unlock};
use crate::source::{Source, SourceId};

/// Recipients that no file of the tests has.
const NEW: [&str; 3] = [
    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ada",
    "age1kwazca4jmnj4xefgany0t2qrc28vkk4cpkk9x7tfl0p0am34yftq3tz3jp",
];

fn testdata() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata"))
}

/// The identities of these files.
fn keyring(files: &[&Path]) -> Keyring {
    let given = files.iter().map(|file| Given {
        origin: Origin::Stdin,
        text: Secret::new(std::fs::read(file).unwrap()),
    });
    Keyring::given(given).unwrap()
}

fn key(kind: KeyKind, id: &str) -> WantedKey {
    WantedKey {
        names: KeyNames::new(kind, id, &[], ""),
        is_open: false,
    }
}

/// These age recipients, group by group.
fn wanted(groups: &[&[&str]]) -> Wanted {
    let group = |group: &&[&str]| group.iter().map(|id| key(KeyKind::Age, id)).collect();
    Wanted {
        groups: groups.iter().map(group).collect(),
        threshold: None,
    }
}

/// The age recipients of a text, group by group.
fn recipients(text: &str, format: Format) -> Vec<Vec<String>> {
    let source = source(text, format);
    let document = Document::parse(&source, format).unwrap();
    let file = SopsFile::of(&document).unwrap().unwrap();
    let groups = file.metadata().groups.iter();
    groups
        .map(|group| group.keys.iter().map(|key| key.id().into_owned()).collect())
        .collect()
}

fn source(text: &str, format: Format) -> Source {
    let id = SourceId::Stdin("x".into());
    Document::decode(id, text.as_bytes().to_vec(), format).unwrap()
}

/// The text with other recipients, which is one that verifies with the same identities.
fn rekeyed(
    text: &str,
    format: Format,
    keyring: &Keyring,
    wanted: &Wanted,
) -> Result<String, Refusal> {
    let source = source(text, format);
    let document = Document::parse(&source, format).unwrap();
    let file = SopsFile::of(&document).unwrap().unwrap();
    let Ok(data_key) = unlock(&file, keyring) else {
        panic!("no identity opens {text}")
    };
    let plan = Plan::new(&document, &file, wanted)?;
    let locks = plan.locks(&data_key).len();
    assert!(locks >= plan.added().count());
    let written = plan.write(&data_key, &Wrapped::default(), |_| ());
    written.map(|(text, ())| text)
}

fn verification(text: &str, format: Format, keyring: &Keyring) -> Verification {
    let source = source(text, format);
    let document = Document::parse(&source, format).unwrap();
    let file = SopsFile::of(&document).unwrap().unwrap();
    check(&file, keyring).verification
}

/// Whether the lines of one text are lines of the other, in the same order.
fn is_within(text: &str, other: &str) -> bool {
    let mut lines = other.split_inclusive('\n');
    text.split_inclusive('\n')
        .all(|line| lines.any(|other| other == line))
}
