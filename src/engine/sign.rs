//! Signs of sops in bytes that were not parsed.
//!
//! Walking a folder meets many files that are no secrets. These tests are cheap and lean to one
//! side each: [`may_have_metadata`] never says no to a file that sops could open, and
//! [`looks_encrypted`] says yes only to what nobody writes by chance.

use std::borrow::Cow;

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

/// Whether a text could have metadata, which hang on a word in it.
///
/// In YAML the word may stand there; or hide behind an escape in double quotes, which needs a
/// backslash; or be the base64 of a `!!binary` key, which needs a tag. In JSON it may hide behind an
/// escape. The other formats have no way to hide it.
pub(super) fn may_have_metadata(format: Format, bytes: &[u8]) -> bool {
    let signs: &[&str] = match format {
        Format::Yaml => &["sops", "\\", "!!b", "!!%", "!<", "%TAG"],
        // What is no object is no file of sops's, whatever words are in it.
        Format::Json | Format::Binary if first_visible(bytes) != Some(b'{') => &[],
        Format::Json | Format::Binary => &["\"sops\"", "\\u007", "\\u006"],
        Format::Dotenv => &["sops_"],
        Format::Ini => &["[sops]"],
    };
    let text = Text::of(bytes);
    signs.iter().any(|sign| text.contains(sign))
}

/// Whether a text, perhaps damaged, was certainly written by sops once.
pub(super) fn looks_encrypted(format: Format, bytes: &[u8]) -> bool {
    let words: &[&str] = match format {
        Format::Yaml => &["sops:", "mac:"],
        Format::Json | Format::Binary => &["\"sops\"", "\"mac\"", "\"lastmodified\""],
        Format::Dotenv => &["sops_mac=", "sops_lastmodified="],
        Format::Ini => &["[sops]", "mac", "lastmodified"],
    };
    let text = Text::of(bytes);
    text.contains(TOKEN) || words.iter().all(|word| text.contains(word))
}

fn first_visible(bytes: &[u8]) -> Option<u8> {
    bytes.trim_ascii_start().first().copied()
}

/// Bytes to find ASCII words in: as text where they are text, which is many times faster.
enum Text<'b> {
    Utf8(&'b str),
    Other(Cow<'b, [u8]>),
}

impl<'b> Text<'b> {
    fn of(bytes: &'b [u8]) -> Self {
        let is_utf16 = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Utf8(text),
            // Without its zeros, what is ASCII in UTF-16 can be found.
            Err(_) if is_utf16 => {
                Self::Other(bytes.iter().copied().filter(|&byte| byte != 0).collect())
            }
            Err(_) => Self::Other(Cow::Borrowed(bytes)),
        }
    }

    fn contains(&self, word: &str) -> bool {
        match self {
            Self::Utf8(text) => text.contains(word),
            Self::Other(bytes) => contains(bytes, word.as_bytes()),
        }
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
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
            (Format::Binary, br#"{"data": "", "sops": {}}"#, true),
            (Format::Binary, br#"let x = {"sops": 1};"#, false),
            (Format::Dotenv, b"A=b\nsops_mac=x\n", true),
            (Format::Dotenv, b"SOPS_AGE_KEY=b\n", false),
            (Format::Ini, b"[a]\nb = c\n[sops]\nmac = x\n", true),
            (Format::Ini, b"[a]\nsops = c\n", false),
        ] {
            assert_eq!(may_have_metadata(format, text), expected, "{text:?}");
        }
    }
}
