//! Files that get the recipients of their rules by `updatekeys`: real sops reads them afterwards, gives the same
//! plaintext, and would change nothing more.

use std::fs;

use serde_json::{Value, json};

use crate::check::Said;
use crate::repo::{ONLY_DATA, Person, Repo, SECRET};

const FILE: &str = "apps/db.enc.yaml";
const OTHER: &str = "apps/wiki.enc.yaml";

impl Repo {
    fn updates(&self, arguments: &[&str]) -> Said {
        let command = self.run_with_json("updatekeys", arguments);
        command.with_key_of(&self.alice).run()
    }

    /// What sops makes of a file with somebody's key.
    fn decrypted_by(&self, person: &Person, path: &str) -> Option<String> {
        let mut sops = self.sops_command();
        sops.env("SOPS_AGE_KEY", person.key())
            .args(["decrypt", path]);
        let output = sops.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        output.status.success().then_some(text)
    }

    /// Whether `sops updatekeys` finds nothing to do.
    fn follows_its_rule(&self, path: &str) -> bool {
        let mut sops = self.sops_command();
        let output = sops.args(["updatekeys", "--yes", path]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).contains("already up to date")
    }
}

/// The changes that a plan has for a file, as pairs of what it is and whose key.
#[track_caller]
fn changes(plan: &Value, path: &str) -> Vec<(String, String)> {
    let files = plan["files"].as_array().unwrap();
    let file = files.iter().find(|file| file["path"] == path);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let changes = file.unwrap()["changes"].as_array().unwrap().iter();
    changes
        .map(|change| (text(&change["kind"]), text(&change["recipient"])))
        .collect()
}

fn add(person: &Person) -> (String, String) {
    ("add-recipient".to_owned(), person.recipient.clone())
}

fn remove(person: &Person) -> (String, String) {
    ("remove-recipient".to_owned(), person.recipient.clone())
}

story!(one_comes_and_one_goes, |repo| {
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    repo.add(FILE, SECRET);
    repo.add(
        "apps/tokens.enc.json",
        "{\"data\": {\"token\": \"canary-token\"}}",
    );
    repo.add("notes.txt", "nothing secret");
    repo.rule(&repo.for_alice_and(&repo.carol), ONLY_DATA);
    let files = [FILE, "apps/tokens.enc.json"];
    let before = files.map(|file| (repo.read(file), repo.decrypted_by(&repo.alice, file)));

    let checked = repo.run_with_json("updatekeys", &["--check"]).run();
    assert_eq!(checked.code, 1);
    let planned = repo.updates(&["--dry-run"]);
    assert_eq!(planned.code, 0, "{}", planned.stderr);
    for plan in [checked.json(), planned.json()] {
        assert_eq!(plan["applied"], json!(false));
        for file in files {
            assert_eq!(changes(&plan, file), [add(&repo.carol), remove(&repo.bob)]);
        }
    }
    assert_eq!(
        before.clone().map(|(text, _)| text),
        files.map(|file| repo.read(file))
    );

    let done = repo.updates(&["--yes"]);
    assert_eq!((done.code, &done.json()["applied"]), (0, &json!(true)));
    for (file, (_, plaintext)) in files.iter().zip(before) {
        assert!(plaintext.is_some());
        for person in [&repo.alice, &repo.carol] {
            assert_eq!(repo.decrypted_by(person, file), plaintext);
        }
        assert_eq!(repo.decrypted_by(&repo.bob, file), None);
        assert!(repo.follows_its_rule(file), "{file}");
    }
    assert_eq!(repo.run_with_json("updatekeys", &["--check"]).run().code, 0);
});

story!(all_files_change_or_none, |repo| {
    repo.rule(&repo.for_alice(), ONLY_DATA);
    for file in [FILE, OTHER] {
        repo.add(file, SECRET);
    }
    repo.replace(OTHER, "namespace: production", "namespace: staging");
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    let before = [FILE, OTHER].map(|file| repo.read(file));
    let refused = repo.updates(&["--yes"]);
    assert_eq!(refused.code, 1);
    assert_eq!(refused.json()["refused"][0]["path"], OTHER);
    assert_eq!([FILE, OTHER].map(|file| repo.read(file)), before);

    let skipped = repo.updates(&["--yes", "--skip-refused"]);
    assert_eq!(skipped.code, 1, "{}", skipped.stderr);
    assert!(skipped.stderr.contains(OTHER), "{}", skipped.stderr);
    assert!(repo.decrypted_by(&repo.bob, FILE).is_some());
    assert_eq!(repo.read(OTHER), before[1]);

    // Then the file fails as before, for Bob, too.
    let forced = repo.updates(&["--yes", "--even-if-unverified"]);
    assert_eq!(forced.code, 0, "{}", forced.stderr);
    assert_eq!(repo.decrypted_by(&repo.bob, OTHER), None);
    repo.replace(OTHER, "namespace: staging", "namespace: production");
    assert!(repo.decrypted_by(&repo.bob, OTHER).is_some());
});

story!(nobody_says_yes, |repo| {
    repo.add(FILE, SECRET);
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    let before = repo.read(FILE);
    let said = repo.updates(&[]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("--yes"), "{}", said.stderr);
    assert_eq!(repo.read(FILE), before);
});

story!(whoever_cannot_open_a_file_cannot_let_others_in, |repo| {
    repo.add(FILE, SECRET);
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    let before = repo.read(FILE);
    for keyed in [false, true] {
        let mut command = repo.run_with_json("updatekeys", &["--yes"]);
        if keyed {
            command = command.with_key_of(&repo.carol);
        }
        let said = command.run();
        assert_eq!(said.code, 1, "{}", said.stderr);
        assert_eq!(said.json()["refused"][0]["path"], FILE);
        assert_eq!(repo.read(FILE), before);
    }
});

story!(
    what_nobody_here_could_open_afterwards_is_not_written,
    |repo| {
        repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
        repo.add(FILE, SECRET);
        repo.rule(&format!("age: {}", repo.bob.recipient), ONLY_DATA);
        let before = repo.read(FILE);
        let said = repo.updates(&["--yes"]);
        assert_eq!(said.code, 1, "{}", said.stderr);
        let reason = said.json()["refused"][0]["reason"].to_string();
        assert!(reason.contains("proved"), "{reason}");
        assert_eq!(repo.read(FILE), before);
    }
);

story!(key_groups_come_with_their_threshold, |repo| {
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    repo.add(FILE, SECRET);
    let group = |person: &Person| format!("\n        - age:\n            - {}", person.recipient);
    let people = [&repo.alice, &repo.bob, &repo.carol];
    let groups = people.map(group).concat();
    let settings = format!("shamir_threshold: 2\n{ONLY_DATA}");
    repo.rule(&format!("key_groups:{groups}"), &settings);
    // Alice alone opens no more than one group of three.
    let said = repo.updates(&["--yes"]);
    assert_eq!(said.code, 1, "{}", said.stderr);
    let keys = [repo.alice.key(), repo.bob.key()].join("\n");
    let identity = repo.beside("two.txt");
    fs::write(&identity, keys).unwrap();
    let identity = identity.to_str().unwrap();
    let done = repo.updates(&["--yes", "--apply-threshold", "--identity", identity]);
    assert_eq!(done.code, 0, "{} {}", done.stdout, done.stderr);
    assert!(repo.follows_its_rule(FILE));
    assert_eq!(repo.decrypted_by(&repo.alice, FILE), None);
    let mut sops = repo.sops_command();
    let keys = [repo.carol.key(), repo.bob.key()].join("\n");
    let output = sops
        .env("SOPS_AGE_KEY", keys)
        .args(["decrypt", FILE])
        .output();
    let output = output.unwrap();
    assert!(output.status.success(), "{output:?}");
});

story!(a_file_keeps_its_mode_and_a_link_its_target, |repo| {
    use std::os::unix::fs::{PermissionsExt, symlink};
    repo.add(FILE, SECRET);
    let mode = fs::Permissions::from_mode(0o640);
    fs::set_permissions(repo.at(FILE), mode).unwrap();
    symlink("db.enc.yaml", repo.at("apps/link.enc.yaml")).unwrap();
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    let done = repo.updates(&["--yes"]);
    assert_eq!(done.code, 0, "{} {}", done.stdout, done.stderr);
    let metadata = fs::symlink_metadata(repo.at(FILE)).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o640);
    assert!(repo.at("apps/link.enc.yaml").is_symlink());
    assert!(repo.follows_its_rule(FILE));
    let left = fs::read_dir(repo.at("apps")).unwrap().count();
    assert_eq!(left, 2, "no temporary is left");
});

story!(a_thousand_files_change_at_once, |repo| {
    let clear = |at: usize| SECRET.replace("canary-user", &format!("canary-user-{at}"));
    let first = "apps/0/db.enc.yaml";
    repo.encrypt(first, &clear(0));
    let text = repo.read(first);
    let path = |at: usize| format!("apps/{at}/db.enc.yaml");
    // sops takes twenty seconds to write a thousand.
    for at in 1..1_000 {
        repo.write(path(at), &text);
    }
    repo.commit("Add secrets");
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    let done = repo.updates(&["--yes"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(done.json()["files"].as_array().unwrap().len(), 1_000);
    let mut sops = repo.sops_command();
    let output = sops
        .args(["updatekeys", "--yes"])
        .args((0..1_000).map(path))
        .output()
        .unwrap();
    assert!(output.status.success());
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(told.matches("already up to date").count(), 1_000);
    assert!(repo.decrypted_by(&repo.bob, &path(999)).is_some());
});
