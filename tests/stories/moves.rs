//! Files that are renamed, copied, deleted, and tokens that wander between them.

use std::fs;
use std::os::unix::fs::symlink;

use crate::check::{Expected, commands, error};
use crate::repo::{ONLY_DATA, Repo, SECRET};

const FILE: &str = "db.enc.yaml";
const OTHER: &str = "apps/shop.enc.yaml";
const EDITED: &str = "edited-outside-sops";

/// The line of a key in a text.
fn line(key: &str, text: &str) -> String {
    let key = format!(" {key}: ");
    text.lines()
        .find(|line| line.contains(&key))
        .unwrap()
        .to_owned()
}

/// Where all files are looked at, the one that a token comes from is named; where only those are that
/// changed, the edit is found.
#[track_caller]
fn finds_a_copy(repo: &Repo, edited: Expected) {
    let copied = error("copied-ciphertext", FILE).says(OTHER);
    repo.check(&[]).finds([copied, edited.clone()]);
    repo.git(["add", "--all"]);
    repo.check(&["--staged"]).finds([edited.clone()]);
    repo.commit("Copy a value");
    repo.check(&["--since", "HEAD~1"]).finds([edited]);
    assert!(!repo.opens(FILE));
}

story!(a_file_is_renamed, |repo| {
    repo.add(FILE, SECRET);
    fs::create_dir(repo.at("apps")).unwrap();
    repo.git(["mv", FILE, OTHER]);
    repo.finds_nothing();
});

story!(a_file_is_renamed_and_edited_in_sops, |repo| {
    repo.add(FILE, SECRET);
    fs::create_dir(repo.at("apps")).unwrap();
    repo.git(["mv", FILE, OTHER]);
    repo.set(OTHER, "[\"stringData\"][\"password\"]", "canary-changed");
    repo.finds_nothing();
});

story!(a_file_is_renamed_and_edited_as_text, |repo| {
    repo.add(FILE, SECRET);
    let sound = repo.read(FILE);
    fs::create_dir(repo.at("apps")).unwrap();
    repo.git(["mv", FILE, OTHER]);
    repo.replace(OTHER, "production", "staging");
    let before = repo.id("HEAD");
    repo.finds([error(EDITED, OTHER).says("`metadata.namespace` changed")]);
    // What is printed brings it back, under its new name.
    let found = repo.check(&["--since", &before]).run().findings(EDITED);
    let restore = commands(&found[0]).remove(0);
    let mut shell = repo.command("sh");
    assert!(shell.args(["-c", &restore]).status().unwrap().success());
    assert_eq!(repo.read(OTHER), sound);
});

story!(folders_of_files_are_renamed, |repo| {
    for name in ["a", "b", "c"] {
        repo.encrypt(
            &format!("old/{name}.enc.yaml"),
            &SECRET.replace("shop", name),
        );
    }
    repo.commit("Add them");
    repo.git(["mv", "old", "new"]);
    repo.replace("new/b.enc.yaml", "production", "staging");
    repo.finds([error(EDITED, "new/b.enc.yaml")]);
});

story!(two_files_exchange_their_names, |repo| {
    repo.encrypt(OTHER, &SECRET.replace("shop", "mail"));
    repo.add(FILE, SECRET);
    repo.git(["mv", FILE, "x"]);
    repo.git(["mv", OTHER, FILE]);
    repo.git(["mv", "x", OTHER]);
    repo.finds_nothing();
});

story!(a_file_is_copied_and_the_copy_is_set, |repo| {
    repo.add(FILE, SECRET);
    repo.write(OTHER, repo.read(FILE));
    repo.set(OTHER, "[\"stringData\"][\"password\"]", "canary-changed");
    repo.finds_nothing();
});

story!(a_file_is_copied_and_gets_another_recipient, |repo| {
    repo.add(FILE, SECRET);
    repo.write(OTHER, repo.read(FILE));
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    repo.updatekeys(OTHER);
    repo.finds_nothing();
});

story!(a_token_is_copied_from_another_file, |repo| {
    repo.encrypt(OTHER, SECRET);
    repo.add(FILE, &SECRET.replace("password:", "passphrase:"));
    let copied = line("password", &repo.read(OTHER));
    repo.change(FILE, |text| text.replace(&line("port", text), &copied));
    finds_a_copy(
        repo,
        error(EDITED, FILE).says("`stringData.password` added"),
    );
});

story!(
    a_token_is_copied_from_the_same_key_of_another_file,
    |repo| {
        repo.encrypt(OTHER, &SECRET.replace("canary-password", "canary-other"));
        repo.add(FILE, SECRET);
        let copied = line("password", &repo.read(OTHER));
        repo.change(FILE, |text| text.replace(&line("password", text), &copied));
        finds_a_copy(
            repo,
            error(EDITED, FILE).says("`stringData.password` changed"),
        );
    }
);

story!(a_file_is_deleted, |repo| {
    repo.encrypt(OTHER, SECRET);
    repo.add(FILE, SECRET);
    fs::remove_file(repo.at(FILE)).unwrap();
    repo.finds_nothing();
});

story!(a_file_is_emptied, |repo| {
    repo.add(FILE, SECRET);
    repo.write(FILE, "");
    let emptied = error("downgraded-encryption", FILE).says("has no value now");
    repo.finds_whatever_sops_does([emptied]);
});

story!(a_file_is_put_in_the_place_of_another, |repo| {
    repo.encrypt(OTHER, SECRET);
    repo.add(FILE, &SECRET.replace("shop", "mail"));
    fs::rename(repo.at(OTHER), repo.at(FILE)).unwrap();
    repo.finds_nothing();
});

story!(a_file_becomes_a_link_to_another, |repo| {
    repo.encrypt(OTHER, SECRET);
    repo.add(FILE, SECRET);
    fs::remove_file(repo.at(FILE)).unwrap();
    symlink(OTHER, repo.at(FILE)).unwrap();
    repo.finds_whatever_sops_does([]);
});

story!(a_file_becomes_executable, |repo| {
    repo.add(FILE, SECRET);
    repo.git(["update-index", "--chmod=+x", FILE]);
    repo.check(&["--staged"]).finds_nothing();
});
