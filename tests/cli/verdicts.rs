//! The verdict of the command against the recorded one of sops 3.13.3, file by file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::sandbox::{Sandbox, testdata};

/// A file and what sops says of it with the identities at hand.
struct Case {
    name: String,
    bytes: Vec<u8>,
    ok: bool,
    error: String,
}

/// What sops does, as far as a verdict has to tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sops {
    Opens,
    FindsNoMetadata,
    HasNoKey,
    Refuses,
}

impl Case {
    fn sops(&self) -> Sops {
        if self.ok {
            Sops::Opens
        } else if self.error.contains("metadata not found") {
            Sops::FindsNoMetadata
        } else if self.error.to_lowercase().contains("data key") {
            Sops::HasNoKey
        } else {
            Sops::Refuses
        }
    }
}

/// Whether a verdict may stand where sops does this. `named` is whether a stanza of the file names a
/// recipient of ours.
fn is_allowed(sops: Sops, verdict: &str, named: bool) -> bool {
    match sops {
        Sops::Opens => verdict == "verified",
        Sops::FindsNoMetadata => verdict == "not-encrypted",
        Sops::HasNoKey => verdict == "failed" || verdict == "not-verified" && !named,
        Sops::Refuses => verdict == "failed",
    }
}

/// The public keys of the identities in `keys`, from its comments, or from the file beside it.
fn recipients(keys: &Path) -> BTreeSet<String> {
    if let Ok(public) = fs::read_to_string(keys.with_extension("pub")) {
        let words: Vec<&str> = public.split(' ').take(2).collect();
        return BTreeSet::from([words.join(" ")]);
    }
    let text = fs::read_to_string(keys).unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix("# public key: "))
        .map(str::to_owned)
        .collect()
}

/// Checks all cases in one run of the command, prints the table of verdicts, and fails on a cell
/// that may not be there.
fn compare(cases: &[Case], keys: &[PathBuf]) {
    let sandbox = Sandbox::new();
    let mut arguments: Vec<String> = vec!["check".into(), "--format".into(), "json".into()];
    for key in keys {
        arguments.extend(["--identity".into(), key.display().to_string()]);
    }
    for case in cases {
        sandbox.write(&case.name, &case.bytes);
        arguments.push(case.name.clone());
    }
    let output = sandbox.run(&arguments);
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    let files: BTreeMap<&str, &Value> = report["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| (file["path"].as_str().unwrap(), file))
        .collect();
    let ours: BTreeSet<String> = keys.iter().flat_map(|key| recipients(key)).collect();
    let mut table: BTreeMap<(Sops, &str), usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in cases {
        let file = files.get(case.name.as_str()).unwrap();
        let verdict = file["verification"].as_str().unwrap();
        let named = file["recipients"]
            .as_array()
            .unwrap()
            .iter()
            .any(|recipient| ours.contains(recipient.as_str().unwrap()));
        *table.entry((case.sops(), verdict)).or_default() += 1;
        if !is_allowed(case.sops(), verdict, named) {
            wrong.push(format!(
                "{}: sops {:?} {}, here {verdict}",
                case.name,
                case.sops(),
                case.error
            ));
        }
    }
    println!("{} files", cases.len());
    for ((sops, verdict), count) in &table {
        println!(
            "  sops {:16} here {verdict:13} {count:5}",
            format!("{sops:?}")
        );
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(table.len() > 2, "the cases are all alike");
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The bytes of an entry that carries its text itself.
fn bytes(entry: &Value) -> Vec<u8> {
    match entry["text"].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => STANDARD.decode(entry["b64"].as_str().unwrap()).unwrap(),
    }
}

fn case(name: String, bytes: Vec<u8>, verdict: &Value) -> Case {
    let error = verdict["err"].as_str().unwrap_or_default().to_owned();
    Case {
        name,
        bytes,
        ok: verdict["ok"].as_bool().unwrap(),
        error,
    }
}

#[test]
fn the_committed_files_have_the_verdicts_of_sops() {
    let name = |entry: &Value| format!("{}.enc.yaml", entry["name"].as_str().unwrap());
    let cases: Vec<Case> = lines(&testdata("verdicts/cases.jsonl"))
        .iter()
        .map(|entry| case(name(entry), bytes(entry), entry))
        .collect();
    compare(&cases, &[testdata("verdicts/keys.txt")]);
}

#[test]
fn the_committed_files_of_other_formats_have_the_verdicts_of_sops() {
    let name = |entry: &Value| entry["name"].as_str().unwrap().to_owned();
    let cases: Vec<Case> = lines(&testdata("verdicts/formats.jsonl"))
        .iter()
        .map(|entry| case(name(entry), bytes(entry), entry))
        .collect();
    compare(&cases, &[testdata("verdicts/keys.txt")]);
}

/// The files of other formats of a corpus, and their mutants.
fn corpus_cases_of_other_formats(corpus: &Path) -> Vec<Case> {
    let name = |entry: &Value| {
        let ending = match entry["format"].as_str().unwrap() {
            "dotenv" => "env",
            "binary" => "bin",
            other => other,
        };
        let id = entry["id"].as_str().unwrap();
        format!("{}.enc.{ending}", id.split('.').next().unwrap())
    };
    lines(&corpus.join("formats.jsonl"))
        .iter()
        .map(|entry| case(name(entry), bytes(entry), &entry["verdict"]))
        .collect()
}

/// The YAML files of a corpus, and their mutants, that these identities open, alone or together.
fn corpus_cases(corpus: &Path, identities: &[&str]) -> Vec<Case> {
    let mut opened = BTreeSet::new();
    let mut cases = Vec::new();
    for entry in lines(&corpus.join("manifest.jsonl")) {
        let verdict = &entry["verdict"]["3.13.3"];
        let opens = entry["identities"].as_array().is_some_and(|entries| {
            let mut entries = entries.iter().filter_map(Value::as_str);
            entries.any(|entry| entry.split('+').all(|one| identities.contains(&one)))
        });
        if let Some(file) = entry["file"]
            .as_str()
            .filter(|_| entry["format"] == "yaml" && opens)
            && verdict.is_object()
        {
            opened.insert(file.to_owned());
            let name = Path::new(file)
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            cases.push(case(name, fs::read(corpus.join(file)).unwrap(), verdict));
        }
    }
    for entry in lines(&corpus.join("mutants.jsonl")) {
        if entry["format"] == "yaml" && opened.contains(entry["base"].as_str().unwrap()) {
            let name = format!("{}.yaml", entry["id"].as_str().unwrap());
            cases.push(case(name, bytes(&entry), &entry["verdict"]["3.13.3"]));
        }
    }
    cases
}

#[test]
#[ignore = "needs the corpus that SOPSGUARD_CORPUS names"]
fn the_whole_corpus_has_the_verdicts_of_sops() {
    let Some(corpus) = std::env::var_os("SOPSGUARD_CORPUS") else {
        return println!("SOPSGUARD_CORPUS names no corpus: nothing was compared");
    };
    let corpus = PathBuf::from(corpus).join("sops");
    let identities = [
        "alice",
        "bob",
        "carol",
        "escrow",
        "stranger",
        "pq",
        "ssh_ed25519",
        "ssh_rsa",
    ];
    let keys = identities.map(|name| key(&corpus, name));
    let cases = corpus_cases(&corpus, &identities);
    compare(&cases, &keys);
    compare(&corpus_cases_of_other_formats(&corpus), &keys);
}

fn key(corpus: &Path, name: &str) -> PathBuf {
    let file = if name.starts_with("ssh_") {
        name.to_owned()
    } else {
        format!("{name}.txt")
    };
    corpus.join("keys").join(file)
}

/// The cases of the corpus that no identity at hand opens: `not-verified`, with the reason.
#[test]
#[ignore = "needs the corpus that SOPSGUARD_CORPUS names"]
fn a_stranger_gets_no_verdict_on_the_corpus() {
    let Some(corpus) = std::env::var_os("SOPSGUARD_CORPUS") else {
        return println!("SOPSGUARD_CORPUS names no corpus: nothing was compared");
    };
    let corpus = PathBuf::from(corpus).join("sops");
    let sandbox = Sandbox::new();
    let mut arguments: Vec<String> = vec!["check".into(), "--format".into(), "json".into()];
    let key = key(&corpus, "stranger").display().to_string();
    arguments.extend(["--identity".into(), key]);
    let mut refused = BTreeSet::new();
    for entry in lines(&corpus.join("manifest.jsonl")) {
        let Some(file) = entry["file"].as_str() else {
            continue;
        };
        // 128: sops found no key that opens the file.
        if entry["format"] == "yaml"
            && entry["cli_exit_stranger"] == 128
            && entry["verdict"]["3.13.3"]["ok"] == true
        {
            let name = Path::new(file).file_name().unwrap().to_str().unwrap();
            sandbox.write(name, fs::read(corpus.join(file)).unwrap());
            arguments.push(name.to_owned());
            refused.insert(name.to_owned());
        }
    }
    let report = sandbox.run(&arguments).json();
    let files = report["files"].as_array().unwrap();
    println!("{} files", files.len());
    assert!(files.len() == refused.len() && refused.len() > 200);
    for file in files {
        assert_eq!(file["verification"], "not-verified", "{file}");
        assert_eq!(file["reason"], "not-a-recipient", "{file}");
    }
}
