//! One key, in the spelling that sops reads for its kind.
//!
//! The same key is spelled in other ways in a flat field, in a group's text and in a group's record.

use crate::config::creation::fault::KeyFault;
use crate::config::creation::rule::text;
use crate::document::yaml::decode::{Content, Value};
use crate::keys::{Flaw, Recipient};
use crate::sops::{KeyKind, KeyNames};

/// What a text says: a key, nothing at all, or what is wrong with it.
pub(super) type Read = Result<Option<(KeyNames, bool)>, KeyFault>;

/// A key as flat fields write it.
pub(super) fn of_text(kind: KeyKind, piece: &str, profile: &str) -> Read {
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
pub(super) fn of_item(kind: KeyKind, text: &str) -> Read {
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
pub(super) fn of_record(kind: KeyKind, record: &Value) -> Read {
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
