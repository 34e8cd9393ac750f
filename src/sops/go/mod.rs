//! How Go's standard library reads numbers, booleans, times and base64.
//!
//! sops's verdict on a value or on the metadata hangs on these grammars: `0x10` is a threshold and
//! no encrypted int, `1_0` a float, `T` a boolean. Each function accepts exactly what the Go
//! function that it names accepts.

mod float;
mod time;

pub(crate) use float::parse_float;
pub(crate) use time::Time;

use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, Engine};

/// `base64.StdEncoding` without its habit of skipping line ends.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// Appends to `out` what `base64.StdEncoding.DecodeString` makes of `text`: line ends are skipped,
/// padding is required, the last character's spare bits may be anything.
///
/// # Errors
/// Where Go returns one; `out` then holds nothing that matters.
pub(crate) fn decode_base64(text: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
    if text.contains(&b'\r') || text.contains(&b'\n') {
        let text: Vec<u8> = text
            .iter()
            .copied()
            .filter(|byte| !matches!(byte, b'\r' | b'\n'))
            .collect();
        return BASE64.decode_vec(text, out);
    }
    BASE64.decode_vec(text, out)
}

/// `strconv.ParseBool`.
pub(crate) fn parse_bool(text: &[u8]) -> Option<bool> {
    match text {
        b"1" | b"t" | b"T" | b"TRUE" | b"true" | b"True" => Some(true),
        b"0" | b"f" | b"F" | b"FALSE" | b"false" | b"False" => Some(false),
        _ => None,
    }
}

/// `strconv.Atoi`: decimal digits, maybe with a sign.
pub(crate) fn parse_int(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// `strconv.ParseInt(text, 0, 64)`: a literal of the Go language with its prefix and underscores.
pub(crate) fn parse_int_literal(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let prefix = |lower: &str, upper: &str| {
        digits
            .strip_prefix(lower)
            .or_else(|| digits.strip_prefix(upper))
            .filter(|d| !d.is_empty())
    };
    let (radix, body) = if let Some(body) = prefix("0x", "0X") {
        (16, body)
    } else if let Some(body) = prefix("0b", "0B") {
        (2, body)
    } else if let Some(body) = prefix("0o", "0O") {
        (8, body)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (8, digits.get(1..)?)
    } else {
        (10, digits)
    };
    if body.contains('_') && !underscores_fit(text.as_bytes()) {
        return None;
    }
    let mut value: i128 = 0;
    let mut any = false;
    for character in body.chars().filter(|character| *character != '_') {
        value = value * i128::from(radix) + i128::from(character.to_digit(radix)?);
        any = true;
        if value > i128::from(u64::MAX) {
            return None;
        }
    }
    let value = if negative { -value } else { value };
    any.then_some(value)
        .and_then(|value| i64::try_from(value).ok())
}

/// Whether underscores stand only where a Go literal may have them: between digits, and after a
/// base prefix.
fn underscores_fit(text: &[u8]) -> bool {
    let mut rest = match text {
        [b'-' | b'+', rest @ ..] => rest,
        _ => text,
    };
    let mut last = b'^';
    let mut hex = false;
    if let [b'0', letter, tail @ ..] = rest {
        let letter = letter.to_ascii_lowercase();
        if matches!(letter, b'b' | b'o' | b'x') {
            last = b'0';
            hex = letter == b'x';
            rest = tail;
        }
    }
    for &byte in rest {
        if byte.is_ascii_digit() || hex && byte.is_ascii_hexdigit() {
            last = b'0';
        } else if byte == b'_' {
            if last != b'0' {
                return false;
            }
            last = b'_';
        } else {
            if last == b'_' {
                return false;
            }
            last = b'!';
        }
    }
    last != b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    // Answers of Go 1.26's strconv.ParseInt(text, 0, 64) and strconv.Atoi.
    #[test]
    fn reads_integers_as_strconv_does() {
        let cases: &[(&str, Option<i64>, Option<i64>)] = &[
            ("", None, None),
            ("0", Some(0), Some(0)),
            ("+5", Some(5), Some(5)),
            ("-0", Some(0), Some(0)),
            ("-", None, None),
            ("--1", None, None),
            ("012", Some(10), Some(12)),
            ("08", None, Some(8)),
            ("0x1F", Some(31), None),
            ("0X_1f", Some(31), None),
            ("0x", None, None),
            ("0x_", None, None),
            ("0b101", Some(5), None),
            ("0o17", Some(15), None),
            ("1_000", Some(1000), None),
            ("1__0", None, None),
            ("_1", None, None),
            ("1_", None, None),
            ("0_7", Some(7), None),
            ("9223372036854775807", Some(i64::MAX), Some(i64::MAX)),
            ("9223372036854775808", None, None),
            ("-9223372036854775808", Some(i64::MIN), Some(i64::MIN)),
            (" 1", None, None),
            ("1.0", None, None),
        ];
        for (text, literal, decimal) in cases {
            assert_eq!(parse_int_literal(text.as_bytes()), *literal, "{text:?}");
            assert_eq!(parse_int(text.as_bytes()), *decimal, "{text:?}");
        }
    }

    // Answers of Go 1.26's base64.StdEncoding.DecodeString.
    #[test]
    fn decodes_base64_as_go_does() {
        let cases: &[(&str, Option<&[u8]>)] = &[
            ("Zm9v", Some(b"foo")),
            ("Zg==", Some(b"f")),
            ("Zh==", Some(b"f")),
            ("Zg=\r=", Some(b"f")),
            ("Z\r\ng==\n", Some(b"f")),
            ("\r", Some(b"")),
            ("Zg", None),
            ("Zg=", None),
            ("Zg===", None),
            ("Zg==Zg==", None),
            ("====", None),
            ("A===", None),
            ("Zm9-", None),
            (" Zg==", None),
        ];
        for (text, expected) in cases {
            let mut out = Vec::new();
            let decoded = decode_base64(text.as_bytes(), &mut out)
                .is_ok()
                .then_some(&out[..]);
            assert_eq!(decoded, *expected, "{text:?}");
        }
    }
}
