//! How many recipients a file can lose before nobody can open it.
//!
//! A key group is shut once all its recipients are lost, and a file once fewer groups are open than it
//! takes. So the number that is looked for is the size of the smallest union of as many groups as can
//! be shut too many. That is a hard problem in general, and a small one for every file that people
//! make: it is solved by a search that gives up after a fixed number of steps and says so.

use std::cmp::Reverse;
use std::collections::hash_map::{Entry, HashMap};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::data_key::needed_of;

/// The least number of recipients whose loss makes a file undecryptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BusFactor {
    /// It is this number: 0 where nobody can open the file as it is.
    Exact(usize),
    /// The loss of so many is enough, and perhaps of fewer. So it is where there are too many groups to
    /// try all combinations, and where the file does not say how many of its groups it takes.
    AtMost(usize),
}

impl BusFactor {
    /// The number, which is no promise where it is [`BusFactor::AtMost`].
    #[must_use]
    pub fn count(self) -> usize {
        match self {
            Self::Exact(count) | Self::AtMost(count) => count,
        }
    }

    /// Whether it is certain.
    #[must_use]
    pub fn is_exact(self) -> bool {
        matches!(self, Self::Exact(_))
    }
}

impl fmt::Display for BusFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(count) => write!(f, "{count}"),
            Self::AtMost(count) => write!(f, "at most {count}"),
        }
    }
}

/// The key groups of a file, and how many of them must be opened.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Quorum<'n> {
    /// The distinct names, sorted.
    names: Vec<&'n str>,
    /// The recipients of each group by their place in `names`, sorted, each once; groups without any
    /// are left out, as nobody opens them.
    groups: Vec<Vec<usize>>,
    needed: usize,
    /// Whether the file says how many groups it takes.
    is_certain: bool,
}

/// A recipient of a file, and what her key is for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holder<'n> {
    pub(crate) name: &'n str,
    /// Whether her key opens the file by itself.
    pub(crate) opens_alone: bool,
    /// Whether nobody can open the file without her key.
    pub(crate) is_lone: bool,
}

/// The bus factors of the files of one run, of which many have the same key groups.
pub(crate) struct BusFactors<'n> {
    known: HashMap<Quorum<'n>, BusFactor>,
    /// How many steps are left for all that are not known yet.
    left: usize,
}

impl Default for BusFactors<'_> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            left: MAX_STEPS_OF_RUN,
        }
    }
}

impl<'n> BusFactors<'n> {
    /// As [`Quorum::bus_factor`], but less certain once many hard ones were asked for.
    pub(crate) fn of(&mut self, quorum: Quorum<'n>) -> BusFactor {
        let left = &mut self.left;
        match self.known.entry(quorum) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let found = new.key().bus_factor_within(left);
                *new.insert(found)
            }
        }
    }
}

/// How much all searches of a run may do together: some tenths of a second.
const MAX_STEPS_OF_RUN: usize = 16 * MAX_STEPS;

/// How much each may do nevertheless: it is enough for the files that people make.
const EASY: usize = 1 << 12;

/// How much the search may do: words of sets that are looked at, some milliseconds. It is enough for any
/// 16 different groups with together 2,048 recipients.
const MAX_STEPS: usize = 4 << 20;

/// How many different groups are searched at all; sops cannot split a key into more shares.
const MAX_GROUPS: usize = 255;

impl<'n> Quorum<'n> {
    /// Groups of names by which recipients are compared, and the threshold as the file says it. What
    /// that means is what sops makes of it: one group is one that must open, and of several it takes at
    /// least two.
    pub(crate) fn new<G>(groups: impl IntoIterator<Item = G>, threshold: Option<i64>) -> Self
    where
        G: IntoIterator<Item = &'n str>,
    {
        let groups = groups.into_iter().map(|group| group.into_iter().collect());
        let groups: Vec<BTreeSet<&str>> = groups.collect();
        let needed = needed_of(groups.len(), threshold);
        // sops always writes a threshold. Without one it puts the key together from any two shares, and
        // whether that is enough nobody knows.
        let is_certain = groups.len() < 3 || threshold.is_some_and(|given| given >= 2);
        let names: BTreeSet<&str> = groups.iter().flatten().copied().collect();
        let places = names.iter().zip(0..).map(|(name, at)| (*name, at));
        let places: BTreeMap<&str, usize> = places.collect();
        let by_place = |group: &BTreeSet<&str>| {
            let members = group.iter().filter_map(|name| places.get(name));
            members.copied().collect::<Vec<_>>()
        };
        let groups = groups.iter().map(by_place);
        Self {
            groups: groups.filter(|group| !group.is_empty()).collect(),
            names: names.into_iter().collect(),
            needed: usize::try_from(needed).unwrap_or(usize::MAX),
            is_certain,
        }
    }

    /// The least number of recipients whose loss makes the file undecryptable.
    ///
    /// It is exact for up to 16 different groups with together 2,048 recipients, and for larger ones as
    /// far as some milliseconds go; each takes that long at most.
    pub(crate) fn bus_factor(&self) -> BusFactor {
        self.bus_factor_within(&mut { MAX_STEPS })
    }

    /// The same with what is `left` of the steps of a run.
    fn bus_factor_within(&self, left: &mut usize) -> BusFactor {
        let most = MAX_STEPS.min((*left).max(EASY));
        let mut own = most;
        let found = self.smallest_loss(&mut own);
        *left = left.saturating_sub(most - own);
        match found {
            // Nobody opens it, whatever it takes.
            BusFactor::Exact(0) => found,
            BusFactor::Exact(count) if !self.is_certain => BusFactor::AtMost(count),
            BusFactor::Exact(_) | BusFactor::AtMost(_) => found,
        }
    }

    /// The recipients, sorted by name.
    pub(crate) fn holders(&self) -> impl Iterator<Item = Holder<'n>> {
        let mut holds = vec![0_usize; self.names.len()];
        let mut holds_alone = holds.clone();
        for group in &self.groups {
            for member in group {
                count_up(&mut holds, *member);
            }
            if let [only] = group.as_slice() {
                count_up(&mut holds_alone, *only);
            }
        }
        let (exist, needed) = (self.groups.len(), self.needed);
        let counts = holds.into_iter().zip(holds_alone);
        let holders = self.names.iter().zip(counts);
        holders.map(move |(name, (holds, holds_alone))| Holder {
            name,
            opens_alone: holds >= needed,
            is_lone: exist >= needed && exist - holds_alone < needed,
        })
    }

    fn smallest_loss(&self, steps: &mut usize) -> BusFactor {
        // One more than can be spared.
        let left = (self.groups.len() + 1).saturating_sub(self.needed);
        if left == 0 {
            return BusFactor::Exact(0);
        }
        let mut groups: BTreeMap<&[usize], usize> = BTreeMap::new();
        for group in &self.groups {
            *groups.entry(group.as_slice()).or_default() += 1;
        }
        let mut groups: Vec<(&[usize], usize)> = groups.into_iter().collect();
        groups.sort_by_key(|(group, times)| (group.len(), Reverse(*times)));
        let first = union_of_first(&groups, left);
        let words = self.names.len().div_ceil(WORD);
        let is_too_large = groups.len().saturating_mul(words) > *steps;
        if groups.len() > MAX_GROUPS || is_too_large {
            return BusFactor::AtMost(first);
        }
        let groups = groups.into_iter().map(|(group, times)| Weighted {
            members: Set::of(group, words),
            times,
        });
        Search {
            groups: groups.collect(),
            best: first,
            steps,
        }
        .run(left, words)
    }
}

fn count_up(counts: &mut [usize], at: usize) {
    if let Some(count) = counts.get_mut(at) {
        *count += 1;
    }
}

/// How many recipients the first groups have together, of which so many are taken.
fn union_of_first(groups: &[(&[usize], usize)], mut left: usize) -> usize {
    let mut lost: BTreeSet<usize> = BTreeSet::new();
    for (group, times) in groups {
        if left == 0 {
            break;
        }
        lost.extend(*group);
        left = left.saturating_sub(*times);
    }
    lost.len()
}

/// A group that a file has so many times.
struct Weighted {
    members: Set,
    times: usize,
}

/// The search for the smallest union: each group in turn is shut or kept, and what cannot become better
/// than the best is not followed.
struct Search<'s> {
    /// The small ones first.
    groups: Vec<Weighted>,
    best: usize,
    /// How many steps are left.
    steps: &'s mut usize,
}

/// A choice in the midst of the search.
struct Choice {
    lost: Set,
    /// The first group of which nothing is decided.
    from: usize,
    /// How many groups are still to be shut.
    left: usize,
}

impl Search<'_> {
    fn run(mut self, left: usize, words: usize) -> BusFactor {
        let lost = Set::of(&[], words);
        let mut choices = vec![Choice {
            lost,
            from: 0,
            left,
        }];
        while let Some(choice) = choices.pop() {
            let open = self.groups.len() - choice.from;
            let Some(steps) = self.steps.checked_sub(open.saturating_mul(words)) else {
                *self.steps = 0;
                return BusFactor::AtMost(self.best);
            };
            *self.steps = steps;
            self.follow(choice, &mut choices);
        }
        BusFactor::Exact(self.best)
    }

    /// Decides about the next group that costs something: shut or kept, both are put to the choices,
    /// unless they lead nowhere.
    fn follow(&mut self, choice: Choice, choices: &mut Vec<Choice>) {
        let Choice { lost, from, left } = choice;
        let rest = self.groups.get(from..).unwrap_or_default();
        let cost = |group: &Weighted| group.members.beyond(&lost);
        let costs: Vec<(usize, usize)> = rest
            .iter()
            .map(|group| (cost(group), group.times))
            .collect();
        match least_cost(costs.clone(), left) {
            Some(0) => self.best = self.best.min(lost.len()),
            Some(cost) if lost.len() + cost < self.best => {
                // Those before it are shut by the way.
                let Some(next) = costs.iter().position(|(cost, _)| *cost > 0) else {
                    return;
                };
                let passed = costs.iter().take(next).map(|(_, times)| times);
                let left = left.saturating_sub(passed.sum());
                let Some(group) = rest.get(next) else {
                    return;
                };
                let from = from + next + 1;
                let shut = Choice {
                    lost: lost.with(&group.members),
                    from,
                    left: left.saturating_sub(group.times),
                };
                choices.push(Choice { lost, from, left });
                choices.push(shut);
            }
            Some(_) | None => {}
        }
    }
}

/// What it costs at least to shut so many of the groups, given what each costs and how often it is
/// there: the dearest of the cheapest. None where there are not so many.
fn least_cost(mut costs: Vec<(usize, usize)>, left: usize) -> Option<usize> {
    if left == 0 {
        return Some(0);
    }
    costs.sort_unstable();
    let mut shut = 0_usize;
    let dearest = costs.into_iter().find(|(_, times)| {
        shut = shut.saturating_add(*times);
        shut >= left
    });
    dearest.map(|(cost, _)| cost)
}

/// A set of recipients, a bit each.
struct Set(Vec<u64>);

/// The bits of a word.
const WORD: usize = 64;

impl Set {
    fn of(members: &[usize], words: usize) -> Self {
        let mut set = vec![0_u64; words];
        for member in members {
            if let Some(word) = set.get_mut(member / WORD) {
                *word |= 1 << (member % WORD);
            }
        }
        Self(set)
    }

    fn len(&self) -> usize {
        self.0.iter().map(ones).sum()
    }

    /// How many of its members `other` does not have.
    fn beyond(&self, other: &Self) -> usize {
        let pairs = self.0.iter().zip(&other.0);
        pairs.map(|(one, other)| ones(&(one & !other))).sum()
    }

    fn with(&self, other: &Self) -> Self {
        let pairs = self.0.iter().zip(&other.0);
        Self(pairs.map(|(one, other)| one | other).collect())
    }
}

fn ones(word: &u64) -> usize {
    usize::try_from(word.count_ones()).unwrap_or(WORD)
}

#[cfg(test)]
mod tests;
