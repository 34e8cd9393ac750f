//! Plugins: programs named `age-plugin-NAME` that hold identities, by the protocols of C2SP's age-plugin
//! specification: here is `identity-v1`, with which files are opened.
//!
//! One process serves all files of a run: the protocol numbers the files, and age's own client, which
//! starts a process for each, makes no use of that. A plugin runs only where the user named it, and
//! nothing that it does (hanging, dying, junk, endless talk) takes longer than was settled.

mod talk;
mod wrap;

use std::collections::{BTreeMap, BTreeSet};

use self::talk::{Heard, Talk, not_the_protocol};
pub(super) use self::wrap::{WrappedKey, wrap_ahead};
use super::age_file::AgeFile;
use super::dormant::{Lock, Obstacle, State};
use super::file_key::FileKey;
use super::keyring::Keyring;
use super::source::{Fault, Warning};
use super::wake::{Means, Shut};
use crate::secret::Secret;

impl Keyring {
    /// Lets the plugins that are allowed open what is still shut.
    pub(super) fn wake_plugins(&mut self, shut: &[&Shut], means: &mut Means<'_>) {
        let mut names = BTreeSet::new();
        for dormant in &self.found.dormant {
            if let (Lock::Plugin { name, .. }, State::Asleep) = (&dormant.lock, &dormant.state) {
                names.insert(name.clone());
            }
        }
        for name in names {
            let shut: Vec<&AgeFile> = shut
                .iter()
                .filter(|file| !self.opens(file))
                .flat_map(|file| file.groups.iter().flatten())
                .map(|locked| &locked.file)
                .filter(|file| file.is_well_formed())
                .collect();
            if !shut.is_empty() {
                self.wake_plugin(&name, &shut, means);
            }
        }
    }

    fn wake_plugin(&mut self, name: &str, files: &[&AgeFile], means: &mut Means<'_>) {
        let state = if !is_name(name) {
            State::Stuck(misnamed(name))
        } else if !means.plugins.iter().any(|allowed| allowed == name) {
            State::Asleep
        } else {
            self.talk_with(name, files, means)
        };
        for dormant in &mut self.found.dormant {
            if matches!(&dormant.lock, Lock::Plugin { name: other, .. } if other == name) {
                dormant.state = match &state {
                    State::Asleep => State::Stuck(dormant.obstacle_of_lock()),
                    state => state.clone(),
                };
            }
        }
    }

    /// Runs a plugin on the files and keeps the keys that it gives.
    fn talk_with(&mut self, name: &str, files: &[&AgeFile], means: &mut Means<'_>) -> State {
        let mut identities = Vec::new();
        let mut origins = Vec::new();
        for dormant in &self.found.dormant {
            if let Lock::Plugin {
                name: other,
                identity,
            } = &dormant.lock
                && other == name
            {
                identities.push(identity);
                origins.push(dormant.origin.clone());
            }
        }
        let mut keys = BTreeMap::new();
        let ended = converse(name, &identities, files, means, &mut keys);
        let opened = keys.len();
        for (at, key) in keys {
            if let Some(file) = files.get(at) {
                self.file_keys.insert(file.bytes().to_vec(), key);
            }
        }
        let Err(obstacle) = ended else {
            return State::Done;
        };
        if let (Obstacle::Failed(what), Some(origin)) = (&obstacle, origins.into_iter().next()) {
            let fault = Fault::Program(what.clone());
            self.found.warnings.push(Warning { origin, fault });
        }
        if opened == files.len() {
            State::Done
        } else {
            State::Stuck(obstacle)
        }
    }
}

/// Whether it is the name of a plugin that may be run.
pub(super) fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    !name.is_empty() && name.bytes().all(is_plain)
}

/// Why a plugin of this name is not run.
fn misnamed(name: &str) -> Obstacle {
    let what = format!("plugin `{name}` is never run: its name is not made of `a-z0-9-`");
    Obstacle::Failed(what)
}

/// Runs a plugin; puts the keys of the files that it opens into `keys`, by their place in `files`.
/// What goes wrong is one sentence.
fn converse(
    name: &str,
    identities: &[&Secret<String>],
    files: &[&AgeFile],
    means: &mut Means<'_>,
    keys: &mut BTreeMap<usize, FileKey>,
) -> Result<(), Obstacle> {
    let request = request(identities, files);
    let mut talk = Talk::begin(name, "identity-v1", request, means)?;
    let ended = talk.answer_all(files.len(), |message| {
        let words = message.words();
        let ["file-key", at] = words.as_slice() else {
            return Ok(Heard::Another);
        };
        let at = at.parse().ok().filter(|at| *at < files.len());
        let key = FileKey::new(message.body.expose(), name);
        let (at, key) = at.zip(key).ok_or_else(not_the_protocol)?;
        Ok(match keys.insert(at, key) {
            None => Heard::New,
            Some(_) => Heard::Again,
        })
    });
    talk.end(ended, keys.len() == files.len())
}

/// What a plugin is told: its identities, and the stanzas of all files, numbered.
fn request(identities: &[&Secret<String>], files: &[&AgeFile]) -> Vec<u8> {
    let length = |file: &&AgeFile| file.bytes().len() + 64;
    let mut request = Vec::with_capacity(4096 + files.iter().map(length).sum::<usize>());
    for identity in identities {
        for part in ["-> add-identity ", identity.expose(), "\n\n"] {
            request.extend_from_slice(part.as_bytes());
        }
    }
    for (at, file) in files.iter().enumerate() {
        for line in file.header() {
            match line.strip_prefix(b"-> ") {
                Some(stanza) => {
                    request.extend_from_slice(format!("-> recipient-stanza {at} ").as_bytes());
                    request.extend_from_slice(stanza);
                }
                None => request.extend_from_slice(line),
            }
            request.push(b'\n');
        }
    }
    request.extend_from_slice(b"-> done\n\n");
    request
}
