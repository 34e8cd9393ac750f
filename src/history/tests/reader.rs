//! Versions out of commits.

use std::sync::Arc;

use super::*;
use crate::change::{Change, NotCompared};
use crate::history::Reader;
use crate::history::reader::{Outcome, Unknown};
use crate::repo;

const BASE: &str = "edited-outside-sops/fires/namespace/base.enc.yaml";
const NOW: &str = "edited-outside-sops/fires/namespace/now.enc.yaml";

/// What a file was from a commit on.
fn read(reader: &mut Reader<'_>, at: &repo::Version) -> Option<Outcome> {
    let format = reader.format_of(&at.path);
    Some(reader.read(at.blob.as_ref()?, format))
}

#[test]
fn versions_are_what_the_commits_hold_and_what_came_before() {
    let world = World::new();
    world.put("db.enc.yaml", &fixture(BASE));
    world.put("db.enc.yaml", &fixture(NOW));
    world.git(&["mv", "db.enc.yaml", "moved.enc.yaml"]);
    world.commit();
    let repo = world.repo();
    let blobs = repo.blobs();
    let mut commits = repo.commits();
    let head = commits.head().unwrap();
    let found = commits.histories(head, &[b"moved.enc.yaml"], FAR).unwrap();
    let [moved, edited, first] = found.files[0].as_slice() else {
        panic!("{:?}", found.files);
    };
    let mut reader = Reader::new(&blobs, None);
    let was = read(&mut reader, first).unwrap().unwrap();
    assert!(was.is_encrypted());
    assert!(reader.before(first).is_empty());
    let now = read(&mut reader, edited).unwrap().unwrap();
    let change = Change::between(&was, &now);
    assert!(change.has_same_mac() && !change.has_same_inputs());
    // One content is one version, whatever its path was.
    let before = reader.before(moved).remove(0).unwrap().unwrap();
    assert!(Arc::ptr_eq(&before, &now));
    assert!(Arc::ptr_eq(
        &read(&mut reader, moved).unwrap().unwrap(),
        &now
    ));
}

#[test]
fn what_cannot_be_read_says_why() {
    let world = World::new();
    world.put("a.enc.yaml", "a: [\n");
    world.put("a.enc.yaml", "a: 1\nsops:\n  mac: x\n  version: 3.9.0\n");
    std::fs::remove_file(world.inside.join("a.enc.yaml")).unwrap();
    world.commit();
    world.put("a.enc.yaml", "a: 1\n");
    let lost = world.git(&["rev-parse", "HEAD:a.enc.yaml"]);
    let (folder, name) = lost.split_at(2);
    let object = format!(".git/objects/{folder}/{name}");
    std::fs::remove_file(world.inside.join(object)).unwrap();
    let repo = world.repo();
    let blobs = repo.blobs();
    let mut commits = repo.commits();
    let head = commits.head().unwrap();
    let found = commits.histories(head, &[b"a.enc.yaml"], FAR).unwrap();
    let mut reader = Reader::new(&blobs, None);
    let versions = found.files[0].iter();
    let outcomes: Vec<_> = versions
        .map(|version| Some(read(&mut reader, version)?.err()))
        .collect();
    let [
        Some(Some(Unknown::NotGiven(_))),
        None,
        Some(Some(malformed)),
        Some(Some(unreadable)),
    ] = outcomes.as_slice()
    else {
        panic!("{outcomes:?}");
    };
    assert_eq!(
        *malformed,
        Unknown::NotCompared(NotCompared::MalformedMetadata)
    );
    assert_eq!(malformed.reason(), "base-malformed-metadata");
    assert_eq!(*unreadable, Unknown::NotCompared(NotCompared::Unreadable));
}
