//! Repositories that mean harm, or were harmed: clear answers in bounded time.

use std::time::{Duration, Instant};

use super::*;

/// Runs what must not take long, whatever the repository holds.
#[track_caller]
fn soon<T>(run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = run();
    let taken = start.elapsed();
    assert!(taken < Duration::from_secs(120), "{taken:?}");
    result
}

impl World {
    /// Makes an object that git would not make itself.
    fn object(&self, kind: &str, bytes: &[u8]) -> String {
        let arguments = ["hash-object", "-w", "--literally", "-t", kind, "--stdin"];
        self.feed(&arguments, bytes)
    }

    /// Makes a tree of these entries.
    fn tree(&self, entries: &[(&str, &[u8], &str)]) -> String {
        let mut bytes = Vec::new();
        for (mode, name, hex) in entries {
            bytes.extend_from_slice(format!("{mode} ").as_bytes());
            bytes.extend_from_slice(name);
            bytes.push(0);
            bytes.extend_from_slice(id(hex).0.bytes());
        }
        self.object("tree", &bytes)
    }

    /// Makes a commit of a tree, with these lines above the message.
    fn commit_of(&self, tree: &str, lines: &str) -> String {
        let text =
            format!("tree {tree}\n{lines}author a <a> 1 +0000\ncommitter a <a> 1 +0000\n\nx");
        self.object("commit", text.as_bytes())
    }

    /// Takes an object away.
    fn lose(&self, hex: &str) {
        let (folder, name) = hex.split_at(2);
        std::fs::remove_file(self.inside.join(".git/objects").join(folder).join(name)).unwrap();
    }
}

#[test]
fn names_that_lead_out_of_the_tree_are_none() {
    let world = World::new();
    let blob = world.object("blob", b"x");
    let inner = world.tree(&[("100644", b"passwd", &blob)]);
    let tree = world.tree(&[
        ("40000", b"..", &inner),
        ("100644", b"../up", &blob),
        ("100644", b"/etc/passwd", &blob),
        ("40000", b".", &inner),
        ("40000", b".git", &inner),
        ("40000", b".GIT", &inner),
        ("100644", b"", &blob),
        ("100644", b"\xff\xfe.enc.yaml", &blob),
        ("40000", b"fine", &inner),
    ]);
    let commit = id(&world.commit_of(&tree, ""));
    let repo = world.repo();
    let mut commits = repo.commits();
    let changes = commits.changed(None, commit).unwrap();
    let paths: Vec<&[u8]> = changes
        .paths
        .iter()
        .map(|changed| changed.path.as_slice())
        .collect();
    assert_eq!(paths, [&b"fine/passwd"[..], b"\xff\xfe.enc.yaml"]);
    assert_eq!(changes.odd, 7);
    for path in [
        &b"../passwd"[..],
        b"../up",
        b"/etc/passwd",
        b"./passwd",
        b".git/passwd",
        b".GIT/passwd",
        b"",
    ] {
        assert_eq!(commits.at(commit, path).unwrap(), None);
    }
    assert!(commits.at(commit, b"\xff\xfe.enc.yaml").unwrap().is_some());
    let found = commits.histories(
        commit,
        &[b"../passwd", b"\xff\xfe.enc.yaml", b"fine/passwd"],
        FAR,
    );
    let lens: Vec<usize> = found.unwrap().files.iter().map(Vec::len).collect();
    assert_eq!(lens, [0, 1, 1]);
}

#[test]
fn a_tree_that_unfolds_without_end_is_refused() {
    let world = World::new();
    let mut tree = world.object("blob", b"x");
    let names: Vec<String> = (0..20).map(|number| format!("{number:02}")).collect();
    for level in 0..12 {
        let mode = if level == 0 { "100644" } else { "40000" };
        let entries: Vec<_> = names
            .iter()
            .map(|name| (mode, name.as_bytes(), tree.as_str()))
            .collect();
        tree = world.tree(&entries);
    }
    let commit = id(&world.commit_of(&tree, ""));
    let repo = world.repo();
    let mut commits = repo.commits();
    let refused = soon(|| commits.changed(None, commit)).unwrap_err();
    assert!(refused.reason.contains("too many files"), "{refused}");
    let deep = ["00"; 12].join("/");
    assert!(
        soon(|| commits.at(commit, deep.as_bytes()))
            .unwrap()
            .is_some()
    );
    let found = soon(|| commits.histories(commit, &[deep.as_bytes()], FAR)).unwrap();
    assert_eq!(found.files[0].len(), 1);
}

#[test]
fn a_deeply_nested_tree_and_a_broad_one_are_read() {
    let world = World::new();
    let blob = world.object("blob", b"x");
    let mut tree = world.tree(&[("100644", b"f", &blob)]);
    for _ in 0..300 {
        tree = world.tree(&[("40000", b"d", &tree)]);
    }
    let names: Vec<String> = (0..100_000)
        .map(|number| format!("file-{number:06}.enc.yaml"))
        .collect();
    let mut entries: Vec<_> = names
        .iter()
        .map(|name| ("100644", name.as_bytes(), blob.as_str()))
        .collect();
    let broad = world.tree(&entries);
    let other = world.object("blob", b"y");
    entries[77].2 = &other;
    let changed = world.tree(&entries);
    let [first, second] = [&broad, &changed]
        .map(|broad| world.tree(&[("40000", b"broad", broad), ("40000", b"deep", &tree)]));
    let first = world.commit_of(&first, "");
    let second = world.commit_of(&second, &format!("parent {first}\n"));
    let repo = world.repo();
    let mut commits = repo.commits();
    let changes = soon(|| commits.changed(Some(id(&first)), id(&second))).unwrap();
    assert_eq!(changes.paths.len(), 1);
    assert_eq!(changes.paths[0].path, b"broad/file-000077.enc.yaml");
    let deep = format!("deep/{}f", "d/".repeat(300));
    assert!(commits.at(id(&first), deep.as_bytes()).unwrap().is_some());
    soon(|| {
        for name in &names {
            assert!(
                commits
                    .at(id(&second), format!("broad/{name}").as_bytes())
                    .unwrap()
                    .is_some()
            );
        }
    });
    let paths: Vec<String> = names.iter().map(|name| format!("broad/{name}")).collect();
    let paths: Vec<&[u8]> = paths.iter().map(|path| path.as_bytes()).collect();
    let found = soon(|| commits.histories(id(&second), &paths, FAR)).unwrap();
    assert_eq!(found.files[77].len(), 2);
    assert!(found.files.iter().all(|versions| !versions.is_empty()));
}

#[test]
fn what_is_missing_or_broken_is_told_and_the_rest_is_found() {
    let world = World::new();
    let first = world.put("a/f", "1");
    let second = world.put("a/f", "2");
    let third = world.put("b/f", "3");
    let [tree, top] = ["a", ""].map(|path| world.git(["rev-parse", &format!("{second}:{path}")]));
    let missing = |run: Result<Option<Kind>, Error>, what: &str| {
        let error = run.unwrap_err();
        assert!(error.reason.contains(what), "{error}");
        assert_eq!(error.reason.lines().count(), 1);
    };
    world.lose(&first);
    let repo = world.repo();
    let found = repo
        .commits()
        .histories(id(&third), &[b"a/f", b"b/f"], FAR)
        .unwrap();
    assert!(matches!(found.end, End::Unreadable(_)), "{:?}", found.end);
    assert_eq!(commits_of(&found, 1), [third.as_str()]);
    assert!(repo.commits().base_since(&first).is_err());
    missing(repo.commits().at(id(&first), b"a/f"), &first);
    // git itself says that there is none.
    let bases = repo.commits().merge_bases(id(&second), id(&third));
    assert!(bases.unwrap_err().reason.contains(&first));
    // A tree that is missing, then one that is something else, then one that is damaged.
    world.lose(&tree);
    missing(repo.commits().at(id(&third), b"a/f"), &tree);
    assert!(repo.commits().at(id(&third), b"b/f").unwrap().is_some());
    let blob = world.object("blob", b"x");
    let odd = world.tree(&[("40000", b"a", &blob), ("40000", b"s", &third)]);
    let odd = id(&world.commit_of(&odd, ""));
    for path in [&b"a/f"[..], b"s/f"] {
        missing(repo.commits().at(odd, path), "no tree");
    }
    missing(repo.commits().at(id(&blob), b"a"), "no commit");
    missing(repo.commits().at(id(&tree), b"a"), &tree);
    let (folder, name) = top.split_at(2);
    let place = world.inside.join(".git/objects").join(folder).join(name);
    std::fs::remove_file(&place).unwrap();
    std::fs::write(&place, b"nonsense").unwrap();
    missing(repo.commits().at(id(&second), b"a/f"), "");
    let cut = world.object("tree", b"100644 a\0short");
    let cut = world.commit_of(&cut, "");
    missing(repo.commits().at(id(&cut), b"a"), "no tree");
}

fn commits_of(found: &Histories, file: usize) -> Vec<String> {
    found.files[file]
        .iter()
        .map(|version| version.commit.to_string())
        .collect()
}

#[test]
fn replaced_and_grafted_commits_are_what_they_are_named() {
    for format in ["sha1", "sha256"] {
        let world = World::with_format(format);
        let first = world.put("a", "1");
        let second = world.put("a", "2");
        let other = world.put("a", "other");
        let expected = Some(Kind::File(BlobId(
            world.git(["rev-parse", &format!("{first}:a")]),
        )));
        world.git(["replace", &first, &other]);
        // Each is the other's parent now.
        world.write(".git/info/grafts", &format!("{first} {second}\n"));
        let repo = world.repo();
        let mut commits = repo.commits();
        assert_eq!(commits.at(id(&first), b"a").unwrap(), expected);
        let found = soon(|| commits.histories(id(&second), &[b"a"], FAR)).unwrap();
        assert_eq!(
            commits_of(&found, 0),
            [second.clone(), first.clone()],
            "{format}"
        );
        let bases = soon(|| commits.merge_bases(id(&first), id(&second))).unwrap();
        assert_eq!(hex(&bases), [first]);
    }
}

#[test]
fn objects_may_lie_in_other_folders_and_these_may_lead_to_each_other() {
    let origin = World::new();
    let first = origin.put("a", "1");
    let shared = World::empty();
    let from = origin.inside.to_str().unwrap();
    shared.git(["clone", "--quiet", "--shared", from, "."]);
    let place = shared.inside.join(".git/objects/info/alternates");
    let origins = format!("{}/.git/objects\n", origin.inside.display());
    std::fs::write(&place, &origins).unwrap();
    let ours = format!("{}/.git/objects\n", shared.inside.display());
    origin.write(".git/objects/info/alternates", &ours);
    let repo = shared.repo();
    soon(|| {
        assert!(repo.commits().at(id(&first), b"a").unwrap().is_some());
        assert!(repo.commits().at(id(&"2".repeat(40)), b"a").is_err());
    });
    std::fs::write(&place, "/nonexistent\n\n#x\n../\n").unwrap();
    assert!(soon(|| repo.commits().at(id(&first), b"a")).is_err());
}

#[test]
fn a_partial_clone_fetches_nothing() {
    let origin = World::new();
    origin.put("a/f", "1");
    let head = origin.put("a/f", "2");
    origin.git(["config", "uploadpack.allowFilter", "true"]);
    let world = origin.clone_with(&["--no-checkout", "--filter=tree:0"]);
    let before = world.git(["count-objects", "-v"]);
    let repo = world.repo();
    let mut commits = repo.commits();
    assert_eq!(hex(&commits.base().unwrap().commits), [head.as_str()]);
    let refused = soon(|| commits.at(id(&head), b"a/f")).unwrap_err();
    assert!(refused.help.contains("git fetch --refetch"), "{refused:?}");
    let found = soon(|| commits.histories(id(&head), &[b"a/f"], FAR)).unwrap();
    assert!(matches!(found.end, End::Unreadable(_)));
    assert_eq!(world.git(["count-objects", "-v"]), before);
}

#[cfg(unix)]
#[test]
fn a_link_loop_and_odd_references_lead_nowhere() {
    let world = World::new();
    world.put("a", "1");
    world.write(".git/refs/heads/one", "ref: refs/heads/two\n");
    world.write(".git/refs/heads/two", "ref: refs/heads/one\n");
    world.write(".git/refs/heads/up", "ref: ../../etc/passwd\n");
    world.write(".git/refs/heads/text", "nonsense\n");
    for name in ["three", "four"] {
        let target = if name == "three" { "four" } else { "three" };
        std::os::unix::fs::symlink(target, world.inside.join(".git/refs/heads").join(name))
            .unwrap();
    }
    let repo = world.repo();
    for revision in ["one", "up", "text", "three", "one~1", "refs/heads"] {
        let found = soon(|| repo.commits().revision(revision)).unwrap();
        assert_eq!(found, Revision::Unknown, "{revision}");
    }
    world.write(".git/HEAD", "ref: refs/heads/one\n");
    let refused = soon(|| repo.commits().base()).unwrap_err();
    assert!(
        ["no-commits", "unreadable-history"].contains(&refused.reason()),
        "{refused:?}"
    );
    world.write(".git/HEAD", "ref: refs/heads/main\n");
    world.write(
        ".git/MERGE_HEAD",
        &format!("{}\nnonsense\n", "2".repeat(40)),
    );
    assert_eq!(repo.commits().base().unwrap().commits.len(), 1);
}

#[test]
fn absurd_dates_and_many_parents_end_as_well() {
    let world = World::new();
    let blob = world.object("blob", b"x");
    let tree = world.tree(&[("100644", b"a", &blob)]);
    let mut all: Vec<String> = Vec::new();
    for number in 0..40 {
        // Each has all before it as its parents, one of them twice.
        let parents: String = all
            .iter()
            .chain(all.first())
            .map(|id| format!("parent {id}\n"))
            .collect();
        let date = [
            "18446744073709551615",
            "0",
            "-5",
            "x",
            "99999999999999999999999",
        ][number % 5];
        let text = format!(
            "tree {tree}\n{parents}author \u{ff} <a> {date} +9999\ncommitter <<>> {date}\nencoding \u{1}\n\n{number}"
        );
        all.push(world.object("commit", text.as_bytes()));
    }
    let (first, last) = (id(&all[0]), id(&all[39]));
    let repo = world.repo();
    let mut commits = repo.commits();
    let found = soon(|| commits.histories(last, &[b"a"], FAR)).unwrap();
    assert_eq!(commits_of(&found, 0), [all[0].clone()]);
    assert_eq!(soon(|| commits.merge_bases(first, last)).unwrap(), [first]);
    assert!(!commits.author(last).unwrap().date.to_string().is_empty());
}

#[test]
fn a_huge_history_is_looked_at_as_far_as_it_may_be() {
    use std::fmt::Write as _;
    let world = World::new();
    let mut text = String::new();
    for number in 0..20_000 {
        let person = format!("a <a> {} +0000", 1_600_000_000 + number);
        writeln!(
            text,
            "commit refs/heads/main\ncommitter {person}\ndata 1\nx"
        )
        .unwrap();
        writeln!(text, "M 100644 inline f{}\ndata 5\n{number:05}", number % 3).unwrap();
    }
    world.feed(&["fast-import", "--quiet"], text.as_bytes());
    let first = world.git(["rev-list", "--max-parents=0", "main"]);
    let repo = world.repo();
    let mut commits = repo.commits();
    let head = commits.head().unwrap();
    let reach = Reach {
        commits: 1_000,
        ..FAR
    };
    let found = soon(|| commits.histories(head, &[b"f0", b"f1"], reach)).unwrap();
    assert_eq!((found.commits, found.end), (1_000, End::Limit));
    assert_eq!(found.files[0].len(), 333);
    let base = soon(|| commits.base_since(&first)).unwrap();
    assert_eq!(hex(&base.commits), [first]);
    let brought = soon(|| commits.brought(&base, reach)).unwrap();
    assert_eq!((brought.files.len(), brought.end), (1_000, End::Limit));
}

#[test]
fn a_repository_of_somebody_else_needs_no_git_for_plain_questions() {
    let mut world = World::new();
    let first = world.put("a/f", "1");
    world.put("a/f", "2");
    world.git(["gc", "--quiet"]);
    // git refuses such a repository; so it is not there at all.
    world.with_variables(&[("PATH", "/nonexistent")]);
    let repo = world.repo();
    let mut commits = repo.commits();
    let base = commits.base_since("main~1").unwrap();
    assert_eq!(hex(&base.commits), [first]);
    assert!(commits.at(base.commits[0], b"a/f").unwrap().is_some());
    assert_eq!(commits.brought(&base, FAR).unwrap().files.len(), 1);
    assert_eq!(
        commits
            .histories(commits_head(&repo), &[b"a/f"], FAR)
            .unwrap()
            .files[0]
            .len(),
        2
    );
}

fn commits_head(repo: &Repo<'_>) -> CommitId {
    repo.commits().head().unwrap()
}
