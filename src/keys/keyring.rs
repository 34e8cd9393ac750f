//! All identities at hand.

use std::path::PathBuf;

use super::age_file::AgeFile;
use super::identity::{Dormant, DormantKind, Identity};
use super::places::{self, Origin, Place, PlaceState};
use super::recipient::Recipient;
use super::source::{self, Fault, Rules, Warning};
use crate::environment::Environment;
use crate::fs;
use crate::secret::Secret;

/// The identities of one run, where they were found, and where others may be.
///
/// It has no `Debug`: it holds private keys.
#[derive(Default)]
pub(crate) struct Keyring {
    identities: Vec<Identity>,
    dormant: Vec<Dormant>,
    places: Vec<Place>,
    warnings: Vec<Warning>,
}

/// A place of identities that the user names.
pub(crate) enum Given {
    /// A file, a pipe or a device.
    Path(PathBuf),
    /// What was read from standard input.
    Stdin(Secret<Vec<u8>>),
}

/// A place that the user named and that is of no use.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", Warning { origin: origin.clone(), fault: fault.clone() })]
pub(crate) struct Error {
    pub(crate) origin: Origin,
    pub(crate) fault: Fault,
}

/// Why identities that are there are not tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// They ask for a passphrase.
    NeedsInput,
    /// They are of a kind that is not supported; it is named.
    Unsupported(String),
}

/// The largest file of identities that sops reads.
const MAX_KEY_FILE: usize = 16 << 20;

impl Keyring {
    /// Gathers the identities where sops looks for them. A place that is missing or empty is noted;
    /// one that cannot be used is a warning, and the others count.
    pub(crate) fn discover(environment: &Environment) -> Self {
        let mut keyring = Self::default();
        keyring.look_for_ssh(environment);
        match environment.variable(places::KEY) {
            Some(text) if !text.is_empty() => {
                let origin = Origin::Variable(places::KEY);
                keyring.add_or_warn(origin, text.as_encoded_bytes(), Rules::Words);
            }
            Some(_) => keyring.note(Origin::Variable(places::KEY), PlaceState::Empty),
            None => keyring.note(Origin::Variable(places::KEY), PlaceState::Missing),
        }
        match places::path(environment, places::KEY_FILE) {
            Some(path) => {
                let path = places::absolute(environment, &path);
                keyring.add_file(path, Some(places::KEY_FILE));
            }
            None => keyring.note(Origin::Variable(places::KEY_FILE), PlaceState::Missing),
        }
        keyring.look_for_command(environment, places::KEY_COMMAND);
        if let Some(path) = places::user_key_file(environment) {
            keyring.add_file(path, None);
        }
        keyring
    }

    /// Takes the identities that the user names, and no others.
    ///
    /// # Errors
    /// [`Error`] for the first place that cannot be used or holds no identity.
    pub(crate) fn given(
        given: impl IntoIterator<Item = Given>,
        environment: &Environment,
    ) -> Result<Self, Error> {
        let mut keyring = Self::default();
        for place in given {
            let (origin, text) = match place {
                Given::Stdin(text) => (Origin::Stdin, text),
                Given::Path(path) => {
                    let path = places::absolute(environment, &path);
                    let text = fs::read_stream(&path, MAX_KEY_FILE);
                    let origin = Origin::File {
                        path,
                        variable: None,
                    };
                    match text {
                        Ok(text) => (origin, Secret::new(text)),
                        Err(error) => {
                            return Err(Error {
                                origin,
                                fault: error.into(),
                            });
                        }
                    }
                }
            };
            let added = keyring.add(origin.clone(), text.expose(), Rules::Given);
            let fault = match added {
                Ok(PlaceState::Found { .. }) => continue,
                Ok(_) => Fault::Empty,
                Err(fault) => fault,
            };
            return Err(Error { origin, fault });
        }
        Ok(keyring)
    }

    /// The identities that are tried.
    pub(crate) fn identities(&self) -> &[Identity] {
        &self.identities
    }

    /// Everywhere that was looked, in order.
    pub(crate) fn places(&self) -> &[Place] {
        &self.places
    }

    /// Places that could not be used.
    pub(crate) fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Whether an identity at hand is the one that `recipient` names.
    pub(crate) fn holds(&self, recipient: &str) -> bool {
        let recipient = recipient.trim();
        self.identities
            .iter()
            .any(|identity| identity.recipient() == recipient)
    }

    /// Opens `file` with any identity, that of `recipient` first; `None` where none fits.
    pub(crate) fn open(&self, file: &AgeFile, recipient: &Recipient) -> Option<Secret<Vec<u8>>> {
        use std::io::Read;
        if self.identities.is_empty() {
            return None;
        }
        let named = |identity: &&Identity| identity.recipient() == recipient.as_str();
        let first = self.identities.iter().filter(named);
        let rest = self.identities.iter().filter(|identity| !named(identity));
        let decryptor = file.decryptor()?;
        let mut reader = decryptor
            .decrypt(first.chain(rest).map(Identity::secret))
            .ok()?;
        // Room for a data key or a share of one, so that the buffer need not move.
        let mut plaintext = Secret::new(Vec::with_capacity(64));
        reader.read_to_end(plaintext.expose_mut()).ok()?;
        Some(plaintext)
    }

    /// What keeps identities that are there from being tried on files for these recipients; `None`
    /// where there are none that might fit.
    pub(crate) fn obstacle<'r>(
        &self,
        recipients: impl IntoIterator<Item = &'r Recipient> + Clone,
    ) -> Option<Obstacle> {
        let fits = |dormant: &&Dormant| {
            recipients
                .clone()
                .into_iter()
                .any(|recipient| dormant.kind.may_open(recipient))
        };
        self.dormant
            .iter()
            .find(fits)
            .map(|dormant| match &dormant.kind {
                DormantKind::Encrypted => Obstacle::NeedsInput,
                kind => Obstacle::Unsupported(kind.to_string()),
            })
    }

    fn add_file(&mut self, path: PathBuf, variable: Option<&'static str>) {
        let text = fs::read(&path, MAX_KEY_FILE);
        let origin = Origin::File { path, variable };
        match text {
            Ok(text) => self.add_or_warn(origin, Secret::new(text).expose(), Rules::Lines),
            Err(fs::Error::NotFound { .. }) => self.note(origin, PlaceState::Missing),
            Err(error) => {
                self.note(origin.clone(), PlaceState::Unusable);
                self.warnings.push(Warning {
                    origin,
                    fault: error.into(),
                });
            }
        }
    }

    fn add_or_warn(&mut self, origin: Origin, text: &[u8], rules: Rules) {
        if let Err(fault) = self.add(origin.clone(), text, rules) {
            self.note(origin.clone(), PlaceState::Unusable);
            self.warnings.push(Warning { origin, fault });
        }
    }

    fn add(&mut self, origin: Origin, text: &[u8], rules: Rules) -> Result<PlaceState, Fault> {
        let read = source::read(text, rules)?;
        let usable = read.identities.len();
        let state = if read.is_empty() {
            PlaceState::Empty
        } else {
            PlaceState::Found { usable }
        };
        self.note(origin, state);
        self.identities.extend(read.identities);
        self.dormant.extend(read.dormant);
        Ok(state)
    }

    /// SSH keys and commands are not used yet; that they are there explains why a file stays shut.
    fn look_for_ssh(&mut self, environment: &Environment) {
        if let Some(path) = places::path(environment, places::SSH_KEY_FILE) {
            let path = places::absolute(environment, &path);
            self.add_ssh(path, Some(places::SSH_KEY_FILE), None);
        }
        self.look_for_command(environment, places::SSH_KEY_COMMAND);
        for name in ["id_ed25519", "id_rsa"] {
            if let Some(path) = places::user_ssh_key(environment, name) {
                self.add_ssh(path, None, Some(source::ssh_kind(name)));
            }
        }
    }

    fn add_ssh(
        &mut self,
        path: PathBuf,
        variable: Option<&'static str>,
        kind: Option<super::RecipientKind>,
    ) {
        let there = fs::is_file(&path);
        if there {
            self.dormant.push(Dormant {
                kind: DormantKind::Ssh(kind),
            });
        }
        let state = if there {
            PlaceState::Found { usable: 0 }
        } else {
            PlaceState::Missing
        };
        self.note(Origin::File { path, variable }, state);
    }

    fn look_for_command(&mut self, environment: &Environment, variable: &'static str) {
        if environment
            .variable(variable)
            .is_some_and(|command| !command.is_empty())
        {
            self.dormant.push(Dormant {
                kind: DormantKind::Command(variable),
            });
            self.note(Origin::Command(variable), PlaceState::Found { usable: 0 });
        }
    }

    fn note(&mut self, origin: Origin, state: PlaceState) {
        self.places.push(Place { origin, state });
    }
}
