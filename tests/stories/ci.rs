//! Pull and merge requests: the base comes from what GitHub and GitLab say of them.

use std::path::PathBuf;

use crate::check::{Check, error};
use crate::repo::{Repo, SECRET};

const FILE: &str = "db.enc.yaml";
const EDITED: &str = "edited-outside-sops";

/// A request that breaks a file while its target went on; the commit in which the service merges it.
fn request(repo: &Repo) {
    repo.add(FILE, SECRET);
    repo.branch("topic");
    repo.replace(FILE, "production", "staging");
    repo.commit("Break it");
    repo.write("README", "more work\n");
    repo.commit("Do something else");
    repo.checkout("main");
    repo.write("CHANGES", "other work\n");
    repo.commit("On main");
    repo.git(["checkout", "--quiet", "--detach"]);
    repo.git(["merge", "--quiet", "--no-edit", "topic"]);
    repo.git(["update-ref", "refs/pull/1/merge", "HEAD"]);
    repo.checkout("main");
}

/// A clone as a job has it: the branches of the remote, and this commit.
fn job(repo: &Repo, fetched: &str, depth: &[&str]) -> PathBuf {
    let (from, to) = (
        format!("file://{}", repo.at("").display()),
        repo.beside("job"),
    );
    let folder = to.to_str().unwrap();
    repo.git(["init", "--quiet", folder]);
    repo.git(["-C", folder, "remote", "add", "origin", &from]);
    let fetch = ["-C", folder, "fetch", "--quiet", "origin"];
    let what = format!("+{fetched}:refs/remotes/job");
    repo.git(fetch.iter().chain(depth).chain(&[what.as_str()]));
    repo.git([
        "-C",
        folder,
        "checkout",
        "--quiet",
        "--detach",
        "refs/remotes/job",
    ]);
    to
}

fn fetch_branches(repo: &Repo) {
    let folder = repo.beside("job");
    let branches = "+refs/heads/*:refs/remotes/origin/*";
    repo.git([
        "-C",
        folder.to_str().unwrap(),
        "fetch",
        "--quiet",
        "origin",
        branches,
    ]);
}

fn on_github(repo: &Repo) -> Check<'_> {
    let head = repo.id("refs/pull/1/merge");
    let check = repo.check(&["--require-base"]).at(repo.beside("job"));
    let check = check
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_BASE_REF", "main");
    check
        .env("GITHUB_REF", "refs/pull/1/merge")
        .env("GITHUB_SHA", head)
}

fn on_gitlab(repo: &Repo) -> Check<'_> {
    let base = repo.git(["merge-base", "main", "topic"]);
    let check = repo.check(&["--require-base"]).at(repo.beside("job"));
    let check = check
        .env("GITLAB_CI", "true")
        .env("CI_MERGE_REQUEST_DIFF_BASE_SHA", base.trim_end());
    check.env("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main")
}

story!(a_pull_request_is_checked_as_github_merges_it, |repo| {
    request(repo);
    job(repo, "refs/pull/1/merge", &[]);
    fetch_branches(repo);
    on_github(repo).finds([error(EDITED, FILE)]);
});

story!(a_pull_request_is_checked_with_two_commits_at_hand, |repo| {
    request(repo);
    job(repo, "refs/pull/1/merge", &["--depth=2"]);
    on_github(repo).finds([error(EDITED, FILE)]);
});

story!(a_pull_request_is_checked_with_one_commit_at_hand, |repo| {
    request(repo);
    job(repo, "refs/pull/1/merge", &["--depth=1"]);
    let said = on_github(repo).run();
    assert_eq!(said.code, 1, "{}", said.stderr);
    let all = [said.stdout.as_str(), &said.stderr].concat();
    assert!(all.contains("fetch-depth: 0"), "{all}");
});

story!(a_leak_that_is_still_there_is_told_once, |repo| {
    repo.git(["update-ref", "refs/remotes/origin/main", "HEAD"]);
    repo.branch("topic");
    repo.write(FILE, SECRET);
    repo.commit("Leak it");
    repo.write("README", "more work\n");
    repo.commit("Do something else");
    let check = repo.check(&[]).env("GITHUB_BASE_REF", "main");
    let said = check.finds([error("not-encrypted", FILE)]);
    assert!(!said.stdout.contains("in commit"), "{}", said.stdout);
    repo.check(&["--since", "HEAD~2", "README"]).finds([]);
});

story!(a_merge_request_is_checked_on_gitlab, |repo| {
    request(repo);
    job(repo, "refs/heads/topic", &[]);
    on_gitlab(repo).finds([error(EDITED, FILE)]);
});

story!(
    a_merge_request_is_checked_with_too_few_commits_at_hand,
    |repo| {
        request(repo);
        job(repo, "refs/heads/topic", &["--depth=1"]);
        let said = on_gitlab(repo).run();
        assert_eq!(said.code, 1, "{}", said.stderr);
        let all = [said.stdout.as_str(), &said.stderr].concat();
        assert!(all.contains("GIT_DEPTH: 0"), "{all}");
    }
);

story!(a_job_that_is_about_no_request_compares_with_head, |repo| {
    request(repo);
    job(repo, "refs/heads/topic", &[]);
    let job = repo.beside("job");
    let check = repo.check(&[]).at(&job).env("GITHUB_ACTIONS", "true");
    check.env("GITHUB_REF", "refs/heads/topic").finds_nothing();
});

story!(
    a_revision_that_is_given_goes_before_what_the_job_says,
    |repo| {
        request(repo);
        job(repo, "refs/heads/topic", &[]);
        fetch_branches(repo);
        let check = repo.check(&["--since", "HEAD~1"]).at(repo.beside("job"));
        check.env("GITHUB_BASE_REF", "main").finds_nothing();
    }
);
