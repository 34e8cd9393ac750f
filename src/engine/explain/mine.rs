//! Which identity at hand opens what of a file, and whose the recipients are.

use super::page::{GroupReport, Mine, RecipientReport};
use super::rule::Governing;
use super::seal::Sheet;
use crate::engine::FileReport;
use crate::keys::{Keyring, Listed};

/// An identity, and whether it has become others that are listed by themselves.
pub(super) struct Tried {
    pub(super) mine: Mine,
    pub(super) is_used_up: bool,
}

/// Tries all identities on each key group, by itself.
pub(super) fn identities(
    sheet: Option<&Sheet>,
    file: &FileReport,
    keyring: &mut Keyring,
) -> Vec<Tried> {
    keyring.look_at_ssh();
    let mut tried: Vec<Tried> = keyring.list().into_iter().map(Tried::new).collect();
    let Some(sheet) = sheet else { return tried };
    for (locks, number) in sheet.locks.iter().zip(1..) {
        for at in locks.iter().flat_map(|locked| keyring.openers(locked)) {
            if let Some(key) = tried.get_mut(at)
                && key.mine.groups.last() != Some(&number)
            {
                key.mine.groups.push(number);
            }
        }
    }
    let needed = sheet.groups_needed.max(file.groups_needed);
    for key in &mut tried {
        key.mine.opens = !key.mine.groups.is_empty() && key.mine.groups.len() >= needed;
    }
    tried
}

impl Tried {
    fn new(listed: Listed) -> Self {
        Self {
            mine: Mine {
                kind: listed.kind,
                origin: listed.origin,
                recipient: listed.recipient,
                idle: listed.idle,
                groups: Vec::new(),
                opens: false,
            },
            is_used_up: listed.is_used_up,
        }
    }
}

/// The recipients of a file, group by group, each with its name.
pub(super) fn groups(
    file: &FileReport,
    identities: &[Mine],
    governing: &Governing,
) -> Vec<GroupReport> {
    let mut groups: Vec<GroupReport> = Vec::new();
    for key in &file.openers {
        while groups.len() < key.group {
            groups.push(GroupReport { keys: Vec::new() });
        }
        let is_it = |mine: &&Mine| mine.recipient.as_deref() == Some(key.name.as_str());
        let recipient = RecipientReport {
            kind: key.kind.clone(),
            name: key.name.clone(),
            called: governing.called(&key.name),
            is_mine: identities.iter().any(|mine| is_it(&mine)),
        };
        if let Some(group) = groups.get_mut(key.group.saturating_sub(1)) {
            group.keys.push(recipient);
        }
    }
    groups
}
