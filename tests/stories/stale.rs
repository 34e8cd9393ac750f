//! Old repositories: files whose MAC went stale long ago, and nobody noticed.

use crate::check::error;
use crate::repo::{ONLY_DATA, Repo, SECRET};

const FILE: &str = "db.enc.yaml";
const EDITED: &str = "edited-outside-sops";

/// Commits that have nothing to do with it.
fn go_on(repo: &Repo, commits: usize) {
    for number in 0..commits {
        repo.write("README", format!("{number}\n"));
        repo.commit("Do something else");
    }
}

/// A file that was broken ten commits ago; the commit that did it.
fn broken(repo: &Repo) -> String {
    repo.encrypt("sound.enc.yaml", SECRET);
    repo.add(FILE, SECRET);
    go_on(repo, 2);
    repo.replace(FILE, "production", "staging");
    repo.commit("Move to staging");
    let commit = repo.id("HEAD");
    go_on(repo, 10);
    commit
}

story!(a_file_was_broken_ten_commits_ago, |repo| {
    let commit = broken(repo);
    repo.check(&[]).finds_nothing();
    let found = error(EDITED, FILE)
        .says(&commit[..7])
        .says("`metadata.namespace` changed");
    repo.check(&["--history"]).finds([found]);
    assert!(!repo.opens(FILE));
    assert!(repo.opens("sound.enc.yaml"));
});

story!(the_search_goes_back_as_far_as_it_is_told, |repo| {
    broken(repo);
    let said = repo.check(&["--history=5"]).finds_nothing();
    assert!(!said.not_evaluated().is_empty(), "{}", said.stdout);
    repo.check(&["--history=50"]).finds([error(EDITED, FILE)]);
});

story!(a_file_was_broken_and_mended_in_sops, |repo| {
    broken(repo);
    repo.sops([
        "set",
        "--ignore-mac",
        FILE,
        "[\"stringData\"][\"port\"]",
        "\"canary-1\"",
    ]);
    repo.commit("Mend it");
    go_on(repo, 2);
    repo.check(&["--history"]).finds_nothing();
    assert!(repo.opens(FILE));
});

story!(a_file_was_broken_and_brought_back, |repo| {
    let commit = broken(repo);
    repo.git(["restore", &format!("--source={commit}~1"), "--", FILE]);
    repo.commit("Bring it back");
    repo.check(&["--history"]).finds_nothing();
    assert!(repo.opens(FILE));
});

story!(a_broken_file_was_renamed, |repo| {
    let commit = broken(repo);
    std::fs::create_dir(repo.at("apps")).unwrap();
    repo.git(["mv", FILE, "apps/db.enc.yaml"]);
    repo.commit("Rename it");
    go_on(repo, 2);
    let found = error(EDITED, "apps/db.enc.yaml").says(&commit[..7]);
    repo.check(&["--history"]).finds([found]);
});

story!(a_file_was_renamed_and_broken_in_one_commit, |repo| {
    repo.add(FILE, SECRET);
    go_on(repo, 2);
    std::fs::create_dir(repo.at("apps")).unwrap();
    repo.git(["mv", FILE, "apps/db.enc.yaml"]);
    repo.replace("apps/db.enc.yaml", "production", "staging");
    repo.commit("Move to staging");
    let commit = repo.id("HEAD");
    go_on(repo, 2);
    let found = error(EDITED, "apps/db.enc.yaml").says(&commit[..7]);
    repo.check(&["--history"]).finds([found]);
    assert!(!repo.opens("apps/db.enc.yaml"));
});

story!(a_file_was_broken_and_got_a_recipient, |repo| {
    let commit = broken(repo);
    // `updatekeys` does not look at the MAC.
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    repo.updatekeys(FILE);
    repo.commit("Add Bob");
    go_on(repo, 2);
    let found = error(EDITED, FILE).says(&commit[..7]);
    repo.check(&["--history"]).finds([found]);
    assert!(!repo.opens(FILE));
});

story!(files_live_long_and_nothing_is_wrong, |repo| {
    repo.add(FILE, SECRET);
    repo.set(FILE, "[\"stringData\"][\"port\"]", "canary-1");
    repo.commit("Set the port");
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    repo.updatekeys(FILE);
    repo.commit("Add Bob");
    repo.change(FILE, |text| text.replace('\n', "\r\n"));
    repo.commit("Convert line ends");
    repo.sops(["rotate", "--in-place", FILE]);
    repo.commit("Rotate");
    repo.git(["mv", FILE, "shop.enc.yaml"]);
    repo.commit("Rename it");
    repo.edit("shop.enc.yaml", "s/production/staging/");
    repo.commit("Move to staging");
    go_on(repo, 3);
    repo.check(&["--history"]).finds_nothing();
});

story!(a_merge_broke_a_file_long_ago, |repo| {
    repo.add(FILE, SECRET);
    repo.branch("topic");
    repo.set(FILE, "[\"stringData\"][\"username\"]", "canary-theirs");
    repo.commit("On topic");
    repo.checkout("main");
    repo.later();
    repo.set(FILE, "[\"stringData\"][\"port\"]", "canary-ours");
    repo.commit("On main");
    repo.git(["merge", "--quiet", "--no-edit", "-X", "ours", "topic"]);
    let merge = repo.id("HEAD");
    go_on(repo, 3);
    assert!(!repo.opens(FILE));
    let said = repo.check(&["--history"]).run();
    let report = said.json();
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{}", said.stdout);
    assert!([EDITED, "mixed-merge"].contains(&findings[0]["rule"].as_str().unwrap()));
    assert!(
        findings[0]["message"]
            .as_str()
            .unwrap()
            .contains(&merge[..7]),
        "{}",
        said.stdout
    );
});
