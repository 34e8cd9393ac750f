//! The hook as teams have it: in real repositories, run by real git, pre-commit and prek.
//!
//! What counts is whether the commit is there afterwards, which rule was named where it is not, and
//! that no secret was printed. These tests need what `scripts/peers` installs, and are ignored
//! unless asked for.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails where its world does"
)]

mod from_source;
mod runner;
mod scenarios;
mod world;

use std::process::Command;
use std::thread;

use runner::Runner;
use scenarios::{Expected, SCENARIOS, Scenario};
use world::{Attempt, World};

/// What became of one scenario under one runner.
enum Played {
    As(Expected),
    Skipped(&'static str),
    Otherwise(String),
}

#[test]
#[ignore = "needs git, pre-commit and prek: scripts/peers"]
fn commits_and_pushes_are_let_through_or_blocked_alike_under_every_runner() {
    let play = |runner| {
        let world = World::new(runner);
        let play = |scenario: &Scenario| scenario.like(&world);
        SCENARIOS.iter().map(play).collect()
    };
    let columns: Vec<Vec<Option<Played>>> = thread::scope(|scope| {
        let threads = Runner::ALL.map(|runner| scope.spawn(move || play(runner)));
        threads.map(|thread| thread.join().unwrap()).into()
    });
    let failures = print_table(&columns);
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}

impl Scenario {
    /// Plays it in a world like this one; nothing where it is not for its runner.
    fn like(&self, world: &World) -> Option<Played> {
        let runner = world.runner;
        if !self.runners.contains(&runner) {
            return None;
        }
        if self.as_root && !is_root() {
            return Some(Played::Skipped("not root"));
        }
        let world = world.again();
        let attempt = (self.play)(&world);
        world.assert_silent(&attempt.output);
        Some(match self.expected.contradiction(&attempt) {
            None => Played::As(self.expected),
            Some(why) => Played::Otherwise(format!(
                "{} under {}: {why}\n{}",
                self.name,
                runner.name(),
                attempt.output
            )),
        })
    }
}

impl Expected {
    /// What happened instead, if anything did.
    fn contradiction(self, attempt: &Attempt) -> Option<&'static str> {
        let says = |words: &str| attempt.output.contains(words);
        match self {
            Self::Passes if !attempt.done => Some("blocked"),
            Self::Passes
                if ["not verified", "error", "note: ", "warning"]
                    .into_iter()
                    .any(says) =>
            {
                Some("not in silence")
            }
            Self::Notice(_) | Self::Skipped(_) if !attempt.done => Some("blocked"),
            Self::Notice(words) | Self::Skipped(words) if !says(words) => Some("no notice"),
            Self::Blocked(_) if attempt.done => Some("let through"),
            Self::Blocked(words) if !says(words) => Some("blocked for another reason"),
            _ => None,
        }
    }

    fn words(self) -> String {
        match self {
            Self::Passes => "passes".to_owned(),
            Self::Notice(_) => "passes with a notice".to_owned(),
            Self::Skipped(_) => "left out, and says so".to_owned(),
            Self::Blocked(rule) => format!("blocked: {rule}"),
        }
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// Prints scenario by runner, and returns what went wrong.
fn print_table(columns: &[Vec<Option<Played>>]) -> Vec<String> {
    let mut failures = Vec::new();
    let names = Runner::ALL.map(|runner| format!("{:<38}", runner.name()));
    println!("{:<52}{}", "", names.join(""));
    for (row, scenario) in SCENARIOS.iter().enumerate() {
        let cells = columns.iter().map(|column| match &column[row] {
            None => String::new(),
            Some(Played::As(expected)) => expected.words(),
            Some(Played::Skipped(why)) => format!("skipped: {why}"),
            Some(Played::Otherwise(failure)) => {
                failures.push(failure.clone());
                "FAILED".to_owned()
            }
        });
        let cells: Vec<String> = cells.map(|cell| format!("{cell:<38}")).collect();
        println!("{:<52}{}", scenario.name, cells.join("").trim_end());
    }
    failures
}
