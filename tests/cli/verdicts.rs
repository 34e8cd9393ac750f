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

/// What a file's name ends with in a format.
fn ending(format: &Value) -> &str {
    match format.as_str().unwrap() {
        "dotenv" => "env",
        "binary" => "bin",
        other => other,
    }
}

/// The files of a corpus that sops wrote, of every format, with what the manifest says of each.
fn corpus_files(corpus: &Path) -> Vec<(String, Vec<u8>, Value)> {
    let mut files = Vec::new();
    for entry in lines(&corpus.join("manifest.jsonl")) {
        let Some(file) = entry["file"].as_str() else {
            continue; // sops refused to write it
        };
        let name = file.trim_start_matches("files/").to_owned();
        files.push((name, fs::read(corpus.join(file)).unwrap(), entry));
    }
    files
}

/// The verdict of sops 3.13.3 on a file of the manifest: the recorded one, or that its command ended well.
fn recorded(entry: &Value) -> Value {
    match &entry["verdict"]["3.13.3"] {
        Value::Null => serde_json::json!({"ok": entry["cli_exit"] == 0}),
        verdict => verdict.clone(),
    }
}

/// All of a corpus: the files that sops wrote and what was made of them, of every format and every
/// kind of key.
fn corpus_cases(corpus: &Path) -> Vec<Case> {
    let mut cases: Vec<Case> = corpus_files(corpus)
        .into_iter()
        .map(|(name, bytes, entry)| case(name, bytes, &recorded(&entry)))
        .collect();
    for entry in lines(&corpus.join("mutants.jsonl")) {
        let name = format!(
            "{}.{}",
            entry["id"].as_str().unwrap(),
            ending(&entry["format"])
        );
        cases.push(case(name, bytes(&entry), &entry["verdict"]["3.13.3"]));
    }
    for entry in lines(&corpus.join("formats.jsonl")) {
        let id = entry["id"].as_str().unwrap().split('.').next().unwrap();
        let name = format!("{id}.enc.{}", ending(&entry["format"]));
        cases.push(case(name, bytes(&entry), &entry["verdict"]));
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
    let cases = corpus_cases(&corpus);
    compare(&cases, &keys);
    for format in ["yaml", "json", "env", "ini", "bin", "txt"] {
        let ending = format!(".{format}");
        let of_format = cases.iter().filter(|case| case.name.ends_with(&ending));
        println!("  .{format}: {} files", of_format.count());
    }
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
    arguments.extend(["--identity".into(), key.clone()]);
    let mut refused = 0;
    for (name, bytes, entry) in corpus_files(&corpus) {
        // 128: sops found no key that opens the file.
        if entry["cli_exit_stranger"] == 128 {
            sandbox.write(&name, bytes);
            arguments.push(name);
            refused += 1;
        }
    }
    let report = sandbox.run(&arguments).json();
    let files = report["files"].as_array().unwrap();
    println!("{} files that a stranger does not open", files.len());
    assert!(files.len() == refused && refused > 300);
    let ours = recipients(Path::new(&key));
    for file in files {
        let named = file["recipients"].as_array().unwrap().iter();
        let named = named.filter(|recipient| ours.contains(recipient.as_str().unwrap()));
        let reason = match named.count() {
            0 => "not-a-recipient",
            _ => "too-few-groups",
        };
        assert_eq!(file["verification"], "not-verified", "{file}");
        assert_eq!(file["reason"], reason, "{file}");
    }
}
