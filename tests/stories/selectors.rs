//! Which values are encrypted, changed as text; and why such files are not opened.

use crate::check::{Expected, Said, error, warning};
use crate::repo::{ONLY_DATA, Repo, SECRET};

const FILE: &str = "db.enc.yaml";
const UNSEEN: &str = "unauthenticated-change";

fn loosened() -> Expected {
    warning(UNSEEN, FILE).says("what is encrypted, and what the MAC covers,")
}

/// Selectors that leave everything but the password in clear.
fn loosen(repo: &Repo) {
    repo.replace(
        FILE,
        "encrypted_regex: ^(data|stringData)$",
        "encrypted_regex: ^password$",
    );
}

/// The user's name in clear, as somebody guesses it.
fn guess(repo: &Repo, value: &str) {
    repo.change(FILE, |text| {
        let line = text
            .lines()
            .find(|line| line.contains(" username:"))
            .unwrap();
        text.replace(line, &format!("    username: {value}"))
    });
}

story!(selectors_are_widened_as_text_and_pick_the_same, |repo| {
    repo.add(FILE, SECRET);
    repo.replace(FILE, "(data|stringData)", "(data|stringData|spec)");
    repo.finds([loosened()]);
});

story!(selectors_are_loosened_as_text, |repo| {
    repo.add(FILE, SECRET);
    loosen(repo);
    repo.finds_whatever_sops_does([
        loosened(),
        error("unselected-ciphertext", FILE).key("stringData.username"),
        error("unselected-ciphertext", FILE).key("stringData.port"),
    ]);
    assert!(!repo.opens(FILE));
});

story!(a_file_whose_selectors_changed_is_not_opened, |repo| {
    repo.add(FILE, SECRET);
    repo.replace(FILE, "(data|stringData)", "(data|stringData|spec)");
    let check = |arguments: &[&str]| {
        let check = repo.check(arguments);
        check.with_key_of(&repo.alice).finds([loosened()])
    };
    let not_opened = (
        "not-verified".to_owned(),
        Some("selectors-changed".to_owned()),
    );
    assert_eq!(check(&[]).verdict(FILE), not_opened);
    assert_eq!(
        check(&["--trust-changes"]).verdict(FILE),
        ("verified".to_owned(), None)
    );
    repo.git(["add", FILE]);
    assert_eq!(check(&["--staged"]).verdict(FILE), not_opened);
    repo.commit("Change what is encrypted");
    assert_eq!(check(&["--since", "HEAD~1"]).verdict(FILE), not_opened);
    let trusting = check(&["--since", "HEAD~1", "--trust-changes"]);
    assert_eq!(trusting.verdict(FILE), ("verified".to_owned(), None));
});

story!(a_value_is_guessed_through_loosened_selectors, |repo| {
    repo.add(FILE, SECRET);
    let sound = repo.read(FILE);
    let tried = |value: &str| -> Said {
        repo.write(FILE, &sound);
        loosen(repo);
        // So that the other value is no token in a place that is left in clear.
        repo.change(FILE, |text| {
            let lines = text.split_inclusive('\n');
            lines.filter(|line| !line.contains(" port:")).collect()
        });
        guess(repo, value);
        repo.check(&[]).with_key_of(&repo.alice).finds([
            loosened(),
            error("downgraded-encryption", FILE).key("stringData.username"),
            error("edited-outside-sops", FILE),
        ])
    };
    let (right, wrong) = (tried("canary-user"), tried("canary-abcd"));
    assert_eq!(right.stdout, wrong.stdout);
    assert_eq!(right.stderr, wrong.stderr);
    assert_eq!(right.verdict(FILE).1.as_deref(), Some("selectors-changed"));
});

story!(
    a_value_is_guessed_under_a_key_that_is_not_selected,
    |repo| {
        repo.add(
            FILE,
            "data:\n    username: canary-user\nstringData:\n    password: canary-password\n",
        );
        let sound = repo.read(FILE);
        let tried = |value: &str| -> Said {
            repo.write(FILE, &sound);
            repo.replace(FILE, "data:\n    username", "spec:\n    username");
            guess(repo, value);
            let check = repo.check(&[]).with_key_of(&repo.alice);
            check.finds([warning("edited-outside-sops", FILE).says("only a key tells")])
        };
        let (right, wrong) = (tried("canary-user"), tried("canary-abcd"));
        assert_eq!(right.stdout, wrong.stdout);
        assert_eq!(right.stderr, wrong.stderr);
        assert_eq!(right.verdict(FILE).1.as_deref(), Some("selectors-changed"));
    }
);

story!(
    a_value_is_guessed_in_an_earlier_commit_of_a_branch,
    |repo| {
        repo.add(
            FILE,
            "data:\n    username: canary-user\nstringData:\n    password: canary-password\n",
        );
        let sound = repo.read(FILE);
        let tried = |value: &str| -> Said {
            repo.git(["checkout", "--quiet", "-f", "-B", value, "main"]);
            repo.replace(FILE, "data:\n    username", "spec:\n    username");
            guess(repo, value);
            repo.commit("Guess");
            repo.write(FILE, &sound);
            // So that the history is asked when the file last verified.
            repo.replace(
                FILE,
                "mac: ENC[AES256_GCM,data:",
                "mac: ENC[AES256_GCM,data:AAAA",
            );
            repo.commit("Break the MAC");
            let check = repo.check(&["--since", "main"]).with_key_of(&repo.alice);
            check.run()
        };
        for value in ["canary-user", "canary-abcd"] {
            let said = tried(value);
            let main = repo.git(["rev-parse", "--short=10", "main"]);
            let since = format!("since `{}`", main.trim());
            assert!(said.stdout.contains(&since), "{value}: {}", said.stdout);
        }
    }
);

story!(a_right_guess_shows_where_changes_are_trusted, |repo| {
    // The other half: with `--trust-changes` a key does answer, which is why it is not the default.
    repo.add(
        FILE,
        "stringData:\n    username: canary-user\n    password: canary-password\n",
    );
    let sound = repo.read(FILE);
    let tried = |value: &str| {
        repo.write(FILE, &sound);
        loosen(repo);
        guess(repo, value);
        let check = repo.check(&["--trust-changes"]).with_key_of(&repo.alice);
        let said = check.run();
        said.verdict(FILE).0
    };
    assert_eq!(tried("canary-user"), "verified");
    assert!(repo.opens(FILE));
    assert_eq!(tried("canary-abcd"), "failed");
    assert!(!repo.opens(FILE));
});

story!(the_mac_is_told_to_leave_clear_values_out, |repo| {
    repo.add(FILE, SECRET);
    repo.replace(
        FILE,
        "    version:",
        "    mac_only_encrypted: true\n    version:",
    );
    let edited = error("edited-outside-sops", FILE).says("`sops.mac_only_encrypted` changed");
    repo.finds([edited]);
    assert!(!repo.opens(FILE));
});

story!(a_file_is_encrypted_anew_under_a_wider_rule, |repo| {
    repo.add(FILE, SECRET);
    repo.rule(
        &repo.for_alice(),
        "encrypted_regex: ^(data|stringData|metadata)$",
    );
    repo.encrypt(FILE, &SECRET.replace("production", "canary-production"));
    repo.finds_nothing();
});

story!(a_file_is_encrypted_anew_under_a_narrower_rule, |repo| {
    repo.add(FILE, SECRET);
    repo.rule(&repo.for_alice(), "encrypted_regex: ^password$");
    repo.encrypt(FILE, SECRET);
    repo.finds([
        error("downgraded-encryption", FILE)
            .key("stringData.username")
            .says("the selectors changed"),
        error("downgraded-encryption", FILE)
            .key("stringData.port")
            .says("the selectors changed"),
    ]);
});

story!(the_default_selector_is_written_down, |repo| {
    repo.rule(&repo.for_alice(), "");
    repo.add(FILE, SECRET);
    // `unencrypted_suffix: _unencrypted` is what sops means where it says nothing, and writes.
    repo.replace(FILE, "    unencrypted_suffix: _unencrypted\n", "");
    repo.finds_nothing();
    let _ = ONLY_DATA;
});
