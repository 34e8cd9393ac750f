//! Which commit brought a MAC, in histories of files that real sops wrote.

use super::*;
use crate::change::Version;
use crate::document::{Document, Format};
use crate::history::origin::Address;
use crate::history::{Needle, Present, Reader, Traced, trace};
use crate::sops::SopsFile;
use crate::source::SourceId;

const FILE: &str = "db.enc.yaml";

/// What sops wrote, what somebody made of it, and what sops wrote another time.
fn written() -> String {
    fixture("edited-outside-sops/fires/namespace/base.enc.yaml")
}

fn edited() -> String {
    fixture("edited-outside-sops/fires/namespace/now.enc.yaml")
}

fn other() -> String {
    fixture("edited-outside-sops/fires/removed/base.enc.yaml")
}

/// What was found out about a file of the work tree.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    AsWritten,
    NotCommitted,
    /// Since which revision and path, and by which commits.
    Edited(String, String, Vec<String>),
    NotKnown(&'static str),
}

fn edited_since(revision: &str, by: &[&str]) -> Told {
    let by = by.iter().map(|id| (*id).to_owned()).collect();
    Told::Edited(short(revision), FILE.to_owned(), by)
}

fn short(revision: &str) -> String {
    let (id, rest) = revision.split_at(40);
    format!("{}{rest}", &id[..10])
}

fn told(world: &World, file: &str, reach: Reach) -> Told {
    let bytes = std::fs::read(world.inside.join(file)).unwrap();
    let source = Document::decode(SourceId::WorkTree(file.into()), bytes, Format::Yaml).unwrap();
    let document = Document::parse(&source, Format::Yaml).unwrap();
    let sops = SopsFile::of(&document).unwrap().unwrap();
    let version = Version::of(&sops).unwrap();
    let present = Present {
        version: &version,
        needle: Needle::of(&sops),
        text: source.bytes(),
    };
    let repo = world.repo();
    let blobs = repo.blobs();
    let mut commits = repo.commits();
    let head = commits.head().unwrap();
    let found = commits.histories(head, &[file.as_bytes()], reach).unwrap();
    let mut reader = Reader::new(&blobs, None);
    match trace(&mut reader, &present, &found.files[0], &found.end) {
        Traced::AsWritten => Told::AsWritten,
        Traced::NotCommitted => Told::NotCommitted,
        Traced::NotKnown(why) => Told::NotKnown(why),
        Traced::Edited(edited) => Told::Edited(
            edited.at.revision(),
            String::from_utf8(edited.at.path).unwrap(),
            edited.by.iter().map(ToString::to_string).collect(),
        ),
    }
}

#[test]
fn the_commit_that_edited_a_file_is_named_however_long_ago() {
    let world = World::new();
    world.put(FILE, &other());
    let first = world.put(FILE, &written());
    world.put("README", "x");
    let edit = world.put(FILE, &edited());
    world.put("README", "y");
    assert_eq!(told(&world, FILE, FAR), edited_since(&first, &[&edit]));
    // The layout is nobody's business, and so the commit that changed it is not named.
    world.put(FILE, &format!("\n{}", edited()));
    assert_eq!(told(&world, FILE, FAR), edited_since(&first, &[&edit]));
}

#[test]
fn a_file_as_sops_wrote_it_is_left_alone() {
    let world = World::new();
    world.put(FILE, &written());
    assert_eq!(told(&world, FILE, FAR), Told::AsWritten);
    world.put(FILE, &edited());
    world.put(FILE, &written());
    assert_eq!(told(&world, FILE, FAR), Told::AsWritten);
    world.put(FILE, &other());
    assert_eq!(told(&world, FILE, FAR), Told::AsWritten);
    // Not committed yet.
    world.write("new.enc.yaml", &edited());
    assert_eq!(told(&world, "new.enc.yaml", FAR), Told::NotCommitted);
}

#[test]
fn only_who_edited_it_since_it_was_last_sound_is_named() {
    let world = World::new();
    let first = world.put(FILE, &written());
    world.put(FILE, &edited());
    world.put(FILE, &written());
    let again = world.put(FILE, &edited());
    let more = world.put(FILE, &edited().replace("name: ", "name: x"));
    assert_eq!(
        told(&world, FILE, FAR),
        edited_since(&first, &[&again, &more])
    );
    world.write(FILE, &written());
    assert_eq!(told(&world, FILE, FAR), Told::AsWritten);
}

#[test]
fn what_is_not_committed_has_no_commit() {
    let world = World::new();
    let first = world.put(FILE, &written());
    world.write(FILE, &edited());
    assert_eq!(told(&world, FILE, FAR), edited_since(&first, &[]));
}

#[test]
fn a_revert_that_edits_is_found_out_by_the_version_it_reverts_to() {
    let world = World::new();
    let first = world.put(FILE, &written());
    world.put(FILE, &other());
    let revert = world.put(FILE, &edited());
    assert_eq!(told(&world, FILE, FAR), edited_since(&first, &[&revert]));
}

#[test]
fn conflict_marks_that_were_committed_do_not_hide_what_was_before() {
    let world = World::new();
    let first = world.put(FILE, &written());
    world.put(FILE, &format!("<<<<<<< a\n{}", written()));
    let edit = world.put(FILE, &edited());
    assert_eq!(told(&world, FILE, FAR), edited_since(&first, &[&edit]));
}

#[test]
fn a_merge_that_takes_a_side_is_no_edit_and_one_that_mixes_is() {
    let world = World::new();
    world.put(FILE, &other());
    world.git(&["checkout", "--quiet", "-b", "side"]);
    let side = world.put(FILE, &written());
    world.git(&["checkout", "--quiet", "main"]);
    world.put("README", "x");
    world.git(&["merge", "--quiet", "--no-edit", "side"]);
    assert_eq!(told(&world, FILE, FAR), Told::AsWritten);
    world.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    world.git(&["merge", "--quiet", "--no-commit", "side"]);
    let merge = world.put(FILE, &edited());
    assert_eq!(told(&world, FILE, FAR), edited_since(&side, &[&merge]));
}

#[test]
fn a_renamed_file_is_followed() {
    let world = World::new();
    let first = world.put(FILE, &written());
    world.git(&["mv", FILE, "moved.enc.yaml"]);
    world.commit();
    let edit = world.put("moved.enc.yaml", &edited());
    let expected = Told::Edited(short(&first), FILE.to_owned(), vec![edit]);
    assert_eq!(told(&world, "moved.enc.yaml", FAR), expected);
}

#[test]
fn where_a_search_ends_early_it_says_so_unless_it_knows() {
    let two = Reach { commits: 2, ..FAR };
    let world = World::new();
    world.put(FILE, &written());
    world.put("README", "x");
    world.put("README", "y");
    assert_eq!(told(&world, FILE, two), Told::NotKnown("history-limit"));
    let edit = world.put(FILE, &edited());
    let before = format!("{edit}^1");
    assert_eq!(told(&world, FILE, two), edited_since(&before, &[&edit]));
    world.put(FILE, &other());
    assert_eq!(told(&world, FILE, two), Told::AsWritten);
    world.put("README", "z");
    world.put("README", "a");
    assert_eq!(told(&world, FILE, two), Told::NotKnown("history-limit"));
}

#[test]
fn in_a_shallow_clone_it_says_so() {
    let world = World::new();
    world.put(FILE, &written());
    world.put("README", "x");
    let clone = World::cloned(&world, &["--depth=1"]);
    assert_eq!(told(&clone, FILE, FAR), Told::NotKnown("shallow-clone"));
    clone.put(FILE, &other());
    assert_eq!(told(&clone, FILE, FAR), Told::AsWritten);
}

#[test]
fn where_an_object_is_missing_it_says_so_unless_it_knows() {
    let world = World::new();
    world.put(FILE, &written());
    let lost = world.git(&["rev-parse", &format!("HEAD:{FILE}")]);
    let edit = world.put(FILE, &edited());
    let (folder, name) = lost.split_at(2);
    std::fs::remove_file(world.inside.join(format!(".git/objects/{folder}/{name}"))).unwrap();
    assert_eq!(
        told(&world, FILE, FAR),
        Told::NotKnown("unreadable-history")
    );
    let first = world.put(FILE, &other());
    let last = world.put(FILE, &other().replace("name: ", "name: x"));
    assert_eq!(told(&world, FILE, FAR), edited_since(&first, &[&last]));
    assert_ne!(edit, last);
}

#[test]
fn a_revision_is_named_as_git_takes_it() {
    let world = World::new();
    world.put(FILE, &written());
    world.put(FILE, &edited());
    let head = world.repo().commits().head().unwrap();
    for (parent, expected) in [(None, edited()), (Some(1), written())] {
        let place = Address {
            commit: head,
            parent,
            path: FILE.into(),
        };
        let text = world.git(&["show", &format!("{}:{FILE}", place.revision())]);
        assert_eq!(text, expected.trim());
    }
}
