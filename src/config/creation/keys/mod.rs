//! The keys of a rule, of every kind, as sops takes them from what is written.
//!
//! Flat fields hold texts or lists of texts, each a list with commas in its turn; white space and
//! empty places go by in some of them and not in others. Groups hold records, and can merge groups.

mod spelling;

use std::collections::HashSet;

use spelling::{Read, of_item, of_record, of_text};

use super::fault::{KeyFault, Refusal, RuleFault};
use super::odd::Strange;
use super::rule::{Reading, text};
use crate::document::yaml::decode::{Content, Value};
use crate::sops::{KeyKind, KeyNames};
use crate::source::Span;

/// A key of a rule.
#[derive(Clone, Debug)]
pub(crate) struct RuleKey {
    pub(crate) names: KeyNames,
    /// Where the rule names it: where its text stands, or an alias that leads there.
    pub(crate) span: Span,
    /// Where its text stands.
    pub(crate) defined: Span,
    /// Whether sops asks the key's owner for what is missing (Azure, for the newest version).
    pub(crate) is_open: bool,
}

/// The flat fields, in sops's order.
pub(super) const FLAT: [(&str, KeyKind); 7] = [
    ("age", KeyKind::Age),
    ("pgp", KeyKind::Pgp),
    ("kms", KeyKind::Kms),
    ("gcp_kms", KeyKind::GcpKms),
    ("hckms", KeyKind::HcKms),
    ("azure_keyvault", KeyKind::AzureKv),
    ("hc_vault_transit_uri", KeyKind::HcVault),
];

/// The fields of a group, in sops's order.
const GROUPED: [(&str, KeyKind); 7] = [
    ("age", KeyKind::Age),
    ("pgp", KeyKind::Pgp),
    ("kms", KeyKind::Kms),
    ("gcp_kms", KeyKind::GcpKms),
    ("hckms", KeyKind::HcKms),
    ("azure_keyvault", KeyKind::AzureKv),
    ("hc_vault", KeyKind::HcVault),
];

/// The most keys that a file may name, each rule's counted.
const MAX_KEYS: usize = 500_000;

/// The keys of the flat fields: one group.
pub(super) fn flat(
    reading: &mut Reading<'_>,
    rule: &Value,
    refusals: &mut Vec<Refusal>,
) -> Vec<RuleKey> {
    let profile = text(rule, "aws_profile").map(|setting| setting.value);
    let mut keys = Vec::new();
    for (field, kind) in FLAT {
        let Some((_, value)) = rule.field(field) else {
            continue;
        };
        let scalars = match scalars(value, field) {
            Ok(scalars) => scalars,
            Err(refusal) => {
                refusals.push(refusal);
                continue;
            }
        };
        let is_text = matches!(value.content, Content::Text(_));
        let empty = |text: &str| scalars.len() == 1 && text.is_empty();
        for (scalar, text) in &scalars {
            if empty(text) {
                continue;
            }
            let mut pieces: Vec<&str> = text.split(',').collect();
            if is_text {
                pieces = pieces
                    .into_iter()
                    .map(str::trim)
                    .filter(|piece| !piece.is_empty())
                    .collect();
            }
            let profile = profile.as_deref().unwrap_or_default();
            let one = pieces.len() == 1;
            let mut from = 0;
            for piece in pieces {
                let place = place(reading.text, scalar, piece, &mut from);
                let read = of_text(kind, piece, profile);
                add(
                    reading,
                    (field, scalar, place, one),
                    read,
                    &mut keys,
                    refusals,
                );
            }
        }
    }
    keys
}

/// The texts of a flat field: the one that it is, or those of its list.
fn scalars<'v>(
    value: &'v Value,
    field: &'static str,
) -> Result<Vec<(&'v Value, &'v str)>, Refusal> {
    let scalar = |value: &'v Value| match &value.content {
        Content::Text(text) => Ok((value, text.as_str())),
        Content::Other(found) => Err((value.at, *found)),
        Content::List(_) => Err((value.at, "a list")),
        Content::Int(_) | Content::Bool(_) | Content::Texts(_) | Content::Record(_) => {
            Err((value.at, "something else"))
        }
    };
    let scalars = match &value.content {
        Content::List(items) => items.iter().map(scalar).collect(),
        _ => scalar(value).map(|scalar| vec![scalar]),
    };
    scalars.map_err(|(span, found)| Refusal {
        span,
        fault: RuleFault::NotText { field, found },
    })
}

/// The keys of one of `key_groups`: those of the groups that it merges, then its own, each once.
pub(super) fn group(
    reading: &mut Reading<'_>,
    group: &Value,
    refusals: &mut Vec<Refusal>,
) -> Vec<RuleKey> {
    let mut keys = Vec::new();
    if let Some((_, merged)) = group.field("merge") {
        for merged in merged.items() {
            keys.extend(self::group(reading, merged, refusals));
        }
    }
    for (field, kind) in GROUPED {
        let items = group.field(field).map_or(&[][..], |(_, list)| list.items());
        for item in items {
            if kind == KeyKind::Age {
                recipients(reading, item, &mut keys, refusals);
                continue;
            }
            let read = match &item.content {
                Content::Text(text) => of_item(kind, text),
                _ => of_record(kind, item),
            };
            let place = item.span;
            add(
                reading,
                (field, item, place, true),
                read,
                &mut keys,
                refusals,
            );
        }
    }
    let mut seen = HashSet::new();
    keys.retain(|key| seen.insert((key.names.kind, key.names.spelled.clone())));
    keys
}

/// The recipients of an item of a group's `age`: it can name several, or none.
fn recipients(
    reading: &mut Reading<'_>,
    item: &Value,
    keys: &mut Vec<RuleKey>,
    refusals: &mut Vec<Refusal>,
) {
    let Some(text) = item.as_text().filter(|text| !text.is_empty()) else {
        return;
    };
    let one = !text.contains(',');
    let mut from = 0;
    for piece in text.split(',') {
        let place = place(reading.text, item, piece.trim(), &mut from);
        let read = of_text(KeyKind::Age, piece, "");
        add(reading, ("age", item, place, one), read, keys, refusals);
    }
}

/// Where a piece of a scalar stands, where it can be found there.
fn place(text: &str, scalar: &Value, piece: &str, from: &mut usize) -> Span {
    let whole = scalar.span;
    let found = text
        .get(whole.range())
        .and_then(|all| all.get(*from..))
        .and_then(|rest| rest.find(piece))
        .filter(|_| !piece.is_empty());
    match found {
        Some(at) => {
            let start = whole.start() + *from + at;
            *from += at + piece.len();
            Span::new(start, start + piece.len())
        }
        None => whole,
    }
}

/// Adds a key, or notes why it is none.
fn add(
    reading: &mut Reading<'_>,
    (field, scalar, defined, alone): (&'static str, &Value, Span, bool),
    read: Read,
    keys: &mut Vec<RuleKey>,
    refusals: &mut Vec<Refusal>,
) {
    let is_alias = scalar.at != scalar.span;
    let span = if is_alias { scalar.at } else { defined };
    reading.keys += 1;
    let read = match reading.keys > MAX_KEYS {
        true => Err(KeyFault::Unsure),
        false => read,
    };
    match read {
        Ok(None) => {}
        Ok(Some((names, is_open))) => {
            let key = RuleKey {
                names,
                span,
                defined,
                is_open,
            };
            if alone {
                reading.name(scalar, &key);
            }
            keys.push(key);
        }
        Err(fault) => {
            if fault != KeyFault::Unsure {
                let fault = fault.clone();
                let bad = Strange::BadKey {
                    field,
                    fault,
                    defined,
                };
                reading.strange(span, bad);
            }
            let fault = RuleFault::Key { field, fault };
            refusals.push(Refusal { span, fault });
        }
    }
}
