//! Identities one by one: what each opens by itself, whatever lies beside it.

use super::dormant::{Lock, State};
use super::found::Found;
use super::keyring::Keyring;
use super::wake::Means;

impl Keyring {
    /// Opens what is under a passphrase, whether a file asks for it or not. What cannot be opened stays, and
    /// says why.
    pub(crate) fn unlock(&mut self, means: &mut Means<'_>) {
        self.settle();
        let mut at = 0;
        // What is opened may hold more that has to be opened; that stands at the end.
        while let Some(dormant) = self.found.dormant.get(at) {
            let is_shut = match &dormant.lock {
                #[cfg(feature = "ssh")]
                Lock::Ssh(_) => true,
                Lock::Encrypted(_) => true,
                Lock::Command { .. } | Lock::Plugin { .. } | Lock::Unsupported(_) => false,
            };
            if is_shut && matches!(dormant.state, State::Asleep) {
                self.wake_now(at, String::new(), means);
            }
            at += 1;
        }
    }

    /// The identities, each in a keyring of its own, in the order in which they were found; those too that
    /// could not be opened.
    pub(crate) fn apart(mut self) -> Vec<Self> {
        self.settle();
        let alone = |found: Found| Self {
            found,
            is_given: self.is_given,
            ..Self::default()
        };
        let identities = self.found.identities.into_iter().map(|identity| {
            let identities = vec![identity];
            alone(Found {
                identities,
                ..Found::default()
            })
        });
        let dormant = self.found.dormant.into_iter();
        let dormant = dormant.filter(|dormant| !matches!(dormant.state, State::Done));
        let dormant = dormant.map(|dormant| {
            let dormant = vec![dormant];
            alone(Found {
                dormant,
                ..Found::default()
            })
        });
        identities.chain(dormant).collect()
    }

    /// All of them in one keyring again.
    pub(crate) fn together(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self {
            is_given: true,
            ..Self::default()
        };
        for mut part in parts {
            part.settle();
            all.found.identities.append(&mut part.found.identities);
            all.found.dormant.append(&mut part.found.dormant);
            #[cfg(feature = "plugin")]
            all.file_keys.extend(part.file_keys);
        }
        all
    }
}
