//! `docs/handover.md`, played from its first line to its last: two people with a clone each, real sops, age and git,
//! and stand-ins for `pass` and `kubectl`.
//!
//! A block marked `console` holds what somebody types, behind `ada$` or `bob$`, and what is printed. What ends in
//! `# refused` has to fail, all else to succeed. `SOPSGUARD_BLESS=1` writes what is printed now into the page.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::repo::{peer, peer_sops};

/// Where all of it happens.
struct World {
    root: tempfile::TempDir,
}

/// What people do to a safe: `pass insert --multiline NAME`, `pass show NAME`.
const PASS: &str = r#"#!/bin/sh
place=$(dirname "$0")/../safe/$(echo "$2$3" | sed 's/^--multiline//; s,/,-,g')
case $1 in
  insert) cat >"$place" ;;
  show) cat "$place" ;;
  *) exit 1 ;;
esac
"#;

/// What people do to a Secret of a cluster that holds nothing but this one.
const KUBECTL: &str = r#"#!/bin/sh
secret=$(dirname "$0")/../cluster/keys.txt
manifest() {
  printf 'apiVersion: v1\ndata:\n  keys.txt: %s\nkind: Secret\nmetadata:\n  name: sops-age\n  namespace: argocd\n' "$1"
}
case "$*" in
  'create secret generic sops-age -n argocd --from-file=keys.txt=/dev/stdin --dry-run=client -o yaml')
    manifest "$(base64 -w0)"
    ;;
  'apply -f -')
    sed -n 's/^  keys.txt: //p' | base64 -d >"$secret.new" && mv "$secret.new" "$secret"
    echo 'secret/sops-age configured'
    ;;
  'get secret sops-age -n argocd -o yaml') manifest "$(base64 -w0 <"$secret")" ;;
  'get secret sops-age -n argocd -o jsonpath={.data.keys\.txt}') base64 -w0 <"$secret" ;;
  *) echo "no cluster does this: $*" >&2; exit 1 ;;
esac
"#;

/// The files of the repository, of which the last comes on a branch, and what is in them.
const FILES: [(&str, &str); 5] = [
    (
        "apps/db.enc.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata:\n    name: db\nstringData:\n    username: shop\n    password: canary-one # of 2021\n",
    ),
    (
        "apps/wiki.enc.json",
        "{\"stringData\": {\"token\": \"canary-two\"}}",
    ),
    ("infra/registry.enc.env", "TOKEN=canary-three\n"),
    ("infra/tls.enc.bin", "canary-four\n"),
    ("infra/vpn.enc.ini", "[vpn]\npsk = canary-five\n"),
];

/// What is shown instead of what is another each time, for sed.
const SHOWN: &str = r"s/age1[02-9a-z]{58}/age1…/g; s/(fingerprint +)[0-9a-f ]{39}/\1…/; s,^[0-9]{4}/[0-9/]+ [0-9:]{8} ,,";

#[test]
#[ignore = "plays with real sops"]
fn the_handover_of_the_documentation_is_one_that_works() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/handover.md");
    let text = fs::read_to_string(&page).unwrap();
    let world = World::new();
    let before = world.plaintexts("ada");
    let real = world.play(&text);
    if std::env::var_os("SOPSGUARD_BLESS").is_some() {
        fs::write(&page, &real).unwrap();
    }
    world.is_handed_over(&before);
    assert!(
        text == real,
        "docs/handover.md is stale; SOPSGUARD_BLESS=1 cargo test --test stories documented -- --ignored\n{real}"
    );
}

impl World {
    /// A repository of Ada's, Bob's clone of it, and a cluster that has Ada's key.
    fn new() -> Self {
        let world = Self {
            root: tempfile::tempdir().unwrap(),
        };
        for folder in ["bin", "safe", "cluster", "ada", "bob"] {
            fs::create_dir(world.at(folder)).unwrap();
        }
        let programs = [
            ("sopsguard", PathBuf::from(env!("CARGO_BIN_EXE_sopsguard"))),
            ("sops", peer_sops("3.13.3")),
            ("age-keygen", peer("age-keygen")),
        ];
        for (name, program) in programs {
            symlink(program, world.at("bin").join(name)).unwrap();
        }
        for (name, script) in [("pass", PASS), ("kubectl", KUBECTL)] {
            let place = world.at("bin").join(name);
            fs::write(&place, script).unwrap();
            fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
        }
        world.prepare();
        world
    }

    /// What was there before somebody left.
    fn prepare(&self) {
        for who in ["ada", "bob"] {
            fs::create_dir(self.at(who).join("shop")).unwrap();
            self.run(
                who,
                "mkdir -p ~/.config/sops/age && age-keygen -o ~/.config/sops/age/keys.txt",
            );
        }
        let keys = ["ada", "bob"].map(|who| self.recipient(who));
        let [ada, bob] = &keys;
        let rules = format!(
            "creation_rules:\n  - path_regex: ^apps/ # what the cluster deploys\n    encrypted_regex: ^(data|stringData)$\n    \
             age:\n      - {ada} # Ada\n      - {bob} # Bob\n  - path_regex: ^infra/\n    age: >-\n      {ada},\n      {bob}\n"
        );
        fs::write(self.at("ada/shop/.sops.yaml"), rules).unwrap();
        self.run("ada", "git init --quiet --template= --initial-branch=main");
        for (path, text) in FILES {
            let place = self.at("ada/shop").join(path);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, text).unwrap();
            self.run("ada", &format!("sops encrypt --in-place {path}"));
        }
        self.run(
            "ada",
            "mv infra/vpn.enc.ini .. && git add --all && git commit --quiet -m 'Add secrets' && git checkout --quiet -b vpn \
             && mv ../vpn.enc.ini infra && git add --all && git commit --quiet -m 'Add the key of the VPN' \
             && git checkout --quiet main \
             && git clone --quiet --bare . ../../origin && git remote add origin ../../origin \
             && git fetch --quiet && git branch --quiet --set-upstream-to=origin/main main",
        );
        self.run("bob", "git clone --quiet ../../origin .");
        self.run(
            "ada",
            "git push --quiet --delete origin vpn; cp ~/.config/sops/age/keys.txt ../../cluster/keys.txt",
        );
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn recipient(&self, who: &str) -> String {
        let key = self.run(who, "age-keygen -y ~/.config/sops/age/keys.txt");
        key.trim_end().to_owned()
    }

    /// Plays the commands of a page; gives it with what they print.
    fn play(&self, page: &str) -> String {
        let mut real = String::new();
        let mut played = 0;
        let mut lines = page.lines();
        while let Some(line) = lines.next() {
            real.push_str(line);
            real.push('\n');
            if line != "```console" {
                continue;
            }
            for line in lines.by_ref().take_while(|line| *line != "```") {
                let who = ["ada", "bob"].into_iter().find(|who| line.starts_with(who));
                let typed = who.and_then(|who| Some((who, line[who.len()..].strip_prefix("$ ")?)));
                let Some((who, command)) = typed else {
                    continue;
                };
                played += 1;
                real.push_str(line);
                real.push('\n');
                real.push_str(&self.printed(who, command));
            }
            real.push_str("```\n");
        }
        assert!(played > 30, "the commands were not found");
        real
    }

    /// What a command prints, in the form in which it stands in the page.
    fn printed(&self, who: &str, command: &str) -> String {
        let script = format!("{{ {command}\n}} 2>&1 | sed -E '{SHOWN}'");
        let output = self.output(who, &script);
        let text = String::from_utf8(output.stdout).unwrap();
        let is_refused = command.ends_with("# refused");
        assert_eq!(output.status.success(), !is_refused, "{command}\n{text}");
        assert!(!text.contains("AGE-SECRET-KEY"), "{command}\n{text}");
        // What sops decrypts is what was asked for.
        let is_asked = command.contains("sops decrypt");
        assert!(is_asked || !text.contains("canary"), "{command}\n{text}");
        let home = self.at(who).display().to_string();
        let today = self.run(who, "date -u +%F");
        let mut text = text
            .replace(&home, "~")
            .replace("canary-one", "hunter2")
            .replace(today.trim_end(), "2026-11-22");
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }

    /// Runs something that has to succeed, and gives what it prints.
    #[track_caller]
    fn run(&self, who: &str, command: &str) -> String {
        let output = self.output(who, command);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}: {complaint}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What somebody types in her clone.
    fn output(&self, who: &str, command: &str) -> Output {
        let mut name = who.to_owned();
        name[..1].make_ascii_uppercase();
        let path = std::env::var("PATH").unwrap();
        let mut bash = Command::new("bash");
        bash.args(["-o", "pipefail", "-c", command])
            .current_dir(self.at(who).join("shop"))
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", format!("{}:{path}", self.at("bin").display()))
            .env("HOME", self.at(who))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LC_ALL", "C.UTF-8");
        for role in ["AUTHOR", "COMMITTER"] {
            bash.env(format!("GIT_{role}_NAME"), &name);
            bash.env(format!("GIT_{role}_EMAIL"), format!("{who}@example.org"));
        }
        bash.output().unwrap()
    }

    /// What sops decrypts the files to with the key of somebody, where it does.
    fn plaintexts(&self, who: &str) -> BTreeMap<&'static str, Option<String>> {
        self.opened(who, |path| format!("sops decrypt {path}"))
    }

    fn opened(
        &self,
        who: &str,
        command: impl Fn(&str) -> String,
    ) -> BTreeMap<&'static str, Option<String>> {
        let mut all = BTreeMap::new();
        for (path, _) in FILES {
            let output = self.output(who, &command(path));
            let text = String::from_utf8(output.stdout).unwrap();
            all.insert(path, output.status.success().then_some(text));
        }
        all
    }

    /// Who has left opens nothing new; the escrow and who stays open all of it, and nothing else in it has changed but
    /// the value that was changed at its source.
    fn is_handed_over(&self, before: &BTreeMap<&'static str, Option<String>>) {
        self.run("ada", "git checkout --quiet vpn -- . 2>/dev/null; git reset --quiet --hard origin/main; git pull --quiet");
        assert_eq!(
            self.run("ada", "git rev-parse HEAD"),
            self.run("bob", "git rev-parse HEAD")
        );
        assert_eq!(self.run("bob", "git status --short"), "");
        let mut now = before.clone();
        // On the branch where this was read, the last file was not there.
        let vpn = self.plaintexts("bob")["infra/vpn.enc.ini"].clone();
        assert!(
            vpn.as_ref()
                .is_some_and(|text| text.contains("canary-five"))
        );
        now.insert("infra/vpn.enc.ini", vpn);
        let old = now["apps/db.enc.yaml"].clone().unwrap();
        let new = old.replace("canary-one", "a new one");
        assert_ne!(old, new);
        now.insert("apps/db.enc.yaml", Some(new));
        assert_eq!(self.plaintexts("bob"), now);
        let escrow = |path: &str| {
            format!("SOPS_AGE_KEY=$(pass show shop/escrow) HOME=/nonexistent sops decrypt {path}")
        };
        assert_eq!(self.opened("bob", escrow), now);
        let cluster = |path: &str| {
            format!(
                "SOPS_AGE_KEY=$(cat ../../cluster/keys.txt) HOME=/nonexistent sops decrypt {path}"
            )
        };
        let by_cluster = self.opened("bob", cluster);
        for (path, text) in &now {
            let expected = path.starts_with("apps/").then(|| text.clone()).flatten();
            assert_eq!(by_cluster[path], expected, "{path}");
        }
        let nothing = FILES.map(|(path, _)| (path, None));
        assert_eq!(self.plaintexts("ada"), BTreeMap::from(nothing));
        for place in [".sops.yaml", ".sopsguard.toml", "apps", "infra"] {
            let found = format!("grep -r {} {place}", self.recipient("ada"));
            assert!(!self.output("bob", &found).status.success(), "{place}");
        }
    }
}
