//! New texts read by sops's own library, for the files of the project and all of the corpus that
//! `SOPSGUARD_CORPUS` names: every format, selector, kind of key and layout of keys, sound and damaged.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::super::Refusal;
use super::reseal::resealed;
use super::rotate::{rest, rotated, sealed, time};
use super::split::parts;
use super::{Case, LATER, keyring, packaged, packaged_keys, read, testdata};
use crate::document::{Document, Format};
use crate::keys::Keyring;
use crate::peers::{ask_as, peer};
use crate::sops::{Problem, ProblemKind, Undecryptable, Unreadable};

/// Files, with the identities that open them: ours, and where sops finds them.
struct Ground {
    keyring: Keyring,
    home: tempfile::TempDir,
    sound: Vec<Case>,
    /// Files that were damaged.
    damaged: Vec<Case>,
}

impl Ground {
    fn packaged() -> Self {
        let home = tempfile::tempdir().unwrap();
        copy(&testdata("rules/keys.txt"), &home.path().join("keys.txt"));
        Self {
            keyring: packaged_keys(),
            home,
            sound: packaged(),
            damaged: Vec::new(),
        }
    }

    /// The corpus; none, with a word, where none is named.
    #[expect(clippy::disallowed_methods, reason = "it is asked for by a variable")]
    fn corpus() -> Option<Self> {
        let Some(folder) = std::env::var_os("SOPSGUARD_CORPUS") else {
            println!("SOPSGUARD_CORPUS names no corpus: only the project's own files were tried");
            return None;
        };
        let folder = PathBuf::from(folder).join("sops");
        let home = tempfile::tempdir().unwrap();
        let keys = folder.join("keys");
        std::fs::create_dir(home.path().join(".ssh")).unwrap();
        copy(&keys.join("all.txt"), &home.path().join("keys.txt"));
        for (key, name) in [("ssh_ed25519", "id_ed25519"), ("ssh_rsa", "id_rsa")] {
            copy(&keys.join(key), &home.path().join(".ssh").join(name));
        }
        let paths = ["all.txt", "ssh_ed25519", "ssh_rsa"].map(|name| keys.join(name));
        let mut ground = Self {
            keyring: keyring(paths.iter().map(PathBuf::as_path)),
            home,
            sound: Vec::new(),
            damaged: Vec::new(),
        };
        for entry in lines(&folder.join("manifest.jsonl")) {
            if let Some(file) = entry["file"].as_str() {
                ground.sound.push(Case {
                    name: file.to_owned(),
                    format: format(&entry),
                    text: read(&folder.join(file)),
                });
            }
        }
        for name in ["mutants.jsonl", "formats.jsonl"] {
            for entry in lines(&folder.join(name)) {
                let case = Case {
                    name: entry["id"].as_str().unwrap().to_owned(),
                    format: format(&entry),
                    text: text(&entry),
                };
                match entry["op"] == "none" {
                    true => ground.sound.push(case),
                    false => ground.damaged.push(case),
                }
            }
        }
        Some(ground)
    }

    /// What sops's library says of these files: their verdicts.
    fn decrypt(&self, cases: &[Case]) -> Vec<Value> {
        let question = |case: &Case| {
            let b64 = BASE64_STANDARD.encode(&case.text);
            json!({"op": "decrypt", "format": name(case.format), "b64": b64})
        };
        let home = self.home.path();
        let variables: [(&str, OsString); 2] = [
            ("HOME", home.into()),
            ("SOPS_AGE_KEY_FILE", home.join("keys.txt").into()),
        ];
        ask_as(cases.iter().map(question).collect(), &variables)
    }
}

#[expect(clippy::disallowed_methods, reason = "sops reads files")]
fn copy(from: &Path, to: &Path) {
    std::fs::write(to, read(from)).unwrap();
}

fn lines(path: &Path) -> Vec<Value> {
    let text = String::from_utf8(read(path)).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn text(entry: &Value) -> Vec<u8> {
    match entry["text"].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => BASE64_STANDARD
            .decode(entry["b64"].as_str().unwrap())
            .unwrap(),
    }
}

const FORMATS: [(&str, Format); 5] = [
    ("yaml", Format::Yaml),
    ("json", Format::Json),
    ("dotenv", Format::Dotenv),
    ("ini", Format::Ini),
    ("binary", Format::Binary),
];

fn format(entry: &Value) -> Format {
    let named = FORMATS.iter().find(|(name, _)| entry["format"] == *name);
    named.unwrap().1
}

fn name(format: Format) -> &'static str {
    FORMATS
        .iter()
        .find(|(_, known)| *known == format)
        .unwrap()
        .0
}

/// Fails with all that is wrong, and with what there was.
fn conclude(what: &str, tally: &BTreeMap<String, usize>, wrong: &[String]) {
    println!("{what}: {tally:?}");
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Makes new texts of all sound files, and compares what sops reads in them with what it read before.
fn same_to_sops(
    ground: &Ground,
    what: &str,
    plan: impl Fn(&Case, &Keyring) -> Result<String, Refusal>,
    look: impl Fn(&Case, &Case, &Keyring) -> Result<(), String>,
) {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    let (mut tally, mut wrong) = (BTreeMap::<String, usize>::new(), Vec::new());
    let sound = ground.sound.iter();
    for case in sound.filter(|case| case.is_verified(&ground.keyring)) {
        match plan(case, &ground.keyring) {
            Ok(text) => {
                let after = case.with(&text);
                if let Err(why) = look(case, &after, &ground.keyring) {
                    wrong.push(format!("{}: {why}", case.name));
                }
                *tally.entry(name(case.format).to_owned()).or_default() += 1;
                old.push(case.clone());
                new.push(after);
            }
            Err(refusal) => *tally.entry(refusal.to_string()).or_default() += 1,
        }
    }
    let verdicts = ground.decrypt(&old).into_iter().zip(ground.decrypt(&new));
    for (case, (before, after)) in old.iter().zip(verdicts) {
        let same = before["plain_sha256"] == after["plain_sha256"];
        if before["ok"] != true || after["ok"] != true || !same {
            wrong.push(format!("{}: {before} {after}", case.name));
        }
    }
    conclude(what, &tally, &wrong);
}

/// Whether sops finds it only when it prints what it decrypted.
fn is_of_printer(problem: &Problem) -> bool {
    matches!(
        problem.kind,
        ProblemKind::Unreadable(Unreadable::NoContent | Unreadable::EmptyCommentLine)
            | ProblemKind::Undecryptable(Undecryptable::NotFinite | Undecryptable::CommentNotText)
    )
}

fn all_is_new(old: &Case, new: &Case, keyring: &Keyring) -> Result<(), String> {
    let then = time(old, keyring);
    if !sealed(old.text()).is_disjoint(&sealed(new.text())) {
        return Err("something of the old remains".to_owned());
    }
    match rest(old.text(), &then) == rest(new.text(), LATER) {
        true => Ok(()),
        false => Err(format!("more changed:\n{}", new.text())),
    }
}

#[test]
#[ignore = "asks real sops"]
fn sops_reads_the_same_in_every_file_that_was_rotated() {
    for ground in [Some(Ground::packaged()), Ground::corpus()]
        .iter()
        .flatten()
    {
        same_to_sops(ground, "rotated", rotated, all_is_new);
    }
}

#[test]
#[ignore = "asks real sops"]
fn sops_reads_the_same_in_every_file_that_was_resealed() {
    for ground in [Some(Ground::packaged()), Ground::corpus()]
        .iter()
        .flatten()
    {
        same_to_sops(ground, "resealed", resealed, |_, _, _| Ok(()));
    }
}

#[test]
#[ignore = "asks real sops"]
fn what_only_the_mac_is_wrong_with_is_resealed_and_sops_reads_it_and_nothing_else_is() {
    let Some(ground) = Ground::corpus() else {
        return;
    };
    let (mut tally, mut wrong) = (BTreeMap::<String, usize>::new(), Vec::new());
    let mut new = Vec::new();
    let verdicts = ground.decrypt(&ground.damaged);
    for (case, verdict) in ground.damaged.iter().zip(verdicts) {
        let is_open = case.open(&ground.keyring, |_, _, _| ()).is_some();
        if !is_open || verdict["ok"] == true {
            continue;
        }
        let is_stale = verdict["stage"] == "mac";
        let outcome = match resealed(case, &ground.keyring) {
            Ok(text) => {
                new.push(case.with(&text));
                (is_stale, "resealed")
            }
            // Where the printer fails, sops's library would do so once the MAC is right.
            Err(Refusal::Unsound(found)) => {
                let fails_later = found.problems.iter().all(is_of_printer);
                (!is_stale || fails_later, "unsound")
            }
            Err(Refusal::Edit(_)) => (true, "not edited in place"),
            Err(_) => (false, "something else"),
        };
        *tally.entry(outcome.1.to_owned()).or_default() += 1;
        if !outcome.0 {
            wrong.push(format!("{} {}: {verdict}", case.name, outcome.1));
        }
    }
    for (case, verdict) in new.iter().zip(ground.decrypt(&new)) {
        if verdict["ok"] != true {
            wrong.push(format!("{} resealed: {verdict}", case.name));
        }
    }
    conclude("damaged", &tally, &wrong);
}

impl Ground {
    /// What the command of sops decrypts a YAML file to.
    #[expect(clippy::disallowed_methods, reason = "sops reads files")]
    fn plaintext(&self, case: &Case) -> String {
        let home = self.home.path();
        let path = home.join("file.yaml");
        std::fs::write(&path, &case.text).unwrap();
        let mut sops = std::process::Command::new(peer("sops-3.13.3"));
        sops.env_clear().env("HOME", home);
        sops.env("SOPS_AGE_KEY_FILE", home.join("keys.txt"));
        let output = sops.arg("decrypt").arg(&path).output().unwrap();
        assert!(output.status.success(), "{}: {output:?}", case.name);
        String::from_utf8(output.stdout).unwrap()
    }

    /// The YAML files that sops reads, each with several documents: those of one have it twice.
    fn of_several_documents(&self) -> Vec<Case> {
        let mut all = Vec::new();
        let is_yaml = |case: &&Case| case.format == Format::Yaml;
        for case in self.sound.iter().filter(is_yaml) {
            let count = |document: &Document<'_>| document.tree().branches().len();
            let count = case.open(&self.keyring, |document, _, _| count(document));
            if !case.is_verified(&self.keyring) {
                continue;
            }
            if count != Some(1) {
                all.push(case.clone());
                continue;
            }
            let doubled = format!("{0}\n---\n{0}", case.text().trim_end_matches('\n'));
            let doubled = resealed(&case.with(&doubled), &self.keyring);
            // Not where an alias cannot be sealed twice.
            all.extend(doubled.map(|text| case.with(&text)));
        }
        all
    }
}

#[test]
#[ignore = "asks real sops"]
fn sops_reads_in_the_files_of_documents_what_it_read_in_the_one_of_all() {
    let mut two = packaged();
    two.retain(|case| case.format == Format::Yaml);
    let path = "rules/multi-document/fires/two.enc.yaml";
    two.push(two[0].with(std::str::from_utf8(&read(&testdata(path))).unwrap()));
    let packaged = Ground {
        sound: two,
        ..Ground::packaged()
    };
    for ground in [Some(packaged), Ground::corpus()].iter().flatten() {
        let (mut tally, mut wrong) = (BTreeMap::<String, usize>::new(), Vec::new());
        for case in ground.of_several_documents() {
            let split = match parts(&case, &ground.keyring) {
                Ok(parts) => parts,
                Err(refusal) => {
                    *tally.entry(refusal.to_string()).or_default() += 1;
                    continue;
                }
            };
            *tally
                .entry(format!("{} documents", split.len()))
                .or_default() += 1;
            let plain: Vec<String> = split
                .iter()
                .map(|part| match part.text.is_empty() {
                    true => "{}\n".to_owned(),
                    false => ground.plaintext(&case.with(&part.text)),
                })
                .collect();
            if plain.join("---\n") != ground.plaintext(&case) {
                wrong.push(case.name.clone());
            }
        }
        conclude("split", &tally, &wrong);
    }
}
