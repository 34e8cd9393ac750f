//! Reads a `[[recipient]]`. What stands where a public key belongs may be anything that was pasted
//! there, so no mistake shows it.

use std::ops::Range;

use toml_edit::{Datetime, Item, TableLike, Value};

use super::{Mistake, listed, no_other_keys, span, text, to_span, wrong_type};
use crate::config::day::Day;
use crate::config::error::Fault;
use crate::config::keys::{MAX_NAME, RECIPIENT};
use crate::config::recipients::{Role, Trusted};
use crate::config::similar::similar;
use crate::keys;
use crate::sops::KeyName;

const TABLE: &str = "recipient";

/// A private key that stands anywhere in a policy, be it in a comment; also an age identity that was
/// damaged.
pub(super) fn private_key(policy: &str) -> Option<Mistake> {
    let bytes = policy.as_bytes();
    if keys::may_be_exposed(bytes)
        && let Some(key) = keys::exposed(bytes).into_iter().next()
    {
        let public = key.recipient;
        return Some((key.range, Fault::PrivateKey { public }));
    }
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let length = |at: usize| {
        let rest = bytes.iter().skip(at);
        rest.take_while(|byte| is_part(byte)).count()
    };
    let mut places = policy.match_indices(IDENTITY).map(|(at, _)| at);
    let at = places.find(|at| length(*at) >= IDENTITY.len() + FEW)?;
    let fault = Fault::PrivateKey { public: None };
    Some((at..at + length(at), fault))
}

/// How an age identity begins, and how many characters behind that are more than a sentence about it
/// has.
const IDENTITY: &str = "AGE-SECRET-KEY-";
const FEW: usize = 8;

/// Reads a table, and gives the place of its key, too.
pub(super) fn read(table: &dyn TableLike) -> Result<(Trusted, Range<usize>), Mistake> {
    for (_, item) in table.iter() {
        no_private_key(item)?;
    }
    no_other_keys(table, &RECIPIENT)?;
    let (key, key_span) = text(table, TABLE, "key")?;
    let name = KeyName::parse(key).ok_or_else(|| {
        let is_damaged = key.trim_start().starts_with("age1");
        (key_span.clone(), Fault::NoKey { is_damaged })
    })?;
    let (owner, owner_span) = text(table, TABLE, "name")?;
    let recipient = Trusted {
        key: name,
        name: short("name", owner, owner_span)?,
        role: role(table)?,
        paths: table
            .get("paths")
            .map(|item| listed(table, "paths", item, false))
            .transpose()?,
        held_by: held_by(table)?,
        proved: proved(table)?,
        at: to_span(&key_span),
    };
    Ok((recipient, key_span))
}

/// Refuses what looks like a private key, be it damaged.
fn no_private_key(item: &Item) -> Result<(), Mistake> {
    let beginnings = ["AGE-SECRET-KEY-", "AGE-PLUGIN-", "PRIVATE KEY-----"];
    let is_private = |value: &Value| {
        let text = value.as_str().unwrap_or_default().to_ascii_uppercase();
        beginnings.iter().any(|start| text.contains(start))
    };
    let refuse = |span: Range<usize>| Err((span, Fault::PrivateKey { public: None }));
    match item.as_value() {
        Some(Value::Array(list)) => match list.iter().find(|value| is_private(value)) {
            Some(value) => refuse(value.span().unwrap_or_default()),
            None => Ok(()),
        },
        Some(value) if is_private(value) => refuse(span(item)),
        _ => Ok(()),
    }
}

/// A text that fits in a line of a report.
fn short(key: &'static str, text: &str, span: Range<usize>) -> Result<String, Mistake> {
    let is_short = text.chars().count() <= MAX_NAME && !text.chars().any(char::is_control);
    if is_short && !text.trim().is_empty() {
        Ok(text.trim().to_owned())
    } else {
        Err((span, Fault::BadName { key }))
    }
}

fn role(table: &dyn TableLike) -> Result<Role, Mistake> {
    const KEY: &str = "role";
    let Some(item) = table.get(KEY) else {
        return Ok(Role::default());
    };
    let word = item
        .as_str()
        .ok_or_else(|| wrong_type(KEY, item, "a word in quotes"))?;
    let role = Role::ALL.into_iter().find(|role| role.name() == word);
    role.ok_or_else(|| {
        let known = Role::ALL.map(Role::name);
        let fault = Fault::UnknownWord {
            key: KEY,
            word: word.to_owned(),
            similar: similar(word, known),
            known: known.to_vec(),
        };
        (span(item), fault)
    })
}

fn held_by(table: &dyn TableLike) -> Result<Vec<String>, Mistake> {
    const KEY: &str = "held-by";
    let Some(item) = table.get(KEY) else {
        return Ok(Vec::new());
    };
    let wrong = || wrong_type(KEY, item, "a list of texts");
    let list = item.as_array().ok_or_else(wrong)?;
    let places = list.iter().map(|value| {
        let text = value.as_str().ok_or_else(wrong)?;
        short(KEY, text, value.span().unwrap_or_default())
    });
    places.collect()
}

fn proved(table: &dyn TableLike) -> Result<Option<Day>, Mistake> {
    const KEY: &str = "proved";
    let Some(item) = table.get(KEY) else {
        return Ok(None);
    };
    let day = item.as_datetime().and_then(day);
    day.map(Some).ok_or_else(|| wrong_type(KEY, item, "a day"))
}

/// A day without a time.
fn day(written: &Datetime) -> Option<Day> {
    let date = written.date?;
    if written.time.is_some() || written.offset.is_some() {
        return None;
    }
    Day::of_date(date.year, date.month, date.day)
}
