//! The names of the keys that open a file, as they are compared.

use std::borrow::Cow;

use super::file;
use super::metadata::{KeyKind, MasterKey};
use crate::keys::Recipient;

/// How much of a PGP fingerprint names a key: files hold key ids of 16 digits, too.
const PGP_DIGITS: usize = 16;

/// The names of one key, in a file or in a creation rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct KeyNames {
    pub(crate) kind: KeyKind,
    /// The name by which two entries are for the same key, whatever their spelling: the kind, then
    /// all that tells one key of that kind from another. It may be anything that was pasted there,
    /// so it is for comparing only.
    pub(crate) canonical: String,
    /// The name that sops compares when it looks whether a file follows its rule. It is for comparing
    /// only, too.
    pub(crate) spelled: String,
    /// The name as reports may print it.
    pub(crate) shown: String,
}

impl KeyNames {
    /// The names of a key by what says which it is: the field that its kind goes by, then its other
    /// fields (of KMS role and profile, of Azure name and version, of Vault engine and key), and of
    /// KMS the encryption context as sops prints it.
    pub(crate) fn new(kind: KeyKind, id: &str, others: &[&str], context: &str) -> Self {
        Self {
            kind,
            canonical: canonical(kind, id, others),
            spelled: spelled(kind, id, others, context),
            shown: file::shown(kind, id),
        }
    }
}

impl MasterKey<'_> {
    /// All names of the key.
    pub(crate) fn names(&self) -> KeyNames {
        let texts: Vec<Cow<'_, str>> = self
            .others
            .iter()
            .map(|text| String::from_utf8_lossy(text.as_deref().unwrap_or_default()))
            .collect();
        let others: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        KeyNames::new(self.kind, &self.id(), &others, &self.context_text)
    }

    /// The name by which two entries are for the same key, whatever their spelling.
    pub(crate) fn canonical(&self) -> String {
        self.names().canonical
    }

    /// The name as reports may print it.
    pub(crate) fn shown(&self) -> String {
        file::shown(self.kind, &self.id())
    }
}

/// The name by which keys of this kind are compared. `others` are what names the key beside `id`, in
/// the order of the fields of an entry.
pub(super) fn canonical(kind: KeyKind, id: &str, others: &[&str]) -> String {
    let name = match kind {
        KeyKind::Age => Recipient::parse(id).canonical().into_owned(),
        KeyKind::Pgp => pgp(id),
        // A new version of a key is no other key.
        KeyKind::AzureKv => joined(&id.to_ascii_lowercase(), others.first().copied().as_slice()),
        KeyKind::HcVault => joined(id, others),
        KeyKind::Kms => arn(id).to_owned(),
        KeyKind::GcpKms | KeyKind::HcKms => id.trim().to_owned(),
    };
    format!("{}:{name}", kind.name())
}

/// What sops makes of a key to compare it.
fn spelled(kind: KeyKind, id: &str, others: &[&str], context: &str) -> String {
    let other = |at: usize| others.get(at).copied().unwrap_or_default();
    match kind {
        KeyKind::Age | KeyKind::Pgp | KeyKind::GcpKms | KeyKind::HcKms => id.to_owned(),
        KeyKind::AzureKv => format!("{id}/keys/{}/{}", other(0), other(1)),
        KeyKind::HcVault => format!("{id}/v1/{}/keys/{}", other(0), other(1)),
        KeyKind::Kms => {
            let (role, profile) = (other(0), other(1));
            let mut name = id.to_owned();
            if !role.is_empty() {
                name = format!("{name}+{role}");
            }
            match (context, profile) {
                ("", "") => name,
                (context, "") => format!("{name}|{context}"),
                (context, profile) => format!("{name}|{context}|{profile}"),
            }
        }
    }
}

/// The ARN alone: the role and the profile are ways to it, and can be written behind it.
fn arn(id: &str) -> &str {
    let id = id.split('|').next().unwrap_or(id);
    let id = id.split_once("+arn:").map_or(id, |(arn, _)| arn);
    id.trim()
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
fn joined(address: &str, fields: &[&str]) -> String {
    let mut name = address.trim().trim_end_matches('/').to_owned();
    for field in fields {
        name.push('/');
        name.push_str(field.trim_matches('/'));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::super::SopsFile;
    use crate::document::{Document, Format};
    use crate::source::{Source, SourceId};

    /// The names of the keys in these lists of the metadata.
    fn names(lists: &str) -> Vec<String> {
        let text = format!("sops:\n  lastmodified: '2026-01-01T00:00:00Z'\n  mac: x\n  {lists}\n");
        let source = Source::decode(SourceId::Stdin("x".into()), text.into_bytes()).unwrap();
        let document = Document::parse(&source, Format::Yaml).unwrap();
        let file = SopsFile::of(&document).unwrap().unwrap();
        let groups = file.metadata().groups.iter();
        groups
            .flat_map(|group| group.keys.iter().map(|key| key.canonical()))
            .collect()
    }

    #[test]
    fn spellings_of_one_key_have_one_name() {
        let entry =
            |fields: &str| format!("{{{fields}, created_at: '2026-01-01T00:00:00Z', enc: x}}");
        for (kind, one, same, other) in [
            (
                "pgp",
                "fp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21",
                "fp: bc17301b491b3f21",
                "fp: BC17301B491B3F22",
            ),
            (
                "pgp",
                "fp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21",
                "fp: 85D7 7543 B3D6 24B6 3CEA 9E6D BC17 301B 491B 3F21",
                "fp: BC17301B",
            ),
            (
                "kms",
                "arn: 'arn:aws:kms:eu:1:key/a', role: r",
                "arn: 'arn:aws:kms:eu:1:key/a', aws_profile: p",
                "arn: 'arn:aws:kms:eu:1:key/b'",
            ),
            (
                "azure_kv",
                "vault_url: 'https://V.example', name: k, version: v1",
                "vault_url: 'https://v.example/', name: k, version: v2",
                "vault_url: 'https://v.example', name: l, version: v1",
            ),
            (
                "hc_vault",
                "vault_address: 'https://v', engine_path: sops, key_name: k",
                "vault_address: 'https://v/', engine_path: sops/, key_name: k",
                "vault_address: 'https://v', engine_path: sops, key_name: l",
            ),
            (
                "age",
                "recipient: ssh-ed25519 AAAA alice",
                "recipient: ssh-ed25519  AAAA",
                "recipient: ssh-ed25519 BBBB alice",
            ),
        ] {
            let list = [one, same, other].map(entry).join(", ");
            let names = names(&format!("{kind}: [{list}]"));
            assert_eq!(names[0], names[1], "{kind}");
            assert_ne!(names[0], names[2], "{kind}");
        }
    }

    #[test]
    fn keys_of_two_kinds_are_two() {
        let names = names(
            "gcp_kms: [{resource_id: a, created_at: '2026-01-01T00:00:00Z', enc: x}]\n  age: [{recipient: a, enc: x}]",
        );
        assert_eq!(names, ["gcp_kms:a", "age:a"]);
    }
}
