//! One encrypted value as it stands in the text: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`.
//!
//! sops finds the parts with the regular expression
//! `^ENC\[AES256_GCM,data:(.+),iv:(.+),tag:(.+),type:(.+)\]`: its groups are greedy, its dot is no
//! line end, and nothing ties it to the end of the value. Here the same split is made by hand,
//! from the back, and borrows from the text.

use zeroize::Zeroize;

use super::go;
use super::problem::{MalformedCiphertext, TokenPart};

/// The length of a GCM tag in bytes.
pub(super) const TAG_LEN: usize = 16;

/// The length of a GCM tag in base64.
const TAG_TEXT_LEN: usize = 24;

/// What every token begins with.
const START: &[u8] = b"ENC[AES256_GCM,data:";

/// What stands between the parts of a token.
const MARKS: [&[u8]; 4] = [b"AES256_GCM", b",iv:", b",tag:", b",type:"];

/// The four parts of a token, still as text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'t> {
    pub(crate) data: &'t [u8],
    pub(crate) iv: &'t [u8],
    pub(crate) tag: &'t [u8],
    pub(crate) kind: &'t [u8],
}

/// What a token says that its plaintext is. The token's tag does not authenticate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueType {
    Str,
    Int,
    Float,
    Bool,
    Time,
    Comment,
    /// sops knows the type and crashes on it.
    Bytes,
}

/// The decoded parts of a token, in buffers that serve one token after another.
#[derive(Default)]
pub(super) struct Decoded {
    pub(super) iv: Vec<u8>,
    /// The ciphertext with the tag behind it.
    pub(super) sealed: Vec<u8>,
}

impl<'t> Token<'t> {
    /// Splits a value into the parts of its token; `None` where sops's pattern does not match.
    pub(crate) fn parse(text: &'t [u8]) -> Option<Self> {
        let body = text.strip_prefix(START)?;
        // Searching for one byte is much quicker than splitting, and line ends are rare.
        let line = if body.contains(&b'\n') {
            body.split(|byte| *byte == b'\n').next()?
        } else {
            body
        };
        let end = line.iter().rposition(|byte| *byte == b']')?;
        let (rest, kind) = split_last(line.get(..end)?, b",type:")?;
        let (rest, tag) = split_last(rest, b",tag:")?;
        let (data, iv) = split_last(rest, b",iv:")?;
        (!data.is_empty()).then_some(Self {
            data,
            iv,
            tag,
            kind,
        })
    }

    /// The token that a text is from its first byte to its last, with parts that decode: none is
    /// found in a text that only speaks of tokens.
    pub(super) fn whole(text: &'t [u8], room: &mut Decoded) -> Option<Self> {
        if !text.starts_with(START) || !text.ends_with(b"]") || text.contains(&b'\n') {
            return None;
        }
        let token = Self::parse(text)?;
        let ends_there = !token.kind.contains(&b']') && token.value_type().is_some();
        let is_sound = ends_there && token.decode(room).is_ok() && token.tag.len() == TAG_TEXT_LEN;
        is_sound.then_some(token)
    }

    /// How many bytes of the text it takes, from its first to its last; behind them can be more.
    pub(crate) fn len(&self) -> usize {
        let parts = [self.data, self.iv, self.tag, self.kind];
        let marks = START.len() + MARKS[1..].iter().map(|mark| mark.len()).sum::<usize>();
        marks + parts.iter().map(|part| part.len()).sum::<usize>() + "]".len()
    }

    /// The type, where it is one that sops knows.
    pub(crate) fn value_type(&self) -> Option<ValueType> {
        Some(match self.kind {
            b"str" => ValueType::Str,
            b"int" => ValueType::Int,
            b"float" => ValueType::Float,
            b"bool" => ValueType::Bool,
            b"time" => ValueType::Time,
            b"comment" => ValueType::Comment,
            b"bytes" => ValueType::Bytes,
            _ => return None,
        })
    }

    /// Whether a text is a token from its first byte to its last, and its parts decode.
    pub(crate) fn is_whole(text: &[u8]) -> bool {
        let token = Token::parse(text).filter(|token| token.value_type().is_some());
        token.is_some_and(|token| {
            text.ends_with(b"]") && token.decode(&mut Decoded::default()).is_ok()
        })
    }

    /// Decodes the parts into `out`.
    ///
    /// # Errors
    /// [`MalformedCiphertext`] where sops fails before it needs the data key, or whatever the key.
    pub(super) fn decode(&self, out: &mut Decoded) -> Result<(), MalformedCiphertext> {
        let Decoded { iv, sealed } = out;
        iv.clear();
        sealed.clear();
        let room = self.data.len() + self.tag.len();
        if sealed.capacity() < room {
            // Growing would leave the last plaintext behind in freed memory.
            sealed.zeroize();
            *sealed = Vec::with_capacity(room.next_power_of_two());
        }
        let bad = |part| move |_| MalformedCiphertext::Base64 { part };
        go::decode_base64(self.data, sealed).map_err(bad(TokenPart::Data))?;
        go::decode_base64(self.iv, iv).map_err(bad(TokenPart::Iv))?;
        go::decode_base64(self.tag, sealed).map_err(bad(TokenPart::Tag))?;
        if iv.is_empty() {
            Err(MalformedCiphertext::EmptyIv)
        } else if sealed.len() < TAG_LEN {
            Err(MalformedCiphertext::TooShort)
        } else {
            Ok(())
        }
    }
}

/// Whether a text that is no token was one, or should have become one: it begins like a token, or
/// has most of what stands between a token's parts.
pub(super) fn looks_like_token(text: &[u8]) -> bool {
    let has = |mark: &&&[u8]| text.windows(mark.len()).any(|window| window == **mark);
    text.trim_ascii_start().starts_with(b"ENC[") || MARKS.iter().filter(has).count() >= 2
}

/// Splits at the last `separator` that has something behind it. Separators begin with a comma, which
/// base64 never holds.
fn split_last<'t>(text: &'t [u8], separator: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
    let mut end = text.len();
    loop {
        let at = text.get(..end)?.iter().rposition(|byte| *byte == b',')?;
        let (before, rest) = text.split_at_checked(at)?;
        match rest.strip_prefix(separator) {
            Some(behind) if !behind.is_empty() => return Some((before, behind)),
            Some(_) | None => end = at,
        }
    }
}

impl ValueType {
    /// The type as tokens spell it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Str => "str",
            Self::Int => "int",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::Time => "time",
            Self::Comment => "comment",
            Self::Bytes => "bytes",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answers of Go's regexp package to sops's pattern, the groups joined by `|`.
    #[test]
    fn splits_values_as_the_pattern_of_sops_does() {
        let cases = [
            (
                "ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]",
                Some("a|b|c|str"),
            ),
            (
                "ENC[AES256_GCM,data:a,iv:b,tag:c,type:str] tail",
                Some("a|b|c|str"),
            ),
            (
                "ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]]",
                Some("a|b|c|str]"),
            ),
            (
                "ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]x]y",
                Some("a|b|c|str]x"),
            ),
            (
                "ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]\n]",
                Some("a|b|c|str"),
            ),
            ("ENC[AES256_GCM,data:a,iv:b,tag:c,type:str\n]", None),
            ("ENC[AES256_GCM,data:a,iv:b,tag:c,type:]", None),
            ("ENC[AES256_GCM,data:a,iv:b,tag:c,type:]]", Some("a|b|c|]")),
            ("ENC[AES256_GCM,data:,iv:b,tag:c,type:str]", None),
            ("ENC[AES256_GCM,data:a,iv:,tag:c,type:str]", None),
            ("ENC[AES256_GCM,data:a,iv:b,tag:,type:str]", None),
            (
                "ENC[AES256_GCM,data:,iv:,iv:b,tag:c,type:str]",
                Some(",iv:|b|c|str"),
            ),
            (
                "ENC[AES256_GCM,data:a,iv:b,iv:c,tag:d,tag:e,type:f,type:g]",
                Some("a,iv:b|c,tag:d|e,type:f|g"),
            ),
            (
                "ENC[AES256_GCM,data:a,iv:b,tag:c,type:,type:]",
                Some("a|b|c|,type:"),
            ),
            ("ENC[AES256_GCM,data:a,tag:b,iv:c,type:str]", None),
            ("ENC[AES256_GCM,data:a,iv:b,tag:c,type:str", None),
            (" ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]", None),
            ("ENC[AES256_GCM, data:a,iv:b,tag:c,type:str]", None),
            (
                "ENC[AES256_GCM,data:\r,iv:b,tag:c,type:str]",
                Some("\r|b|c|str"),
            ),
            ("", None),
        ];
        for (text, expected) in cases {
            let parts = Token::parse(text.as_bytes()).map(|token| {
                [token.data, token.iv, token.tag, token.kind]
                    .map(|part| String::from_utf8_lossy(part).into_owned())
                    .join("|")
            });
            assert_eq!(parts.as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn knows_how_long_a_token_is() {
        let token = "ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]";
        for behind in ["", " tail", "\n]", "\r\n"] {
            let text = format!("{token}{behind}");
            assert_eq!(Token::parse(text.as_bytes()).unwrap().len(), token.len());
        }
        let text = "ENC[AES256_GCM,data:a,iv:b,tag:c,type:x]y] z";
        assert_eq!(Token::parse(text.as_bytes()).unwrap().len(), text.len() - 2);
    }

    #[test]
    fn finds_what_no_data_key_could_open() {
        let cases = [
            ("YQ==", "YQ==", "AAAAAAAAAAAAAAAAAAAAAA==", Ok(())),
            (
                "YQ",
                "YQ==",
                "YQ==",
                Err(MalformedCiphertext::Base64 {
                    part: TokenPart::Data,
                }),
            ),
            (
                "YQ==",
                "YQ",
                "YQ==",
                Err(MalformedCiphertext::Base64 {
                    part: TokenPart::Iv,
                }),
            ),
            (
                "YQ==",
                "YQ==",
                "Y Q==",
                Err(MalformedCiphertext::Base64 {
                    part: TokenPart::Tag,
                }),
            ),
            (
                "YQ==",
                "\r",
                "AAAAAAAAAAAAAAAAAAAAAA==",
                Err(MalformedCiphertext::EmptyIv),
            ),
            (
                "YQ==",
                "YQ==",
                "AAAAAAAAAAAAAAAAAAA=",
                Err(MalformedCiphertext::TooShort),
            ),
            // sops joins data and tag and cuts the last 16 bytes off: where they met is forgotten.
            ("YWE=", "YQ==", "AAAAAAAAAAAAAAAAAAA=", Ok(())),
        ];
        for (data, iv, tag, expected) in cases {
            let [data, iv, tag] = [data, iv, tag].map(str::as_bytes);
            let token = Token {
                data,
                iv,
                tag,
                kind: b"str",
            };
            assert_eq!(token.decode(&mut Decoded::default()), expected);
        }
    }
}
