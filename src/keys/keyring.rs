//! All identities at hand.

#[cfg(feature = "plugin")]
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use super::age_file::AgeFile;
use super::dormant::{Dormant, Lock, Obstacle, State};
#[cfg(feature = "plugin")]
use super::file_key::FileKey;
use super::found::Found;
use super::identity::Identity;
use super::places::{self, Origin, Place, PlaceState};
use super::recipient::Recipient;
use super::remembered::Remembered;
use super::source::{self, Fault, Rules, Warning};
use crate::environment::Environment;
use crate::fs;
use crate::secret::Secret;

/// The identities of one run, where they were found, and where others may be.
///
/// SSH keys are looked for when a file asks for one first; no other file makes anyone read them.
/// It has no `Debug`: it holds private keys.
#[derive(Default)]
pub(crate) struct Keyring {
    pub(super) found: Found,
    /// What lies in the places of SSH keys, once it was looked at.
    pub(super) ssh: OnceLock<Found>,
    pub(super) ssh_places: Vec<KeyFile>,
    /// Whether the user named the identities.
    pub(super) is_given: bool,
    /// The first of these behind whose passphrase nothing could be had.
    pub(super) refused: Option<Error>,
    /// The keys of age files that plugins opened, by the file.
    #[cfg(feature = "plugin")]
    pub(super) file_keys: HashMap<Vec<u8>, FileKey>,
    /// What was opened so far, where that is asked for.
    pub(super) remembered: Option<Remembered>,
}

/// A file that may hold keys.
pub(super) struct KeyFile {
    place: PathBuf,
    /// What it is called.
    origin: Origin,
}

/// A place of identities that the user names, and what was read there.
pub(crate) struct Given {
    pub(crate) origin: Origin,
    pub(crate) text: Secret<Vec<u8>>,
}

/// A place that the user named and that cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", Warning { origin: origin.clone(), fault: fault.clone() })]
pub(crate) struct Error {
    pub(crate) origin: Origin,
    pub(crate) fault: Fault,
}

/// The largest file of identities that sops reads.
pub(crate) const MAX_KEY_FILE: usize = 16 << 20;

impl Keyring {
    /// Gathers the identities where sops looks for them. A place that is missing or empty is noted;
    /// one that cannot be used is a warning, and the others count.
    pub(crate) fn discover(environment: &Environment) -> Self {
        let mut found = Found::default();
        look_for_command(&mut found, environment, places::SSH_KEY_COMMAND, true);
        let origin = Origin::Variable(places::KEY);
        match environment.variable(places::KEY) {
            Some(text) if !text.is_empty() => {
                let read = source::read(text.as_encoded_bytes(), Rules::Words);
                found.take(origin, read);
            }
            Some(_) => found.note(origin, PlaceState::Empty),
            None => found.note(origin, PlaceState::Missing),
        }
        match places::path(environment, places::KEY_FILE) {
            Some(path) => {
                let file = KeyFile::named(environment, path, places::KEY_FILE);
                take_file(&mut found, &file);
            }
            None => found.note(Origin::Variable(places::KEY_FILE), PlaceState::Missing),
        }
        look_for_command(&mut found, environment, places::KEY_COMMAND, false);
        if let Some(path) = places::user_key_file(environment) {
            take_file(&mut found, &KeyFile::usual(path));
        }
        Self {
            found,
            ssh_places: ssh_places(environment),
            ..Self::default()
        }
    }

    /// Takes the identities that the user names, and no others.
    ///
    /// # Errors
    /// [`Error`] for the first place that cannot be used or holds no identity.
    pub(crate) fn given(given: impl IntoIterator<Item = Given>) -> Result<Self, Error> {
        let mut keyring = Self {
            is_given: true,
            ..Self::default()
        };
        for Given { origin, text } in given {
            let fault = match source::read(text.expose(), Rules::Given) {
                Ok(read) if !read.is_empty() => {
                    keyring.found.add(&origin, read);
                    continue;
                }
                Ok(_) => Fault::Empty,
                Err(fault) => fault,
            };
            return Err(Error { origin, fault });
        }
        Ok(keyring)
    }

    /// The identities that are tried, those of SSH keys included where they were looked at.
    pub(crate) fn identities(&self) -> impl Iterator<Item = &Identity> {
        let ssh = self.ssh.get().into_iter();
        ssh.chain([&self.found]).flat_map(|found| &found.identities)
    }

    /// Whether no identity was found, not even a locked one. A command that gave none is none.
    pub(crate) fn is_empty(&self) -> bool {
        let mut found = self.ssh.get().into_iter().chain([&self.found]);
        found.all(|found| {
            let is_identity = |dormant: &Dormant| !matches!(dormant.lock, Lock::Command { .. });
            found.identities.is_empty() && !found.dormant.iter().any(is_identity)
        })
    }

    /// Everywhere that was looked, in order; where SSH keys lie only if anyone looked there.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        let ssh = self.ssh.get().into_iter();
        ssh.chain([&self.found]).flat_map(|found| &found.places)
    }

    /// Places that could not be used.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = &Warning> {
        let ssh = self.ssh.get().into_iter();
        ssh.chain([&self.found]).flat_map(|found| &found.warnings)
    }

    /// Whether an identity at hand is the one that `recipient` names.
    pub(crate) fn holds(&self, recipient: &Recipient) -> bool {
        if recipient.is_ssh() {
            self.look_at_ssh();
        }
        let name = recipient.canonical();
        self.identities().any(|identity| identity.is(&name))
    }

    /// The same keyring, which does not open twice what is the same byte for byte. That is for runs that look at
    /// files before and after a change: what was opened is kept as long as it is.
    pub(crate) fn remembering(mut self) -> Self {
        self.remembered = Some(Remembered::default());
        self
    }

    /// Opens `file` with any identity, that of `recipient` first; `None` where none fits.
    pub(crate) fn open(&self, file: &AgeFile, recipient: &Recipient) -> Option<Secret<Vec<u8>>> {
        let Some(remembered) = &self.remembered else {
            return self.open_anew(file, recipient);
        };
        let known = remembered.get(file);
        known.or_else(|| {
            let opened = self.open_anew(file, recipient)?;
            remembered.keep(file, &opened);
            Some(opened)
        })
    }

    fn open_anew(&self, file: &AgeFile, recipient: &Recipient) -> Option<Secret<Vec<u8>>> {
        use std::io::Read;
        if file.stanzas().any(|stanza| stanza.is_ssh()) {
            self.look_at_ssh();
        }
        let mut identities: Vec<&Identity> = self.identities().collect();
        if identities.len() > 1 {
            let name = recipient.canonical();
            // As in Go: age's own before SSH keys, because the first that fails ends it.
            identities.sort_by_key(|identity| (!identity.is_native(), !identity.is(&name)));
        }
        let all = identities.into_iter().map(Identity::secret);
        #[cfg(feature = "plugin")]
        let all = all.chain(self.file_keys.get(file.bytes()).map(FileKey::as_identity));
        let mut all = all.peekable();
        all.peek()?;
        let mut reader = file.decryptor()?.decrypt(all).ok()?;
        // Room for a data key or a share of one, so that the buffer need not move.
        let mut plaintext = Secret::new(Vec::with_capacity(64));
        reader.read_to_end(plaintext.expose_mut()).ok()?;
        Some(plaintext)
    }

    /// What keeps identities that are there from being tried on these files; `None` where there are
    /// none that might fit.
    pub(crate) fn obstacle<'f>(
        &self,
        files: impl Iterator<Item = (&'f AgeFile, &'f Recipient)> + Clone,
    ) -> Option<Obstacle> {
        let ssh = self.ssh.get().into_iter();
        let mut dormant = ssh.chain([&self.found]).flat_map(|found| &found.dormant);
        dormant.find_map(|dormant| {
            let mut files = files.clone();
            files.find_map(|(file, recipient)| dormant.obstacle(file, recipient))
        })
    }

    /// Why a plugin is not asked that might open any file, whomever that names.
    pub(crate) fn unasked_plugin(&self) -> Option<String> {
        let mut dormant = self.found.dormant.iter();
        dormant.find_map(|dormant| match (&dormant.lock, &dormant.state) {
            (Lock::Plugin { .. }, State::Asleep | State::Stuck(Obstacle::NotAllowed(_))) => {
                match dormant.obstacle_of_lock() {
                    Obstacle::NotAllowed(what) => Some(what),
                    _ => None,
                }
            }
            _ => None,
        })
    }

    /// Whether there is an identity of a plugin.
    pub(crate) fn has_plugin(&self, plugin: &str) -> bool {
        let mut dormant = self.found.dormant.iter();
        dormant.any(|dormant| match &dormant.lock {
            Lock::Plugin { name, .. } => name == plugin,
            _ => false,
        })
    }

    /// The identity that was named and whose passphrase nobody knew, or behind which there was none.
    pub(crate) fn refused(&self) -> Option<&Error> {
        self.refused.as_ref()
    }

    /// What keeps the very identity that one of these age files names from being tried.
    pub(crate) fn obstacle_of_named<'f>(
        &self,
        mut files: impl Iterator<Item = (&'f AgeFile, &'f Recipient)>,
    ) -> Option<Obstacle> {
        files.find_map(|(file, recipient)| {
            let ssh = self.ssh.get().into_iter();
            let mut dormant = ssh.chain([&self.found]).flat_map(|found| &found.dormant);
            dormant.find_map(|dormant| {
                let named = dormant.lock.is_named_in_files().then_some(dormant)?;
                named.obstacle(file, recipient)
            })
        })
    }

    /// Whether there is something that could be woken.
    pub(crate) fn has_dormant(&self) -> bool {
        let mut found = self.ssh.get().into_iter().chain([&self.found]);
        found.any(Found::has_dormant)
    }

    /// Takes in what was found in the places of SSH keys, so that there is one list.
    pub(super) fn settle(&mut self) {
        if let Some(ssh) = self.ssh.take() {
            self.ssh_places.clear();
            self.found.put_before(ssh);
        }
    }

    /// Looks at the places of SSH keys, where nobody has.
    pub(crate) fn look_at_ssh(&self) {
        self.ssh.get_or_init(|| {
            let mut found = Found::default();
            for place in &self.ssh_places {
                take_ssh_file(&mut found, place);
            }
            found
        });
    }
}

impl KeyFile {
    /// One that a variable names; it is called what the user called it.
    fn named(environment: &Environment, path: PathBuf, variable: &'static str) -> Self {
        Self {
            place: places::absolute(environment, &path),
            origin: Origin::File {
                path,
                variable: Some(variable),
            },
        }
    }

    /// One that is looked for anyway.
    fn usual(place: PathBuf) -> Self {
        let (path, variable) = (place.clone(), None);
        Self {
            place,
            origin: Origin::File { path, variable },
        }
    }

    /// Reads it; one that the user's variable names may be a pipe, as in
    /// `SOPS_AGE_KEY_FILE=<(command)`.
    fn read(&self) -> Result<Secret<Vec<u8>>, Fault> {
        let text = match &self.origin {
            Origin::File {
                path,
                variable: Some(_),
            } => fs::read_stream(&self.place, MAX_KEY_FILE).map_err(|error| error.about(path)),
            _ => fs::read(&self.place, MAX_KEY_FILE),
        };
        Ok(Secret::new(text?))
    }
}

fn ssh_places(environment: &Environment) -> Vec<KeyFile> {
    let named = places::path(environment, places::SSH_KEY_FILE)
        .map(|path| KeyFile::named(environment, path, places::SSH_KEY_FILE));
    let usual = ["id_ed25519", "id_rsa"].into_iter();
    let usual = usual.filter_map(|name| places::user_ssh_key(environment, name));
    named.into_iter().chain(usual.map(KeyFile::usual)).collect()
}

fn take_file(found: &mut Found, file: &KeyFile) {
    let read = file.read();
    let read = read.and_then(|text| source::read(text.expose(), Rules::Lines));
    found.take(file.origin.clone(), read);
}

fn take_ssh_file(found: &mut Found, file: &KeyFile) {
    let read = file.read();
    let read = read.and_then(|text| source::read_ssh(text.expose()));
    found.take(file.origin.clone(), read);
}

fn look_for_command(
    found: &mut Found,
    environment: &Environment,
    variable: &'static str,
    is_ssh: bool,
) {
    let line = environment.variable(variable).unwrap_or_default();
    if line.is_empty() {
        // A variable for SSH keys alone is noted where they are looked for.
        if !is_ssh {
            found.note(Origin::Command(variable), PlaceState::Missing);
        }
    } else {
        let line = line.to_string_lossy().into_owned();
        found.add_command(variable, line, is_ssh);
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use age::secrecy::ExposeSecret;

    use super::*;
    use crate::environment::Platform;

    fn key() -> String {
        age::x25519::Identity::generate()
            .to_string()
            .expose_secret()
            .to_owned()
    }

    fn environment(folder: &Path, variables: &[(&str, &str)]) -> Environment {
        let variables = variables
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Environment::new(variables, folder.to_owned(), Platform::Unix)
    }

    fn write(path: &Path, text: &str) {
        use std::io::Write;
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = std::fs::File::create(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn found(keyring: &Keyring) -> (usize, usize, usize) {
        (
            keyring.identities().count(),
            keyring.found.dormant.len(),
            keyring.warnings().count(),
        )
    }

    /// What sops 3.13.3 makes of these texts, asked with a file that the key `K` opens: whether it
    /// finds the key where they are in `SOPS_AGE_KEY`, and where they are in a file.
    const TEXTS: &[(&str, bool, bool)] = &[
        ("K", true, true),
        ("\n\n# c\nK\n", true, true),
        ("# x\r\nK\r\n", true, true),
        ("\r\nK", true, true),
        (" K", true, false),
        ("K ", true, false),
        ("\tK", true, false),
        ("K B", true, false),
        ("K\u{a0}B", true, false),
        ("K\u{b}B", true, false),
        ("K\rB", true, false),
        ("K\r\r\n", true, false),
        ("B\nK", true, true),
        ("K\n ", true, false),
        ("  # c\nK", false, false),
        ("K # c", false, false),
        ("K\n# c", true, true),
        ("junk\nK", false, false),
        ("K\njunk", false, false),
        ("Kq", false, false),
        ("k", false, false),
        ("AGE-PLUGIN-YUBIKEY-1XXX\nK", false, false),
        ("AGE-SECRET-KEY-PQ-1XXX\nK", false, false),
        ("\u{feff}K", false, false),
        ("", false, false),
        ("#only", false, false),
        // Go's scanner gives up, silently, at a line of 64 KiB.
        ("LONG-65535\nK", true, true),
        ("LONG-65536\nK", false, false),
        ("K\nLONG-65536\njunk", true, true),
    ];

    #[test]
    fn reads_identities_as_sops_does() {
        let long = |length: usize| format!("#{}", "x".repeat(length - 1));
        let folder = tempfile::tempdir().unwrap();
        let (key, other) = (key(), key());
        for (text, in_variable, in_file) in TEXTS {
            let text = match text.split_once("LONG-") {
                Some((before, after)) => {
                    let (length, after) = after.split_once('\n').unwrap();
                    let line = long(length.parse().unwrap());
                    [
                        &before.replace('K', &key),
                        &line,
                        "\n",
                        &after.replace('K', &key),
                    ]
                    .concat()
                }
                None if text.starts_with("AGE") => text.replace("\nK", &format!("\n{key}")),
                None if *text == "k" => key.to_lowercase(),
                None => text.replace('K', &key).replace('B', &other),
            };
            let shown = text.replace(&key, "K").chars().take(40).collect::<String>();
            let has = |keyring: &Keyring| {
                let ours: age::x25519::Identity = key.parse().unwrap();
                keyring.holds(&Recipient::parse(&ours.to_public().to_string()))
            };
            let keyring =
                Keyring::discover(&environment(folder.path(), &[("SOPS_AGE_KEY", &text)]));
            assert_eq!(has(&keyring), *in_variable, "variable: {shown:?}");
            write(&folder.path().join("keys"), &text);
            let keyring = Keyring::discover(&environment(
                folder.path(),
                &[("SOPS_AGE_KEY_FILE", "keys")],
            ));
            assert_eq!(has(&keyring), *in_file, "file: {shown:?}");
            for warning in keyring.warnings() {
                let shown = warning.to_string();
                assert!(
                    !shown.contains("AGE-") && !shown.contains("junk"),
                    "{shown}"
                );
            }
        }
    }

    /// Where sops 3.13.3 finds a key file, asked on Linux.
    #[test]
    fn looks_where_sops_looks() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path).to_str().unwrap().to_owned();
        write(
            &folder.path().join("home/.config/sops/age/keys.txt"),
            &key(),
        );
        write(&folder.path().join("xdg/sops/age/keys.txt"), &key());
        let (home, xdg, none) = (at("home"), at("xdg"), at("none"));
        let key = key();
        type Variables<'v> = &'v [(&'v str, &'v str)];
        let cases: &[(Variables<'_>, (usize, usize, usize))] = &[
            (&[("HOME", &home)], (1, 0, 0)),
            (&[("XDG_CONFIG_HOME", &xdg)], (1, 0, 0)),
            (&[("HOME", &home), ("XDG_CONFIG_HOME", &none)], (0, 0, 0)),
            (&[("HOME", &home), ("XDG_CONFIG_HOME", "")], (1, 0, 0)),
            (&[("HOME", &home), ("XDG_CONFIG_HOME", "xdg")], (0, 0, 0)),
            (&[("HOME", "")], (0, 0, 0)),
            (&[], (0, 0, 0)),
            (&[("HOME", &home), ("SOPS_AGE_KEY", "junk")], (1, 0, 1)),
            (&[("HOME", &home), ("SOPS_AGE_KEY_FILE", &none)], (1, 0, 0)),
            (&[("HOME", &home), ("SOPS_AGE_KEY_FILE", "")], (1, 0, 0)),
            (&[("HOME", &home), ("SOPS_AGE_KEY_FILE", &home)], (1, 0, 1)),
            (
                &[("SOPS_AGE_KEY_FILE", "home/.config/sops/age/keys.txt")],
                (1, 0, 0),
            ),
            (&[("HOME", &home), ("SOPS_AGE_KEY", &key)], (2, 0, 0)),
            (
                &[("SOPS_AGE_KEY_CMD", "pass age"), ("HOME", &home)],
                (1, 1, 0),
            ),
        ];
        for (variables, expected) in cases {
            let keyring = Keyring::discover(&environment(folder.path(), variables));
            assert_eq!(found(&keyring), *expected, "{variables:?}");
        }
    }

    #[test]
    fn takes_given_identities_or_says_why_not() {
        let given = |text: &str| {
            let text = Secret::new(text.as_bytes().to_vec());
            let origin = Origin::Stdin;
            Keyring::given([Given { origin, text }])
        };
        let fault = |text: &str| given(text).err().map(|error| error.fault);
        assert_eq!(
            found(&given(&format!(" {} # mine\r\n", key())).ok().unwrap()),
            (1, 0, 0)
        );
        assert_eq!(fault(""), Some(Fault::Empty));
        assert_eq!(fault("# nothing\n"), Some(Fault::Empty));
        assert_eq!(fault("\nhunter2\n"), Some(Fault::Unknown { line: 2 }));
        assert_eq!(
            fault("AGE-SECRET-KEY-1XX"),
            Some(Fault::Damaged { line: 1 })
        );
        let armored = "-----BEGIN AGE ENCRYPTED FILE-----\n";
        assert_eq!(fault(armored), Some(Fault::AgeFile));
        let wrong = given("hunter2").err().unwrap().to_string();
        assert_eq!(wrong, "standard input: line 1 is no age identity");
    }
}
