//! Files of every format, damaged in all the ways in which files get damaged: none makes the command
//! panic, hang or print a value, with a key and without, and none fails without a word.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use crate::sandbox::{Sandbox, testdata};

/// A sound file of each format.
const FILES: [&str; 6] = [
    "formats/values.enc.json",
    "formats/values.enc.env",
    "formats/values.enc.ini",
    "formats/values.enc.bin",
    "rules/plaintext-comment/quiet/everywhere.enc.yaml",
    "rules/mac-mismatch/quiet/typed.enc.yaml",
];

/// What is planted: no key looks like it, so that it is nowhere to be printed.
const PLANTED: &[u8] = b"canary planted!";

/// The key, as an argument.
fn key() -> String {
    testdata("rules/keys.txt").display().to_string()
}

/// Checks `folder` with each of the keys, in words and as JSON; what the sandbox knows to be secret
/// is looked for in all of it. Returns how many files failed with the last of the keys.
fn check(sandbox: &Sandbox, folder: &str, count: usize) -> usize {
    let key = key();
    let mut failed = 0;
    for identity in [&[][..], &["--identity", &key]] {
        let all = [&["check", folder, "--verbose"], identity].concat();
        assert!(sandbox.run(all).code < 2);
        let all = [&["check", folder, "--format", "json"], identity].concat();
        let report = sandbox.run(all).json();
        failed = refused(&report).len();
        assert_eq!(refused(&report).difference(&found(&report)).next(), None);
        let files = report["files"].as_array().unwrap().len();
        assert_eq!(files, count, "each has the name of a secret");
    }
    failed
}

/// The files that sops would refuse.
fn refused(report: &Value) -> BTreeSet<&str> {
    let files = report["files"].as_array().unwrap().iter();
    let failed = files.filter(|file| file["verification"] == "failed");
    failed.map(|file| file["path"].as_str().unwrap()).collect()
}

/// The files that something is said of.
fn found(report: &Value) -> BTreeSet<&str> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|found| found["path"].as_str().unwrap())
        .collect()
}

#[test]
fn every_beginning_of_a_file_ends_in_a_report() {
    for file in FILES {
        let text = std::fs::read(testdata(file)).unwrap();
        let ending = file.rsplit_once('.').unwrap().1;
        let sandbox = Sandbox::new();
        for length in 0..text.len() {
            sandbox.write(format!("cut/{length}.enc.{ending}"), &text[..length]);
        }
        let failed = check(&sandbox, "cut", text.len());
        // Behind the MAC a flat file has only what sops can do without; before the first `sops_` it
        // is one without metadata.
        assert!(
            failed > text.len() / 4,
            "{file}: {failed} of {}",
            text.len()
        );
    }
}

#[test]
fn mutants_of_every_format_end_in_a_report() {
    for (seed, file) in (1..).zip(FILES) {
        let text = std::fs::read(testdata(file)).unwrap();
        let ending = file.rsplit_once('.').unwrap().1;
        let mut dice = Dice(seed);
        let sandbox = Sandbox::new();
        for at in 0..420 {
            let mutant = mutant(&text, at % KINDS, &mut dice);
            sandbox.write(format!("mutants/{at}.enc.{ending}"), mutant);
        }
        let failed = check(&sandbox, "mutants", 420);
        assert!(failed > 140, "{file}: {failed} failed");
    }
}

/// What does harm wherever it is put.
const ODDS: [&[u8]; 22] = [
    PLANTED,
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\r",
    b"\xed\xa0\x80",
    b"\"",
    b"\\",
    b"=",
    b"[",
    b"{",
    b"}",
    b"#",
    b";",
    b"'",
    b"`",
    b"1e400",
    b"-0",
    b"99999999999999999999",
    b"null",
    b"\\ud800",
    b"0x",
];

/// What lines may end in.
const ENDS: [&[u8]; 4] = [b"\r\n", b"\r", b"\n\n", b"\n \n"];

/// How many kinds of damage there are.
const KINDS: usize = 12;

/// A text with damage of one kind, in a place that the dice say.
fn mutant(text: &[u8], kind: usize, dice: &mut Dice) -> Vec<u8> {
    let at = dice.below(text.len());
    let end = (at + 1 + dice.below(80)).min(text.len());
    let (before, rest, behind) = (&text[..at], &text[at..], &text[end..]);
    let insert = |what: &[u8]| [before, what, rest].concat();
    let mut lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let (one, other) = (dice.below(lines.len()), dice.below(lines.len()));
    let (ours, theirs) = (b"\n<<<<<<< HEAD\n", b"\n>>>>>>> x\n");
    let conflict = [&ours[..], PLANTED, b"\n=======\n", PLANTED, theirs].concat();
    match kind {
        0 => return [before, behind].concat(),
        1 => return [before, PLANTED, behind].concat(),
        2..=4 => return insert(ODDS[dice.below(ODDS.len())]),
        5 => lines.swap(one, other),
        6 => lines.insert(one, lines[other]),
        7 => drop(lines.remove(one)),
        8 => return [before, &rest.to_ascii_uppercase()].concat(),
        9 => {
            let all: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
            return all.join(ENDS[dice.below(ENDS.len())]);
        }
        10 => lines.insert(one, &conflict),
        _ => return insert(&text[dice.below(at + 1)..at]),
    }
    lines.concat()
}

/// Numbers that look random and are the same on every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }
}

/// Metadata of each format that names no key of ours.
fn with_metadata(ending: &str, values: &str) -> String {
    let fields = [
        (
            "mac",
            "ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]",
        ),
        ("lastmodified", "2026-01-01T00:00:00Z"),
        ("version", "3.13.3"),
    ];
    let mut text = values.to_owned();
    match ending {
        "json" | "bin" => {
            let fields = fields
                .map(|(name, value)| format!("{name:?}: {value:?}"))
                .join(", ");
            let keys = r#""kms": [{"arn": "x", "enc": "x", "created_at": "2026-01-01T00:00:00Z"}]"#;
            write!(text, ", \"sops\": {{{fields}, {keys}}}}}").unwrap();
        }
        _ => {
            let prefix = if ending == "env" { "sops_" } else { "" };
            text.push_str(if ending == "env" { "" } else { "[sops]\n" });
            let keys = [
                ("kms__list_0__map_arn", "x"),
                ("kms__list_0__map_enc", "x"),
                ("kms__list_0__map_created_at", "2026-01-01T00:00:00Z"),
            ];
            for (name, value) in fields.into_iter().chain(keys) {
                writeln!(text, "{prefix}{name}={value}").unwrap();
            }
        }
    }
    text
}

/// The verdict on such a file and the first rule that fires.
fn verdict(ending: &str, values: &str) -> (String, Option<String>) {
    let sandbox = Sandbox::new();
    sandbox.write(format!("x.enc.{ending}"), with_metadata(ending, values));
    let report = sandbox.run(["check", "--format", "json"]).json();
    let rule = report["findings"][0]["rule"].as_str().map(str::to_owned);
    (
        report["files"][0]["verification"]
            .as_str()
            .unwrap()
            .to_owned(),
        rule,
    )
}

#[test]
fn large_and_odd_values_are_told_as_sops_takes_them() {
    let million = "v".repeat(1_000_000);
    let many = |pair: &dyn Fn(usize) -> String| (0..100_000).map(pair).collect::<String>();
    let plain = ("failed".to_owned(), Some("plaintext-value".to_owned()));
    let unreadable = ("failed".to_owned(), Some("unreadable-file".to_owned()));
    let pairs = many(&|key| format!("\"k{key}\": \"v\", "));
    let lines = many(&|key| format!("k{key}=v\n"));
    for (ending, values, expected) in [
        ("json", format!("{{\"k\": {million:?}"), &plain),
        ("json", format!("{{{million:?}: 1"), &plain),
        ("json", format!("{{{pairs} \"z\": 1"), &plain),
        ("json", "{\"k\": -0".to_owned(), &plain),
        ("json", "{\"k\": 1E+5".to_owned(), &plain),
        ("json", format!("{{\"k\": {}", "9".repeat(300)), &plain),
        ("json", "{\"k\": \"\\ud800\"".to_owned(), &plain),
        ("json", "{\"k\": 1, \"k\": 2".to_owned(), &plain),
        ("json", "{\"k\": 1e400".to_owned(), &unreadable),
        ("json", format!("{{\"k\": {}", "9".repeat(400)), &unreadable),
        ("json", "{\"k\": 01".to_owned(), &unreadable),
        ("json", "{\"k\": \"\u{1}\"".to_owned(), &unreadable),
        ("json", "\u{feff}{\"k\": 1".to_owned(), &unreadable),
        (
            "json",
            format!("{{\"k\": {}{}", "[".repeat(20_000), "]".repeat(20_000)),
            &unreadable,
        ),
        ("bin", format!("{{\"data\": {million:?}"), &plain),
        ("env", format!("k={million}\n"), &plain),
        ("env", format!("{million}=v\n"), &plain),
        ("env", lines.clone(), &plain),
        ("env", "k=\0\n".to_owned(), &plain),
        ("env", "k\n".to_owned(), &unreadable),
        ("ini", format!("k={million}\n"), &plain),
        ("ini", format!("{million}=v\n"), &plain),
        ("ini", lines, &plain),
        ("ini", format!("k=`{million}\n"), &unreadable),
        ("ini", "[]\n".to_owned(), &unreadable),
    ] {
        let start: String = values.chars().take(40).collect();
        assert_eq!(&verdict(ending, &values), expected, "{ending} {start}");
    }
}

#[test]
fn json_of_any_depth_ends_in_a_verdict() {
    for levels in [100_000, 999_999, 1_000_001] {
        let values = format!("{{\"k\": {}{}", "[".repeat(levels), "]".repeat(levels));
        let (verification, rule) = verdict("json", &values);
        if levels > 1_000_000 {
            assert_eq!((verification.as_str(), rule), ("not-verified", None));
        } else {
            let expected = ("failed", Some("unreadable-file".to_owned()));
            assert_eq!((verification.as_str(), rule), expected);
        }
    }
}

// sops opens it: it prints nothing of a binary file but the content.
#[test]
fn a_binary_file_with_more_levels_than_are_followed_is_left_open() {
    let sandbox = Sandbox::new();
    let sound = String::from_utf8(std::fs::read(testdata("formats/values.enc.bin")).unwrap());
    let nested = |levels: usize| {
        let deep = "[".repeat(levels) + &"]".repeat(levels);
        let text = sound.as_ref().unwrap();
        text.replacen('{', &format!("{{\"x_unencrypted\":{deep},"), 1)
    };
    sandbox.write("a.enc.bin", nested(9_000));
    sandbox.write("b.enc.bin", nested(10_001));
    let run = sandbox.run(["check", "--format", "json", "--identity", &key()]);
    let report = run.expect_code(0).json();
    assert_eq!(report["files"][0]["verification"], "verified");
    assert_eq!(report["files"][1]["verification"], "not-verified");
    assert_eq!(report["findings"], serde_json::json!([]));
}
