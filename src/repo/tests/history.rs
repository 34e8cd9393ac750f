//! The history of files, beside what `git log` says of them.

use super::*;

fn histories(world: &World, paths: &[&str], reach: Reach) -> Histories {
    let repo = world.repo();
    let mut commits = repo.commits();
    let head = commits.head().unwrap();
    let paths: Vec<&[u8]> = paths.iter().map(|path| path.as_bytes()).collect();
    commits.histories(head, &paths, reach).unwrap()
}

fn commits_of(versions: &[Version]) -> Vec<String> {
    versions
        .iter()
        .map(|version| version.commit.to_string())
        .collect()
}

/// The commits that `git log` names.
fn log(world: &World, arguments: &[&str]) -> Vec<String> {
    let all = ["log", "--format=%H", "--topo-order"]
        .iter()
        .chain(arguments);
    let said = world.git(all.copied());
    said.lines().map(str::to_owned).collect()
}

#[test]
fn versions_are_the_commits_that_git_log_names() {
    for format in ["sha1", "sha256"] {
        let world = World::with_format(format);
        for number in 0..6 {
            world.write("one/a", &(number / 2).to_string());
            world.write("one/b", &(number / 3).to_string());
            world.put("two/deep/c", &number.to_string());
        }
        std::fs::remove_file(world.inside.join("one/b")).unwrap();
        world.commit();
        world.put("one/b", "again");
        world.git(["gc", "--quiet"]);
        let paths = ["one/a", "one/b", "two/deep/c", "none", "one"];
        let found = histories(&world, &paths, FAR);
        assert_eq!(found.end, End::Complete);
        for (path, versions) in paths.iter().zip(&found.files) {
            let mut expected = log(&world, &["--", path]);
            if *path == "one" {
                expected.clear();
            }
            assert_eq!(commits_of(versions), expected, "{path}");
            for version in versions {
                let there = format!("{}:{path}", version.commit);
                let blob = version.blob.clone();
                let gone = !world.try_git(["cat-file", "-e", &there]);
                assert_eq!(
                    blob,
                    (!gone).then(|| BlobId(world.git(["rev-parse", &there])))
                );
            }
            for pair in versions.windows(2) {
                assert_eq!(pair[0].before, [pair[1].blob.clone()]);
            }
        }
        let repo = world.repo();
        let author = repo.commits().author(found.files[0][0].commit).unwrap();
        assert_eq!(
            (author.name.as_str(), author.date.to_string().as_str()),
            ("Ada", "2023-11-14")
        );
    }
}

/// Random branches and merges, of which some take one side and some neither.
fn random_merges(paths: &[&str]) -> World {
    let world = World::new();
    let mut random = Random::new();
    for path in paths {
        world.write(path, "0");
    }
    world.commit();
    for number in 0..12 {
        let start = if number > 0 {
            random.of(&["HEAD", "HEAD~1"])
        } else {
            "HEAD"
        };
        world.git(["checkout", "--quiet", "-B", "side", start]);
        for _ in 0..=random.below(2) {
            let text = format!("side {number} {}", random.below(3));
            world.put(random.of(paths), &text);
        }
        world.git(["checkout", "--quiet", "main"]);
        world.put(random.of(paths), &format!("main {number}"));
        world.clock.set(world.clock.get() + 1);
        let option = random.of(&["--strategy-option=ours", "--strategy-option=theirs"]);
        world.git(["merge", "--quiet", "--no-ff", "--no-commit", option, "side"]);
        if random.below(3) == 0 {
            world.write(random.of(paths), &format!("merge {number}"));
        }
        world.commit();
    }
    world
}

#[test]
fn merges_are_followed_to_the_side_that_they_took() {
    let world = random_merges(&["a", "b", "c"]);
    let paths = ["a", "b", "c"];
    let found = histories(&world, &paths, FAR);
    let mut merges = 0;
    let list = world.git(["rev-list", "--parents", "HEAD"]);
    let mut parents = Parents::new();
    for line in list.lines() {
        let mut ids = line.split(' ').map(str::to_owned);
        parents.insert(ids.next().unwrap(), ids.collect());
    }
    for (path, versions) in paths.iter().zip(&found.files) {
        // git leaves merges out unless they are asked for.
        let mut expected = log(&world, &["--", path]);
        let mut found = commits_of(versions);
        merges += versions
            .iter()
            .filter(|version| version.before.len() > 1)
            .count();
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{path}");
        // No version comes before one that was made of it.
        for (at, version) in versions.iter().enumerate() {
            let version = version.commit.to_string();
            for older in &versions[at + 1..] {
                let older = older.commit.to_string();
                assert!(!ancestors(&parents, &older).contains(&version));
            }
        }
    }
    assert!(merges > 0);
}

#[test]
fn a_file_is_followed_to_its_former_names_where_nothing_else_changed_with_them() {
    for format in ["sha1", "sha256"] {
        let world = World::with_format(format);
        world.write("other", "1");
        let first = world.put("old/a.enc.yaml", "1");
        let second = world.put("old/a.enc.yaml", "2");
        world.write("old/a.enc.yaml", "2");
        world.git(["mv", "old", "new"]);
        let moved = world.commit();
        let third = world.put("new/a.enc.yaml", "3");
        world.git(["mv", "new/a.enc.yaml", "b.enc.yaml"]);
        let again = world.commit();
        // Under the former name there is another file since.
        world.put("old/a.enc.yaml", "unlike");
        let found = histories(&world, &["b.enc.yaml", "old/a.enc.yaml"], FAR);
        let versions = &found.files[0];
        assert_eq!(
            commits_of(versions),
            [again.clone(), third, moved, second, first.clone()]
        );
        let paths: Vec<String> = versions
            .iter()
            .map(|version| String::from_utf8_lossy(&version.path).into_owned())
            .collect();
        assert_eq!(
            paths,
            [
                "b.enc.yaml",
                "new/a.enc.yaml",
                "new/a.enc.yaml",
                "old/a.enc.yaml",
                "old/a.enc.yaml"
            ]
        );
        let renamed = versions[0].renamed_from.as_deref();
        assert_eq!(renamed, Some(&b"new/a.enc.yaml"[..]));
        assert_eq!(versions[0].before, [versions[0].blob.clone()]);
        assert_eq!(
            commits_of(versions),
            log(&world, &["--follow", "--", "b.enc.yaml"])
        );
        // It is followed by its path through the time in which there was none.
        assert_eq!(commits_of(&found.files[1]).last(), Some(&first));
    }
}

#[test]
fn a_search_ends_where_it_may_go_no_farther() {
    let origin = World::new();
    for number in 0..6 {
        origin.put("a", &(number / 2).to_string());
    }
    let all = log(&origin, &["--", "a"]);
    for (commits, expected) in [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (5, 2)] {
        let found = histories(&origin, &["a"], Reach { commits, ..FAR });
        assert_eq!(commits_of(&found.files[0]), all[..expected], "{commits}");
        assert_eq!(found.end, End::Limit);
    }
    let found = histories(&origin, &["a"], Reach { commits: 6, ..FAR });
    assert_eq!(
        (commits_of(&found.files[0]), found.end, found.commits),
        (all.clone(), End::Complete, 6)
    );
    let shallow = origin.clone_with(&["--depth=3"]);
    let found = histories(&shallow, &["a"], FAR);
    let last = &found.files[0][1];
    assert_eq!(found.end, End::Shallow);
    assert!(last.is_cut && last.before.is_empty());
    assert_eq!(found.files[0].len(), 2);
}

#[test]
fn one_path_may_be_asked_for_twice() {
    let world = World::new();
    world.put("a", "1");
    world.put("b", "1");
    let found = histories(&world, &["a", "a", "b"], FAR);
    let lens: Vec<usize> = found.files.iter().map(Vec::len).collect();
    assert_eq!(lens, [1, 1, 1]);
    assert_eq!(found.files[0], found.files[1]);
    assert_ne!(found.files[0], found.files[2]);
}
