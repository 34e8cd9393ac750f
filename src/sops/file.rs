//! A document that sops encrypted.

use super::data_key;
use super::metadata::{KeyKind, Metadata};
use super::problem::Problem;
use super::selectors::Selectors;
use super::version::{is_before_3_0_0, is_refused_by_command};
use crate::document::{Document, Format, Tree};
use crate::keys::{Recipient, RecipientKind};
use crate::source::Span;

/// A document with readable sops metadata.
pub(crate) struct SopsFile<'d> {
    format: Format,
    text: &'d str,
    tree: &'d Tree<'d>,
    metadata: Metadata<'d>,
    selectors: Selectors,
}

/// Everything that makes sops refuse a file's metadata; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MetadataErrors(pub(crate) Vec<Problem>);

impl<'d> SopsFile<'d> {
    /// Reads the metadata of `document`; `None` where sops says "metadata not found".
    ///
    /// # Errors
    /// [`MetadataErrors`] where there is metadata and sops refuses it: the file is
    /// [`Failed`](super::Verification::Failed), with these problems.
    pub(crate) fn of(document: &'d Document<'d>) -> Result<Option<Self>, MetadataErrors> {
        let metadata = Metadata::read(document.tree()).map_err(MetadataErrors)?;
        Ok(metadata.map(|metadata| {
            let selectors = metadata.selectors();
            Self {
                format: document.format(),
                text: document.source().text(),
                tree: document.tree(),
                metadata,
                selectors,
            }
        }))
    }

    /// The selectors of a document whose metadata sops refuses for another reason; `None` where they
    /// are not certain.
    pub(crate) fn certain_selectors(document: &Document<'_>) -> Option<Selectors> {
        Metadata::certain_selectors(document.tree())
    }

    /// The format, which decides what sops can write once it has opened the values.
    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// The text that the tree was read from.
    pub(super) fn text(&self) -> &'d str {
        self.text
    }

    /// Whether the sops that wrote the file encrypts comments, as all do since 3.0.0.
    pub(super) fn encrypts_comments(&self) -> bool {
        let version = self.metadata.version.as_ref();
        !version.is_some_and(|field| is_before_3_0_0(&field.value))
    }

    /// The values and comments, and the metadata as written.
    pub(crate) fn tree(&self) -> &'d Tree<'d> {
        self.tree
    }

    /// What the copies of the `sops` mapping say that the documents behind the first have.
    ///
    /// # Errors
    /// [`MetadataErrors`] where sops would refuse one, if it read it.
    pub(crate) fn copies(&self) -> Result<Vec<Metadata<'d>>, MetadataErrors> {
        Metadata::copies(self.tree).map_err(MetadataErrors)
    }

    /// What the `sops` mapping says.
    pub(crate) fn metadata(&self) -> &Metadata<'d> {
        &self.metadata
    }

    /// Where the `sops` command, not its library, finds no `version` that it takes: the field, or
    /// the whole metadata where there is none. `None` where it has nothing against it.
    pub(crate) fn version_refused_by_command(&self) -> Option<Span> {
        match &self.metadata.version {
            Some(field) if is_refused_by_command(&field.value) => Some(field.key_span),
            Some(_) => None,
            None => Some(self.metadata.key_span),
        }
    }

    /// Which values are encrypted.
    pub(crate) fn selectors(&self) -> &Selectors {
        &self.selectors
    }

    /// How many of its key groups must open.
    pub(crate) fn groups_needed(&self) -> usize {
        usize::try_from(data_key::needed(&self.metadata)).unwrap_or(usize::MAX)
    }

    /// Whether its data key is put together from shares.
    pub(super) fn has_groups(&self) -> bool {
        self.metadata.groups.len() > 1
    }

    /// All keys as reports may print them, group by group. What is no name of a key of its kind is
    /// masked: it may be anything that was pasted there.
    pub(crate) fn openers(&self) -> impl Iterator<Item = Opener> {
        let groups = self.metadata.groups.iter().zip(1..);
        groups.flat_map(|(group, at)| {
            group.keys.iter().map(move |key| Opener {
                kind: kind(key.kind, &key.id()),
                name: shown(key.kind, &key.id()),
                group: at,
            })
        })
    }
}

/// A key that opens a file, or a key group of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Opener {
    /// Such as `x25519`, `ssh-rsa`, `plugin yubikey`, `pgp` or `kms`.
    pub kind: String,
    /// The recipient, fingerprint, ARN and so on, or `…` where it is no name of such a key.
    pub name: String,
    /// The number of its key group, from 1.
    pub group: usize,
}

/// What kind of key it is, in the word that reports have for it.
pub(crate) fn kind(kind: KeyKind, id: &str) -> String {
    if kind != KeyKind::Age {
        return kind.name().to_owned();
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
    match Recipient::parse(id).kind() {
        RecipientKind::X25519 => "x25519".to_owned(),
        RecipientKind::PostQuantum => "post-quantum".to_owned(),
        RecipientKind::SshEd25519 => "ssh-ed25519".to_owned(),
        RecipientKind::SshRsa => "ssh-rsa".to_owned(),
        RecipientKind::Plugin(name) if name.bytes().all(is_plain) => format!("plugin {name}"),
        RecipientKind::Plugin(_) | RecipientKind::Unknown => "age".to_owned(),
    }
}

/// The name of a key as reports may print it. One that is no name of a key of its kind is masked: it
/// may be anything that was pasted there.
pub(super) fn shown(kind: KeyKind, id: &str) -> String {
    let id = id.trim();
    match kind {
        // What stands behind such a key is a comment.
        KeyKind::Age if Recipient::parse(id).is_ssh() => {
            let is_key = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
            let mut words = id.split_whitespace();
            let (kind, key) = (words.next(), words.next());
            let key = key.filter(|key| key.starts_with("AAAA") && key.bytes().all(is_key));
            format!("{} {}", kind.unwrap_or_default(), key.unwrap_or(HIDDEN))
        }
        _ if is_name(kind, id) => id.to_owned(),
        _ => HIDDEN.to_owned(),
    }
}

/// Whether it looks as the name of such a key does.
fn is_name(kind: KeyKind, id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b":/_.-+|=,".contains(&byte);
    let is_hex = |byte: u8| byte.is_ascii_hexdigit();
    let looks_so = match kind {
        KeyKind::Age => return Recipient::parse(id).looks_sound(),
        KeyKind::Pgp => (8..=40).contains(&id.len()) && id.bytes().all(is_hex),
        KeyKind::Kms => id.starts_with("arn:"),
        KeyKind::GcpKms => id.starts_with("projects/"),
        // A region and a UUID.
        KeyKind::HcKms => id.split_once(':').is_some_and(|(_, uuid)| {
            uuid.len() == 36 && uuid.bytes().all(|byte| is_hex(byte) || byte == b'-')
        }),
        KeyKind::AzureKv | KeyKind::HcVault => {
            id.starts_with("https://") || id.starts_with("http://")
        }
    };
    looks_so && id.len() <= 512 && id.bytes().all(is_plain)
}

/// What stands for a name that does not look like one.
const HIDDEN: &str = "…";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_names_of_keys_and_nothing_else() {
        let x25519 = "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du";
        for (kind, id, expected) in [
            (KeyKind::Age, x25519, x25519),
            (
                KeyKind::Age,
                "ssh-ed25519 AAAAC3Nz alice's laptop",
                "ssh-ed25519 AAAAC3Nz",
            ),
            (KeyKind::Age, "AGE-SECRET-KEY-1QQQSYQCYQ5", "…"),
            (KeyKind::Age, "hunter2", "…"),
            (KeyKind::Age, "age18thts my password!", "…"),
            (KeyKind::Age, "ssh-rsa hunter2 AAAA", "ssh-rsa …"),
            (
                KeyKind::Kms,
                "arn:aws:kms:us-east-1:1:key/ab|profile",
                "arn:aws:kms:us-east-1:1:key/ab|profile",
            ),
            (KeyKind::Pgp, "my password!", "…"),
            (KeyKind::Pgp, "hunter2", "…"),
            (
                KeyKind::Pgp,
                "85D77543B3D624B63CEA9E6DBC17301B491B3F21",
                "85D77543B3D624B63CEA9E6DBC17301B491B3F21",
            ),
            (KeyKind::Age, "age1hunter2", "…"),
            (KeyKind::Kms, "hunter2", "…"),
            (KeyKind::GcpKms, "hunter2", "…"),
            (
                KeyKind::GcpKms,
                "projects/p/locations/global/keyRings/r/cryptoKeys/k",
                "projects/p/locations/global/keyRings/r/cryptoKeys/k",
            ),
            (KeyKind::HcKms, "tr-west-1:hunter2", "…"),
            (
                KeyKind::HcKms,
                "tr-west-1:12345678-1234-1234-1234-123456789abc",
                "tr-west-1:12345678-1234-1234-1234-123456789abc",
            ),
            (KeyKind::AzureKv, "hunter2", "…"),
            (KeyKind::HcVault, "https://user:hunter2@vault", "…"),
            (
                KeyKind::HcVault,
                "http://127.0.0.1:8200",
                "http://127.0.0.1:8200",
            ),
        ] {
            assert_eq!(shown(kind, id), expected);
        }
    }
}
