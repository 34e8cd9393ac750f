//! How long it takes, in repositories of the size that promises are made for. Run with
//! `cargo test --profile ci --lib repo::tests::speed -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use super::*;

/// A repository from the text that `git fast-import` reads.
fn import(text: &str) -> World {
    let world = World::new();
    world.feed(&["fast-import", "--quiet", "--force"], text.as_bytes());
    world.git(["reset", "--quiet", "--hard", "main"]);
    world
}

/// `files` files of ten values in the first commit, of which each later commit changes one.
fn text(files: usize, folders: usize, commits: usize) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for commit in 0..commits {
        let time = 1_600_000_000 + commit * 60;
        writeln!(
            text,
            "commit refs/heads/main\ncommitter a <a> {time} +0000\ndata 1\nx"
        )
        .unwrap();
        let all = if commit == 0 {
            0..files
        } else {
            commit * 7 % files..commit * 7 % files + 1
        };
        for file in all {
            let content = format!(
                "file {file}\ncommit {commit}\n{}",
                "ENC[AES256_GCM,data:x]\n".repeat(40)
            );
            let path = path(file, folders);
            writeln!(
                text,
                "M 100644 inline {path}\ndata {}\n{content}",
                content.len()
            )
            .unwrap();
        }
    }
    text
}

fn path(file: usize, folders: usize) -> String {
    format!("apps/{}/s{file}.enc.yaml", file % folders)
}

/// The best and the median of some runs.
fn times(runs: usize, mut run: impl FnMut()) -> (Duration, Duration) {
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    (times[0], times[runs / 2])
}

#[test]
#[ignore = "measures"]
fn paths_and_histories_are_found_fast() {
    let world = import(&text(20_000, 2_000, 2_000));
    for is_loose in [false, true] {
        if is_loose {
            let pack = world.git(["ls-files", ".git"]);
            assert!(pack.is_empty());
            unpack(&world);
        }
        one_of_many(&world, if is_loose { "loose" } else { "packed" });
    }
    let world = import(&text(1_000, 100, 5_000));
    history_of_many(&world, "100 folders");
    let world = import(&text(1_000, 1, 5_000));
    history_of_many(&world, "one folder");
}

fn unpack(world: &World) {
    let packs = world.inside.join(".git/objects/pack");
    for entry in std::fs::read_dir(&packs).unwrap() {
        let place = entry.unwrap().path();
        if place.extension().is_some_and(|end| end == "pack") {
            let bytes = std::fs::read(&place).unwrap();
            std::fs::remove_file(&place).unwrap();
            let _ = std::fs::remove_file(place.with_extension("idx"));
            world.feed(&["unpack-objects", "-q"], &bytes);
        }
    }
}

fn one_of_many(world: &World, what: &str) {
    let file = path(777, 2_000);
    let cold = times(21, || {
        let repo = world.repo();
        let mut commits = repo.commits();
        let base = commits.base().unwrap();
        assert!(
            commits
                .at(base.commits[0], file.as_bytes())
                .unwrap()
                .is_some()
        );
    });
    println!("{what}: one path of HEAD, cold: {cold:?}");
    let index = times(21, || {
        assert!(world.repo().index().unwrap().at(file.as_bytes()).is_some());
    });
    println!("{what}: the index alone: {index:?}");
    let since = times(11, || {
        let repo = world.repo();
        let mut commits = repo.commits();
        let base = commits.base_since("HEAD~100").unwrap();
        let changes = commits
            .changed(Some(base.commits[0]), commits_head(&repo))
            .unwrap();
        assert_eq!(changes.paths.len(), 100);
        let blobs = repo.blobs();
        for change in &changes.paths {
            let Some(Kind::File(id)) = commits.at(base.commits[0], &change.path).unwrap() else {
                panic!("a file");
            };
            assert!(blobs.read(&id, 9_999).is_ok());
        }
    });
    println!("{what}: 100 changed files since a base, and their base blobs: {since:?}");
    let range = times(5, || {
        let repo = world.repo();
        let mut commits = repo.commits();
        let base = commits.base_since("HEAD~100").unwrap();
        assert_eq!(commits.brought(&base, FAR).unwrap().files.len(), 100);
    });
    println!("{what}: what 100 commits brought: {range:?}");
    let differing = times(5, || {
        let repo = world.repo();
        let mut commits = repo.commits();
        let base = commits.base_since("HEAD~100").unwrap().commits[0];
        let index = repo.index().unwrap();
        assert_eq!(index.differing_from(&mut commits, base).unwrap().len(), 100);
        assert!(index.vanished(&mut commits, base).unwrap().is_empty());
    });
    println!("{what}: the index against a base: {differing:?}");
}

fn commits_head(repo: &Repo<'_>) -> CommitId {
    repo.commits().head().unwrap()
}

fn history_of_many(world: &World, what: &str) {
    let folders = if what == "one folder" { 1 } else { 100 };
    let paths: Vec<String> = (0..1_000).map(|file| path(file, folders)).collect();
    let paths: Vec<&[u8]> = paths.iter().map(|path| path.as_bytes()).collect();
    let walk = times(3, || {
        let repo = world.repo();
        let mut commits = repo.commits();
        let head = commits.head().unwrap();
        let found = commits.histories(head, &paths, FAR).unwrap();
        assert_eq!(
            found.files.iter().map(Vec::len).sum::<usize>(),
            1_000 + 4_999
        );
    });
    println!("1,000 files, 5,000 commits, {what}: versions: {walk:?}");
    let read = times(2, || {
        let repo = world.repo();
        let mut commits = repo.commits();
        let head = commits.head().unwrap();
        let found = commits.histories(head, &paths, FAR).unwrap();
        let blobs = repo.blobs();
        for version in found.files.iter().flatten() {
            assert!(blobs.read(version.blob.as_ref().unwrap(), 9_999).is_ok());
        }
    });
    println!("1,000 files, 5,000 commits, {what}: with reading all: {read:?}");
}
