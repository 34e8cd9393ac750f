//! The verdicts held against those that real sops gave, recorded in a corpus beside the package.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{SopsFile, check};
use crate::document::{Document, Format};
use crate::environment::{Environment, Platform};
use crate::keys::{Given, Keyring, Origin};
use crate::secret::Secret;
use crate::source::{Source, SourceId};

/// The corpus that `SOPSGUARD_CORPUS` names; `None`, with a word, where it names none.
#[expect(
    clippy::disallowed_methods,
    reason = "tests that are asked for by a variable"
)]
fn corpus() -> Option<PathBuf> {
    let folder =
        std::env::var_os("SOPSGUARD_CORPUS").map(|folder| PathBuf::from(folder).join("sops"));
    if folder.is_none() {
        println!("SOPSGUARD_CORPUS names no corpus: nothing was compared");
    }
    folder
}

fn lines(path: &Path) -> Vec<Value> {
    let text = crate::fs::read(path, 1 << 30).unwrap();
    let text = String::from_utf8(text).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn keyring(corpus: &Path, names: &[&str]) -> Keyring {
    let paths = names.iter().map(|name| {
        let age = corpus.join("keys").join(format!("{name}.txt"));
        let ssh = corpus.join("keys").join(name);
        if age.is_file() { age } else { ssh }
    });
    Keyring::given(paths.map(|path| given(&path))).unwrap()
}

/// A file of identities, as if the user had named it.
fn given(path: &Path) -> Given {
    let text = Secret::new(crate::fs::read(path, 1 << 20).unwrap());
    let origin = Origin::Stdin;
    Given { origin, text }
}

/// The word for the verdict on a YAML text, with all its problems.
fn verdict(text: Vec<u8>, keyring: &Keyring) -> (&'static str, String) {
    let source = match Source::decode(SourceId::Stdin("x.yaml".into()), text) {
        Ok(source) => source,
        Err(error) => return ("failed", error.to_string()),
    };
    let document = match Document::parse(&source, Format::Yaml) {
        Ok(document) => document,
        Err(error) => return ("failed", error.to_string()),
    };
    match SopsFile::of(&document) {
        Ok(None) => ("not-encrypted", String::new()),
        Ok(Some(file)) => {
            let checked = check(&file, keyring);
            let word = checked.verification.name();
            (
                word,
                format!(
                    "{:?} {:?}",
                    checked.verification, checked.inspection.problems
                ),
            )
        }
        Err(errors) => ("failed", format!("{:?}", errors.0)),
    }
}

/// The verdict of sops 3.13.3 with all identities; `None` where it was not asked.
fn sops_says(entry: &Value) -> Option<(bool, &str)> {
    let verdict = &entry["verdict"]["3.13.3"];
    Some((
        verdict["ok"].as_bool()?,
        verdict["err"].as_str().unwrap_or(""),
    ))
}

/// The YAML files of the corpus that sops was asked about: name, entry, text.
fn files(corpus: &Path) -> impl Iterator<Item = (String, Value, Vec<u8>)> {
    lines(&corpus.join("manifest.jsonl"))
        .into_iter()
        .filter_map(|entry| {
            let file = entry["file"]
                .as_str()
                .filter(|_| entry["format"] == "yaml")?
                .to_owned();
            sops_says(&entry)?;
            let text = crate::fs::read(&corpus.join(&file), 1 << 30).unwrap();
            Some((file, entry, text))
        })
}

/// All identities.
const ALL: [&str; 8] = [
    "alice",
    "bob",
    "carol",
    "escrow",
    "stranger",
    "pq",
    "ssh_ed25519",
    "ssh_rsa",
];

/// Prints the table and fails where a verdict is none that the design allows.
fn compare(cases: impl Iterator<Item = (String, Vec<u8>, bool, String)>, keyring: &Keyring) {
    let mut table: BTreeMap<(bool, &str), usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (name, text, ok, error) in cases {
        let (ours, detail) = verdict(text, keyring);
        *table.entry((ok, ours)).or_default() += 1;
        let allowed = match ours {
            "verified" => ok,
            "failed" => !ok,
            "not-encrypted" => !ok && error.contains("metadata not found"),
            "not-verified" => error.contains("getting data key") || detail.contains("Unsupported"),
            _ => false,
        };
        if !allowed {
            wrong.push(format!(
                "{name}: sops ok={ok} {error:.100}\n    ours {ours} {detail:.300}"
            ));
        }
    }
    for ((ok, ours), count) in table {
        println!(
            "sops {:4} ours {ours:13} {count:5}",
            if ok { "ok" } else { "err" }
        );
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
#[ignore = "needs the corpus that SOPSGUARD_CORPUS names"]
fn agrees_with_sops_on_every_yaml_file_of_the_corpus() {
    let Some(corpus) = corpus() else { return };
    let keyring = keyring(&corpus, &ALL);
    let cases = files(&corpus).map(|(file, entry, text)| {
        let (ok, error) = sops_says(&entry).unwrap();
        (file, text, ok, error.to_owned())
    });
    compare(cases, &keyring);
}

#[test]
#[ignore = "needs the corpus that SOPSGUARD_CORPUS names"]
fn agrees_with_sops_on_every_yaml_mutant_of_the_corpus() {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    let Some(corpus) = corpus() else { return };
    let keyring = keyring(&corpus, &ALL);
    let cases = lines(&corpus.join("mutants.jsonl"))
        .into_iter()
        .filter_map(|entry| {
            if entry["format"] != "yaml" {
                return None;
            }
            let text = match entry["text"].as_str() {
                Some(text) => text.as_bytes().to_vec(),
                None => BASE64_STANDARD
                    .decode(entry["b64"].as_str().unwrap())
                    .unwrap(),
            };
            let (ok, error) = sops_says(&entry).unwrap();
            let name = format!("{} {}", entry["id"], entry["op"]);
            Some((name, text, ok, error.to_owned()))
        });
    compare(cases, &keyring);
}

#[test]
#[ignore = "needs the corpus that SOPSGUARD_CORPUS names"]
fn opens_a_file_with_each_of_its_identities_alone() {
    let Some(corpus) = corpus() else { return };
    for (file, entry, text) in files(&corpus) {
        let (ok, _) = sops_says(&entry).unwrap();
        for identity in entry["identities"].as_array().unwrap() {
            let identity = identity.as_str().unwrap();
            let together: Vec<&str> = identity.split('+').collect();
            if together.iter().all(|name| ALL.contains(name)) {
                let (ours, detail) = verdict(text.clone(), &keyring(&corpus, &together));
                let expected = if ok { "verified" } else { "failed" };
                assert_eq!(ours, expected, "{file} {identity}: {detail}");
            }
        }
    }
}

#[test]
#[ignore = "needs the corpus that SOPSGUARD_CORPUS names"]
fn never_fails_a_good_file_for_the_want_of_a_key() {
    let Some(corpus) = corpus() else { return };
    let stranger = keyring(&corpus, &["stranger"]);
    let none = Keyring::default();
    for (file, entry, text) in files(&corpus) {
        let (ok, _) = sops_says(&entry).unwrap();
        let for_stranger = entry["identities"].to_string().contains("stranger");
        if ok {
            let keyring = if for_stranger { &none } else { &stranger };
            let (ours, detail) = verdict(text, keyring);
            assert_eq!(ours, "not-verified", "{file}: {detail}");
        }
    }
}

/// The cases of a file under `testdata/sops`, with the text of each.
fn packaged(name: &str) -> impl Iterator<Item = (Value, Vec<u8>)> {
    let mut lines = lines(&testdata().join("sops").join(name))
        .into_iter()
        .peekable();
    let parts = lines.next_if(|first| first.get("parts").is_some());
    lines.map(move |case| {
        let mut text = case["text"].as_str().unwrap().to_owned();
        for (part, content) in parts
            .iter()
            .flat_map(|parts| parts["parts"].as_object().unwrap())
        {
            text = text.replace(&format!("@{part}@"), content.as_str().unwrap());
        }
        (case, text.into_bytes())
    })
}

fn compare_packaged(name: &str) {
    let keys = given(&testdata().join("verdicts/keys.txt"));
    let keyring = Keyring::given([keys]).unwrap();
    println!("{name}: {} cases", packaged(name).count());
    let cases = packaged(name).enumerate().map(|(at, (case, text))| {
        let name = format!("{at} {}", case["name"].as_str().unwrap_or(""));
        let error = case["err"].as_str().unwrap_or("").to_owned();
        (name, text, case["ok"].as_bool().unwrap(), error)
    });
    compare(cases, &keyring);
}

/// The keyring of some of the identities of `testdata/verdicts/keys.txt`, by their numbers.
fn numbered(numbers: &[Value]) -> Keyring {
    let text = crate::fs::read(&testdata().join("verdicts/keys.txt"), 1 << 20).unwrap();
    let text = String::from_utf8(text).unwrap();
    let keys = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .enumerate();
    let chosen = keys.filter(|(at, _)| numbers.contains(&Value::from(*at)));
    let chosen: Vec<&str> = chosen.map(|(_, key)| key).collect();
    let variable = ("SOPS_AGE_KEY".into(), chosen.join(" ").into());
    Keyring::discover(&Environment::new(
        [variable],
        PathBuf::from("/"),
        Platform::Unix,
    ))
}

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

#[test]
fn reads_metadata_as_sops_does() {
    compare_packaged("metadata.jsonl");
}

#[test]
fn opens_and_hashes_values_as_sops_does() {
    compare_packaged("values.jsonl");
}

#[test]
fn opens_key_groups_as_sops_does() {
    println!("groups.jsonl: {} cases", packaged("groups.jsonl").count());
    for (case, text) in packaged("groups.jsonl") {
        let identities = case["identities"].as_array().unwrap();
        let (ours, detail) = verdict(text, &numbered(identities));
        let name = case["name"].as_str().unwrap();
        let too_few = case["err"].as_str().is_some_and(|error| {
            error.starts_with("Error getting data key") || error.contains("less than two parts")
        });
        let damaged = ["broken", "damaged", "one share twice"]
            .iter()
            .any(|op| name.starts_with(op));
        let fits = match ours {
            "verified" => case["ok"] == true,
            "not-verified" => too_few,
            // Damage may hit a stanza of ours, or so many that no identities would be enough.
            "failed" => case["ok"] == false && (!too_few || damaged || name == "threshold 4"),
            _ => false,
        };
        assert!(
            fits,
            "{name} {identities:?}: sops {}, ours {ours} {detail}",
            case["err"]
        );
    }
}
