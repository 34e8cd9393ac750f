//! A whole old repository searched for who edited files outside sops: 1,000 secret files, 5,000 commits.
//! Run with `cargo test --profile ci --test cli old_repository -- --ignored --nocapture`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::sandbox::{Sandbox, testdata};

const FILES: usize = 1_000;
const COMMITS: usize = 5_000;

/// A file as the model has it.
#[derive(Clone)]
struct File {
    /// The commit in which sops wrote it last.
    written: usize,
    /// The commits that edited it outside sops since it was last as written.
    edits: Vec<usize>,
    /// How often its layout changed.
    layouts: usize,
}

impl File {
    /// Its text: what sops wrote has a token, a time and a MAC of its own.
    fn text(&self, template: &str, number: usize) -> String {
        let token = |salt: usize| random(number * 1_000_003 + self.written * 31 + salt);
        let mut text = template
            .replace("MAC", &token(1))
            .replace("DATA", &token(2));
        let seconds = self.written % 60;
        let (minutes, hours) = (self.written / 60 % 60, self.written / 3_600);
        text = text.replace("TIME", &format!("{hours:02}:{minutes:02}:{seconds:02}"));
        if let Some(edit) = self.edits.last() {
            text = text.replace(
                "namespace: production",
                &format!("namespace: edited-{edit}"),
            );
        }
        "# layout\n".repeat(self.layouts % 2) + &text
    }

    /// What a commit does to it.
    fn change(&mut self, commit: usize) {
        match commit {
            _ if commit % 97 == 50 => self.edits.push(commit),
            // Somebody brings the sound version back.
            _ if commit % 101 == 9 && !self.edits.is_empty() => self.edits.clear(),
            _ if commit % 11 == 3 => self.layouts += 1,
            _ => {
                self.written = commit;
                self.edits.clear();
            }
        }
    }
}

/// Letters and digits that look like chance, the same in every run.
fn random(seed: usize) -> String {
    let mut state = seed as u64 * 2 + 88_172_645_463_325_253;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'a' + u8::try_from(state % 26).unwrap())
    };
    (0..40).map(|_| next()).collect()
}

/// A file of real sops's, with places for what is another in each file and each version.
fn template() -> String {
    let story = testdata("rules/edited-outside-sops/fires/namespace/base.enc.yaml");
    let text = std::fs::read_to_string(story).unwrap();
    let lines = text.lines().map(|line| {
        let (key, _) = line.split_once(": ").unwrap_or((line, ""));
        match key.trim() {
            "mac" => put(line, "MAC"),
            "password" => put(line, "DATA"),
            "lastmodified" => format!("{key}: \"2026-01-01TTIMEZ\""),
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<String>>().join("\n") + "\n"
}

/// Puts a word into the data of a token.
fn put(line: &str, word: &str) -> String {
    let (before, rest) = line.split_once("data:").unwrap();
    let (_, after) = rest.split_once(',').unwrap();
    format!("{before}data:{word},{after}")
}

fn path(number: usize) -> String {
    format!("apps/{}/s{number}.enc.yaml", number % 100)
}

/// The files at the end, and all commits as `git fast-import` reads them.
fn history() -> (Vec<File>, String) {
    let template = template();
    let mut files = vec![
        File {
            written: 0,
            edits: Vec::new(),
            layouts: 0
        };
        FILES
    ];
    let mut text = String::new();
    for commit in 0..COMMITS {
        let time = 1_600_000_000 + commit * 60;
        writeln!(
            text,
            "commit refs/heads/main\nmark :{}\ncommitter a <a> {time} +0000\ndata 1\nx",
            commit + 1
        )
        .unwrap();
        let changed = commit * 7 % FILES;
        let all = if commit == 0 {
            0..FILES
        } else {
            files[changed].change(commit);
            changed..changed + 1
        };
        for number in all {
            let content = files[number].text(&template, number);
            let (path, len) = (path(number), content.len());
            writeln!(text, "M 100644 inline {path}\ndata {len}\n{content}").unwrap();
        }
    }
    (files, text)
}

/// Makes the repository, and gives the first digits of the commits' ids.
fn import(sandbox: &Sandbox, text: &str) -> Vec<String> {
    sandbox.git(["init", "--quiet", "--initial-branch=main"]);
    let mut git = sandbox.git_command();
    git.args(["fast-import", "--quiet", "--export-marks=.git/marks"])
        .stdin(Stdio::piped());
    let mut git = git.spawn().unwrap();
    git.stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    assert!(git.wait().unwrap().success());
    sandbox.git(["reset", "--quiet", "--hard", "main"]);
    let marks = String::from_utf8(sandbox.read(".git/marks")).unwrap();
    let mut ids = vec![String::new(); COMMITS];
    for line in marks.lines() {
        let (mark, id) = line.split_once(' ').unwrap();
        let mark: usize = mark[1..].parse().unwrap();
        ids[mark - 1] = id[..10].to_owned();
    }
    ids
}

#[test]
#[ignore = "measures"]
fn finds_exactly_what_was_broken_in_an_old_repository_and_who_did_it() {
    let (files, text) = history();
    let sandbox = Sandbox::new();
    let ids = import(&sandbox, &text);
    let expected: BTreeSet<(String, String, Vec<String>)> = files
        .iter()
        .enumerate()
        .filter(|(_, file)| !file.edits.is_empty())
        .map(|(number, file)| {
            let edits = file.edits.iter().map(|edit| ids[*edit].clone());
            (path(number), ids[file.written].clone(), edits.collect())
        })
        .collect();
    assert!(expected.len() > 10, "{expected:?}");
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let command = sandbox.command(["check", "--history=10000", "--format=json"]);
        let start = Instant::now();
        let report = command.with_git().run().json();
        best = best.min(start.elapsed());
        let found = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| {
                assert_eq!(finding["rule"], "edited-outside-sops");
                let message = finding["message"].as_str().unwrap();
                let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
                assert_eq!(quoted[1], "metadata.namespace");
                let edits = quoted[2..].iter().map(|id| (*id).to_owned());
                let path = finding["path"].as_str().unwrap().to_owned();
                (path, quoted[0].to_owned(), edits.collect())
            });
        assert_eq!(found.collect::<BTreeSet<_>>(), expected);
        assert_eq!(report["summary"]["files"], FILES);
        let unsure = report["not-evaluated"].as_array().unwrap().iter();
        let mut unsure = unsure.filter(|one| one["rule"] == "edited-outside-sops");
        assert_eq!(unsure.next(), None);
    }
    let without = Instant::now();
    let report = sandbox.command(["check", "--format=json"]).with_git().run();
    assert_eq!(report.json()["findings"].as_array().unwrap().len(), 0);
    println!(
        "{FILES} files, {COMMITS} commits, {} broken: {best:?}; without --history {:?}",
        expected.len(),
        without.elapsed()
    );
    assert!(best < Duration::from_secs(5), "{best:?}");
}
