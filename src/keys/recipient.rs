//! Recipients: for whom a file is locked.

use std::borrow::Cow;

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
