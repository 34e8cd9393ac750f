//! What the rules that compare versions say without a key, against what the key says.
//!
//! A file is edited as text, at random. Where it still verifies none of the rules may call it an error,
//! and where it does not one of them has to, unless the file by itself shows that it is broken. The
//! verdict is that of `sops::check`, which is compared with real sops elsewhere.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::stories::{MAX_LEN, fixtures, told_of};
use crate::change::Version;
use crate::document::{Document, Format};
use crate::finding::Severity;
use crate::fs;
use crate::keys::{Given, Keyring, Origin};
use crate::secret::Secret;
use crate::sops::{self, SopsFile, Verification};
use crate::source::{Source, SourceId};

/// Files that hold all that a file can hold, under several selectors. In none of them are two encrypted
/// values equal: to exchange those is an edit as text, and the MAC holds.
const FILES: [(&str, Format); 7] = [
    ("edited-outside-sops/quiet/unchanged", Format::Yaml),
    (
        "edited-outside-sops/quiet/unchanged-all-encrypted",
        Format::Yaml,
    ),
    (
        "edited-outside-sops/quiet/unchanged-only-encrypted",
        Format::Yaml,
    ),
    ("edited-outside-sops/fires/moved-documents", Format::Yaml),
    ("edited-outside-sops/quiet/unchanged-env", Format::Dotenv),
    ("edited-outside-sops/quiet/unchanged-ini", Format::Ini),
    ("edited-outside-sops/quiet/unchanged-json", Format::Json),
];

/// An edit of one line.
#[derive(Clone, Copy, Debug)]
enum Edit {
    Delete,
    Swap,
    Move,
    Copy,
    Rename,
    Append,
    TakeValue,
    Empty,
    Null,
    Respell,
    Comment,
    Insert,
}

const EDITS: [Edit; 12] = [
    Edit::Delete,
    Edit::Swap,
    Edit::Move,
    Edit::Copy,
    Edit::Rename,
    Edit::Append,
    Edit::TakeValue,
    Edit::Empty,
    Edit::Null,
    Edit::Respell,
    Edit::Comment,
    Edit::Insert,
];

/// What became of a file that was edited.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// It shows by itself that it is broken.
    Broken,
    /// The key and the rules agree.
    Agreed,
    /// They do not.
    Odds(String),
}

fn keyring() -> Keyring {
    let text = Secret::new(fs::read(&fixtures().join("keys.txt"), MAX_LEN).unwrap());
    let origin = Origin::Stdin;
    Keyring::given([Given { origin, text }]).unwrap()
}

fn source(text: &str) -> Source {
    let id = SourceId::Stdin("x.yaml".into());
    Source::decode(id, text.as_bytes().to_vec()).unwrap()
}

fn read((name, format): (&str, Format)) -> String {
    let end = match format {
        Format::Dotenv => "env",
        other => other.name(),
    };
    let path = fixtures().join(name).join(format!("base.enc.{end}"));
    String::from_utf8(fs::read(&path, MAX_LEN).unwrap()).unwrap()
}

/// The lines that are values: no metadata, and no mark between documents.
fn places(lines: &[String]) -> Vec<usize> {
    let mut in_metadata = false;
    let is_place = |(at, line): (usize, &String)| {
        if line == "[sops]" || line.ends_with("\"sops\": {") {
            in_metadata = true;
        } else if !line.starts_with([' ', '\t']) && !line.contains(" = ") {
            in_metadata = line == "sops:" || line.starts_with("sops_");
        }
        (!in_metadata && !["---", "{", "}"].contains(&line.as_str())).then_some(at)
    };
    lines.iter().enumerate().filter_map(is_place).collect()
}

fn edited(text: &str, edits: &[(usize, usize, usize)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for &(edit, from, to) in edits {
        let places = places(&lines);
        if places.is_empty() {
            break;
        }
        let (from, to) = (places[from % places.len()], places[to % places.len()]);
        edit_lines(&mut lines, EDITS[edit % EDITS.len()], from, to);
    }
    lines.join("\n") + "\n"
}

fn edit_lines(lines: &mut Vec<String>, edit: Edit, from: usize, to: usize) {
    let line = lines[from].clone();
    let indent = line.len() - line.trim_start().len();
    let mark = [": ", " = ", "="]
        .into_iter()
        .find(|mark| line.contains(mark));
    let mark = mark.unwrap_or(": ");
    let value = |line: &str| line.split_once(mark).map(|(_, value)| value.to_owned());
    let with = |value: &str| match line.split_once(mark) {
        Some((key, _)) => format!("{key}{mark}{value}"),
        None => line.clone(),
    };
    // A comma of JSON stays where it is.
    let (body, comma) = line
        .strip_suffix(',')
        .map_or((line.as_str(), ""), |body| (body, ","));
    match edit {
        Edit::Delete => _ = lines.remove(from),
        Edit::Swap => lines.swap(from, to),
        Edit::Move => {
            let line = lines.remove(from);
            lines.insert(to.min(lines.len()), line);
        }
        Edit::Copy => lines.insert(to, line),
        Edit::Rename => match line.split_once(mark) {
            Some((key, value)) if key.ends_with('"') => {
                let key = key.trim_end_matches('"');
                lines[from] = format!("{key}x\"{mark}{value}");
            }
            Some((key, value)) => lines[from] = format!("{key}x{mark}{value}"),
            None => {}
        },
        Edit::Append if line.contains("ENC[") => {}
        Edit::Append => match body.strip_suffix('"') {
            Some(body) => lines[from] = format!("{body}1\"{comma}"),
            None => lines[from] = format!("{body}1{comma}"),
        },
        Edit::TakeValue => {
            if let Some(value) = value(&lines[to]) {
                lines[from] = with(&value);
            }
        }
        Edit::Empty => lines[from] = with("\"\""),
        Edit::Null => lines[from] = with("null"),
        Edit::Respell => lines[from] = line.replace(": 16", ": 0x10").replace(": 1.5", ": 15e-1"),
        Edit::Comment => lines.insert(from, format!("{}# by hand", " ".repeat(indent))),
        Edit::Insert if line.starts_with('\t') => lines.insert(from, "\t\"new\": 1,".to_owned()),
        Edit::Insert => lines.insert(from, format!("{}new{mark}by hand", " ".repeat(indent))),
    }
}

fn outcome(bases: &[&str], now: &str, format: Format, keyring: &Keyring) -> Outcome {
    let source = source(now);
    let Ok(document) = Document::parse(&source, format) else {
        return Outcome::Broken;
    };
    let Ok(Some(file)) = SopsFile::of(&document) else {
        return Outcome::Broken;
    };
    let without_key = sops::check(&file, &Keyring::default()).verification;
    if without_key == Verification::Failed {
        return Outcome::Broken;
    }
    let verification = sops::check(&file, keyring).verification;
    let version = |text: &&str| {
        let id = SourceId::Stdin("x.yaml".into());
        let version = Version::read(id, text.as_bytes().to_vec(), format);
        version.unwrap_or_else(|error| panic!("{error:?}"))
    };
    let bases: Vec<Version> = bases.iter().map(version).collect();
    let found = told_of(&bases, &source, format);
    let is_wrong = match verification {
        Verification::Verified => found.iter().any(|found| found.severity == Severity::Error),
        _ => found
            .iter()
            .all(|found| found.rule == "unauthenticated-change"),
    };
    if is_wrong {
        let told: Vec<_> = found
            .iter()
            .map(|found| (found.rule, &found.message))
            .collect();
        return Outcome::Odds(format!("{verification:?}, and {told:?}"));
    }
    Outcome::Agreed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]
    #[test]
    fn without_a_key_the_base_tells_what_the_key_tells(
        file in 0..FILES.len(),
        edits in prop::collection::vec((0..EDITS.len(), any::<usize>(), any::<usize>()), 1..4),
    ) {
        let base = read(FILES[file]);
        let now = edited(&base, &edits);
        let outcome = outcome(&[&base], &now, FILES[file].1, &keyring());
        let is_at_odds = matches!(outcome, Outcome::Odds(_));
        prop_assert!(!is_at_odds, "{}: {outcome:?}\n{now}", FILES[file].0);
    }
}

#[test]
fn each_mix_of_the_lines_of_two_sides_is_told_as_the_key_tells_it() {
    let keyring = keyring();
    let story = fixtures().join("mixed-merge/fires/value");
    let side = |name: &str| {
        let path = story.join(name).with_extension("enc.yaml");
        String::from_utf8(fs::read(&path, MAX_LEN).unwrap()).unwrap()
    };
    let (ours, theirs) = (side("base"), side("other"));
    let lines: Vec<(&str, &str)> = ours.lines().zip(theirs.lines()).collect();
    let differing = lines.iter().filter(|(ours, theirs)| ours != theirs).count();
    assert_eq!(differing, 4, "two values, the time and the MAC");
    for choice in 0..1 << differing {
        let mut next = 0;
        let taken = lines.iter().map(|(ours, theirs)| {
            let is_theirs = ours != theirs && choice >> next & 1 == 1;
            next += usize::from(ours != theirs);
            if is_theirs { *theirs } else { *ours }
        });
        let now: String = taken.map(|line| format!("{line}\n")).collect();
        let outcome = outcome(&[&ours, &theirs], &now, Format::Yaml, &keyring);
        assert_eq!(outcome, Outcome::Agreed, "{choice:04b}");
    }
}

#[test]
fn the_edits_make_files_of_each_kind() {
    let keyring = keyring();
    for file in FILES {
        let (base, (name, format)) = (read(file), file);
        let all = (0..EDITS.len()).flat_map(|edit| (0..20).map(move |from| (edit, from)));
        let agreed = all.filter(|(edit, from)| {
            let now = edited(&base, &[(*edit, *from, from + 3)]);
            now != base && outcome(&[&base], &now, format, &keyring) == Outcome::Agreed
        });
        let agreed = agreed.count();
        assert!(agreed > 30, "{name}: {agreed} of {}", EDITS.len() * 20);
    }
}

#[test]
fn a_file_of_many_values_is_quick_whatever_became_of_them() {
    let base = read(FILES[1]);
    let (_, sound) = base.split_once("\nsops:\n").unwrap();
    let metadata = sound.split("\n---\n").next().unwrap();
    let token = base.lines().find_map(|line| line.split_once("password: "));
    let token = token.unwrap().1;
    let line = |key: usize, number: usize| {
        let iv = format!("iv:{number:043}=");
        let (start, rest) = token.split_once("iv:").unwrap();
        let (_, end) = rest.split_once(',').unwrap();
        format!("k{key}: {start}{iv},{end}\n")
    };
    let text = |body: String| format!("sops:\n{metadata}\n---\n{body}");
    let many = 20_000;
    let all = |line: &dyn Fn(usize) -> String| text((0..many).map(line).collect());
    let base = all(&|at| line(at, at));
    let documents = |from: usize| all(&|at| line(at + from, at + from) + "---\n");
    for (base, now) in [
        (&base, all(&|at| line(many - at, many - at))),
        (&base, all(&|at| line(at + 1, at))),
        (&base, all(&|at| line(at, at + many))),
        (&base, all(&|at| format!("k{at}: clear\n"))),
        (&documents(0), documents(many / 2)),
    ] {
        let id = SourceId::Stdin("x.yaml".into());
        let base = Version::read(id, base.clone().into_bytes(), Format::Yaml);
        let base = [base.unwrap_or_else(|error| panic!("{error:?}"))];
        let source = source(&now);
        let start = Instant::now();
        assert!(!told_of(&base, &source, Format::Yaml).is_empty());
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{:?}",
            start.elapsed()
        );
    }
}
