//! Files that are edited as text, past sops.

use crate::check::{error, note, warning};
use crate::repo::{ONLY_DATA, SECRET, last_modified};

const FILE: &str = "db.enc.yaml";
const EDITED: &str = "edited-outside-sops";
const UNSEEN: &str = "unauthenticated-change";

/// The line of a key, with its end.
fn line<'t>(text: &'t str, key: &str) -> &'t str {
    let key = format!(" {key}: ");
    let mut lines = text.split_inclusive('\n');
    lines.find(|line| line.contains(&key)).unwrap()
}

/// Another letter at the first place where the data of a token stand.
fn garble(token: &str) -> String {
    let (before, data) = token.split_once("data:").unwrap();
    let other = if data.starts_with('A') { "B" } else { "A" };
    format!("{before}data:{other}{}", &data[1..])
}

story!(a_clear_value_is_edited_as_text, |repo| {
    repo.add(FILE, SECRET);
    repo.replace(FILE, "production", "staging");
    let edited = error(EDITED, FILE).says("`metadata.namespace` changed");
    repo.finds([edited.says("mac_only_encrypted: true")]);
});

story!(a_token_is_edited_as_text, |repo| {
    repo.add(FILE, SECRET);
    repo.change(FILE, |text| {
        let line = line(text, "password");
        text.replace(line, &garble(line))
    });
    repo.finds([error(EDITED, FILE).says("`stringData.password` changed")]);
});

story!(an_entry_is_deleted_as_text, |repo| {
    repo.add(FILE, SECRET);
    repo.change(FILE, |text| text.replace(line(text, "password"), ""));
    repo.finds([error(EDITED, FILE).says("`stringData.password` removed")]);
});

story!(a_clear_entry_is_added_as_text, |repo| {
    repo.add(FILE, SECRET);
    repo.replace(
        FILE,
        "    name: shop\n",
        "    name: shop\n    labels: {app: shop}\n",
    );
    repo.finds([error(EDITED, FILE).says("`metadata.labels.app` added")]);
});

story!(entries_are_put_in_another_order_as_text, |repo| {
    repo.add(FILE, SECRET);
    repo.change(FILE, |text| {
        let (user, password) = (line(text, "username"), line(text, "password"));
        text.replace(user, "")
            .replace(password, &[password, user].concat())
    });
    repo.finds([error(EDITED, FILE).says("moved")]);
});

story!(
    a_value_of_an_older_version_is_brought_back_as_text,
    |repo| {
        repo.add(FILE, SECRET);
        let older = repo.read(FILE);
        repo.set(FILE, "[\"stringData\"][\"password\"]", "canary-changed");
        repo.commit("Change the password");
        repo.change(FILE, |text| {
            text.replace(line(text, "password"), line(&older, "password"))
        });
        repo.finds([error(EDITED, FILE).says("`stringData.password` changed")]);
    }
);

story!(a_key_of_an_encrypted_value_is_renamed_as_text, |repo| {
    repo.add(FILE, SECRET);
    repo.replace(FILE, " password:", " passphrase:");
    let moved = error("moved-ciphertext", FILE).key("stringData.passphrase");
    repo.finds([moved.says("`stringData.password`")]);
});

story!(two_tokens_are_exchanged, |repo| {
    repo.add(FILE, SECRET);
    repo.replace(FILE, " password:", " x:");
    repo.replace(FILE, " username:", " password:");
    repo.replace(FILE, " x:", " username:");
    repo.finds([
        error("moved-ciphertext", FILE).key("stringData.password"),
        error("moved-ciphertext", FILE).key("stringData.username"),
    ]);
});

story!(a_token_is_copied_in_its_file, |repo| {
    repo.add(FILE, SECRET);
    repo.change(FILE, |text| {
        let line = line(text, "password");
        text.replace(
            line,
            &[line, &line.replace("password", "confirmation")].concat(),
        )
    });
    repo.finds([
        error("copied-ciphertext", FILE).key("stringData.confirmation"),
        error(EDITED, FILE).says("`stringData.confirmation` added"),
    ]);
});

story!(a_value_is_pasted_in_clear, |repo| {
    repo.add(FILE, SECRET);
    repo.change(FILE, |text| {
        text.replace(line(text, "password"), "    password: canary-pasted\n")
    });
    repo.finds([
        error("plaintext-value", FILE).key("stringData.password"),
        error(EDITED, FILE).says("`stringData.password` changed"),
    ]);
});

story!(items_of_a_list_are_exchanged_as_text, |repo| {
    repo.add(
        FILE,
        "stringData:\n    hosts:\n        - canary-a\n        - canary-b\n",
    );
    repo.change(FILE, |text| {
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        lines.swap(2, 3);
        lines.concat()
    });
    repo.finds([error(EDITED, FILE).says("`stringData.hosts`")]);
});

story!(the_time_is_edited, |repo| {
    repo.add(FILE, SECRET);
    repo.change(FILE, |text| {
        let line = last_modified(text);
        text.replace(&line, "    lastmodified: \"2020-01-01T00:00:00Z\"")
    });
    repo.finds([error("mixed-merge", FILE).says("`lastmodified`")]);
});

story!(the_mac_is_deleted, |repo| {
    repo.add(FILE, SECRET);
    repo.change(FILE, |text| text.replace(line(text, "mac"), ""));
    repo.finds([error("mac-mismatch", FILE).key("sops.mac")]);
});

story!(the_key_of_a_clear_value_is_renamed, |repo| {
    repo.add(FILE, SECRET);
    repo.replace(FILE, "namespace:", "nameSpace:");
    repo.finds([warning(UNSEEN, FILE).key("metadata.nameSpace")]);
});

story!(a_clear_value_ends_elsewhere, |repo| {
    repo.add(FILE, &format!("first: ab\nsecond: c\n{SECRET}"));
    repo.replace(FILE, "first: ab\nsecond: c\n", "first: a\nsecond: bc\n");
    repo.finds([warning(UNSEEN, FILE).says("`first`")]);
});

story!(an_empty_value_is_added, |repo| {
    repo.add(FILE, SECRET);
    repo.replace(
        FILE,
        "    name: shop\n",
        "    name: shop\n    labels: {}\n    nothing: null\n",
    );
    repo.finds([warning(UNSEEN, FILE).says("`metadata.nothing`")]);
});

story!(a_comment_is_edited_as_text, |repo| {
    repo.add(FILE, &format!("# who owns it\n{SECRET}"));
    repo.replace(FILE, "# who owns it", "# whose it is");
    repo.finds([note(UNSEEN, FILE)]);
});

story!(an_encrypted_comment_is_deleted, |repo| {
    repo.add(
        FILE,
        &format!("{SECRET}    # canary-remark\n    other: canary-other\n"),
    );
    repo.change(FILE, |text| {
        let lines = text.split_inclusive('\n');
        lines
            .filter(|line| !line.contains("type:comment"))
            .collect()
    });
    repo.finds([warning(UNSEEN, FILE).says("encrypted comments")]);
});

story!(the_version_of_sops_is_edited, |repo| {
    repo.add(FILE, SECRET);
    repo.replace(FILE, "version: 3.13.3", "version: 3.9.0");
    repo.finds_nothing();
});

story!(
    clear_values_are_free_where_the_mac_leaves_them_out,
    |repo| {
        repo.rule(
            &repo.for_alice(),
            &format!("{ONLY_DATA}\nmac_only_encrypted: true"),
        );
        repo.add(FILE, SECRET);
        repo.replace(FILE, "production", "staging\n    labels: {app: shop}");
        repo.replace(FILE, "    name: shop\n", "");
        repo.finds_nothing();
    }
);

story!(
    an_entry_is_deleted_where_the_mac_leaves_clear_values_out,
    |repo| {
        repo.rule(
            &repo.for_alice(),
            &format!("{ONLY_DATA}\nmac_only_encrypted: true"),
        );
        repo.add(FILE, SECRET);
        repo.replace(FILE, "production", "staging");
        repo.change(FILE, |text| text.replace(line(text, "password"), ""));
        repo.finds([error(EDITED, FILE).says("`stringData.password` removed")]);
    }
);

story!(the_metadata_are_deleted, |repo| {
    repo.add(FILE, SECRET);
    repo.change(FILE, |text| {
        text[..text.find("sops:\n").unwrap()].to_owned()
    });
    repo.finds_whatever_sops_does([error("not-encrypted", FILE)]);
});

story!(sops_edits_what_was_edited_as_text, |repo| {
    repo.add(FILE, SECRET);
    repo.replace(FILE, "production", "staging");
    repo.finds([error(EDITED, FILE)]);
    // The way out that sops offers: the MAC is not looked at once.
    repo.sops([
        "set",
        "--ignore-mac",
        FILE,
        "[\"stringData\"][\"password\"]",
        "\"canary-new\"",
    ]);
    repo.finds_nothing();
});
