//! The base of a pull or merge request, in clones as GitHub and GitLab make them.

use super::*;
use crate::repo::base::{Base, NoBase};

fn base(world: &World) -> Option<Result<Base, NoBase>> {
    world.repo().commits().base_in_ci()
}

/// A target, a request, and the merge of both under the name that GitHub gives it.
fn origin() -> World {
    let world = World::new();
    world.put("a", "1");
    world.git(["checkout", "--quiet", "-b", "request"]);
    world.put("b", "1");
    world.put("b", "2");
    world.git(["checkout", "--quiet", "main"]);
    world.put("a", "2");
    world.git(["checkout", "--quiet", "--detach"]);
    world.git(["merge", "--quiet", "--no-edit", "request"]);
    world.git(["update-ref", "refs/pull/7/merge", "HEAD"]);
    world.git(["checkout", "--quiet", "main"]);
    world
}

/// What `actions/checkout` does for a pull request.
fn checkout(origin: &World, depth: &str) -> World {
    let world = World::new();
    let from = format!("file://{}", origin.inside.display());
    world.git(["remote", "add", "origin", &from]);
    let merge = "+refs/pull/7/merge:refs/remotes/pull/7/merge";
    let heads = "+refs/heads/*:refs/remotes/origin/*";
    match depth {
        "0" => world.git(["fetch", "--quiet", "origin", heads, merge]),
        depth => world.git([
            "fetch",
            "--quiet",
            &format!("--depth={depth}"),
            "origin",
            merge,
        ]),
    };
    world.git([
        "checkout",
        "--quiet",
        "--force",
        "refs/remotes/pull/7/merge",
    ]);
    world
}

fn on_github(world: &mut World) {
    let head = world.git(["rev-parse", "HEAD"]);
    world.with_variables(&[
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_BASE_REF", "main"),
        ("GITHUB_REF", "refs/pull/7/merge"),
        ("GITHUB_SHA", &head),
    ]);
}

#[test]
fn on_github_the_base_is_the_target_as_it_was_merged() {
    let origin = origin();
    let target = origin.git(["rev-parse", "main"]);
    for depth in ["0", "2"] {
        let mut world = checkout(&origin, depth);
        assert_eq!(base(&world), None);
        on_github(&mut world);
        assert_eq!(
            hex(&base(&world).unwrap().unwrap().commits),
            [target.as_str()],
            "{depth}"
        );
    }
    let mut world = checkout(&origin, "1");
    on_github(&mut world);
    let missing = base(&world).unwrap().unwrap_err();
    assert_eq!(missing.reason(), "shallow-clone");
    assert!(missing.to_string().contains("origin/main"));
    assert!(missing.help().contains("fetch-depth: 0"));
    // As in a container, whose user is not the one who cloned.
    world.with_variables(&[
        ("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1"),
        ("GITHUB_BASE_REF", "main"),
    ]);
    assert_eq!(
        base(&world).unwrap().unwrap_err(),
        NoBase::Shallow {
            revision: "refs/remotes/origin/main".to_owned(),
            help: "fetch the whole history: `git fetch --unshallow`".to_owned(),
        }
    );
}

#[test]
fn where_the_request_itself_is_checked_out_the_base_is_where_it_parted() {
    let origin = origin();
    let mut world = checkout(&origin, "0");
    world.git(["checkout", "--quiet", "origin/request"]);
    on_github(&mut world);
    let parted = origin.git(["rev-parse", "main~1"]);
    assert_eq!(hex(&base(&world).unwrap().unwrap().commits), [parted]);
}

#[test]
fn outside_a_request_there_is_no_base() {
    let origin = origin();
    let mut world = checkout(&origin, "0");
    world.with_variables(&[
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_BASE_REF", ""),
        ("GITHUB_REF", "refs/heads/main"),
    ]);
    assert_eq!(base(&world), None);
    world.with_variables(&[("GITLAB_CI", "true"), ("CI_COMMIT_BRANCH", "main")]);
    assert_eq!(base(&world), None);
}

#[test]
fn on_gitlab_the_base_is_the_one_of_the_difference() {
    let origin = origin();
    let [parted, target] = ["main~1", "main"].map(|name| origin.git(["rev-parse", name]));
    let mut world = origin.clone_with(&[]);
    world.git(["checkout", "--quiet", "--detach", "origin/request"]);
    let named = ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main");
    let zeros = "0".repeat(40);
    for ids in [
        &[("CI_MERGE_REQUEST_DIFF_BASE_SHA", parted.as_str())][..],
        &[("CI_MERGE_REQUEST_DIFF_BASE_SHA", &zeros)],
        &[],
    ] {
        let all: Vec<_> = ids.iter().copied().chain([named]).collect();
        world.with_variables(&all);
        assert_eq!(
            hex(&base(&world).unwrap().unwrap().commits),
            [parted.as_str()],
            "{ids:?}"
        );
    }
    // In a pipeline of merged results the target is merged already.
    world.git(["fetch", "--quiet", "origin", "refs/pull/7/merge"]);
    world.git(["checkout", "--quiet", "--detach", "FETCH_HEAD"]);
    let merged = ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", target.as_str());
    world.with_variables(&[named, merged, ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &parted)]);
    assert_eq!(hex(&base(&world).unwrap().unwrap().commits), [target]);
    // GitLab's clones have 20 commits unless a job says otherwise.
    let mut shallow = origin.clone_with(&["--depth=1", "--branch=request"]);
    shallow.with_variables(&[
        ("GITLAB_CI", "true"),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &parted),
    ]);
    let missing = base(&shallow).unwrap().unwrap_err();
    assert!(missing.help().contains("GIT_DEPTH: 0"), "{missing:?}");
}
