//! Files that other programs keep secrets in, or that only look like files.
//!
//! Their names often say "secret" too. They are none of sops's, and nothing is wrong with them.

use std::path::Path;

use super::kubernetes;
use super::tree::{Item, Node, NodeId, Pair, Scalar, Tree, Value};

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

/// The lines that the files of other programs begin with, each whole.
const FIRST_LINES: [(&[u8], Foreign); 3] = [
    (b"age-encryption.org/v1", Foreign::Age),
    (b"-----BEGIN AGE ENCRYPTED FILE-----", Foreign::Age),
    (b"-----BEGIN PGP MESSAGE-----", Foreign::Pgp),
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

/// Other kinds of manifests that hold no secret of their own. The values of a Secret are looked at by
/// themselves.
const HARMLESS: [&str; 5] = [
    "CustomResourceDefinition",
    "Kustomization",
    "Namespace",
    "Secret",
    // What tells KSOPS which files to decrypt.
    "ksops",
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
        if bytes.starts_with(b"\0GITCRYPT\0") {
            return Some(Self::GitCrypt);
        }
        // A salt and what follows are no text but by a miracle.
        if bytes.starts_with(b"Salted__") && std::str::from_utf8(bytes).is_err() {
            return Some(Self::Transcrypt);
        }
        Self::of_lines(bytes.trim_ascii_start())
    }

    /// Whose file has these lines. A header counts as a whole only: sops may have a key that begins
    /// like one.
    fn of_lines(bytes: &[u8]) -> Option<Self> {
        let mut lines = bytes.split(|&byte| byte == b'\n');
        let first = lines.next().unwrap_or_default().trim_ascii_end();
        let mut rest = lines.map(<[u8]>::trim_ascii_end);
        if let Some((_, foreign)) = FIRST_LINES.iter().find(|(line, _)| first == *line) {
            return Some(*foreign);
        }
        let is_pointer = first == b"version https://git-lfs.github.com/spec/v1";
        if is_pointer && rest.clone().any(|line| line.starts_with(b"oid sha256:")) {
            return Some(Self::GitLfs);
        }
        if is_vault_header(first) && rest.all(|line| line.iter().all(u8::is_ascii_hexdigit)) {
            return Some(Self::AnsibleVault);
        }
        // The base64 of `Salted__`.
        let is_salted = first.starts_with(b"U2FsdGVkX1");
        (is_salted && bytes.split(|&byte| byte == b'\n').all(is_base64)).then_some(Self::Transcrypt)
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

    /// Whether it is what a program that encrypts as git's filter leaves.
    pub(crate) fn is_of_filters(self) -> bool {
        matches!(self, Self::GitCrypt | Self::Transcrypt | Self::Age)
    }

    /// Whose document it is, as far as a YAML text and what sops sees in it tell. A Secret with
    /// values beside it, or any other document that could hold one, is nobody else's.
    pub(crate) fn of_document(text: &str, tree: &Tree<'_>) -> Option<Self> {
        let is_clear = |(_, pair): (&str, &Pair<'_>)| {
            let value = tree.resolved(pair.value);
            !kubernetes::is_empty(&value.value) && !is_vault(text, value)
        };
        if kubernetes::secrets(tree).any(|secret| secret.values(tree).any(is_clear)) {
            return None;
        }
        if tree.nodes().any(|node| is_vault(text, node)) {
            return Some(Self::AnsibleVault);
        }
        let mut documents = tree.branches().iter();
        if !documents.all(|document| holds_no_secret(tree, *document)) {
            return None;
        }
        tree.branches()
            .iter()
            .find_map(|document| Self::of_kind(kubernetes::kind(tree, *document)?))
    }

    fn of_kind(kind: &[u8]) -> Option<Self> {
        if kind == b"SealedSecret" {
            Some(Self::SealedSecret)
        } else if EXTERNAL.iter().any(|known| kind == known.as_bytes()) {
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

/// Whether a document is of a kind that has no secret in it, but below the values of a Secret.
pub(crate) fn holds_no_secret(tree: &Tree<'_>, document: NodeId) -> bool {
    let Some(kind) = kubernetes::kind(tree, document) else {
        return tree.entries(document).is_empty();
    };
    let is_known =
        Foreign::of_kind(kind).is_some() || HARMLESS.iter().any(|known| kind == known.as_bytes());
    is_known && !generates_secrets(tree, document)
}

/// Whether a Kustomization writes out the values of the Secrets that it makes.
fn generates_secrets(tree: &Tree<'_>, document: NodeId) -> bool {
    let generators = tree.pair(document, "secretGenerator");
    match generators.map(|pair| &tree.resolved(pair.value).value) {
        Some(Value::List(items)) => items.iter().any(|item| match item {
            Item::Value(item) => tree.pair(*item, "literals").is_some(),
            Item::Comment(_) => false,
        }),
        _ => false,
    }
}

/// Whether a value is what `ansible-vault encrypt_string` writes: tagged so, and encrypted.
fn is_vault(text: &str, node: &Node<'_>) -> bool {
    let Value::Scalar(Scalar::Str(value)) = &node.value else {
        return false;
    };
    let own = text.get(node.span.start()..node.span.end());
    let before = text.get(..node.span.start()).unwrap_or_default();
    let is_tagged = own.is_some_and(|own| own.starts_with("!vault"))
        || before.trim_end_matches([' ', '\t']).ends_with("!vault");
    is_tagged && Foreign::of_lines(value) == Some(Foreign::AnsibleVault)
}

/// Whether a line is `$ANSIBLE_VAULT;1.1;AES256`, perhaps with the name of its password.
fn is_vault_header(line: &[u8]) -> bool {
    let mut parts = line.split(|&byte| byte == b';');
    let is_first = parts.next() == Some(b"$ANSIBLE_VAULT");
    let is_version =
        |part: &[u8]| !part.is_empty() && part.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    let is_cipher = |part: &[u8]| part.iter().all(u8::is_ascii_alphanumeric);
    let is_name = |part: &[u8]| !part.contains(&b':');
    is_first
        && parts.next().is_some_and(is_version)
        && parts.next().is_some_and(is_cipher)
        && parts.next().is_none_or(is_name)
        && parts.next().is_none()
}

/// Whether a line holds base64 and nothing else.
fn is_base64(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let end = line.iter().rposition(|&byte| byte != b'=');
    let (digits, padding) = line.split_at(end.map_or(0, |end| end + 1));
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    padding.len() <= 2 && digits.iter().all(is_digit)
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
            (b"Salted__\x93\xff\x01\x02", Some(Foreign::Transcrypt)),
            (
                b"$ANSIBLE_VAULT;1.2;AES256;dev\r\n3061\r\n",
                Some(Foreign::AnsibleVault),
            ),
            (b"vault: $ANSIBLE_VAULT;", None),
            // What sops reads as a key, or a person as a password.
            (b"U2FsdGVkX1a: b\n", None),
            (b"U2FsdGVkX1+abc=\npassword: b\n", None),
            (b"Salted__a: b\n", None),
            (b"$ANSIBLE_VAULT;1.1;AES256: b\n", None),
            (b"$ANSIBLE_VAULT;1.1;AES256;a: b\n", None),
            (b"$ANSIBLE_VAULT;1.1;AES256\npassword: b\n", None),
            (b"age-encryption.org/v1: b\n", None),
            (b"-----BEGIN AGE ENCRYPTED FILE-----: b\n", None),
            (b"-----BEGIN PGP MESSAGE-----: b\n", None),
            (b"version https://git-lfs.github.com/spec/v1: b\n", None),
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
        let vaulted = "    $ANSIBLE_VAULT;1.1;AES256\n    30\n";
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
            (
                format!("kind: Secret\nstringData:\n  a: !vault |\n{vaulted}"),
                Some(Foreign::AnsibleVault),
            ),
            (
                format!("a: !vault \"{}\"\n", "$ANSIBLE_VAULT;1.1;AES256\\n30"),
                Some(Foreign::AnsibleVault),
            ),
            // A neighbour that could be a secret, or words about a vault.
            (format!("{sealed}---\npassword: b\n"), None),
            (
                format!("{sealed}---\nkind: ConfigMap\ndata: {{a: b}}\n"),
                None,
            ),
            (
                format!("# a: !vault\n# $ANSIBLE_VAULT;1.1;AES256\n{secret}"),
                None,
            ),
            ("a: b # !vault | $ANSIBLE_VAULT;\n".to_owned(), None),
            ("a: !vault |\n  $ANSIBLE_VAULT; b\n".to_owned(), None),
            (format!("a: |\n{vaulted}b: '!vault'\n"), None),
            ("kind: Secret\n".to_owned(), None),
        ] {
            let tree = yaml::load(&text).unwrap();
            assert_eq!(Foreign::of_document(&text, &tree), expected, "{text}");
        }
    }
}
