//! Locking: a secret in an age file for one recipient, of any kind that age knows, as sops stores data
//! keys. It is the opposite of what [`Keyring::open`](super::Keyring::open) does.
//!
//! Each call makes a new file key and a new ephemeral key, and costs about as much as opening does. Only
//! plugins are asked ahead, all at once: a [`Wrapped`] holds what they gave, so that locking itself asks
//! nobody and runs nothing.

mod file;
mod passphrase;

#[cfg(feature = "plugin")]
use std::collections::HashMap;
#[cfg(feature = "plugin")]
use std::sync::{Mutex, PoisonError};

use age_core::format::Stanza;

use super::dormant::Obstacle;
use super::flaw::Flaw;
#[cfg(feature = "plugin")]
use super::plugin;
#[cfg(feature = "pq")]
use super::pq;
use super::recipient::{Recipient, RecipientKind};
#[cfg(feature = "ssh")]
use super::ssh;
use super::wake::Means;
use super::x25519;
use crate::random::{self, NoRandomness};
use crate::secret::Secret;
pub(crate) use passphrase::lock_to_passphrase;

/// Why nothing was locked for a recipient. It is a sentence about the recipient, which it does not name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LockError {
    /// age does not take it.
    #[error("it {0}")]
    Flawed(Flaw),
    /// Its key is a point that makes every secret the same.
    #[error("it is a key with which everybody shares the same secret")]
    Weak,
    /// It is of a kind that is not supported; it is named.
    #[error("{0} are not supported")]
    Unsupported(String),
    /// Its plugin did not do its part.
    #[cfg_attr(not(feature = "plugin"), expect(dead_code, reason = "none is asked"))]
    #[error("{0}")]
    Plugin(Obstacle),
    /// Its plugin was not asked ahead, or for fewer files.
    #[cfg_attr(not(feature = "plugin"), expect(dead_code, reason = "none is asked"))]
    #[error("its plugin was not asked for it")]
    NotAhead,
    /// There are no random numbers.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// The key of one age file.
pub(super) type NewFileKey = Secret<[u8; 16]>;

/// Keys of age files that plugins wrapped ahead for recipients of theirs, each to be used once.
#[derive(Default)]
pub(crate) struct Wrapped {
    #[cfg(feature = "plugin")]
    stock: HashMap<Recipient, Result<Mutex<Vec<plugin::WrappedKey>>, Obstacle>>,
}

impl Recipient {
    /// Locks a secret for this recipient: an age file in its armor, which ends in a line feed, as sops
    /// writes it into `enc`.
    ///
    /// # Errors
    /// [`LockError`]. For a plugin's recipient nothing is run: the keys are those of `wrapped`.
    pub(crate) fn lock(&self, secret: &[u8], wrapped: &Wrapped) -> Result<String, LockError> {
        if let RecipientKind::Plugin(name) = self.kind() {
            let (key, stanzas) = wrapped.take(self, name)?;
            return Ok(file::write(&key, &stanzas, secret)?);
        }
        let key = random::key()?;
        let stanza = self.wrap(&key)?;
        Ok(file::write(&key, &[stanza], secret)?)
    }

    fn wrap(&self, key: &NewFileKey) -> Result<Stanza, LockError> {
        match self.kind() {
            RecipientKind::X25519 => x25519::wrap(self, key),
            #[cfg(feature = "pq")]
            RecipientKind::PostQuantum => pq::wrap(self, key),
            #[cfg(not(feature = "pq"))]
            RecipientKind::PostQuantum => {
                Err(self.unsupported("post-quantum recipients".to_owned()))
            }
            #[cfg(feature = "ssh")]
            RecipientKind::SshEd25519 | RecipientKind::SshRsa => ssh::wrap(self, key),
            #[cfg(not(feature = "ssh"))]
            RecipientKind::SshEd25519 | RecipientKind::SshRsa => {
                Err(self.unsupported("SSH recipients".to_owned()))
            }
            RecipientKind::Plugin(_) | RecipientKind::Unknown => {
                Err(self.unsupported("recipients of its kind".to_owned()))
            }
        }
    }

    /// Why nothing is locked for it, which is of a kind that is named: its own flaw comes first.
    pub(super) fn unsupported(&self, what: String) -> LockError {
        match self.flaw() {
            Some(flaw) => LockError::Flawed(flaw),
            None => LockError::Unsupported(what),
        }
    }
}

#[cfg(feature = "plugin")]
impl Wrapped {
    /// Asks the plugins of these recipients for as many keys as are said, one process each. The others
    /// need nothing. What goes wrong is said where a key is wanted.
    pub(crate) fn ahead<'r>(
        wanted: impl IntoIterator<Item = (&'r Recipient, usize)>,
        means: &mut Means<'_>,
    ) -> Self {
        let mut stock = HashMap::new();
        for (recipient, count) in wanted {
            if let RecipientKind::Plugin(name) = recipient.kind()
                && recipient.flaw().is_none()
                && count > 0
            {
                let keys = plugin::wrap_ahead(recipient.as_str(), name, count, means);
                stock.insert(recipient.clone(), keys.map(Mutex::new));
            }
        }
        Self { stock }
    }

    fn take(&self, recipient: &Recipient, _: &str) -> Result<plugin::WrappedKey, LockError> {
        if let Some(flaw) = recipient.flaw() {
            return Err(LockError::Flawed(flaw));
        }
        match self.stock.get(recipient) {
            Some(Ok(keys)) => {
                let mut keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
                keys.pop().ok_or(LockError::NotAhead)
            }
            Some(Err(obstacle)) => Err(LockError::Plugin(obstacle.clone())),
            None => Err(LockError::NotAhead),
        }
    }
}

#[cfg(not(feature = "plugin"))]
impl Wrapped {
    /// Asks nobody: recipients of plugins are not supported.
    pub(crate) fn ahead<'r>(
        _: impl IntoIterator<Item = (&'r Recipient, usize)>,
        _: &mut Means<'_>,
    ) -> Self {
        Self::default()
    }

    #[expect(clippy::unused_self, reason = "there is nothing to take")]
    fn take(
        &self,
        recipient: &Recipient,
        name: &str,
    ) -> Result<(NewFileKey, Vec<Stanza>), LockError> {
        Err(recipient.unsupported(format!("recipients of plugin `{name}`")))
    }
}

#[cfg(test)]
mod tests;
