//! Which commits are the base.

use super::*;
use crate::repo::base::{Base, NoBase, Of, Redone};

#[track_caller]
fn base(world: &World) -> Base {
    world.repo().commits().base().unwrap()
}

#[track_caller]
fn since(world: &World, revision: &str) -> Result<Base, NoBase> {
    world.repo().commits().base_since(revision)
}

/// Two branches that change different lines of a file, or the same one.
fn branches(is_conflict: bool) -> World {
    let world = World::new();
    let lines = |first: &str, last: &str| format!("{first}\n1\n2\n3\n4\n5\n{last}\n");
    world.put("a", &lines("a", "z"));
    world.git(["checkout", "--quiet", "-b", "side"]);
    world.put(
        "a",
        &if is_conflict {
            lines("side", "z")
        } else {
            lines("a", "side")
        },
    );
    world.git(["checkout", "--quiet", "main"]);
    world.put("a", &lines("main", "z"));
    world
}

#[test]
fn the_base_of_the_next_commit_is_head_wherever_that_is() {
    for format in ["sha1", "sha256"] {
        let world = World::with_format(format);
        assert_eq!(world.repo().commits().base(), Err(NoBase::NoCommits));
        assert_eq!(since(&world, "HEAD"), Err(NoBase::NoCommits));
        let first = world.put("a", "1");
        let second = world.put("a", "2");
        let expected = |commit: &str| Base {
            commits: vec![id(commit)],
            of: Of::Commit,
        };
        assert_eq!(base(&world), expected(&second));
        world.git(["checkout", "--quiet", "--detach", &first]);
        assert_eq!(base(&world), expected(&first));
        world.git(["worktree", "add", "--quiet", "linked", "main"]);
        let linked = world.inside.join("linked");
        let repo = Repo::discover(&world.environment, &linked).unwrap();
        assert_eq!(repo.commits().base().unwrap(), expected(&second));
        world.git(["checkout", "--quiet", "--orphan", "new"]);
        assert_eq!(world.repo().commits().base(), Err(NoBase::NoCommits));
    }
}

#[test]
fn all_parents_of_a_merge_in_progress_are_bases() {
    for is_conflict in [true, false] {
        let world = branches(is_conflict);
        world.try_git(["merge", "--quiet", "--no-commit", "side"]);
        let parents = ["main", "side"].map(|name| world.git(["rev-parse", name]));
        assert_eq!(hex(&base(&world).commits), parents);
        assert_eq!(base(&world).of, Of::Merge);
        world.git(["worktree", "add", "--quiet", "linked", "main~1"]);
        let repo = Repo::discover(&world.environment, &world.inside.join("linked")).unwrap();
        assert_eq!(repo.commits().base().unwrap().of, Of::Commit);
    }
    let world = branches(false);
    world.git(["checkout", "--quiet", "-b", "third", "main~1"]);
    world.put("b", "1");
    world.git(["checkout", "--quiet", "main"]);
    world.git(["merge", "--quiet", "--no-commit", "side", "third"]);
    let parents = ["main", "side", "third"].map(|name| world.git(["rev-parse", name]));
    assert_eq!(hex(&base(&world).commits), parents);
}

#[cfg(unix)]
#[test]
fn in_the_hook_before_a_merge_commit_both_parents_are_bases_already() {
    let mut world = branches(false);
    world.write(
        ".git/hooks/pre-merge-commit",
        "#!/bin/sh\nenv >.git/seen\nls .git >>.git/seen\nexit 1\n",
    );
    let hook = world.inside.join(".git/hooks/pre-merge-commit");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(hook, mode).unwrap();
    assert!(!world.try_git(["merge", "--quiet", "--no-edit", "side"]));
    let seen = std::fs::read_to_string(world.inside.join(".git/seen")).unwrap();
    assert!(!seen.contains("MERGE_HEAD"), "{seen}");
    let announced: Vec<(&str, &str)> = seen
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| name.starts_with("GITHEAD_"))
        .collect();
    std::fs::remove_file(world.inside.join(".git/MERGE_HEAD")).unwrap_or_default();
    let nonsense = [
        ("GITHEAD_x", "y"),
        ("GITHEAD_2222222222222222222222222222222222222222", "z"),
    ];
    let all: Vec<_> = announced.iter().copied().chain(nonsense).collect();
    world.with_variables(&all);
    let parents = ["main", "side"].map(|name| world.git(["rev-parse", name]));
    assert_eq!(hex(&base(&world).commits), parents);
}

#[test]
fn what_git_makes_anew_has_head_as_its_base() {
    for (command, how, other) in [
        (&["cherry-pick", "side"][..], Redone::CherryPick, "side"),
        (&["revert", "--no-edit", "main~1"], Redone::Revert, "main~1"),
        (&["rebase", "side"], Redone::Rebase, "main"),
    ] {
        let world = branches(true);
        if how == Redone::Revert {
            world.put("a", "other");
        }
        let other = world.git(["rev-parse", other]);
        assert!(!world.try_git(command.iter().copied()), "{command:?}");
        let head = world.git(["rev-parse", "HEAD"]);
        let base = base(&world);
        assert_eq!(hex(&base.commits), [head]);
        assert_eq!(base.of, Of::Redone(how, Some(id(&other))));
    }
}

#[test]
fn the_base_since_a_revision_is_where_both_parted() {
    for format in ["sha1", "sha256"] {
        let world = World::with_format(format);
        let parted = world.put("a", "1");
        world.git(["checkout", "--quiet", "-b", "side"]);
        let tip = world.put("b", "1");
        world.git(["checkout", "--quiet", "main"]);
        let head = world.put("a", "2");
        let base = since(&world, "side").unwrap();
        assert_eq!(hex(&base.commits), [parted]);
        let Of::Since(since_side) = base.of else {
            panic!("since")
        };
        assert_eq!(
            hex(&[since_side.tip.unwrap(), since_side.head]),
            [tip.clone(), head.clone()]
        );
        assert_eq!(since_side.others, []);
        // An ancestor is its own merge base, and so is a descendant's.
        assert_eq!(
            hex(&since(&world, "HEAD").unwrap().commits),
            [head.as_str()]
        );
        world.git(["merge", "--quiet", "--no-edit", "side"]);
        assert_eq!(hex(&since(&world, "side").unwrap().commits), [tip]);
        assert_eq!(
            since(&world, "none").unwrap_err().reason(),
            "unknown-revision"
        );
        world.git(["checkout", "--quiet", "--orphan", "other"]);
        world.put("c", "1");
        let unrelated = since(&world, "main").unwrap_err();
        assert_eq!(unrelated.reason(), "unrelated-histories");
        assert!(unrelated.to_string().contains("`main`"));
    }
}

/// Commits with random parents and dates, each with its parents.
fn random_commits(world: &World, random: &mut Random) -> (Vec<String>, Parents) {
    let tree = world.feed(&["mktree"], b"");
    let mut all: Vec<String> = Vec::new();
    let mut parents_of = Parents::new();
    for number in 0..60 {
        let mut parents: Vec<String> = Vec::new();
        for _ in 0..(1 + random.below(3)).min(number) {
            let parent = &all[number - 1 - random.below(number.min(4))];
            if !parents.contains(parent) {
                parents.push(parent.clone());
            }
        }
        let lines: String = parents.iter().map(|id| format!("parent {id}\n")).collect();
        let person = format!("a <a> {} +0000", 1_000 + random.below(40));
        let text = format!("tree {tree}\n{lines}author {person}\ncommitter {person}\n\n{number}\n");
        let made = ["hash-object", "-w", "-t", "commit", "--stdin"];
        let made = world.feed(&made, text.as_bytes());
        parents_of.insert(made.clone(), parents);
        all.push(made);
    }
    (all, parents_of)
}

#[test]
fn merge_bases_are_those_that_git_finds_whatever_the_dates_are() {
    let world = World::new();
    let mut random = Random::new();
    let (all, parents_of) = random_commits(&world, &mut random);
    let repo = world.repo();
    let mut commits = repo.commits();
    let mut several = 0;
    for _ in 0..200 {
        let (one, other) = (&all[random.below(60)], &all[random.below(60)]);
        let git = ["merge-base", "--all", one, other];
        let said = world.command().args(git).output().unwrap().stdout;
        let said = String::from_utf8(said).unwrap();
        let said: HashSet<String> = said.lines().map(str::to_owned).collect();
        let found = hex(&commits.merge_bases(id(one), id(other)).unwrap());
        several += usize::from(found.len() > 1);
        assert_eq!(HashSet::from_iter(found), said, "{one} {other}");
        // git itself leaves out too little here.
        let walk = commits.walk(id(one).0, &[id(other).0], FAR).unwrap();
        let walked: HashSet<String> = walk.ids.iter().map(ToString::to_string).collect();
        let (mut expected, out) = (ancestors(&parents_of, one), ancestors(&parents_of, other));
        expected.retain(|id| !out.contains(id));
        assert_eq!(
            walked.iter().collect::<HashSet<_>>(),
            expected,
            "{one} ^{other}"
        );
    }
    assert!(several > 5, "{several}");
}

#[test]
fn of_several_merge_bases_the_one_that_git_takes_is_the_base() {
    let world = World::new();
    world.put("a", "1");
    world.git(["checkout", "--quiet", "-b", "side"]);
    let one = world.put("b", "1");
    world.git(["checkout", "--quiet", "main"]);
    let other = world.put("c", "1");
    world.clock.set(9);
    world.git(["merge", "--quiet", "--no-edit", &one]);
    world.git(["checkout", "--quiet", "side"]);
    world.git(["merge", "--quiet", "--no-edit", &other]);
    let said = world.git(["merge-base", "main", "side"]);
    let base = since(&world, "main").unwrap();
    assert_eq!(hex(&base.commits), [said]);
    let Of::Since(since) = base.of else {
        panic!("since")
    };
    assert_eq!(hex(&since.others), [one]);
}

#[test]
fn a_shallow_clone_says_what_helps() {
    let origin = World::new();
    for number in 0..5 {
        origin.put("a", &number.to_string());
    }
    origin.git(["branch", "side", "HEAD~3"]);
    let mut shallow = origin.clone_with(&["--depth=2", "--no-single-branch"]);
    assert_eq!(
        hex(&base(&shallow).commits),
        [origin.git(["rev-parse", "main"])]
    );
    assert_eq!(since(&shallow, "HEAD~1").unwrap().commits.len(), 1);
    let missing = since(&shallow, "HEAD~3").unwrap_err();
    assert_eq!(missing.reason(), "shallow-clone");
    assert!(missing.help().contains("git fetch --unshallow"));
    let apart = since(&shallow, "origin/side").unwrap_err();
    assert_eq!(apart.reason(), "shallow-clone");
    let later = origin.put("a", "later");
    for (service, help) in [
        ("GITHUB_ACTIONS", "fetch-depth: 0"),
        ("GITLAB_CI", "GIT_DEPTH: 0"),
    ] {
        shallow.with_variables(&[(service, "true")]);
        assert!(
            since(&shallow, "origin/side")
                .unwrap_err()
                .help()
                .contains(help)
        );
        let unknown = since(&shallow, &later).unwrap_err();
        assert_eq!(unknown.reason(), "unknown-revision");
        assert!(unknown.help().contains(help));
    }
    shallow.git(["fetch", "--quiet", "--unshallow"]);
    let base = since(&shallow, "origin/side").unwrap();
    assert_eq!(hex(&base.commits), [origin.git(["rev-parse", "side"])]);
}

#[test]
fn a_submodule_has_a_base_of_its_own_and_is_none_of_the_repositorys_files() {
    let inner = World::new();
    inner.put("a", "1");
    let world = World::new();
    let from = format!("file://{}", inner.inside.display());
    let allow = "protocol.file.allow=always";
    world.git(["-c", allow, "submodule", "--quiet", "add", &from, "sub"]);
    let outer = world.commit();
    let repo = Repo::discover(&world.environment, &world.inside.join("sub")).unwrap();
    let expected = inner.git(["rev-parse", "HEAD"]);
    assert_eq!(hex(&repo.commits().base().unwrap().commits), [expected]);
    let repo = world.repo();
    let mut commits = repo.commits();
    assert_eq!(
        commits.at(id(&outer), b"sub").unwrap(),
        Some(Kind::Submodule)
    );
    assert_eq!(commits.at(id(&outer), b"sub/a").unwrap(), None);
}

#[test]
fn a_bare_repository_is_told_from_none() {
    let world = World::empty();
    assert!(!is_bare_around(&world.environment, &world.inside));
    world.git(["init", "--quiet", "--bare"]);
    assert!(Repo::discover(&world.environment, &world.inside).is_none());
    assert!(is_bare_around(
        &world.environment,
        &world.inside.join("refs")
    ));
    // A work tree that is linked to it is one.
    let origin = World::new();
    let head = origin.put("a", "1");
    let bare = origin.clone_with(&["--bare"]);
    bare.git(["worktree", "add", "--quiet", "linked", "main"]);
    let linked = bare.inside.join("linked");
    let repo = Repo::discover(&bare.environment, &linked).unwrap();
    assert_eq!(hex(&repo.commits().base().unwrap().commits), [head]);
    assert!(!is_bare_around(&world.environment, origin.root()));
}
