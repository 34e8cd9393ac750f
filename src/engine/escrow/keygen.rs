//! `escrow keygen`: a new identity, and where it goes.

use std::path::Path;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::super::Error;
use crate::config::Day;
use crate::keys::{Answer, Ask, Fresh, NotMade, lock_to_passphrase};
use crate::secret::Secret;
use crate::transaction;

/// The kinds of identities that are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyKind {
    /// `age1…`, which every age reads.
    #[default]
    X25519,
    /// `age1pq1…`, which age reads from 1.3 on, and sops from 3.13 on.
    PostQuantum,
}

/// A new identity. It is nowhere but here until it is written or shown, and wiped from memory after that.
#[expect(missing_debug_implementations, reason = "it holds a private key")]
pub struct NewIdentity {
    fresh: Fresh,
    created: Option<Day>,
}

/// How often a passphrase is asked for until it is typed twice alike.
const TRIES: usize = 3;

impl NewIdentity {
    /// Makes one; the day is noted in its file.
    ///
    /// # Errors
    /// [`Error::NoKey`].
    pub fn generate(kind: KeyKind, now: Option<SystemTime>) -> Result<Self, Error> {
        let fresh = match kind {
            KeyKind::X25519 => Fresh::x25519(),
            KeyKind::PostQuantum => Fresh::post_quantum(),
        };
        let fresh = fresh.map_err(|error: NotMade| Error::NoKey {
            reason: error.to_string(),
        })?;
        let created = now.map(Day::of);
        Ok(Self { fresh, created })
    }

    /// The recipient: the public half, which may be known to everyone.
    #[must_use]
    pub fn recipient(&self) -> &str {
        self.fresh.recipient()
    }

    /// What two people compare to know that they mean the same recipient: half of its SHA-256.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(self.recipient())
    }

    /// The day on which it was made, where that is known, as `2026-11-22`.
    #[must_use]
    pub fn created(&self) -> Option<String> {
        self.created.map(|day| day.to_string())
    }

    /// The private key, to be shown to whoever asked for it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.fresh.expose()
    }

    /// Writes it to a new file that only its owner can read; with a passphrase, under that.
    ///
    /// # Errors
    /// [`Error::SecretExists`], [`Error::NotWritten`].
    pub fn write(&self, place: &Path, passphrase: Option<&Answer>) -> Result<(), Error> {
        let text = self.text();
        match passphrase {
            None => Self::put(place, text.expose().as_bytes()),
            Some(passphrase) => {
                let locked = lock_to_passphrase(text.expose().as_bytes(), passphrase);
                Self::put(place, locked.as_bytes())
            }
        }
    }

    /// Writes a page that shows it to a new file that only its owner can read.
    ///
    /// # Errors
    /// [`Error::SecretExists`], [`Error::NotWritten`].
    pub fn write_page(place: &Path, page: String) -> Result<(), Error> {
        let page = Secret::new(page);
        Self::put(place, page.expose().as_bytes())
    }

    fn put(place: &Path, bytes: &[u8]) -> Result<(), Error> {
        let path = place.to_owned();
        transaction::create_private(place, bytes).map_err(|error| match error {
            transaction::Error::Exists { .. } => Error::SecretExists { path },
            transaction::Error::Io { source, .. } => Error::NotWritten {
                path,
                reason: source.to_string(),
            },
            error => Error::NotWritten {
                path,
                reason: error.to_string(),
            },
        })
    }

    /// The file of identities, as age writes it.
    fn text(&self) -> Secret<String> {
        let (recipient, key) = (self.recipient(), self.fresh.expose());
        // Room for all: a text that grew would leave a copy of the key behind.
        let mut text = String::with_capacity(recipient.len() + key.len() + 64);
        if let Some(created) = self.created {
            text.push_str(&format!("# created: {created}\n"));
        }
        for part in ["# public key: ", recipient, "\n", key, "\n"] {
            text.push_str(part);
        }
        Secret::new(text)
    }
}

/// What two people compare to know that they mean the same recipient.
pub(super) fn fingerprint(recipient: &str) -> String {
    let hash = Sha256::digest(recipient.as_bytes());
    let pairs: Vec<String> = hash
        .chunks(2)
        .take(8)
        .map(|pair| pair.iter().map(|byte| format!("{byte:02x}")).collect())
        .collect();
    pairs.join(" ")
}

/// Asks for a passphrase for something new, twice; `None` where nobody gives one.
pub fn new_passphrase(ask: &mut dyn Ask, what: &str) -> Option<Answer> {
    for _ in 0..TRIES {
        let first = ask.secret(&format!("passphrase for {what}"))?;
        if first.expose().is_empty() {
            ask.tell("an empty passphrase protects nothing");
            continue;
        }
        let second = ask.secret("the same once more")?;
        if first.expose() == second.expose() {
            return Some(first);
        }
        ask.tell("the two are not the same");
    }
    None
}
