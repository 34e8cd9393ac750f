//! What the command says about itself: rules, completions, manual pages, help.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::sandbox::Sandbox;

/// The commands that `--help` lists.
fn commands(sandbox: &Sandbox) -> Vec<String> {
    let help = sandbox.run(["-h"]).expect_code(0).stdout;
    let list = help.split_once("Commands:\n").unwrap().1;
    let list = list.split_once("\n\n").unwrap().0;
    let first = |line: &str| line.split_whitespace().next().unwrap().to_owned();
    let names: Vec<String> = list.lines().map(first).collect();
    assert!(names.contains(&"check".to_owned()), "{names:?}");
    names.into_iter().filter(|name| name != "help").collect()
}

/// The ids that have a page in the documentation.
fn pages() -> BTreeSet<String> {
    fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_command_has_help_with_an_example_and_a_manual_page_of_the_same_words() {
    let sandbox = Sandbox::new();
    for name in commands(&sandbox) {
        let long = sandbox.run([&name, "--help"]).expect_code(0).stdout;
        assert!(long.contains("Examples:\n"), "{name}:\n{long}");
        assert!(long.contains(&format!("\n  sopsguard {name}")), "{long}");
        let asked = sandbox.run(["help", &name]).expect_code(0).stdout;
        assert_eq!(asked, long, "`help {name}` is another text");

        let page = sandbox.run(["man", &name]).expect_code(0).stdout;
        assert!(page.contains(&format!("\n.TH sopsguard-{name} ")), "{page}");
        assert!(page.contains("\n.SH EXAMPLES\n"), "{page}");
        let summary = long.lines().next().unwrap().replace('-', "\\-");
        assert!(page.contains(&summary), "{name}: {summary}\n{page}");
    }
}

#[test]
fn the_main_page_leads_to_those_of_the_commands() {
    let sandbox = Sandbox::new();
    let page = sandbox.run(["man"]).expect_code(0).stdout;
    for name in commands(&sandbox) {
        assert!(page.contains(&format!("sopsguard\\-{name}(1)")), "{page}");
    }
    let output = sandbox.run(["man", "chekc"]).expect_code(2);
    assert!(output.stderr.contains("`chekc`") && output.stderr.contains("check"));
}

#[test]
fn completions_know_every_command_and_bash_takes_them() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = sandbox.run(["completions", shell]).expect_code(0).stdout;
        for name in commands(&sandbox) {
            assert!(script.contains(&name), "{shell} lacks {name}");
        }
        let with_ids = ["bash", "zsh"].contains(&shell);
        assert_eq!(script.contains("mac-mismatch"), with_ids, "{shell}");
        if shell == "bash" {
            assert!(bash_takes(&script));
        }
    }
}

fn bash_takes(script: &str) -> bool {
    let mut bash = Command::new("bash")
        .arg("-n")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = bash.stdin.take().unwrap();
    input.write_all(script.as_bytes()).unwrap();
    drop(input);
    bash.wait().unwrap().success()
}

#[test]
fn the_rules_are_those_that_have_a_page_and_their_page_is_printed() {
    let sandbox = Sandbox::new();
    let table = sandbox.run(["rules"]).expect_code(0).stdout;
    let first = |line: &str| line.split_whitespace().next().unwrap().to_owned();
    let listed: BTreeSet<String> = table.lines().skip(1).map(first).collect();
    assert_eq!(listed, pages());

    let json = sandbox.run(["rules", "--format", "json"]).expect_code(0);
    let json = json.json();
    assert_eq!(json["schema"], "sopsguard.rules/1");
    let ids = json["rules"].as_array().unwrap().iter();
    let ids: BTreeSet<String> = ids.map(|r| r["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, pages());

    for id in pages() {
        let page = format!("{}/docs/rules/{id}.md", env!("CARGO_MANIFEST_DIR"));
        let printed = sandbox.run(["rules", &id]).expect_code(0).stdout;
        assert_eq!(printed, fs::read_to_string(page).unwrap());
    }
}

#[test]
fn the_table_of_rules_says_level_and_needs_in_columns() {
    let table = Sandbox::new().run(["rules"]).expect_code(0).stdout;
    let column = table.lines().next().unwrap().find("LEVEL").unwrap();
    let row = |id: &str| {
        let line = table.lines().find(|line| line.starts_with(id)).unwrap();
        line[column..]
            .split_whitespace()
            .take(2)
            .collect::<Vec<_>>()
    };
    assert_eq!(row("mac-mismatch "), ["error", "key"]);
    assert_eq!(row("unreadable-by-version "), ["note", "key"]);
    assert_eq!(row("malformed-metadata "), ["error", "nothing"]);
}

#[test]
fn a_rule_that_is_misspelt_is_a_usage_error_that_names_the_right_one() {
    let output = Sandbox::new().run(["rules", "mac-mismach"]).expect_code(2);
    assert!(
        output
            .stderr
            .contains("similar value exists: 'mac-mismatch'")
    );
}
