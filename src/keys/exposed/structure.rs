//! Whether bytes are a private key that no passphrase protects, by their structure.

use super::ExposedKind;

/// What an OpenSSH key begins with, and the name of the cipher of one without a passphrase, each
/// with its length before it.
const OPENSSH: &[u8] = b"openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none";

/// DER's tags.
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// Whether `key` is a whole private key of its kind that opens without a passphrase.
pub(super) fn is_open_key(kind: ExposedKind, key: &[u8]) -> bool {
    match kind {
        ExposedKind::Pkcs8 | ExposedKind::Rsa | ExposedKind::Ec | ExposedKind::Dsa => {
            der_key(kind, key).is_some()
        }
        // Two numbers and a public key at least.
        ExposedKind::OpenSsh => key.starts_with(OPENSSH) && key.len() > OPENSSH.len() + 64,
        ExposedKind::Pgp => has_open_packet(key),
        ExposedKind::Age | ExposedKind::AgePostQuantum => false,
    }
}

/// `Some` where the bytes are one DER sequence, to the last byte, of a version and what follows it in
/// a key of this kind.
fn der_key(kind: ExposedKind, key: &[u8]) -> Option<()> {
    let (inside, behind) = element(key, SEQUENCE)?;
    let (version, rest) = element(inside, INTEGER)?;
    let (version_due, tag, least): (&[u8], u8, usize) = match kind {
        // The name of the algorithm, and the key behind it.
        ExposedKind::Pkcs8 => (&[0, 1], SEQUENCE, 5),
        ExposedKind::Ec => (&[1], OCTETS, 16),
        // The modulus; moduli below 512 bits are of schoolbooks.
        _ => (&[0, 1], INTEGER, 64),
    };
    let (next, rest) = element(rest, tag)?;
    let holds_key =
        kind != ExposedKind::Pkcs8 || element(rest, OCTETS).is_some_and(|(key, _)| key.len() >= 32);
    let is_whole = behind.iter().all(u8::is_ascii_whitespace);
    let is_version = matches!(version, [number] if version_due.contains(number));
    (is_whole && is_version && next.len() >= least && holds_key).then_some(())
}

/// What the DER element at the front holds, where it has this tag, and what stands behind it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let rest = bytes.strip_prefix(&[tag])?;
    let (&first, rest) = rest.split_first()?;
    if first < 0x80 {
        return rest.split_at_checked(usize::from(first));
    }
    let count = usize::from(first & 0x7f);
    if !(1..=4).contains(&count) {
        return None;
    }
    let (digits, rest) = rest.split_at_checked(count)?;
    rest.split_at_checked(number(digits))
}

/// Whether one of the packets is a secret key, or a subkey, without a passphrase.
fn has_open_packet(mut bytes: &[u8]) -> bool {
    while let Some((tag, body, rest)) = packet(bytes) {
        if matches!(tag, 5 | 7) && is_open_packet(body) == Some(true) {
            return true;
        }
        bytes = rest;
    }
    false
}

/// An OpenPGP packet of a known length: its tag, its body, and what stands behind it.
fn packet(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&head, rest) = bytes.split_first()?;
    if head & 0x80 == 0 {
        return None;
    }
    let (tag, len, rest) = if head & 0x40 == 0 {
        let count = match head & 3 {
            0 => 1,
            1 => 2,
            2 => 4,
            _ => return None,
        };
        let (digits, rest) = rest.split_at_checked(count)?;
        ((head >> 2) & 15, number(digits), rest)
    } else {
        let (&first, behind) = rest.split_first()?;
        let (len, rest) = match first {
            0..192 => (usize::from(first), behind),
            192..224 => {
                let (&second, behind) = behind.split_first()?;
                let high = (usize::from(first) - 192) << 8;
                (high + usize::from(second) + 192, behind)
            }
            255 => {
                let (digits, behind) = behind.split_at_checked(4)?;
                (number(digits), behind)
            }
            _ => return None,
        };
        (head & 63, len, rest)
    };
    let (body, rest) = rest.split_at_checked(len)?;
    Some((tag, body, rest))
}

/// Whether the body of a secret key packet says that no passphrase protects it; `None` where it is of
/// a version or an algorithm that is not known here.
fn is_open_packet(body: &[u8]) -> Option<bool> {
    let (&version, rest) = body.split_first()?;
    let (_created, rest) = rest.split_at_checked(4)?;
    let (&algorithm, rest) = rest.split_first()?;
    let public = match version {
        4 => rest,
        6 => rest.get(4..)?,
        _ => return None,
    };
    let secret = match algorithm {
        1..=3 => numbers(public, 2)?,
        16 => numbers(public, 3)?,
        17 => numbers(public, 4)?,
        18 => counted(numbers(counted(public)?, 1)?)?,
        19 | 22 => numbers(counted(public)?, 1)?,
        25 | 27 => public.get(32..)?,
        26 => public.get(56..)?,
        28 => public.get(57..)?,
        _ => return None,
    };
    // How the secret numbers are protected; 0: not at all.
    let (&usage, secret) = secret.split_first()?;
    Some(usage == 0 && !secret.is_empty())
}

/// What stands behind `count` OpenPGP numbers, each with its length in bits before it.
fn numbers(mut bytes: &[u8], count: usize) -> Option<&[u8]> {
    for _ in 0..count {
        let (bits, rest) = bytes.split_at_checked(2)?;
        bytes = rest.get(number(bits).div_ceil(8)..)?;
    }
    Some(bytes)
}

/// What stands behind as many bytes as the first byte says.
fn counted(bytes: &[u8]) -> Option<&[u8]> {
    let (&count, rest) = bytes.split_first()?;
    rest.get(usize::from(count)..)
}

/// A number in big endian.
fn number(digits: &[u8]) -> usize {
    digits.iter().fold(0, |number: usize, digit| {
        (number << 8) | usize::from(*digit)
    })
}
