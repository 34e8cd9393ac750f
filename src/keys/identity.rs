//! Identities: what opens files without asking anyone.

use super::places::Origin;
#[cfg(feature = "pq")]
use super::pq;
#[cfg(feature = "ssh")]
use super::ssh;
use super::x25519;

/// An identity that opens files without asking anyone, with its public name.
///
/// There is no `Debug`, here and wherever one is held: it would print the private key.
pub(crate) struct Identity {
    secret: Private,
    origin: Origin,
}

/// A private key that is ready to be used.
pub(super) enum Private {
    X25519(Box<x25519::Identity>),
    #[cfg(feature = "pq")]
    PostQuantum(Box<pq::Identity>),
    #[cfg(feature = "ssh")]
    Ssh(Box<ssh::Identity>),
}

impl Private {
    /// Reads `AGE-SECRET-KEY-1…`.
    pub(super) fn x25519(text: &str) -> Option<Self> {
        x25519::Identity::parse(text).map(|key| Self::X25519(Box::new(key)))
    }

    /// The recipient that files name when they are locked for it.
    pub(super) fn recipient(&self) -> &str {
        match self {
            Self::X25519(key) => key.recipient(),
            #[cfg(feature = "pq")]
            Self::PostQuantum(key) => key.recipient(),
            #[cfg(feature = "ssh")]
            Self::Ssh(key) => key.recipient(),
        }
    }

    /// With where it was found.
    pub(super) fn found_at(self, origin: Origin) -> Identity {
        let secret = self;
        Identity { secret, origin }
    }
}

impl Identity {
    /// The recipient that files name when they are locked for this identity.
    pub(crate) fn recipient(&self) -> &str {
        self.secret.recipient()
    }

    /// What kind of key it is.
    pub(super) fn kind(&self) -> &str {
        match &self.secret {
            Private::X25519(_) => "x25519",
            #[cfg(feature = "pq")]
            Private::PostQuantum(_) => "post-quantum",
            #[cfg(feature = "ssh")]
            Private::Ssh(key) => key.recipient().split(' ').next().unwrap_or_default(),
        }
    }

    /// Whether a recipient's canonical text is that of this identity.
    pub(super) fn is(&self, recipient: &str) -> bool {
        match &self.secret {
            // Its public name is long, and takes some time to make.
            #[cfg(feature = "pq")]
            Private::PostQuantum(key) => {
                pq::is_recipient(recipient) && key.recipient() == recipient
            }
            _ => self.recipient() == recipient,
        }
    }

    /// Where it was found.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether age tries it before those that are not its own.
    pub(super) fn is_native(&self) -> bool {
        match &self.secret {
            Private::X25519(_) => true,
            #[cfg(feature = "pq")]
            Private::PostQuantum(_) => true,
            #[cfg(feature = "ssh")]
            Private::Ssh(_) => false,
        }
    }

    /// The identity as the age library takes it.
    pub(super) fn secret(&self) -> &dyn age::Identity {
        match &self.secret {
            Private::X25519(key) => key.as_ref(),
            #[cfg(feature = "pq")]
            Private::PostQuantum(key) => key.as_ref(),
            #[cfg(feature = "ssh")]
            Private::Ssh(key) => key.as_ref(),
        }
    }
}
