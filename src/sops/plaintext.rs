//! What sops makes of an opened value: the bytes that enter the MAC.

use std::io::Write;

use zeroize::Zeroize;

use super::enc::ValueType;
use super::go;
use crate::document::Scalar;

/// The bytes by which an opened value enters the MAC: a string's own, the others as sops prints
/// them again. They are written to `scratch`, which the caller wipes; `None` where the plaintext is
/// not of its type, on which sops fails.
pub(super) fn mac_bytes<'b>(
    kind: ValueType,
    plaintext: &'b [u8],
    scratch: &'b mut Vec<u8>,
) -> Option<&'b [u8]> {
    scratch.clear();
    let scalar = match kind {
        ValueType::Str => return Some(plaintext),
        ValueType::Comment => return Some(&[]),
        ValueType::Bytes => return None,
        ValueType::Int => {
            // A write to a vector does not fail.
            write!(scratch, "{}", go::parse_int(plaintext)?).ok()?;
            return Some(scratch);
        }
        ValueType::Bool => Scalar::Bool(go::parse_bool(plaintext)?),
        ValueType::Float => Scalar::Float(go::parse_float(plaintext)?),
        ValueType::Time => {
            let mut printed = go::Time::parse(plaintext)?.to_rfc3339_nano()?;
            scratch.extend_from_slice(printed.as_bytes());
            printed.zeroize();
            return Some(scratch);
        }
    };
    let mut printed = scalar.mac_bytes()?.into_owned();
    scratch.extend_from_slice(&printed);
    printed.zeroize();
    Some(scratch)
}

#[cfg(test)]
mod tests {
    use super::*;

    // What sops 3.13.3 hashes for these plaintexts, as Go's strconv and time print them.
    #[test]
    fn prints_values_again_as_sops_does() {
        let cases: &[(ValueType, &str, Option<&str>)] = &[
            (ValueType::Str, "a\nb", Some("a\nb")),
            (ValueType::Int, "+012", Some("12")),
            (ValueType::Int, "0x10", None),
            (ValueType::Int, "1.0", None),
            (ValueType::Bool, "t", Some("True")),
            (ValueType::Bool, "FALSE", Some("False")),
            (ValueType::Bool, "yes", None),
            (ValueType::Float, "1.10", Some("1.1")),
            (ValueType::Float, "1e21", Some("1000000000000000000000")),
            (ValueType::Float, "-0", Some("-0")),
            (ValueType::Float, "inf", Some("+Inf")),
            (ValueType::Float, "1e999", None),
            (
                ValueType::Time,
                "2020-01-02T03:04:05.500+00:00",
                Some("2020-01-02T03:04:05.5Z"),
            ),
            (ValueType::Time, "2020-01-02T03:04:05+24:00", None),
            (ValueType::Time, "2020-01-02", None),
            (ValueType::Comment, " note", Some("")),
            (ValueType::Bytes, "x", None),
        ];
        for (kind, plaintext, expected) in cases {
            let mut scratch = Vec::new();
            let printed = mac_bytes(*kind, plaintext.as_bytes(), &mut scratch);
            assert_eq!(
                printed,
                expected.map(str::as_bytes),
                "{kind:?} {plaintext:?}"
            );
        }
    }
}
