//! What sops does itself. None of it is an edit outside of sops.

use crate::check::warning;
use crate::repo::{ONLY_DATA, SECRET};

const FILE: &str = "db.enc.yaml";

story!(nothing_is_changed, |repo| {
    repo.add(FILE, SECRET);
    repo.finds_nothing();
});

story!(a_file_is_encrypted_and_added, |repo| {
    repo.encrypt(FILE, SECRET);
    repo.finds_nothing();
});

story!(a_value_is_edited, |repo| {
    repo.add(FILE, SECRET);
    repo.edit(FILE, "s/canary-password/canary-changed/");
    repo.finds_nothing();
});

story!(clear_values_are_edited_in_sops, |repo| {
    repo.add(FILE, SECRET);
    repo.edit(FILE, "s/production/staging/;s/name: shop/name: store/");
    repo.finds_nothing();
});

story!(a_value_is_set, |repo| {
    repo.add(FILE, SECRET);
    repo.set(FILE, "[\"stringData\"][\"password\"]", "canary-changed");
    repo.finds_nothing();
});

story!(a_value_is_set_to_what_it_was, |repo| {
    repo.add(FILE, SECRET);
    repo.later();
    repo.set(FILE, "[\"stringData\"][\"password\"]", "canary-password");
    repo.finds_nothing();
});

story!(a_value_is_unset, |repo| {
    repo.add(FILE, SECRET);
    repo.sops(["unset", FILE, "[\"stringData\"][\"password\"]"]);
    repo.finds_nothing();
});

story!(a_value_is_emptied_in_sops, |repo| {
    repo.add(FILE, SECRET);
    repo.set(FILE, "[\"stringData\"][\"password\"]", "");
    repo.finds_nothing();
});

story!(keys_are_added_and_renamed_in_sops, |repo| {
    repo.add(FILE, SECRET);
    repo.later();
    repo.edit(
        FILE,
        "s/password:/passphrase:/;$a\\\\x20\\x20\\x20\\x20token: canary-token",
    );
    repo.finds_nothing();
});

story!(values_are_put_in_another_order_in_sops, |repo| {
    repo.add(FILE, SECRET);
    repo.edit(FILE, "/username/{h;d};/password/G");
    repo.finds_nothing();
});

story!(everything_is_rotated, |repo| {
    repo.add(FILE, SECRET);
    repo.sops(["rotate", "--in-place", FILE]);
    repo.finds_nothing();
});

story!(a_file_is_decrypted_and_encrypted_anew, |repo| {
    repo.add(FILE, SECRET);
    repo.encrypt(FILE, &SECRET.replace("production", "staging"));
    repo.finds_nothing();
});

story!(a_recipient_is_added_with_updatekeys, |repo| {
    repo.add(FILE, SECRET);
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    repo.updatekeys(FILE);
    repo.finds([warning("recipient-added", FILE).says(&repo.bob.recipient)]);
});

story!(a_recipient_is_dropped_with_updatekeys, |repo| {
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    repo.add(FILE, SECRET);
    repo.rule(&repo.for_alice(), ONLY_DATA);
    repo.updatekeys(FILE);
    let dropped = warning("recipient-dropped", FILE).says(&repo.bob.recipient);
    repo.finds([dropped.says("sopsguard rotate db.enc.yaml")]);
});

story!(recipients_are_exchanged_while_rotating, |repo| {
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    repo.add(FILE, SECRET);
    let (new, old) = (&repo.carol.recipient, &repo.bob.recipient);
    let exchange = ["--add-age", new, "--rm-age", old];
    repo.sops(
        ["rotate", "--in-place"]
            .iter()
            .chain(&exchange)
            .chain(&[FILE]),
    );
    repo.finds([
        warning("recipient-added", FILE).says(new),
        warning("recipient-dropped", FILE).says(old),
    ]);
});

story!(the_order_of_recipients_in_the_rule_changes, |repo| {
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    repo.add(FILE, SECRET);
    let turned = format!("age: {},{}", repo.bob.recipient, repo.alice.recipient);
    repo.rule(&turned, ONLY_DATA);
    repo.updatekeys(FILE);
    repo.finds_nothing();
});

story!(a_key_group_is_added, |repo| {
    repo.add(FILE, SECRET);
    let (alice, bob) = (&repo.alice.recipient, &repo.bob.recipient);
    let group = [
        "--age",
        alice,
        "--age",
        bob,
        "--shamir-secret-sharing-threshold",
        "2",
    ];
    repo.sops(
        ["groups", "add", "--file", FILE, "--in-place"]
            .iter()
            .chain(&group),
    );
    repo.finds([warning("recipient-added", FILE).says(bob)]);
});

story!(a_key_group_is_deleted, |repo| {
    let (alice, bob) = (&repo.alice.recipient, &repo.bob.recipient);
    let groups =
        format!("key_groups: [{{age: [{alice}]}}, {{age: [{bob}]}}]\n    shamir_threshold: 1");
    repo.rule(
        &groups.replace("\n    shamir_threshold: 1", ""),
        &format!("shamir_threshold: 2\n{ONLY_DATA}"),
    );
    let both = format!("key_groups: [{{age: [{alice}]}}, {{age: [{alice}]}}, {{age: [{bob}]}}]");
    repo.rule(&both, &format!("shamir_threshold: 2\n{ONLY_DATA}"));
    repo.add(FILE, SECRET);
    repo.sops(["groups", "delete", "--in-place", "--file", FILE, "2"]);
    repo.finds([warning("recipient-dropped", FILE).says(bob)]);
});

story!(two_values_are_set_within_one_second, |repo| {
    repo.add(FILE, SECRET);
    repo.within_a_second(
        FILE,
        || repo.set(FILE, "[\"stringData\"][\"password\"]", "canary-once"),
        || repo.set(FILE, "[\"stringData\"][\"username\"]", "canary-twice"),
    );
    repo.finds_nothing();
});

story!(a_key_is_renamed_in_sops_within_one_second, |repo| {
    repo.add(FILE, SECRET);
    repo.within_a_second(
        FILE,
        || repo.set(FILE, "[\"stringData\"][\"password\"]", "canary-once"),
        || repo.edit(FILE, "s/password:/passphrase:/"),
    );
    let twice = warning("edited-outside-sops", FILE).says("twice within one second");
    repo.finds([twice.says("sopsguard check --require-key db.enc.yaml")]);
});

story!(items_of_a_list_are_edited_in_sops, |repo| {
    let list = "stringData:\n    hosts: [canary-a, canary-a, canary-b, canary-a]\n";
    repo.add(FILE, list);
    repo.edit(FILE, "0,/- canary-a/s//- canary-c/;s/canary-b/canary-a/");
    repo.finds_nothing();
    repo.edit(FILE, "/canary-c/d");
    repo.finds_nothing();
});

story!(comments_are_edited_in_sops, |repo| {
    let text = format!("# who owns it\n{SECRET}    # canary-remark\n    other: canary-other\n");
    repo.add(FILE, &text);
    repo.later();
    repo.edit(
        FILE,
        "s/who owns it/whose it is/;s/canary-remark/canary-note/",
    );
    repo.finds_nothing();
});

story!(types_of_clear_values_change_in_sops, |repo| {
    repo.add(
        FILE,
        &format!("count: 16\non: true\nday: 2020-01-01\nratio: 1.5\n{SECRET}"),
    );
    repo.edit(FILE, "s/16/sixteen/;s/true/1/;s/ratio: 1.5/ratio: {a: 1}/");
    repo.finds_nothing();
});

story!(two_versions_of_sops_take_turns, |repo| {
    repo.write(FILE, SECRET);
    for (version, arguments) in [
        ("3.13.2", &["encrypt", "--in-place", FILE][..]),
        (
            "3.13.3",
            &["set", FILE, "[\"stringData\"][\"port\"]", "\"canary-1\""],
        ),
        (
            "3.13.2",
            &["set", FILE, "[\"stringData\"][\"port\"]", "\"canary-2\""],
        ),
        ("3.13.3", &["rotate", "--in-place", FILE]),
        ("3.13.2", &["rotate", "--in-place", FILE]),
    ] {
        let status = repo.sops_of(version).args(arguments).status();
        assert!(status.unwrap().success());
        repo.finds_nothing();
    }
});

story!(numbers_are_respelled_by_updatekeys, |repo| {
    let text = format!("hex: 16\nlarge: 1000\nfloat: 1000\nday: 2020-01-01T00:00:00Z\n{SECRET}");
    repo.encrypt(FILE, &text);
    // As people write them by hand: the values are the same to sops.
    repo.replace(FILE, "hex: 16", "hex: 0x10");
    repo.replace(FILE, "large: 1000", "large: 1_000");
    repo.replace(FILE, "float: 1000", "float: 1e3");
    repo.replace(FILE, "2020-01-01T00:00:00Z", "2020-01-01");
    repo.commit("Spell numbers by hand");
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    repo.updatekeys(FILE);
    assert!(repo.read(FILE).contains("hex: 16"));
    repo.finds([warning("recipient-added", FILE)]);
});
