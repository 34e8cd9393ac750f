//! What a keyring holds, for people who want to know: names and places, and never a secret.

use super::dormant::{Dormant, Lock, Obstacle, State};
use super::identity::Identity;
use super::keyring::Keyring;
use super::wake::Locked;

/// One identity, or something that may be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Such as `x25519`, `ssh-rsa` or `plugin yubikey`.
    pub(crate) kind: String,
    pub(crate) origin: String,
    /// The public name, where it is known.
    pub(crate) recipient: Option<String>,
    /// Why it was not used; none where it was.
    pub(crate) idle: Option<String>,
    /// Whether it has become identities that are listed by themselves.
    pub(crate) is_used_up: bool,
}

impl Keyring {
    /// All that it holds, in the order of [`Self::openers`].
    pub(crate) fn list(&mut self) -> Vec<Listed> {
        self.look_at_ssh();
        self.settle();
        let identities = self.found.identities.iter().map(Identity::listed);
        let dormant = self.found.dormant.iter().map(Dormant::listed);
        identities.chain(dormant).collect()
    }

    /// Which of what is listed opens an age file, each by itself.
    pub(crate) fn openers(&self, locked: &Locked) -> Vec<usize> {
        let opens = |identity: &Identity| {
            let decryptor = locked.file.decryptor();
            decryptor.is_some_and(|file| file.decrypt([identity.secret()].into_iter()).is_ok())
        };
        let identities = self.found.identities.iter().enumerate();
        let openers = identities.filter_map(|(at, identity)| opens(identity).then_some(at));
        #[cfg(feature = "plugin")]
        let openers = openers.chain(self.plugin_of(locked));
        openers.collect()
    }

    /// The plugin that opened an age file, by its place in the list.
    #[cfg(feature = "plugin")]
    fn plugin_of(&self, locked: &Locked) -> Option<usize> {
        let key = self.file_keys.get(locked.file.bytes())?;
        let is_it = |dormant: &Dormant| match &dormant.lock {
            Lock::Plugin { name, .. } => *name == key.plugin,
            _ => false,
        };
        let at = self.found.dormant.iter().position(is_it)?;
        Some(self.found.identities.len() + at)
    }
}

impl Identity {
    fn listed(&self) -> Listed {
        Listed {
            kind: self.kind().to_owned(),
            origin: self.origin().to_string(),
            recipient: Some(self.recipient().to_owned()),
            idle: None,
            is_used_up: false,
        }
    }
}

impl Dormant {
    fn listed(&self) -> Listed {
        let idle = match &self.state {
            State::Asleep => Some("no file asks for it".to_owned()),
            State::Stuck(Obstacle::NeedsInput(_)) => {
                Some("it asks for a passphrase, and nobody answered".to_owned())
            }
            State::Stuck(obstacle) => Some(obstacle.to_string()),
            State::Asked(answers) => answers.values().flatten().next().cloned(),
            State::Done => None,
        };
        Listed {
            kind: self.lock.to_string(),
            origin: self.origin.to_string(),
            recipient: self.lock.recipient(),
            is_used_up: idle.is_none() && !matches!(self.lock, Lock::Plugin { .. }),
            idle,
        }
    }
}

impl Lock {
    fn recipient(&self) -> Option<String> {
        match self {
            #[cfg(feature = "ssh")]
            Self::Ssh(key) => Some(key.recipient().to_owned()),
            Self::Command { .. } | Self::Encrypted(_) | Self::Plugin { .. } => None,
            Self::Unsupported(_) => None,
        }
    }
}
