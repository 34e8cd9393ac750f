//! What is wrong with a text that should be an age recipient.
//!
//! sops hands each recipient to age before it encrypts anything, and does nothing at all where one of them
//! is none. So exactly what age refuses is refused here, and the reason is one that helps: which character,
//! which comma is missing, or that it is a private key.

mod ssh;

use std::fmt;

use super::recipient::{Recipient, RecipientKind};
use super::{bech32, exposed};
use ssh::{of_ssh, other_type};

/// Why age does not take a text for a recipient. It holds nothing of the text but one character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// There is nothing, as behind a comma too many.
    Empty,
    /// It is a private key. The recipient that it opens files for, where that is known.
    PrivateKey(Option<String>),
    /// It is what a plugin's user keeps: `AGE-PLUGIN-…`.
    PluginIdentity,
    /// It holds white space: several that no comma separates, or a comment.
    Spaced,
    /// It has letters in upper case.
    UpperCase,
    /// It has a character that no recipient has, at this place, counted from 1.
    Character(char, usize),
    /// It is cut, or too long.
    Length,
    /// Its checksum does not fit: at least one character is another one.
    Checksum,
    /// The name of its plugin is none.
    PluginName,
    /// It is an SSH key of this type, for which age does not encrypt.
    SshType(&'static str),
    /// It begins like an SSH key and is none.
    SshKey,
    /// An RSA key of fewer bits than age takes.
    WeakRsa(usize),
    /// It is no recipient of any kind.
    Unknown,
    /// It is an SSH key with options or of several lines, and age may take it.
    Undecided,
}

impl Recipient {
    /// Why age would not take it; none where it does.
    pub(crate) fn flaw(&self) -> Option<Flaw> {
        let text = self.as_str();
        match self.kind() {
            _ if text.is_empty() => Some(Flaw::Empty),
            _ if is_private(text) => Some(Flaw::PrivateKey(recipient_of(text))),
            RecipientKind::X25519 => of_bech32(text, "age", |data| data.len() == KEY_LEN),
            RecipientKind::PostQuantum => of_bech32(text, "age1pq", is_post_quantum),
            RecipientKind::Plugin(name) if !is_plugin_name(name) => {
                Some(spaced_or(text, Flaw::PluginName))
            }
            RecipientKind::Plugin(name) => of_bech32(text, &format!("age1{name}"), |_| true),
            RecipientKind::SshEd25519 | RecipientKind::SshRsa => of_ssh(text),
            RecipientKind::Unknown if text.starts_with("ssh-") => of_ssh(text),
            RecipientKind::Unknown => Some(unknown(text)),
        }
    }

    /// Whether it may be printed: a recipient, or something that was to be one and can be nothing else.
    /// Private keys and passwords are pasted where recipients belong.
    pub(crate) fn is_public(&self) -> bool {
        const MOST: usize = 4_096;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
        let text = self.as_str();
        match self.flaw() {
            None => true,
            Some(Flaw::Character(..) | Flaw::Length | Flaw::Checksum | Flaw::UpperCase) => {
                text.starts_with("age1") && text.len() <= MOST && text.bytes().all(is_plain)
            }
            Some(_) => false,
        }
    }
}

/// The bytes of a key on a curve.
const KEY_LEN: usize = 32;
/// The bytes of the two parts of a post-quantum recipient.
const LATTICE_LEN: usize = 1_184;
const LATTICE_COEFFICIENTS_LEN: usize = 1_152;
/// The prime of ML-KEM, which all coefficients are below.
const LATTICE_PRIME: u16 = 3_329;

/// How a private key begins in age's spelling, and a plugin's identity.
const PRIVATE_KEY: &[u8] = b"AGE-SECRET-KEY-";
const PLUGIN_IDENTITY: &[u8] = b"AGE-PLUGIN-";
const PEM: &[u8] = b"PRIVATE KEY";

fn is_private(text: &str) -> bool {
    has(text, PRIVATE_KEY) || has(text, PEM) || !exposed(text.as_bytes()).is_empty()
}

/// Whether `text` holds `wanted`, which is in upper case, in whatever case.
fn has(text: &str, wanted: &[u8]) -> bool {
    let bytes = text.as_bytes();
    bytes
        .windows(wanted.len())
        .any(|window| window.eq_ignore_ascii_case(wanted))
}

fn recipient_of(text: &str) -> Option<String> {
    exposed(text.as_bytes())
        .into_iter()
        .find_map(|key| key.recipient)
}

fn unknown(text: &str) -> Flaw {
    let is_upper = |prefix: &str| {
        let start = text.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let word = text.split_whitespace().next().unwrap_or_default();
    if has(text, PLUGIN_IDENTITY) {
        Flaw::PluginIdentity
    } else if let Some(name) = other_type(word) {
        Flaw::SshType(name)
    } else if is_upper("age1") {
        Flaw::UpperCase
    } else if text.starts_with('#') || (word != text && text.contains("age1")) {
        // The rest of a comment that is none, or several recipients and something before them.
        Flaw::Spaced
    } else {
        Flaw::Unknown
    }
}

/// What is wrong with Bech32 that begins with `prefix` and holds what `fits`.
fn of_bech32(text: &str, prefix: &str, fits: impl Fn(&[u8]) -> bool) -> Option<Flaw> {
    if let Some((found, data)) = bech32::parse(text)
        && found == prefix
    {
        return (!fits(data.expose())).then_some(Flaw::Length);
    }
    let data = text.get(prefix.len() + 1..).unwrap_or_default();
    let is_foreign = |c: &char| !bech32::is_letter(c.to_ascii_lowercase());
    let foreign = data.chars().zip(1..).find(|(c, _)| is_foreign(c));
    let before = prefix.chars().count() + 1;
    Some(match foreign {
        Some((c, at)) => spaced_or(text, Flaw::Character(c, before + at)),
        None if text.bytes().any(|byte| byte.is_ascii_uppercase()) => Flaw::UpperCase,
        None if prefix == "age" && data.len() != X25519_LETTERS => Flaw::Length,
        None => Flaw::Checksum,
    })
}

/// The letters of 32 bytes and their checksum.
const X25519_LETTERS: usize = 58;

fn spaced_or(text: &str, flaw: Flaw) -> Flaw {
    if text.contains(char::is_whitespace) {
        Flaw::Spaced
    } else {
        flaw
    }
}

/// What age's plugins may be called.
fn is_plugin_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
    !name.is_empty() && name.bytes().all(is_plain)
}

/// Whether these are the two public keys of a post-quantum recipient: coefficients of 12 bits, a seed, and
/// a point.
pub(super) fn is_post_quantum(data: &[u8]) -> bool {
    let Some(coefficients) = data.get(..LATTICE_COEFFICIENTS_LEN) else {
        return false;
    };
    let is_below = |three: &[u8]| {
        let &[a, b, c] = three else { return false };
        let (a, b, c) = (u16::from(a), u16::from(b), u16::from(c));
        (a | (b & 0xF) << 8) < LATTICE_PRIME && (b >> 4 | c << 4) < LATTICE_PRIME
    };
    data.len() == LATTICE_LEN + KEY_LEN && coefficients.chunks(3).all(is_below)
}

impl fmt::Display for Flaw {
    /// What it is, for a sentence that begins with `it`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Empty => "is empty",
            Self::PrivateKey(_) => "is a private key",
            Self::PluginIdentity => "is the identity of a plugin, not its recipient",
            Self::Spaced => "holds white space, where commas separate recipients",
            Self::UpperCase => "has letters in upper case",
            Self::Character(c, at) => {
                let c = c.escape_default();
                return write!(f, "has `{c}` as character {at}, which no recipient has");
            }
            Self::Length => "has not the length of a recipient",
            Self::Checksum => "has a checksum that does not fit: it was mistyped or cut",
            Self::PluginName => "names a plugin as none can be called",
            Self::SshType(name) => {
                return write!(
                    f,
                    "is an SSH key of type `{name}`, for which age does not encrypt"
                );
            }
            Self::SshKey => "begins like an SSH key and is none",
            Self::WeakRsa(bits) => {
                return write!(
                    f,
                    "is an RSA key of {bits} bits, where age takes 2048 or more"
                );
            }
            Self::Unknown => "is no recipient that age knows",
            Self::Undecided => "may be a recipient",
        };
        f.write_str(words)
    }
}

#[cfg(test)]
mod tests {
    mod by_sops;

    use super::*;

    const SOUND: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    const ED25519: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";

    fn flaw(text: &str) -> Option<Flaw> {
        Recipient::parse(text).flaw()
    }

    #[test]
    fn recipients_that_age_takes_have_no_flaw() {
        for text in [
            SOUND,
            &format!("  {SOUND}\n"),
            "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t",
            &format!("ssh-ed25519 {ED25519}"),
            &format!("ssh-ed25519  {ED25519}   alice@host, the laptop"),
            &bech32::encode("age1pq", &[0; LATTICE_LEN + KEY_LEN]),
        ] {
            assert_eq!(flaw(text), None, "{text}");
            assert!(Recipient::parse(text).is_public());
        }
    }

    #[test]
    fn what_age_refuses_has_a_flaw_that_tells_what_to_mend() {
        let other = |from: &str, to: &str| SOUND.replacen(from, to, 1);
        let cases = [
            ("", Flaw::Empty),
            (" \t", Flaw::Empty),
            (&other("ql3z", "ql3y"), Flaw::Checksum),
            (&other("ql3z", "qb3z"), Flaw::Character('b', 6)),
            (
                &other("ql3z", "q\u{202e}3z"),
                Flaw::Character('\u{202e}', 6),
            ),
            (&other("ql3z", "qL3z"), Flaw::UpperCase),
            (&SOUND.to_uppercase(), Flaw::UpperCase),
            (&SOUND[..40], Flaw::Length),
            (&format!("{SOUND}q"), Flaw::Length),
            (&format!("{SOUND} {SOUND}"), Flaw::Spaced),
            (&format!("{SOUND} # alice"), Flaw::Spaced),
            (&format!("# alice {SOUND}"), Flaw::Spaced),
            ("age1pq1qqqq", Flaw::Checksum),
            (&bech32::encode("age1pq", &[0; 40]), Flaw::Length),
            (&bech32::encode("age1pq", &[0xFF; 1_216]), Flaw::Length),
            ("age1a/b1qqqqqq", Flaw::PluginName),
            ("ssh-ed25519 AAAA", Flaw::SshKey),
            ("ssh-ed25519", Flaw::SshKey),
            (&format!("ssh-rsa {ED25519}"), Flaw::SshKey),
            ("ssh-dss AAAA", Flaw::SshType("ssh-dss")),
            ("ssh-dsa AAAA", Flaw::SshKey),
            ("ssh-x ssh-ed25519 AAAA", Flaw::Undecided),
            ("AGE-PLUGIN-YUBIKEY-1ABC", Flaw::PluginIdentity),
            ("alice", Flaw::Unknown),
            ("hunter2", Flaw::Unknown),
            ("\"age1abc\"", Flaw::Unknown),
        ];
        for (text, expected) in cases {
            assert_eq!(flaw(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_private_key_is_known_whatever_surrounds_it_and_is_never_public() {
        let keys = include_str!("../../../testdata/rules/keys.txt");
        let line = |start: &str| keys.lines().find(|line| line.contains(start)).unwrap();
        let private = line("AGE-SECRET-KEY-1");
        let (_, public) = line("# public key: ").split_once(": ").unwrap();
        let known = Flaw::PrivateKey(Some(public.to_owned()));
        for text in [
            private.to_owned(),
            format!("{SOUND} {private}"),
            format!("'{private}'"),
        ] {
            assert_eq!(flaw(&text), Some(known.clone()));
            assert!(!Recipient::parse(&text).is_public());
        }
        for text in [
            &private[..40],
            &private.to_lowercase(),
            "-----BEGIN OPENSSH PRIVATE KEY-----",
        ] {
            assert_eq!(flaw(text), Some(Flaw::PrivateKey(None)));
            assert!(!Recipient::parse(text).is_public());
        }
        assert!(!Recipient::parse("hunter2").is_public());
    }
}
