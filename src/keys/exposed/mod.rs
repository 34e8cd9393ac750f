//! Private keys that stand in a text where anyone can read them.
//!
//! Documentation is full of things that look like keys. Only what is one counts: an age identity has
//! a checksum, and the body of a PEM block has a structure. Keys behind a passphrase are left alone.

mod armor;
mod encoded;
mod structure;

use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memmem::Finder;
use zeroize::Zeroizing;

use super::bech32;
use super::identity::Private;

/// The most keys that are told of one text.
const MAX_EXPOSED: usize = 1_000;

/// How every age identity begins, and how many characters follow that beginning: a `1`, the 32 bytes
/// of the key and their checksum, behind `PQ-` for a post-quantum one.
const AGE: &str = "AGE-SECRET-KEY-";
const AGE_LEN: usize = AGE.len() + 59;
const POST_QUANTUM: &str = "AGE-SECRET-KEY-PQ-";
const POST_QUANTUM_LEN: usize = POST_QUANTUM.len() + 59;

/// base64 as OpenSSL and OpenSSH read it, with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

static AGE_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(AGE));
static PEM_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(armor::MARK));

/// One private key in a text. It holds no part of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exposed {
    pub(crate) kind: ExposedKind,
    /// Where it stands, as bytes of the text.
    pub(crate) range: Range<usize>,
    /// Whether it stands there as base64, as in the `data` of a Kubernetes Secret.
    pub(crate) is_encoded: bool,
    /// The recipient that it opens files for, where that is known.
    pub(crate) recipient: Option<String>,
}

/// What kind of a private key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ExposedKind {
    /// `AGE-SECRET-KEY-1…`.
    Age,
    /// `AGE-SECRET-KEY-PQ-1…`.
    AgePostQuantum,
    /// `BEGIN PRIVATE KEY`, whatever the algorithm.
    Pkcs8,
    /// `BEGIN RSA PRIVATE KEY`.
    Rsa,
    /// `BEGIN EC PRIVATE KEY`.
    Ec,
    /// `BEGIN DSA PRIVATE KEY`.
    Dsa,
    /// `BEGIN OPENSSH PRIVATE KEY`.
    OpenSsh,
    /// `BEGIN PGP PRIVATE KEY BLOCK`.
    Pgp,
}

/// Whether a text could hold a private key: cheap, and never no where [`exposed`] finds one.
pub(crate) fn may_be_exposed(text: &[u8]) -> bool {
    AGE_FINDER.find(text).is_some() || PEM_FINDER.find(text).is_some() || encoded::may_be_in(text)
}

/// The private keys in a text in the order in which they stand there, the first 1,000 of them.
pub(crate) fn exposed(text: &[u8]) -> Vec<Exposed> {
    let mut found = in_clear(text);
    found.extend(encoded::find(text));
    found.sort_by_key(|key| key.range.start);
    found.truncate(MAX_EXPOSED);
    found
}

/// The keys that stand in the text itself.
fn in_clear(text: &[u8]) -> Vec<Exposed> {
    let age = AGE_FINDER
        .find_iter(text)
        .filter_map(|at| age_identity(text, at));
    let armored = armor::find(text);
    age.take(MAX_EXPOSED)
        .chain(armored.take(MAX_EXPOSED))
        .collect()
}

/// The age identity that begins at `at`, where its checksum says that it is one.
fn age_identity(text: &[u8], at: usize) -> Option<Exposed> {
    let rest = text.get(at..)?;
    let (kind, prefix, len) = if rest.starts_with(POST_QUANTUM.as_bytes()) {
        (ExposedKind::AgePostQuantum, POST_QUANTUM, POST_QUANTUM_LEN)
    } else {
        (ExposedKind::Age, AGE, AGE_LEN)
    };
    let key = std::str::from_utf8(rest.get(..len)?).ok()?;
    let (found, secret) = bech32::parse(key)?;
    (found == prefix && secret.expose().len() == 32).then(|| Exposed {
        kind,
        range: at..at + len,
        is_encoded: false,
        recipient: match kind {
            ExposedKind::Age => Private::x25519(key).map(|own| own.recipient().to_owned()),
            _ => None,
        },
    })
}

fn from_base64(digits: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; digits.len().div_ceil(4) * 3]);
    let len = BASE64.decode_slice(digits, &mut bytes).ok()?;
    bytes.truncate(len);
    Some(bytes)
}

impl ExposedKind {
    /// The kind in words, behind "a" or "an".
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Age => "an age identity",
            Self::AgePostQuantum => "a post-quantum age identity",
            Self::Pkcs8 => "a private key",
            Self::Rsa => "an RSA private key",
            Self::Ec => "an EC private key",
            Self::Dsa => "a DSA private key",
            Self::OpenSsh => "an OpenSSH private key",
            Self::Pgp => "a PGP private key",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/testdata/rules/private-key-committed"
        );
        crate::fs::read(&std::path::Path::new(folder).join(name), 1 << 20).unwrap()
    }

    fn kinds(text: &[u8]) -> Vec<(ExposedKind, bool)> {
        let found = exposed(text);
        assert!(found.is_empty() || may_be_exposed(text));
        found.iter().map(|key| (key.kind, key.is_encoded)).collect()
    }

    #[test]
    fn finds_the_keys_of_every_program_however_a_text_carries_them() {
        use ExposedKind::{Age, AgePostQuantum, Ec, OpenSsh, Pgp, Pkcs8, Rsa};
        for (name, expected) in [
            ("age.txt", vec![(Age, false)]),
            ("post-quantum.txt", vec![(AgePostQuantum, false)]),
            ("environment.sh", vec![(Age, false)]),
            ("string.json", vec![(Age, false)]),
            ("pkcs8.pem", vec![(Pkcs8, false)]),
            ("rsa.pem", vec![(Rsa, false)]),
            ("ec.pem", vec![(Ec, false)]),
            ("id_ed25519", vec![(OpenSsh, false)]),
            ("pgp.asc", vec![(Pgp, false)]),
            ("block.yaml", vec![(Rsa, false)]),
            ("source.js", vec![(Pkcs8, false)]),
            ("account.json", vec![(Pkcs8, false)]),
            ("manifest.yaml", vec![(Ec, true), (Age, true)]),
        ] {
            assert_eq!(
                kinds(&fixture(&format!("fires/{name}"))),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn one_wrong_character_makes_it_no_key() {
        for name in ["age.txt", "post-quantum.txt"] {
            let key = fixture(&format!("fires/{name}"));
            let at = AGE_FINDER.find(&key).unwrap() + 40;
            let mut damaged = key.clone();
            damaged[at] = if key[at] == b'Q' { b'P' } else { b'Q' };
            assert_eq!(kinds(&damaged), [], "{name}");
        }
        for name in ["rsa.pem", "pkcs8.pem", "ec.pem", "id_ed25519"] {
            let key = fixture(&format!("fires/{name}"));
            let body = PEM_FINDER.find(&key).unwrap() + "PRIVATE KEY-----\n".len();
            for damage in [&b"A.A"[..], b"AAAA", b"-----"] {
                let damaged = [&key[..body], damage, &key[body..]].concat();
                assert_eq!(kinds(&damaged), [], "{name} {damage:?}");
            }
        }
    }

    #[test]
    fn carries_over_quotes_prefixes_and_escapes() {
        let key = String::from_utf8(fixture("fires/pkcs8.pem")).unwrap();
        let lines = key.trim_end().lines();
        for (join, what) in [
            ("\r\n", "Windows"),
            ("\n# ", "a comment"),
            ("\n        ", "indented"),
            ("\\n", "a string"),
            ("\\\\n", "a string in a string"),
            ("\\n\\\n", "a continued string"),
            ("\",\n  \"", "a list"),
        ] {
            let text = lines.clone().collect::<Vec<_>>().join(join);
            assert_eq!(
                kinds(text.as_bytes()),
                [(ExposedKind::Pkcs8, false)],
                "{what}"
            );
        }
    }

    #[test]
    fn names_the_recipient_and_the_place_and_no_part_of_the_key() {
        let text = fixture("fires/age.txt");
        let [key] = &exposed(&text)[..] else {
            panic!("one key is there");
        };
        let recipient = key.recipient.clone().unwrap();
        assert!(String::from_utf8_lossy(&text).contains(&format!("public key: {recipient}")));
        assert_eq!(key.range.end, text.trim_ascii_end().len());
        assert!(text[key.range.clone()].starts_with(AGE.as_bytes()));
    }

    #[test]
    fn text_that_only_begins_like_keys_takes_no_time() {
        let begin = "-----BEGIN RSA PRIVATE KEY-----\nMIIE";
        assert_eq!(kinds(begin.repeat(20_000).as_bytes()), []);
        assert_eq!(
            kinds("LS0tLS1CRUdJTiBS Secret ".repeat(20_000).as_bytes()),
            []
        );
        let run = format!("Secret {}", "LS0tLS1CRUdJTiBS".repeat(50_000));
        assert_eq!(kinds(run.as_bytes()), []);
        assert_eq!(kinds("AGE-SECRET-KEY-1".repeat(50_000).as_bytes()), []);
    }
}
