//! The files for CI that are there to be copied: each is YAML, and what it runs exists.

use std::fs;
use std::path::PathBuf;

use crate::sandbox::Sandbox;

fn recipes() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ci");
    let files = fs::read_dir(folder).unwrap();
    files.map(|file| file.unwrap().path()).collect()
}

/// The commands of ours in a text.
fn commands(text: &str) -> Vec<Vec<String>> {
    let lines = text
        .lines()
        .map(|line| line.split(" #").next().unwrap_or_default());
    let starts = lines.filter_map(|line| line.split_once("sopsguard "));
    let words = starts.map(|(_, rest)| rest.split_whitespace().map(str::to_owned).collect());
    let is_command = |words: &Vec<String>| {
        let first = words.first();
        first.is_some_and(|word| word == "check" || word == "audit")
    };
    words.filter(is_command).collect()
}

#[test]
fn every_command_in_a_recipe_for_ci_exists() {
    let sandbox = Sandbox::new();
    let mut files = recipes();
    assert_eq!(files.len(), 4);
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ci.md");
    files.push(page.into());
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let commands = commands(&text);
        assert!(commands.len() >= 3, "{}: {commands:?}", file.display());
        for words in commands {
            let help = sandbox.run(["help", &words[0]]).expect_code(0).stdout;
            for word in words.iter().filter(|word| word.starts_with("--")) {
                assert!(
                    help.contains(&format!(" {word} ")) || help.contains(&format!(" {word}\n")),
                    "{}: {words:?}",
                    file.display()
                );
            }
            let at = words.iter().position(|word| word == "--format");
            if let Some(format) = at.and_then(|at| words.get(at + 1)) {
                assert!(help.contains(&format!("- {format}:")), "{format}: {help}");
            }
        }
    }
}

#[test]
fn every_recipe_for_ci_is_yaml_with_a_key_in_one_job_alone() {
    let sandbox = Sandbox::new();
    for file in recipes() {
        let path = file.to_str().unwrap();
        let tree = sandbox.run(["explain", "--tree", path]).expect_code(0);
        assert!(tree.stdout.lines().count() > 10, "{path}");
        let text = fs::read_to_string(&file).unwrap();
        let keyed = text.lines().filter(|line| line.contains("--require-key"));
        assert_eq!(keyed.count(), 1, "{path}");
        let without: Vec<&str> = text
            .split("--require-key")
            .next()
            .unwrap()
            .lines()
            .collect();
        let before = without
            .iter()
            .filter(|line| line.contains("--require-base"));
        assert_eq!(before.count(), 2, "{path}: both commands on pull requests");
        assert!(text.contains("<the address of sopsguard>"), "{path}");
    }
}
