//! Every choice of a rule is sops's own, over files that chance writes.
//!
//! It needs what `scripts/peers` installs, and is ignored unless asked for.

#![expect(
    clippy::disallowed_methods,
    reason = "a test fails where its world does"
)]

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::super::{Choice, SOPS_CONFIG, SopsConfig};
use super::chance::Chance;
use crate::peers::ask;
use crate::source::{Source, SourceId};

/// How many files are compared; each with every path.
const FILES: usize = 3_000;

pub(crate) const PATHS: &[&str] = &[
    "a.yaml",
    "secrets/a.yaml",
    "secrets/prod/b.enc.yaml",
    "x/y/z.json",
    "Prod/ü b.txt",
    "dev/stdin",
];

#[test]
#[ignore = "needs what scripts/peers installs"]
fn every_choice_of_a_rule_is_that_of_sops() {
    let seed = Chance::seed();
    println!("seed {seed}");
    let mut chance = Chance::new(seed);
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<String> = (0..FILES).map(|_| chance.config()).collect();
    let mut questions = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let folder = folder.path().join(number.to_string());
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join(SOPS_CONFIG), text).unwrap();
        for path in PATHS {
            let (config, path) = (folder.join(SOPS_CONFIG), folder.join(path));
            questions.push(json!({"op": "rule", "config": config, "path": path}));
        }
    }
    let answers = ask(questions);
    let mut tally = std::collections::BTreeMap::new();
    for (number, answer) in answers.iter().enumerate() {
        let (text, path) = (&texts[number / PATHS.len()], PATHS[number % PATHS.len()]);
        let (ours, sops) = (ours(text, path), theirs(answer));
        let word = ours.split(':').next().unwrap_or_default().to_owned();
        *tally.entry(word).or_insert(0) += 1;
        if ours != "undecidable" {
            assert_eq!(ours, sops, "seed {seed}, {path} in\n{text}\n{answer}");
        }
    }
    println!("{tally:?}");
    let count = |word: &str| tally.get(word).copied().unwrap_or(0);
    assert!(count("undecidable") < answers.len() / 50, "{tally:?}");
    for word in ["rule", "refused", "no match", "no rules", "not loaded"] {
        assert!(count(word) > 100, "{word}: {tally:?}");
    }
}

/// What we make of a path, in words.
fn ours(text: &str, path: &str) -> String {
    let id = SourceId::Stdin(Path::new(SOPS_CONFIG).into());
    let Ok(source) = Source::decode(id, text.as_bytes().to_vec()) else {
        return "not loaded".to_owned();
    };
    let config = match SopsConfig::read(&source) {
        Ok(config) => config,
        Err(error) if error.is_undecidable() => return "undecidable".to_owned(),
        Err(_) => return "not loaded".to_owned(),
    };
    let rule = match config.rule_for(path.as_bytes()) {
        Choice::Rule(rule) => &config.rules[rule],
        Choice::Refused { .. } => return "refused".to_owned(),
        Choice::NoMatch => return "no match".to_owned(),
        Choice::NoRules => return "no rules".to_owned(),
        Choice::Undecidable { .. } => return "undecidable".to_owned(),
    };
    let groups: Vec<Vec<String>> = rule
        .groups
        .iter()
        .map(|group| {
            let keys = group.iter().map(|key| &key.names);
            keys.map(|key| format!("{}:{}", key.kind.name(), key.spelled))
                .collect()
        })
        .collect();
    let selectors: serde_json::Map<String, Value> = rule
        .selectors
        .iter()
        .map(|setting| (setting.value.0.name().to_owned(), json!(setting.value.1)))
        .collect();
    told(
        &json!(groups),
        rule.threshold(),
        &json!(selectors),
        rule.mac_only_encrypted(),
    )
}

fn told(groups: &Value, threshold: i64, selectors: &Value, mac_only: bool) -> String {
    format!("rule: {groups} {threshold} {selectors} {mac_only}")
}

/// What sops makes of it.
fn theirs(answer: &Value) -> String {
    let error = answer["err"].as_str().unwrap_or_default();
    if answer["ok"] != true {
        return match error {
            error if error.contains("no matching creation rules") => "no match",
            error if error.contains("Could not unmarshal config file") => "not loaded",
            _ => "refused",
        }
        .to_owned();
    }
    if answer["none"] == true {
        return "no rules".to_owned();
    }
    let groups = match &answer["groups"] {
        Value::Null => json!([]),
        groups => groups.clone(),
    };
    let threshold = answer["shamir_threshold"].as_i64().unwrap();
    let mac_only = answer["mac_only_encrypted"] == true;
    told(&groups, threshold, &answer["selectors"], mac_only)
}
