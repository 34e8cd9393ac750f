//! The recipients that a policy lists, and what it says of each.

use std::collections::HashMap;
use std::ops::Deref;
use std::path::PathBuf;

use super::day::{Day, Days};
use super::settings::Listed;
use crate::sops::KeyName;
use crate::source::Span;

/// A recipient that a policy lists: a key, whose it is, and what it may open.
#[derive(Clone, Debug)]
pub(crate) struct Trusted {
    pub(crate) key: KeyName,
    /// Whom or what it belongs to.
    pub(crate) name: String,
    pub(crate) role: Role,
    /// The files that it may open; none is all.
    pub(super) paths: Option<Listed>,
    /// Where copies of the private key are.
    pub(crate) held_by: Vec<String>,
    /// When it was last proved that the private key is there and opens what it is to open.
    pub(crate) proved: Option<Day>,
    /// Where the key stands in the policy.
    pub(crate) at: Span,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    /// Kept for the day when all others are gone.
    Escrow,
    /// A person's.
    #[default]
    Maintainer,
    /// A cluster's, a job's.
    Machine,
}

/// All that a policy lists, each key once.
#[derive(Clone, Debug, Default)]
pub(super) struct Recipients {
    all: Vec<Trusted>,
    /// The places in `all`, by the names by which keys are compared.
    places: HashMap<String, usize>,
}

/// What a policy makes of a key that opens a file, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trust {
    /// It may: it is listed for this file, or none is listed at all.
    Given,
    /// It is listed, and for other files.
    OutOfPath,
    /// It is not listed.
    Unlisted,
}

/// Whether two names are one: in capital or small letters.
pub(crate) fn is_same_name(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

impl Role {
    /// All roles.
    pub(super) const ALL: [Self; 3] = [Self::Escrow, Self::Maintainer, Self::Machine];

    /// The word for it in a policy.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Escrow => "escrow",
            Self::Maintainer => "maintainer",
            Self::Machine => "machine",
        }
    }
}

impl Recipients {
    /// Adds a recipient.
    ///
    /// # Errors
    /// Where its key stands, if it is listed already.
    pub(super) fn add(&mut self, recipient: Trusted) -> Result<(), Span> {
        let name = recipient.key.canonical.clone();
        if let Some(known) = self.with_key(&name) {
            return Err(known.at);
        }
        self.places.insert(name, self.all.len());
        self.all.push(recipient);
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Trusted> {
        self.all.iter()
    }

    /// The recipient with a key, by the name by which keys are compared.
    pub(super) fn with_key(&self, canonical: &str) -> Option<&Trusted> {
        self.all.get(*self.places.get(canonical)?)
    }

    /// What this list makes of a key that opens a file.
    pub(super) fn trust(&self, canonical: &str, path: &impl Deref<Target = PathBuf>) -> Trust {
        if self.is_empty() {
            return Trust::Given;
        }
        match self.with_key(canonical) {
            None => Trust::Unlisted,
            Some(recipient) if recipient.may_open(path) => Trust::Given,
            Some(_) => Trust::OutOfPath,
        }
    }

    /// Whether a key is for escrow; of a list without any, all are.
    pub(super) fn has_as_escrow(&self, canonical: &str) -> bool {
        let listed = self.with_key(canonical);
        self.is_empty() || listed.is_some_and(|recipient| recipient.role == Role::Escrow)
    }
}

impl Trusted {
    /// Whether it was proved that the private key is there and opens the files: on no day that is still to come, not
    /// before `since`, and not longer ago than `longest`. One day ahead is none that is to come: where it was proved it
    /// can be the next day already.
    pub(crate) fn is_proved(&self, today: Day, since: Option<Day>, longest: Option<Days>) -> bool {
        self.proved.is_some_and(|proved| {
            let age = today.days_since(proved);
            age >= -1
                && since.is_none_or(|since| proved >= since)
                && longest.is_none_or(|longest| age <= longest.count())
        })
    }

    fn may_open(&self, path: &impl Deref<Target = PathBuf>) -> bool {
        let paths = self.paths.as_ref();
        paths.is_none_or(|paths| paths.patterns.match_below(path))
    }

    /// The patterns of the files that it may open, as they are written; none is all.
    pub(crate) fn patterns(&self) -> Option<impl Iterator<Item = &str>> {
        let paths = self.paths.as_ref()?;
        Some(paths.texts.iter().map(|(text, _)| text.as_str()))
    }
}
