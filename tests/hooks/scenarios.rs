//! What is played: one row a scenario, with what has to come of it whoever runs the hook.

use crate::runner::Runner;
use crate::world::{Attempt, World};

/// What somebody does, and what has to come of it.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) runners: &'static [Runner],
    pub(crate) expected: Expected,
    /// Whether only root can play it.
    pub(crate) as_root: bool,
    pub(crate) play: fn(&World) -> Attempt,
}

/// What has to come of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expected {
    /// It goes through, and nothing is found.
    Passes,
    /// It goes through, and these words are seen.
    Notice(&'static str),
    /// It goes through unchecked, and these words are seen.
    Skipped(&'static str),
    /// It does not go through, and these words are seen.
    Blocked(&'static str),
}

use Expected::{Blocked, Notice, Passes, Skipped};

const ALL: &[Runner] = &Runner::ALL;
const MANAGERS: &[Runner] = &Runner::MANAGERS;
const GIT: &[Runner] = &[Runner::Git];

/// What a file is called for in each of the example's damages.
const STALE: Expected = Blocked("error[mac-mismatch]");
const BROKEN: Expected = Blocked("error[malformed-config]");
const IN_CLEAR: Expected = Blocked("error[plaintext-value]");

/// The files of the example.
const SHOP: &str = "apps/shop/database.enc.yaml";
const WIKI: &str = "apps/wiki/database.enc.yaml";
const ACCOUNTS: &str = "infra/accounts.enc.yaml";

#[rustfmt::skip]
pub(crate) const SCENARIOS: &[Scenario] = &[
    row("clean file", ALL, Passes, |w| { w.put("healthy", WIKI); w.stage(); w.commit() }),
    row("no secret at all", ALL, Passes, |w| { w.write("README.md", "hello\n"); w.stage(); w.commit() }),
    row("stale MAC", ALL, STALE, |w| { stale(w); w.commit() }),
    row("secret in clear beside encrypted ones", ALL, IN_CLEAR, |w| { w.put("damaged", ACCOUNTS); w.stage(); w.commit() }),
    row("file never encrypted", ALL, Blocked("error[not-encrypted]"), |w| { w.write(WIKI, CLEAR); w.stage(); w.commit() }),
    row("conflict markers", ALL, Blocked("error[conflict-marker]"), |w| { w.put("damaged", "infra/registry.enc.yaml"); w.stage(); w.commit() }),
    row("private key in a text file", ALL, Blocked("error[private-key-committed]"), |w| { w.write("notes/setup.md", w.key()); w.stage(); w.commit() }),
    row("no key", ALL, Notice("not verified"), |w| { no_key(w); w.put("healthy", WIKI); w.stage(); w.commit() }),
    row("no key, secret in clear", ALL, IN_CLEAR, |w| { no_key(w); w.put("damaged", ACCOUNTS); w.stage(); w.commit() }),
    row("empty SOPS_AGE_KEY", ALL, Notice("not verified"), |w| { no_key(w); w.set("SOPS_AGE_KEY", ""); w.put("healthy", WIKI); w.stage(); w.commit() }),
    row("no key, entry with --require-key", MANAGERS, Blocked("--require-key: 1 not verified"), |w| { no_key(w); w.configure("    entry: sopsguard check --staged --require-key --\n"); w.put("healthy", WIKI); w.stage(); w.commit() }),
    row("args: [--require-key]", MANAGERS, Blocked("`--require-key` stands behind `--`"), |w| { w.configure("    args: [--require-key]\n"); w.put("healthy", WIKI); w.stage(); w.commit() }),
    row("staged good, work tree bad", ALL, Passes, |w| { w.put("healthy", WIKI); w.stage(); w.put("damaged", WIKI); w.commit() }),
    row("staged bad, work tree good", ALL, STALE, |w| { stale(w); w.put("healthy", SHOP); w.commit() }),
    row("commit -a", ALL, STALE, |w| { w.put("damaged", SHOP); w.try_commit(&["commit", "-a", "-m", "all"]) }),
    row("commit PATH of a bad file, good one staged", ALL, STALE, |w| { w.put("healthy", WIKI); w.stage(); w.put("damaged", SHOP); w.try_commit(&["commit", "-m", "one", SHOP]) }),
    row("commit PATH of a good file, bad one staged", ALL, Passes, |w| { stale(w); w.write("README.md", "a"); w.git(["add", "-N", "README.md"]); w.try_commit(&["commit", "-m", "one", "README.md"]) }),
    row("commit --amend", ALL, STALE, |w| { stale(w); w.try_commit(&["commit", "--amend", "--no-edit"]) }),
    row("commit --amend that mends", ALL, Passes, |w| { stale(w); w.commit_unseen(); w.put("healthy", SHOP); w.write("README.md", "a"); w.stage(); w.try_commit(&["commit", "--amend", "--no-edit"]) }),
    row("first commit of a repository", GIT, STALE, |w| { w.git(["checkout", "--quiet", "--orphan", "new"]); stale(w); w.commit() }),
    row("deleted file", ALL, Passes, |w| { w.git(["rm", "--quiet", SHOP]); w.commit() }),
    row("merge that brings a bad file", ALL, STALE, |w| { side(w, stale); w.try_commit(&["merge", "--no-edit", "side"]) }),
    row("merge that brings good files", ALL, Passes, |w| { side(w, |w| { w.put("healthy", WIKI); w.stage() }); w.try_commit(&["merge", "--no-edit", "side"]) }),
    row("audit: sound configuration", MANAGERS, Notice("audited"), |w| { with_audit(w); w.put("healthy", WIKI); w.stage(); w.commit() }),
    row("audit: broken .sops.yaml", ALL, BROKEN, |w| { with_audit(w); w.write(".sops.yaml", "creation_rules: 7\n"); w.stage(); w.commit() }),
    row("audit: broken in the work tree only", ALL, Notice(""), |w| { with_audit(w); w.write("README.md", "a"); w.stage(); w.write(".sops.yaml", "creation_rules: 7\n"); w.commit() }),
    row("audit: broken, file deleted in the commit", ALL, BROKEN, |w| { with_audit(w); w.write(".sops.yaml", "creation_rules: 7\n"); w.stage(); w.commit_unseen(); w.git(["rm", "--quiet", SHOP]); w.commit() }),
    row("run --all-files, bad", MANAGERS, STALE, |w| { stale(w); w.commit_unseen(); w.run_hooks(&["--all-files"]) }),
    row("run --all-files, good", MANAGERS, Passes, |w| { w.run_hooks(&["--all-files"]) }),
    row("run --from-ref --to-ref, bad", MANAGERS, STALE, |w| { stale(w); w.commit_unseen(); w.run_hooks(&["--from-ref", "HEAD~1", "--to-ref", "HEAD"]) }),
    row("run --from-ref --to-ref, bad one before", MANAGERS, Passes, |w| { stale(w); w.commit_unseen(); w.put("healthy", WIKI); w.stage(); w.commit_unseen(); w.run_hooks(&["--from-ref", "HEAD~1", "--to-ref", "HEAD"]) }),
    row("split index, bad", ALL, STALE, |w| { w.git(["update-index", "--split-index"]); stale(w); w.commit() }),
    row("split index, good", ALL, Passes, |w| { w.git(["update-index", "--split-index"]); w.put("healthy", WIKI); w.stage(); w.commit() }),
    row("sparse index, bad", ALL, STALE, |w| { sparse(w); stale(w); w.commit() }),
    row("sparse index, good", ALL, Passes, |w| { sparse(w); w.put("healthy", WIKI); w.stage(); w.commit() }),
    row("repository of somebody else, bad", ALL, STALE, |w| { stale(w); give_away(w); w.commit() }).for_root(),
    row("repository of somebody else, good", ALL, Passes, |w| { w.put("healthy", WIKI); w.stage(); give_away(w); w.commit() }).for_root(),
    row("name with spaces, bad", ALL, STALE, |w| { w.put_as("damaged", SHOP, "apps/my shop/my db.enc.yaml"); w.stage(); w.commit() }),
    row("name with spaces, good", ALL, Passes, |w| { w.put_as("healthy", SHOP, "apps/my shop/my db.enc.yaml"); w.stage(); w.commit() }),
    row("name that begins with -, bad", ALL, STALE, |w| { w.put_as("damaged", SHOP, "-v.enc.yaml"); w.stage(); w.commit() }),
    row("name that begins with -, good", ALL, Passes, |w| { w.put_as("healthy", SHOP, "--quiet.enc.yaml"); w.stage(); w.commit() }),
    row("file called -", ALL, Passes, |w| { w.write("-", "a"); w.stage(); w.commit() }),
    row("name with a line break, bad", ALL, STALE, |w| { w.put_as("damaged", SHOP, "a\nb.enc.yaml"); w.stage(); w.commit() }),
    row("from a linked work tree", GIT, STALE, |w| { w.git(["worktree", "add", "--quiet", "../tree"]); w.git(["-C", "../tree", "rm", "--quiet", SHOP]); w.put_as("damaged", SHOP, "../tree/a.enc.yaml"); w.git(["-C", "../tree", "add", "."]); w.run("git", &["-C", "../tree", "commit", "-m", "a"]) }),
    row("git folder and work tree apart", GIT, STALE, |w| { w.put_as("damaged", SHOP, "../tree/a.enc.yaml"); let apart = ["--git-dir=.git", "--work-tree=../tree"]; w.git(apart.into_iter().chain(["add", "a.enc.yaml"])); w.try_commit(&[&apart[..], &["commit", "-m", "a"]].concat()) }),
    row("from a folder below", ALL, STALE, |w| { stale(w); w.try_commit(&["-C", "apps", "commit", "-m", "a"]) }),

    row("push of a bad commit", ALL, STALE, |w| { stale(w); w.commit_unseen(); w.push(&["main"]) }),
    row("push of a bad commit as a new branch", ALL, STALE, |w| { w.git(["checkout", "--quiet", "-b", "new"]); stale(w); w.commit_unseen(); w.push(&["new"]) }),
    row("push of a good commit", ALL, Passes, |w| { w.put("healthy", WIKI); w.stage(); w.commit_unseen(); w.push(&["main"]) }),
    row("push without a key", ALL, Notice("not verified"), |w| { no_key(w); w.put("healthy", WIKI); w.stage(); w.commit_unseen(); w.push(&["main"]) }),
    row("push, bad file mended since", ALL, Passes, |w| { stale(w); w.commit_unseen(); w.put("healthy", SHOP); w.stage(); w.commit_unseen(); w.push(&["main"]) }),
    row("push of a bad branch that is not checked out", GIT, STALE, |w| { side(w, stale); w.push(&["side"]) }),
    row("push of a good branch, bad one checked out", GIT, Passes, |w| { w.git(["checkout", "--quiet", "-b", "bad"]); stale(w); w.commit_unseen(); w.git(["branch", "good", "main"]); w.push(&["good"]) }),
    row("push of a good commit, bad index and work tree", GIT, Passes, |w| { w.put("healthy", WIKI); w.stage(); w.commit_unseen(); stale(w); w.push(&["main"]) }),
    row("push of a tag of a bad commit", GIT, STALE, |w| { stale(w); w.commit_unseen(); w.git(["tag", "-a", "-m", "v1", "v1"]); w.push(&["v1"]) }),
    row("push of two branches, the first one bad", GIT, STALE, |w| { side(w, stale); w.push(&["side", "main"]) }),
    row("push of a commit by words with a space", GIT, STALE, |w| { stale(w); w.commit_unseen(); w.git(["commit", "--no-verify", "--allow-empty", "--message=empty one"]); w.push(&[":/empty one:refs/heads/x"]) }),
    row("push that deletes a file", ALL, Passes, |w| { w.put("damaged", WIKI); w.stage(); w.commit_unseen(); w.git(["rm", "--quiet", WIKI]); w.commit_unseen(); w.push(&["main"]) }),
    row("push of a name with spaces and one with a dash", GIT, STALE, |w| { w.put_as("damaged", SHOP, "-a b\nc.enc.yaml"); w.put_as("healthy", SHOP, "*.enc.yaml"); w.stage(); w.commit_unseen(); w.push(&["main"]) }),
    row("push that deletes a branch", ALL, Passes, |w| { w.git(["push", "--no-verify", "--quiet", "origin", "main:old"]); w.push(&["--delete", "old"]) }),
    row("push of what the remote has already, bad", GIT, Passes, |w| { stale(w); w.commit_unseen(); w.git(["push", "--quiet", "--no-verify"]); w.push(&["main:again"]) }),
    row("push from a bare repository, bad", GIT, STALE, |w| { stale(w); w.commit_unseen(); push_from_bare(w) }),
    row("push from a bare repository, good", GIT, Passes, |w| { w.put("healthy", WIKI); w.stage(); w.commit_unseen(); push_from_bare(w) }),
    row("bare repository that excludes the bad file", GIT, Notice("left out by `exclude`"), |w| { w.write(".sopsguard.toml", "exclude = [\"apps/\"]\n"); w.stage(); w.commit_unseen(); w.git(["push", "--quiet", "--no-verify"]); stale(w); w.commit_unseen(); push_from_bare(w) }),
    row("push from a bare one's linked work tree, bad", GIT, STALE, |w| { stale(w); w.commit_unseen(); bare(w); w.git(["-C", "../bare", "worktree", "add", "--quiet", "../tree"]); w.push_from("../tree", &["main"]) }),

    row("sopsguard not installed", GIT, Blocked("error: sopsguard is not on PATH"), |w| { w.remove_program(); w.write("README.md", "a"); w.stage(); w.commit() }),
    row("sopsguard not installed, push", GIT, Blocked("error: sopsguard is not on PATH"), |w| { w.remove_program(); w.write("README.md", "a"); w.stage(); w.commit_unseen(); w.push(&["main"]) }),
    row("SOPSGUARD_SKIP=1 git commit", GIT, Skipped("SOPSGUARD_SKIP is set"), |w| { w.set("SOPSGUARD_SKIP", "1"); stale(w); w.commit() }),
    row("SOPSGUARD_SKIP=0 git commit", GIT, STALE, |w| { w.set("SOPSGUARD_SKIP", "0"); stale(w); w.commit() }),
    row("git commit --no-verify", ALL, Passes, |w| { stale(w); w.try_commit(&["commit", "--no-verify", "-m", "a"]) }),
    row("script in a shared folder", GIT, STALE, |w| { shared(w); stale(w); w.commit() }),
    row("script in a shared folder, good file", GIT, Passes, |w| { shared(w); w.put("healthy", WIKI); w.stage(); w.commit() }),
    row("former hook passes, bad file", GIT, STALE, |w| { former(w, "pre-commit", "echo former"); stale(w); w.commit() }),
    row("former hook blocks, good file", GIT, Blocked("former says no"), |w| { former(w, "pre-commit", "echo former says no; exit 3"); w.put("healthy", WIKI); w.stage(); w.commit() }),
    row("former push hook has the references", GIT, Notice("former: refs/heads/main"), |w| { former(w, "pre-push", "read ref rest; echo \"former: $ref $1\""); w.put("healthy", WIKI); w.stage(); w.commit_unseen(); w.push(&["main"]) }),
    row("former push hook that reads nothing, bad file", GIT, STALE, |w| { former(w, "pre-push", "exit 0"); stale(w); w.commit_unseen(); w.push(&["main"]) }),
];

/// A secret that sops has never seen.
const CLEAR: &str = "\
apiVersion: v1
kind: Secret
metadata:
    name: wiki-db
stringData:
    password: pasted-in-clear-4711
";

const fn row(
    name: &'static str,
    runners: &'static [Runner],
    expected: Expected,
    play: fn(&World) -> Attempt,
) -> Scenario {
    Scenario {
        name,
        runners,
        expected,
        as_root: false,
        play,
    }
}

impl Scenario {
    const fn for_root(mut self) -> Self {
        self.as_root = true;
        self
    }
}

/// Stages a file that was edited outside sops.
fn stale(world: &World) {
    world.put("damaged", SHOP);
    world.stage();
}

fn no_key(world: &World) {
    world.unset("SOPS_AGE_KEY_FILE");
}

/// Makes a branch `side` with what `change` stages, and goes on on `main`.
fn side(world: &World, change: fn(&World)) {
    world.git(["checkout", "--quiet", "-b", "side"]);
    change(world);
    world.commit_unseen();
    world.git(["checkout", "--quiet", "main"]);
    world.write("README.md", "main went on");
    world.stage();
    world.commit_unseen();
}

/// Makes a bare repository with the hooks and all commits, and pushes from there.
fn push_from_bare(world: &World) -> Attempt {
    bare(world);
    world.push_from("../bare", &["main"])
}

fn bare(world: &World) {
    world.git(["clone", "--quiet", "--bare", ".", "../bare"]);
    world.git(["-C", "../bare", "remote", "set-url", "origin", "../remote"]);
    assert!(world.run("sopsguard", &["-C", "../bare", "install"]).done);
}

/// Keeps only `apps`, and folders that are not there as one entry of the index.
fn sparse(world: &World) {
    world.git(["sparse-checkout", "set", "--cone", "--sparse-index", "apps"]);
    let entries = world.git(["ls-files", "--sparse"]);
    assert!(entries.contains("infra/\n"), "not sparse: {entries}");
}

/// Makes the repository somebody else's, whom git trusts and libgit2 might not.
fn give_away(world: &World) {
    world.git(["config", "--global", "safe.directory", "*"]);
    let repository = world.at("");
    assert!(
        world
            .run("chown", &["-R", "65534", repository.to_str().unwrap()])
            .done
    );
}

/// Has the audit beside the check: the other hook, or a hook of one's own that runs before ours.
fn with_audit(world: &World) {
    if world.runner == Runner::Git {
        former(world, "pre-commit", "exec sopsguard audit --staged");
    } else {
        world.configure("  - id: sopsguard-audit\n");
    }
}

/// Has the script in a folder of the work tree, as the help of `install` says.
fn shared(world: &World) {
    world.run("sopsguard", &["install", "--uninstall"]);
    world.git(["config", "core.hooksPath", ".githooks"]);
    let script = world.run("sopsguard", &["install", "--print", "pre-commit"]);
    world.write(".githooks/pre-commit", script.output);
    assert!(world.run("chmod", &["+x", ".githooks/pre-commit"]).done);
}

/// Has a hook there before ours.
fn former(world: &World, name: &str, commands: &str) {
    world.run("sopsguard", &["install", "--uninstall"]);
    world.write(
        &format!(".git/hooks/{name}"),
        format!("#!/bin/sh\n{commands}\n"),
    );
    let place = world.at(format!(".git/hooks/{name}"));
    assert!(world.run("chmod", &["755", place.to_str().unwrap()]).done);
    assert!(world.run("sopsguard", &["install"]).done);
}
