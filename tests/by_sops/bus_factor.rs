//! The bus factor against real sops: keys are taken away until nothing opens the file any more.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use age::secrecy::ExposeSecret;
use serde_json::Value;
use tempfile::TempDir;

use crate::peers::peer;

/// Key groups, each key by its letter, and the threshold that the rule sets.
const RULES: [(&[&str], Option<usize>); 16] = [
    (&["a"], None),
    (&["ab"], None),
    (&["abcd"], None),
    (&["aab"], None),
    (&["a", "b"], None),
    (&["ab", "c"], None),
    (&["ab", "cd"], Some(2)),
    (&["a", "b", "c"], None),
    (&["a", "b", "c"], Some(2)),
    (&["ab", "bc", "cd"], Some(2)),
    (&["a", "bcd", "bcd"], Some(2)),
    (&["a", "a", "b"], Some(2)),
    (&["ab", "a", "cd", "d"], Some(2)),
    (&["ab", "ac", "ad", "bcd"], Some(3)),
    (&["a", "b", "c", "d"], Some(3)),
    (&["abc", "abc", "d"], Some(3)),
];

#[test]
#[ignore = "needs sops; run scripts/peers"]
fn as_many_keys_can_be_lost_as_sops_takes() {
    let world = World::new();
    for (at, (groups, threshold)) in RULES.into_iter().enumerate() {
        let file = format!("{at}.yaml");
        world.encrypt(&file, groups, threshold);
        let told = world.told(&file);
        let openable: Vec<bool> = (0..16).map(|lost| world.opens(&file, !lost)).collect();
        let losses = (0..16_u32).zip(&openable).filter(|(_, opens)| !**opens);
        let least = losses.map(|(lost, _)| lost.count_ones()).min().unwrap();
        assert_eq!(told["bus-factor"], least, "{groups:?} {threshold:?}");
        assert_eq!(told["bus-factor-is-exact"], true, "{groups:?}");
        for key in 0..4_usize {
            let Some(access) = world.access(&told, key) else {
                assert!(!groups.concat().contains(LETTERS[key]));
                continue;
            };
            let alone = world.opens(&file, 1 << key);
            assert_eq!(access["opens"], alone, "{key} of {groups:?} {threshold:?}");
            assert_eq!(
                access["lone"],
                !openable[1 << key],
                "{key} of {groups:?} {threshold:?}"
            );
        }
    }
}

/// A file that does not say how many groups it takes: sops puts the key together from what opens, and that
/// is right or not.
#[test]
#[ignore = "needs sops; run scripts/peers"]
fn without_a_threshold_it_is_never_more_than_sops_takes() {
    let world = World::new();
    for threshold in 2..=3 {
        let file = format!("{threshold}.yaml");
        world.encrypt(&file, &["ab", "c", "d"], Some(threshold));
        let path = world.folder.path().join(&file);
        let text = fs::read_to_string(&path).unwrap();
        let line = format!("    shamir_threshold: {threshold}\n");
        assert!(text.contains(&line), "{text}");
        fs::write(&path, text.replace(&line, "")).unwrap();
        let told = world.told(&file);
        let losses = (0..16_u32).filter(|lost| !world.opens(&file, !*lost));
        let least = losses.map(u32::count_ones).min().unwrap();
        assert_eq!(told["bus-factor-is-exact"], false);
        assert!(told["bus-factor"].as_u64().unwrap() >= u64::from(least));
        assert_eq!(told["bus-factor"], 2);
    }
}

const LETTERS: [char; 4] = ['a', 'b', 'c', 'd'];

/// Four keys, and a folder.
struct World {
    folder: TempDir,
    /// Private and public.
    keys: Vec<(String, String)>,
    sops: PathBuf,
}

impl World {
    fn new() -> Self {
        let new_key = |_| {
            let key = age::x25519::Identity::generate();
            (
                key.to_string().expose_secret().to_owned(),
                key.to_public().to_string(),
            )
        };
        Self {
            folder: tempfile::tempdir().unwrap(),
            keys: (0..4).map(new_key).collect(),
            sops: peer("sops-3.13.3"),
        }
    }

    /// Has sops write a file by a rule with these key groups.
    fn encrypt(&self, file: &str, groups: &[&str], threshold: Option<usize>) {
        let public = |letter: char| {
            let at = LETTERS.iter().position(|other| *other == letter).unwrap();
            self.keys[at].1.as_str()
        };
        let group = |group: &&str| {
            let keys: Vec<&str> = group.chars().map(public).collect();
            format!("      - age: [{}]\n", keys.join(", "))
        };
        let groups: String = groups.iter().map(group).collect();
        let threshold = threshold.map(|it| format!("    shamir_threshold: {it}\n"));
        let rules = format!(
            "creation_rules:\n  - key_groups:\n{groups}{}",
            threshold.unwrap_or_default()
        );
        fs::write(self.folder.path().join(".sops.yaml"), rules).unwrap();
        let plain = self.folder.path().join("plain.yaml");
        fs::write(&plain, "password: canary\n").unwrap();
        let output = self
            .command(&self.sops)
            .args(["encrypt", "--filename-override", file])
            .arg(&plain)
            .output()
            .unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{complaint}");
        fs::write(self.folder.path().join(file), output.stdout).unwrap();
        fs::remove_file(plain).unwrap();
    }

    /// Whether sops opens the file with the keys of which the bits are set.
    fn opens(&self, file: &str, keys: u32) -> bool {
        let held = self
            .keys
            .iter()
            .zip(0..)
            .filter(|(_, at)| keys >> at & 1 == 1);
        let held: Vec<&str> = held.map(|((key, _), _)| key.as_str()).collect();
        let path = self.folder.path().join("keys.txt");
        fs::write(&path, held.join("\n")).unwrap();
        self.command(&self.sops)
            .arg("decrypt")
            .arg(file)
            .env("SOPS_AGE_KEY_FILE", path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    }

    /// What we say of the file.
    fn told(&self, file: &str) -> Value {
        let output = self
            .command(Path::new(env!("CARGO_BIN_EXE_sopsguard")))
            .args(["recipients", "--format", "json", file])
            .output()
            .unwrap();
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        told["files"][0].clone()
    }

    /// What we say of one key of it.
    fn access<'v>(&self, told: &'v Value, key: usize) -> Option<&'v Value> {
        let all: BTreeSet<&str> = self
            .keys
            .iter()
            .map(|(_, public)| public.as_str())
            .collect();
        let mut told = told["recipients"].as_array().unwrap().iter();
        told.find(|access| {
            let public = access["key"].as_str().unwrap();
            assert!(all.contains(public));
            public == self.keys[key].1
        })
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", "/nonexistent")
            .current_dir(self.folder.path());
        command
    }
}
