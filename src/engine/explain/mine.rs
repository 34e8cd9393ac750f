//! Which identity at hand opens what of a file, and whose the recipients are.

use super::page::{GroupReport, Mine, RecipientReport};
use super::rule::Above;
use super::seal::Sheet;
use crate::engine::FileReport;
use crate::keys::{Keyring, Listed};

/// Tries all identities on each key group, each by itself. Those that have become others, which are listed by
/// themselves, are left out.
pub(super) fn identities(
    sheet: Option<&Sheet>,
    file: &FileReport,
    keyring: &mut Keyring,
) -> Vec<Mine> {
    keyring.look_at_ssh();
    let listed = keyring.list();
    let used_up: Vec<bool> = listed.iter().map(|key| key.is_used_up).collect();
    let mut tried: Vec<Mine> = listed.into_iter().map(Mine::new).collect();
    let locks = sheet.map_or(&[][..], |sheet| &sheet.locks);
    for (locks, number) in locks.iter().zip(1..) {
        for at in locks.iter().flat_map(|locked| keyring.openers(locked)) {
            if let Some(key) = tried.get_mut(at)
                && key.groups.last() != Some(&number)
            {
                key.groups.push(number);
            }
        }
    }
    for key in &mut tried {
        key.opens = !key.groups.is_empty() && key.groups.len() >= file.groups_needed;
    }
    let tried = tried.into_iter().zip(used_up);
    tried
        .filter_map(|(key, is_used_up)| (!is_used_up).then_some(key))
        .collect()
}

impl Mine {
    fn new(listed: Listed) -> Self {
        Self {
            kind: listed.kind,
            origin: listed.origin,
            recipient: listed.recipient,
            idle: listed.idle,
            groups: Vec::new(),
            opens: false,
        }
    }
}

/// The recipients of a file, group by group, each with its name.
pub(super) fn groups(
    file: &FileReport,
    sheet: Option<&Sheet>,
    identities: &[Mine],
    above: &Above<'_>,
) -> Vec<GroupReport> {
    let facts = sheet.iter().flat_map(|sheet| sheet.facts.keys());
    let mut names = facts.map(|key| above.called(&key.canonical));
    let mut groups: Vec<GroupReport> = Vec::new();
    for key in &file.openers {
        while groups.len() < key.group {
            groups.push(GroupReport { keys: Vec::new() });
        }
        let is_it = |mine: &&Mine| mine.recipient.as_deref() == Some(key.name.as_str());
        let recipient = RecipientReport {
            kind: key.kind.clone(),
            name: key.name.clone(),
            called: names.next().flatten(),
            is_mine: identities.iter().any(|mine| is_it(&mine)),
        };
        if let Some(group) = groups.get_mut(key.group.saturating_sub(1)) {
            group.keys.push(recipient);
        }
    }
    groups
}
