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
        // A path that the user set may be a pipe, as in `SOPS_AGE_KEY_FILE=<(command)`.
        let text = match variable {
            Some(_) => fs::read_stream(&path, MAX_KEY_FILE),
            None => fs::read(&path, MAX_KEY_FILE),
        };
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
            keyring.identities.len(),
            keyring.dormant.len(),
            keyring.warnings.len(),
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
                keyring.holds(&ours.to_public().to_string())
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
    fn remembers_what_it_cannot_use() {
        let folder = tempfile::tempdir().unwrap();
        write(
            &folder.path().join(".ssh/id_ed25519"),
            "-----BEGIN OPENSSH PRIVATE KEY-----\n",
        );
        let home = folder.path().to_str().unwrap();
        let keyring = Keyring::discover(&environment(folder.path(), &[("HOME", home)]));
        let obstacle = |recipient: &str| keyring.obstacle([&Recipient::parse(recipient)]);
        assert_eq!(obstacle("age1x"), None);
        assert_eq!(obstacle("ssh-rsa AAAA"), None);
        let ssh = Some(Obstacle::Unsupported("SSH identities".to_owned()));
        assert_eq!(obstacle("ssh-ed25519 AAAA"), ssh);

        let armored = "-----BEGIN AGE ENCRYPTED FILE-----\n";
        let variables = [("SOPS_AGE_KEY", armored)];
        let keyring = Keyring::discover(&environment(folder.path(), &variables));
        let needs_input = keyring.obstacle([&Recipient::parse("age1x")]);
        assert_eq!(needs_input, Some(Obstacle::NeedsInput));
    }

    #[test]
    fn takes_given_identities_or_says_why_not() {
        let folder = tempfile::tempdir().unwrap();
        let here = environment(folder.path(), &[("SOPS_AGE_KEY", &key())]);
        let given = |text: &str| {
            let text = Secret::new(text.as_bytes().to_vec());
            Keyring::given([Given::Stdin(text)], &here)
        };
        let fault = |text: &str| given(text).err().map(|error| error.fault);
        assert_eq!(
            found(&given(&format!(" {} # mine\r\n", key())).ok().unwrap()),
            (1, 0, 0)
        );
        let ssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n";
        assert_eq!(found(&given(ssh).ok().unwrap()), (0, 1, 0));
        assert_eq!(fault(""), Some(Fault::Empty));
        assert_eq!(fault("# nothing\n"), Some(Fault::Empty));
        assert_eq!(fault("\nhunter2\n"), Some(Fault::Unknown { line: 2 }));
        assert_eq!(
            fault("AGE-SECRET-KEY-1XX"),
            Some(Fault::Damaged { line: 1 })
        );
        let missing = Keyring::given([Given::Path("none".into())], &here)
            .err()
            .unwrap();
        let path = folder.path().join("none");
        assert_eq!(
            missing.to_string(),
            format!("`{}` does not exist", path.display())
        );
        let wrong = given("hunter2").err().unwrap().to_string();
        assert_eq!(wrong, "standard input: line 1 is no age identity");
    }
}
