//! New identities of age's own kinds.

use super::bech32;
use super::identity::Private;
use crate::random::{self, NoRandomness};
use crate::secret::Secret;

/// A new private key, with its public name. It has no `Debug`.
pub(crate) struct Fresh {
    key: Secret<String>,
    recipient: String,
}

/// Why there is no new key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotMade {
    /// There are no random numbers.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// This build does not know post-quantum keys.
    #[cfg(not(feature = "pq"))]
    #[error("post-quantum keys are not part of this build")]
    Unsupported,
}

impl Fresh {
    /// `AGE-SECRET-KEY-1…`, for `age1…`.
    ///
    /// # Errors
    /// [`NotMade::NoRandomness`].
    pub(crate) fn x25519() -> Result<Self, NotMade> {
        let key = spelled("AGE-SECRET-KEY-")?;
        let private = Private::x25519(key.expose()).expect("any 32 bytes are such a key");
        let recipient = private.recipient().to_owned();
        Ok(Self { key, recipient })
    }

    /// `AGE-SECRET-KEY-PQ-1…`, for `age1pq1…`.
    ///
    /// # Errors
    /// [`NotMade`].
    #[cfg(feature = "pq")]
    pub(crate) fn post_quantum() -> Result<Self, NotMade> {
        let key = spelled("AGE-SECRET-KEY-PQ-")?;
        let private = super::pq::Identity::parse(key.expose());
        let private = private.expect("any 32 bytes are such a key");
        let recipient = private.recipient().to_owned();
        Ok(Self { key, recipient })
    }

    /// None: this build does not know such keys.
    ///
    /// # Errors
    /// [`NotMade::Unsupported`].
    #[cfg(not(feature = "pq"))]
    pub(crate) fn post_quantum() -> Result<Self, NotMade> {
        Err(NotMade::Unsupported)
    }

    /// The private key, as a line of a file of identities has it.
    pub(crate) fn expose(&self) -> &str {
        self.key.expose()
    }

    /// The recipient that it opens files for.
    pub(crate) fn recipient(&self) -> &str {
        &self.recipient
    }
}

/// A random key in age's spelling.
fn spelled(prefix: &str) -> Result<Secret<String>, NoRandomness> {
    let bytes = random::key::<32>()?;
    let mut key = Secret::new(bech32::encode(&prefix.to_ascii_lowercase(), bytes.expose()));
    key.expose_mut().make_ascii_uppercase();
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::super::recipient::{Recipient, RecipientKind};
    use super::*;

    #[test]
    fn a_new_key_is_one_that_age_reads() {
        let fresh = Fresh::x25519().unwrap();
        let read: age::x25519::Identity = fresh.expose().parse().unwrap();
        assert_eq!(read.to_public().to_string(), fresh.recipient());
        assert_ne!(Fresh::x25519().unwrap().expose(), fresh.expose());
    }

    #[cfg(feature = "pq")]
    #[test]
    fn a_new_post_quantum_key_has_a_recipient_of_its_kind() {
        let fresh = Fresh::post_quantum().unwrap();
        let recipient = Recipient::parse(fresh.recipient());
        assert_eq!(recipient.kind(), &RecipientKind::PostQuantum);
        assert_eq!(recipient.flaw(), None);
        assert!(fresh.expose().starts_with("AGE-SECRET-KEY-PQ-1"));
    }
}
