//! Recipients: for whom a file is locked.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::bech32;

/// The bytes of a post-quantum recipient: a key of ML-KEM-768 and one of X25519.
const POST_QUANTUM_LEN: usize = 1_184 + 32;

/// A recipient as a file or a configuration spells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Recipient {
    text: String,
    kind: RecipientKind,
}

/// The kinds of age recipients, told apart as sops tells them apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum RecipientKind {
    /// `age1…`.
    X25519,
    /// `age1pq1…`: ML-KEM-768 with X25519.
    PostQuantum,
    /// `age1name1…`: the plugin of this name.
    Plugin(String),
    /// `ssh-ed25519 …`.
    SshEd25519,
    /// `ssh-rsa …`.
    SshRsa,
    /// Nothing that age knows.
    Unknown,
}

impl Recipient {
    /// Tells the kind of a recipient by its text. White space around it does not count.
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.trim().to_owned();
        let kind = RecipientKind::of(&text);
        Self { text, kind }
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The text as identities spell it: without the comment behind an SSH key.
    pub(crate) fn canonical(&self) -> Cow<'_, str> {
        match self.kind {
            RecipientKind::SshEd25519 | RecipientKind::SshRsa => {
                let words: Vec<&str> = self.text.split_whitespace().take(2).collect();
                Cow::Owned(words.join(" "))
            }
            _ => Cow::Borrowed(&self.text),
        }
    }

    /// Whether it has the form of an age recipient of its kind: Bech32, and as long as one. That it is
    /// one is not said.
    pub(crate) fn looks_sound(&self) -> bool {
        const BECH32: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
        let (_, data) = self.text.rsplit_once('1').unwrap_or_default();
        let is_long_enough = match &self.kind {
            RecipientKind::X25519 => data.len() == 58,
            RecipientKind::PostQuantum => data.len() > 1_900,
            RecipientKind::Plugin(name) => data.len() >= 6 && name.bytes().all(is_plain),
            RecipientKind::SshEd25519 | RecipientKind::SshRsa | RecipientKind::Unknown => false,
        };
        is_long_enough && data.bytes().all(|byte| BECH32.contains(&byte))
    }

    /// Whether it is one: with the checksum, or the fields, that a recipient of its kind has.
    pub(crate) fn is_valid(&self) -> bool {
        match &self.kind {
            RecipientKind::X25519 => self.is_bech32("age", |len| len == 32),
            RecipientKind::PostQuantum => self.is_bech32("age1pq", |len| len == POST_QUANTUM_LEN),
            RecipientKind::Plugin(name) => {
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
                !name.is_empty()
                    && name.bytes().all(is_plain)
                    && self.is_bech32(&format!("age1{name}"), |_| true)
            }
            RecipientKind::SshEd25519 => self
                .ssh_fields()
                .is_some_and(|fields| matches!(&fields[..], [_, key] if key.len() == 32)),
            RecipientKind::SshRsa => self.ssh_fields().is_some_and(|fields| fields.len() == 3),
            RecipientKind::Unknown => false,
        }
    }

    fn is_bech32(&self, prefix: &str, is_length: impl Fn(usize) -> bool) -> bool {
        bech32::parse(&self.text)
            .is_some_and(|(found, data)| found == prefix && is_length(data.expose().len()))
    }

    /// What the key of an SSH recipient holds: its kind, which is that before it, and its numbers.
    fn ssh_fields(&self) -> Option<Vec<Vec<u8>>> {
        let mut words = self.text.split_whitespace();
        let (kind, key) = (words.next()?, words.next()?);
        let key = STANDARD.decode(key).ok()?;
        let (mut rest, mut fields) = (&key[..], Vec::new());
        while let Some((length, after)) = rest.split_first_chunk() {
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            fields.push(after.get(..length)?.to_vec());
            rest = after.get(length..)?;
        }
        let is_whole = rest.is_empty() && fields.first()? == kind.as_bytes();
        is_whole.then_some(fields)
    }

    /// Whether it is for an SSH key.
    pub(crate) fn is_ssh(&self) -> bool {
        matches!(self.kind, RecipientKind::SshEd25519 | RecipientKind::SshRsa)
    }

    /// The kind.
    pub(crate) fn kind(&self) -> &RecipientKind {
        &self.kind
    }
}

impl RecipientKind {
    fn of(text: &str) -> Self {
        if text.starts_with("age1pq1") {
            return Self::PostQuantum;
        }
        if let Some(rest) = text.strip_prefix("age1") {
            // Bech32 data never holds a 1: with another one, what precedes it names a plugin.
            return match rest.rsplit_once('1') {
                Some((name, _)) => Self::Plugin(name.to_owned()),
                None => Self::X25519,
            };
        }
        match text.split_whitespace().next() {
            Some("ssh-ed25519") => Self::SshEd25519,
            Some("ssh-rsa") => Self::SshRsa,
            Some(_) | None => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_recipients_apart() {
        let cases = [
            (
                "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du",
                RecipientKind::X25519,
            ),
            (
                "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4dv",
                RecipientKind::X25519,
            ),
            ("age1pq1abc", RecipientKind::PostQuantum),
            (
                "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t",
                RecipientKind::Plugin("yubikey".to_owned()),
            ),
            ("ssh-ed25519 AAAA bob@host", RecipientKind::SshEd25519),
            (" ssh-rsa AAAA\n", RecipientKind::SshRsa),
            ("ssh-dss AAAA", RecipientKind::Unknown),
            ("AGE1xyz", RecipientKind::Unknown),
            ("", RecipientKind::Unknown),
        ];
        for (text, kind) in cases {
            let recipient = Recipient::parse(text);
            assert_eq!(recipient.kind(), &kind, "{text}");
        }
    }
}
