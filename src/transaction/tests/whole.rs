//! Several files at once, on a disk that does what it is told.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::world::World;
use crate::transaction::{Error, Home, Mode, Transaction, interrupted};

#[test]
fn all_files_change_together_and_nothing_else_is_left() {
    let world = World::new();
    fs::set_permissions(world.root().join("b"), fs::Permissions::from_mode(0o640)).unwrap();
    let done = world.change().commit().unwrap();
    assert_eq!((done.written, done.removed), (2, 1));
    assert!(done.syncing <= done.took);
    world.assert_new();
    let mode = |path: &str| world.root().join(path).metadata().unwrap().mode() & 0o777;
    assert_eq!(mode("b"), 0o640, "the mode stays");
    world.assert_clean();
}

#[test]
fn files_that_are_not_what_was_read_are_left_alone() {
    type Edit = fn(&Path);
    let edits: [(&str, Edit); 4] = [
        ("edited", |root| {
            fs::write(root.join("b"), "theirs").unwrap()
        }),
        ("gone", |root| fs::remove_file(root.join("c")).unwrap()),
        ("new", |root| {
            fs::create_dir(root.join("n")).unwrap();
            fs::write(root.join("n/a"), "theirs").unwrap();
        }),
        ("a folder", |root| {
            fs::remove_file(root.join("b")).unwrap();
            fs::create_dir(root.join("b")).unwrap();
        }),
    ];
    for (what, edit) in edits {
        let world = World::new();
        let change = world.change();
        edit(world.root());
        let before = world.files();
        assert!(change.commit().is_err(), "{what}");
        assert_eq!(world.files(), before, "{what}");
        world.assert_clean();
    }
}

#[test]
fn nothing_outside_the_root_or_in_gits_folder_is_written() {
    let world = World::new();
    let root = world.root();
    let outside = world.outside();
    fs::write(outside.join("x"), "theirs").unwrap();
    fs::write(root.join(".git/config"), "git's").unwrap();
    symlink(outside.join("x"), root.join("file")).unwrap();
    symlink(&outside, root.join("folder")).unwrap();
    symlink("nowhere", root.join("dangling")).unwrap();
    let theirs = b"theirs";
    let before = world.files();
    for path in ["file", "folder/x", "../outside/x", "dangling"] {
        let mut change = world.begin();
        change.replace(Path::new(path), theirs, b"ours");
        assert!(change.commit().is_err(), "{path}");
    }
    let absolute = outside.join("x");
    for path in [
        absolute.as_path(),
        Path::new(".git/config"),
        Path::new(".git/x"),
    ] {
        let mut change = world.begin();
        change.replace(path, b"git's", b"ours");
        change.replace(path, theirs, b"ours");
        assert!(change.commit().is_err());
    }
    for path in [
        "folder/new",
        "../outside/new",
        ".git/new",
        "dangling",
        "file",
        "dangling/new",
    ] {
        let mut change = world.begin();
        change.create(Path::new(path), Mode::Usual, b"ours");
        assert!(change.commit().is_err(), "{path}");
    }
    let mut change = world.begin();
    change.remove(Path::new("file"), theirs);
    assert!(matches!(change.commit(), Err(Error::IsLink { .. })));
    assert_eq!(world.files(), before);
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    world.assert_clean();
}

#[test]
fn links_inside_are_followed_and_stay() {
    let world = World::new();
    let root = world.root();
    symlink("d/e", root.join("link")).unwrap();
    symlink("d", root.join("folder")).unwrap();
    let mut change = world.begin();
    change.replace(Path::new("link"), b"old e", b"new");
    change.create(Path::new("folder/f"), Mode::Private, b"f");
    change.commit().unwrap();
    assert!(root.join("link").is_symlink());
    assert_eq!(fs::read(root.join("d/e")).unwrap(), b"new");
    let made = root.join("d/f").metadata().unwrap();
    assert_eq!(made.mode() & 0o777, 0o600);
    let mut change = world.begin();
    change.replace(Path::new("link"), b"new", b"x");
    change.replace(Path::new("d/e"), b"new", b"y");
    assert!(matches!(change.commit(), Err(Error::Twice { .. })));
}

#[test]
fn folders_are_made_for_new_files_and_modes_are_taken_from_others() {
    let world = World::new();
    let root = world.root();
    fs::set_permissions(root.join("c"), fs::Permissions::from_mode(0o604)).unwrap();
    let mut change = world.begin();
    let like = Mode::Like(PathBuf::from("c"));
    change.create(Path::new("x/y/z"), like, b"z");
    change.create(Path::new("x/w"), Mode::Usual, b"w");
    change.remove(Path::new("c"), b"old c");
    change.commit().unwrap();
    assert_eq!(fs::read(root.join("x/y/z")).unwrap(), b"z");
    assert_eq!(root.join("x/y/z").metadata().unwrap().mode() & 0o777, 0o604);
    assert!(!root.join("c").exists());
    world.assert_clean();
}

#[test]
fn what_is_read_only_stays() {
    for path in ["b", "c", "d"] {
        let world = World::new();
        let place = world.root().join(path);
        let mode = place.metadata().unwrap().mode();
        let read_only = fs::Permissions::from_mode(mode & 0o555);
        fs::set_permissions(&place, read_only).unwrap();
        let before = world.files();
        let mut change = world.change();
        change.replace(Path::new("d/e"), b"old e", b"new");
        let refused = change.commit();
        assert!(matches!(refused, Err(Error::ReadOnly { .. })), "{path}");
        assert_eq!(world.files(), before);
        world.assert_clean();
        fs::set_permissions(&place, fs::Permissions::from_mode(mode)).unwrap();
    }
}

#[test]
fn one_writes_at_a_time() {
    let world = World::new();
    let first = world.begin();
    let second = Transaction::begin(world.home());
    let us = std::process::id();
    assert!(matches!(second, Err(Error::Locked { process: Some(id) }) if id == us));
    drop(first);
    drop(world.begin());
    world.assert_clean();
}

#[test]
fn writers_at_the_same_time_take_turns() {
    let world = World::new();
    fs::write(world.root().join("count"), "0").unwrap();
    let count = |home: &Home| {
        let place = home.root().join("count");
        loop {
            let Ok(mut change) = Transaction::begin(home) else {
                continue;
            };
            let old = fs::read(&place).unwrap();
            let number: u32 = std::str::from_utf8(&old).unwrap().parse().unwrap();
            let new = (number + 1).to_string().into_bytes();
            change.replace(&place, &old, &new);
            change.commit().unwrap();
            return;
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..5).for_each(|_| count(world.home())));
        }
    });
    assert_eq!(fs::read(world.root().join("count")).unwrap(), b"20");
    world.assert_clean();
}

#[test]
fn a_file_that_has_its_new_bytes_is_not_touched() {
    let world = World::new();
    let node = || world.root().join("b").metadata().unwrap().ino();
    let before = node();
    let mut change = world.begin();
    change.replace(Path::new("b"), b"old b", b"old b");
    assert_eq!(change.commit().unwrap().written, 0);
    assert_eq!(node(), before);
    assert!(!interrupted(world.home()));
    world.assert_clean();
}

#[test]
fn many_files_are_written_by_several_threads() {
    let world = World::new();
    let root = world.root();
    let name = |at: usize| PathBuf::from(format!("{}/{at}", at % 7));
    let old: Vec<String> = (0..300).map(|at| at.to_string()).collect();
    let new: Vec<String> = (0..300).map(|at| format!("new {at}")).collect();
    let mut change = world.begin();
    for (at, old) in old.iter().enumerate() {
        change.create(&name(at), Mode::Usual, old.as_bytes());
    }
    change.commit().unwrap();
    let mut change = world.begin();
    for (at, (old, new)) in old.iter().zip(&new).enumerate() {
        change.replace(&name(at), old.as_bytes(), new.as_bytes());
    }
    assert_eq!(change.commit().unwrap().written, 300);
    for at in 0..300 {
        let text = fs::read_to_string(root.join(name(at))).unwrap();
        assert_eq!(text, format!("new {at}"));
    }
    world.assert_clean();
}

/// Prints how long 1,000 small files take; in `target` where that is on a disk, and in memory.
#[test]
#[ignore = "a measurement"]
fn a_thousand_files_take_so_long() {
    let disk = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    for (what, world) in [
        ("in memory", World::new()),
        ("on disk", World::within(&disk, 0)),
    ] {
        let name = |at: usize| PathBuf::from(format!("{}/{at}.enc.yaml", at % 20));
        let text = |word: &str| format!("{word} {}", "x".repeat(2000)).into_bytes();
        let (old, new) = (text("old"), text("new"));
        let mut change = world.begin();
        for at in 0..1000 {
            change.create(&name(at), Mode::Usual, &old);
        }
        change.commit().unwrap();
        let mut change = world.begin();
        for at in 0..1000 {
            change.replace(&name(at), &old, &new);
        }
        let done = change.commit().unwrap();
        println!(
            "1,000 files {what}: {:?}, of that syncing {:?}",
            done.took, done.syncing
        );
    }
}
