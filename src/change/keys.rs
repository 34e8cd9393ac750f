//! What became of the metadata: who can open the file, and what counts as encrypted.

use std::collections::BTreeSet;

use super::seal::{Recipient, Seal};
use super::{Change, Difference, Origin};
use crate::source::Span;

/// What of the metadata differs that the MAC does not cover and no command of sops changes alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SettingChanges {
    /// Which values are encrypted, or whether the MAC covers the others; where it is said.
    pub(crate) selectors: Option<Span>,
    /// How many groups of keys are needed; where it is said.
    pub(crate) threshold: Option<Span>,
    /// Which key is in which group.
    pub(crate) groups: Option<Span>,
}

impl<'v> Change<'v> {
    fn seals(&self) -> Option<(&'v Seal, &'v Seal)> {
        Some((self.base.seal.as_ref()?, self.now.seal.as_ref()?))
    }

    /// The keys that open the file and did not, each once, in the order of the file.
    pub(crate) fn recipients_added(&self) -> Vec<&'v Recipient> {
        self.seals()
            .map_or_else(Vec::new, |(base, now)| only_in(now, base))
    }

    /// The keys that opened the file and do not, each once, in the order of the base.
    pub(crate) fn recipients_dropped(&self) -> Vec<&'v Recipient> {
        self.seals()
            .map_or_else(Vec::new, |(base, now)| only_in(base, now))
    }

    /// Whether something shows that both versions have the same data key: one that could open the
    /// base can open the later version.
    pub(crate) fn shares_data_key(&self) -> bool {
        let shares_token = || {
            let origins = self.matching.origins.iter();
            let mut kept = origins.filter_map(|origin| match origin {
                Origin::Kept(base) | Origin::Moved(base) => Some(*base),
                Origin::Changed(_) | Origin::Added => None,
            });
            kept.any(|base| self.base.leaf(base).is_token())
        };
        self.has_same_mac() || self.shares_stanza() || shares_token()
    }

    /// Whether other keys open the later version, or other copies of the data key are in it.
    pub(crate) fn has_other_keys(&self) -> bool {
        self.seals()
            .is_some_and(|(base, now)| base.names != now.names || base.stanzas != now.stanzas)
    }

    /// Whether keys came or went while copies of the data key stayed, which no command of sops does.
    pub(crate) fn has_other_keys_as_text(&self) -> bool {
        self.shares_stanza()
            && self
                .seals()
                .is_some_and(|(base, now)| base.names != now.names)
    }

    fn shares_stanza(&self) -> bool {
        self.base.shares_stanza(self.now)
    }

    /// Whether `mac` is the base's and `lastmodified` is not: it cannot be opened with another time.
    pub(crate) fn has_mac_of_other_time(&self) -> bool {
        self.seals().is_some_and(|(base, now)| {
            let mac = |seal: &Seal| seal.mac.map(|(mark, _)| mark);
            mac(base).is_some()
                && mac(base) == mac(now)
                && base.last_modified.0 != now.last_modified.0
        })
    }

    /// Whether sops wrote the later version before the base, by the clocks of those who did.
    pub(crate) fn is_of_earlier_time(&self) -> bool {
        self.seals()
            .is_some_and(|(base, now)| now.last_modified.0 < base.last_modified.0)
    }

    /// Where the MAC stands, or the metadata where there is none.
    pub(crate) fn mac_span(&self) -> Option<Span> {
        let seal = self.now.seal.as_ref()?;
        Some(seal.mac.map_or(seal.span, |(_, span)| span))
    }

    /// Where the metadata stands.
    pub(crate) fn metadata_span(&self) -> Option<Span> {
        Some(self.now.seal.as_ref()?.span)
    }

    /// Where the time stands that sops wrote the file at.
    pub(crate) fn time_span(&self) -> Option<Span> {
        Some(self.now.seal.as_ref()?.last_modified.1)
    }

    /// Whether selectors pick other values, or the MAC covers others.
    pub(crate) fn has_other_selectors(&self) -> bool {
        self.seals().is_some_and(|(base, now)| {
            base.selector.0 != now.selector.0 || base.mac_only_encrypted != now.mac_only_encrypted
        })
    }

    /// Whether the MAC covers values in clear in one version only. That enters the MAC, too.
    pub(crate) fn has_other_mac_scope(&self) -> bool {
        self.seals()
            .is_some_and(|(base, now)| base.mac_only_encrypted != now.mac_only_encrypted)
    }

    /// Whether a verdict could answer a guess: other values are encrypted than in the base, or under its
    /// MAC one is gone that was, and one in clear has come. A key that the selectors pass over is enough.
    pub(crate) fn may_be_guess(&self) -> bool {
        self.has_other_selectors() || self.base.shares_mac(self.now) && self.has_bared()
    }

    /// Whether an encrypted value is gone, and one in clear that counts for the MAC has come.
    fn has_bared(&self) -> bool {
        let is_gone = |difference| match difference {
            Difference::Removed { base } => self.base.is_token(base),
            Difference::Changed { base, now } => {
                self.base.is_token(base) && !self.now.is_token(now)
            }
            Difference::Moved { .. } | Difference::Added { .. } => false,
        };
        let has_come = |difference| match difference {
            Difference::Changed { now, .. } | Difference::Added { now } => {
                self.is_input(now) && !self.now.is_token(now)
            }
            Difference::Moved { .. } | Difference::Removed { .. } => false,
        };
        self.differences().any(is_gone) && self.differences().any(has_come)
    }

    /// What was changed as text in the settings. Where the file was encrypted anew it says nothing,
    /// and neither where sops wrote the groups.
    pub(crate) fn settings(&self) -> SettingChanges {
        let mut changes = SettingChanges::default();
        let Some((base, now)) = self.seals() else {
            return changes;
        };
        if self.has_other_selectors() && self.shares_data_key() {
            changes.selectors = Some(now.selector.1.unwrap_or(now.span));
        }
        if self.shares_stanza() {
            if base.groups.len() == now.groups.len() && base.threshold != now.threshold {
                changes.threshold = Some(now.threshold_span.unwrap_or(now.span));
            }
            if partition(base, now) != partition(now, base) {
                changes.groups = Some(now.span);
            }
        }
        changes
    }
}

/// The recipients of `this` that `other` has not.
fn only_in<'s>(this: &'s Seal, other: &Seal) -> Vec<&'s Recipient> {
    let mut seen = BTreeSet::new();
    let new = this
        .recipients()
        .filter(|recipient| !other.names.contains(&recipient.name));
    new.filter(|recipient| seen.insert(recipient.name.as_str()))
        .collect()
}

/// The groups of `this` as far as `other` has their keys, whatever the order.
fn partition<'s>(this: &'s Seal, other: &Seal) -> Vec<BTreeSet<&'s str>> {
    let groups = this.groups.iter().map(|group| {
        let names = group.iter().map(|recipient| recipient.name.as_str());
        names
            .filter(|name| other.names.contains(*name))
            .collect::<BTreeSet<_>>()
    });
    let mut groups: Vec<_> = groups.filter(|group| !group.is_empty()).collect();
    groups.sort();
    groups
}
