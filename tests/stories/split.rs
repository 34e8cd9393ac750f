//! Files of several documents that are split, and the incident that began it all, to its end: found, explained, made
//! right, and split so that it cannot happen again.

use serde_json::{Value, json};
use sopsguard::engine::{self, Request, Split, Target};
use sopsguard::{Environment, Platform};

use crate::check::{Said, commands, error};
use crate::repo::{ONLY_DATA, Repo, SECRET};

const FILE: &str = "apps/shop.enc.yaml";
const NEW: [&str; 3] = [
    "apps/secret-shop.enc.yaml",
    "apps/secret-mail.enc.yaml",
    "apps/secret-cache.enc.yaml",
];
const GENERATOR: &str = "\
apiVersion: viaduct.ai/v1
kind: ksops
metadata:
  name: secrets
files:
  # all of the shop
  - ./shop.enc.yaml # encrypted
  - './wiki.enc.yaml'
";

/// Three Secrets in one file.
fn three() -> String {
    let secret = |name: &str| {
        format!(
            "# {name}\nkind: Secret\nmetadata:\n    name: {name}\nstringData:\n    token: canary-{name}\n    empty: \"\"\n"
        )
    };
    format!("{SECRET}---\n{}---\n{}", secret("mail"), secret("cache"))
}

/// The file, and what lists it.
fn shop(repo: &Repo) {
    repo.write("apps/ksops.yaml", GENERATOR);
    repo.write("apps/kustomization.yaml", "generators:\n- ksops.yaml\n");
    let wiki = SECRET.replace("shop", "wiki");
    repo.add("apps/wiki.enc.yaml", &wiki);
    repo.add(FILE, &three());
}

impl Repo {
    fn splits(&self, arguments: &[&str]) -> Said {
        let command = self.run_with_json("split", arguments);
        command.with_key_of(&self.alice).run()
    }

    #[track_caller]
    fn decrypted(&self, path: &str) -> String {
        self.sops(["decrypt", path])
    }

    /// Splits a file, and says which ones came of it. Real sops reads in them what it read in the one; neither
    /// it nor we have anything to update in them; and whoever looks finds nothing.
    #[track_caller]
    fn splits_well(&self, path: &str, new: &[&str]) {
        let (before, old) = (self.decrypted(path), self.read(path));
        let said = self.splits(&["--yes", path]);
        assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
        let is_kept = new.contains(&path);
        assert_eq!(self.at(path).exists(), is_kept);
        let texts: Vec<String> = new.iter().map(|path| self.decrypted(path)).collect();
        assert_eq!(texts.join("---\n"), before);
        for path in new {
            assert!(
                tokens(&self.read(path))
                    .iter()
                    .all(|token| old.contains(token))
            );
            let said = self
                .sops_command()
                .args(["updatekeys", "--yes", path])
                .output();
            let said = String::from_utf8(said.unwrap().stderr).unwrap();
            assert!(said.contains("already up to date"), "{said}");
        }
        let update = self.run_with_json("updatekeys", &["--check"]).run();
        assert_eq!(update.code, 0, "{}", update.stdout);
        self.commit("Split it");
        let checked = self.check(&["--require-key"]).with_key_of(&self.alice);
        let checked = checked.finds_nothing().json();
        assert_eq!(checked["summary"]["failed"], 0);
    }
}

/// All tokens of a file but its MAC.
fn tokens(text: &str) -> Vec<&str> {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("mac:"));
    let all = lines.flat_map(|line| line.match_indices("ENC[").map(|(at, _)| &line[at..]));
    all.map(|rest| &rest[..=rest.find(']').unwrap()]).collect()
}

#[track_caller]
fn refusal(said: &Said) -> (String, Vec<String>) {
    assert_eq!(said.code, 1, "{}{}", said.stdout, said.stderr);
    let refused = &said.json()["refused"][0];
    (
        refused["reason"].as_str().unwrap().to_owned(),
        commands(refused),
    )
}

/// Commits what is staged; git finds the command that its hooks run.
fn commits_with_hooks(repo: &Repo) -> bool {
    let ours = std::path::Path::new(env!("CARGO_BIN_EXE_sopsguard"));
    let before = std::env::var_os("PATH").unwrap();
    let folders = std::iter::once(ours.parent().unwrap().to_owned());
    let path = std::env::join_paths(folders.chain(std::env::split_paths(&before)));
    let mut git = repo.command("git");
    let commit = git.args(["commit", "--message", "Mail is not sent any more"]);
    commit
        .env("PATH", path.unwrap())
        .status()
        .unwrap()
        .success()
}

/// The documents of a text.
fn documents(text: &str) -> Vec<String> {
    text.split_inclusive("\n---\n")
        .map(|part| part.trim_end_matches("---\n").to_owned())
        .collect()
}

story!(
    a_document_deleted_as_text_is_found_explained_brought_back_and_split_and_cannot_break_the_others_again,
    |repo| {
        shop(repo);
        let sound = repo.read(FILE);
        repo.git(["checkout", "--quiet", "-b", "tidy"]);
        let all = documents(&sound);
        repo.write(FILE, [all[0].as_str(), &all[2]].join("---\n"));
        repo.commit("Mail is not sent any more");
        assert!(!repo.opens(FILE));

        // Found without a key, in the job of the pull request.
        let found = error("edited-outside-sops", FILE).says("document 2 of the base removed");
        repo.check(&["--since", "main"]).finds([found, error("multi-document", FILE)]);
        // Explained with one.
        let explained = repo.run_with_json("explain", &[FILE]);
        let explained = explained.with_key_of(&repo.alice).run().json();
        assert_eq!(explained["file"]["verification"], "failed");
        let since = &explained["changes"]["since-sound"][0];
        assert_eq!(since["documents-removed"], json!([2]));
        let (reason, help) = refusal(&repo.splits(&["--yes", FILE]));
        assert!(reason.contains("does not verify"), "{reason}");
        let expected = [format!("sopsguard explain {FILE}"), format!("sopsguard reseal {FILE}")];
        assert_eq!(help, expected);

        // Brought back, and split.
        repo.git(["restore", "--source=main", "--", FILE]);
        assert_eq!(repo.read(FILE), sound);
        repo.splits_well(FILE, &NEW);
        let generator = GENERATOR.replace(
            "  - ./shop.enc.yaml # encrypted\n",
            "  - ./secret-shop.enc.yaml # encrypted\n  - ./secret-mail.enc.yaml\n  - ./secret-cache.enc.yaml\n",
        );
        assert_eq!(repo.read("apps/ksops.yaml"), generator);
        let audit = repo.audit(&[]).run();
        assert!(audit.findings("dangling-reference").is_empty());
        assert!(audit.findings("unreferenced-secret").is_empty());

        // The same again: mail goes, and nothing else is hurt. The hook has nothing against it.
        let installed = repo.command(env!("CARGO_BIN_EXE_sopsguard")).arg("install").output();
        assert!(installed.unwrap().status.success());
        repo.git(["rm", "--quiet", NEW[1]]);
        repo.replace("apps/ksops.yaml", "  - ./secret-mail.enc.yaml\n", "");
        repo.git(["add", "--all"]);
        assert!(commits_with_hooks(repo));
        assert!(repo.opens(NEW[0]) && repo.opens(NEW[2]));
        repo.check(&["--since", "main"]).finds([]);
    }
);

story!(
    a_document_deleted_on_purpose_is_blessed_and_the_others_are_split,
    |repo| {
        shop(repo);
        let all = documents(&repo.read(FILE));
        repo.write(FILE, [all[0].as_str(), &all[2]].join("---\n"));
        repo.commit("Mail is not sent any more");
        let planned = repo.run_with_json("reseal", &["--dry-run", FILE]);
        let planned = planned.with_key_of(&repo.alice).run().json();
        let changes = planned["files"][0]["changes"].as_array().unwrap();
        let is_told = |change: &&Value| {
            (&change["kind"], &change["what"], &change["path"])
                == (&json!("bless"), &json!("removed"), &json!("document 2"))
        };
        assert_eq!(changes.iter().filter(is_told).count(), 1, "{changes:?}");
        let resealed = repo.run_with_json("reseal", &["--yes", FILE]);
        assert_eq!(resealed.with_key_of(&repo.alice).run().code, 0);
        repo.splits_well(FILE, &[NEW[0], NEW[2]]);
    }
);

const BY_NAME: [&str; 3] = ["secret-shop", "secret-mail", "secret-cache"];
const BY_NUMBER: [&str; 3] = ["all-1", "all-2", "all-3"];

/// Selectors of a rule, and the names of the new files: what is encrypted is in none.
const SELECTORS: [(&str, [&str; 3]); 9] = [
    (ONLY_DATA, BY_NAME),
    (
        "encrypted_regex: ^(data|stringData)$\nmac_only_encrypted: true",
        BY_NAME,
    ),
    ("unencrypted_regex: ^(kind|metadata)$", BY_NAME),
    ("encrypted_suffix: Data", BY_NAME),
    ("unencrypted_suffix: a", BY_NUMBER),
    ("unencrypted_suffix: _unencrypted", BY_NUMBER),
    // The comment stands above `kind`.
    (
        "encrypted_comment_regex: ^ (mail|cache)$",
        ["secret-shop", "all-2", "all-3"],
    ),
    ("unencrypted_comment_regex: ^ (mail|cache)$", BY_NUMBER),
    ("mac_only_encrypted: true", BY_NUMBER),
];

story!(
    files_of_every_selector_and_layout_of_keys_are_split,
    |repo| {
        let [alice, bob] = [&repo.alice, &repo.bob].map(|person| &person.recipient);
        let layouts = [
            repo.for_alice(),
            repo.for_alice_and(&repo.bob),
            format!("key_groups:\n      - age: [{alice}]\n      - age: [{alice}, {bob}]"),
            format!(
                "shamir_threshold: 2\n    key_groups:\n      - age: [{alice}, {bob}]\n      - age: [{alice}]\n      - age: [{bob}]"
            ),
        ];
        let mut count = 0;
        for (at, layout) in layouts.iter().enumerate() {
            for (number, (selector, names)) in SELECTORS.iter().enumerate() {
                repo.rule(layout, selector);
                let folder = format!("{at}/{number}");
                let path = |name: &str| format!("{folder}/{name}.enc.yaml");
                repo.add(&path("all"), &three());
                let names = names.map(path);
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let said = repo.splits(&["--dry-run", &path("all")]).json();
                let planned = said["files"].as_array().unwrap().iter();
                let mut planned: Vec<&str> =
                    planned.map(|file| file["path"].as_str().unwrap()).collect();
                planned.retain(|path| !path.ends_with("/all.enc.yaml"));
                let mut expected = names.clone();
                expected.sort_unstable();
                assert_eq!(planned, expected, "{selector}: {said}");
                repo.splits_well(&path("all"), &names);
                repo.git(["rm", "-r", "--quiet", &folder]);
                repo.commit("Next");
                count += 1;
            }
        }
        println!("{count} combinations");
    }
);

story!(what_a_document_calls_itself_leads_nowhere, |repo| {
    let secret = |kind: &str, name: &str| {
        format!("kind: {kind}\nmetadata:\n    name: \"{name}\"\nstringData:\n    a: canary\n")
    };
    let all = [
        secret("Secret", "../../x"),
        secret("Secret", ".."),
        secret("Secret", "a\\0b"),
        secret("SECRET", "a:B"),
        "stringData: {a: canary}\n".to_owned(),
        secret("\"/etc\"", "passwd"),
    ];
    repo.add(FILE, &all.join("---\n"));
    repo.splits_well(
        FILE,
        &[
            "apps/secret-x.enc.yaml",
            "apps/shop-2.enc.yaml",
            "apps/secret-a-b-3.enc.yaml",
            "apps/secret-a-b-4.enc.yaml",
            "apps/shop-5.enc.yaml",
            "apps/etc-passwd.enc.yaml",
        ],
    );
});

story!(one_of_the_new_files_may_have_the_old_name, |repo| {
    repo.write(
        "apps/kustomization.yaml",
        "resources: ['secret-shop.enc.yaml', other.yaml]\n",
    );
    repo.add(NEW[0], &three());
    repo.splits_well(NEW[0], &NEW);
    assert_eq!(
        repo.read("apps/kustomization.yaml"),
        "resources: ['secret-shop.enc.yaml', 'secret-mail.enc.yaml', 'secret-cache.enc.yaml', other.yaml]\n"
    );
});

story!(documents_that_hold_nothing_get_no_file, |repo| {
    repo.add(
        FILE,
        &format!("{SECRET}---\n---\n{}", SECRET.replace("shop", "mail")),
    );
    let said = repo.splits(&["--yes", FILE]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let notices = said.json()["notices"].to_string();
    assert!(notices.contains("document 2 of"), "{notices}");
    assert!(repo.opens(NEW[0]) && repo.opens(NEW[1]));
    repo.commit("Split it");

    let path = "apps/lone.enc.yaml";
    repo.add(path, SECRET);
    let sound = repo.read(path);
    repo.change(path, |text| format!("{text}---\n"));
    assert_eq!(repo.splits(&["--yes", path]).code, 0);
    assert_eq!(repo.read(path), sound);
});

story!(new_files_go_where_their_rule_is_the_same, |repo| {
    let rules = format!(
        "creation_rules:\n  - path_regex: ^apps/.*shop\\.enc\\.yaml$\n    {}\n    {ONLY_DATA}\n  - {}\n    {ONLY_DATA}\n",
        repo.for_alice(),
        repo.for_alice_and(&repo.bob)
    );
    repo.write(".sops.yaml", rules);
    shop(repo);
    let (reason, _) = refusal(&repo.splits(&["--yes", FILE, "--into", "elsewhere"]));
    assert!(
        reason.contains("rule 2") && reason.contains("rule 1"),
        "{reason}"
    );
    assert!(!repo.at("elsewhere").exists());
    // More of the old name is kept, which the rule goes by.
    let new = NEW.map(|path| path.replace(".enc.yaml", ".shop.enc.yaml"));
    let new: Vec<&str> = new.iter().map(String::as_str).collect();
    repo.splits_well(FILE, &new);
});

story!(
    new_files_go_into_another_folder_that_is_made_for_them,
    |repo| {
        shop(repo);
        let before = repo.decrypted(FILE);
        let said = repo.splits(&["--yes", FILE, "--into", "apps/./shop/../shop/secrets"]);
        assert_eq!(said.code, 0, "{}", said.stdout);
        let new = NEW.map(|path| path.replace("apps/", "apps/shop/secrets/"));
        let texts: Vec<String> = new.iter().map(|path| repo.decrypted(path)).collect();
        assert_eq!(texts.join("---\n"), before);
        let generator = repo.read("apps/ksops.yaml");
        assert!(
            generator.contains("\n  - ./shop/secrets/secret-mail.enc.yaml\n"),
            "{generator}"
        );
        for outside in [
            "..",
            "../elsewhere",
            "/tmp",
            ".git/x",
            "apps/ksops.yaml",
            "apps/ksops.yaml/x",
        ] {
            repo.git(["checkout", "--quiet", "--", "."]);
            let said = repo.splits(&["--yes", FILE, "--into", outside]);
            assert!(matches!(said.code, 1 | 3), "{outside}: {}", said.stdout);
            assert!(repo.opens(FILE) && !repo.at(".git/x").exists());
        }
    }
);

story!(
    nothing_is_written_over_and_nothing_is_done_by_halves,
    |repo| {
        shop(repo);
        let generator = repo.read("apps/ksops.yaml");
        repo.write(NEW[2], "mine\n");
        let (reason, _) = refusal(&repo.splits(&["--yes", FILE]));
        assert!(reason.contains("is there already"), "{reason}");
        assert_eq!(repo.read(NEW[2]), "mine\n");
        assert!(!repo.at(NEW[0]).exists() && repo.opens(FILE));
        assert_eq!(repo.read("apps/ksops.yaml"), generator);
    }
);

/// A plan that somebody looks at for a while.
#[track_caller]
fn interrupted_by(repo: &Repo, edit: impl Fn()) {
    let key = ("SOPS_AGE_KEY".into(), repo.alice.key().into());
    let environment = Environment::new([key], repo.at(""), Platform::Unix);
    let environment = environment.at(std::time::SystemTime::now());
    let mut request = Request::new(&environment);
    request.targets = vec![Target::Path(FILE.into())];
    let plan = engine::split(Split::new(request)).unwrap();
    assert_eq!((plan.files.len(), plan.refused.len()), (5, 0));
    edit();
    let before = repo.git(["status", "--porcelain"]);
    let error = plan.apply().unwrap_err();
    assert!(matches!(error, engine::Error::NotChanged { .. }), "{error}");
    assert_eq!(repo.git(["status", "--porcelain"]), before);
    assert!(!repo.at(NEW[0]).exists());
}

story!(
    what_somebody_changes_in_the_meantime_stands_against_it,
    |repo| {
        shop(repo);
        interrupted_by(repo, || {
            repo.write("apps/ksops.yaml", format!("{GENERATOR}  - x.enc.yaml\n"))
        });
        repo.git(["checkout", "--quiet", "--", "."]);
        interrupted_by(repo, || {
            repo.set(FILE, "[\"stringData\"][\"port\"]", "canary-1")
        });
        repo.git(["checkout", "--quiet", "--", "."]);
        interrupted_by(repo, || repo.write(NEW[1], "mine\n"));
        assert_eq!(repo.read(NEW[1]), "mine\n");
    }
);

story!(where_else_a_file_is_named_is_told, |repo| {
    shop(repo);
    repo.write(
        "Makefile",
        "show:\n\tsops decrypt apps/shop.enc.yaml\n\tsops decrypt other/shop.enc.yaml\n",
    );
    repo.write("apps/values.yaml", "secrets: [shop.enc.yaml]\n");
    repo.write(
        "apps/kustomization.yaml",
        "generators:\n- ksops.yaml\nsecretGenerator:\n- name: a\n  files: [it=shop.enc.yaml]\n",
    );
    repo.write("other/README.md", "See shop.enc.yaml.\n");
    repo.write(
        ".sopsguard.toml",
        "[[ignore]]\nrule = \"multi-document\"\npath = \"apps/shop.enc.yaml\"\nreason = \"old\"\n",
    );
    repo.commit("Name it");
    let notices = repo.splits(&["--dry-run", FILE]).json()["notices"].clone();
    let told: Vec<&str> = notices
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap())
        .collect();
    let expected = [
        "`.sopsguard.toml` names `apps/shop.enc.yaml` (line 3), and is left for you to change",
        "`Makefile` names `apps/shop.enc.yaml` (line 2), and is left for you to change",
        "`apps/kustomization.yaml` names `apps/shop.enc.yaml` (line 5), and is left for you to change",
        "`apps/values.yaml` names `apps/shop.enc.yaml` (line 1), and is left for you to change",
    ];
    assert_eq!(told, expected);
});

story!(
    generators_in_other_folders_and_written_out_in_kustomizations_are_followed,
    |repo| {
        repo.add(FILE, &three());
        repo.write(
        "base/kustomization.yaml",
        "generators:\n- |-\n  apiVersion: viaduct.ai/v1\n  kind: ksops\n  metadata: {name: a}\n  files:\n    - ../apps/shop.enc.yaml\n",
    );
        repo.write(
            "flux/kustomization.yaml",
            "resources:\n- \"../apps/shop.enc.yaml\"\n",
        );
        repo.commit("List it");
        repo.splits_well(FILE, &NEW);
        let inline = repo.read("base/kustomization.yaml");
        assert!(inline.ends_with("    - ../apps/secret-shop.enc.yaml\n    - ../apps/secret-mail.enc.yaml\n    - ../apps/secret-cache.enc.yaml\n"), "{inline}");
        let flux = repo.read("flux/kustomization.yaml");
        assert!(
            flux.contains("\n- \"../apps/secret-mail.enc.yaml\"\n"),
            "{flux}"
        );
        assert!(
            repo.audit(&[])
                .run()
                .findings("dangling-reference")
                .is_empty()
        );
    }
);

story!(only_files_of_several_documents_are_split, |repo| {
    repo.add(FILE, SECRET);
    repo.add("apps/a.enc.json", "{\"a\": \"canary\"}");
    repo.write("clear.yaml", "a: b\n---\nc: d\n");
    std::os::unix::fs::symlink("shop.enc.yaml", repo.at("apps/link.enc.yaml")).unwrap();
    repo.commit("All sorts");
    for (path, words) in [
        (FILE, "one document"),
        ("apps/a.enc.json", "no YAML"),
        ("clear.yaml", "no secret file"),
        ("apps/link.enc.yaml", "symbolic link"),
        ("apps", "a folder"),
    ] {
        let (reason, _) = refusal(&repo.splits(&["--yes", path]));
        assert!(reason.contains(words), "{path}: {reason}");
    }
    assert_eq!(repo.splits(&["--yes", "gone.enc.yaml"]).code, 3);
    assert_eq!(repo.splits(&[FILE, "--into"]).code, 2);
    assert_eq!(repo.git(["status", "--porcelain"]), "");
});

story!(without_a_key_nothing_is_split, |repo| {
    shop(repo);
    let said = repo.run_with_json("split", &["--yes", FILE]).run();
    assert_eq!(said.code, 1);
    assert!(repo.opens(FILE) && !repo.at(NEW[0]).exists());
});

story!(new_files_are_for_whom_the_old_one_was_for, |repo| {
    use std::os::unix::fs::PermissionsExt;
    shop(repo);
    std::fs::set_permissions(repo.at(FILE), PermissionsExt::from_mode(0o640)).unwrap();
    assert_eq!(repo.splits(&["--yes", FILE]).code, 0);
    for path in NEW {
        let mode = std::fs::metadata(repo.at(path))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o640, "{path}");
    }
});

story!(a_new_file_that_git_ignores_is_told, |repo| {
    shop(repo);
    repo.write(".gitignore", "secret-m*\n");
    let notices = repo.splits(&["--yes", FILE]).json()["notices"].to_string();
    assert!(
        notices.contains("git ignores `apps/secret-mail.enc.yaml`"),
        "{notices}"
    );
    assert!(!notices.contains("secret-shop"), "{notices}");
});

story!(files_are_split_from_wherever_one_stands, |repo| {
    shop(repo);
    repo.write("deep/er/x", "");
    let split = repo.run_with_json("split", &["--yes", "../../apps/shop.enc.yaml"]);
    let said = split.at(repo.at("deep/er")).with_key_of(&repo.alice).run();
    assert_eq!(said.code, 0, "{}", said.stdout);
    assert_eq!(said.json()["files"][0]["path"], "../../apps/ksops.yaml");
    assert!(NEW.iter().all(|path| repo.opens(path)));
});

story!(several_files_are_split_at_once_or_not_at_all, |repo| {
    shop(repo);
    let other = "apps/other.enc.yaml";
    repo.add(
        other,
        &three()
            .replace("name: shop", "name: web")
            .replace("name: mail", "name: web-2"),
    );
    let before = repo.git(["status", "--porcelain"]);
    // Both have a Secret `cache`.
    let (reason, _) = refusal(&repo.splits(&["--yes", FILE, other]));
    assert!(reason.contains("would come of another file"), "{reason}");
    assert_eq!(repo.git(["status", "--porcelain"]), before);
    let said = repo.splits(&["--yes", "--skip-refused", FILE, other]);
    assert_eq!((said.code, &said.json()["applied"]), (1, &json!(true)));
    assert!(NEW.iter().all(|path| repo.opens(path)) && repo.opens(other));
    assert_eq!(
        repo.splits(&["--yes", other, "--into", "apps/other"]).code,
        0
    );
    assert!(repo.opens("apps/other/secret-cache.enc.yaml"));
});

story!(
    a_generator_that_stands_for_files_of_several_folders_is_never_half_right,
    |repo| {
        repo.write(
            "base/ksops.yaml",
            GENERATOR.replace("  - './wiki.enc.yaml'\n", ""),
        );
        let files = ["a/shop.enc.yaml", "b/shop.enc.yaml"];
        for file in files {
            let folder = file.split('/').next().unwrap();
            let lists = "generators:\n- ../base/ksops.yaml\n";
            repo.write(format!("{folder}/kustomization.yaml"), lists);
            repo.add(file, &three());
        }
        let (reason, _) = refusal(&repo.splits(&["--yes", files[0]]));
        assert!(reason.contains("`base/ksops.yaml` lists it"), "{reason}");
        assert_eq!(repo.git(["status", "--porcelain"]), "");
        let said = repo.splits(&["--yes", files[0], files[1]]);
        assert_eq!(said.code, 0, "{}", said.stdout);
        let generator = repo.read("base/ksops.yaml");
        assert!(
            generator.contains("\n  - ./secret-mail.enc.yaml\n"),
            "{generator}"
        );
        assert!(
            repo.audit(&[])
                .run()
                .findings("dangling-reference")
                .is_empty()
        );
        for name in ["a/secret-mail.enc.yaml", "b/secret-cache.enc.yaml"] {
            assert!(repo.opens(name));
        }
    }
);

story!(
    a_generator_that_lists_a_file_by_an_alias_is_left_alone,
    |repo| {
        shop(repo);
        let aliased = "metadata: {name: a, note: &it ./shop.enc.yaml}\nfiles: [*it]\n";
        let generator = format!("apiVersion: viaduct.ai/v1\nkind: ksops\n{aliased}");
        repo.write("apps/ksops.yaml", &generator);
        repo.commit("List it by an alias");
        let (reason, help) = refusal(&repo.splits(&["--yes", FILE]));
        assert!(reason.contains("`apps/ksops.yaml` lists it"), "{reason}");
        assert_eq!(help, [format!("sopsguard split {FILE}")]);
        assert_eq!(repo.read("apps/ksops.yaml"), generator);
        assert!(repo.opens(FILE) && !repo.at(NEW[0]).exists());
    }
);
