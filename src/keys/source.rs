//! What is read from one place that may hold identities, as sops reads it.

use std::fmt;

use super::age_file::AgeFile;
use super::bech32;
use super::dormant::Lock;
#[cfg(not(feature = "pq"))]
use super::dormant::{RecipientKinds, Unsupported};
use super::identity::Private;
use super::places::Origin;
#[cfg(feature = "ssh")]
use super::ssh;
use crate::fs;
use crate::secret::Secret;

/// How strictly a text of identities is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rules {
    /// One identity a line, nothing around it: files, and what `SOPS_AGE_KEY_CMD` prints.
    Lines,
    /// Like lines, of age's own kinds only: what a passphrase opened.
    Native,
    /// Identities separated by any white space: `SOPS_AGE_KEY`.
    Words,
    /// Like words, and SSH keys too: what the user names on the command line.
    Given,
}

/// What a text held.
#[derive(Default)]
pub(super) struct Read {
    pub(super) identities: Vec<Private>,
    pub(super) locks: Vec<Lock>,
    rules_out_plugins: bool,
}

/// A place whose identities could not be used; sops says so too, and tries the others.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Warning {
    pub(crate) origin: Origin,
    pub(crate) fault: Fault,
}

/// What was wrong with a place.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum Fault {
    /// A line that begins like no identity.
    #[error("line {line} is no age identity")]
    Unknown { line: usize },
    /// A line that begins like an identity and is none: a character is wrong or missing.
    #[error("line {line} holds a damaged age identity")]
    Damaged { line: usize },
    /// A line that holds the public half of a key.
    #[error("line {line} holds a public key (a recipient); the private key is needed")]
    Public { line: usize },
    /// A byte order mark, which neither sops nor age reads.
    #[error("it begins with a byte order mark: save it as UTF-8 without one")]
    Mark,
    /// Another encoding, which neither sops nor age reads.
    #[error("it is in UTF-16: save it as UTF-8")]
    Utf16,
    /// The text holds no identity at all.
    #[error("it holds no identity")]
    Empty,
    /// It begins like an SSH private key.
    #[cfg(feature = "ssh")]
    #[error("it holds no SSH private key that can be read")]
    SshKey,
    /// It begins like an age file.
    #[error("it holds a damaged age file")]
    AgeFile,
    /// An age file that is locked by a key.
    #[error("it holds an age file that no passphrase opens")]
    NotForPassphrase,
    /// It is of a kind that is not read here; it is named.
    #[error("{0} are not supported")]
    Unsupported(&'static str),
    /// A program that was to give identities did not.
    #[error("{0}")]
    Program(String),
    /// The file could not be read.
    #[error(transparent)]
    File(#[from] fs::Error),
}

/// The longest line that Go's scanner reads; it stops at a longer one without a word.
const MAX_LINE: usize = 64 * 1024;

/// Reads the identities in `text`. One line that does not parse spoils the whole, as in sops.
pub(super) fn read(text: &[u8], rules: Rules) -> Result<Read, Fault> {
    if rules != Rules::Native && is_age_file(text) {
        let locks = vec![Lock::Encrypted(read_age_file(text)?)];
        return Ok(Read {
            locks,
            ..Read::default()
        });
    }
    if rules == Rules::Given && is_private_key(text) {
        return read_ssh(text);
    }
    check_encoding(text)?;
    let mut read = Read {
        rules_out_plugins: rules == Rules::Native,
        ..Read::default()
    };
    for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if line.len() >= MAX_LINE {
            break;
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let number = at + 1;
        let Ok(line) = std::str::from_utf8(line) else {
            return Err(Fault::Unknown { line: number });
        };
        match rules {
            Rules::Lines | Rules::Native => read.add(line, number)?,
            Rules::Words => {
                for word in line.split_whitespace() {
                    read.add(word, number)?;
                }
            }
            Rules::Given => {
                let words = line
                    .split_whitespace()
                    .take_while(|word| !word.starts_with('#'));
                for word in words {
                    read.add(word, number)?;
                }
            }
        }
    }
    Ok(read)
}

/// Says what is wrong where the very first bytes are no text as age reads it.
fn check_encoding(text: &[u8]) -> Result<(), Fault> {
    match text {
        [0xEF, 0xBB, 0xBF, ..] => Err(Fault::Mark),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b' '..=b'~', 0, ..] => Err(Fault::Utf16),
        _ => Ok(()),
    }
}

/// Whether a text begins like the public half of a key.
fn is_public(text: &str) -> bool {
    let kinds = ["age1", "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-", "sk-ssh-"];
    kinds.iter().any(|kind| text.starts_with(kind))
}

fn is_age_file(text: &[u8]) -> bool {
    text.starts_with(b"age-encryption") || text.starts_with(b"-----BEGIN AGE")
}

/// Whether a text begins like a private key that SSH reads.
fn is_private_key(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let label = first.trim_ascii_end().strip_prefix(b"-----BEGIN ");
    label.is_some_and(|label| label.ends_with(b"PRIVATE KEY-----"))
}

fn read_age_file(text: &[u8]) -> Result<AgeFile, Fault> {
    let file = if text.starts_with(b"-") {
        AgeFile::from_armor(text).map_err(|_| Fault::AgeFile)?
    } else {
        AgeFile::from_binary(text.to_vec())
    };
    match file.decryptor() {
        Some(decryptor) if decryptor.is_scrypt() => Ok(file),
        Some(_) => Err(Fault::NotForPassphrase),
        None => Err(Fault::AgeFile),
    }
}

/// Reads an SSH private key.
#[cfg(feature = "ssh")]
pub(super) fn read_ssh(text: &[u8]) -> Result<Read, Fault> {
    let mut read = Read::default();
    match ssh::read(text) {
        Ok(ssh::Key::Open(key)) => read.identities.push(Private::Ssh(Box::new(key))),
        Ok(ssh::Key::Locked(key)) => read.locks.push(Lock::Ssh(Box::new(key))),
        Err(ssh::Fault::Unsupported(what)) => return Err(Fault::Unsupported(what)),
        Err(ssh::Fault::Damaged) => return Err(Fault::SshKey),
    }
    Ok(read)
}

/// Says that SSH private keys are not read.
#[cfg(not(feature = "ssh"))]
pub(super) fn read_ssh(_: &[u8]) -> Result<Read, Fault> {
    Err(Fault::Unsupported("SSH identities"))
}

impl Read {
    /// An SSH key that was opened.
    #[cfg(feature = "ssh")]
    pub(super) fn of_ssh(key: ssh::Identity) -> Self {
        let mut read = Self::default();
        read.identities.push(Private::Ssh(Box::new(key)));
        read
    }

    fn add(&mut self, text: &str, line: usize) -> Result<(), Fault> {
        if text.starts_with("AGE-PLUGIN-") && !self.rules_out_plugins {
            let name = plugin_name(text).ok_or(Fault::Damaged { line })?;
            self.locks.push(Lock::Plugin {
                name: name.to_ascii_lowercase(),
                identity: Secret::new(text.to_owned()),
            });
        } else if text.starts_with("AGE-SECRET-KEY-PQ-1") {
            self.add_post_quantum(text).ok_or(Fault::Damaged { line })?;
        } else if text.starts_with("AGE-SECRET-KEY-1") {
            let identity = Private::x25519(text).ok_or(Fault::Damaged { line })?;
            self.identities.push(identity);
        } else {
            return Err(if is_public(text) {
                Fault::Public { line }
            } else {
                Fault::Unknown { line }
            });
        }
        Ok(())
    }

    #[cfg(feature = "pq")]
    fn add_post_quantum(&mut self, text: &str) -> Option<()> {
        let key = super::pq::Identity::parse(text)?;
        self.identities.push(Private::PostQuantum(Box::new(key)));
        Some(())
    }

    #[cfg(not(feature = "pq"))]
    fn add_post_quantum(&mut self, text: &str) -> Option<()> {
        let (prefix, seed) = bech32::parse(text)?;
        let unsupported = Unsupported {
            what: "post-quantum identities".to_owned(),
            recipients: RecipientKinds::PostQuantum,
        };
        self.locks.push(Lock::Unsupported(unsupported));
        (prefix == "AGE-SECRET-KEY-PQ-" && seed.expose().len() == 32).then_some(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.identities.is_empty() && self.locks.is_empty()
    }
}

/// The plugin that an identity is for.
fn plugin_name(text: &str) -> Option<&str> {
    let (prefix, _) = bech32::parse(text)?;
    let name = prefix.strip_prefix("AGE-PLUGIN-")?.strip_suffix('-')?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
    (!name.is_empty() && name.bytes().all(allowed)).then_some(name)
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Fault::File(error) => write!(f, "{error}"),
            fault => write!(f, "{}: {fault}", self.origin),
        }
    }
}
