//! What is wrong with a line that should be an SSH key, as age reads it.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Flaw;
#[cfg(not(feature = "ssh"))]
use super::KEY_LEN;

/// The types of SSH keys for which age does not encrypt.
const OTHER_TYPES: [&str; 8] = [
    "ssh-dss",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "sk-ssh-ed25519@openssh.com",
    "ssh-ed25519-cert-v01@openssh.com",
    "ssh-rsa-cert-v01@openssh.com",
];

/// base64 as Go reads it.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// What is wrong with a line of OpenSSH's `authorized_keys`: a type, the key, and a comment.
pub(super) fn of_ssh(text: &str) -> Option<Flaw> {
    if text.contains(['\n', '\r']) {
        return Some(Flaw::Undecided);
    }
    let mut words = text.split([' ', '\t']).filter(|word| !word.is_empty());
    let name = words.next().unwrap_or_default();
    if let Some(name) = other_type(name) {
        return Some(Flaw::SshType(name));
    }
    if !["ssh-ed25519", "ssh-rsa"].contains(&name) && words.clone().count() > 1 {
        // Behind what it does not know, age looks for a key once more.
        return Some(Flaw::Undecided);
    }
    let Some(blob) = words.next().and_then(|key| BASE64.decode(key).ok()) else {
        return Some(Flaw::SshKey);
    };
    let mut rest = blob.as_slice();
    let Some(of_key) = field(&mut rest).filter(|of_key| *of_key == name.as_bytes()) else {
        return Some(Flaw::SshKey);
    };
    match of_key {
        b"ssh-ed25519" => {
            let point = field(&mut rest).filter(|_| rest.is_empty());
            let is_sound = point.is_some_and(is_point);
            (!is_sound).then_some(Flaw::SshKey)
        }
        b"ssh-rsa" => of_rsa(rest),
        _ => Some(Flaw::SshKey),
    }
}

/// The type that this is, where age does not encrypt for such keys.
pub(super) fn other_type(name: &str) -> Option<&'static str> {
    OTHER_TYPES.into_iter().find(|other| *other == name)
}

/// The most bits of a modulus and of an exponent that Go's SSH reads as sops 3.13.3 has it, and the fewest
/// bytes of a modulus that age takes.
const MOST_MODULUS: usize = 8_192;
const MOST_EXPONENT: usize = 24;
const LEAST_MODULUS_LEN: usize = 256;

fn of_rsa(mut rest: &[u8]) -> Option<Flaw> {
    let (Some(exponent), Some(modulus)) = (field(&mut rest), field(&mut rest)) else {
        return Some(Flaw::SshKey);
    };
    let is_odd = exponent.last().is_some_and(|last| last & 1 == 1);
    let exponent_bits = bits(exponent);
    // An odd number of two bits or more is 3 at least.
    let is_exponent = is_odd && (2..=MOST_EXPONENT).contains(&exponent_bits);
    let modulus_bits = bits(modulus);
    let is_negative = |number: &[u8]| number.first().is_some_and(|first| *first >= 0x80);
    let is_number = !is_negative(exponent) && !is_negative(modulus);
    if !rest.is_empty() || !is_exponent || !is_number || modulus_bits > MOST_MODULUS {
        return Some(Flaw::SshKey);
    }
    (modulus_bits.div_ceil(8) < LEAST_MODULUS_LEN).then_some(Flaw::WeakRsa(modulus_bits))
}

/// How many bits a number of these bytes has.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let first = number.get(zeros).copied().unwrap_or(0);
    ((number.len() - zeros) * 8).saturating_sub(first.leading_zeros() as usize)
}

/// Takes a field off a text in SSH's spelling: its length in four bytes, and so many bytes.
fn field<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, behind) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (field, behind) = behind.split_at_checked(length)?;
    *rest = behind;
    Some(field)
}

/// Whether it is a point on Edwards' curve.
#[cfg(feature = "ssh")]
fn is_point(bytes: &[u8]) -> bool {
    let compressed = curve25519_dalek::edwards::CompressedEdwardsY::from_slice(bytes);
    compressed.is_ok_and(|point| point.decompress().is_some())
}

/// Whether it is as long as a point on Edwards' curve.
#[cfg(not(feature = "ssh"))]
fn is_point(bytes: &[u8]) -> bool {
    bytes.len() == KEY_LEN
}
