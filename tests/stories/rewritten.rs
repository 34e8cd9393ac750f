//! History that is made anew: rebase, cherry-pick, revert, amend.

use crate::check::error;
use crate::repo::{Repo, SECRET};

const FILE: &str = "db.enc.yaml";
const USER: &str = "[\"stringData\"][\"username\"]";
const PORT: &str = "[\"stringData\"][\"port\"]";
const EDITED: &str = "edited-outside-sops";

/// `main` sets the port and `topic` the user's name, both in sops; `topic` is checked out.
fn diverge(repo: &Repo) {
    repo.add(FILE, SECRET);
    repo.branch("topic");
    repo.set(FILE, USER, "canary-theirs");
    repo.commit("On topic");
    repo.checkout("main");
    repo.later();
    repo.set(FILE, PORT, "canary-ours");
    repo.commit("On main");
    repo.checkout("topic");
}

/// The line of a key in a text.
fn line(key: &str, text: &str) -> String {
    let key = format!(" {key}: ");
    text.lines()
        .find(|line| line.contains(&key))
        .unwrap()
        .to_owned()
}

story!(a_branch_is_rebased_without_a_conflict, |repo| {
    repo.add(FILE, SECRET);
    repo.branch("topic");
    repo.set(FILE, USER, "canary-theirs");
    repo.commit("On topic");
    repo.checkout("main");
    repo.write("README", "other work\n");
    repo.commit("On main");
    repo.checkout("topic");
    repo.git(["rebase", "--quiet", "main"]);
    repo.check(&["--since", "main"]).finds_nothing();
});

story!(a_rebase_is_resolved_by_taking_one_version_whole, |repo| {
    diverge(repo);
    repo.git_fails(["rebase", "main"]);
    repo.git(["checkout", "--theirs", "--", FILE]);
    repo.check(&[]).finds_nothing();
    repo.git(["add", FILE]);
    repo.check(&["--staged"]).finds_nothing();
    repo.git(["rebase", "--continue"]);
    repo.check(&["--since", "main"]).finds_nothing();
});

story!(a_rebase_is_resolved_line_by_line, |repo| {
    diverge(repo);
    repo.git_fails(["rebase", "main"]);
    let (ours, theirs) = (
        repo.git(["show", "main:db.enc.yaml"]),
        repo.git(["show", "topic:db.enc.yaml"]),
    );
    repo.write(
        FILE,
        ours.replace(&line("username", &ours), &line("username", &theirs)),
    );
    assert!(!repo.opens(FILE));
    let mixed = || error("mixed-merge", FILE).says("`stringData.username`");
    repo.check(&[]).finds([mixed()]);
    repo.git(["add", FILE]);
    repo.check(&["--staged"]).finds([mixed()]);
    repo.git(["rebase", "--continue"]);
    let edited = error(EDITED, FILE).says("`stringData.username` changed");
    repo.check(&["--since", "main"]).finds([edited]);
});

story!(a_commit_of_sops_is_picked, |repo| {
    repo.add(FILE, SECRET);
    repo.branch("topic");
    repo.set(FILE, USER, "canary-theirs");
    repo.commit("On topic");
    repo.checkout("main");
    repo.git(["cherry-pick", "--no-commit", "topic"]);
    repo.finds_nothing();
});

story!(a_pick_is_resolved_line_by_line, |repo| {
    diverge(repo);
    repo.checkout("main");
    repo.git_fails(["cherry-pick", "topic"]);
    let (ours, theirs) = (
        repo.git(["show", "main:db.enc.yaml"]),
        repo.git(["show", "topic:db.enc.yaml"]),
    );
    repo.write(
        FILE,
        theirs.replace(&line("port", &theirs), &line("port", &ours)),
    );
    assert!(!repo.opens(FILE));
    let rule = "mixed-merge";
    repo.check(&[])
        .finds([error(rule, FILE).says("`stringData.port`")]);
    repo.git(["add", FILE]);
    repo.check(&["--staged"])
        .finds([error(rule, FILE).says("`stringData.port`")]);
});

story!(a_commit_that_broke_the_file_is_picked, |repo| {
    repo.add(FILE, SECRET);
    repo.branch("topic");
    repo.replace(FILE, "production", "staging");
    repo.commit("On topic");
    repo.checkout("main");
    repo.git(["cherry-pick", "--no-commit", "topic"]);
    repo.finds([error(EDITED, FILE)]);
});

story!(an_edit_in_sops_is_reverted, |repo| {
    repo.add(FILE, SECRET);
    repo.set(FILE, USER, "canary-other");
    repo.commit("Change the user");
    repo.git(["revert", "--no-commit", "HEAD"]);
    repo.finds_nothing();
});

story!(an_edit_as_text_is_reverted, |repo| {
    repo.add(FILE, SECRET);
    repo.replace(FILE, "production", "staging");
    repo.commit("Break the file");
    repo.git(["revert", "--no-commit", "HEAD"]);
    repo.finds_nothing();
});

story!(what_was_edited_as_text_is_brought_back, |repo| {
    repo.add(FILE, SECRET);
    let sound = repo.id("HEAD");
    repo.replace(FILE, "production", "staging");
    repo.commit("Break the file");
    repo.write("README", "other work\n");
    repo.commit("Do something else");
    repo.git(["restore", "--source", &sound, "--", FILE]);
    repo.finds_nothing();
    repo.check(&["--since", &sound]).finds_nothing();
});

story!(what_was_edited_as_text_is_edited_as_text_again, |repo| {
    repo.add(FILE, SECRET);
    let sound = repo.id("HEAD");
    repo.replace(FILE, "production", "staging");
    repo.commit("Break the file");
    repo.replace(FILE, "staging", "testing");
    repo.finds([error(EDITED, FILE).says("`metadata.namespace` changed")]);
    repo.check(&["--since", &sound])
        .finds([error(EDITED, FILE)]);
});

story!(a_commit_is_amended, |repo| {
    repo.add(FILE, SECRET);
    let before = repo.id("HEAD");
    repo.set(FILE, USER, "canary-other");
    repo.commit("Change the user");
    repo.set(FILE, USER, "canary-better");
    repo.git(["commit", "--quiet", "--amend", "--all", "--no-edit"]);
    repo.check(&["--since", &before]).finds_nothing();
    repo.replace(FILE, "production", "staging");
    repo.git(["commit", "--quiet", "--amend", "--all", "--no-edit"]);
    repo.check(&["--since", &before]).finds_nothing();
});

story!(a_text_edit_is_stashed_and_brought_back, |repo| {
    repo.add(FILE, SECRET);
    repo.replace(FILE, "production", "staging");
    repo.git(["stash", "--quiet"]);
    repo.check(&[]).finds_nothing();
    repo.git(["stash", "pop", "--quiet"]);
    repo.finds([error(EDITED, FILE)]);
});
