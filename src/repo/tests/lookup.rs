//! Single paths of commits, and what differs between two.

use super::*;

fn blob(world: &World, spec: &str) -> Option<Kind> {
    Some(Kind::File(BlobId(world.git(["rev-parse", spec]))))
}

#[cfg(unix)]
#[test]
fn a_path_of_a_commit_is_what_git_says_in_loose_and_packed_repositories_of_any_format() {
    for format in ["sha1", "sha256"] {
        let world = World::with_format(format);
        world.write("a/b/c.enc.yaml", "1");
        world.write("a/b.yaml", "2");
        std::os::unix::fs::symlink("b.yaml", world.inside.join("a/link")).unwrap();
        let first = world.put("top", "3");
        let second = world.put("a/b/c.enc.yaml", "4");
        for is_packed in [false, true] {
            if is_packed {
                world.git(["gc", "--quiet"]);
            }
            let repo = world.repo();
            let mut commits = repo.commits();
            for commit in [&first, &second] {
                for path in ["a/b/c.enc.yaml", "a/b.yaml", "top"] {
                    let expected = blob(&world, &format!("{commit}:{path}"));
                    assert_eq!(commits.at(id(commit), path.as_bytes()).unwrap(), expected);
                }
                assert_eq!(commits.at(id(commit), b"a/link").unwrap(), Some(Kind::Link));
                for path in ["a", "a/", "/a", "", "a/b/c", "top/x", "a/../top", "none"] {
                    assert_eq!(
                        commits.at(id(commit), path.as_bytes()).unwrap(),
                        None,
                        "{path}"
                    );
                }
            }
            let Some(Kind::File(read)) = commits.at(id(&first), b"a/b/c.enc.yaml").unwrap() else {
                panic!("a file");
            };
            assert_eq!(repo.blobs().read(&read, 9).unwrap(), b"1");
        }
    }
}

#[test]
fn a_text_is_known_to_be_a_blobs_without_reading_that() {
    for format in ["sha1", "sha256"] {
        let world = World::with_format(format);
        let commit = world.put("a", "text");
        let repo = world.repo();
        let Some(Kind::File(blob)) = repo.commits().at(id(&commit), b"a").unwrap() else {
            panic!("a file");
        };
        assert!(blob.is_of(b"text"));
        assert!(!blob.is_of(b"texts"));
    }
}

/// Two commits between which files changed, came and went, and became folders.
fn two_commits(format: &str) -> (World, String, String) {
    let world = World::with_format(format);
    let paths = "same changed deep/er/changed deep/same/x gone/a gone/b file folder/x";
    for path in paths.split(' ') {
        world.write(path, path);
    }
    let was = world.commit();
    for path in ["gone", "folder"] {
        std::fs::remove_dir_all(world.inside.join(path)).unwrap();
    }
    std::fs::remove_file(world.inside.join("file")).unwrap();
    for path in ["changed", "deep/er/changed", "file/y", "folder"] {
        world.write(path, "2");
    }
    world.write("new/x", "gone/a");
    let is = world.commit();
    (world, was, is)
}

#[test]
fn what_differs_between_two_commits_is_what_git_says() {
    for format in ["sha1", "sha256"] {
        let (world, was, is) = two_commits(format);
        let repo = world.repo();
        let mut commits = repo.commits();
        let changes = commits.changed(Some(id(&was)), id(&is)).unwrap();
        let line = |changed: &Changed| {
            let letter = match (&changed.was, &changed.is) {
                (None, _) => 'A',
                (_, None) => 'D',
                _ => 'M',
            };
            format!("{letter}\t{}", String::from_utf8_lossy(&changed.path))
        };
        let found: Vec<String> = changes.paths.iter().map(line).collect();
        let git = [
            "diff-tree",
            "-r",
            "--no-renames",
            "--name-status",
            &was,
            &is,
        ];
        let said = world.git(git);
        let mut said: Vec<&str> = said.lines().collect();
        said.sort_by_key(|line| line[2..].to_owned());
        assert_eq!(found, said);
        assert!(said.len() >= 8, "{said:?}");
        assert_eq!(commits.changed(None, id(&was)).unwrap().paths.len(), 8);
    }
}

#[test]
fn files_that_may_have_been_renamed_are_paired_by_what_they_hold() {
    let (world, was, is) = two_commits("sha1");
    let repo = world.repo();
    let changes = repo.commits().changed(Some(id(&was)), id(&is)).unwrap();
    let renames = renames(&changes.paths, |path| path != b"file");
    assert_eq!(renames.exact, [(b"gone/a".to_vec(), b"new/x".to_vec())]);
    let names = |list: &[(Vec<u8>, BlobId)]| -> Vec<String> {
        let names = list.iter().map(|(path, _)| String::from_utf8_lossy(path));
        names.map(std::borrow::Cow::into_owned).collect()
    };
    assert_eq!(names(&renames.vanished), ["folder/x", "gone/b"]);
    assert_eq!(names(&renames.new), ["file/y", "folder"]);
}

#[test]
fn of_files_with_one_content_those_of_one_name_belong_together() {
    let world = World::new();
    for path in ["a/one", "a/two", "a/three"] {
        world.write(path, "same");
    }
    let was = world.commit();
    world.git(["mv", "a", "b"]);
    std::fs::remove_file(world.inside.join("b/one")).unwrap();
    let is = world.commit();
    let repo = world.repo();
    let changes = repo.commits().changed(Some(id(&was)), id(&is)).unwrap();
    let renames = diff::renames(&changes.paths, |_| true);
    let expected = [("a/three", "b/three"), ("a/two", "b/two")];
    let expected = expected.map(|(old, new)| (old.as_bytes().to_vec(), new.as_bytes().to_vec()));
    assert_eq!(renames.exact, expected);
    assert_eq!(renames.vanished.len(), 1);
}

#[test]
fn what_the_index_changes_against_a_commit_and_what_it_lacks() {
    for format in ["sha1", "sha256"] {
        let world = World::with_format(format);
        for path in ["a/x", "a/y", "b/x", "c/d/x", "c/d/y", "kept/x"] {
            world.write(path, path);
        }
        let first = world.commit();
        world.put("kept/y", "later");
        world.git(["rm", "--quiet", "a/x"]);
        world.git(["mv", "c", "e"]);
        world.write("b/x", "changed");
        world.git(["add", "b/x"]);
        let repo = world.repo();
        let index = repo.index().unwrap();
        let names = |list: Vec<Vec<u8>>| -> Vec<String> {
            list.iter()
                .map(|path| String::from_utf8_lossy(path).into_owned())
                .collect()
        };
        let mut commits = repo.commits();
        for (commit, more) in [
            (world.git(["rev-parse", "HEAD"]), &[][..]),
            (first, &["kept/y"]),
        ] {
            let differing = index.differing_from(&mut commits, id(&commit)).unwrap();
            let differing = names(differing.into_iter().map(|entry| entry.path).collect());
            let expected: Vec<&str> = ["b/x", "e/d/x", "e/d/y"]
                .iter()
                .chain(more)
                .copied()
                .collect();
            assert_eq!(differing, expected, "{format}");
            let vanished = index.vanished(&mut commits, id(&commit)).unwrap();
            let vanished = names(vanished.into_iter().map(|(path, _)| path).collect());
            assert_eq!(vanished, ["a/x", "c/d/x", "c/d/y"], "{format}");
        }
    }
}
