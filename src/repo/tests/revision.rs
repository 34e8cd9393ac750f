//! Revisions, as git understands them.

use super::*;

fn history() -> World {
    let world = World::new();
    for number in 0..4 {
        world.put("a", &number.to_string());
    }
    world.git(["tag", "light", "HEAD~1"]);
    world.git(["tag", "--annotate", "--message=x", "v1.0", "HEAD~2"]);
    world.git(["tag", "--annotate", "--message=x", "v1.0-again", "v1.0"]);
    world.git(["branch", "topic/x", "HEAD~1"]);
    world.git(["update-ref", "refs/remotes/origin/main", "HEAD~3"]);
    world.git([
        "symbolic-ref",
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/main",
    ]);
    world.git(["checkout", "--quiet", "-b", "side", "HEAD~1"]);
    world.put("b", "1");
    world.git(["checkout", "--quiet", "main"]);
    world.git(["merge", "--quiet", "--no-edit", "side"]);
    world
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn revisions_are_the_commits_that_git_names() {
    let world = history();
    let short = world.git(["rev-parse", "--short", "HEAD~2"]);
    let long = world.git(["rev-parse", "HEAD~2"]);
    let tag = world.git(["rev-parse", "v1.0-again"]);
    for is_packed in [false, true] {
        if is_packed {
            world.git(["pack-refs", "--all"]);
            world.git(["gc", "--quiet"]);
        }
        for revision in [
            "HEAD",
            "@",
            "@~1",
            "HEAD^",
            "HEAD^1",
            "HEAD^2",
            "HEAD^2~1^",
            "HEAD~2^0",
            "HEAD^{commit}",
            "HEAD~1^{commit}~1",
            "main",
            "refs/heads/main",
            "heads/main",
            "light",
            "tags/v1.0",
            "v1.0",
            "v1.0~1",
            "v1.0-again",
            "topic/x",
            "origin/main",
            "origin",
            "ORIG_HEAD",
            &short,
            &long,
            &tag,
            "main@{0}",
            "HEAD^{/x}",
            ":/x",
        ] {
            let expected = world.git(["rev-list", "--max-count=1", revision, "--"]);
            let repo = world.repo();
            let found = repo.commits().revision(revision).unwrap();
            assert_eq!(found, Revision::Commit(id(&expected)), "{revision}");
        }
        for revision in [
            "",
            "none",
            "HEAD~9",
            "HEAD^3",
            "HEAD^2^2",
            "--all",
            "-n",
            "HEAD:a",
            "main..side",
            "^main",
            "HEAD~x",
            "a\nb",
            "main@{99 days}x",
            "refs/heads/../../HEAD",
            "HEAD~99999999999999999999",
            "0000000000000000000000000000000000000000",
            "deadbeef",
        ] {
            let repo = world.repo();
            let found = repo.commits().revision(revision);
            assert_eq!(found.unwrap(), Revision::Unknown, "{revision}");
        }
    }
}

#[test]
fn plain_revisions_need_no_git() {
    let mut world = history();
    let expected = world.git(["rev-parse", "v1.0~1"]);
    world.with_variables(&[("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")]);
    let repo = world.repo();
    let mut commits = repo.commits();
    assert_eq!(
        commits.revision("v1.0~1").unwrap(),
        Revision::Commit(id(&expected))
    );
    let refused = commits.revision("main@{0}").unwrap_err();
    assert!(refused.help.contains("safe.directory"), "{refused:?}");
    world.with_variables(&[("PATH", "/nonexistent")]);
    let repo = world.repo();
    let mut commits = repo.commits();
    assert_eq!(
        commits.revision("v1.0~1").unwrap(),
        Revision::Commit(id(&expected))
    );
    let refused = commits.revision("main@{0}").unwrap_err();
    assert!(refused.help.contains("install git"), "{refused:?}");
}
