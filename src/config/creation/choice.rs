//! Which rule sops applies to a file.

use std::sync::atomic::Ordering;

use super::SopsConfig;
use super::fault::{Refusal, RuleFault};
use super::path_regex::PathRegex;

/// What sops makes of a file's path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The rule of this number applies.
    Rule(usize),
    /// The rule of this number stops it: sops fails.
    Refused { rule: usize, refusal: Refusal },
    /// No rule matches: sops fails.
    NoMatch,
    /// The file has no creation rules, which is to sops as if it had found no file.
    NoRules,
    /// It takes too much to say whether the rule of this number applies.
    Undecidable { rule: usize },
}

/// The most work that choosing rules may take, all paths together, in bytes that a pattern goes over.
const MAX_WORK: u64 = 1 << 30;

/// What it costs to build an automaton, in that measure.
const ENGINE: u64 = 1 << 17;

impl SopsConfig {
    /// Chooses the rule for a file: the first whose `path_regex` matches `path`, or that has none.
    ///
    /// The path is relative to the folder of the configuration, with `/`. What may be done is bounded
    /// for all calls together: for equal answers, ask for the same paths in the same order.
    pub(crate) fn rule_for(&self, path: &[u8]) -> Choice {
        if self.rules_span.is_none() {
            return Choice::NoRules;
        }
        for (rule, candidate) in self.rules.iter().enumerate() {
            let matched = match &candidate.path_regex {
                None => Matched::Yes,
                Some(regex) => self.matches(regex, path),
            };
            match (matched, &candidate.refusal) {
                (Matched::No, _) => {}
                (Matched::Unsure, _) => return Choice::Undecidable { rule },
                (Matched::Refused(refusal), _) => return Choice::Refused { rule, refusal },
                (Matched::Yes, Some(refusal)) if refusal.is_unsure() => {
                    return Choice::Undecidable { rule };
                }
                (Matched::Yes, Some(refusal)) => {
                    let refusal = refusal.clone();
                    return Choice::Refused { rule, refusal };
                }
                (Matched::Yes, None) => return Choice::Rule(rule),
            }
        }
        Choice::NoMatch
    }

    fn matches(&self, regex: &PathRegex, path: &[u8]) -> Matched {
        let pattern = match &regex.pattern {
            None => return Matched::Unsure,
            Some(Err(error)) => {
                return Matched::Refused(Refusal {
                    span: regex.span,
                    fault: RuleFault::BadRegex(error.to_string()),
                });
            }
            Some(Ok(pattern)) => pattern,
        };
        let work = path
            .len()
            .saturating_mul(pattern.passes())
            .saturating_add(16);
        let work = u64::try_from(work).unwrap_or(MAX_WORK).min(MAX_WORK);
        let is_new = pattern.needs_engine() && !regex.was_tried();
        let work = work + if is_new { ENGINE } else { 0 };
        if self.work.fetch_add(work, Ordering::Relaxed) >= MAX_WORK {
            self.work.store(MAX_WORK, Ordering::Relaxed);
            return Matched::Unsure;
        }
        match pattern.try_match(path) {
            Some(true) => Matched::Yes,
            Some(false) => Matched::No,
            None => Matched::Unsure,
        }
    }
}

enum Matched {
    Yes,
    No,
    Refused(Refusal),
    Unsure,
}
