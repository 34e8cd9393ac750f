//! A recipient has a flaw where sops does not take it, over recipients that chance damages.
//!
//! It needs what `scripts/peers` installs, and is ignored unless asked for. The many are asked of sops's
//! library, a few of `sops encrypt --age`.

#![expect(
    clippy::disallowed_methods,
    reason = "a test fails where its world does"
)]

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::SystemTime;

use base64::Engine;
use serde_json::{Value, json};

use super::super::ssh::BASE64;
use super::super::*;
use super::{ED25519, SOUND};
use crate::peers::{ask, peer};

/// How many recipients are asked of the library, and how many of them of the program.
const MANY: usize = 4_000;
const FEW: usize = 100;

const RSA: &str = "AAAAB3NzaC1yc2EAAAADAQABAAABAQDOGOrQubATLHr/qqEAOvZIEI/8u2qn/JMES5/F4gOXtx9tDgtvsfybGg5fkfpFyhkRUDlrd4wWen+gdhoftTqsg2r+BSUG6CC0JkfSq0fTPeQikzH97kn1FywTRxL8bIhLjWGT8U+SuHHflaIQRx4kBebbZ4BwLWHMmdMtsWyw+BFMHWt9/pAQnDWKV8YtJxpkIvcg4r9yGdg3iJDwWw8noJKzOlL+bkh/++ayq5KehuHRWtbHzFflDWtRo51bikiOsvrefW3NgnSvlW9EnMiSOoTQ0naHPkP5ic4KlgdspSPcZzwaG47vcUQPizwuYQzgldWZ5ivxgDKefJDxccGv";

#[test]
#[ignore = "asks real sops"]
fn a_recipient_has_a_flaw_where_sops_does_not_take_it() {
    let seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seed = seed.unwrap().as_millis() as u64;
    println!("seed {seed}");
    let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let texts: Vec<String> = (0..MANY).map(|_| chance.recipient()).collect();
    let taken = library(&texts);
    let mut differences = Vec::new();
    let mut tally: BTreeMap<String, usize> = BTreeMap::new();
    for (text, is_taken) in texts.iter().zip(&taken) {
        let flaw = Recipient::parse(text).flaw();
        let word = format!("{flaw:?}");
        let word = word.trim_start_matches("Some(").split(['(', ')']).next();
        let word = word.unwrap_or_default().to_owned();
        *tally.entry(word).or_insert(0) += 1;
        if !is_ours_to_say(flaw.as_ref()) && flaw.is_none() != *is_taken {
            differences.push(format!("{text:?}: {flaw:?}, and sops takes it: {is_taken}"));
        }
    }
    assert!(differences.is_empty(), "seed {seed}: {differences:#?}");
    for (text, is_taken) in texts.iter().zip(&taken).take(FEW) {
        assert_eq!(program(text), *is_taken, "seed {seed}, {text:?}");
    }
    println!("{tally:?}");
    let flaws = [
        "None",
        "Character",
        "Checksum",
        "Length",
        "PluginName",
        "PrivateKey",
        "Spaced",
        "SshKey",
        "SshType",
        "Undecided",
        "Unknown",
        "UpperCase",
        "WeakRsa",
    ];
    for flaw in flaws {
        assert!(
            tally.get(flaw).is_some_and(|count| *count > 0),
            "{flaw}: {tally:?}"
        );
    }
}

/// Where age's word does not decide: a private key is never taken, also not as the comment of an SSH key;
/// and of an SSH key with options or of several lines nothing is said.
fn is_ours_to_say(flaw: Option<&Flaw>) -> bool {
    matches!(flaw, Some(Flaw::PrivateKey(_) | Flaw::Undecided))
}

/// Whether sops's library takes each for the recipient of a rule.
fn library(texts: &[String]) -> Vec<bool> {
    let folder = tempfile::tempdir().unwrap();
    let questions: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(number, text)| {
            let config = folder.path().join(format!("{number}.yaml"));
            let rules = json!({"creation_rules": [{"key_groups": [{"age": [text]}]}]});
            fs::write(&config, rules.to_string()).unwrap();
            json!({"op": "rule", "config": config, "path": folder.path().join("x.json")})
        })
        .collect();
    let answers = ask(questions);
    let answers = answers.iter().map(|answer| match answer["ok"] == true {
        true => answer["groups"][0].as_array().unwrap().len() == 1,
        false => {
            let error = answer["err"].as_str().unwrap_or_default();
            assert!(error.contains("failed to parse input"), "{answer}");
            false
        }
    });
    answers.collect()
}

/// Whether `sops encrypt --age` takes it. Where its plugin is not there, or nothing can be encrypted for it (an RSA key
/// whose modulus is even), it was taken.
fn program(text: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("x.json");
    fs::write(&plain, "{\"a\": 1}").unwrap();
    let output = Command::new(peer("sops-3.13.3"))
        .args(["encrypt", "--age", text])
        .arg(&plain)
        .env_clear()
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    let is_refused = told.contains("failed to parse input");
    let was_taken = ["plugin not found", "failed to wrap key"];
    let is_known = is_refused || was_taken.iter().any(|words| told.contains(words));
    assert!(output.status.success() || is_known, "{text:?}: {told}");
    !is_refused
}

struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 16) % end as u64) as usize
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    /// A recipient of any kind, damaged or not.
    fn recipient(&mut self) -> String {
        let mut text = match self.below(8) {
            0 => SOUND.to_owned(),
            1..=3 => self.bech32(),
            4 => {
                "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t".to_owned()
            }
            5 => self
                .one(&[
                    "AGE-SECRET-KEY-1QQ",
                    "alice",
                    "AGE-PLUGIN-YUBIKEY-1QQ",
                    "# x",
                    "ssh-",
                    "age1",
                    "age",
                ])
                .to_owned(),
            _ => self.ssh(),
        };
        for _ in 0..self.below(4).saturating_sub(1) {
            text = self.damaged(&text);
        }
        // Commas are between recipients, and where nothing is, there is none.
        match text.replace(',', "").trim() {
            "" => SOUND.to_owned(),
            text => text.to_owned(),
        }
    }

    /// Bech32 of a sound checksum, of a prefix and a length that age knows or does not.
    fn bech32(&mut self) -> String {
        let prefix = self.one(&[
            "age",
            "age",
            "age",
            "age1pq",
            "age1pq",
            "age1x",
            "age1x-y",
            "age1",
            "age1se",
            "age1a/b",
            "age1a_b",
            "age1pqx",
            "age1tag",
            "age1a1b",
            "age1p\u{e4}",
            "age1a b",
            "ag",
            "age-",
            "age1x+.",
        ]);
        let lengths = match prefix {
            "age1pq" => [1_216, 1_216, 1_215, 40],
            _ => [32, 32, 31, 33],
        };
        let length = lengths[self.below(4)];
        // Coefficients beyond the prime are no key.
        let most = self.one(&["\u{c}", "\u{c}", "\u{7f}"]).as_bytes()[0];
        let data: Vec<u8> = (0..length)
            .map(|_| u8::try_from(self.below(usize::from(most) + 1)).unwrap())
            .collect();
        bech32::encode(prefix, &data)
    }

    /// A line of an SSH key: options, type, key and comment.
    fn ssh(&mut self) -> String {
        let weak = self.rsa();
        let kinds = ["ssh-ed25519", "ssh-rsa"];
        let at = self.below(2);
        let kind = match self.below(8) {
            0 => self.one(&[
                "ssh-dss",
                "ssh-rsa",
                "ssh-ed25519",
                "ssh-foo",
                "ecdsa-sha2-nistp256",
            ]),
            _ => kinds[at],
        };
        let key = match (at, self.below(4)) {
            (_, 0) => weak.as_str(),
            (0, _) => ED25519,
            (_, _) => RSA,
        };
        let before = match self.below(8) {
            0 => self.one(&["no-pty ", "command=\"x y\" ", "# ", "\t", "ssh-x "]),
            _ => "",
        };
        let gap = self.one(&[" ", " ", " ", "  ", "\t", "", "\u{a0}"]);
        let after = self.one(&[
            "", "", " alice", "  a b c", "\tx", " #", "\n", "=", " \u{fc}", "\r\n#x",
        ]);
        format!("{before}{kind}{gap}{key}{after}")
    }

    /// An RSA key of some size, its numbers at random.
    fn rsa(&mut self) -> String {
        let size = [128, 255, 255, 256, 257, 1_024, 1_025][self.below(7)];
        let mut modulus: Vec<u8> = (0..size).map(|_| self.below(256) as u8).collect();
        // Go takes a modulus below zero, and fails as it encrypts: here it is none.
        match self.below(3) {
            0 => modulus[0] &= 0x7F,
            _ => modulus.insert(0, 0),
        }
        let exponents: [&[u8]; 6] = [&[1, 0, 1], &[3], &[2], &[1], &[0x80, 1], &[1, 0, 0, 1]];
        let exponent = exponents[self.below(6) * self.below(2)];
        let mut blob = Vec::new();
        for field in [b"ssh-rsa".as_slice(), exponent, &modulus] {
            blob.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
            blob.extend(field);
        }
        BASE64.encode(blob)
    }

    fn damaged(&mut self, text: &str) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        if chars.is_empty() {
            return String::new();
        }
        let at = self.below(chars.len());
        let new = self
            .one(&[
                "q", "b", "1", "A", " ", "=", "/", "\u{e9}", "l", "0", "\t", "-", "\u{2028}",
            ])
            .chars()
            .next()
            .unwrap_or('q');
        match self.below(9) {
            0 => chars[at] = new,
            1 => chars.insert(at, new),
            2 => _ = chars.remove(at),
            3 => chars.truncate(at),
            4 => chars[at] = chars[at].to_ascii_uppercase(),
            5 => return text.to_uppercase(),
            6 => chars.rotate_left(at.min(3)),
            7 => return format!("{text} {SOUND}"),
            _ => chars.push(new),
        }
        chars.into_iter().collect()
    }
}
