//! `strconv.ParseFloat(text, 64)`.

use super::underscores_fit;

/// The float that Go reads in `text`; `None` where it returns an error, an overflow included.
pub(crate) fn parse_float(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let sign = |value: f64| if negative { -value } else { value };
    if unsigned.eq_ignore_ascii_case("inf") || unsigned.eq_ignore_ascii_case("infinity") {
        return Some(sign(f64::INFINITY));
    }
    if text.eq_ignore_ascii_case("nan") {
        return Some(f64::NAN);
    }
    let fits = |text: &str| !text.contains('_') || underscores_fit(text.as_bytes());
    if let Some(hex) = unsigned
        .strip_prefix("0x")
        .or_else(|| unsigned.strip_prefix("0X"))
    {
        return parse_hex(hex).filter(|_| fits(text)).map(sign);
    }
    let allowed = |byte: u8| byte.is_ascii_digit() || b"+-.eE_".contains(&byte);
    if !unsigned.bytes().all(allowed) || unsigned.starts_with(['+', '-']) || !fits(text) {
        return None;
    }
    let value: f64 = if unsigned.contains('_') {
        unsigned.replace('_', "").parse().ok()?
    } else {
        unsigned.parse().ok()?
    };
    value.is_finite().then(|| sign(value))
}

/// The value of `mantissa p exponent`, the mantissa in hexadecimal, rounded to the nearest even.
fn parse_hex(text: &str) -> Option<f64> {
    let at = text.find(['p', 'P'])?;
    let (mantissa, exponent) = (text.get(..at)?, text.get(at + 1..)?);
    let mut bits: u64 = 0;
    let mut scale: i64 = 0;
    let mut sticky = false;
    let (mut any, mut after_point) = (false, false);
    for character in mantissa.chars().filter(|character| *character != '_') {
        if character == '.' && !after_point {
            after_point = true;
            continue;
        }
        let digit = character.to_digit(16)?;
        any = true;
        if bits >> 59 == 0 {
            bits = bits << 4 | u64::from(digit);
            scale -= if after_point { 4 } else { 0 };
        } else {
            sticky |= digit != 0;
            scale += if after_point { 0 } else { 4 };
        }
    }
    let exponent = parse_exponent(exponent)?;
    any.then(|| assemble(bits, sticky, scale.saturating_add(exponent)))
        .filter(|value| value.is_finite())
}

/// The decimal exponent after `p`, clamped as Go clamps it.
fn parse_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    if !digits.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let mut value: i64 = 0;
    for character in digits.chars().filter(|character| *character != '_') {
        let digit = i64::from(character.to_digit(10)?);
        if value < 10_000 {
            value = value * 10 + digit;
        }
    }
    Some(if negative { -value } else { value })
}

/// `bits * 2^exponent` (and a bit more where `sticky`) as the nearest float, ties to even.
fn assemble(bits: u64, sticky: bool, exponent: i64) -> f64 {
    if bits == 0 {
        return 0.0;
    }
    let length = i64::from(64 - bits.leading_zeros());
    // The exponent of the last bit that a float can keep: 53 bits, fewer among the subnormals.
    let last = (exponent + length - 53).max(-1074);
    let drop = last - exponent;
    let kept = if drop <= 0 {
        bits << (-drop).clamp(0, 63)
    } else if drop > 64 {
        0
    } else {
        round_off(bits, u32::try_from(drop).unwrap_or(64), sticky)
    };
    scaled(kept, last)
}

/// `bits / 2^count` rounded to the nearest, ties to even.
fn round_off(bits: u64, count: u32, sticky: bool) -> u64 {
    let wide = u128::from(bits);
    let floor = wide >> count;
    let rest = wide & ((1 << count) - 1);
    let half = 1_u128 << (count - 1);
    let up = rest > half || rest == half && (sticky || floor & 1 == 1);
    u64::try_from(floor).unwrap_or(u64::MAX) + u64::from(up)
}

/// `kept * 2^exponent`, exact: `kept` has at most 53 bits, or is 2^53.
fn scaled(kept: u64, exponent: i64) -> f64 {
    if kept == 0 {
        return 0.0;
    }
    let length = i64::from(64 - kept.leading_zeros());
    let top = exponent + length - 1;
    if top > 1023 {
        return f64::INFINITY;
    }
    if top < -1022 {
        return f64::from_bits(kept << (exponent + 1074).clamp(0, 63));
    }
    let fraction = (kept << (53 - length.min(53))) & ((1 << 52) - 1);
    let biased = u64::try_from(top + 1023).unwrap_or(0);
    f64::from_bits(biased << 52 | fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Answers of Go 1.26's strconv.ParseFloat(text, 64).
    #[test]
    fn reads_floats_as_strconv_does() {
        let cases: &[(&str, Option<f64>)] = &[
            ("1.5", Some(1.5)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            (".", None),
            ("", None),
            ("e1", None),
            ("1e", None),
            ("1e+", None),
            ("1e5", Some(1e5)),
            ("+1E-2", Some(0.01)),
            ("++1", None),
            ("1e400", None),
            ("1e-400", Some(0.0)),
            ("Inf", Some(f64::INFINITY)),
            ("-infinity", Some(f64::NEG_INFINITY)),
            ("infin", None),
            ("+nan", None),
            ("1_0.5", Some(10.5)),
            ("_1", None),
            ("1_.5", None),
            ("1__0", None),
            ("0x1p-2", Some(0.25)),
            ("-0X1.8P1", Some(-3.0)),
            ("0x_1p4", Some(16.0)),
            ("0x1", None),
            ("0xp1", None),
            ("0x.p1", None),
            ("0x1p", None),
            ("0x1.fffffffffffff8p0", Some(2.0)),
            ("0x1.fffffffffffff7p0", Some(1.999_999_999_999_999_8)),
            ("0x1p-1074", Some(5e-324)),
            ("0x1p-1075", Some(0.0)),
            ("0x1.8p-1075", Some(5e-324)),
            ("0x1p1024", None),
            ("0x1.fffffffffffffp1023", Some(f64::MAX)),
            ("0x10000000000000000p0", Some(18_446_744_073_709_551_616.0)),
            ("0x10000000000000801p0", Some(18_446_744_073_709_553_665.0)),
            ("1 ", None),
            ("1d", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_float(text.as_bytes()), *expected, "{text:?}");
        }
        assert!(parse_float(b"NaN").is_some_and(f64::is_nan));
        assert!(parse_float(b"-0").is_some_and(|zero| zero == 0.0 && zero.is_sign_negative()));
    }
}
