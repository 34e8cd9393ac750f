//! Files that real sops writes, for every combination of format, selector, kinds of keys and layout of
//! key groups, whole and damaged, seen by who has all keys, some, or none.
//!
//! sops writes them with its command, by a `.sops.yaml`, as users do. Its library says in the process
//! of the oracle what it makes of each, and its command is asked about one in so many. What sops opens
//! must be `verified`; what it refuses, `failed`; and where nobody has the keys, `not-verified`.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails where its world does"
)]

mod damage;
mod peers;
mod table;
mod world;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::path::PathBuf;
use std::time::Instant;

use rayon::prelude::*;
use sopsguard::engine::{self, Request, Target};
use sopsguard::{Environment, Platform, Verification};

use damage::{DAMAGES, Whole};
use peers::Expectation;
use table::{FORMATS, KINDS, LAYOUTS, RINGS, SELECTORS};
use world::{File, World};

/// How many edits each file gets, by turns.
const EDITS: usize = 3;

/// The command is asked about one text in so many.
const SAMPLE: usize = 50;

/// A file as it is checked: whole, or after one edit.
struct Case<'f> {
    file: &'f File,
    name: String,
    text: String,
    damage: &'static str,
}

/// What is told apart, with how often it was met.
#[derive(Default)]
struct Tally(BTreeMap<String, usize>);

impl Tally {
    fn add(&mut self, what: impl Display) {
        *self.0.entry(what.to_string()).or_default() += 1;
    }

    fn print(&self, title: &str) {
        println!("{title}");
        for (what, count) in &self.0 {
            println!("  {count:6}  {what}");
        }
    }

    fn of(&self, what: &str) -> usize {
        self.0.get(what).copied().unwrap_or_default()
    }
}

const WHOLE: &str = "nothing";

/// A case and who looks at it.
struct Question<'c> {
    ring: &'static str,
    case: &'c Case<'c>,
}

#[test]
#[ignore = "needs real sops; run scripts/peers"]
fn files_of_every_combination_have_the_verdicts_of_sops() {
    let started = Instant::now();
    let world = World::new();
    let files = world.write_all();
    print_written(&files);
    let cases = cases(&world, &files);
    let questions = questions(&cases);
    println!("{} texts, {} questions", cases.len(), questions.len());
    println!("after {:.0?}", started.elapsed());

    let expected = ask_sops(&world, &questions);
    println!("sops has answered, {:.0?}", started.elapsed());
    let ours = ask_us(&world, &questions);
    println!("so have we, {:.0?}", started.elapsed());

    let mut wrong = compare(&questions, &expected, &ours);
    wrong.extend(compare_with_the_command(&world, &questions, &expected));
    println!("{:.0?} in all", started.elapsed());
    let shown = wrong.iter().take(40).map(String::as_str);
    let shown: Vec<&str> = shown.collect();
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        shown.join("\n")
    );
}

fn print_written(files: &[File]) {
    println!(
        "{} formats, {} selectors, {} layouts of {} kinds of keys: {} combinations",
        FORMATS.len(),
        SELECTORS.len(),
        LAYOUTS.len(),
        KINDS.len(),
        files.len()
    );
    let mut written = Tally::default();
    for file in files {
        match &file.written {
            Ok(_) => written.add("written"),
            Err(reason) => written.add(format_args!("refused: {reason}")),
        }
    }
    written.print("`sops encrypt`:");
    assert!(written.of("written") > files.len() / 2);
}

/// Every file that was written, whole, and after some of the edits.
fn cases<'f>(world: &World, files: &'f [File]) -> Vec<Case<'f>> {
    let written = |file: &'f File| Some((file, file.written.as_ref().ok()?));
    let written: Vec<(&File, &String)> = files.iter().filter_map(written).collect();
    let mut cases = Vec::new();
    let mut damage = 0;
    for (turn, (file, text)) in written.iter().enumerate() {
        let alike = |(other, _): &&(&File, &String)| {
            (other.layout, other.format) == (file.layout, file.format)
                && other.selector != file.selector
        };
        let whole = Whole {
            text,
            format: file.format(),
            other: written.iter().find(alike).unwrap().1,
            named: world.named(text),
            turn,
        };
        cases.push(Case::new(file, WHOLE, text.to_string(), cases.len()));
        let mut left = EDITS;
        for _ in 0..DAMAGES.len() {
            let (name, edit) = DAMAGES[damage % DAMAGES.len()];
            damage += 1;
            if let Some(text) = edit(&whole).filter(|edited| edited != *text) {
                cases.push(Case::new(file, name, text, cases.len()));
                left -= 1;
            }
            if left == 0 {
                break;
            }
        }
    }
    cases
}

impl<'f> Case<'f> {
    fn new(file: &'f File, damage: &'static str, text: String, number: usize) -> Self {
        Self {
            file,
            name: format!("{number}.{}", file.ending()),
            text,
            damage,
        }
    }

    fn describe(&self) -> String {
        let layout = self.file.layout();
        format!(
            "{}, `{}`, keys {}{} of {:?}, edit: {}",
            self.file.format(),
            SELECTORS[self.file.selector],
            if layout.flat { "flat " } else { "" },
            layout.groups,
            layout.threshold,
            self.damage
        )
    }
}

/// Who has all keys sees every text; a whole file is seen by three others too, by turns, and every
/// other damaged one by one. Only where a plugin matters, it is among the keys.
fn questions<'c>(cases: &'c [Case<'c>]) -> Vec<Question<'c>> {
    let mut questions = Vec::new();
    let mut turn = 0;
    for (at, case) in cases.iter().enumerate() {
        let plugin = case.file.layout().groups.contains('l');
        let rings = RINGS.iter().filter(|ring| plugin || !ring.contains('l'));
        let mut rings: Vec<&'static str> = rings.copied().collect();
        questions.extend(rings.pop().map(|ring| Question { ring, case }));
        let others = if case.damage == WHOLE { 3 } else { at % 2 };
        for _ in 0..others {
            let ring = rings[turn % rings.len()];
            questions.push(Question { ring, case });
            turn += 1;
        }
    }
    questions
}

/// The questions of each ring, by their places.
fn by_ring(questions: &[Question<'_>]) -> BTreeMap<&'static str, Vec<usize>> {
    let mut rings: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, question) in questions.iter().enumerate() {
        rings.entry(question.ring).or_default().push(at);
    }
    rings
}

/// What sops's library says, question by question.
fn ask_sops(world: &World, questions: &[Question<'_>]) -> Vec<Expectation> {
    let rings = by_ring(questions);
    let portions: Vec<(&str, &[usize])> = rings
        .iter()
        .flat_map(|(ring, places)| places.chunks(500).map(|portion| (*ring, portion)))
        .collect();
    let answers = portions.par_iter().flat_map_iter(|(ring, places)| {
        let texts: Vec<(&str, &str)> = places
            .iter()
            .map(|at| questions[*at].case)
            .map(|case| (case.text.as_str(), case.file.format()))
            .collect();
        let answers = world
            .peers
            .expect(&texts, &world.variables(ring), &world.own(ring));
        places.iter().copied().zip(answers)
    });
    let mut answers: Vec<(usize, Expectation)> = answers.collect();
    answers.sort_by_key(|(at, _)| *at);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// What we say, question by question: one check for each ring.
fn ask_us(world: &World, questions: &[Question<'_>]) -> Vec<Verification> {
    let mut said: Vec<Option<Verification>> = questions.iter().map(|_| None).collect();
    for (ring, places) in by_ring(questions) {
        let environment = Environment::new(world.variables(ring), "/".into(), Platform::Unix);
        let mut request = Request::new(&environment);
        request.access.plugins = vec!["batchpass".to_owned()];
        let target = |at: &usize| Target::Text {
            name: PathBuf::from(&questions[*at].case.name),
            bytes: questions[*at].case.text.clone().into_bytes(),
        };
        request.targets = places.iter().map(target).collect();
        let report = engine::check(request).unwrap();
        let files = report.files.into_iter();
        let mut files: HashMap<PathBuf, Verification> =
            files.map(|file| (file.path, file.verification)).collect();
        for at in places {
            said[at] = files.remove(&PathBuf::from(&questions[at].case.name));
        }
    }
    said.into_iter().map(Option::unwrap).collect()
}

/// Prints what was met, and gives the differences.
fn compare(
    questions: &[Question<'_>],
    expected: &[Expectation],
    ours: &[Verification],
) -> Vec<String> {
    let (mut whole, mut damaged, mut edits) =
        (Tally::default(), Tally::default(), Tally::default());
    let mut wrong = Vec::new();
    for ((question, expected), ours) in questions.iter().zip(expected).zip(ours) {
        let agreed = ours.name() == expected.want || expected.certain && ours.name() == "failed";
        if !agreed {
            wrong.push(format!(
                "{}, seen by `{}`: sops {} {}, wanted {}, here {ours:?}",
                question.case.describe(),
                question.ring,
                expected.stage,
                expected.error,
                expected.want
            ));
        }
        let sops = if expected.opens {
            "opens"
        } else {
            &expected.stage
        };
        let reason = match ours {
            Verification::NotVerified(reason) => format!(", {reason}"),
            _ => String::new(),
        };
        let line = format!("sops: {sops:18} here: {}{reason}", ours.name());
        match question.case.damage {
            WHOLE => whole.add(line),
            edit => {
                damaged.add(line);
                edits.add(format_args!("{edit}: {}", ours.name()));
            }
        }
    }
    whole.print("whole files, as each ring sees them:");
    damaged.print("damaged files:");
    edits.print("by edit:");
    for (edit, _) in DAMAGES {
        let met = ["verified", "failed", "not-verified", "not-encrypted"];
        let met = met
            .iter()
            .any(|verdict| edits.of(&format!("{edit}: {verdict}")) > 9);
        assert!(met, "hardly any file got the edit: {edit}");
    }
    wrong
}

/// Asks sops's command about a sample, and gives where it does not do as its library does.
fn compare_with_the_command(
    world: &World,
    questions: &[Question<'_>],
    expected: &[Expectation],
) -> Vec<String> {
    let folder = world.folder("sample");
    let sample: Vec<(&Question<'_>, &Expectation)> = questions
        .iter()
        .zip(expected)
        .enumerate()
        .filter_map(|(at, asked)| (at % SAMPLE == 0).then_some(asked))
        .collect();
    println!("{} of the questions to the `sops` command", sample.len());
    let wrong = sample.par_iter().filter_map(|(question, expected)| {
        let file = folder.join(format!("{}-{}", question.ring, question.case.name));
        std::fs::write(&file, &question.case.text).unwrap();
        let opens = world.peers.decrypts(&file, &world.variables(question.ring));
        let told = format!("{}: the command opens: {opens}", question.case.describe());
        (opens != expected.opens).then_some(told)
    });
    wrong.collect()
}
