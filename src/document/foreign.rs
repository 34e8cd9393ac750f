//! Files that other programs keep secrets in, or that only look like files.
//!
//! Their names often say "secret" too. They are none of sops's, and nothing is wrong with them.

use std::path::Path;

use super::kubernetes;
use super::tree::Tree;

/// Whose file it is, where it is not sops's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Foreign {
    /// A SealedSecret: only the controller in the cluster opens it.
    SealedSecret,
    /// A manifest that says where a secret is to be fetched from.
    ExternalSecret,
    /// A file, or values, that `ansible-vault` encrypted.
    AnsibleVault,
    /// A file that git-crypt encrypted.
    GitCrypt,
    /// A file that transcrypt, or OpenSSL with a passphrase, encrypted.
    Transcrypt,
    /// An age file.
    Age,
    /// An OpenPGP message.
    Pgp,
    /// What Git LFS keeps in the place of a file.
    GitLfs,
    /// A template, which becomes a file elsewhere.
    Template,
}

/// What the files of other programs begin with.
const BEGINNINGS: [(&[u8], Foreign); 8] = [
    (b"$ANSIBLE_VAULT;", Foreign::AnsibleVault),
    (b"\0GITCRYPT\0", Foreign::GitCrypt),
    (b"Salted__", Foreign::Transcrypt),
    // The base64 of the same.
    (b"U2FsdGVkX1", Foreign::Transcrypt),
    (b"age-encryption.org/v1", Foreign::Age),
    (b"-----BEGIN AGE ENCRYPTED FILE-----", Foreign::Age),
    (b"-----BEGIN PGP MESSAGE-----", Foreign::Pgp),
    (
        b"version https://git-lfs.github.com/spec/v1",
        Foreign::GitLfs,
    ),
];

/// The kinds of manifests that hold no secret but say where one is.
const EXTERNAL: [&str; 7] = [
    "ExternalSecret",
    "ClusterExternalSecret",
    "SecretStore",
    "ClusterSecretStore",
    "PushSecret",
    "ClusterPushSecret",
    "SecretProviderClass",
];

impl Foreign {
    /// Whose file has this name, or begins like this.
    pub(crate) fn of_file(path: &Path, bytes: &[u8]) -> Option<Self> {
        // blackbox and pass keep OpenPGP's binary messages, whose first byte is no character's.
        let ends = path
            .extension()
            .is_some_and(|end| end == "gpg" || end == "pgp");
        let is_binary = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
        if ends && is_binary {
            return Some(Self::Pgp);
        }
        let bytes = bytes.trim_ascii_start();
        let known = BEGINNINGS
            .iter()
            .find(|(start, _)| bytes.starts_with(start));
        known.map(|(_, foreign)| *foreign)
    }

    /// Whose file it is that git passes through this filter: it stands in clear in the work tree
    /// alone.
    pub(crate) fn of_filter(filter: &str) -> Option<Self> {
        let is = |name: &str| {
            let rest = filter.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        if is("git-crypt") {
            Some(Self::GitCrypt)
        } else if is("crypt") {
            Some(Self::Transcrypt)
        } else if is("git-agecrypt") {
            Some(Self::Age)
        } else {
            None
        }
    }

    /// Whose document it is, as far as a YAML text and what sops sees in it tell.
    pub(crate) fn of_document(text: &str, tree: &Tree<'_>) -> Option<Self> {
        if text.contains("!vault") && text.contains("$ANSIBLE_VAULT;") {
            return Some(Self::AnsibleVault);
        }
        if kubernetes::secrets(tree).any(|secret| secret.has_values(tree)) {
            return None;
        }
        let has_kind = |kind: &str| {
            let mut kinds = tree
                .branches()
                .iter()
                .filter_map(|map| kubernetes::kind(tree, *map));
            kinds.any(|found| found == kind.as_bytes())
        };
        if has_kind("SealedSecret") {
            Some(Self::SealedSecret)
        } else if EXTERNAL.iter().any(|kind| has_kind(kind)) {
            Some(Self::ExternalSecret)
        } else {
            None
        }
    }

    /// The word that reports for programs use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SealedSecret => "sealed-secret",
            Self::ExternalSecret => "external-secret",
            Self::AnsibleVault => "ansible-vault",
            Self::GitCrypt => "git-crypt",
            Self::Transcrypt => "transcrypt",
            Self::Age => "age",
            Self::Pgp => "pgp",
            Self::GitLfs => "git-lfs",
            Self::Template => "template",
        }
    }

    /// What it is, for people, with its article.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::SealedSecret => "a SealedSecret",
            Self::ExternalSecret => "an external secret",
            Self::AnsibleVault => "an Ansible vault",
            Self::GitCrypt => "encrypted by git-crypt",
            Self::Transcrypt => "encrypted by transcrypt",
            Self::Age => "an age file",
            Self::Pgp => "an OpenPGP message",
            Self::GitLfs => "a pointer of Git LFS",
            Self::Template => "a template",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::yaml;

    #[test]
    fn knows_the_files_of_other_programs_by_their_beginning() {
        for (bytes, expected) in [
            (
                &b"$ANSIBLE_VAULT;1.1;AES256\n3061"[..],
                Some(Foreign::AnsibleVault),
            ),
            (b"\0GITCRYPT\0\x01\x02", Some(Foreign::GitCrypt)),
            (b"U2FsdGVkX1+abc=\n", Some(Foreign::Transcrypt)),
            (b"age-encryption.org/v1\n-> X25519", Some(Foreign::Age)),
            (b"\n-----BEGIN PGP MESSAGE-----\n", Some(Foreign::Pgp)),
            (b"vault: $ANSIBLE_VAULT;", None),
            (b"", None),
        ] {
            assert_eq!(
                Foreign::of_file(Path::new("a"), bytes),
                expected,
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn knows_manifests_by_their_kind_unless_a_secret_stands_beside_them() {
        let sealed = "kind: SealedSecret\nspec: {encryptedData: {a: b}}\n";
        let secret = "kind: Secret\nstringData: {a: b}\n";
        for (text, expected) in [
            (sealed.to_owned(), Some(Foreign::SealedSecret)),
            (
                format!("kind: Namespace\n---\n{sealed}"),
                Some(Foreign::SealedSecret),
            ),
            (format!("{sealed}---\n{secret}"), None),
            (
                "kind: ClusterSecretStore\n".to_owned(),
                Some(Foreign::ExternalSecret),
            ),
            (
                "a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  30\n".to_owned(),
                Some(Foreign::AnsibleVault),
            ),
            ("kind: Secret\n".to_owned(), None),
        ] {
            let tree = yaml::load(&text).unwrap();
            assert_eq!(Foreign::of_document(&text, &tree), expected, "{text}");
        }
    }
}
