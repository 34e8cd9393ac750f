//! Files of every format, layout and kind of key, of the project and of the corpus that `SOPSGUARD_CORPUS` names, in a
//! repository of which the command changes all at once: after each step real sops reads every file, gives the plaintext of
//! before, and finds no key to update.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::audited::repository;
use crate::peers::{ask_as, peer};

/// Recipients that no file has.
const NEW: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
const OTHER: &str = "age1q7f5drqj6f8k4yd3nnd80v62k0lnuf7tce7evmhhq28atge97ees6egj78";

/// A repository full of files, and the identities that open them, where sops looks for them.
struct World {
    root: TempDir,
    home: TempDir,
    /// The path of each, with what tells its format to sops.
    files: BTreeMap<String, &'static str>,
}

/// The groups of a file, each with its keys, and how many of them it takes.
struct Groups {
    keys: Vec<Vec<String>>,
    needed: u64,
}

#[test]
#[ignore = "asks real sops"]
fn sops_goes_on_with_every_file_after_every_command_that_changes_them() {
    for world in [Some(World::packaged()), World::corpus()]
        .into_iter()
        .flatten()
    {
        play(&world);
    }
}

#[expect(
    clippy::print_stdout,
    reason = "how many there were says what it is worth"
)]
fn play(world: &World) {
    let groups = world.groups();
    world.write_rules(&groups, &[]);
    let plain = world.plaintexts();
    world.is_judged("before", &plain);
    let before = world.texts();

    // A key comes into every group, and goes again: nothing is left of it.
    world.write_rules(&groups, &[NEW]);
    world.runs(&["updatekeys", "--check"], 1);
    world.changes_all(&["updatekeys", "--yes"]);
    world.is_judged("a key in every group", &plain);
    // With several groups there are new shares of the data key, where not all of them can be opened.
    let is_alone = |path: &str| groups[path].keys.len() == 1;
    let mut others = 0;
    for (path, text) in world.texts() {
        assert!(text.contains(NEW), "{path}");
        let is_kept = is_within(&before[&path], &text);
        assert!(
            is_kept || !is_alone(&path),
            "{path}: a line is gone\n{text}"
        );
        others += usize::from(!is_kept);
    }
    world.write_rules(&groups, &[]);
    world.changes_all(&["updatekeys", "--yes"]);
    world.is_judged("the same as before", &plain);
    for (path, text) in world.texts() {
        let is_same = text == before[&path];
        assert!(
            is_same || !is_alone(&path),
            "{path} is not as before\n{text}"
        );
    }
    println!("{} files, of which {others} got new shares", before.len());

    play_with_policy(world, &plain);
}

/// With rules and policy, and new data keys.
fn play_with_policy(world: &World, plain: &BTreeMap<String, Value>) {
    let add = [
        "escrow",
        "add-recipient",
        OTHER,
        "--name",
        "other",
        "--yes",
        "--group",
        "1",
    ];
    world.changes_all(&add);
    world.is_judged("escrow add-recipient", plain);
    world.changes_all(&["rotate", "--yes"]);
    world.is_judged("rotate", plain);
    let rotated = world.texts();
    let remove = [
        "escrow",
        "remove-recipient",
        "other",
        "--without-proof",
        "--yes",
    ];
    world.changes_all(&remove);
    world.is_judged("escrow remove-recipient", plain);
    for (path, text) in world.texts() {
        assert!(!text.contains(OTHER), "{path}");
        for token in tokens(&rotated[&path]) {
            assert!(!text.contains(token), "{path}: {token} is as before");
        }
    }
}

/// The encrypted values of a text but the empty ones of dotenv and the like, which have no token.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.match_indices("ENC[AES256_GCM,");
    starts.filter_map(|(at, _)| text[at..].split_inclusive(']').next())
}

/// A key as a text spells it: SSH keys have a comment there, which sops compares, too.
fn spelled<'t>(key: &'t str, text: &'t str) -> &'t str {
    match text.find(key).filter(|_| key.starts_with("ssh-")) {
        Some(at) => text[at..].split(['\n', '"', '\'']).next().unwrap(),
        None => key,
    }
}

/// Whether the lines of one text are lines of the other, in the same order.
fn is_within(text: &str, other: &str) -> bool {
    let mut lines = other.split_inclusive('\n');
    text.split_inclusive('\n')
        .all(|line| lines.any(|other| other == line))
}

impl World {
    fn new(identities: &[PathBuf], ssh: &[(PathBuf, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let read = |path: &PathBuf| fs::read_to_string(path).unwrap();
        let keys: Vec<String> = identities.iter().map(read).collect();
        fs::write(home.path().join("keys.txt"), keys.join("\n")).unwrap();
        fs::create_dir(home.path().join(".ssh")).unwrap();
        for (from, name) in ssh {
            fs::copy(from, home.path().join(".ssh").join(name)).unwrap();
        }
        let root = repository();
        fs::create_dir(root.path().join("files")).unwrap();
        Self {
            root,
            home,
            files: BTreeMap::new(),
        }
    }

    /// The files of the project that sops itself made.
    fn packaged() -> Self {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
        let keys = data.join("identities/keys");
        let ssh = [
            (keys.join("ed25519"), "id_ed25519"),
            (keys.join("rsa"), "id_rsa"),
        ];
        let identities = [
            data.join("rules/keys.txt"),
            keys.join("age.txt"),
            keys.join("pq.txt"),
        ];
        let mut world = Self::new(&identities, &ssh);
        for ending in ["json", "env", "ini", "bin"] {
            let name = format!("values.enc.{ending}");
            let bytes = fs::read(data.join("formats").join(&name)).unwrap();
            world.add(&name, &bytes);
        }
        for name in ["age", "pq", "ed25519", "rsa", "groups"] {
            let name = format!("{name}.enc.yaml");
            let bytes = fs::read(data.join("identities").join(&name)).unwrap();
            world.add(&name, &bytes);
        }
        world
    }

    /// Those of the corpus that sops reads; none, with a word, where none is named.
    #[expect(clippy::print_stdout, reason = "what was not tried is said")]
    fn corpus() -> Option<Self> {
        let Some(corpus) = std::env::var_os("SOPSGUARD_CORPUS") else {
            println!("SOPSGUARD_CORPUS names no corpus: only files of the project were taken");
            return None;
        };
        let corpus = PathBuf::from(corpus).join("sops");
        let keys = corpus.join("keys");
        let ssh = [
            (keys.join("ssh_ed25519"), "id_ed25519"),
            (keys.join("ssh_rsa"), "id_rsa"),
        ];
        let mut world = Self::new(&[keys.join("all.txt")], &ssh);
        let is_read =
            |case: &Value| case["verdict"]["3.13.3"]["ok"] == true || case["verdict"]["ok"] == true;
        for case in lines(&corpus.join("manifest.jsonl")) {
            if let (Some(file), true) = (case["file"].as_str(), is_read(&case)) {
                let bytes = fs::read(corpus.join(file)).unwrap();
                world.add(file.strip_prefix("files/").unwrap(), &bytes);
            }
        }
        for case in lines(&corpus.join("formats.jsonl")) {
            if case["op"] == "none" && is_read(&case) {
                let bytes = BASE64_STANDARD.decode(case["b64"].as_str().unwrap());
                world.add(case["id"].as_str().unwrap(), &bytes.unwrap());
            }
        }
        Some(world)
    }

    fn add(&mut self, name: &str, bytes: &[u8]) {
        let path = format!("files/{name}");
        fs::write(self.root.path().join(&path), bytes).unwrap();
        let format = match name.rsplit_once('.').unwrap().1 {
            "yaml" | "yml" => "yaml",
            "json" => "json",
            "env" => "dotenv",
            "ini" => "ini",
            _ => "binary",
        };
        self.files.insert(path, format);
    }

    fn texts(&self) -> BTreeMap<String, String> {
        let read = |path: &String| fs::read_to_string(self.root.path().join(path)).unwrap();
        self.files
            .keys()
            .map(|path| (path.clone(), read(path)))
            .collect()
    }

    /// The keys of each file, group by group.
    fn groups(&self) -> BTreeMap<String, Groups> {
        let report: Value = self.json(&["recipients"], 0);
        let texts = self.texts();
        let mut all = BTreeMap::new();
        for file in report["files"].as_array().unwrap() {
            let count = file["groups"].as_u64().unwrap();
            let mut keys = vec![Vec::new(); usize::try_from(count).unwrap()];
            let path = file["path"].as_str().unwrap().to_owned();
            for key in file["recipients"].as_array().unwrap() {
                for group in key["groups"].as_array().unwrap() {
                    let group = usize::try_from(group.as_u64().unwrap()).unwrap();
                    let key = key["key"].as_str().unwrap();
                    keys[group - 1].push(spelled(key, &texts[&path]).to_owned());
                }
            }
            let needed = file["groups-needed"].as_u64().unwrap();
            all.insert(path, Groups { keys, needed });
        }
        assert_eq!(all.len(), self.files.len(), "not all files were found");
        all
    }

    /// A rule for each file: its own keys, and these in every group.
    fn write_rules(&self, groups: &BTreeMap<String, Groups>, more: &[&str]) {
        let mut rules = "creation_rules:\n".to_owned();
        for (path, groups) in groups {
            let path = path.replace('.', "\\.");
            rules += &format!("  - path_regex: '^{path}$'\n    key_groups:\n");
            for keys in &groups.keys {
                rules += "      - age:\n";
                for key in keys.iter().map(String::as_str).chain(more.iter().copied()) {
                    rules += &format!("          - {key}\n");
                }
            }
            if groups.keys.len() > 1 {
                rules += &format!("    shamir_threshold: {}\n", groups.needed);
            }
        }
        fs::write(self.root.path().join(".sops.yaml"), rules).unwrap();
    }

    /// What sops's library decrypts each file to, as a hash.
    fn plaintexts(&self) -> BTreeMap<String, Value> {
        let texts = self.texts();
        let question = |(path, text): (&String, &String)| {
            let b64 = BASE64_STANDARD.encode(text);
            json!({"op": "decrypt", "format": self.files[path], "b64": b64})
        };
        let answers = ask_as(texts.iter().map(question).collect(), &self.variables());
        let mut all = BTreeMap::new();
        for (path, answer) in texts.keys().zip(answers) {
            assert_eq!(answer["ok"], true, "sops does not read {path}: {answer}");
            all.insert(path.clone(), answer["plain_sha256"].clone());
        }
        all
    }

    /// sops reads the same as before in every file, and has nothing to update.
    #[track_caller]
    fn is_judged(&self, what: &str, plain: &BTreeMap<String, Value>) {
        let now = self.plaintexts();
        for (path, hash) in plain {
            assert_eq!(&now[path], hash, "{what}: {path} says something else");
        }
        let before = self.texts();
        let output = Command::new(peer("sops-3.13.3"))
            .args(["updatekeys", "--yes"])
            .args(self.files.keys())
            .current_dir(self.root.path())
            .env_clear()
            .envs(self.variables())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{what}: {said}");
        let count = said.matches("already up to date").count();
        assert_eq!(count, self.files.len(), "{what}: {said}");
        assert!(before == self.texts(), "{what}: sops wrote something");
        self.runs(&["updatekeys", "--check"], 0);
    }

    /// Runs a command that changes all files.
    #[track_caller]
    fn changes_all(&self, arguments: &[&str]) {
        let before = self.texts();
        let report = self.json(arguments, 0);
        assert_eq!(report["applied"], true, "{report}");
        let after = self.texts();
        for (path, text) in before {
            assert_ne!(after[&path], text, "{arguments:?}: {path} is as before");
        }
    }

    fn json(&self, arguments: &[&str], code: i32) -> Value {
        let output = self.runs(&[arguments, &["--format", "json"]].concat(), code);
        serde_json::from_slice(&output.stdout).unwrap()
    }

    #[track_caller]
    fn runs(&self, arguments: &[&str], code: i32) -> Output {
        let output = Command::new(env!("CARGO_BIN_EXE_sopsguard"))
            .args(arguments)
            .current_dir(self.root.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .envs(self.variables())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let printed = String::from_utf8_lossy(&output.stdout);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {said}\n{}",
            printed.chars().take(2_000).collect::<String>()
        );
        output
    }

    /// Where identities are.
    fn variables(&self) -> [(&'static str, OsString); 2] {
        let home = self.home.path();
        [
            ("HOME", home.into()),
            ("SOPS_AGE_KEY_FILE", home.join("keys.txt").into()),
        ]
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
