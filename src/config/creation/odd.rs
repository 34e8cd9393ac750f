//! What sops takes, and the user may not have meant.

use super::fault::{KeyFault, RuleFault};
use crate::config::similar::similar;
use crate::document::yaml::decode::UnknownKey;
use crate::sops::SelectorKind;
use crate::source::Span;

/// Something strange, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Oddity {
    /// The number of the rule that it is about, where it is about one of the creation rules.
    pub(crate) rule: Option<usize>,
    pub(crate) span: Span,
    pub(crate) what: Strange,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Strange {
    /// A key that sops passes over.
    UnknownKey {
        name: String,
        /// Where its value stands.
        value: Span,
        /// The known key that is most like it.
        similar: Option<&'static str>,
        known: Vec<&'static str>,
        /// The field whose value holds it; empty at the top level.
        within: &'static str,
    },
    /// A `path_regex` that Go refuses. sops fails for every file that comes to it.
    BadPathRegex,
    /// The regular expression of a selector that Go refuses: sops takes it as matching nothing.
    BadSelector { kind: SelectorKind },
    /// A `path_regex` that names the standard input.
    StandardInput,
    /// A key that is none. sops fails for every file of the rule.
    BadKey {
        field: &'static str,
        fault: KeyFault,
        /// Where its text stands, which an alias may lead to.
        defined: Span,
    },
    /// A flat list of keys beside `key_groups`, where it does not count.
    FlatAndGrouped { field: &'static str },
    /// A rule without keys.
    NoKeys,
    /// Why sops fails for every file of the rule; the first reason, which may be listed by itself.
    Refused(RuleFault),
}

/// The keys that sops passes over.
pub(super) fn unknown_keys(unknown: Vec<UnknownKey>) -> Vec<Oddity> {
    let odd = |key: UnknownKey| {
        let known: Vec<&'static str> = key.known.iter().map(|field| field.name).collect();
        Oddity {
            rule: None,
            span: key.span,
            what: Strange::UnknownKey {
                similar: similar(&key.name, known.iter().copied()),
                name: key.name,
                value: key.value,
                known,
                within: key.within,
            },
        }
    };
    unknown.into_iter().map(odd).collect()
}
