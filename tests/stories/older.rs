//! Older versions that come back, each of them as sound as the one that it replaces.

use crate::check::{note, warning};
use crate::repo::{ONLY_DATA, SECRET};

const FILE: &str = "db.enc.yaml";
const OLDER: &str = "replayed-version";

story!(an_older_version_is_brought_back, |repo| {
    repo.add(FILE, SECRET);
    let older = repo.id("HEAD");
    repo.later();
    repo.set(FILE, "[\"stringData\"][\"password\"]", "canary-changed");
    repo.commit("Change the password");
    repo.git(["restore", "--source", &older, "--", FILE]);
    repo.finds([note(OLDER, FILE).says(&older[..7])]);
});

story!(an_edit_in_sops_is_reverted_later, |repo| {
    repo.add(FILE, SECRET);
    repo.later();
    repo.set(FILE, "[\"stringData\"][\"password\"]", "canary-changed");
    repo.commit("Change the password");
    repo.git(["revert", "--no-commit", "HEAD"]);
    // Who reverts a commit means to have what was before it.
    repo.check(&[]).finds_nothing();
    repo.check(&["--staged"]).finds_nothing();
    repo.commit("Revert it");
    repo.check(&["--since", "HEAD~1"])
        .finds([note(OLDER, FILE)]);
    assert!(repo.opens(FILE));
});

story!(an_older_version_brings_back_its_data_key, |repo| {
    repo.add(FILE, SECRET);
    let older = repo.id("HEAD");
    repo.later();
    repo.sops(["rotate", "--in-place", FILE]);
    repo.commit("Rotate");
    repo.git(["restore", "--source", &older, "--", FILE]);
    repo.finds([warning(OLDER, FILE).says("data key")]);
});

story!(an_older_version_brings_back_a_recipient, |repo| {
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    repo.add(FILE, SECRET);
    let older = repo.id("HEAD");
    repo.later();
    let bob = &repo.bob.recipient;
    repo.sops(["rotate", "--in-place", "--rm-age", bob, FILE]);
    repo.commit("Bob leaves");
    repo.git(["restore", "--source", &older, "--", FILE]);
    repo.finds([
        warning(OLDER, FILE).says(bob),
        warning("recipient-added", FILE).says(bob),
    ]);
});

story!(values_are_set_back_in_sops, |repo| {
    repo.add(FILE, SECRET);
    for password in ["canary-changed", "canary-password"] {
        repo.later();
        repo.set(FILE, "[\"stringData\"][\"password\"]", password);
        repo.commit("Change the password");
    }
    repo.check(&["--since", "HEAD~1"]).finds_nothing();
    repo.check(&["--since", "HEAD~2"]).finds_nothing();
    repo.check(&["--history"]).finds_nothing();
});
