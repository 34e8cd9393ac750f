//! A `.sops.yaml`, read with places, as sops 3.13.3 reads and applies it.
//!
//! sops is lenient: a key that it does not know is passed over, and what is wrong with a rule matters
//! once that rule is chosen. So is [`SopsConfig::read`], which refuses a file exactly where sops does.
//! What a user may have meant otherwise is listed beside, as [`Oddity`].

mod choice;
mod effect;
mod fault;
mod file_name;
mod keys;
mod names;
mod odd;
mod path_regex;
mod rule;
mod shape;
mod shown;

pub(crate) use choice::Choice;
pub(crate) use effect::Effect;
pub(crate) use fault::{Error, KeyFault, RuleFault};
pub(crate) use file_name::is_like_its_name;
pub(crate) use keys::RuleKey;
pub(crate) use names::Named;
pub(crate) use odd::{Oddity, Strange};
pub(crate) use rule::CreationRule;
pub(crate) use shown::shown;

use std::sync::atomic::AtomicU64;

use crate::document::yaml::decode::{self, Decoded, Value};
use crate::source::{Source, Span};

/// The name of sops's configuration.
pub(crate) const SOPS_CONFIG: &str = ".sops.yaml";

/// One `.sops.yaml`.
pub(crate) struct SopsConfig {
    /// The creation rules, in the order in which sops tries them.
    pub(crate) rules: Vec<CreationRule>,
    /// The `recreation_rule`s of `destination_rules`, to which `sops publish` encrypts anew.
    pub(crate) recreations: Vec<CreationRule>,
    /// Where they stand; `None` where the file has no `creation_rules`, which is to sops as if it had
    /// found no file.
    pub(crate) rules_span: Option<Span>,
    /// What sops takes and the user may not have meant.
    pub(crate) oddities: Vec<Oddity>,
    /// The keys that have a name here: by an anchor, or by a comment.
    pub(crate) names: Vec<Named>,
    /// What choosing rules took so far.
    work: AtomicU64,
}

impl SopsConfig {
    /// Reads the file.
    ///
    /// # Errors
    /// [`Error`] where sops refuses to load the file, or where it cannot be said whether it does.
    pub(crate) fn read(source: &Source) -> Result<Self, Error> {
        let text = source.text();
        if let Err(bad) = std::str::from_utf8(source.bytes()) {
            return Err(Error::not_text(source, bad.valid_up_to()));
        }
        let decoded =
            decode::decode(text, &shape::FILE).map_err(|error| Error::new(source, error))?;
        let mut names = names::anchored(text, &decoded.anchored);
        let Decoded { value, unknown, .. } = decoded;
        let mut oddities = odd::unknown_keys(unknown);
        let listed = value.as_ref().and_then(|file| file.field("creation_rules"));
        let rules_span = listed.map(|(member, _)| member.span);
        let mut reading = rule::Reading::new(text, &mut oddities, &mut names);
        let rules = listed
            .map(|(_, list)| list.items().iter().map(|rule| reading.rule(rule)).collect())
            .unwrap_or_default();
        let recreations = recreations(text, value.as_ref(), &mut names);
        oddities.sort_by_key(|oddity| oddity.span);
        names::settle(&mut names);
        Ok(Self {
            rules,
            recreations,
            rules_span,
            oddities,
            names,
            work: AtomicU64::new(0),
        })
    }

    /// The rules of both kinds, the creation rules first.
    pub(crate) fn all_rules(&self) -> impl Iterator<Item = &CreationRule> {
        self.rules.iter().chain(&self.recreations)
    }

    /// What the file calls a key, by the name that [`KeyNames`](crate::sops::KeyNames) compares.
    pub(crate) fn name_of(&self, canonical: &str) -> Option<&Named> {
        let at = self
            .names
            .partition_point(|named| named.canonical.as_str() < canonical);
        let named = self.names.get(at)?;
        (named.canonical == canonical).then_some(named)
    }
}

/// The rules by which files are encrypted anew where they are published. What is strange about them is not noted.
fn recreations(text: &str, file: Option<&Value>, names: &mut Vec<Named>) -> Vec<CreationRule> {
    let listed = file.and_then(|file| file.field("destination_rules"));
    let listed = listed.map_or(&[][..], |(_, list)| list.items());
    let rules = listed
        .iter()
        .filter_map(|destination| destination.field("recreation_rule"));
    let mut oddities = Vec::new();
    let mut reading = rule::Reading::new(text, &mut oddities, names);
    rules.map(|(_, rule)| reading.rule(rule)).collect()
}

#[cfg(test)]
pub(crate) mod tests;
