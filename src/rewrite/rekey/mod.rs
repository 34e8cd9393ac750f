//! Other recipients for one file: a plan that says who comes and who goes, and the new text.
//!
//! It does what `sops updatekeys` does and touches less: entries that stay are left byte for byte as they
//! are, and so is all that is not about recipients. Where the number of key groups or how many of them are
//! needed changes, every group gets a new share of the data key, as with sops, so that all entries are new.

mod align;
mod goal;
mod refusal;
#[cfg(test)]
mod tests;
mod wanted;

use std::collections::HashSet;

use crate::document::{Document, Editor};
use crate::keys::{Recipient, Wrapped};
use crate::secret::Secret;
use crate::sops::{DataKey, KeyKind, KeyNames, MasterKey, SopsFile};
use align::Alignment;
use goal::{Goal, Stanza};
pub(crate) use refusal::{Refusal, Why};
pub(crate) use wanted::{Wanted, WantedKey};

/// What is to become of the keys of a file.
pub(crate) struct Plan<'p> {
    document: &'p Document<'p>,
    file: &'p SopsFile<'p>,
    groups: Vec<Vec<Entry<'p>>>,
    gone: Vec<(usize, KeyNames)>,
    threshold: Threshold,
    /// Whether every group gets a new share whatever opens.
    shares_change: bool,
}

/// A key that is to open the file.
enum Entry<'p> {
    /// It opens it now.
    Kept(&'p MasterKey<'p>, KeyNames),
    New(&'p WantedKey),
}

/// What is to become of `shamir_threshold`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Threshold {
    Stays,
    /// There are no groups any more.
    Goes,
    /// So many are to be needed; it is what the file says, or not.
    Is(i64),
}

impl<'p> Plan<'p> {
    /// Compares the keys of a file with those that are wanted, as `sops updatekeys` compares them: group
    /// by group, by their words.
    ///
    /// # Errors
    /// [`Refusal`] where it is certain without a key that there is no such text.
    pub(crate) fn new(
        document: &'p Document<'p>,
        file: &'p SopsFile<'p>,
        wanted: &'p Wanted,
    ) -> Result<Self, Refusal> {
        let now = &file.metadata().groups;
        let mut plan = Self {
            document,
            file,
            groups: Vec::with_capacity(wanted.groups.len()),
            gone: Vec::new(),
            threshold: Threshold::Stays,
            shares_change: now.len() != wanted.groups.len(),
        };
        for at in 0..now.len().max(wanted.groups.len()) {
            let keys = now.get(at).map_or(&[][..], |group| &group.keys);
            plan.compare(at, keys, wanted.groups.get(at).map(Vec::as_slice));
        }
        plan.set_threshold(wanted)?;
        plan.refuse_early()?;
        Ok(plan)
    }

    /// Whether the file would change.
    #[cfg(test)]
    pub(crate) fn is_change(&self) -> bool {
        let field = self.file.metadata().shamir_threshold.as_ref();
        let threshold_changes = match self.threshold {
            Threshold::Stays => false,
            Threshold::Goes => true,
            Threshold::Is(count) => field.map(|field| field.value) != Some(count),
        };
        threshold_changes || !self.gone.is_empty() || self.added().next().is_some()
    }

    /// The keys that come, each with the number of its group from 0.
    pub(crate) fn added(&self) -> impl Iterator<Item = (usize, &KeyNames)> {
        self.entries().filter_map(|(group, entry)| match entry {
            Entry::New(key) => Some((group, &key.names)),
            Entry::Kept(..) => None,
        })
    }

    /// The keys that go, each with the number of its group from 0.
    #[cfg(test)]
    pub(crate) fn removed(&self) -> impl Iterator<Item = (usize, &KeyNames)> {
        self.gone.iter().map(|(group, key)| (*group, key))
    }

    /// The recipients for whom something is locked, as often as it is. Plugins are asked ahead by it.
    pub(crate) fn locks(&self, key: &DataKey) -> Vec<Recipient> {
        let anew = self.makes_shares_anew(key);
        let locked = self.entries().filter_map(|(_, entry)| match entry {
            Entry::New(key) => Some(Recipient::parse(&key.names.spelled)),
            Entry::Kept(key, _) if anew => Some(Recipient::parse(&key.id())),
            Entry::Kept(..) => None,
        });
        locked.collect()
    }

    /// The text with the keys that are wanted, and what `read` makes of it. `wrapped` is what plugins gave ahead for
    /// [`Self::locks`].
    ///
    /// # Errors
    /// [`Refusal`].
    pub(crate) fn write<R>(
        &self,
        key: &DataKey,
        wrapped: &Wrapped,
        read: impl FnOnce(&Document<'_>) -> R,
    ) -> Result<(String, R), Refusal> {
        let goal = self.goal(key, wrapped)?;
        let mut editor = Editor::new(self.document);
        let tree = self.document.tree();
        let copies = self.file.copies().map_err(|_| UNREADABLE_COPY)?;
        let places = std::iter::once(self.file.metadata()).chain(&copies);
        for metadata in places {
            Alignment::new(tree, metadata)?.edit(&goal, &mut editor)?;
        }
        Ok(editor.finish_and(read)?)
    }

    fn entries(&self) -> impl Iterator<Item = (usize, &Entry<'p>)> {
        let groups = self.groups.iter().enumerate();
        groups.flat_map(|(at, group)| group.iter().map(move |entry| (at, entry)))
    }

    /// Finds what becomes of the keys of one group; none are wanted where there is to be no such group.
    fn compare(&mut self, at: usize, now: &'p [MasterKey<'p>], wanted: Option<&'p [WantedKey]>) {
        let named: Vec<(&MasterKey<'p>, KeyNames)> =
            now.iter().map(|key| (key, key.names())).collect();
        let Some(wanted) = wanted else {
            let gone = named.into_iter().map(|(_, names)| (at, names));
            self.gone.extend(gone);
            return;
        };
        let mut known = HashSet::new();
        let added: Vec<&WantedKey> = wanted
            .iter()
            .filter(|key| !named.iter().any(|(_, names)| key.is(names)))
            .filter(|key| known.insert(key.names.spelled.as_str()))
            .collect();
        let mut entries = Vec::with_capacity(named.len() + added.len());
        for (key, names) in named {
            if wanted.iter().any(|wanted| wanted.is(&names)) {
                entries.push(Entry::Kept(key, names));
            } else {
                self.gone.push((at, names));
            }
        }
        entries.extend(added.into_iter().map(Entry::New));
        self.groups.push(entries);
    }

    /// Settles how many groups are needed. sops takes the file's threshold for what it is, cut to the
    /// number of groups, and all groups where it says nothing.
    fn set_threshold(&mut self, wanted: &Wanted) -> Result<(), Refusal> {
        let field = self.file.metadata().shamir_threshold.as_ref();
        let now = field.map_or(0, |field| field.value);
        let groups = self.groups.len();
        let count = i64::try_from(groups).unwrap_or(i64::MAX);
        if groups == 1 {
            if now > 1 {
                self.threshold = Threshold::Goes;
            }
            return Ok(());
        }
        let asked = wanted.threshold.filter(|threshold| *threshold != 0);
        let threshold = match asked {
            Some(threshold) if threshold < 2 || threshold > count => {
                return Err(Refusal::Threshold { groups, threshold });
            }
            Some(threshold) => threshold,
            None if now <= 0 => count,
            None => now.clamp(2.min(count), count),
        };
        self.shares_change |= asked.is_some_and(|asked| asked != now);
        self.threshold = if self.shares_change {
            Threshold::Is(threshold)
        } else {
            Threshold::Stays
        };
        Ok(())
    }

    fn refuse_early(&self) -> Result<(), Refusal> {
        if self.groups.is_empty() {
            return Err(Refusal::NoKeys);
        }
        if let Some(at) = self.groups.iter().position(Vec::is_empty) {
            return Err(match self.groups.len() {
                1 => Refusal::NoKeys,
                _ => Refusal::EmptyGroup(at + 1),
            });
        }
        let is_foreign = |key: &&KeyNames| key.kind != KeyKind::Age;
        let added = self.added().map(|(_, key)| key).filter(is_foreign);
        needs_sops(added, Why::Added)?;
        if self.shares_change {
            needs_sops(self.kept(), Why::Shares)?;
        }
        Ok(())
    }

    /// The keys that stay.
    fn kept(&self) -> impl Iterator<Item = &KeyNames> {
        self.entries().filter_map(|(_, entry)| match entry {
            Entry::Kept(_, names) => Some(names),
            Entry::New(_) => None,
        })
    }

    /// Whether all keys get something new: the shares change, or one of them is needed and is not there.
    fn makes_shares_anew(&self, key: &DataKey) -> bool {
        let is_new = |entry: &Entry<'_>| matches!(entry, Entry::New(_));
        let mut joined = (0..)
            .zip(&self.groups)
            .filter(|(_, group)| group.iter().any(is_new));
        let is_shut = |at: usize| key.share(at).is_none();
        self.shares_change || self.groups.len() > 1 && joined.any(|(at, _)| is_shut(at))
    }

    /// What each group's entries hold, new ones locked.
    fn goal(&self, key: &DataKey, wrapped: &Wrapped) -> Result<Goal<'_>, Refusal> {
        let anew = self.makes_shares_anew(key);
        let mut threshold = self.threshold;
        if anew && !self.shares_change {
            needs_sops(self.kept(), Why::ShutGroup)?;
            if threshold == Threshold::Stays && self.file.metadata().shamir_threshold.is_none() {
                threshold = Threshold::Is(i64::try_from(self.groups.len()).unwrap_or(i64::MAX));
            }
        }
        let shares = self.shares(key, anew, threshold)?;
        let groups = self.groups.iter().zip(&shares);
        let groups = groups.map(|(group, share)| {
            let stanzas = group.iter().map(|entry| match entry {
                Entry::Kept(key, names) if anew => {
                    Stanza::locked(names, key.id().into_owned(), share, wrapped)
                }
                Entry::Kept(key, names) => Ok(Stanza::kept(key, names)),
                Entry::New(key) => {
                    Stanza::locked(&key.names, key.names.spelled.clone(), share, wrapped)
                }
            });
            stanzas.collect()
        });
        Ok(Goal {
            groups: groups.collect::<Result<_, _>>()?,
            threshold,
        })
    }

    /// What is locked for each group.
    fn shares(
        &self,
        key: &DataKey,
        anew: bool,
        threshold: Threshold,
    ) -> Result<Vec<Secret<Vec<u8>>>, Refusal> {
        let groups = self.groups.len();
        if groups > 1 && !anew {
            let share = |at| Secret::new(key.share(at).unwrap_or_default().to_vec());
            return Ok((0..groups).map(share).collect());
        }
        let field = self.file.metadata().shamir_threshold.as_ref();
        let needed = match threshold {
            Threshold::Is(count) => Some(count),
            Threshold::Stays | Threshold::Goes => field.map(|field| field.value),
        };
        key.shares(groups, needed).map_err(|_| Refusal::Threshold {
            groups,
            threshold: needed.unwrap_or(0),
        })
    }
}

/// Refuses what only sops can do for these keys, of which those of age are none.
fn needs_sops<'k>(keys: impl Iterator<Item = &'k KeyNames>, why: Why) -> Result<(), Refusal> {
    let keys: Vec<String> = keys
        .filter(|key| key.kind != KeyKind::Age)
        .map(|key| key.shown.clone())
        .collect();
    if keys.is_empty() {
        Ok(())
    } else {
        Err(Refusal::NeedsSops { keys, why })
    }
}

const UNREADABLE_COPY: Refusal =
    Refusal::Unusual("a later document has a `sops` of its own that does not read");
