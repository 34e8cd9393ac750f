//! The same with a key at hand: what a key says beside, and that nothing is told twice.

use crate::check::{Said, error, warning};
use crate::repo::{ONLY_DATA, Repo, SECRET};

const FILE: &str = "db.enc.yaml";
const EDITED: &str = "edited-outside-sops";

/// What a check with Alice's key says of a file that has changed in the work tree.
fn verdict(said: &Said) -> String {
    said.verdict(FILE).0
}

fn with_key(repo: &Repo) -> Said {
    repo.check(&[]).with_key_of(&repo.alice).run()
}

story!(a_key_confirms_an_edit_as_text, |repo| {
    repo.add(FILE, SECRET);
    repo.replace(FILE, "production", "staging");
    let check = repo.check(&[]).with_key_of(&repo.alice);
    let said = check.finds([error("mac-mismatch", FILE), error(EDITED, FILE)]);
    assert_eq!(verdict(&said), "failed");
});

story!(
    a_key_tells_an_edit_within_one_second_from_one_as_text,
    |repo| {
        repo.add(FILE, SECRET);
        repo.within_a_second(
            FILE,
            || repo.set(FILE, "[\"stringData\"][\"password\"]", "canary-once"),
            || repo.edit(FILE, "s/password:/passphrase:/"),
        );
        repo.check(&[]).finds([warning(EDITED, FILE)]);
        let said = repo.check(&[]).with_key_of(&repo.alice).finds_nothing();
        assert_eq!(verdict(&said), "verified");
    }
);

story!(a_key_that_is_no_recipient_s_changes_nothing, |repo| {
    repo.add(FILE, SECRET);
    repo.replace(FILE, "production", "staging");
    let check = repo.check(&[]).with_key_of(&repo.carol);
    check.finds([error(EDITED, FILE)]);
});

story!(
    a_recipient_whose_name_alone_was_added_does_not_open_the_file,
    |repo| {
        repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
        repo.add(FILE, SECRET);
        repo.replace(FILE, &repo.bob.recipient, &repo.carol.recipient);
        assert_eq!(verdict(&with_key(repo)), "verified");
        let said = repo.check(&[]).with_key_of(&repo.carol).run();
        assert_eq!(verdict(&said), "failed");
    }
);
