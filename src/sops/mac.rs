//! The MAC: SHA-512 over the plaintext of all values, printed as hexadecimal digits and encrypted
//! like a value, with `lastmodified` as its associated data.

use sha2::{Digest, Sha512};
use subtle::ConstantTimeEq;

use super::cipher::{Cipher, Rejected};
use super::enc::{Decoded, Token, ValueType};
use super::metadata::Metadata;
use super::problem::{MacMismatch, MalformedCiphertext, ProblemKind};
use super::selectors::Selectors;
use crate::source::Span;

/// What the hash starts from where only encrypted values count, so that such a MAC never equals one
/// over all values: the SHA-256 of `sops`.
const ONLY_ENCRYPTED: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b,
    0x0b, 0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// The hash before the first value.
pub(super) fn start(selectors: &Selectors) -> Sha512 {
    let mut hash = Sha512::new();
    if selectors.mac_only_encrypted() {
        hash.update(ONLY_ENCRYPTED);
    }
    hash
}

/// Compares the file's MAC with `hash`, as far as there are a cipher and a hash to do it with.
///
/// # Errors
/// What is wrong with the MAC, and where it stands.
pub(super) fn verify(
    metadata: &Metadata<'_>,
    cipher: Option<&Cipher>,
    hash: Option<Sha512>,
    decoded: &mut Decoded,
) -> Result<(), (ProblemKind, Span)> {
    let Some(mac) = &metadata.mac else {
        return Err((MacMismatch::Absent.into(), metadata.key_span));
    };
    let malformed = |kind: MalformedCiphertext| (kind.into(), mac.span);
    let mismatch = |kind: MacMismatch| (kind.into(), mac.span);
    let token =
        Token::parse(&mac.value).ok_or_else(|| malformed(MalformedCiphertext::NotAToken))?;
    token.decode(decoded).map_err(malformed)?;
    match token.value_type() {
        Some(ValueType::Str) => {}
        Some(ValueType::Bytes) => return Err(malformed(MalformedCiphertext::BytesType)),
        Some(kind) => {
            return Err(mismatch(MacMismatch::NotAString {
                declared: kind.name(),
            }));
        }
        None => return Err(malformed(MalformedCiphertext::UnknownType)),
    }
    let Some(cipher) = cipher else { return Ok(()) };
    let aad = metadata.last_modified.value.to_rfc3339();
    let opened = cipher.open(&decoded.iv, aad.as_bytes(), &mut decoded.sealed);
    let written = opened.map_err(|Rejected| mismatch(MacMismatch::Rejected))?;
    let Some(hash) = hash else { return Ok(()) };
    let computed = digits(hash);
    if bool::from(computed.as_slice().ct_eq(written)) {
        Ok(())
    } else {
        Err(mismatch(MacMismatch::Differs))
    }
}

/// The MAC as it is sealed: hexadecimal digits in upper case.
pub(super) fn digits(hash: Sha512) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |value: u8| DIGITS[usize::from(value & 15)];
    hash.finalize()
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}
