//! Files of several documents; the story that began it all is the first.

use crate::check::{Expected, commands, error, warning};
use crate::repo::{Repo, SECRET};

const FILE: &str = "apps/shop.enc.yaml";
const EDITED: &str = "edited-outside-sops";

/// Two Secrets in one file, which is not recommended for a reason.
fn two() -> String {
    format!(
        "{SECRET}---\nkind: Secret\nmetadata:\n    name: mail\nstringData:\n    token: canary-token\n"
    )
}

/// The same with a third document of nothing that counts.
fn with_empty() -> String {
    format!("{}---\nnothing: null\nempty: \"\"\n", two())
}

fn several() -> Expected {
    error("multi-document", FILE)
}

/// The documents of a file as text.
fn parts(text: &str) -> Vec<String> {
    let parts = text.split("\n---\n");
    parts.map(|part| part.trim_end().to_owned()).collect()
}

fn joined(parts: &[String]) -> String {
    parts.join("\n---\n") + "\n"
}

fn is_restored_by_what_is_printed(repo: &Repo, arguments: &[&str], sound: &str) {
    let said = repo.check(arguments).run();
    let found = said.findings(EDITED);
    let lines = commands(&found[0]);
    let [restore, edit, ..] = lines.as_slice() else {
        panic!("{lines:?}");
    };
    let restore = restore.strip_prefix("git ").unwrap();
    repo.git(restore.split(' '));
    assert_eq!(repo.read(FILE), sound);
    assert_eq!(edit, &format!("sops edit {FILE}"));
    assert!(repo.opens(FILE));
}

story!(a_document_is_deleted_as_text, |repo| {
    repo.add(FILE, &two());
    let (sound, before) = (repo.read(FILE), repo.id("HEAD"));
    repo.change(FILE, |text| joined(&parts(text)[..1]));
    let broken = repo.read(FILE);
    let gone = "document 2 of the base removed with `stringData.token`";
    repo.finds([error(EDITED, FILE).says(gone)]);
    is_restored_by_what_is_printed(repo, &["--since", &before], &sound);
    repo.git(["reset", "--quiet", "--hard", &before]);
    repo.write(FILE, &broken);
    is_restored_by_what_is_printed(repo, &[], &sound);
    repo.write(FILE, &broken);
    repo.git(["add", FILE]);
    is_restored_by_what_is_printed(repo, &["--staged"], &sound);
});

story!(the_first_document_is_deleted_as_text, |repo| {
    repo.add(FILE, &two());
    repo.change(FILE, |text| joined(&parts(text)[1..]));
    repo.finds([error(EDITED, FILE)
        .says("document 1 of the base removed with")
        .says("`stringData.password`")]);
});

story!(a_document_of_nothing_that_counts_is_deleted, |repo| {
    repo.add(FILE, &with_empty());
    repo.change(FILE, |text| joined(&parts(text)[..2]));
    repo.finds([
        several(),
        warning("unauthenticated-change", FILE).says("document 3 of the base removed"),
    ]);
});

story!(documents_are_exchanged_as_text, |repo| {
    repo.add(FILE, &two());
    repo.change(FILE, |text| {
        let mut parts = parts(text);
        parts.reverse();
        joined(&parts)
    });
    repo.finds([several(), error(EDITED, FILE).says("document 1 moved")]);
});

story!(a_clear_document_is_added_as_text, |repo| {
    repo.add(FILE, &two());
    repo.change(FILE, |text| format!("{text}---\nkind: ConfigMap\n"));
    repo.finds([several(), error(EDITED, FILE).says("document 3 added")]);
});

story!(a_document_is_copied_as_text, |repo| {
    repo.add(FILE, &two());
    repo.change(FILE, |text| {
        let second = parts(text).pop().unwrap();
        format!("{text}---\n{second}\n")
    });
    repo.finds([several(), error(EDITED, FILE).says("document 3 added")]);
});

story!(a_document_is_deleted_in_sops, |repo| {
    repo.add(FILE, &two());
    repo.edit(FILE, "/^---/,$d");
    repo.finds_nothing();
});

story!(a_document_is_added_in_sops, |repo| {
    repo.add(FILE, SECRET);
    repo.edit(
        FILE,
        "$a---\\nkind: Secret\\nstringData: {token: canary-token}",
    );
    repo.finds([several()]);
});

story!(a_mark_of_the_end_is_added, |repo| {
    repo.add(FILE, SECRET);
    repo.change(FILE, |text| format!("{text}---\n"));
    repo.finds([several()]);
});

story!(a_file_is_split_into_two_in_sops, |repo| {
    repo.add(FILE, &two());
    repo.edit(FILE, "/^---/,$d");
    repo.encrypt(
        "apps/mail.enc.yaml",
        "kind: Secret\nstringData:\n    token: canary-token\n",
    );
    repo.finds_nothing();
});

story!(a_file_is_split_into_two_as_text, |repo| {
    repo.add(FILE, &two());
    let parts = parts(&repo.read(FILE));
    repo.write(FILE, joined(&parts[..1]));
    repo.write("apps/mail.enc.yaml", joined(&parts[1..]));
    // Of the new file nobody knows what it was, without a key.
    repo.finds_whatever_sops_does([error(EDITED, FILE).says("`stringData.token`")]);
});
