//! What findings about recipients print, run as it is printed: it mends what was found, and sops agrees.

use serde_json::Value;

use crate::check::{Expected, commands, warning};
use crate::repo::{ONLY_DATA, Person, Repo, SECRET};

const FILE: &str = "apps/db.enc.yaml";
const OTHERS: [&str; 3] = [
    "apps/web.enc.yaml",
    "apps/wiki.enc.json",
    "apps/mail.enc.env",
];

impl Repo {
    /// The only finding of a rule in an audit.
    #[track_caller]
    fn finding(&self, arguments: &[&str], rule: &str) -> Value {
        let found = self.audit(arguments).run().findings(rule);
        assert_eq!(found.len(), 1, "{rule}: {found:?}");
        found[0].clone()
    }

    /// Files of several formats, by the rule that is there.
    fn add_all(&self) {
        self.encrypt(FILE, SECRET);
        self.encrypt(OTHERS[0], SECRET);
        self.encrypt(OTHERS[1], "{\"data\": {\"token\": \"canary-token\"}}");
        self.encrypt(OTHERS[2], "data=canary-password\n");
        self.commit("Add secrets");
    }

    fn lists(&self, people: &[(&str, &Person)]) {
        let listed = people.iter().map(|(name, person)| {
            format!(
                "[[recipient]]\nname = \"{name}\"\nkey = \"{}\"\n",
                person.recipient
            )
        });
        let listed: String = listed.collect();
        let policy = format!("rules.missing-escrow = \"off\"\n\n{listed}");
        self.write(".sopsguard.toml", policy);
    }
}

/// All commands are ours: nobody needs sops for them.
#[track_caller]
fn are_ours(found: &Value) {
    let commands = commands(found);
    let ours = commands
        .iter()
        .filter(|line| line.starts_with("sopsguard "));
    assert_eq!(ours.count(), commands.len(), "{commands:?}");
}

story!(a_file_that_strayed_follows_its_rule_again, |repo| {
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    repo.add(FILE, SECRET);
    repo.rule(&repo.for_alice_and(&repo.carol), ONLY_DATA);
    repo.commit("Let Carol in for Bob");
    let found = repo.finding(&[], "recipient-drift");
    are_ours(&found);
    repo.follow(&found);
    repo.commit("Let the file follow");
    repo.audit(&[]).finds_nothing();
    assert!(repo.opens(FILE));
});

story!(
    somebody_whom_the_policy_does_not_list_is_taken_out,
    |repo| {
        repo.rule(&repo.for_alice_and(&repo.carol), ONLY_DATA);
        repo.add(FILE, SECRET);
        repo.lists(&[("alice", &repo.alice), ("bob", &repo.bob)]);
        let found = repo.finding(&[], "untrusted-recipient");
        are_ours(&found);
        assert_eq!(commands(&found).len(), 2);
        let old = repo.read(FILE);
        repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
        repo.follow(&found);
        repo.commit("Take Carol out");
        repo.audit(&[]).finds_nothing();
        let new = repo.read(FILE);
        let tokens = old
            .split_whitespace()
            .filter(|word| word.starts_with("ENC["));
        assert!(tokens.clone().count() > 2);
        assert!(
            !tokens.clone().any(|token| new.contains(token)),
            "a token stayed"
        );
    }
);

story!(who_left_does_not_know_the_data_key_any_more, |repo| {
    repo.rule(&repo.for_alice_and(&repo.carol), ONLY_DATA);
    repo.add(FILE, SECRET);
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    let before = repo.id("HEAD");
    repo.updatekeys(FILE);
    let dropped = warning("recipient-dropped", FILE).says(format!("sopsguard rotate {FILE}"));
    let added = warning("recipient-added", FILE);
    repo.check(&[]).finds([dropped, added]);
    repo.commit("Let Bob in for Carol");
    let found = repo.finding(&["--history", "--since", &before], "stale-data-key");
    are_ours(&found);
    repo.follow(&found);
    repo.commit("Rotate");
    assert_eq!(
        repo.audit(&["--history"]).run().findings("stale-data-key"),
        [Value::Null; 0]
    );
    assert!(repo.opens(FILE));
});

story!(
    many_files_of_one_rule_get_somebody_else_with_one_command,
    |repo| {
        repo.rule(&repo.for_alice(), ONLY_DATA);
        repo.add_all();
        let found = repo.finding(&[], "single-recipient");
        are_ours(&found);
        assert_eq!(commands(&found).len(), 1, "{found}");
        repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
        repo.follow(&found);
        repo.commit("Let Bob in");
        let none: [Expected; 0] = [];
        repo.audit(&[]).finds(none);
        for file in OTHERS {
            let before = repo.read(file);
            repo.updatekeys(file);
            assert_eq!(repo.read(file), before, "{file}");
        }
    }
);
