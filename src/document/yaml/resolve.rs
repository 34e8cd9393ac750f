//! What an untyped decode makes of a scalar: the types that enter sops's MAC.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::timestamp;
use super::token::Style;
use crate::document::Scalar;

/// The scalar's text and its tag do not fit each other. yaml.v3 refuses to decode such a scalar;
/// sops notices in the first document only, and reads null in the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mismatch;

/// Standard base64 as Go decodes it: padding is due, and the bits that it leaves over may be set.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

const CORE: &str = "tag:yaml.org,2002:";

/// The short form of a tag: `!!int` for YAML's own.
pub(super) fn short_tag(tag: &str) -> Cow<'_, str> {
    match tag.strip_prefix(CORE) {
        Some(name) => Cow::Owned(format!("!!{name}")),
        None => Cow::Borrowed(tag),
    }
}

/// Types a scalar as yaml.v3 decodes it into an untyped value.
///
/// # Errors
/// [`Mismatch`] where an explicit tag and the text contradict each other.
pub(super) fn resolve<'s>(
    text: Cow<'s, str>,
    style: Style,
    tag: Option<&str>,
) -> Result<Scalar<'s>, Mismatch> {
    let Some(tag) = tag else {
        return Ok(match style {
            Style::Plain => plain(&text, true).unwrap_or_else(|| string(text)),
            _ => string(text),
        });
    };
    let tag = short_tag(tag);
    let wanted = match tag.as_ref() {
        "!!binary" => return binary(&text),
        tag @ ("!!null" | "!!bool" | "!!int" | "!!float" | "!!timestamp") => tag,
        _ => return Ok(string(text)),
    };
    match (wanted, plain(&text, wanted == "!!timestamp")) {
        ("!!null", Some(Scalar::Null)) => Ok(Scalar::Null),
        ("!!bool", Some(value @ Scalar::Bool(_)))
        | ("!!int", Some(value @ (Scalar::Int(_) | Scalar::Uint(_))))
        | ("!!float", Some(value @ Scalar::Float(_)))
        | ("!!timestamp", Some(value @ Scalar::Time(_))) => Ok(value),
        #[expect(clippy::cast_precision_loss, reason = "Go converts the same way")]
        ("!!float", Some(Scalar::Int(value))) => Ok(Scalar::Float(value as f64)),
        _ => Err(Mismatch),
    }
}

fn string(text: Cow<'_, str>) -> Scalar<'_> {
    Scalar::Str(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    })
}

fn binary<'s>(text: &str) -> Result<Scalar<'s>, Mismatch> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !b"\r\n".contains(byte))
        .collect();
    let bytes = BASE64.decode(digits).map_err(|_| Mismatch)?;
    Ok(Scalar::Str(Cow::Owned(bytes)))
}

/// What a plain text says besides itself; `None` where it is a string.
fn plain(text: &str, timestamps: bool) -> Option<Scalar<'static>> {
    let Some(&first) = text.as_bytes().first() else {
        return Some(Scalar::Null);
    };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text),
        b'.' => dotted(text).map(Scalar::Float),
        b'+' | b'-' | b'0'..=b'9' => number(text, timestamps),
        _ => None,
    }
}

fn word(text: &str) -> Option<Scalar<'static>> {
    match text {
        "true" | "True" | "TRUE" => Some(Scalar::Bool(true)),
        "false" | "False" | "FALSE" => Some(Scalar::Bool(false)),
        "~" | "null" | "Null" | "NULL" => Some(Scalar::Null),
        _ => None,
    }
}

/// A text that begins with a dot. Here underscores count as in Go's literals: between digits only.
fn dotted(text: &str) -> Option<f64> {
    match text {
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" => return Some(f64::INFINITY),
        _ => {}
    }
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let between_digits = |at: usize| at > 0 && is_digit(at - 1) && is_digit(at + 1);
    let underscores_fit =
        (0..bytes.len()).all(|at| bytes.get(at) != Some(&b'_') || between_digits(at));
    if underscores_fit {
        decimal(&text.replace('_', ""))
    } else {
        None
    }
}

fn number(text: &str, timestamps: bool) -> Option<Scalar<'static>> {
    match text {
        "+.inf" | "+.Inf" | "+.INF" => return Some(Scalar::Float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => return Some(Scalar::Float(f64::NEG_INFINITY)),
        _ => {}
    }
    if timestamps && let Some(time) = timestamp::parse(text) {
        return Some(Scalar::Time(time));
    }
    let digits: Cow<'_, str> = if text.contains('_') {
        text.replace('_', "").into()
    } else {
        text.into()
    };
    integer(&digits)
        .or_else(|| decimal(&digits).map(Scalar::Float))
        .or_else(|| signed_behind_prefix(&digits).map(Scalar::Int))
}

/// An integer as Go's base 0 reads it: `0x`, `0b`, `0o` or a leading `0` (octal) tell the base.
fn integer(text: &str) -> Option<Scalar<'static>> {
    let (sign, rest) = match text.as_bytes().first() {
        Some(b'-') => ("-", text.get(1..)?),
        Some(b'+') => ("+", text.get(1..)?),
        _ => ("", text),
    };
    let prefixed = |radix, digits: &str| (radix, digits.to_owned());
    let (radix, digits) = match rest.as_bytes() {
        [b'0', b'x' | b'X', ..] => prefixed(16, rest.get(2..)?),
        [b'0', b'b' | b'B', ..] => prefixed(2, rest.get(2..)?),
        [b'0', b'o' | b'O', ..] => prefixed(8, rest.get(2..)?),
        [b'0', _, ..] => prefixed(8, rest.get(1..)?),
        _ => prefixed(10, rest),
    };
    if !digits.as_bytes().first()?.is_ascii_alphanumeric() {
        return None;
    }
    if let Ok(value) = i64::from_str_radix(&format!("{sign}{digits}"), radix) {
        return Some(Scalar::Int(value));
    }
    match sign {
        "" => u64::from_str_radix(&digits, radix).ok().map(Scalar::Uint),
        _ => None,
    }
}

/// A finite decimal number: digits with at most one dot among or around them, and an exponent.
fn decimal(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && all_digits(digits)
    });
    if !(has_digits && all_digits(whole) && all_digits(fraction) && exponent_fits) {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// `0b-1` and `0o-7`, which yaml.v3 reads as -1 and -7.
fn signed_behind_prefix(text: &str) -> Option<i64> {
    let (digits, radix) = match text.strip_prefix("0b") {
        Some(digits) => (digits, 2),
        None => (text.strip_prefix("0o")?, 8),
    };
    i64::from_str_radix(digits, radix).ok()
}
