//! Edits of a `.sops.yaml`: a recipient more in its creation rules, or one less.
//!
//! There are many ways to write a rule's keys: a text with commas, folded or not, lists, aliases of
//! keys or of whole lists, merge keys, groups that merge groups. Each edit is tried in the ways that
//! keep most of the text, and none is believed: the new text is read again, and counts only where
//! every rule says exactly what it said, plus or minus that recipient in the rules that were chosen.

mod adding;
mod effects;
mod lines;
mod naming;
mod reading;
mod refusal;
mod removing;
mod splices;
#[cfg(test)]
mod tests;

pub(crate) use refusal::Refusal;

use adding::Adding;
use effects::{Effects, Scope, Wanted};
use reading::Reading;
use removing::Removing;
use splices::Splices;

use crate::source::Source;

/// A recipient that is to be added.
#[derive(Clone, Copy)]
pub(crate) struct NewKey<'k> {
    /// As sops takes it: it was looked at before, and is one.
    pub(crate) key: &'k str,
    /// Whom or what it belongs to: what an anchor or a comment calls it where others have one.
    pub(crate) name: &'k str,
}

/// Where it is to be added.
#[derive(Clone, Copy)]
pub(crate) struct Aim<'a> {
    /// The rules, by their numbers, from 0.
    pub(crate) rules: &'a [usize],
    /// Which of a rule's key groups, from 0. It can be left out where there is one.
    pub(crate) group: Option<usize>,
}

/// A configuration with the change made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edited {
    pub(crate) text: String,
    /// The rules that say something else now, by their numbers, from 0. Where there is none, the text is the old one.
    pub(crate) rules: Vec<usize>,
}

/// How many rules are changed one by one, where all at once is not possible.
const MAX_STEPS: usize = 500;

/// How many times a group may have one key.
const MAX_ROUNDS: usize = 8;

/// Adds a recipient to rules. One that has it already stays as it is.
///
/// # Errors
/// [`Refusal`] where it cannot be added to exactly these rules.
pub(crate) fn add(source: &Source, key: &NewKey<'_>, aim: &Aim<'_>) -> Result<Edited, Refusal> {
    let text = verbatim(source)?;
    let reading = Reading::of(text).ok_or(Refusal::Unreadable)?;
    let wanted = Wanted::with(&reading.config, key.key, aim)?;
    reach(text, &wanted, &Change::Add(*key, aim.group))
}

/// Takes a recipient out of rules, in all spellings that it has there; also out of a list of keys that have anchors, where
/// no rule refers to it any more. `canonical` is the name by which keys are compared. The rules of `recreation_rule` have
/// the numbers behind those of the creation rules.
///
/// # Errors
/// [`Refusal`] where it cannot be taken out of exactly these rules, or where it is the last of one, or of a key group.
pub(crate) fn remove(source: &Source, canonical: &str, rules: &[usize]) -> Result<Edited, Refusal> {
    let text = verbatim(source)?;
    let reading = Reading::of(text).ok_or(Refusal::Unreadable)?;
    let count = reading.config.rules.len();
    let named = |refusal: Refusal| match refusal.rule().and_then(|rule| rule.checked_sub(count)) {
        Some(at) => {
            let rule = reading.config.recreations.get(at);
            let line = rule.map_or(0, |rule| source.position(rule.span.start()).line);
            Refusal::Recreation { line }
        }
        None => refusal,
    };
    let wanted = Wanted::without(&reading.config, canonical, rules).map_err(named)?;
    reach(text, &wanted, &Change::Remove(canonical, rules)).map_err(named)
}

/// What is to be done with each rule.
enum Change<'c> {
    /// Add a key, to this group.
    Add(NewKey<'c>, Option<usize>),
    /// Take one out of these rules.
    Remove(&'c str, &'c [usize]),
}

impl Change<'_> {
    fn scope(&self) -> Scope {
        match self {
            Self::Add(..) => Scope::Creation,
            Self::Remove(..) => Scope::All,
        }
    }

    /// What a text says of the rules that the change is about.
    fn effects_of(&self, text: &str) -> Option<Effects> {
        Effects::of_text(text, self.scope())
    }

    /// The ways to change a rule, the best first.
    fn of(&self, reading: &Reading<'_>, rule: usize) -> Vec<Splices> {
        match self {
            Self::Add(key, group) => Adding::new(reading, key, *group).ways(rule),
            Self::Remove(canonical, rules) => Removing::new(reading, canonical, rules).ways(rule),
        }
    }

    /// The best way to change all of these rules.
    fn of_all(&self, reading: &Reading<'_>, rules: &[usize]) -> Option<Splices> {
        match self {
            Self::Add(key, group) => {
                let adding = Adding::new(reading, key, *group);
                let mut all = Splices::default();
                for &rule in rules {
                    all.join(adding.ways(rule).into_iter().next()?);
                }
                Some(all)
            }
            Self::Remove(canonical, rules) => Removing::new(reading, canonical, rules).of_all(),
        }
    }
}

/// Changes the rules, all at once or else one after the other.
fn reach(text: &str, wanted: &Wanted, change: &Change<'_>) -> Result<Edited, Refusal> {
    let text = match at_once(text, wanted, change) {
        Some(text) => text,
        None => step_by_step(text, wanted, change)?,
    };
    Ok(Edited {
        text,
        rules: wanted.rules.clone(),
    })
}

/// In more than one round only where a group has a key twice: sops counts it once.
fn at_once(text: &str, wanted: &Wanted, change: &Change<'_>) -> Option<String> {
    let before = change.effects_of(text)?;
    let mut text = text.to_owned();
    for _ in 0..MAX_ROUNDS {
        let reading = Reading::of(&text)?;
        let new = change.of_all(&reading, &wanted.rules)?.apply(&text)?;
        let effects = change.effects_of(&new)?;
        if effects == wanted.effects {
            return Some(new);
        }
        if !effects.is_between(&before, &wanted.effects) {
            return None;
        }
        text = new;
    }
    None
}

fn step_by_step(text: &str, wanted: &Wanted, change: &Change<'_>) -> Result<String, Refusal> {
    if wanted.rules.len() > MAX_STEPS {
        return Err(Refusal::TooMany { most: MAX_STEPS });
    }
    let mut text = text.to_owned();
    for &rule in &wanted.rules {
        text = step(text, wanted, change, rule)?;
    }
    match change.effects_of(&text) {
        Some(effects) if effects == wanted.effects => Ok(text),
        Some(_) | None => Err(Refusal::Unreadable),
    }
}

/// Changes one rule; others that are to be changed, too, may change with it.
fn step(
    text: String,
    wanted: &Wanted,
    change: &Change<'_>,
    rule: usize,
) -> Result<String, Refusal> {
    let reading = Reading::of(&text).ok_or(Refusal::Unreadable)?;
    let before = Effects::of(&reading.config, change.scope());
    if before.has_rule_as(&wanted.effects, rule) {
        return Ok(text);
    }
    let mut refusal = Refusal::NoWay { rule };
    for way in change.of(&reading, rule) {
        let Some(new) = way.apply(&text) else {
            continue;
        };
        let Some(effects) = change.effects_of(&new) else {
            continue;
        };
        if !effects.has_rule_as(&wanted.effects, rule) {
            continue;
        }
        if effects.is_between(&before, &wanted.effects) {
            return Ok(new);
        }
        refusal = Refusal::Shared { rule };
    }
    Err(refusal)
}

fn verbatim(source: &Source) -> Result<&str, Refusal> {
    match source.is_verbatim() {
        true => Ok(source.text()),
        false => Err(Refusal::Transcoded),
    }
}
