//! What is read from one place that may hold identities, as sops reads it.

use std::fmt;

use super::bech32;
use super::identity::{Dormant, DormantKind, Identity};
use super::places::Origin;
use super::recipient::RecipientKind;
use crate::fs;

/// How strictly a text of identities is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rules {
    /// One identity a line, nothing around it: files.
    Lines,
    /// Identities separated by any white space: `SOPS_AGE_KEY`.
    Words,
    /// Like words, and SSH keys too: what the user names on the command line.
    Given,
}

/// What a text held.
#[derive(Default)]
pub(super) struct Read {
    pub(super) identities: Vec<Identity>,
    pub(super) dormant: Vec<Dormant>,
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
    /// The text holds no identity at all.
    #[error("it holds no identity")]
    Empty,
    /// The file could not be read.
    #[error(transparent)]
    File(#[from] fs::Error),
}

/// The longest line that Go's scanner reads; it stops at a longer one without a word.
const MAX_LINE: usize = 64 * 1024;

/// Reads the identities in `text`. One line that does not parse spoils the whole, as in sops.
pub(super) fn read(text: &[u8], rules: Rules) -> Result<Read, Fault> {
    let mut read = Read::default();
    if text.starts_with(b"age-encryption") || text.starts_with(b"-----BEGIN AGE") {
        read.dormant.push(Dormant {
            kind: DormantKind::Encrypted,
        });
        return Ok(read);
    }
    if rules == Rules::Given && is_ssh_key(text) {
        read.dormant.push(Dormant {
            kind: DormantKind::Ssh(None),
        });
        return Ok(read);
    }
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
            Rules::Lines => read.add(line, number)?,
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

impl Read {
    fn add(&mut self, text: &str, line: usize) -> Result<(), Fault> {
        let kind = if text.starts_with("AGE-PLUGIN-") {
            let name = plugin_name(text).ok_or(Fault::Damaged { line })?;
            DormantKind::Plugin(name.to_ascii_lowercase())
        } else if text.starts_with("AGE-SECRET-KEY-PQ-1") {
            if bech32::parse(text) != Some(("AGE-SECRET-KEY-PQ-", 32)) {
                return Err(Fault::Damaged { line });
            }
            DormantKind::PostQuantum
        } else if text.starts_with("AGE-SECRET-KEY-1") {
            let identity = Identity::parse(text).ok_or(Fault::Damaged { line })?;
            self.identities.push(identity);
            return Ok(());
        } else {
            return Err(Fault::Unknown { line });
        };
        self.dormant.push(Dormant { kind });
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.identities.is_empty() && self.dormant.is_empty()
    }
}

/// The plugin that an identity is for.
fn plugin_name(text: &str) -> Option<&str> {
    let (prefix, _) = bech32::parse(text)?;
    let name = prefix.strip_prefix("AGE-PLUGIN-")?.strip_suffix('-')?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
    (!name.is_empty() && name.bytes().all(allowed)).then_some(name)
}

fn is_ssh_key(text: &[u8]) -> bool {
    const STARTS: [&str; 3] = [
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----",
    ];
    STARTS
        .iter()
        .any(|start| text.trim_ascii_start().starts_with(start.as_bytes()))
}

/// The kind of an SSH key that stands in a file of this name, by ssh-keygen's habit.
pub(super) fn ssh_kind(file: &str) -> RecipientKind {
    if file == "id_rsa" {
        RecipientKind::SshRsa
    } else {
        RecipientKind::SshEd25519
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Fault::File(error) => write!(f, "{error}"),
            Fault::Unknown { .. } | Fault::Damaged { .. } | Fault::Empty => {
                write!(f, "{}: {}", self.origin, self.fault)
            }
        }
    }
}
