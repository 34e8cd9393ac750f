//! What `audit` says about the rules of `.sops.yaml` themselves, against what real sops does with them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use sopsguard::Finding;

use crate::audited::{fired, repository, seed};
use crate::peers::{ask, peer};

const AGE: &str = "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du";

/// How many configurations are asked for a rule, and for how many paths each.
const CONFIGS: usize = 400;
const PATHS: usize = 40;

/// How many files are encrypted.
const FILES: usize = 120;

#[test]
#[ignore = "asks real sops"]
fn a_rule_that_is_never_reached_is_never_chosen_by_sops() {
    let seed = seed();
    let mut chance = Chance(seed);
    println!("seed {seed}");
    let root = repository();
    let mut questions = Vec::new();
    let mut configs = Vec::new();
    for case in 0..CONFIGS {
        let folder = root.path().join(case.to_string());
        fs::create_dir(&folder).unwrap();
        let (text, paths) = chance.rules();
        let config = folder.join(".sops.yaml");
        fs::write(&config, &text).unwrap();
        for path in &paths {
            questions.push(json!({"op": "rule", "config": config, "path": folder.join(path)}));
        }
        configs.push((text, paths));
    }
    let answers = ask(questions);
    let mut unreachable = BTreeSet::new();
    for finding in fired(root.path(), "unreachable-rule") {
        let case: usize = finding
            .location
            .path
            .parent()
            .unwrap()
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        unreachable.insert((case, finding.location.start.unwrap().line - 2));
    }
    let mut chosen = BTreeSet::new();
    for (case, ((text, paths), answers)) in configs.iter().zip(answers.chunks(PATHS)).enumerate() {
        for (path, answer) in paths.iter().zip(answers) {
            // Each rule has a key that says its number.
            let Some(key) = answer["groups"][0][0].as_str() else {
                assert!(
                    answer["err"]
                        .as_str()
                        .is_some_and(|error| !error.contains("unmarshal")),
                    "{answer}\n{text}"
                );
                continue;
            };
            let rule: usize = key.trim_start_matches("pgp:").parse().unwrap();
            assert!(
                !unreachable.contains(&(case, rule)),
                "seed {seed}: rule {rule} for {path} in\n{text}"
            );
            chosen.insert((case, rule));
        }
    }
    println!(
        "{} rules are unreachable, {} were chosen",
        unreachable.len(),
        chosen.len()
    );
    assert!(unreachable.len() > CONFIGS / 4 && chosen.len() > CONFIGS);
}

#[test]
#[ignore = "asks real sops"]
fn under_an_invalid_selector_sops_leaves_in_clear_what_the_finding_says() {
    let seed = seed();
    let mut chance = Chance(seed);
    println!("seed {seed}");
    let root = repository();
    let cases: Vec<(&str, String)> = (0..FILES)
        .map(|case| (SELECTORS[case % 4], chance.regex()))
        .collect();
    let questions = cases
        .iter()
        .map(|(_, regex)| json!({"op": "regexp", "pattern": regex, "texts_b64": []}));
    let answers = ask(questions.collect());
    let mut clear = Vec::new();
    for (case, (selector, regex)) in cases.iter().enumerate() {
        let folder = root.path().join(case.to_string());
        fs::create_dir(&folder).unwrap();
        let rule = json!({"age": AGE, *selector: regex});
        let config = json!({"creation_rules": [rule]});
        fs::write(folder.join(".sops.yaml"), config.to_string()).unwrap();
        let what = format!("seed {seed}: {selector}: {regex}");
        clear.push(encrypted(&folder, answers[case]["ok"] == true, &what));
    }
    let findings = fired(root.path(), "invalid-regex");
    let mut invalid = [0; 4];
    for (case, ((selector, regex), (values, text))) in cases.iter().zip(&clear).enumerate() {
        let what = format!("seed {seed}: {selector}: {regex}\n{text}");
        let path = Path::new(&case.to_string()).join(".sops.yaml");
        let found: Vec<&Finding> = findings
            .iter()
            .filter(|finding| finding.location.path == path)
            .collect();
        assert_eq!(
            found.len(),
            usize::from(answers[case]["ok"] != true),
            "{what}{}",
            answers[case]
        );
        for finding in found {
            invalid[case % 4] += 1;
            let says = finding.consequence.as_deref().unwrap();
            assert_eq!(
                says.contains("every value stays in clear"),
                *values == [true; 4],
                "{what}{says}"
            );
            assert_eq!(
                says.contains("every value is encrypted"),
                *values == [false; 4],
                "{what}{says}"
            );
        }
    }
    println!("{invalid:?} of {FILES} are invalid");
    assert!(
        invalid
            .iter()
            .all(|count| (FILES / 40..FILES / 4).contains(count)),
        "{invalid:?}"
    );
}

/// Which of four values real sops leaves in clear in the folder, and the file.
fn encrypted(folder: &Path, is_valid: bool, what: &str) -> ([bool; 4], String) {
    fs::write(
        folder.join("x.yaml"),
        "# a\na: one\n# b\nb:\n    - two\n    - 3\nab: {c: four}\n",
    )
    .unwrap();
    let told = Command::new(peer("sops-3.13.3"))
        .args(["encrypt", "--in-place", "x.yaml"])
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    assert!(
        // It refuses to encrypt comments that its own pattern takes for clear ones.
        told.status.success() || is_valid,
        "{what}: {told:?}"
    );
    let text = fs::read_to_string(folder.join("x.yaml")).unwrap();
    let data = text.split("\nsops:").next().unwrap();
    let values = ["one", "two", "3", "four"].map(|value| {
        let is_value = |line: &str| line.ends_with(&format!(" {value}"));
        data.lines().any(is_value)
    });
    (values, text)
}

const SELECTORS: [&str; 4] = [
    "encrypted_regex",
    "unencrypted_regex",
    "encrypted_comment_regex",
    "unencrypted_comment_regex",
];

struct Chance(u64);

/// Pieces of patterns, each with texts that it matches.
const PIECES: &[(&str, &[&str])] = &[
    ("a", &["a"]),
    ("b", &["b"]),
    ("/", &["/"]),
    ("\\.", &["."]),
    (".", &["a", "x", "."]),
    (".*", &["", "a/b", "xx"]),
    (".+", &["b", "ab/"]),
    ("[^/]+", &["ab", "x.y"]),
    ("(a|b)", &["a", "b"]),
    ("(?:a|ab)", &["a", "ab"]),
    ("a?", &["", "a"]),
    ("(a/)*", &["", "a/a/"]),
    ("[ab]{1,2}", &["a", "ba"]),
    ("\\w", &["x", "b"]),
    ("(?i:A)", &["a", "A"]),
    ("\\b", &[""]),
    ("(^|/)", &["/", ""]),
    ("ya?ml", &["yaml", "yml"]),
];

/// What breaks a pattern, and what looks as if it did.
const ODD: &[&str] = &[
    "(",
    ")",
    "[",
    "**",
    "(?!a)",
    "\\1",
    "{2,1}",
    "(?P<n",
    "a{1001}",
    "\\",
    "[z-a]",
    "(?<n>a)",
    "]",
    "}",
    "{",
    "\\Q(",
    "a{,2}",
    "\\pX",
    "\\p{Greek}",
    "(?i)",
    "+?",
    "[[:alpha:]]",
    "[[:alph:]]",
    "\\z",
    "\\Z",
    "\\x{41}",
];

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 16) % end as u64) as usize
    }

    /// A pattern that Go takes or does not.
    fn regex(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..1 + self.below(3) {
            text += match self.below(2) {
                0 => ODD[self.below(ODD.len())],
                _ => PIECES[self.below(PIECES.len())].0,
            };
        }
        text
    }

    /// A configuration of a rule a line, of which later ones are often narrower or a little wider, and paths
    /// that some of its patterns match.
    fn rules(&mut self) -> (String, Vec<String>) {
        let mut patterns: Vec<Vec<usize>> = Vec::new();
        for _ in 0..2 + self.below(4) {
            let mut pattern: Vec<usize> = (0..1 + self.below(4))
                .map(|_| self.below(PIECES.len()))
                .collect();
            if !patterns.is_empty() && self.below(3) > 0 {
                pattern = patterns[self.below(patterns.len())].clone();
                let (at, piece) = (self.below(pattern.len() + 1), self.below(PIECES.len()));
                match self.below(4) {
                    0 | 1 => pattern.insert(at, piece),
                    2 if at < pattern.len() => pattern[at] = piece,
                    _ if pattern.len() > 1 => _ = pattern.pop(),
                    _ => {}
                }
            }
            patterns.push(pattern);
        }
        let mut text = "creation_rules:\n".to_owned();
        for (number, pattern) in patterns.iter().enumerate() {
            let pattern: String = pattern.iter().map(|at| PIECES[*at].0).collect();
            let (start, end) = (["^", "", ""][self.below(3)], ["$", "", ""][self.below(3)]);
            text += &match self.below(30) {
                0 => format!("- {{pgp: '{number}'}}\n"),
                _ => format!("- {{path_regex: '{start}{pattern}{end}', pgp: '{number}'}}\n"),
            };
        }
        let paths = (0..PATHS).map(|_| self.path(&patterns)).collect();
        (text, paths)
    }

    fn path(&mut self, patterns: &[Vec<usize>]) -> String {
        let pattern = &patterns[self.below(patterns.len())];
        let mut path = ["", "", "x", "a/", "B"][self.below(5)].to_owned();
        for at in pattern {
            let texts = PIECES[*at].1;
            path += texts[self.below(texts.len())];
        }
        path += ["", "", "x", "/b", ".yaml"][self.below(5)];
        // As file names are.
        let parts: Vec<&str> = path
            .split('/')
            .filter(|part| !["", ".", ".."].contains(part))
            .collect();
        match parts.join("/") {
            path if path.is_empty() => "a".to_owned(),
            path => path,
        }
    }
}
