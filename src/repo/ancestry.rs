//! Which commits come before which: common ancestors, and the commits between two.
//!
//! Commits are met from the youngest on, by the dates that they give themselves. Dates can be wrong,
//! so common ancestors do not depend on them, and where a range ends does only where thousands of
//! commits in a row tell other dates than they have.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::num::NonZeroUsize;

use super::command::Git;
use super::commits::Commits;
use super::error::Error;
use super::id::{CommitId, Id};

/// How far back a search goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    /// The most commits that are looked at.
    pub(crate) commits: usize,
    /// Whether only the first parent of each commit counts, as if all that was merged had been
    /// committed at once.
    pub(crate) first_parents: bool,
}

impl Reach {
    /// As far as a user asks for, else as by default.
    pub(crate) fn of(commits: Option<NonZeroUsize>) -> Self {
        let default = Self::default();
        Self {
            commits: commits.map_or(default.commits, NonZeroUsize::get),
            ..default
        }
    }
}

impl Default for Reach {
    /// As far as a search goes unless `--history` says otherwise.
    fn default() -> Self {
        Self {
            commits: 1_000,
            first_parents: false,
        }
    }
}

/// Where a search ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// At the first commits of all.
    Complete,
    /// Where it had looked at as many commits as it may.
    Limit,
    /// Where a shallow clone was cut off.
    Shallow,
    /// At an object that cannot be read.
    Unreadable(Error),
}

/// Commits, children before their parents.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) ids: Vec<Id>,
    pub(super) end: End,
}

/// The most commits that are looked at to find common ancestors, before git is asked, or what a range
/// leaves out.
const MOST: usize = 500_000;

/// How many commits are looked at behind the one with which a range seems to end.
const SLOP: usize = 16;

/// How many are where some commit is older than its parent.
const SLOP_OF_WRONG_DATES: usize = 10_000;

/// Commits that wait, the youngest first, and of equals the one that was met first.
#[derive(Default)]
struct Queue {
    heap: BinaryHeap<(u64, Reverse<usize>, Id)>,
    met: usize,
}

impl Queue {
    fn push(&mut self, time: u64, id: Id) {
        self.met += 1;
        self.heap.push((time, Reverse(self.met), id));
    }

    fn pop(&mut self) -> Option<(u64, Id)> {
        self.heap.pop().map(|(time, _, id)| (time, id))
    }
}

/// From which of two commits one was come to, and whether something younger is common to both.
mod mark {
    pub(super) const ONE: u8 = 1;
    pub(super) const OTHER: u8 = 2;
    pub(super) const BOTH: u8 = ONE | OTHER;
    pub(super) const STALE: u8 = 4;
}

impl Commits<'_> {
    /// The best common ancestors of two commits, the youngest first: none of them comes before
    /// another. Usually there is one.
    ///
    /// # Errors
    /// [`Error`] where a commit on the way cannot be read, or there are too many.
    pub(crate) fn merge_bases(
        &mut self,
        one: CommitId,
        other: CommitId,
    ) -> Result<Vec<CommitId>, Error> {
        let ask = |git: Git<'_>| git.merge_bases(one.0, other.0);
        let bases = if one.0.to_oid().is_some() {
            let common = self.common(one.0, other.0);
            let best = common.and_then(|common| self.best(common));
            best.or_else(|refused| ask(self.git).map_err(|error| error.or_if_unasked(refused)))?
        } else {
            ask(self.git)?
        };
        Ok(bases.into_iter().map(CommitId).collect())
    }

    /// Common ancestors, of which some may come before others, the youngest first.
    fn common(&mut self, one: Id, other: Id) -> Result<Vec<Id>, Error> {
        let mut marks: HashMap<Id, u8> = HashMap::new();
        let mut queue = Queue::default();
        for (id, mark) in [(one, mark::ONE), (other, mark::OTHER)] {
            *marks.entry(id).or_default() |= mark;
            queue.push(self.commit(id)?.time, id);
        }
        let mut common: Vec<Id> = Vec::new();
        let is_open = |marks: &HashMap<Id, u8>, id: &Id| {
            marks.get(id).is_some_and(|mark| mark & mark::STALE == 0)
        };
        while queue.heap.iter().any(|(_, _, id)| is_open(&marks, id)) {
            let Some((_, id)) = queue.pop() else { break };
            if queue.met > MOST {
                return Err(Error::too_many("commits"));
            }
            let mut mark = marks.get(&id).copied().unwrap_or_default();
            if mark == mark::BOTH && !common.contains(&id) {
                common.push(id);
            }
            if mark & mark::BOTH == mark::BOTH {
                mark |= mark::STALE;
            }
            for parent in self.commit(id)?.parents.clone() {
                let known = marks.entry(parent).or_default();
                if *known | mark != *known {
                    *known |= mark;
                    queue.push(self.commit(parent)?.time, parent);
                }
            }
        }
        common.retain(|id| is_open(&marks, id));
        Ok(common)
    }

    /// Those that come before no other. Where dates are wrong there can be others among them.
    fn best(&mut self, common: Vec<Id>) -> Result<Vec<Id>, Error> {
        let mut best = common.clone();
        for (at, one) in common.iter().enumerate() {
            for other in common.iter().skip(at + 1) {
                let shared = self.common(*one, *other)?;
                best.retain(|id| (id != one && id != other) || !shared.contains(id));
            }
        }
        Ok(best)
    }

    /// The commits that `from` comes from, itself included, without those that any of `without`
    /// comes from.
    ///
    /// # Errors
    /// [`Error`] where `from` cannot be read. Another that cannot ends the walk.
    pub(super) fn walk(&mut self, from: Id, without: &[Id], reach: Reach) -> Result<Walk, Error> {
        self.prepare(from, || arguments(from, without, reach));
        self.commit(from)?;
        let mut range = Range::new(reach);
        for id in without {
            range.meet(self, *id, true);
        }
        range.meet(self, from, false);
        range.go(self);
        let Range {
            taken, met, end, ..
        } = range;
        let taken = taken.into_iter();
        let taken = taken.filter(|id| met.get(id) == Some(&State::Taken));
        let ids = self.in_order(taken.collect(), reach.first_parents);
        Ok(Walk { ids, end })
    }

    /// Children before their parents; of those that are neither, the younger first.
    fn in_order(&mut self, ids: Vec<Id>, first_parents: bool) -> Vec<Id> {
        let mut children: HashMap<Id, usize> = ids.iter().map(|id| (*id, 0)).collect();
        for id in &ids {
            for parent in self.parents_of(*id, first_parents) {
                if let Some(children) = children.get_mut(&parent) {
                    *children += 1;
                }
            }
        }
        let mut ready = Queue::default();
        for id in ids.iter().filter(|id| children.get(*id) == Some(&0)) {
            ready.push(self.time(*id), *id);
        }
        let mut ordered = Vec::with_capacity(ids.len());
        while let Some((_, id)) = ready.pop() {
            ordered.push(id);
            for parent in self.parents_of(id, first_parents) {
                if let Some(children) = children.get_mut(&parent) {
                    *children -= 1;
                    if *children == 0 {
                        ready.push(self.time(parent), parent);
                    }
                }
            }
        }
        ordered
    }

    /// The parents of a commit, each once. That of one that cannot be read are none.
    pub(super) fn parents_of(&mut self, id: Id, first_parents: bool) -> Vec<Id> {
        let most = if first_parents { 1 } else { usize::MAX };
        let mut parents = Vec::new();
        if let Ok(commit) = self.commit(id) {
            for parent in commit.parents.iter().take(most) {
                if !parents.contains(parent) {
                    parents.push(*parent);
                }
            }
        }
        parents
    }

    fn time(&mut self, id: Id) -> u64 {
        self.commit(id).map_or(0, |commit| commit.time)
    }
}

/// What git is to be asked for at once.
fn arguments(from: Id, without: &[Id], reach: Reach) -> Vec<String> {
    let most = reach.commits.min(MOST);
    let mut arguments = vec![format!("--max-count={most}"), from.to_string()];
    if reach.first_parents {
        arguments.push("--first-parent".to_owned());
    }
    arguments.extend(without.iter().map(|id| format!("^{id}")));
    arguments
}

/// A walk in progress.
struct Range {
    reach: Reach,
    met: HashMap<Id, State>,
    queue: Queue,
    /// How many wait that are not left out.
    waiting: usize,
    taken: Vec<Id>,
    /// The date of the oldest that was taken.
    oldest: u64,
    /// How many commits are looked at behind that one.
    slop: usize,
    end: End,
}

/// What is known of a commit that was met.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Taken,
    /// It is left out, whatever it was before.
    Out,
}

impl Range {
    fn new(reach: Reach) -> Self {
        Self {
            reach,
            met: HashMap::new(),
            queue: Queue::default(),
            waiting: 0,
            taken: Vec::new(),
            oldest: u64::MAX,
            slop: SLOP,
            end: End::Complete,
        }
    }

    fn go(&mut self, commits: &mut Commits<'_>) {
        // Others that are left out may still be met behind the end, as dates can be wrong.
        let mut behind = 0;
        while let Some((time, id)) = self.queue.pop() {
            let is_out = self.met.get(&id) == Some(&State::Out);
            if !is_out && !self.take(commits, time, id) {
                return;
            }
            if self.waiting == 0 && is_out && time < self.oldest {
                behind += 1;
            }
            if self.queue.met > MOST {
                self.end = End::Limit;
                return;
            }
            if behind > self.slop {
                return;
            }
            let first_parents = self.reach.first_parents && !is_out;
            for parent in commits.parents_of(id, first_parents) {
                if commits.time(parent) > time {
                    self.slop = SLOP_OF_WRONG_DATES;
                }
                self.meet(commits, parent, is_out);
            }
        }
    }

    /// Takes a commit, if there may be one more.
    fn take(&mut self, commits: &mut Commits<'_>, time: u64, id: Id) -> bool {
        if self.taken.len() == self.reach.commits {
            self.end = End::Limit;
            return false;
        }
        self.waiting -= 1;
        self.taken.push(id);
        self.met.insert(id, State::Taken);
        self.oldest = self.oldest.min(time);
        if commits.commit(id).is_ok_and(|commit| commit.is_cut) {
            self.end = End::Shallow;
        }
        true
    }

    /// Meets a commit, perhaps again.
    fn meet(&mut self, commits: &mut Commits<'_>, id: Id, is_out: bool) {
        let known = self.met.get(&id);
        if known == Some(&State::Out) || (known.is_some() && !is_out) {
            return;
        }
        let time = match commits.commit(id) {
            Ok(commit) => commit.time,
            // What is left out needs not be there.
            Err(_) if is_out => return,
            Err(error) => {
                self.end = End::Unreadable(error);
                return;
            }
        };
        if known == Some(&State::Waiting) {
            self.waiting -= 1;
        }
        if !is_out {
            self.waiting += 1;
        }
        let state = if is_out { State::Out } else { State::Waiting };
        self.met.insert(id, state);
        self.queue.push(time, id);
    }
}
