//! Whether age takes a text as a recipient, told without the commands of plugins.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::bech32;
use super::recipient::{Recipient, RecipientKind};

/// What age makes of a text as a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usable {
    Yes,
    /// What is wrong with it.
    No(&'static str),
    /// It is not certain.
    Unsure,
}

/// The lengths of the public keys, in bytes.
const X25519: usize = 32;
const ED25519: usize = 32;
const HYBRID: usize = 1216;

/// The fewest bytes of an RSA modulus.
const RSA: usize = 256;

impl Recipient {
    /// Whether age would take it. Whether there is a plugin for it is not looked at.
    pub(crate) fn usable(&self) -> Usable {
        let text = self.as_str();
        match self.kind() {
            RecipientKind::X25519 => bech32_of(text, "age", Some(X25519)),
            RecipientKind::PostQuantum => bech32_of(text, "age1pq", Some(HYBRID)),
            RecipientKind::Plugin(name) => {
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
                match name.is_empty() || !name.bytes().all(is_plain) {
                    true => Usable::No("the name of its plugin is none"),
                    false => bech32_of(text, &format!("age1{name}"), None),
                }
            }
            RecipientKind::SshEd25519 | RecipientKind::SshRsa => ssh(text),
            // To age, a first word that it does not know may be an option of the key behind it.
            RecipientKind::Unknown
                if text.starts_with("ssh-") && text.split_whitespace().count() > 2 =>
            {
                Usable::Unsure
            }
            RecipientKind::Unknown => Usable::No("it is no recipient that age knows"),
        }
    }
}

fn bech32_of(text: &str, prefix: &str, length: Option<usize>) -> Usable {
    match bech32::parse(text) {
        None => Usable::No("its checksum does not fit: a character is missing, or another one"),
        Some((found, _)) if found != prefix => Usable::No("it is no recipient that age knows"),
        Some((_, data)) if length.is_some_and(|length| data.expose().len() != length) => {
            Usable::No("it is shorter or longer than a recipient of its kind")
        }
        Some(_) => Usable::Yes,
    }
}

/// A line as in `authorized_keys`: the type, the key in base64, a comment.
fn ssh(text: &str) -> Usable {
    if text.contains(['\n', '\r']) {
        return Usable::Unsure;
    }
    let mut words = text.split([' ', '\t']).filter(|word| !word.is_empty());
    let (Some(kind), Some(key)) = (words.next(), words.next()) else {
        return Usable::No("the key behind `ssh-…` is missing");
    };
    let Ok(key) = BASE64_STANDARD.decode(key) else {
        return Usable::No("the key behind `ssh-…` is no base64");
    };
    let parts = parts(&key);
    match (kind, parts.as_deref()) {
        ("ssh-ed25519", Some([name, point])) if *name == kind.as_bytes() => {
            match <[u8; ED25519]>::try_from(*point) {
                Ok(point) => on_the_curve(point),
                Err(_) => Usable::No("it is shorter or longer than a recipient of its kind"),
            }
        }
        ("ssh-rsa", Some([name, _, modulus])) if *name == kind.as_bytes() => {
            let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
            match modulus.len() - zeros < RSA {
                true => Usable::No("its RSA key is too small"),
                false => Usable::Yes,
            }
        }
        _ => Usable::No("the key behind `ssh-…` is none of its kind"),
    }
}

/// The strings of a public key: each is preceded by its length.
fn parts(mut key: &[u8]) -> Option<Vec<&[u8]>> {
    let mut parts = Vec::new();
    while !key.is_empty() {
        let (length, rest) = key.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (part, rest) = rest.split_at_checked(length)?;
        parts.push(part);
        key = rest;
    }
    Some(parts)
}

#[cfg(feature = "ssh")]
fn on_the_curve(point: [u8; ED25519]) -> Usable {
    let point = curve25519_dalek::edwards::CompressedEdwardsY(point);
    match point.decompress() {
        Some(_) => Usable::Yes,
        None => Usable::No("the key behind `ssh-…` is none of its kind"),
    }
}

#[cfg(not(feature = "ssh"))]
fn on_the_curve(_: [u8; ED25519]) -> Usable {
    Usable::Yes
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED25519_KEY: &str =
        "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

    #[test]
    fn tells_what_age_takes() {
        let ssh = |text: &str| format!("{text} {ED25519_KEY} alice@host");
        for (text, expected) in [
            (
                "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du".to_owned(),
                true,
            ),
            (
                "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4dv".to_owned(),
                false,
            ),
            (
                "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4d".to_owned(),
                false,
            ),
            ("age1".to_owned(), false),
            ("alice".to_owned(), false),
            ("AGE-SECRET-KEY-1X".to_owned(), false),
            ("ssh-ed25519".to_owned(), false),
            ("ssh-dss AAAA".to_owned(), false),
            (ssh("ssh-ed25519"), true),
            (ssh("ssh-rsa"), false),
        ] {
            let found = Recipient::parse(&text).usable();
            assert_eq!(found == Usable::Yes, expected, "{text}: {found:?}");
            assert_ne!(found, Usable::Unsure, "{text}");
        }
    }
}
