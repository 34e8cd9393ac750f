//! What was gathered from places that may hold identities.

use std::collections::HashSet;

use super::dormant::{Dormant, Lock, RecipientKinds, State, Unsupported};
use super::identity::{Identity, Private};
use super::places::{Origin, Place, PlaceState};
use super::source::{Fault, Read, Warning};
use crate::fs;

/// Identities, where they were found, and where others may be.
#[derive(Default)]
pub(super) struct Found {
    pub(super) identities: Vec<Identity>,
    pub(super) dormant: Vec<Dormant>,
    pub(super) places: Vec<Place>,
    pub(super) warnings: Vec<Warning>,
}

impl Found {
    /// Takes what a place held. What cannot be used is a warning, and nothing that is not there is
    /// missed.
    pub(super) fn take(&mut self, origin: Origin, read: Result<Read, Fault>) {
        match read {
            Ok(read) => _ = self.add(&origin, read),
            Err(Fault::File(fs::Error::NotFound { .. })) => self.note(origin, PlaceState::Missing),
            Err(Fault::Unsupported(what)) => {
                let unsupported = Unsupported {
                    what: what.to_owned(),
                    recipients: RecipientKinds::Ssh,
                };
                self.note_locked(origin.clone());
                let lock = Lock::Unsupported(unsupported);
                self.dormant.push(Dormant::new(lock, origin));
            }
            Err(fault) => {
                self.note(origin.clone(), PlaceState::Unusable);
                self.warnings.push(Warning { origin, fault });
            }
        }
    }

    /// Adds what a place held, and says how much it was.
    pub(super) fn add(&mut self, origin: &Origin, read: Read) -> PlaceState {
        let state = if read.is_empty() {
            PlaceState::Empty
        } else {
            PlaceState::Found {
                usable: read.identities.len(),
                locked: read.locks.len(),
            }
        };
        self.note(origin.clone(), state);
        self.push(origin, read);
        state
    }

    /// Adds identities that were woken. What is known from there already is left out: a command is
    /// asked for several recipients, and may give the same key each time.
    pub(super) fn push(&mut self, origin: &Origin, read: Read) {
        let of_origin = self.identities.iter();
        let of_origin = of_origin.filter(|known| known.origin() == origin);
        let known: HashSet<String> = of_origin
            .map(|known| known.recipient().to_owned())
            .collect();
        let is_new = |new: &Private| known.is_empty() || !known.contains(new.recipient());
        let new = read.identities.into_iter().filter(is_new);
        let new = new.map(|identity| identity.found_at(origin.clone()));
        self.identities.extend(new);
        let locks = read.locks.into_iter();
        self.dormant
            .extend(locks.map(|lock| Dormant::new(lock, origin.clone())));
    }

    /// Adds a command that gives identities.
    pub(super) fn add_command(&mut self, variable: &'static str, line: String, is_ssh: bool) {
        let origin = Origin::Command(variable);
        self.note_locked(origin.clone());
        let lock = Lock::Command { line, is_ssh };
        self.dormant.push(Dormant::new(lock, origin));
    }

    fn note_locked(&mut self, origin: Origin) {
        let (usable, locked) = (0, 1);
        self.note(origin, PlaceState::Found { usable, locked });
    }

    pub(super) fn note(&mut self, origin: Origin, state: PlaceState) {
        self.places.push(Place { origin, state });
    }

    /// Puts all that `earlier` has before all that is here.
    pub(super) fn put_before(&mut self, mut earlier: Self) {
        earlier.identities.append(&mut self.identities);
        earlier.dormant.append(&mut self.dormant);
        earlier.places.append(&mut self.places);
        earlier.warnings.append(&mut self.warnings);
        *self = earlier;
    }

    /// Whether something that is asleep may be woken.
    pub(super) fn has_dormant(&self) -> bool {
        let mut dormant = self.dormant.iter();
        dormant.any(|dormant| !matches!(dormant.state, State::Done | State::Stuck(_)))
    }
}
