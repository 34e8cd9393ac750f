//! Journals that nobody should follow.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::world::World;
use crate::transaction::disk::{Access, Disk, RealDisk};
use crate::transaction::journal::Journal;
use crate::transaction::{
    Digest, Direction, Error, Fault, Home, Recovered, Recovery, Transaction, interrupted,
};

/// A world whose change ended right after the journal was complete.
fn interrupted_world() -> World {
    struct Ending;
    impl Disk for Ending {
        fn make_folder(&self, path: &Path, access: Access) -> std::io::Result<()> {
            RealDisk.make_folder(path, access)
        }
        fn write(&self, path: &Path, bytes: &[&[u8]], access: Access) -> std::io::Result<()> {
            RealDisk.write(path, bytes, access)
        }
        fn sync_file(&self, _: &Path) -> std::io::Result<()> {
            Ok(())
        }
        fn sync_folder(&self, _: &Path) -> std::io::Result<()> {
            Ok(())
        }
        fn sync_file_system(&self, _: &Path) -> std::io::Result<bool> {
            Ok(true)
        }
        fn rename(&self, _: &Path, _: &Path) -> std::io::Result<()> {
            Err(std::io::Error::other("the end"))
        }
        fn rename_new(&self, from: &Path, to: &Path) -> std::io::Result<()> {
            RealDisk.rename_new(from, to)
        }
        fn remove(&self, path: &Path) -> std::io::Result<()> {
            path.symlink_metadata()?;
            Err(std::io::Error::other("the end"))
        }
        fn remove_folder(&self, _: &Path) -> std::io::Result<()> {
            Err(std::io::Error::other("the end"))
        }
    }
    let world = World::new();
    let ended = world.change_on(&Ending).and_then(Transaction::commit);
    assert!(matches!(ended, Err(Error::Interrupted { why: Some(_) })));
    assert!(interrupted(world.home()));
    world
}

fn go(home: &Home, direction: Direction) -> Result<usize, Error> {
    match Recovery::find(home)? {
        Recovered::Interrupted(recovery) => recovery.go(direction),
        Recovered::Swept | Recovered::Nothing => panic!("it was interrupted"),
    }
}

/// What is wrong with the journal, in both directions; and nothing was changed.
fn refused(world: &World, home: &Home) -> Fault {
    let before = world.files();
    let mut faults =
        [Direction::Finish, Direction::Undo].map(|direction| match go(home, direction) {
            Err(Error::Journal { fault, .. }) => fault,
            other => panic!("{other:?}"),
        });
    assert_eq!(faults[0], faults[1]);
    assert_eq!(world.files(), before);
    let writer = Transaction::begin(home);
    assert!(matches!(
        writer,
        Err(Error::Interrupted { .. } | Error::Journal { .. })
    ));
    std::mem::replace(&mut faults[0], Fault::Damaged)
}

/// Puts other words into the journal, as somebody would who knows how it is made.
fn forge(world: &World, change: impl Fn(&str) -> String) {
    let place = world.home().journal();
    let text = fs::read_to_string(&place).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    let forged = change(rest);
    assert_ne!(forged, rest);
    let hash = Digest::of(forged.as_bytes());
    fs::write(place, format!("sopsguard-journal/1 {hash}\n{forged}")).unwrap();
}

#[test]
fn the_journal_that_was_written_is_followed() {
    for direction in [Direction::Finish, Direction::Undo] {
        let world = interrupted_world();
        go(world.home(), direction).unwrap();
        assert!(world.is_new() || direction == Direction::Undo);
        assert!(world.is_old() || direction == Direction::Finish);
        world.assert_clean();
    }
}

#[test]
fn a_journal_that_is_cut_short_or_changed_is_refused() {
    let world = interrupted_world();
    let place = world.home().journal();
    let whole = fs::read(&place).unwrap();
    for length in [0, 5, 20, 100, whole.len() - 1] {
        fs::write(&place, &whole[..length]).unwrap();
        assert_eq!(refused(&world, world.home()), Fault::Damaged, "{length}");
    }
    for at in (0..whole.len()).step_by(37) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&place, &changed).unwrap();
        refused(&world, world.home());
    }
    let newer = String::from_utf8(whole).unwrap().replacen("/1 ", "/2 ", 1);
    fs::write(&place, newer).unwrap();
    assert_eq!(refused(&world, world.home()), Fault::OtherVersion);
}

#[test]
fn a_journal_that_leads_elsewhere_is_refused() {
    let world = interrupted_world();
    fs::write(world.root().join(".git/config"), "git's").unwrap();
    fs::write(world.outside().join("x"), "theirs").unwrap();
    symlink(world.outside(), world.root().join("away")).unwrap();
    let journal = fs::read(world.home().journal()).unwrap();
    for path in [
        ".git/config",
        "../outside/x",
        "%2fetc/passwd",
        "d/../../x",
        ".GIT/x",
        "",
    ] {
        forge(&world, |text| text.replace("\"b\"", &format!("\"{path}\"")));
        assert_eq!(refused(&world, world.home()), Fault::Damaged, "{path}");
        fs::write(world.home().journal(), &journal).unwrap();
    }
    // A link is seen only on the spot.
    forge(&world, |text| text.replace("\"b\"", "\"away/x\""));
    let place = refused(&world, world.home());
    assert!(matches!(place, Fault::Place { .. }), "{place:?}");
    fs::write(world.home().journal(), &journal).unwrap();
    for id in ["", "../x", "A", &"a".repeat(40)] {
        let now = world
            .files()
            .into_keys()
            .find(|path| crate::paths::is_temporary(path));
        let now = now
            .unwrap()
            .to_str()
            .unwrap()
            .split("sopsguard-")
            .nth(1)
            .unwrap()
            .to_owned();
        forge(&world, |text| text.replace(&now, id));
        assert_eq!(refused(&world, world.home()), Fault::Damaged, "{id}");
        fs::write(world.home().journal(), &journal).unwrap();
    }
    assert_eq!(fs::read(world.outside().join("x")).unwrap(), b"theirs");
}

#[test]
fn a_journal_of_another_place_is_refused() {
    let world = interrupted_world();
    let other = World::new();
    let folder = other.home().folder();
    fs::create_dir(folder).unwrap();
    fs::copy(world.home().journal(), other.home().journal()).unwrap();
    let fault = refused(&other, other.home());
    assert!(
        matches!(fault, Fault::OtherRoot { root } if root == world.root().canonicalize().unwrap())
    );
    assert!(other.is_old());
}

#[test]
fn a_journal_of_somebody_else_is_refused() {
    let world = interrupted_world();
    let (folder, journal) = (world.home().folder().to_owned(), world.home().journal());
    // A link to a journal is not a journal, nor is one to a folder that has one.
    let aside = world.outside().join("journal");
    fs::rename(&journal, &aside).unwrap();
    symlink(&aside, &journal).unwrap();
    assert_eq!(refused(&world, world.home()), Fault::OtherOwner);
    fs::remove_file(&journal).unwrap();
    fs::rename(&aside, &journal).unwrap();
    let elsewhere = world.outside().join("home");
    fs::rename(&folder, &elsewhere).unwrap();
    symlink(&elsewhere, &folder).unwrap();
    assert_eq!(refused(&world, world.home()), Fault::OtherOwner);
    fs::remove_file(&folder).unwrap();
    fs::rename(&elsewhere, &folder).unwrap();
    // Only root can give files away.
    if std::os::unix::fs::chown(&journal, Some(12345), None).is_err() {
        eprintln!("skipped: this needs root");
        return;
    }
    assert_eq!(refused(&world, world.home()), Fault::OtherOwner);
    std::os::unix::fs::chown(&journal, Some(0), None).unwrap();
    std::os::unix::fs::chown(&folder, Some(12345), None).unwrap();
    assert_eq!(refused(&world, world.home()), Fault::OtherOwner);
}

#[test]
fn a_file_that_was_edited_since_is_not_written_over() {
    for (path, text) in [("b", "theirs"), ("n/a", "theirs"), ("c", "theirs")] {
        let world = interrupted_world();
        fs::write(world.root().join(path), text).unwrap();
        let fault = refused(&world, world.home());
        assert!(matches!(fault, Fault::Stranger { path: of } if of == Path::new(path)));
        // As the help says.
        let aside = world.root().join("mine");
        fs::rename(world.root().join(path), &aside).unwrap();
        go(world.home(), Direction::Undo).unwrap();
        assert_eq!(fs::read_to_string(&aside).unwrap(), text);
        fs::remove_file(aside).unwrap();
        assert!(world.is_old(), "{:?}", world.files());
        world.assert_clean();
    }
}

#[test]
fn what_is_needed_and_gone_is_said() {
    let world = interrupted_world();
    let is_new = |path: &Path| crate::paths::is_temporary(path);
    for temporary in world.files().into_keys().filter(|path| is_new(path)) {
        fs::write(world.root().join(temporary), "forged").unwrap();
    }
    let fault = go(world.home(), Direction::Finish);
    assert!(matches!(
        fault,
        Err(Error::Journal {
            fault: Fault::NewGone { .. },
            ..
        })
    ));
    go(world.home(), Direction::Undo).unwrap();
    assert!(world.is_old());
    world.assert_clean();

    let world = interrupted_world();
    fs::remove_file(world.root().join("b")).unwrap();
    fs::write(world.home().old(), "forged").unwrap();
    let fault = go(world.home(), Direction::Undo);
    assert!(matches!(
        fault,
        Err(Error::Journal {
            fault: Fault::OldGone { .. },
            ..
        })
    ));
    go(world.home(), Direction::Finish).unwrap();
    assert!(world.is_new());
    world.assert_clean();
}

#[test]
fn a_draft_that_leads_elsewhere_deletes_nothing_there() {
    let world = World::new();
    let outside = world.outside().join(".x.sopsguard-abc");
    fs::write(&outside, "theirs").unwrap();
    symlink(world.outside(), world.root().join("away")).unwrap();
    let entry = r#"{"path":"away/x","old":null,"new":{"hash":"HASH","length":1}}"#;
    let hash = Digest::of(b"x").to_string();
    let root = super::super::place::encode(&world.root().canonicalize().unwrap());
    let text = format!(
        r#"{{"root":"{root}","id":"abc","folders":[],"entries":[{}]}}"#,
        entry.replace("HASH", &hash)
    );
    fs::create_dir(world.home().folder()).unwrap();
    let whole = format!(
        "sopsguard-journal/1 {}\n{text}",
        Digest::of(text.as_bytes())
    );
    fs::write(world.home().draft(), whole).unwrap();
    let draft = Journal::load(&world.home().draft(), &world.root().canonicalize().unwrap());
    assert!(draft.unwrap().is_some(), "it is well made");
    drop(world.begin());
    assert_eq!(fs::read(&outside).unwrap(), b"theirs");
    world.assert_clean();
}
