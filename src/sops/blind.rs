//! What stands for a value when values are compared: HMAC-SHA-256 under a random key that lives for the run.
//!
//! Without that key a mark tells nothing, not even of a value that could be guessed; so marks of two runs
//! have nothing to do with each other.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::random::{self, NoRandomness};
use crate::secret::Secret;

/// The key of a run.
pub(crate) struct Blinding(Secret<[u8; 32]>);

/// What stands for a value. It has no `Debug`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Blinded([u8; 32]);

impl Blinding {
    /// A new key.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub(crate) fn new() -> Result<Self, NoRandomness> {
        Ok(Self(random::key()?))
    }

    /// What stands for a value.
    pub(crate) fn of(&self, value: &[u8]) -> Blinded {
        let mac = <Hmac<Sha256> as Mac>::new_from_slice(self.0.expose());
        let mut mac = mac.expect("HMAC takes keys of any length");
        mac.update(value);
        Blinded(mac.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_equal_within_a_run_and_in_no_other() {
        let Ok(one) = Blinding::new() else {
            panic!("no randomness");
        };
        let Ok(another) = Blinding::new() else {
            panic!("no randomness");
        };
        assert!(one.of(b"canary") == one.of(b"canary"));
        assert!(one.of(b"canary") != one.of(b"canary2"));
        assert!(one.of(b"canary") != another.of(b"canary"));
    }

    // RFC 4231, test case 2.
    #[test]
    fn it_is_hmac_sha_256() {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let mark = Blinding(Secret::new(key)).of(b"what do ya want for nothing?");
        let hex: String = mark.0.iter().map(|byte| format!("{byte:02x}")).collect();
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex, expected);
    }
}
