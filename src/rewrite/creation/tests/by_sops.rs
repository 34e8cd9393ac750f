//! What sops makes of edited configurations, which chance wrote before: what it made of them before, plus
//! or minus the recipient.
//!
//! It needs what `scripts/peers` installs, and is ignored unless asked for.

#![expect(
    clippy::disallowed_methods,
    reason = "a test fails where its world does"
)]

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use super::{NEW, all};
use crate::config::creation::tests::by_sops::PATHS;
use crate::config::creation::tests::chance::Chance;
use crate::config::creation::{Choice, SOPS_CONFIG, SopsConfig};
use crate::peers::ask;
use crate::rewrite::creation::{Aim, NewKey, Refusal, add, remove};
use crate::source::{Source, SourceId};

/// How many configurations are edited.
const FILES: usize = 3_000;

/// Keys that the configurations of chance can have; the first two stand in lists of them, too.
const KNOWN: [&str; 3] = [
    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
    "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du",
    NEW,
];

/// Another that none of them has.
const OTHER: &str = "age168eavpk32nkhrhg7tyapkg0xupgxcdk823wuahnezdlz4j28uphsqpn5q5";

struct Case {
    before: String,
    after: String,
    rules: Vec<usize>,
    change: Change,
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Added { group: usize },
    Removed(&'static str),
}

#[test]
#[ignore = "needs what scripts/peers installs"]
fn sops_reads_of_an_edited_configuration_what_was_asked_for() {
    let seed = Chance::seed();
    println!("seed {seed}");
    let mut chance = Chance::new(seed);
    let mut tally = BTreeMap::new();
    let mut cases = Vec::new();
    for _ in 0..FILES {
        let before = chance.config();
        let Some(case) = edited(&mut chance, before, &mut tally) else {
            continue;
        };
        cases.push(case);
    }
    println!("{tally:?}");
    let answers = ask_about(&cases);
    let mut changed = 0;
    for (number, case) in cases.iter().enumerate() {
        for (at, path) in PATHS.iter().enumerate() {
            let first = (number * PATHS.len() + at) * 2;
            let (old, new) = (&answers[first], &answers[first + 1]);
            let expected = match chosen(&case.before, path) {
                Some(rule) if case.rules.contains(&rule) => {
                    changed += 1;
                    with(old, case.change)
                }
                Some(_) | None => told(old),
            };
            let (before, after) = (&case.before, &case.after);
            assert_eq!(
                told(new),
                expected,
                "seed {seed}, {path}, {:?}\n{before}\n---\n{after}\n{old}\n{new}",
                case.change
            );
        }
    }
    let count = |word: &str| tally.get(word).copied().unwrap_or(0);
    println!(
        "{} edited, {changed} choices of an edited rule",
        cases.len()
    );
    assert!(
        count("edited") > FILES / 12 && changed > FILES / 6,
        "{tally:?}"
    );
    assert!(count("no way") < count("edited") / 20, "{tally:?}");
}

/// A configuration with a key more or less in one of its rules or in all.
fn edited(
    chance: &mut Chance,
    before: String,
    tally: &mut BTreeMap<&'static str, usize>,
) -> Option<Case> {
    let id = SourceId::Stdin(SOPS_CONFIG.into());
    let source = Source::decode(id, before.clone().into_bytes()).ok()?;
    let count = SopsConfig::read(&source).ok()?.rules.len();
    if count == 0 {
        return None;
    }
    let rules = match chance.below(2) {
        0 => all(&before),
        _ => vec![chance.below(count)],
    };
    let (change, edit) = match chance.below(3) {
        0 => {
            let key = KNOWN[chance.below(3)];
            let edit = remove(&source, &format!("age:{key}"), &rules);
            (Change::Removed(key), edit)
        }
        _ => {
            let key = NewKey {
                key: OTHER,
                name: "lab escrow",
            };
            let group = [None, Some(0), Some(1)][chance.below(3)];
            let aim = Aim {
                rules: &rules,
                group,
            };
            let group = group.unwrap_or_default();
            (Change::Added { group }, add(&source, &key, &aim))
        }
    };
    let word = match &edit {
        Ok(edited) if edited.rules.is_empty() => "nothing to do",
        Ok(_) => "edited",
        Err(Refusal::NoWay { .. }) => "no way",
        Err(Refusal::Shared { .. }) => "shared",
        Err(_) => "refused",
    };
    *tally.entry(word).or_insert(0) += 1;
    let edit = edit.ok()?;
    Some(Case {
        before,
        after: edit.text,
        rules: edit.rules,
        change,
    })
}

fn chosen(text: &str, path: &str) -> Option<usize> {
    let id = SourceId::Stdin(SOPS_CONFIG.into());
    let source = Source::decode(id, text.as_bytes().to_vec()).ok()?;
    match SopsConfig::read(&source).ok()?.rule_for(path.as_bytes()) {
        Choice::Rule(rule) => Some(rule),
        _ => None,
    }
}

/// For each case and path what sops makes of it before and after.
fn ask_about(cases: &[Case]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let mut questions = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let versions = [("old", &case.before), ("new", &case.after)].map(|(name, text)| {
            let folder = folder.path().join(format!("{number}-{name}"));
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join(SOPS_CONFIG), text).unwrap();
            folder
        });
        for path in PATHS {
            for folder in &versions {
                let (config, path) = (folder.join(SOPS_CONFIG), folder.join(path));
                questions.push(json!({"op": "rule", "config": config, "path": path}));
            }
        }
    }
    ask(questions)
}

/// What sops makes of a path: groups as sets, and all else as it is.
fn told(answer: &Value) -> Value {
    let mut told = answer.clone();
    if let Some(groups) = told["groups"].as_array_mut() {
        for group in groups {
            settle(group);
        }
    }
    told["err"] = json!(told["err"].as_str().is_some());
    told
}

fn settle(group: &mut Value) {
    let keys = group.as_array().cloned().unwrap_or_default();
    let mut keys: Vec<String> = keys
        .iter()
        .filter_map(|key| key.as_str().map(str::to_owned))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    *group = json!(keys);
}

/// The same with the change.
fn with(answer: &Value, change: Change) -> Value {
    let mut told = told(answer);
    if told["groups"].is_null() {
        told["groups"] = json!([[]]);
    }
    let groups = told["groups"].as_array_mut().unwrap();
    match change {
        Change::Removed(key) => {
            let key = json!(format!("age:{key}"));
            for group in groups {
                group.as_array_mut().unwrap().retain(|known| *known != key);
            }
        }
        Change::Added { group } => {
            let key = json!(format!("age:{OTHER}"));
            groups[group].as_array_mut().unwrap().push(key);
            settle(&mut groups[group]);
        }
    }
    told
}
