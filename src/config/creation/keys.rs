//! The keys of a rule, of every kind, as sops takes them from what is written.
//!
//! Flat fields hold texts or lists of texts, each a list with commas in its turn; white space and
//! empty places go by in some of them and not in others. Groups hold records, and can merge groups.

use std::collections::HashSet;

use super::fault::{KeyFault, Refusal, RuleFault};
use super::odd::Strange;
use super::rule::{Reading, text};
use crate::document::yaml::decode::{Content, Value};
use crate::keys::{Flaw, Recipient};
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

/// What a text says: a key, nothing at all, or what is wrong with it.
type Read = Result<Option<(KeyNames, bool)>, KeyFault>;

/// A key as flat fields write it.
fn of_text(kind: KeyKind, piece: &str, profile: &str) -> Read {
    let plain = piece.replace(' ', "");
    let names = |id: &str, others: &[&str]| Ok(Some((KeyNames::new(kind, id, others, ""), false)));
    match kind {
        KeyKind::Age => {
            let id = piece.trim();
            match Recipient::parse(id).flaw() {
                None => names(id, &[]),
                Some(Flaw::Undecided) => Err(KeyFault::Unsure),
                Some(flaw) => Err(KeyFault::Age(flaw)),
            }
        }
        KeyKind::Pgp | KeyKind::GcpKms => names(&plain, &[]),
        KeyKind::Kms => {
            let (arn, role) = match plain.find("+arn:").filter(|at| *at > 0) {
                Some(at) => (&plain[..at], &plain[at + 1..]),
                None => (plain.as_str(), ""),
            };
            names(arn, &[role, profile])
        }
        KeyKind::HcKms if piece.trim().is_empty() => Ok(None),
        KeyKind::HcKms => of_item(kind, piece.trim()),
        KeyKind::AzureKv => azure(piece.trim()),
        KeyKind::HcVault if piece.is_empty() => Ok(None),
        KeyKind::HcVault => of_item(kind, piece),
    }
}

/// A key as a text in a group writes it.
fn of_item(kind: KeyKind, text: &str) -> Read {
    let key = |id: &str, others: &[&str]| Ok(Some((KeyNames::new(kind, id, others, ""), false)));
    match kind {
        KeyKind::HcKms => match text.split_once(':') {
            Some((region, id)) if !region.trim().is_empty() && !id.trim().is_empty() => {
                key(text, &[])
            }
            Some(_) | None => Err(KeyFault::HcKms),
        },
        KeyKind::HcVault if text.is_empty() => Err(KeyFault::Empty),
        KeyKind::HcVault => {
            let (address, engine, name) = vault(text)?;
            key(&address, &[&engine, name])
        }
        KeyKind::Age | KeyKind::Pgp | KeyKind::Kms | KeyKind::GcpKms | KeyKind::AzureKv => {
            key(&text.replace(' ', ""), &[])
        }
    }
}

/// A key as a record in a group writes it.
fn of_record(kind: KeyKind, record: &Value) -> Read {
    let field = |name: &str| {
        text(record, name)
            .map(|setting| setting.value)
            .unwrap_or_default()
    };
    let key = |id: &str, others: &[&str], context: &str| KeyNames::new(kind, id, others, context);
    let (names, is_open) = match kind {
        KeyKind::Kms => {
            let context = context(record)?;
            let (role, profile) = (field("role"), field("aws_profile"));
            (key(&field("arn"), &[&role, &profile], &context), false)
        }
        KeyKind::GcpKms => (key(&field("resource_id").replace(' ', ""), &[], ""), false),
        KeyKind::HcKms => return of_item(kind, &field("key_id")),
        KeyKind::AzureKv => {
            let version = field("version");
            let others = [field("key"), version.clone()];
            let others = [others[0].as_str(), others[1].as_str()];
            (key(&field("vaultUrl"), &others, ""), version.is_empty())
        }
        KeyKind::Age | KeyKind::Pgp | KeyKind::HcVault => return Ok(None),
    };
    Ok(Some((names, is_open)))
}

/// The encryption context of a KMS key, as sops prints it; it crashes on a value that is null.
fn context(record: &Value) -> Result<String, KeyFault> {
    let Some((_, value)) = record.field("context") else {
        return Ok(String::new());
    };
    let Content::Texts(pairs) = &value.content else {
        return Ok(String::new());
    };
    let mut pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| Some((name.as_str(), value.as_deref()?)))
        .collect::<Option<_>>()
        .ok_or(KeyFault::Empty)?;
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}:{value}"))
        .collect();
    Ok(pairs.join(","))
}

/// `https://NAME/keys/KEY/VERSION`, of which the version can be left out.
fn azure(url: &str) -> Read {
    let host = url.strip_prefix("https://").and_then(|rest| rest.find('/'));
    let (vault, rest) = host
        .filter(|at| *at > 0)
        .map(|at| url.split_at(at + "https://".len()))
        .ok_or(KeyFault::Azure)?;
    let mut parts = rest
        .strip_prefix("/keys/")
        .ok_or(KeyFault::Azure)?
        .split('/');
    let name = parts
        .next()
        .filter(|name| !name.is_empty())
        .ok_or(KeyFault::Azure)?;
    let version = parts.next().unwrap_or_default();
    if parts.next().is_some() {
        return Err(KeyFault::Azure);
    }
    let names = KeyNames::new(KeyKind::AzureKv, vault, &[name, version], "");
    Ok(Some((names, version.is_empty())))
}

/// The address, the engine and the key of `https://NAME:8200/v1/ENGINE/keys/KEY`. What Go's reader of
/// addresses could take for something else is left alone.
fn vault(uri: &str) -> Result<(String, String, &str), KeyFault> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b":/._~-".contains(&byte);
    if !uri.bytes().all(is_plain) || uri.contains("/.") {
        return Err(KeyFault::Unsure);
    }
    let Some((scheme, rest)) = uri.split_once("://") else {
        let fault = if uri.contains(':') {
            KeyFault::Unsure
        } else {
            KeyFault::Vault
        };
        return Err(fault);
    };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if !is_scheme || host.is_empty() || path.trim_matches('/').contains("//") {
        return Err(KeyFault::Unsure);
    }
    if let Some((_, port)) = host.split_once(':')
        && !port.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err(KeyFault::Vault);
    }
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let is_version = |part: &str| {
        part.strip_prefix('v')
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    };
    let starts: Vec<usize> = (0..parts.len())
        .filter(|at| parts.get(*at).is_some_and(|part| is_version(part)) && at + 3 < parts.len())
        .collect();
    if path.starts_with('/') {
        return Err(KeyFault::Unsure);
    }
    if starts != [0] {
        return Err(KeyFault::Vault);
    }
    let [_, engine @ .., _, key] = parts.as_slice() else {
        return Err(KeyFault::Vault);
    };
    let address = format!("{}://{host}", scheme.to_ascii_lowercase());
    Ok((address, engine.join("/"), key))
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
