//! `unreachable-rule`: a creation rule that no file can come to, for an earlier one matches first.

use std::collections::HashMap;

use super::{
    Check, Covered, Fate, Found, How, MAX_FINDINGS, Needs, RepoContext, RepoFindings, Rule, Ruled,
    remedy,
};
use crate::finding::{Help, Severity};
use crate::sops::{Automaton, Pattern, Work};

pub(super) static RULE: Rule = Rule {
    id: "unreachable-rule",
    summary: "an earlier rule of `.sops.yaml` takes every file that this one matches",
    page: include_str!("../../docs/rules/unreachable-rule.md"),
    severity: Severity::Warning,
    needs: Needs::Nothing,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    for (ruled, covered) in context.ruled().iter().zip(covered(context)) {
        for &Covered { at, by, how } in covered.iter().take(MAX_FINDINGS) {
            let rules = &ruled.read.rules;
            let (Some(rule), Some(earlier)) = (rules.get(at), rules.get(by)) else {
                continue;
            };
            let line = ruled.line(earlier);
            let what = match how {
                How::All => "has no `path_regex` and takes every file",
                How::Same => "has the same `path_regex`",
                How::More => "matches every file that this one matches",
            };
            let position = ruled.config.source.position(ruled.place(earlier).start());
            let found = Found::new(format!(
                "this rule is never reached: the one in line {line} {what}"
            ))
            .at(ruled.place(rule))
            .says(
                "sops takes the first rule that matches: the keys and selectors of this one count for no \
                 file",
            )
            .related(position, "this rule comes first")
            .help(Help::new(format!(
                "put it before the rule in line {line}, or delete it; which rule a file follows says"
            ))
            .then(format!("sopsguard explain {}", example(ruled, at, by))));
            findings.report_in_config(ruled.config, found);
        }
    }
}

/// A file that shows it, as a word of a command: one that both rules match, where one is found soon.
fn example(ruled: &Ruled<'_>, at: usize, by: usize) -> String {
    const MOST: usize = 64;
    let followers = ruled.followers.get(by).map_or(&[][..], Vec::as_slice);
    let mut first = followers.iter().take(MOST);
    let both = first.find(|file| ruled.matches_file(at, file));
    both.or(followers.first())
        .map_or("FILE".to_owned(), |file| remedy::argument(&file.path))
}

/// The steps that comparing patterns may take, in one `.sops.yaml`: some tenths of a second.
const MAX_STEPS: u64 = 10_000_000;

/// The same in all of them.
const MAX_STEPS_OF_ALL: u64 = 10 * MAX_STEPS;

/// The rules that are never reached, of each `.sops.yaml` that sops loads.
pub(super) fn covered<'c>(context: &'c RepoContext<'_>) -> &'c [Vec<Covered>] {
    context.covered.get_or_init(|| {
        let mut left = MAX_STEPS_OF_ALL;
        let all = context.ruled().iter();
        all.map(|ruled| covered_in(ruled, &mut left)).collect()
    })
}

/// The rules that are covered, each with the first rule that does it, with what is `left` of the steps.
fn covered_in(ruled: &Ruled<'_>, left: &mut u64) -> Vec<Covered> {
    let mut found = Vec::new();
    let mut texts: HashMap<&str, usize> = HashMap::new();
    let most = MAX_STEPS.min(*left);
    let mut patterns = Patterns {
        all: Vec::new(),
        work: Work::of(most),
    };
    let fates = &ruled.fates;
    for (at, rule) in ruled.rules() {
        let first = match &rule.path_regex {
            None => None,
            Some(regex) => match texts.get(regex.text.as_str()) {
                Some(earlier) => Some((*earlier, How::Same)),
                None => {
                    texts.insert(&regex.text, at);
                    let is_used = fates.get(at) == Some(&Fate::Used);
                    let pattern = regex.pattern.as_ref().and_then(|read| read.as_ref().ok());
                    pattern.and_then(|pattern| {
                        let earlier = patterns.first_that_covers(at, pattern, is_used);
                        earlier.map(|earlier| (earlier, How::More))
                    })
                }
            },
        };
        found.extend(first.map(|(by, how)| Covered { at, by, how }));
        if rule.path_regex.is_none() {
            let rest = at + 1..ruled.read.rules.len();
            found.extend(rest.map(|later| Covered {
                at: later,
                by: at,
                how: How::All,
            }));
            break;
        }
        if rule
            .path_regex
            .as_ref()
            .is_some_and(|regex| regex.error().is_some())
        {
            // sops stops here for every file: `invalid-regex` tells of it.
            break;
        }
    }
    *left = left.saturating_sub(most - patterns.work.left());
    found
}

/// The patterns of the rules so far.
struct Patterns<'r> {
    all: Vec<(usize, &'r Pattern, Option<Option<Automaton>>)>,
    work: Work,
}

impl<'r> Patterns<'r> {
    /// The first of the rules before that is proved to match whatever this one does; remembers this one.
    fn first_that_covers(
        &mut self,
        at: usize,
        pattern: &'r Pattern,
        is_used: bool,
    ) -> Option<usize> {
        let work = &mut self.work;
        let mut own = if is_used || self.all.is_empty() {
            None
        } else {
            Automaton::of(pattern, work)
        };
        let example = own.as_mut().and_then(|own| own.example(work));
        let earlier = own.as_mut().zip(example).and_then(|(own, example)| {
            let covers =
                |(at, general, automaton): &mut (usize, &'r Pattern, Option<Option<Automaton>>)| {
                    // Nearly always this tells that it does not.
                    let tries = u64::try_from(example.len() + 16).unwrap_or(u64::MAX);
                    if !work.take(tries) || general.try_match(example.as_bytes()) != Some(true) {
                        return None;
                    }
                    let general = automaton.get_or_insert_with(|| Automaton::of(general, work));
                    general.as_mut()?.covers(own, work).then_some(*at)
                };
            self.all.iter_mut().find_map(covers)
        });
        self.all.push((at, pattern, own.map(Some)));
        earlier
    }
}
