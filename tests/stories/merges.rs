//! Merges of two versions that sops wrote, resolved well and badly.

use std::fs;

use crate::check::{Expected, error, warning};
use crate::repo::{ONLY_DATA, Repo, SECRET};

const FILE: &str = "db.enc.yaml";
const USER: &str = "[\"stringData\"][\"username\"]";
const PORT: &str = "[\"stringData\"][\"port\"]";
const EDITED: &str = "edited-outside-sops";

/// `topic` sets the user's name and `main` the port, both in sops; `main` is checked out.
fn diverge(repo: &Repo) {
    repo.add(FILE, SECRET);
    diverge_from_here(repo, || repo.set(FILE, USER, "canary-theirs"));
}

fn diverge_from_here(repo: &Repo, theirs: impl Fn()) {
    repo.branch("topic");
    theirs();
    repo.commit("On topic");
    repo.checkout("main");
    repo.later();
    repo.set(FILE, PORT, "canary-ours");
    repo.commit("On main");
}

/// The file as it is on a branch.
fn on(repo: &Repo, branch: &str) -> String {
    repo.git(["show", &format!("{branch}:{FILE}")])
}

/// `to` with the line of a key as it is in `from`.
fn take(key: &str, from: &str, to: &str) -> String {
    let key = format!(" {key}: ");
    let line = |text: &str| {
        text.lines()
            .find(|line| line.contains(&key))
            .unwrap()
            .to_owned()
    };
    to.replace(&line(to), &line(from))
}

/// What is found while the merge is in progress, in the work tree and in the index.
#[track_caller]
fn finds_in_progress(repo: &Repo, expected: impl IntoIterator<Item = Expected>) {
    let expected: Vec<Expected> = expected.into_iter().collect();
    repo.check(&[]).finds(expected.clone());
    repo.git(["add", "--all"]);
    repo.check(&["--staged"]).finds(expected);
    assert!(repo.at(".git/MERGE_HEAD").exists());
}

/// What is found once the merge is committed: since each of its parents.
#[track_caller]
fn finds_since(repo: &Repo, ours: &[Expected], theirs: &[Expected]) {
    repo.commit("Merge topic");
    repo.check(&["--since", "HEAD^1"]).finds(ours.to_vec());
    repo.check(&["--since", "HEAD^2"]).finds(theirs.to_vec());
}

story!(a_conflict_is_resolved_by_taking_ours_whole, |repo| {
    diverge(repo);
    repo.git_fails(["merge", "topic"]);
    repo.git(["checkout", "--ours", "--", FILE]);
    finds_in_progress(repo, []);
    finds_since(repo, &[], &[]);
});

story!(a_conflict_is_resolved_by_taking_theirs_whole, |repo| {
    diverge(repo);
    repo.git_fails(["merge", "topic"]);
    repo.git(["checkout", "--theirs", "--", FILE]);
    finds_in_progress(repo, []);
    finds_since(repo, &[], &[]);
});

story!(a_conflict_is_resolved_in_sops, |repo| {
    diverge(repo);
    repo.git_fails(["merge", "topic"]);
    repo.git(["checkout", "--ours", "--", FILE]);
    repo.set(FILE, USER, "canary-theirs");
    finds_in_progress(repo, []);
    finds_since(repo, &[], &[]);
    assert!(repo.opens(FILE));
});

story!(a_conflict_is_resolved_line_by_line_under_our_mac, |repo| {
    diverge(repo);
    repo.git_fails(["merge", "topic"]);
    repo.write(
        FILE,
        take("username", &on(repo, "topic"), &on(repo, "main")),
    );
    assert!(!repo.opens(FILE));
    let mixed = error("mixed-merge", FILE).says("`stringData.username`");
    finds_in_progress(repo, [mixed.says("git restore --source=")]);
    let edited = || error(EDITED, FILE).says("`stringData.username` changed");
    finds_since(repo, &[edited()], &[edited()]);
});

story!(
    a_conflict_is_resolved_line_by_line_under_their_mac,
    |repo| {
        diverge(repo);
        repo.git_fails(["merge", "topic"]);
        repo.write(FILE, take("port", &on(repo, "main"), &on(repo, "topic")));
        assert!(!repo.opens(FILE));
        finds_in_progress(repo, [error("mixed-merge", FILE).says("`stringData.port`")]);
        let edited = || error(EDITED, FILE).says("`stringData.port` changed");
        finds_since(repo, &[edited()], &[edited()]);
    }
);

story!(
    the_mac_is_taken_from_one_side_and_the_time_from_the_other,
    |repo| {
        diverge(repo);
        repo.git_fails(["merge", "topic"]);
        repo.write(
            FILE,
            take("lastmodified", &on(repo, "topic"), &on(repo, "main")),
        );
        assert!(!repo.opens(FILE));
        let mixed = || error("mixed-merge", FILE).says("`lastmodified`");
        finds_in_progress(repo, [mixed()]);
        finds_since(repo, &[mixed()], &[]);
    }
);

story!(git_is_told_to_prefer_ours, |repo| {
    diverge(repo);
    repo.git(["merge", "--quiet", "--no-commit", "-X", "ours", "topic"]);
    assert!(!repo.opens(FILE));
    finds_in_progress(
        repo,
        [error("mixed-merge", FILE).says("`stringData.username`")],
    );
    let edited = || error(EDITED, FILE).says("`stringData.username`");
    finds_since(repo, &[edited()], &[edited()]);
});

story!(git_is_told_to_prefer_theirs, |repo| {
    diverge(repo);
    repo.git(["merge", "--quiet", "--no-commit", "-X", "theirs", "topic"]);
    assert!(!repo.opens(FILE));
    finds_in_progress(repo, [error("mixed-merge", FILE).says("`stringData.port`")]);
    let edited = || error(EDITED, FILE).says("`stringData.port`");
    finds_since(repo, &[edited()], &[edited()]);
});

story!(git_is_told_to_take_the_union, |repo| {
    diverge(repo);
    fs::create_dir_all(repo.at(".git/info")).unwrap();
    fs::write(repo.at(".git/info/attributes"), "*.yaml merge=union\n").unwrap();
    repo.git(["merge", "--quiet", "--no-commit", "topic"]);
    assert!(!repo.opens(FILE));
    finds_in_progress(
        repo,
        [
            error("duplicate-key", FILE).key("sops.lastmodified"),
            error("duplicate-key", FILE).key("sops.mac"),
        ],
    );
});

story!(the_marks_of_a_conflict_are_committed, |repo| {
    diverge(repo);
    repo.git_fails(["merge", "topic"]);
    finds_in_progress(repo, [error("conflict-marker", FILE)]);
});

story!(a_file_is_edited_as_text_while_merging, |repo| {
    diverge(repo);
    repo.git_fails(["merge", "topic"]);
    repo.git(["checkout", "--ours", "--", FILE]);
    repo.replace(FILE, "production", "staging");
    let edited = || error(EDITED, FILE).says("`metadata.namespace` changed");
    finds_in_progress(repo, [edited()]);
    finds_since(repo, &[edited()], &[edited()]);
});

story!(each_side_edits_another_file_in_sops, |repo| {
    repo.encrypt("other.enc.yaml", SECRET);
    repo.add(FILE, SECRET);
    repo.branch("topic");
    repo.set("other.enc.yaml", USER, "canary-theirs");
    repo.commit("On topic");
    repo.checkout("main");
    repo.set(FILE, PORT, "canary-ours");
    repo.commit("On main");
    repo.git(["merge", "--quiet", "--no-commit", "topic"]);
    finds_in_progress(repo, []);
    finds_since(repo, &[], &[]);
});

story!(what_the_other_side_broke_is_merged, |repo| {
    repo.add(FILE, SECRET);
    repo.branch("topic");
    repo.replace(FILE, "production", "staging");
    repo.commit("On topic");
    repo.checkout("main");
    repo.write("README", "other work\n");
    repo.commit("On main");
    repo.git(["merge", "--quiet", "--no-commit", "topic"]);
    // The file is as it is there; whoever broke it was told.
    finds_in_progress(repo, []);
    finds_since(repo, &[error(EDITED, FILE)], &[]);
});

story!(one_side_adds_a_recipient_and_the_other_one_edits, |repo| {
    repo.add(FILE, SECRET);
    diverge_from_here(repo, || {
        repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
        repo.updatekeys(FILE);
    });
    // git puts together the recipients of one side and what sops wrote on the other, which is sound.
    repo.git(["merge", "--quiet", "--no-commit", "topic"]);
    assert!(repo.opens(FILE));
    finds_in_progress(repo, []);
    finds_since(repo, &[warning("recipient-added", FILE)], &[]);
});

story!(one_side_deletes_the_file_and_the_other_one_edits, |repo| {
    repo.add(FILE, SECRET);
    diverge_from_here(repo, || fs::remove_file(repo.at(FILE)).unwrap());
    repo.git_fails(["merge", "topic"]);
    repo.git(["checkout", "main", "--", FILE]);
    finds_in_progress(repo, []);
    finds_since(repo, &[], &[]);
});

story!(three_branches_are_merged_at_once, |repo| {
    for name in ["a.enc.yaml", "b.enc.yaml", "c.enc.yaml"] {
        repo.encrypt(name, SECRET);
    }
    repo.commit("Add them");
    for (branch, name) in [("one", "a.enc.yaml"), ("two", "b.enc.yaml")] {
        repo.git(["checkout", "--quiet", "-b", branch, "main"]);
        repo.set(name, USER, "canary-theirs");
        repo.commit("On a branch");
    }
    repo.checkout("main");
    repo.set("c.enc.yaml", USER, "canary-ours");
    repo.commit("On main");
    repo.git(["merge", "--quiet", "--no-commit", "one", "two"]);
    finds_in_progress(repo, []);
    repo.replace("b.enc.yaml", "production", "staging");
    finds_in_progress(repo, [error(EDITED, "b.enc.yaml")]);
});

story!(a_branch_is_squashed_and_resolved_badly, |repo| {
    diverge(repo);
    repo.git_fails(["merge", "--squash", "topic"]);
    repo.write(
        FILE,
        take("username", &on(repo, "topic"), &on(repo, "main")),
    );
    repo.finds([error(EDITED, FILE).says("`stringData.username` changed")]);
});
