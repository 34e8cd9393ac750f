//! A document's leaves as sops sees them, as data.

use std::path::PathBuf;

use crate::source::Position;

/// What `explain --tree` says of one file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// The file as it was named.
    pub path: PathBuf,
    /// Whether it carries sops metadata. Without, the leaves are judged as sops would judge them
    /// with no selector set.
    pub encrypted: bool,
    /// The leaves of all documents, in order.
    pub leaves: Vec<Leaf>,
}

/// One value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Leaf {
    /// The keys that lead to it. List indexes are not part of sops's paths.
    pub path: Vec<KeyName>,
    /// `string`, `int`, `float`, `bool`, `time` or `null`.
    pub kind: &'static str,
    /// Whether the selectors say that it is encrypted. Never for null, which sops leaves alone.
    pub selected: bool,
    /// Whether its bytes enter the MAC.
    pub in_mac: bool,
    /// SHA-256 of the bytes that enter the MAC, in hexadecimal, where the leaf stands in clear; none
    /// where it is encrypted, or null.
    pub bytes_sha256: Option<String>,
    /// Where it stands.
    pub start: Position,
}

/// A key as sops knows it: bytes, which are nearly always text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyName {
    /// The key's text.
    Text(String),
    /// A `!!binary` key that is not UTF-8.
    Bytes(Vec<u8>),
}

impl KeyName {
    /// The key of these bytes.
    pub(super) fn new(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Bytes(bytes.to_owned()),
        }
    }
}
