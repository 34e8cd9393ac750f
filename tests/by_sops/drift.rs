//! What `audit` says about files and their rules, against what real sops does.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use sopsguard::Finding;

use crate::audited::{fired, repository, seed};
use crate::peers::peer;

/// How many files are compared with their rules.
const FILES: usize = 300;

/// How many nested configurations are asked from every folder.
const NESTS: usize = 40;

const AGE: [&str; 3] = [
    "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du",
    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
    "age1kwazca4jmnj4xefgany0t2qrc28vkk4cpkk9x7tfl0p0am34yftq3tz3jp",
];

type Key = (&'static str, &'static str, Spelled, Option<Spelled>);
type Spelled = [&'static str; 2];

/// A key: the list and the fields of its entry in a file, and how groups and flat fields of rules write it.
/// The second of each pair is nearly the same key, which to sops is another.
const KEYS: &[Key] = &[
    (
        "age",
        "recipient: age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du",
        [AGE[0], AGE[2]],
        Some([AGE[0], AGE[1]]),
    ),
    (
        "age",
        "recipient: age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
        [AGE[1], AGE[2]],
        Some([AGE[1], AGE[2]]),
    ),
    (
        "age",
        "recipient: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ada",
        [
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ada",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
        ],
        Some([
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ada",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl bob",
        ]),
    ),
    (
        "pgp",
        "fp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21",
        [
            "85D7 7543 B3D6 24B6 3CEA 9E6D BC17 301B 491B 3F21",
            "BC17301B491B3F21",
        ],
        Some([
            "85D77543B3D624B63CEA9E6DBC17301B491B3F21",
            "85d77543B3D624B63CEA9E6DBC17301B491B3F21",
        ]),
    ),
    (
        "kms",
        "arn: 'arn:aws:kms:e:1:key/a', aws_profile: p",
        [
            "{arn: 'arn:aws:kms:e:1:key/a', aws_profile: p}",
            "{arn: 'arn:aws:kms:e:1:key/a'}",
        ],
        Some(["arn:aws:kms:e:1:key/a||p", "arn:aws:kms:e:1:key/a"]),
    ),
    (
        "kms",
        "arn: 'arn:aws:kms:e:1:key/b', role: 'arn:aws:iam::1:role/r'",
        [
            "{arn: 'arn:aws:kms:e:1:key/b', role: 'arn:aws:iam::1:role/r'}",
            "{arn: 'arn:aws:kms:e:1:key/b', role: x}",
        ],
        Some([
            "arn:aws:kms:e:1:key/b+arn:aws:iam::1:role/r",
            "arn:aws:kms:e:1:key/b",
        ]),
    ),
    (
        "kms",
        "arn: c, context: {b: x, a: y}",
        [
            "{arn: c, context: {a: y, b: x}}",
            "{arn: c, context: {a: y}}",
        ],
        Some(["c|a:y|", "c"]),
    ),
    (
        "gcp_kms",
        "resource_id: projects/p",
        ["{resource_id: 'projects/ p'}", "{resource_id: projects/q}"],
        Some(["projects/p", "projects/P"]),
    ),
    (
        "hckms",
        "key_id: 'cn:1'",
        ["{key_id: 'cn:1'}", "{key_id: ' cn:1'}"],
        None,
    ),
    (
        "azure_kv",
        "vault_url: 'https://v.example', name: k, version: '1'",
        [
            "{vaultUrl: 'https://v.example', key: k, version: '1'}",
            "{vaultUrl: 'https://v.example', key: k, version: '2'}",
        ],
        Some(["https://v.example/keys/k/1", "https://V.example/keys/k/1"]),
    ),
    (
        "hc_vault",
        "vault_address: 'https://v:8200', engine_path: transit, key_name: k",
        [
            "https://v:8200/v1/transit/keys/k",
            "https://v:8200/v1/transit/keys/l",
        ],
        Some([
            "HTTPS://v:8200/v1/transit/keys/k",
            "https://v/v1/transit/keys/k",
        ]),
    ),
];

#[test]
#[ignore = "needs what scripts/peers installs"]
fn the_files_that_drifted_are_those_that_sops_would_change() {
    let sops = peer("sops-3.13.3");
    let seed = seed();
    let mut chance = Chance(seed);
    let root = repository();
    for case in 0..FILES {
        let folder = root.path().join(format!("{case:03}"));
        fs::create_dir(&folder).unwrap();
        let (file, rule) = chance.file_and_rule();
        fs::write(folder.join("x.enc.yaml"), file).unwrap();
        fs::write(folder.join(".sops.yaml"), rule).unwrap();
    }
    let drifted = paths(fired(root.path(), "recipient-drift"));
    let mut changes = 0;
    for case in 0..FILES {
        let folder = root.path().join(format!("{case:03}"));
        let told = would_update(&sops, &folder);
        let would = told.contains("changes will be made");
        let what = || {
            let read = |name| fs::read_to_string(folder.join(name)).unwrap();
            format!(
                "seed {seed}\n{told}\n{}\n{}",
                read(".sops.yaml"),
                read("x.enc.yaml")
            )
        };
        assert!(would || told.contains("already up to date"), "{}", what());
        let path = PathBuf::from(format!("{case:03}/x.enc.yaml"));
        assert_eq!(drifted.contains(&path), would, "{}", what());
        changes += usize::from(would);
    }
    println!("seed {seed}: sops would change {changes} of {FILES}");
    assert!((FILES / 5..FILES * 4 / 5).contains(&changes), "{changes}");
}

#[test]
#[ignore = "needs what scripts/peers installs"]
fn configurations_are_ambiguous_where_sops_does_other_things_in_other_folders() {
    let sops = peer("sops-3.13.3");
    let seed = seed();
    let mut chance = Chance(seed);
    let (mut ambiguous, mut files) = (0, 0);
    for _ in 0..NESTS {
        let root = repository();
        let top = root.path().canonicalize().unwrap();
        let folders = [top.clone(), top.join("apps"), top.join("apps/shop")];
        fs::create_dir_all(&folders[2]).unwrap();
        for folder in &folders {
            if chance.below(3) > 0 {
                fs::write(folder.join(".sops.yaml"), chance.nested()).unwrap();
            }
        }
        let mut expected = BTreeSet::new();
        for name in ["a.yaml", "b.enc.yaml"] {
            let file = folders[2].join(name);
            let effects: Vec<Option<Value>> = folders
                .iter()
                .map(|from| encrypt(&sops, from, &file))
                .collect();
            let Some(nearest) = effects[2].clone() else {
                continue;
            };
            fs::write(&file, nearest["text"].as_str().unwrap()).unwrap();
            files += 1;
            // A folder whose configuration refuses the file does nothing to it.
            if effects
                .iter()
                .flatten()
                .any(|effect| effect["effect"] != nearest["effect"])
            {
                expected.insert(PathBuf::from("apps/shop").join(name));
            }
        }
        ambiguous += expected.len();
        let found = paths(fired(root.path(), "ambiguous-config"));
        let configs: Vec<_> = folders
            .iter()
            .map(|f| fs::read_to_string(f.join(".sops.yaml")))
            .collect();
        assert_eq!(found, expected, "seed {seed}: {configs:#?}");
    }
    println!("seed {seed}: {ambiguous} of {files} files are ambiguous");
    assert!(ambiguous > NESTS / 8 && files - ambiguous > NESTS / 8);
}

fn paths(findings: Vec<Finding>) -> BTreeSet<PathBuf> {
    let findings = findings.into_iter();
    findings.map(|finding| finding.location.path).collect()
}

/// What `sops updatekeys` says of the folder's file, where the answer to its question is no.
fn would_update(sops: &Path, folder: &Path) -> String {
    let mut sops = Command::new(sops)
        .args(["updatekeys", "x.enc.yaml"])
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may be done before it asks.
    _ = sops.stdin.take().unwrap().write_all(b"n\n");
    let output = sops.wait_with_output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// What sops makes of a new file when it is started in `from`; `None` where it refuses.
fn encrypt(sops: &Path, from: &Path, file: &Path) -> Option<Value> {
    let run = |kind: &str| {
        let plain = from.join("plain.txt");
        fs::write(&plain, "data: {a: 1}\nmeta: 2\n").unwrap();
        let output = Command::new(sops)
            .args(["encrypt", "--output-type", kind, "--filename-override"])
            .arg(file)
            .arg(&plain)
            .current_dir(from)
            .env_clear()
            .output()
            .unwrap();
        fs::remove_file(plain).unwrap();
        output.status.success().then_some(output.stdout)
    };
    let (text, tree) = (run("yaml")?, run("json")?);
    let tree: Value = serde_json::from_slice(&tree).unwrap();
    let mut metadata = tree["sops"].clone();
    let fields = metadata.as_object_mut().unwrap();
    for field in ["mac", "lastmodified", "version"] {
        fields.remove(field);
    }
    let recipients = |group: &Value| {
        let keys = group["age"].as_array().cloned().unwrap_or_default();
        let names = keys.iter().map(|key| key["recipient"].to_string());
        names.collect::<BTreeSet<_>>()
    };
    let groups: BTreeSet<_> = match fields.remove("key_groups") {
        Some(groups) => groups.as_array().unwrap().iter().map(recipients).collect(),
        None => BTreeSet::from([recipients(&json!({"age": fields["age"]}))]),
    };
    fields.remove("age");
    // With one group there is nothing that a threshold could say.
    if groups.len() < 2 {
        fields.remove("shamir_threshold");
    }
    let text = String::from_utf8(text).unwrap();
    Some(json!({"text": text, "effect": {"groups": format!("{groups:?}"), "settings": fields}}))
}

struct Chance(u64);

/// Which of [`KEYS`], and whether it is nearly that.
type Group = Vec<(usize, bool)>;

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 16) % end as u64) as usize
    }

    fn group(&mut self, usable: &[usize]) -> Group {
        let mut group: Group = Vec::new();
        for _ in 0..1 + self.below(3) {
            let key = (usable[self.below(usable.len())], false);
            if !group.contains(&key) {
                group.push(key);
            }
        }
        group
    }

    /// A file, and a rule that it follows or nearly follows.
    fn file_and_rule(&mut self) -> (String, String) {
        let is_flat = self.below(2) == 0;
        let usable: Vec<usize> = (0..KEYS.len())
            .filter(|at| !is_flat || KEYS[*at].3.is_some())
            .collect();
        let count = if is_flat { 1 } else { 1 + self.below(3) };
        let file: Vec<Group> = (0..count).map(|_| self.group(&usable)).collect();
        let mut rule = file.clone();
        for _ in 0..self.below(3) {
            self.disturb(&mut rule, is_flat, &usable);
        }
        let threshold = match self.below(3) {
            0 if count > 1 => Some(1 + self.below(count + 1)),
            _ => None,
        };
        (self.file(&file, threshold), self.rule(&rule, is_flat))
    }

    fn disturb(&mut self, rule: &mut Vec<Group>, is_flat: bool, usable: &[usize]) {
        let at = self.below(rule.len());
        match self.below(if is_flat { 6 } else { 9 }) {
            0 | 1 => rule[at].reverse(),
            2 => {
                let first = rule[at][0];
                rule[at].push(first);
            }
            3 => rule[at].push((usable[self.below(usable.len())], false)),
            4 => rule[at][0].1 = true,
            5 if rule[at].len() > 1 => _ = rule[at].remove(0),
            5 => {}
            6 => rule.reverse(),
            7 if rule.len() > 1 => _ = rule.remove(at),
            7 => {}
            _ => {
                let group = self.group(usable);
                rule.push(group);
            }
        }
    }

    fn file(&mut self, groups: &[Group], threshold: Option<usize>) -> String {
        let mut text = String::from(
            "a: ENC[AES256_GCM,data:AAAA,iv:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]\nsops:\n",
        );
        if let Some(threshold) = threshold {
            text += &format!("    shamir_threshold: {threshold}\n");
        }
        if let [group] = groups {
            text += &Self::entries(group, "    ");
        } else {
            text += "    key_groups:\n";
            for group in groups {
                text += "        -\n";
                text += &Self::entries(group, "          ");
            }
        }
        text + "    lastmodified: \"2026-01-01T00:00:00Z\"\n    mac: ENC[AES256_GCM,data:AAAA,iv:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]\n    unencrypted_suffix: _unencrypted\n    version: 3.13.3\n"
    }

    /// The lists of a group in a file.
    fn entries(group: &Group, pad: &str) -> String {
        let mut text = String::new();
        let lists: BTreeSet<&str> = group.iter().map(|(at, _)| KEYS[*at].0).collect();
        for list in lists {
            text += &format!("{pad}{list}:\n");
            for (at, _) in group.iter().filter(|(at, _)| KEYS[*at].0 == list) {
                let fields = KEYS[*at].1;
                text +=
                    &format!("{pad}- {{{fields}, created_at: \"2026-01-01T00:00:00Z\", enc: x}}\n");
            }
        }
        text
    }

    fn rule(&mut self, groups: &[Group], is_flat: bool) -> String {
        let mut text = String::from("creation_rules:\n- path_regex: x\\.enc\n");
        if is_flat {
            for (list, field) in [
                ("age", "age"),
                ("pgp", "pgp"),
                ("kms", "kms"),
                ("gcp_kms", "gcp_kms"),
                ("azure_kv", "azure_keyvault"),
                ("hc_vault", "hc_vault_transit_uri"),
            ] {
                let keys = groups[0].iter().filter(|(at, _)| KEYS[*at].0 == list);
                let keys: Vec<&str> = keys
                    .filter_map(|(at, near)| Some(KEYS[*at].3?[usize::from(*near)]))
                    .collect();
                let value = match self.below(4) {
                    _ if keys.is_empty() => continue,
                    0 => format!("'{}'", keys.join(",")),
                    1 => format!(">-\n    {},", keys.join(",\n    ")),
                    2 => format!("['{}']", keys.join("', '")),
                    _ => format!("' {} , '", keys.join(" , ")),
                };
                text += &format!("  {field}: {value}\n");
            }
            return text;
        }
        text += "  key_groups:\n";
        for group in groups {
            text += "  -\n";
            let lists: BTreeSet<&str> = group.iter().map(|(at, _)| KEYS[*at].0).collect();
            for list in lists {
                text += &format!("    {}:\n", list.replace("azure_kv", "azure_keyvault"));
                for (at, near) in group.iter().filter(|(at, _)| KEYS[*at].0 == list) {
                    text += &format!("    - {}\n", KEYS[*at].2[usize::from(*near)]);
                }
            }
        }
        text
    }

    /// One of a few nested configurations, so that two of them often agree.
    fn nested(&mut self) -> String {
        let mut text = String::from("creation_rules:\n");
        for _ in 0..1 + self.below(2) {
            let regex = ["shop/", "^apps/", "\\.enc\\.yaml$", "^b", "(", ""][self.below(11).min(5)];
            let keys = [
                format!("age: {}", AGE[0]),
                format!("age: [{}, {}]", AGE[0], AGE[1]),
                format!("age: '{},{}'", AGE[1], AGE[0]),
                format!("key_groups: [{{age: [{}]}}, {{age: [{}]}}]", AGE[0], AGE[1]),
            ];
            text += &format!("- path_regex: '{regex}'\n  {}\n", keys[self.below(4)]);
            text += [
                "",
                "",
                "",
                "  encrypted_regex: ^data$\n",
                "  unencrypted_suffix: _unencrypted\n",
                "  mac_only_encrypted: true\n",
                "  shamir_threshold: 2\n",
            ][self.below(7)];
        }
        text
    }
}
