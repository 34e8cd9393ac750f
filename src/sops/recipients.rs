//! The names of the keys that open a file, as they are compared.

use std::borrow::Cow;

use super::file;
use super::metadata::{KeyKind, MasterKey};
use crate::keys::Recipient;

/// How much of a PGP fingerprint names a key: files hold key ids of 16 digits, too.
const PGP_DIGITS: usize = 16;

impl MasterKey<'_> {
    /// The name by which two entries are for the same key, whatever their spelling: the kind, then
    /// all that tells one key of that kind from another. It may be anything that was pasted there,
    /// so it is for comparing only.
    pub(crate) fn canonical(&self) -> String {
        let id = self.id();
        let name = match self.kind {
            KeyKind::Age => Recipient::parse(&id).canonical().into_owned(),
            KeyKind::Pgp => pgp(&id),
            KeyKind::AzureKv => {
                // A new version of a key is no other key.
                let name = self.others.first();
                joined(&id.to_ascii_lowercase(), name.into_iter())
            }
            KeyKind::HcVault => joined(&id, self.others.iter()),
            // The role and the profile are ways to it.
            KeyKind::Kms | KeyKind::GcpKms | KeyKind::HcKms => id.trim().to_owned(),
        };
        format!("{}:{name}", self.kind.name())
    }

    /// The name as reports may print it.
    pub(crate) fn shown(&self) -> String {
        file::shown(self.kind, &self.id())
    }
}

/// The last digits of a fingerprint or key id.
fn pgp(id: &str) -> String {
    let id = id.trim().trim_start_matches("0x");
    let digits: Vec<char> = id.chars().filter(|c| !c.is_whitespace()).collect();
    let skipped = digits.len().saturating_sub(PGP_DIGITS);
    let last = digits.into_iter().skip(skipped);
    last.map(|digit| digit.to_ascii_uppercase()).collect()
}

/// An address and what follows it.
fn joined<'f>(address: &str, fields: impl Iterator<Item = &'f Option<Cow<'f, [u8]>>>) -> String {
    let mut name = address.trim().trim_end_matches('/').to_owned();
    for field in fields {
        let text = field.as_deref().unwrap_or_default();
        name.push('/');
        name.push_str(String::from_utf8_lossy(text).trim_matches('/'));
    }
    name
}
