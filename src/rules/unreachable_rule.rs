//! `unreachable-rule`: a creation rule that no file can come to, for an earlier one matches first.

use std::collections::HashMap;

use super::{
    Check, Fate, Found, MAX_FINDINGS, Needs, RepoContext, RepoFindings, Rule, Ruled, remedy,
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
    for ruled in context.ruled() {
        let covered = covered(&ruled);
        for (at, (by, how)) in covered.into_iter().take(MAX_FINDINGS) {
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
            .then(format!("sopsguard explain {}", example(&ruled, at, by))));
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

/// How an earlier rule is known to match all that a later one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    All,
    Same,
    More,
}

/// The steps that comparing patterns may take, in one `.sops.yaml`: some tenths of a second.
const MAX_STEPS: u64 = 10_000_000;

/// The numbers of the rules that are never reached, sorted.
pub(super) fn numbers(ruled: &Ruled<'_>) -> Vec<usize> {
    covered(ruled).into_iter().map(|(at, _)| at).collect()
}

/// The rules that are covered, each with the first rule that does it.
fn covered(ruled: &Ruled<'_>) -> Vec<(usize, (usize, How))> {
    let mut found = Vec::new();
    let mut texts: HashMap<&str, usize> = HashMap::new();
    let mut patterns = Patterns::default();
    let fates = ruled.fates();
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
        found.extend(first.map(|how| (at, how)));
        if rule.path_regex.is_none() {
            let rest = at + 1..ruled.read.rules.len();
            found.extend(rest.map(|later| (later, (at, How::All))));
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
    found
}

/// The patterns of the rules so far.
#[derive(Default)]
struct Patterns<'r> {
    all: Vec<(usize, &'r Pattern, Option<Option<Automaton>>)>,
    work: Option<Work>,
}

impl<'r> Patterns<'r> {
    /// The first of the rules before that is proved to match whatever this one does; remembers this one.
    fn first_that_covers(
        &mut self,
        at: usize,
        pattern: &'r Pattern,
        is_used: bool,
    ) -> Option<usize> {
        let work = self.work.get_or_insert_with(|| Work::of(MAX_STEPS));
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
