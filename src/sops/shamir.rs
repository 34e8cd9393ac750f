//! Shamir's secret sharing over GF(2^8), as sops and HashiCorp Vault use it.
//!
//! A share is a value of each byte's polynomial, followed by the place that it was taken at. The
//! field is that of AES (polynomial 0x11b); crates on offer use 0x11d. No branch and no table
//! lookup depends on a secret.

use crate::random::{self, NoRandomness};
use crate::secret::Secret;

/// Why a secret is not split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotSplit {
    /// The places have one byte, fewer than two shares are no secret sharing, and more cannot be needed
    /// than there are.
    Count,
    /// The system gives no random numbers.
    NoRandomness,
}

/// Shares that cannot belong to one secret: too few, of different lengths or of one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unfit;

/// Puts a secret together from its shares. Whether it is the right secret, the shares do not tell.
///
/// # Errors
/// [`Unfit`].
pub(super) fn combine(shares: &[&[u8]]) -> Result<Secret<Vec<u8>>, Unfit> {
    let mut points: Vec<(u8, &[u8])> = Vec::with_capacity(shares.len());
    for share in shares {
        let (place, values) = share.split_last().ok_or(Unfit)?;
        if points.iter().any(|(known, _)| known == place) {
            return Err(Unfit);
        }
        points.push((*place, values));
    }
    let length = points.first().map_or(0, |(_, values)| values.len());
    let fit =
        points.len() >= 2 && length > 0 && points.iter().all(|(_, values)| values.len() == length);
    if !fit {
        return Err(Unfit);
    }
    let mut secret = Secret::new(vec![0; length]);
    for (place, values) in &points {
        let weight = weight(*place, &points);
        for (byte, value) in secret.expose_mut().iter_mut().zip(*values) {
            *byte ^= multiply(*value, weight);
        }
    }
    Ok(secret)
}

/// Splits a secret into `count` shares, of which any `needed` give it back and fewer tell nothing of
/// it. They are taken at the places 1, 2, and so on, as sops takes them.
///
/// # Errors
/// [`NotSplit`].
pub(super) fn split(
    secret: &[u8],
    count: usize,
    needed: usize,
) -> Result<Vec<Secret<Vec<u8>>>, NotSplit> {
    let last = u8::try_from(count).map_err(|_| NotSplit::Count)?;
    if secret.is_empty() || needed < 2 || needed > count {
        return Err(NotSplit::Count);
    }
    // A polynomial for each byte of the secret, which is its value at 0. Here stands one coefficient of
    // all of them after the other.
    let mut others = Secret::new(vec![0; (needed - 1) * secret.len()]);
    random::fill(others.expose_mut()).map_err(|NoRandomness| NotSplit::NoRandomness)?;
    let share = |place: u8| {
        let mut share = Secret::new(vec![0; secret.len() + 1]);
        let coefficients = others.expose().chunks_exact(secret.len()).chain([secret]);
        for coefficient in coefficients {
            for (byte, coefficient) in share.expose_mut().iter_mut().zip(coefficient) {
                *byte = multiply(*byte, place) ^ coefficient;
            }
        }
        if let Some(end) = share.expose_mut().last_mut() {
            *end = place;
        }
        share
    };
    Ok((1..=last).map(share).collect())
}

/// What a share counts for in the polynomial's value at 0: Lagrange's basis.
fn weight(place: u8, points: &[(u8, &[u8])]) -> u8 {
    points
        .iter()
        .filter(|(other, _)| *other != place)
        .fold(1, |basis, (other, _)| {
            multiply(basis, multiply(*other, inverse(place ^ other)))
        })
}

/// The product of two elements of the field.
fn multiply(a: u8, b: u8) -> u8 {
    (0..8).rev().fold(0, |sum: u8, bit| {
        let reduced = (sum << 1) ^ ((sum >> 7).wrapping_neg() & 0x1b);
        reduced ^ ((b >> bit & 1).wrapping_neg() & a)
    })
}

/// The inverse, by Fermat: an element to the power of 254; 0 for 0.
fn inverse(a: u8) -> u8 {
    let square = |a| multiply(a, a);
    (0..6).fold(square(a), |power, _| square(multiply(power, a)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computes_in_the_field_of_aes() {
        // From FIPS 197, section 4.2.
        assert_eq!(multiply(0x57, 0x83), 0xc1);
        assert_eq!(multiply(0x57, 0x13), 0xfe);
        for a in 1..=255 {
            assert_eq!(multiply(a, inverse(a)), 1, "{a}");
        }
    }

    #[test]
    fn refuses_shares_that_do_not_fit_together() {
        assert_eq!(combine(&[&[1, 2, 1]]).err(), Some(Unfit));
        assert_eq!(combine(&[&[1, 2, 1], &[3, 4, 1]]).err(), Some(Unfit));
        assert_eq!(combine(&[&[1, 2, 1], &[3, 2]]).err(), Some(Unfit));
        assert_eq!(combine(&[&[1], &[2]]).err(), Some(Unfit));
        assert_eq!(combine(&[&[], &[]]).err(), Some(Unfit));
    }

    #[test]
    fn refuses_to_split_what_cannot_be_split() {
        for (secret, count, needed) in [
            (&b"x"[..], 2, 1),
            (b"x", 2, 3),
            (b"x", 256, 2),
            (b"x", 0, 0),
            (b"", 2, 2),
        ] {
            assert_eq!(
                split(secret, count, needed).err(),
                Some(NotSplit::Count),
                "{count} {needed}"
            );
        }
    }

    #[test]
    fn there_are_places_for_255_shares() {
        let shares = split(b"s", 255, 255).unwrap();
        let all: Vec<&[u8]> = shares.iter().map(|it| &it.expose()[..]).collect();
        assert_eq!(combine(&all).unwrap().expose(), b"s");
    }

    #[test]
    fn too_few_shares_give_something_else() {
        let secret = [7; 32];
        for needed in 3..9 {
            let shares = split(&secret, 9, needed).unwrap();
            let some: Vec<&[u8]> = shares[1..needed]
                .iter()
                .map(|it| &it.expose()[..])
                .collect();
            let combined = combine(&some).unwrap();
            assert_ne!(combined.expose()[..], secret, "{needed}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_shares_of_the_needed_number_give_the_secret_back(
            secret in proptest::collection::vec(proptest::num::u8::ANY, 1..40),
            count in 2..=20_usize, part in 0..=1000_usize, turn: usize,
        ) {
            let needed = 2 + (count - 2) * part / 1000;
            let shares = split(&secret, count, needed).unwrap();
            let mut some: Vec<&[u8]> = shares.iter().map(|share| &share.expose()[..]).collect();
            some.rotate_left(turn % count);
            some.truncate(needed);
            let combined = combine(&some).unwrap();
            proptest::prop_assert_eq!(combined.expose(), &secret);
            let places = shares.iter().filter_map(|share| share.expose().last());
            proptest::prop_assert!(places.copied().eq(1..=u8::try_from(count).unwrap()));
        }

        #[test]
        fn any_two_shares_of_a_line_give_its_value_at_zero(
            secret: [u8; 4], slope: [u8; 4], x in 1..=255_u8, y in 1..=255_u8,
        ) {
            let share = |place: u8| -> Vec<u8> {
                let value = |(a, b): (&u8, &u8)| a ^ multiply(*b, place);
                secret.iter().zip(&slope).map(value).chain([place]).collect()
            };
            let combined = combine(&[&share(x), &share(y)]);
            match combined {
                Ok(combined) => proptest::prop_assert_eq!(&combined.expose()[..], &secret[..]),
                Err(Unfit) => proptest::prop_assert_eq!(x, y),
            }
        }
    }
}
