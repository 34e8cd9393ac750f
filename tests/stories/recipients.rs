//! Who can open a file, changed as text. What sops does itself stands in `by_sops`.

use crate::check::{error, warning};
use crate::repo::{ONLY_DATA, Repo, SECRET};

const FILE: &str = "db.enc.yaml";

/// The entry of a recipient in the metadata, as lines.
fn entry(text: &str, recipient: &str) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let names = |line: &&str| line.contains(recipient);
    let at = lines.iter().position(names).unwrap();
    let begins = |line: &str| line.starts_with("        - ");
    let start = (0..=at).rev().find(|at| begins(lines[*at])).unwrap();
    let ends = |line: &str| begins(line) || !line.starts_with("        ");
    let end = (at + 1..).find(|at| ends(lines[*at])).unwrap();
    lines[start..end].concat()
}

/// The rule of two key groups with Alice and one with Bob.
fn three_groups(repo: &Repo, threshold: usize) {
    let (alice, bob) = (&repo.alice.recipient, &repo.bob.recipient);
    let groups = format!("key_groups: [{{age: [{alice}]}}, {{age: [{alice}]}}, {{age: [{bob}]}}]");
    repo.rule(
        &groups,
        &format!("shamir_threshold: {threshold}\n{ONLY_DATA}"),
    );
}

story!(the_name_of_a_recipient_is_exchanged_as_text, |repo| {
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    repo.add(FILE, SECRET);
    let (old, new) = (&repo.bob.recipient, &repo.carol.recipient);
    repo.replace(FILE, old, new);
    repo.finds([
        warning("recipient-added", FILE).says(new),
        warning("recipient-dropped", FILE).says(old),
    ]);
});

story!(a_recipient_is_deleted_as_text, |repo| {
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    repo.add(FILE, SECRET);
    let bob = &repo.bob.recipient;
    repo.change(FILE, |text| text.replace(&entry(text, bob), ""));
    repo.finds([warning("recipient-dropped", FILE).says(bob)]);
});

story!(a_recipient_is_pasted_from_another_file, |repo| {
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    repo.add("other.enc.yaml", SECRET);
    repo.rule(&repo.for_alice(), ONLY_DATA);
    repo.add(FILE, SECRET);
    let (alice, bob) = (&repo.alice.recipient, &repo.bob.recipient);
    let pasted = entry(&repo.read("other.enc.yaml"), bob);
    repo.change(FILE, |text| {
        let entry = entry(text, alice);
        text.replace(&entry, &[entry.as_str(), &pasted].concat())
    });
    repo.finds([warning("recipient-added", FILE).says(bob)]);
});

story!(recipients_are_put_in_another_order_as_text, |repo| {
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    repo.add(FILE, SECRET);
    let (alice, bob) = (&repo.alice.recipient, &repo.bob.recipient);
    repo.change(FILE, |text| {
        let (first, second) = (entry(text, alice), entry(text, bob));
        text.replace(
            &[first.as_str(), &second].concat(),
            &[second, first].concat(),
        )
    });
    repo.finds_nothing();
});

story!(a_recipient_is_added_and_a_clear_value_is_edited, |repo| {
    repo.add(FILE, SECRET);
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    repo.updatekeys(FILE);
    repo.replace(FILE, "production", "staging");
    repo.finds([
        warning("recipient-added", FILE),
        error("edited-outside-sops", FILE).says("`metadata.namespace` changed"),
    ]);
});

story!(the_threshold_is_lowered_as_text, |repo| {
    three_groups(repo, 2);
    repo.add(FILE, SECRET);
    repo.replace(FILE, "shamir_threshold: 2", "shamir_threshold: 1");
    let files = repo.finds_whatever_sops_does([
        warning("unauthenticated-change", FILE).says("the number of key groups")
    ]);
    assert!(files.contains(FILE));
});

story!(the_threshold_is_raised_as_text, |repo| {
    three_groups(repo, 2);
    repo.add(FILE, SECRET);
    repo.replace(FILE, "shamir_threshold: 2", "shamir_threshold: 3");
    repo.finds_whatever_sops_does([
        warning("unauthenticated-change", FILE).says("the number of key groups")
    ]);
    // Alice holds two of the three shares that are said to be needed.
    assert!(!repo.opens(FILE));
});

story!(the_threshold_of_the_rule_alone_changes, |repo| {
    three_groups(repo, 2);
    repo.add(FILE, SECRET);
    three_groups(repo, 3);
    repo.updatekeys(FILE);
    repo.finds_nothing();
});

story!(groups_are_put_in_another_order_by_updatekeys, |repo| {
    three_groups(repo, 2);
    repo.add(FILE, SECRET);
    let (alice, bob) = (&repo.alice.recipient, &repo.bob.recipient);
    let groups = format!("key_groups: [{{age: [{bob}]}}, {{age: [{alice}]}}, {{age: [{alice}]}}]");
    repo.rule(&groups, &format!("shamir_threshold: 2\n{ONLY_DATA}"));
    repo.updatekeys(FILE);
    repo.finds_nothing();
});
