//! Signs of sops in bytes that were not parsed.
//!
//! Walking a folder meets many files that are no secrets. These tests are cheap and lean to one
//! side each: [`may_have_metadata`] never says no to a file that sops could open, and
//! [`looks_encrypted`] says yes only to what nobody writes by chance.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::{self, Finder};

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

/// What tells sops's part in a file that is too large to be read, also where its one token is
/// damaged: the beginning of its metadata, as sops writes it.
pub(super) const OF_LARGE: [&[u8]; 5] = [
    TOKEN.as_bytes(),
    b"\"sops\": {",
    b"\nsops:\n",
    b"\nsops_mac=",
    b"\n[sops]\n",
];

static TOKEN_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(TOKEN));
/// The kind of the manifests that hold secrets.
const SECRET: &str = "Secret";

static SECRET_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(SECRET));
static SOPS_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("sops"));
static MAC_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("mac:"));

/// Whether a text could be a manifest of `kind: Secret`: the word stands there by itself.
pub(super) fn may_be_secret(bytes: &[u8]) -> bool {
    let is_border = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let is_word = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        is_border(before) && is_border(bytes.get(at + SECRET.len()))
    };
    SECRET_FINDER.find_iter(bytes).any(is_word)
}

/// Whether a text could have metadata, or a token of sops's.
pub(super) fn may_have_metadata(format: Format, bytes: &[u8]) -> bool {
    let bytes = &*ascii(bytes);
    let may_be_named = match format {
        Format::Yaml => return may_be_named_in_yaml(bytes),
        // What is no object is no file of sops's, whatever words are in it.
        Format::Json | Format::Binary if !may_be_object(bytes) => {
            return format == Format::Json && has_metadata_in_json(bytes);
        }
        Format::Json | Format::Binary => may_be_named_in_json(bytes),
        Format::Dotenv => contains(bytes, b"sops_"),
        Format::Ini => contains(bytes, b"[sops]"),
    };
    may_be_named || TOKEN_FINDER.find(bytes).is_some()
}

/// Whether a text begins like a JSON object; behind a byte order mark, or with the mark of a merge,
/// it is one that was damaged.
fn may_be_object(bytes: &[u8]) -> bool {
    let marks: [&[u8]; 3] = [b"\xEF\xBB\xBF", b"\xFF\xFE", b"\xFE\xFF"];
    let text = marks.iter().find_map(|mark| bytes.strip_prefix(*mark));
    let text = text.unwrap_or(bytes);
    first_visible(text) == Some(b'{') || text.starts_with(b"<<<<<<< ")
}

/// Whether a YAML text could have a top-level key that reads as `sops`, or a token.
///
/// The word may stand there; or hide behind an escape in double quotes, which needs a backslash; or
/// be the base64 of a `!!binary` key, which needs a tag.
fn may_be_named_in_yaml(text: &[u8]) -> bool {
    let is_sign = |at: usize| {
        let rest = text.get(at..).unwrap_or_default();
        let signs: [&[u8]; 5] = [b"\\", b"!!b", b"!!%", b"!<", b"%TAG"];
        signs.iter().any(|sign| rest.starts_with(sign))
    };
    SOPS_FINDER.find(text).is_some()
        || TOKEN_FINDER.find(text).is_some()
        || memchr::memchr3_iter(b'\\', b'!', b'%', text).any(is_sign)
}

/// Whether a JSON text could have a key that reads as `sops`: as it is, or with a letter escaped.
fn may_be_named_in_json(text: &[u8]) -> bool {
    contains(text, b"\"sops\"") || contains(text, b"\\u007") || contains(text, b"\\u006")
}

/// Whether a text that could not be read may have been sops's. Without a word of sops's in it, it was
/// never encrypted, unless it is in an encoding in which words are not found.
pub(super) fn may_have_been_encrypted(format: Format, bytes: &[u8]) -> bool {
    bytes.contains(&0) || may_have_metadata(format, bytes) || looks_encrypted(format, bytes)
}

/// Whether a text, perhaps damaged, was certainly written by sops once.
pub(super) fn looks_encrypted(format: Format, bytes: &[u8]) -> bool {
    let text = ascii(bytes);
    let all = |words: &[&str]| words.iter().all(|word| contains(&text, word.as_bytes()));
    let has_block = || {
        SOPS_FINDER
            .find_iter(&text)
            .any(|at| text.get(at + 4) == Some(&b':'))
    };
    TOKEN_FINDER.find(&text).is_some()
        || match format {
            Format::Yaml => MAC_FINDER.find(&text).is_some() && has_block(),
            Format::Json | Format::Binary => has_metadata_in_json(&text),
            Format::Dotenv => all(&["sops_mac=", "sops_lastmodified="]),
            Format::Ini => all(&["[sops]", "mac", "lastmodified"]),
        }
}

fn has_metadata_in_json(text: &[u8]) -> bool {
    let words: [&[u8]; 3] = [b"\"sops\"", b"\"mac\"", b"\"lastmodified\""];
    words.iter().all(|word| contains(text, word))
}

/// The formats other than JSON in which metadata may begin somewhere in a text, told by the lines with
/// `sops_…`, `[sops]` and `sops:`.
pub(super) fn may_begin_metadata(text: &[u8]) -> Vec<Format> {
    let mut formats = Vec::new();
    for at in SOPS_FINDER.find_iter(text) {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        let format = match (before, text.get(at + 4)) {
            (None | Some(b'\n'), Some(b'_')) => Format::Dotenv,
            (None | Some(b'\n'), Some(b':')) => Format::Yaml,
            (Some(b'['), Some(b']')) => Format::Ini,
            _ => continue,
        };
        if !formats.contains(&format) {
            formats.push(format);
        }
    }
    formats
}

/// Where the first line of a text is that begins with `sign`.
pub(super) fn line_with(text: &[u8], sign: &[u8]) -> Option<usize> {
    let is_start = |at: &usize| match at.checked_sub(1) {
        None => true,
        Some(before) => text.get(before) == Some(&b'\n'),
    };
    memmem::find_iter(text, sign).find(is_start)
}

/// The first byte that is no white space.
pub(super) fn first_visible(bytes: &[u8]) -> Option<u8> {
    bytes.trim_ascii_start().first().copied()
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
pub(super) fn ascii(bytes: &[u8]) -> Cow<'_, [u8]> {
    if is_utf16(bytes) {
        bytes.iter().copied().filter(|&byte| byte != 0).collect()
    } else {
        Cow::Borrowed(bytes)
    }
}

pub(super) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
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
            assert!(may_have_metadata(Format::Yaml, text.as_bytes()), "{text}");
            assert!(
                may_have_metadata(Format::Yaml, &utf16(text)),
                "{text} in UTF-16"
            );
        }
        assert!(!may_have_metadata(
            Format::Yaml,
            b"kind: Secret\nstringData:\n  a: b # plain\n"
        ));
    }

    #[test]
    fn only_what_sops_writes_looks_encrypted() {
        assert!(looks_encrypted(Format::Yaml, b"a: ENC[AES256_GCM,data:"));
        assert!(looks_encrypted(Format::Yaml, b"sops:\n    mac: x\n<<<<<<<"));
        assert!(looks_encrypted(
            Format::Yaml,
            &utf16("a: ENC[AES256_GCM,data:")
        ));
        assert!(!looks_encrypted(Format::Yaml, b"sops: {{ .Values.sops }}"));
        assert!(!looks_encrypted(Format::Yaml, b"{{ ENC }}"));
    }

    #[test]
    fn other_formats_are_candidates_where_the_word_can_be_the_key() {
        for (format, text, expected) in [
            (Format::Json, &br#" {"a": 1, "sops": {}}"#[..], true),
            (Format::Json, br#"{"\u0073ops": {}}"#, true),
            (Format::Json, br#"{"a": "sops"}"#, true),
            (Format::Json, br#"{"a": "the sops file"}"#, false),
            (Format::Json, br#"["sops"]"#, false),
            (Format::Json, br#"["ENC[AES256_GCM,data:"]"#, false),
            (
                Format::Json,
                br#"x{"sops": {"mac": 1, "lastmodified": 1}}"#,
                true,
            ),
            (Format::Json, "\u{feff}{\"sops\": 1}".as_bytes(), true),
            (Format::Json, &utf16("{\"sops\": 1}"), true),
            (Format::Binary, b"<<<<<<< HEAD\n{\"sops\": 1}", true),
            (
                Format::Binary,
                br#"See {"sops": {"mac": 1, "lastmodified": 1}}"#,
                false,
            ),
            (Format::Binary, br#"{"data": "", "sops": {}}"#, true),
            (Format::Binary, br#"let x = {"sops": 1};"#, false),
            (Format::Dotenv, b"A=b\nsops_mac=x\n", true),
            (Format::Dotenv, b"SOPS_AGE_KEY=b\n", false),
            (Format::Ini, b"[a]\nb = c\n[sops]\nmac = x\n", true),
            (Format::Ini, b"[a]\nsops = c\n", false),
            (Format::Ini, b"a = ENC[AES256_GCM,data:", true),
        ] {
            assert_eq!(may_have_metadata(format, text), expected, "{text:?}");
        }
    }
}
