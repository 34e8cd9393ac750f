//! What `audit` finds in a repository, where, and that what it prints mends it: each story goes from a sound
//! repository over the finding and its remedy to a sound one.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Stdio;

use serde_json::Value;

use crate::check::{commands, note, warning};
use crate::repo::{ONLY_DATA, Person, Repo, SECRET, peer_sops};

const FILE: &str = "apps/db.enc.yaml";
const CONFIG: &str = ".sops.yaml";
const POLICY: &str = ".sopsguard.toml";

impl Repo {
    /// Runs a line that a finding prints as somebody does who copies it into a shell: with sops and
    /// sopsguard at hand, the keys of all three, and this on standard input.
    pub(crate) fn shell(&self, line: &str, input: &str) -> bool {
        let programs = self.beside("bin");
        if !programs.exists() {
            fs::create_dir(&programs).unwrap();
            symlink(peer_sops("3.13.3"), programs.join("sops")).unwrap();
            symlink(env!("CARGO_BIN_EXE_sopsguard"), programs.join("sopsguard")).unwrap();
        }
        let keys = [&self.alice, &self.bob, &self.carol].map(Person::key);
        let path = std::env::var("PATH").unwrap();
        let mut shell = self.command("bash");
        shell
            .args(["-c", line])
            .env("PATH", format!("{}:{path}", programs.display()))
            .env("SOPS_AGE_KEY", keys.join("\n"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = shell.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // Who asks nothing may be gone before it is answered.
        drop(stdin.write_all(input.as_bytes()));
        drop(stdin);
        child.wait().unwrap().success()
    }

    /// Runs all commands that a finding prints, and says yes to whatever they ask.
    #[track_caller]
    pub(crate) fn follow(&self, found: &Value) {
        let lines = commands(found);
        assert!(!lines.is_empty(), "no command is printed: {found}");
        for line in lines {
            // Ours asks at the terminal, and there is none.
            let asks = ["updatekeys", "rotate", "escrow add-recipient"];
            let ours = asks
                .iter()
                .any(|name| format!("{line} ").starts_with(&format!("sopsguard {name} ")));
            let line = if ours { format!("{line} --yes") } else { line };
            assert!(self.shell(&line, "y\n"), "this fails: {line}");
        }
    }

    /// The only finding of an audit.
    #[track_caller]
    fn only_finding(&self) -> Value {
        let report = self.audit(&[]).run().json();
        let findings = report["findings"].as_array().unwrap();
        assert_eq!(findings.len(), 1, "{report}");
        findings[0].clone()
    }

    /// The line of a file in which a text is for the first time.
    #[track_caller]
    fn line(&self, path: &str, text: &str) -> usize {
        let at = self.read(path).lines().position(|line| line.contains(text));
        at.unwrap() + 1
    }

    /// Writes a policy that lists Alice and Bob, and Carol's key as one for escrow.
    pub(crate) fn policy_with_escrow(&self, settings: &str, of_escrow: &str) {
        let listed = |name: &str, person: &Person, more: &str| {
            let key = &person.recipient;
            format!("\n[[recipient]]\nname = \"{name}\"\nkey = \"{key}\"\n{more}")
        };
        let escrow = format!("role = \"escrow\"\nheld-by = [\"safe\"]\n{of_escrow}");
        let recipients = [
            listed("alice", &self.alice, ""),
            listed("bob", &self.bob, ""),
            listed("vault", &self.carol, &escrow),
        ];
        self.write(POLICY, format!("{settings}{}", recipients.concat()));
    }

    /// A rule for all three.
    fn for_all(&self) -> String {
        format!("{},{}", self.for_alice_and(&self.bob), self.carol.recipient)
    }
}

story!(nobody_encrypted_to_the_escrow_key, |repo| {
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    repo.policy_with_escrow("", "");
    for path in [FILE, "apps/web.enc.yaml", "apps/wiki.enc.yaml"] {
        repo.encrypt(path, SECRET);
    }
    // One that has other keys than its rule is no matter of the rule.
    let keys = format!("{},{}", repo.alice.recipient, repo.bob.recipient);
    repo.rule(&repo.for_alice(), ONLY_DATA);
    repo.encrypt("alone.enc.yaml", SECRET);
    repo.rule(&format!("age: {keys}"), ONLY_DATA);
    repo.commit("Add secrets");
    let at_rule = warning("missing-escrow", CONFIG)
        .at_line(2)
        .says("no escrow key can decrypt 3 files that follow this rule: `apps/db.enc.yaml`, `apps/web.enc.yaml` and `apps/wiki.enc.yaml`")
        .says("add \"vault\" to the creation rule in `.sops.yaml`");
    let alone = "alone.enc.yaml";
    let sops_block = repo.line(alone, "sops:");
    let by_itself = warning("missing-escrow", alone).at_line(sops_block);
    let others = [
        warning("recipient-drift", alone),
        warning("single-recipient", alone),
    ];
    let expected = [vec![at_rule, by_itself], others.to_vec()].concat();
    let said = repo.audit(&[]).finds(expected);

    for found in said.findings("missing-escrow") {
        repo.follow(&found);
    }
    assert!(repo.read(CONFIG).contains(&repo.carol.recipient));
    repo.commit("Add the key for escrow");
    repo.audit(&[]).finds_nothing();
    assert!(repo.read(FILE).contains(&repo.carol.recipient));
    assert!(repo.opens(FILE) && repo.opens(alone));
});

story!(the_escrow_key_was_not_proved_for_long, |repo| {
    repo.rule(&repo.for_all(), ONLY_DATA);
    repo.policy_with_escrow("escrow-proof-max-age = \"180d\"\n", "");
    repo.add(FILE, SECRET);
    let name = repo.line(POLICY, "vault");
    let never = warning("stale-escrow-proof", POLICY)
        .says("nobody has noted that the escrow key \"vault\" was ever proved")
        .says("fetch the private key from where it is (\"safe\")");
    let said = repo.audit(&[]).finds([never.clone()]);
    let found = said.findings("stale-escrow-proof").remove(0);
    // The finding points into the table of that key.
    let line = usize::try_from(found["start"]["line"].as_u64().unwrap()).unwrap();
    assert!((name - 1..=name + 3).contains(&line), "{line} of {name}");

    let [prove] = commands(&found).try_into().unwrap();
    assert!(!repo.shell(&prove, ""), "the key is not there");
    assert!(!repo.shell(&prove, repo.bob.key()), "it is another key");
    repo.audit(&[]).finds([never]);
    assert!(repo.shell(&prove, repo.carol.key()));
    assert!(repo.read(POLICY).contains("proved = "));
    repo.audit(&[]).finds_nothing();

    // What was proved once is not proved for ever.
    repo.policy_with_escrow("escrow-proof-max-age = \"180d\"\n", "proved = 2020-02-29");
    let old = warning("stale-escrow-proof", POLICY).says("180 are allowed");
    repo.audit(&[]).finds([old]);
});

story!(everybody_can_read_the_key_file, |repo| {
    repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
    repo.add(FILE, SECRET);
    let folder = repo.beside("home/.config/sops/age");
    fs::create_dir_all(&folder).unwrap();
    let keys = folder.join("keys.txt");
    fs::write(&keys, repo.alice.key()).unwrap();
    let set_mode = |mode| fs::set_permissions(&keys, Permissions::from_mode(mode)).unwrap();
    let path = keys.to_str().unwrap();
    for (mode, who) in [(0o644, "everybody on this machine"), (0o640, "its group")] {
        set_mode(mode);
        repo.audit(&[])
            .finds([warning("loose-key-file-mode", path).says(who)]);
        repo.follow(&repo.only_finding());
        repo.audit(&[]).finds_nothing();
    }
    set_mode(0o400);
    repo.audit(&[]).finds_nothing();
});

story!(
    a_selector_was_widened_and_an_old_file_keeps_its_own,
    |repo| {
        let text = format!("{SECRET}token: canary-token\n");
        repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
        repo.add(FILE, &text);
        repo.audit(&[]).finds_nothing();
        let wide = "encrypted_regex: ^(data|stringData|token)$";
        repo.rule(&repo.for_alice_and(&repo.bob), wide);
        repo.commit("Encrypt tokens, too");
        let line = repo.line(FILE, "encrypted_regex");
        let found = warning("selector-drift", FILE)
            .at_line(line)
            .says("this file goes by `encrypted_regex: ^(data|stringData)$`")
            .says(wide);
        repo.audit(&[]).finds([found]);
        // `sops updatekeys` changes nothing of it.
        repo.updatekeys(FILE);
        assert!(repo.read(FILE).contains("token: canary-token"));

        repo.follow(&repo.only_finding());
        repo.audit(&[]).finds_nothing();
        assert!(repo.read(FILE).contains("token: ENC["));
        assert!(repo.opens(FILE));
    }
);

story!(
    a_threshold_was_changed_and_an_old_file_keeps_its_own,
    |repo| {
        for (old, new) in [(2, 3), (3, 2)] {
            with_threshold(repo, old);
            repo.add(FILE, SECRET);
            with_threshold(repo, new);
            repo.commit("Take another number of groups");
            let line = repo.line(FILE, "shamir_threshold");
            let found = warning("threshold-drift", FILE)
                .at_line(line)
                .says(format!(
                    "{old} of 3 key groups open this file, and by rule 1"
                ))
                .says(format!("(line 2) {new} have to"));
            repo.audit(&[]).finds([found]);
            // `sops updatekeys` calls it up to date.
            let before = repo.read(FILE);
            repo.updatekeys(FILE);
            assert_eq!(repo.read(FILE), before);

            repo.follow(&repo.only_finding());
            repo.audit(&[]).finds_nothing();
            let line = format!("shamir_threshold: {new}");
            assert!(repo.read(FILE).contains(&line));
            assert!(repo.shell(&format!("sops decrypt {FILE}"), ""));
            repo.git(["rm", "--quiet", "--force", FILE]);
        }
    }
);

story!(
    a_threshold_by_which_sops_encrypts_nothing_is_not_to_be_followed,
    |repo| {
        with_threshold(repo, 2);
        repo.add(FILE, SECRET);
        with_threshold(repo, 1);
        let found = warning("threshold-drift", FILE).says("put all keys into one group");
        repo.audit(&[]).finds([found]);
        assert_eq!(commands(&repo.only_finding()), ["sopsguard audit"]);
        repo.write("new.enc.yaml", SECRET);
        assert!(!repo.shell("sops encrypt new.enc.yaml", ""));
    }
);

/// A rule with three groups, of which Alice is in two.
fn with_threshold(repo: &Repo, threshold: u8) {
    let [alice, bob, carol] = [&repo.alice, &repo.bob, &repo.carol].map(|who| &who.recipient);
    let groups = [[alice, bob], [bob, carol], [alice, carol]];
    let groups = groups.map(|[one, two]| format!("\n      - age: [{one}, {two}]"));
    let settings = format!("{ONLY_DATA}\nshamir_threshold: {threshold}");
    repo.rule(&format!("key_groups:{}", groups.concat()), &settings);
}

story!(
    it_depends_on_the_folder_which_configuration_counts,
    |repo| {
        repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
        let root = repo.read(CONFIG);
        repo.rule(&repo.for_alice_and(&repo.carol), ONLY_DATA);
        let near = repo.read(CONFIG);
        repo.write("apps/.sops.yaml", &near);
        repo.write(CONFIG, &root);
        repo.write(FILE, SECRET);
        // Whoever stands in the folder encrypts by the one there, and whoever stands above by the other.
        assert!(repo.shell("cd apps && sops encrypt -i db.enc.yaml", ""));
        repo.encrypt("other.enc.yaml", SECRET);
        repo.commit("Add secrets");
        let line = repo.line(FILE, "sops:");
        let found = warning("ambiguous-config", FILE)
            .at_line(line)
            .says("`.sops.yaml` gives this file other keys than `apps/.sops.yaml`");
        repo.audit(&[]).finds([found]);
        let sound = repo.read(FILE);
        repo.updatekeys(FILE);
        assert!(
            !repo.read(FILE).contains(&repo.carol.recipient),
            "sops took the other"
        );

        // Until it is mended, the configuration can be named.
        let found = repo.audit(&[]).run().findings("ambiguous-config").remove(0);
        let help = found["help"].as_str().unwrap();
        let named = help.split('`').find(|words| words.starts_with("sops "));
        let named = named.unwrap();
        assert!(repo.shell(&format!("{named} updatekeys {FILE}"), "y\n"));
        assert!(repo.read(FILE).contains(&repo.carol.recipient));
        assert_ne!(repo.read(FILE), sound);

        // One that says both, as it is printed.
        let rules = near.replace("  - age", "  - path_regex: ^apps/\n    age");
        let rest = root.replace("creation_rules:\n", "");
        fs::remove_file(repo.at("apps/.sops.yaml")).unwrap();
        repo.write(CONFIG, format!("{rules}{rest}"));
        repo.audit(&[]).finds_nothing();
    }
);

story!(a_folder_was_renamed_and_its_rule_was_not, |repo| {
    let rule = |folder: &str| {
        let settings = format!("{ONLY_DATA}\npath_regex: ^{folder}/");
        repo.rule(&repo.for_alice_and(&repo.bob), &settings);
    };
    rule("apps");
    repo.add(FILE, SECRET);
    repo.audit(&[]).finds_nothing();
    repo.git(["mv", "apps", "services"]);
    repo.commit("Rename the folder");
    let renamed = "services/db.enc.yaml";
    let line = repo.line(renamed, "sops:");
    let found = warning("no-creation-rule", renamed)
        .at_line(line)
        .says("no rule of `.sops.yaml` is for this file")
        .says("write a rule into `.sops.yaml` whose `path_regex` matches the file");
    let unused = note("unused-rule", CONFIG).at_line(4);
    repo.audit(&[]).finds([found, unused]);
    let updatekeys = format!("sops updatekeys --yes {renamed}");
    assert!(!repo.shell(&updatekeys, ""), "sops knows what to do");

    rule("services");
    repo.audit(&[]).finds_nothing();
    assert!(repo.shell(&updatekeys, ""));
});
