//! Signs of sops in bytes that were not parsed.
//!
//! Walking a folder meets many files that are no secrets. These tests are cheap and lean to one
//! side each: [`may_have_metadata`] never says no to a file that sops could open, and
//! [`looks_encrypted`] says yes only to what nobody writes by chance.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use memchr::memmem::{self, Finder};
use serde::de::IgnoredAny;

use crate::document::Format;

/// What every encrypted value begins with.
pub(super) const TOKEN: &str = "ENC[AES256_GCM,";

/// Fields that sops always writes, and the lists of keys of which it writes at least one. A mapping
/// named `sops` with two of them is metadata; programs have settings of that name, too.
pub(super) const MARKS: [&str; 7] = [
    "mac",
    "lastmodified",
    "version",
    "age",
    "pgp",
    "kms",
    "key_groups",
];

/// How many bytes of a file tell whether it is a text, as many as git looks at.
const HEAD_LEN: usize = 8_000;

static TOKEN_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(TOKEN));
static SOPS_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("sops"));
static MAC_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("mac:"));

/// Whether a YAML text could have a top-level key that reads as `sops`, or a token of sops's.
///
/// The word may stand there; or hide behind an escape in double quotes, which needs a backslash; or
/// be the base64 of a `!!binary` key, which needs a tag.
pub(super) fn may_have_metadata(bytes: &[u8]) -> bool {
    let text = ascii(bytes);
    let is_sign = |at: usize| {
        let rest = text.get(at..).unwrap_or_default();
        let signs: [&[u8]; 5] = [b"\\", b"!!b", b"!!%", b"!<", b"%TAG"];
        signs.iter().any(|sign| rest.starts_with(sign))
    };
    SOPS_FINDER.find(&text).is_some()
        || TOKEN_FINDER.find(&text).is_some()
        || memchr::memchr3_iter(b'\\', b'!', b'%', &text).any(is_sign)
}

/// Whether a YAML text, perhaps damaged, was certainly written by sops once.
pub(super) fn looks_encrypted(bytes: &[u8]) -> bool {
    let text = ascii(bytes);
    let has_block = || {
        SOPS_FINDER
            .find_iter(&text)
            .any(|at| text.get(at + 4) == Some(&b':'))
    };
    TOKEN_FINDER.find(&text).is_some() || (MAC_FINDER.find(&text).is_some() && has_block())
}

/// Whether bytes are a text and not a picture, a program or an archive, as git tells them apart.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let head = bytes.get(..HEAD_LEN).unwrap_or(bytes);
    memchr::memchr(0, head).is_none() || is_utf16(bytes)
}

/// Whether a YAML text holds nothing but comments.
pub(super) fn is_blank(text: &str) -> bool {
    let is_blank = |line: &str| line.trim_start().is_empty() || line.trim_start().starts_with('#');
    text.lines().all(is_blank)
}

/// Whether a text is in UTF-16, which yaml.v3 reads behind its byte order mark.
pub(super) fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF])
}

/// The bytes, those of UTF-16 without their zeros, so that what is ASCII can be found.
fn ascii(bytes: &[u8]) -> Cow<'_, [u8]> {
    if is_utf16(bytes) {
        bytes.iter().copied().filter(|&byte| byte != 0).collect()
    } else {
        Cow::Borrowed(bytes)
    }
}

/// Whether a file of a format other than YAML carries sops metadata.
pub(super) fn has_foreign_metadata(format: Format, bytes: &[u8]) -> bool {
    match format {
        Format::Yaml => false,
        Format::Json | Format::Binary => has_json_metadata(bytes),
        Format::Dotenv => count_lines(bytes, ["sops_mac=", "sops_lastmodified=", "sops_version="]),
        Format::Ini => {
            contains(bytes, b"[sops]") && count_lines(bytes, ["mac", "lastmodified", "version"])
        }
    }
}

fn has_json_metadata(bytes: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Envelope {
        sops: BTreeMap<String, IgnoredAny>,
    }
    if !contains(bytes, b"\"sops\"") {
        return false;
    }
    // What is no JSON to us, a key written twice for one, may still be JSON to sops.
    let marked = contains(bytes, TOKEN.as_bytes());
    marked
        || serde_json::from_slice::<Envelope>(bytes).is_ok_and(|envelope| {
            let found = |mark: &&&str| envelope.sops.contains_key(**mark);
            MARKS.iter().filter(found).count() >= 2
        })
}

/// Whether at least two of the three line beginnings occur.
fn count_lines(bytes: &[u8], beginnings: [&str; 3]) -> bool {
    let begins = |beginning: &&str| {
        bytes
            .split(|&byte| byte == b'\n')
            .any(|line| line.starts_with(beginning.as_bytes()))
    };
    beginnings
        .iter()
        .filter(|beginning| begins(beginning))
        .count()
        >= 2
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memmem::find(haystack, needle).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str) -> Vec<u8> {
        std::iter::once(0xFEFF_u16)
            .chain(text.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect()
    }

    #[test]
    fn every_spelling_of_the_key_sops_is_a_candidate() {
        for text in [
            "sops: {}",
            "\"sops\": {}",
            "\"so\\x70s\": {}",
            "\"so\\\n  ps\": {}",
            "!!binary c29wcw==: {}",
            "!!bin%61ry c29wcw==: {}",
            "!<tag:yaml.org,2002:binary> c29wcw==: {}",
            "%TAG !x! tag:yaml.org,2002:\n---\n!x!binary c29wcw==: {}",
        ] {
            assert!(may_have_metadata(text.as_bytes()), "{text}");
            assert!(may_have_metadata(&utf16(text)), "{text} in UTF-16");
        }
        assert!(!may_have_metadata(
            b"kind: Secret\nstringData:\n  a: b # plain\n"
        ));
    }

    #[test]
    fn only_what_sops_writes_looks_encrypted() {
        assert!(looks_encrypted(b"a: ENC[AES256_GCM,data:"));
        assert!(looks_encrypted(b"sops:\n    mac: x\n<<<<<<<"));
        assert!(looks_encrypted(&utf16("a: ENC[AES256_GCM,data:")));
        assert!(!looks_encrypted(b"sops: {{ .Values.sops }}"));
        assert!(!looks_encrypted(b"{{ ENC }}"));
    }

    #[test]
    fn metadata_of_other_formats_is_recognised() {
        let json = br#"{"a": "ENC[]", "sops": {"mac": "", "version": ""}}"#;
        for (format, text, expected) in [
            (Format::Json, &json[..], true),
            (Format::Binary, &json[..], true),
            (Format::Json, br#"{"sops": {"version": "1"}}"#, false),
            (Format::Json, br#"{"sops": "mac version"}"#, false),
            (
                Format::Json,
                br#"{"sops": 1, "sops": "ENC[AES256_GCM,data:x"}"#,
                true,
            ),
            (Format::Dotenv, b"A=b\nsops_mac=x\nsops_version=3", true),
            (Format::Dotenv, b"A=sops_mac=x\nsops_version=3", false),
            (
                Format::Ini,
                b"[a]\nb = c\n[sops]\nmac = x\nversion = 3",
                true,
            ),
            (Format::Ini, b"[a]\nmac = x\nversion = 3", false),
        ] {
            assert_eq!(has_foreign_metadata(format, text), expected, "{text:?}");
        }
    }
}
