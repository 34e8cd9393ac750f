//! Recipients that come and go as chance has it: what came and goes again leaves nothing behind, and sops reads
//! whatever remains.

use std::ffi::OsString;
use std::time::SystemTime;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::round_trips::files;
use super::*;
use crate::peers::ask_as;

/// Chance, of which a seed tells all.
struct Chance(u64);

impl Chance {
    fn new() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let seed = now.unwrap().as_nanos() as u64 | 1;
        println!("seed {seed}");
        Self(seed)
    }

    /// A number below this one.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % end
    }
}

/// How often somebody comes or goes in one story.
const STEPS: usize = 8;

/// How many stories each file has.
const STORIES: usize = 5;

/// The text after a story. Whenever somebody came, taking her out again has to give the text of before.
fn story(chance: &mut Chance, file: &str, format: Format, text: &str, keyring: &Keyring) -> String {
    let mut text = text.to_owned();
    let first = recipients(&text, format).remove(0);
    let mut now: Vec<String> = first.clone();
    for _ in 0..STEPS {
        let with = |now: &[String], text: &str| {
            let names: Vec<&str> = now.iter().map(String::as_str).collect();
            let new = rekeyed(text, format, keyring, &wanted(&[&names]));
            let new = new.unwrap_or_else(|refusal| panic!("{file}: {refusal}\n{text}"));
            let verified = verification(&new, format, keyring);
            assert_eq!(verified, Verification::Verified, "{file}\n{new}");
            new
        };
        let absent: Vec<&str> = NEW
            .into_iter()
            .filter(|new| !now.iter().any(|name| name == new))
            .collect();
        let comes = now.len() == first.len() || (!absent.is_empty() && chance.below(5) < 3);
        if comes {
            let mut more = now.clone();
            let who = absent[chance.below(absent.len())].to_owned();
            more.insert(chance.below(more.len() + 1), who);
            let new = with(&more, &text);
            assert!(is_within(&text, &new), "{file}: a line is gone\n{new}");
            assert_eq!(with(&now, &new), text, "{file}: something is left");
            (text, now) = (new, more);
        } else {
            // One of those that came: who was there first has the only identity.
            let strangers: Vec<usize> = (0..now.len())
                .filter(|at| !first.contains(&now[*at]))
                .collect();
            let at = strangers[chance.below(strangers.len())];
            now.remove(at);
            text = with(&now, &text);
        }
    }
    let mut have = recipients(&text, format).remove(0);
    have.sort_unstable();
    now.sort_unstable();
    assert_eq!(have, now, "{file}");
    text
}

#[test]
fn who_came_and_goes_leaves_nothing_behind_whatever_happened_before() {
    let mut chance = Chance::new();
    for (path, format, text, keyring) in files() {
        for _ in 0..STORIES {
            story(&mut chance, &path, format, &text, &keyring);
        }
    }
}

#[test]
#[ignore = "asks real sops"]
fn sops_reads_the_same_after_whatever_coming_and_going() {
    let mut chance = Chance::new();
    let home = tempfile::tempdir().unwrap();
    let keys = ["rules/keys.txt", "identities/keys/age.txt"];
    let keys = keys.map(|path| std::fs::read_to_string(testdata().join(path)).unwrap());
    std::fs::write(home.path().join("keys.txt"), keys.concat()).unwrap();
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    let ssh = testdata().join("identities/keys/ed25519");
    std::fs::copy(ssh, home.path().join(".ssh/id_ed25519")).unwrap();
    let variables: [(&str, OsString); 2] = [
        ("HOME", home.path().into()),
        ("SOPS_AGE_KEY_FILE", home.path().join("keys.txt").into()),
    ];
    let name = |format: Format| match format {
        Format::Yaml => "yaml",
        Format::Json => "json",
        Format::Dotenv => "dotenv",
        Format::Ini => "ini",
        Format::Binary => "binary",
    };
    let question = |format: Format, text: &str| {
        let b64 = BASE64_STANDARD.encode(text);
        json!({"op": "decrypt", "format": name(format), "b64": b64})
    };
    let mut told: Vec<(String, Value, Value)> = Vec::new();
    for (path, format, text, keyring) in files() {
        for _ in 0..STORIES {
            let new = story(&mut chance, &path, format, &text, &keyring);
            told.push((
                path.clone(),
                question(format, &text),
                question(format, &new),
            ));
        }
    }
    let ask = |questions: Vec<Value>| ask_as(questions, &variables);
    let before = ask(told.iter().map(|(_, before, _)| before.clone()).collect());
    let after = ask(told.iter().map(|(_, _, after)| after.clone()).collect());
    for (((path, ..), before), after) in told.iter().zip(before).zip(after) {
        assert_eq!(after["ok"], true, "{path}: {after}");
        assert_eq!(before["plain_sha256"], after["plain_sha256"], "{path}");
    }
}
