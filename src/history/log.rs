//! What became of a secret file in one commit, told from its versions alone.
//!
//! What is said of who made an edit is what the metadata show: `mac` and `lastmodified` are written by
//! whoever has the data key, and stay as they are where a text was edited. Whether a new MAC fits the
//! values only a key tells.

use super::{DataKeyFate, Edit, Step, ValueChange, What};
use crate::change::{Change, Difference, LeafId, Recipient, SettingChanges, Version, comes_from};

/// One version of a file, as far as it could be read.
#[derive(Clone, Copy)]
pub(crate) enum Content<'v> {
    /// There is no file.
    Absent,
    /// What it takes to compare it.
    Read(&'v Version),
    /// It cannot be compared, for this reason.
    Unread(&'static str),
}

/// The most values of one step that are named.
const MAX_VALUES: usize = 1_000;

impl Step {
    /// What happened between the versions of a commit's parents and its own. Without parents, or with
    /// such that have no file, all of it is new.
    pub(crate) fn between(parents: &[Content<'_>], now: Content<'_>) -> Self {
        let now = match now {
            Content::Absent => return Self::of(Edit::Deleted),
            Content::Unread(reason) => return Self::not_compared(reason),
            Content::Read(now) => now,
        };
        let bases = parents.iter().enumerate();
        let bases: Vec<(usize, &Version)> = bases
            .filter_map(|(at, content)| match content {
                Content::Read(base) => Some((at, *base)),
                Content::Absent | Content::Unread(_) => None,
            })
            .collect();
        let mut changes: Vec<Change<'_>> = bases
            .iter()
            .map(|(_, base)| Change::between(base, now))
            .collect();
        let Some(nearest) = Change::nearest(&changes) else {
            let unread = parents.iter().find_map(|content| match content {
                Content::Unread(reason) => Some(*reason),
                Content::Absent | Content::Read(_) => None,
            });
            return unread.map_or_else(|| Self::first(now), Self::not_compared);
        };
        let change = changes.swap_remove(nearest);
        let mut step = Self::of_change(&change, &changes);
        if parents.len() > 1 {
            step.side = bases.get(nearest).map(|(at, _)| at + 1);
        }
        step
    }

    /// Nothing happened to the content.
    pub(crate) fn untouched() -> Self {
        Self::of(Edit::Untouched)
    }

    fn of(edit: Edit) -> Self {
        Self {
            edit,
            side: None,
            values: Vec::new(),
            more_values: 0,
            documents_removed: Vec::new(),
            documents_added: Vec::new(),
            documents_moved: Vec::new(),
            recipients_added: Vec::new(),
            recipients_dropped: Vec::new(),
            data_key: None,
            settings: Vec::new(),
            comments: false,
            reason: None,
        }
    }

    /// What happened is not known, for this reason.
    pub(crate) fn not_compared(reason: &'static str) -> Self {
        Self {
            reason: Some(reason),
            ..Self::of(Edit::NotCompared)
        }
    }

    fn first(now: &Version) -> Self {
        let edit = if now.is_encrypted() {
            Edit::Added
        } else {
            Edit::AddedInClear
        };
        Self {
            recipients_added: now.recipients(),
            ..Self::of(edit)
        }
    }

    fn of_change(change: &Change<'_>, others: &[Change<'_>]) -> Self {
        let edit = edit(change, others);
        let both = change.base().is_encrypted() && change.now().is_encrypted();
        let mut step = Self {
            recipients_added: added(change, others),
            recipients_dropped: dropped(change, others),
            data_key: both.then(|| data_key(change, others)),
            settings: settings(change, others),
            comments: change.has_other_comments(),
            ..Self::of(edit)
        };
        let numbers = |places: Vec<usize>| places.into_iter().map(|at| at + 1).collect();
        let documents = change.documents();
        step.documents_removed = numbers(documents.removed);
        step.documents_added = numbers(documents.added);
        step.documents_moved = numbers(documents.moved);
        let re_encrypted = matches!(edit, Edit::Rotated | Edit::EncryptedAnew);
        for difference in change.differences() {
            step.add(change, others, difference, re_encrypted);
        }
        for id in change.reordered() {
            step.push(change.now(), id, What::Moved);
        }
        step
    }

    /// Adds a difference. Where all was encrypted anew nobody can tell which of the tokens hide other
    /// values.
    fn add(
        &mut self,
        change: &Change<'_>,
        others: &[Change<'_>],
        difference: Difference,
        re_encrypted: bool,
    ) {
        let (was, is) = (change.base(), change.now());
        match difference {
            Difference::Removed { base } => self.push(was, base, What::Removed),
            Difference::Moved { now, .. }
            | Difference::Changed { now, .. }
            | Difference::Added { now }
                if comes_from(others, now) => {}
            Difference::Moved { now, .. } => self.push(is, now, What::Moved),
            Difference::Added { now } => self.push(is, now, What::Added),
            Difference::Changed { base, now } => match (was.is_token(base), is.is_token(now)) {
                (true, true) if re_encrypted => {}
                (true, true) | (false, false) => self.push(is, now, What::Changed),
                (false, true) => self.push(is, now, What::Encrypted),
                (true, false) => self.push(is, now, What::Bared),
            },
        }
    }

    fn push(&mut self, version: &Version, id: LeafId, what: What) {
        if self.values.len() == MAX_VALUES {
            self.more_values += 1;
            return;
        }
        let path = version.path(id).to_string();
        self.values.push(ValueChange { path, what });
    }

    /// Notes what a key has shown of the data keys of before and after.
    pub(crate) fn with_data_keys(&mut self, are_same: bool) {
        self.data_key = Some(if are_same {
            DataKeyFate::Same
        } else {
            DataKeyFate::Replaced
        });
        if are_same && self.edit == Edit::Rotated {
            // Every value was edited, and the keys were updated.
            self.edit = Edit::Sops;
        }
    }

    /// Notes that the MAC is that of an older version, which brought it. Returns whether the values are
    /// certainly not those that it was written for.
    pub(crate) fn with_origin(&mut self, origin: &Version, now: &Version) -> bool {
        let change = Change::between(origin, now);
        let has_moved = change.moved_tokens().next().is_some();
        let is_sound = change.has_same_inputs() && !has_moved;
        match self.edit {
            _ if is_sound && !self.edit.keeps_values() => {
                self.edit = Edit::Restored;
                // Whatever was wrong with the version before, this one is known.
                self.reason = None;
                if self.data_key.is_none() {
                    // The recipients came back with all the rest.
                    self.recipients_added.clear();
                }
            }
            _ if self.edit.has_new_mac() => self.edit = under_its_mac(&change, &[]),
            _ => {}
        }
        !is_sound && (has_moved || !change.may_be_within_a_second())
    }

    /// Notes that a key has shown whether sops accepts the version.
    pub(crate) fn with_verdict(&mut self, is_accepted: bool) {
        if self.edit == Edit::PerhapsOutsideSops {
            self.edit = if is_accepted {
                Edit::Sops
            } else {
                Edit::OutsideSops
            };
        }
    }
}

fn edit(change: &Change<'_>, others: &[Change<'_>]) -> Edit {
    let (was, is) = (change.base().is_encrypted(), change.now().is_encrypted());
    match (was, is) {
        (false, false) if change.differences().next().is_some() => Edit::InClear,
        (false, false) if change.has_other_comments() => Edit::Comments,
        (false, false) => Edit::Layout,
        (false, true) => Edit::Encrypted,
        (true, false) => Edit::Decrypted,
        (true, true) if change.has_same_mac() => under_its_mac(change, others),
        (true, true) => under_new_mac(change, others),
    }
}

/// Of a change that has the MAC of before.
fn under_its_mac(change: &Change<'_>, others: &[Change<'_>]) -> Edit {
    if !change.mixed_with(others).is_empty() {
        return Edit::Mixed;
    }
    if has_moved_tokens(change, others) {
        return Edit::OutsideSops;
    }
    if !change.has_same_inputs() {
        return if change.may_be_within_a_second() {
            Edit::PerhapsOutsideSops
        } else {
            Edit::OutsideSops
        };
    }
    let is_any_sides = others.iter().any(Change::is_same_to_the_mac);
    let is_other = change.differences().next().is_some() || !change.documents().is_unchanged();
    if is_other && !is_any_sides || !settings(change, others).is_empty() {
        Edit::Unauthenticated
    } else if change.has_other_keys() {
        Edit::UpdateKeys
    } else if change.has_other_comments() {
        Edit::Comments
    } else {
        Edit::Layout
    }
}

/// Of a change that has another MAC than before.
fn under_new_mac(change: &Change<'_>, others: &[Change<'_>]) -> Edit {
    let has_mac = change.now().mac().is_some();
    if change.has_mac_of_other_time() {
        Edit::Mixed
    } else if !has_mac || has_moved_tokens(change, others) {
        Edit::OutsideSops
    } else if data_key(change, others) == DataKeyFate::Same {
        Edit::Sops
    } else if change.has_other_selectors() {
        Edit::EncryptedAnew
    } else {
        Edit::Rotated
    }
}

fn has_moved_tokens(change: &Change<'_>, others: &[Change<'_>]) -> bool {
    let mut moved = change.moved_tokens();
    moved.any(|(_, now)| !comes_from(others, now))
}

/// What shows of the data key without a key.
fn data_key(change: &Change<'_>, others: &[Change<'_>]) -> DataKeyFate {
    if change.shares_data_key() || others.iter().any(Change::shares_data_key) {
        DataKeyFate::Same
    } else {
        DataKeyFate::Unknown
    }
}

/// Settings that were edited as text, those that another side of a merge has left out.
fn settings(change: &Change<'_>, others: &[Change<'_>]) -> Vec<&'static str> {
    let here = change.settings();
    let elsewhere: Vec<SettingChanges> = others.iter().map(Change::settings).collect();
    let mut changed = Vec::new();
    let is_new = |pick: fn(&SettingChanges) -> bool| pick(&here) && elsewhere.iter().all(pick);
    if is_new(|settings| settings.selectors.is_some()) {
        changed.push("selectors");
    }
    if is_new(|settings| settings.threshold.is_some()) {
        changed.push("threshold");
    }
    if is_new(|settings| settings.groups.is_some()) {
        changed.push("groups");
    }
    if change.has_other_keys_as_text() && others.iter().all(Change::has_other_keys_as_text) {
        changed.push("recipients");
    }
    changed
}

/// The keys that open the file and opened no side of before.
fn added(change: &Change<'_>, others: &[Change<'_>]) -> Vec<String> {
    if !change.base().is_encrypted() {
        return change.now().recipients();
    }
    let added = change.recipients_added().into_iter();
    let is_new = |key: &&Recipient| !others.iter().any(|other| other.base().has_recipient(key));
    added.filter(is_new).map(|key| key.shown.clone()).collect()
}

/// The keys that opened all sides of before and do not open the file.
fn dropped(change: &Change<'_>, others: &[Change<'_>]) -> Vec<String> {
    let dropped = change.recipients_dropped().into_iter();
    let everywhere = |key: &&Recipient| others.iter().all(|other| other.base().has_recipient(key));
    dropped
        .filter(everywhere)
        .map(|key| key.shown.clone())
        .collect()
}
