//! What was in clear in some commit stays there for everybody who gets the history.

use std::fs;

use age::secrecy::ExposeSecret;

use crate::check::error;
use crate::repo::{ONLY_DATA, SECRET};

const FILE: &str = "db.enc.yaml";

story!(a_file_is_decrypted_and_committed, |repo| {
    repo.add(FILE, SECRET);
    repo.write(FILE, SECRET);
    repo.finds([error("not-encrypted", FILE)]);
});

story!(a_file_without_a_telling_name_is_decrypted, |repo| {
    repo.add("db.yaml", SECRET);
    repo.write("db.yaml", SECRET);
    repo.finds([error("downgraded-encryption", "db.yaml")
        .says("`stringData.username`, `stringData.password`, `stringData.port`")]);
});

story!(
    a_file_is_in_clear_in_the_first_commit_and_encrypted_in_the_second,
    |repo| {
        let before = repo.id("HEAD");
        repo.write(FILE, SECRET);
        repo.commit("Add the secret");
        let leaked = repo.id("HEAD");
        repo.encrypt(FILE, SECRET);
        repo.commit("Encrypt it");
        repo.check(&[]).finds_nothing();
        let leak = error("not-encrypted", FILE).says(&leaked[..7]);
        repo.check(&["--since", &before]).finds([leak]);
        // Who has the first commit already is not told of it again.
        repo.check(&["--since", &leaked]).finds_nothing();
    }
);

story!(a_value_is_pasted_in_clear_and_encrypted_later, |repo| {
    repo.add(FILE, SECRET);
    let (before, sound) = (repo.id("HEAD"), repo.read(FILE));
    repo.change(FILE, |text| {
        let line = text
            .lines()
            .find(|line| line.contains(" password:"))
            .unwrap();
        text.replace(line, "    password: canary-pasted")
    });
    repo.commit("Change the password");
    let leaked = repo.id("HEAD");
    repo.write(FILE, sound);
    repo.set(FILE, "[\"stringData\"][\"password\"]", "canary-pasted");
    repo.commit("Encrypt it");
    let leak = error("plaintext-value", FILE).key("stringData.password");
    repo.check(&["--since", &before])
        .finds([leak.says(&leaked[..7])]);
});

story!(a_private_key_is_committed_and_removed, |repo| {
    let before = repo.id("HEAD");
    let identity = age::x25519::Identity::generate();
    repo.write(
        "notes.txt",
        format!("{}\n", identity.to_string().expose_secret()),
    );
    repo.commit("Add notes");
    let leaked = repo.id("HEAD");
    fs::remove_file(repo.at("notes.txt")).unwrap();
    repo.commit("Remove them");
    repo.check(&[]).finds_nothing();
    let leak = error("private-key-committed", "notes.txt").says(&leaked[..7]);
    let said = repo.check(&["--since", &before]).finds([leak]);
    assert!(!said.stdout.contains(identity.to_string().expose_secret()));
});

story!(a_private_key_is_committed, |repo| {
    let identity = age::x25519::Identity::generate();
    repo.write(
        "notes.txt",
        format!("{}\n", identity.to_string().expose_secret()),
    );
    repo.finds([error("private-key-committed", "notes.txt")]);
});

story!(a_leak_is_told_once_however_many_commits_keep_it, |repo| {
    let before = repo.id("HEAD");
    repo.write(FILE, SECRET);
    repo.commit("Add the secret");
    for number in 0..3 {
        repo.write("README", format!("{number}\n"));
        repo.commit("Do something else");
    }
    fs::rename(repo.at(FILE), repo.at("moved.enc.yaml")).unwrap();
    repo.commit("Rename it");
    repo.encrypt("moved.enc.yaml", SECRET);
    repo.commit("Encrypt it");
    repo.check(&["--since", &before])
        .finds([error("not-encrypted", FILE)]);
});

story!(a_leak_of_the_base_is_not_told_again, |repo| {
    repo.write(FILE, SECRET);
    repo.commit("Add the secret");
    let before = repo.id("HEAD");
    repo.write("README", "other work\n");
    repo.commit("Do something else");
    repo.check(&["--since", &before]).finds_nothing();
});

story!(a_merged_branch_leaks, |repo| {
    let before = repo.id("HEAD");
    repo.branch("topic");
    repo.write(FILE, SECRET);
    repo.commit("Add the secret");
    let leaked = repo.id("HEAD");
    repo.encrypt(FILE, SECRET);
    repo.commit("Encrypt it");
    repo.checkout("main");
    repo.git(["merge", "--quiet", "--no-ff", "--no-edit", "topic"]);
    let leak = error("not-encrypted", FILE).says(&leaked[..7]);
    repo.check(&["--since", &before]).finds([leak]);
});

story!(clear_files_that_should_be_clear_are_left_alone, |repo| {
    let before = repo.id("HEAD");
    repo.rule(&repo.for_alice(), ONLY_DATA);
    repo.write("app/config.yaml", "kind: ConfigMap\ndata: {a: b}\n");
    repo.commit("Add a configuration");
    repo.write("app/config.yaml", "kind: ConfigMap\ndata: {a: c}\n");
    repo.commit("Change it");
    repo.check(&["--since", &before]).finds_nothing();
});
