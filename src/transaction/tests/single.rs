//! One file at a time.
#![cfg(unix)]

use std::os::unix::fs::{PermissionsExt, symlink};

use std::fs;

use crate::transaction::{Error, create, create_private, replace};

#[test]
fn a_file_is_replaced_whole_and_keeps_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let place = root.join("a.json");
    replace(&place, root, b"one").unwrap();
    assert_eq!(fs::read(&place).unwrap(), b"one");
    let mode = || place.metadata().unwrap().permissions().mode() & 0o777;
    fs::write(root.join("usual"), "").unwrap();
    let usual = root.join("usual").metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), usual);
    fs::set_permissions(&place, fs::Permissions::from_mode(0o640)).unwrap();
    replace(&place, root, b"two").unwrap();
    assert_eq!(
        (fs::read(&place).unwrap(), mode()),
        (b"two".to_vec(), 0o640)
    );
    assert_eq!(fs::read_dir(root).unwrap().count(), 2, "nothing is left");
}

#[test]
fn links_are_followed_inside_and_never_out() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repo");
    let outside = folder.path().join("outside");
    for made in [&root, &outside, &root.join(".git"), &root.join("sub")] {
        fs::create_dir(made).unwrap();
    }
    fs::write(outside.join("a"), "theirs").unwrap();
    fs::write(root.join("sub/a"), "ours").unwrap();
    symlink("sub/a", root.join("inside")).unwrap();
    replace(&root.join("inside"), &root, b"new").unwrap();
    assert!(root.join("inside").is_symlink());
    assert_eq!(fs::read(root.join("sub/a")).unwrap(), b"new");
    symlink("../outside/a", root.join("file")).unwrap();
    symlink("../outside", root.join("folder")).unwrap();
    symlink("../outside/new", root.join("dangling")).unwrap();
    symlink(".git", root.join("git")).unwrap();
    for name in [
        "file",
        "folder/a",
        "folder/new",
        "dangling",
        ".git/a",
        "git/a",
        "sub",
        "none/a",
    ] {
        assert!(replace(&root.join(name), &root, b"x").is_err(), "{name}");
    }
    assert_eq!(fs::read(outside.join("a")).unwrap(), b"theirs");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    assert_eq!(fs::read_dir(root.join(".git")).unwrap().count(), 0);
    // Who names a place outside means it.
    replace(&outside.join("b"), &root, b"x").unwrap();
}

#[test]
fn a_new_file_takes_the_place_of_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    create(&root.join("new"), b"ours").unwrap();
    assert_eq!(fs::read(root.join("new")).unwrap(), b"ours");
    fs::write(root.join("file"), "theirs").unwrap();
    fs::create_dir(root.join("folder")).unwrap();
    symlink("nowhere", root.join("dangling")).unwrap();
    symlink("file", root.join("link")).unwrap();
    for name in ["new", "file", "folder", "dangling", "link"] {
        let refused = create(&root.join(name), b"other");
        assert!(matches!(refused, Err(Error::Exists { .. })), "{name}");
    }
    assert_eq!(fs::read(root.join("new")).unwrap(), b"ours");
    assert_eq!(fs::read(root.join("file")).unwrap(), b"theirs");
    assert_eq!(fs::read_dir(root).unwrap().count(), 5, "nothing is left");
    assert!(!root.join("nowhere").exists());
    assert!(create(&root.join("none/a"), b"x").is_err());
}

#[test]
fn a_private_file_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("key.txt");
    create_private(&place, b"secret").unwrap();
    assert_eq!(
        place.metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(matches!(
        create_private(&place, b"x"),
        Err(Error::Exists { .. })
    ));
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing is left"
    );
}
