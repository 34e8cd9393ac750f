//! Identities: what opens files.

use std::fmt;

use super::recipient::{Recipient, RecipientKind};

/// An identity that opens files without asking anyone, with its public name.
///
/// There is no `Debug`, here and wherever one is held: it would print the private key.
pub(crate) struct Identity {
    secret: age::x25519::Identity,
    recipient: String,
}

/// Something that may open files, but not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dormant {
    pub(crate) kind: DormantKind,
}

/// Kinds of identities that are recognised and not used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum DormantKind {
    /// `AGE-PLUGIN-NAME-1…`, with the plugin's name in lower case: letters, digits and `+-._`.
    Plugin(String),
    /// `AGE-SECRET-KEY-PQ-1…`.
    PostQuantum,
    /// An SSH private key; `None` where its kind was not looked at.
    Ssh(Option<RecipientKind>),
    /// Identities in an age file that asks for a passphrase.
    Encrypted,
    /// A command that prints identities, named by its variable.
    Command(&'static str),
}

impl Identity {
    /// Reads `AGE-SECRET-KEY-1…`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let secret: age::x25519::Identity = text.parse().ok()?;
        let recipient = secret.to_public().to_string();
        Some(Self { secret, recipient })
    }

    /// The recipient that files name when they are locked for this identity.
    pub(crate) fn recipient(&self) -> &str {
        &self.recipient
    }

    /// The identity as the age library takes it.
    pub(super) fn secret(&self) -> &dyn age::Identity {
        &self.secret
    }
}

impl DormantKind {
    /// Whether an identity of this kind may open what is locked for `recipient`.
    pub(super) fn may_open(&self, recipient: &Recipient) -> bool {
        let kind = recipient.kind();
        match (self, kind) {
            (_, RecipientKind::Unknown) => true,
            (Self::Plugin(ours), RecipientKind::Plugin(theirs)) => {
                // `age1tag1…` and `age1tagpq1…` are served by more than one plugin.
                ours == theirs || theirs == "tag" || theirs == "tagpq"
            }
            (Self::PostQuantum, RecipientKind::PostQuantum) => true,
            (Self::Ssh(ours), RecipientKind::SshEd25519 | RecipientKind::SshRsa) => {
                ours.as_ref().is_none_or(|ours| ours == kind)
            }
            (
                Self::Encrypted | Self::Command(_),
                RecipientKind::X25519 | RecipientKind::PostQuantum | RecipientKind::Plugin(_),
            ) => true,
            (Self::Command(variable), RecipientKind::SshEd25519 | RecipientKind::SshRsa) => {
                variable.contains("SSH")
            }
            (Self::Plugin(_) | Self::PostQuantum | Self::Ssh(_) | Self::Encrypted, _) => false,
        }
    }
}

impl fmt::Display for DormantKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plugin(name) => write!(f, "identities of plugin {name}"),
            Self::PostQuantum => f.write_str("post-quantum identities"),
            Self::Ssh(_) => f.write_str("SSH identities"),
            Self::Encrypted => f.write_str("encrypted identity files"),
            Self::Command(variable) => write!(f, "identities from {variable}"),
        }
    }
}
