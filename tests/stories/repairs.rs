//! Files that are rotated and resealed: real sops reads them afterwards, and what was blessed was shown before.

use std::fs;

use serde_json::{Value, json};

use crate::check::{Said, error};
use crate::repo::{ONLY_DATA, Repo, SECRET};

const FILE: &str = "apps/db.enc.yaml";
const OTHER: &str = "apps/wiki.enc.json";
const JSON: &str = "{\"data\": {\"token\": \"canary-token\", \"empty\": \"\"}}";

impl Repo {
    fn reseals(&self, arguments: &[&str]) -> Said {
        let command = self.run_with_json("reseal", arguments);
        command.with_key_of(&self.alice).run()
    }

    fn rotates(&self, arguments: &[&str]) -> Said {
        let command = self.run_with_json("rotate", arguments);
        command.with_key_of(&self.alice).run()
    }

    /// What sops decrypts a file to.
    #[track_caller]
    fn plaintext(&self, path: &str) -> String {
        self.sops(["decrypt", path])
    }
}

/// What a plan would bless in its only file: paths and what happened to them, and where.
#[track_caller]
fn blessed(plan: &Value) -> Vec<(String, String, String)> {
    let changes = plan["files"][0]["changes"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let blessed = changes.filter(|change| change["kind"] == "bless");
    blessed
        .map(|change| {
            (
                text(&change["path"]),
                text(&change["what"]),
                text(&change["at"]),
            )
        })
        .collect()
}

fn told(path: &str, what: &str, at: &str) -> (String, String, String) {
    (path.to_owned(), what.to_owned(), at.to_owned())
}

/// The lines in which two texts of equally many lines differ.
fn differing(old: &str, new: &str) -> Vec<String> {
    assert_eq!(old.lines().count(), new.lines().count());
    let pairs = old.lines().zip(new.lines());
    let differing = pairs.filter(|(old, new)| old != new);
    let key = |line: &str| line.trim().split(':').next().unwrap().to_owned();
    differing.map(|(_, new)| key(new)).collect()
}

// The incident, to its end.
story!(
    a_namespace_edited_as_text_is_found_explained_and_resealed,
    |repo| {
        repo.add(FILE, SECRET);
        repo.replace(FILE, "production", "staging");
        repo.commit("Move to staging");
        let found = error("edited-outside-sops", FILE).says(format!("sopsguard reseal {FILE}"));
        repo.check(&["--since", "HEAD~1"]).finds([found]);
        assert!(!repo.opens(FILE));

        let broken = repo.read(FILE);
        let planned = repo.reseals(&["--dry-run", FILE]);
        assert_eq!(planned.code, 0, "{}", planned.stderr);
        let expected = [told("metadata.namespace", "changed", &repo.id("HEAD"))];
        assert_eq!(blessed(&planned.json()), expected);
        assert_eq!(repo.read(FILE), broken);

        repo.later();
        let done = repo.reseals(&["--yes", FILE]);
        assert_eq!((done.code, &done.json()["applied"]), (0, &json!(true)));
        assert_eq!(
            differing(&broken, &repo.read(FILE)),
            ["lastmodified", "mac"]
        );
        assert!(repo.plaintext(FILE).contains("namespace: staging"));
        repo.finds_nothing();
        repo.commit("Reseal");
        let again = repo.reseals(&["--yes", FILE]);
        assert_eq!((again.code, &again.json()["unchanged"]), (0, &json!(1)));
    }
);

story!(
    what_is_not_committed_and_a_deleted_entry_are_told_before_they_are_blessed,
    |repo| {
        repo.add(FILE, SECRET);
        repo.replace(FILE, "production", "staging");
        repo.commit("Move to staging");
        repo.change(FILE, |text| {
            let lines = text.split_inclusive('\n');
            lines.filter(|line| !line.contains(" port:")).collect()
        });
        let plan = repo.reseals(&["--dry-run", FILE]).json();
        let expected = [
            told("stringData.port", "removed", "work-tree"),
            told("metadata.namespace", "changed", &repo.id("HEAD")),
        ];
        assert_eq!(blessed(&plan), expected);
        assert_eq!(repo.reseals(&["--yes", FILE]).code, 0);
        assert!(!repo.plaintext(FILE).contains("port"));
    }
);

story!(a_value_that_does_not_decrypt_is_never_blessed, |repo| {
    repo.add(FILE, SECRET);
    repo.replace(
        FILE,
        "password: ENC[AES256_GCM,data:",
        "password: ENC[AES256_GCM,data:AAAA",
    );
    let before = repo.read(FILE);
    let refused = repo.reseals(&["--yes", "--accept-unknown", FILE]);
    assert_eq!(refused.code, 1);
    let reason = refused.json()["refused"][0]["reason"].to_string();
    assert!(reason.contains("stringData.password"), "{reason}");
    assert_eq!(repo.read(FILE), before);
});

story!(
    a_file_that_never_verified_is_resealed_only_where_that_is_said,
    |repo| {
        repo.encrypt(FILE, SECRET);
        repo.replace(FILE, "production", "staging");
        repo.commit("Add it");
        assert_eq!(repo.reseals(&["--yes", FILE]).code, 1);
        assert!(!repo.opens(FILE));
        assert_eq!(repo.reseals(&["--yes", "--accept-unknown", FILE]).code, 0);
        assert!(repo.opens(FILE));
    }
);

story!(nobody_is_asked_and_nothing_is_blessed, |repo| {
    repo.add(FILE, SECRET);
    repo.replace(FILE, "production", "staging");
    let before = repo.read(FILE);
    assert_eq!(repo.reseals(&[FILE]).code, 2);
    assert_eq!(repo.read(FILE), before);
});

story!(
    rotated_files_say_the_same_and_hold_nothing_of_before,
    |repo| {
        repo.add(FILE, SECRET);
        repo.add(OTHER, JSON);
        let before = [FILE, OTHER].map(|file| (repo.read(file), repo.plaintext(file)));
        let planned = repo.rotates(&["--dry-run"]);
        assert_eq!(planned.code, 0, "{}", planned.stderr);
        assert_eq!(planned.json()["files"].as_array().unwrap().len(), 2);
        let done = repo.rotates(&["--yes"]);
        assert_eq!(done.code, 0, "{}", done.stderr);
        for (file, (text, plaintext)) in [FILE, OTHER].into_iter().zip(before) {
            let now = repo.read(file);
            assert_eq!(repo.plaintext(file), plaintext);
            let tokens = text
                .match_indices("ENC[")
                .map(|(at, _)| text[at..].split(']').next().unwrap());
            let left: Vec<&str> = tokens.filter(|token| now.contains(token)).collect();
            assert!(left.is_empty(), "{left:?}");
        }
        repo.finds_nothing();
        // sops goes on with them as with its own.
        repo.set(FILE, "[\"stringData\"][\"port\"]", "canary-1");
        assert!(repo.opens(FILE));
    }
);

story!(
    who_has_left_comes_first_and_then_knows_nothing_of_the_new_data_key,
    |repo| {
        repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
        repo.add(FILE, SECRET);
        repo.rule(&repo.for_alice(), ONLY_DATA);
        let refused = repo.rotates(&["--yes"]);
        assert_eq!(refused.code, 1);
        let commands = refused.json()["refused"][0]["commands"].clone();
        assert_eq!(commands, json!([format!("sopsguard updatekeys {FILE}")]));
        let update = repo.run_with_json("updatekeys", &["--yes"]);
        assert_eq!(update.with_key_of(&repo.alice).run().code, 0);
        assert_eq!(repo.rotates(&["--yes"]).code, 0);
        assert!(repo.opens(FILE));
        let log = repo.run_with_json("log", &[FILE]);
        let log = log.with_key_of(&repo.alice).run().json();
        assert_eq!(log["entries"][0]["data-key"], "replaced", "{log}");
    }
);

story!(
    a_threshold_that_is_not_said_is_written_where_sops_writes_it,
    |repo| {
        let [alice, bob] = [&repo.alice, &repo.bob].map(|who| &who.recipient);
        let groups = format!("key_groups: [{{age: [{alice}]}}, {{age: [{bob}]}}]");
        repo.rule(&groups, "shamir_threshold: 2");
        let keys = [repo.alice.key(), repo.bob.key()].join("\n");
        let identities = repo.beside("both.txt");
        fs::write(&identities, &keys).unwrap();
        let said = |text: &str| {
            let lines = text
                .lines()
                .filter(|line| line.contains("shamir_threshold"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        for (file, text) in [
            ("a.yaml", "a: canary\n"),
            ("two.yaml", "a: canary\n---\nb: canary\n"),
            ("a.json", "{\"a\": \"canary\"}"),
            ("a.env", "a=canary\n"),
            ("a.ini", "[s]\na = canary\n"),
            ("a.bin", "canary"),
        ] {
            let by_sops = format!("by-sops-{file}");
            repo.encrypt(&by_sops, text);
            assert!(!said(&repo.read(&by_sops)).is_empty(), "{file}");
            repo.change(&by_sops, |text| {
                let lines = text.split_inclusive('\n');
                lines
                    .filter(|line| !line.contains("shamir_threshold"))
                    .collect()
            });
            repo.write(file, repo.read(&by_sops));
            let mut sops = repo.sops_command();
            sops.env("SOPS_AGE_KEY", &keys)
                .args(["rotate", "--in-place", &by_sops]);
            assert!(sops.status().unwrap().success(), "{file}");
            let done = repo.rotates(&["--yes", "--identity", identities.to_str().unwrap(), file]);
            assert_eq!(done.code, 0, "{file}: {}{}", done.stdout, done.stderr);
            assert_eq!(said(&repo.read(file)), said(&repo.read(&by_sops)), "{file}");
            let mut sops = repo.sops_command();
            sops.env("SOPS_AGE_KEY", &keys).args(["decrypt", file]);
            assert!(sops.output().unwrap().status.success(), "{file}");
        }
    }
);

story!(a_file_that_does_not_verify_is_not_rotated, |repo| {
    repo.add(FILE, SECRET);
    repo.add(OTHER, JSON);
    repo.replace(FILE, "production", "staging");
    let before = [FILE, OTHER].map(|file| repo.read(file));
    assert_eq!(repo.rotates(&["--yes"]).code, 1);
    assert_eq!([FILE, OTHER].map(|file| repo.read(file)), before);
    assert_eq!(repo.rotates(&["--yes", "--skip-refused"]).code, 1);
    assert_eq!(repo.read(FILE), before[0]);
    assert_ne!(repo.read(OTHER), before[1]);
});
