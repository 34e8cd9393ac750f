//! Random bytes from the system: the only place that asks for them here. (age asks by itself.)

use crate::secret::Secret;

/// The system gives no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random numbers")]
pub(crate) struct NoRandomness;

/// Fills `bytes` with random ones.
///
/// # Errors
/// [`NoRandomness`].
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    getrandom::fill(bytes).map_err(|_| NoRandomness)
}

/// A random key of so many bytes.
///
/// # Errors
/// [`NoRandomness`].
pub(crate) fn key<const N: usize>() -> Result<Secret<[u8; N]>, NoRandomness> {
    let mut key = Secret::new([0; N]);
    fill(key.expose_mut())?;
    Ok(key)
}

/// Random nonces as sops has them, of 32 bytes, fetched by the hundred: asking the system for each
/// would take longer than sealing a value with it. They stand in the files, so nothing is wiped.
#[derive(Default)]
pub(crate) struct Nonces {
    pool: Vec<[u8; 32]>,
}

impl Nonces {
    /// The next one, which is given out once.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub(crate) fn next(&mut self) -> Result<[u8; 32], NoRandomness> {
        if self.pool.is_empty() {
            self.pool.resize(AT_ONCE, [0; 32]);
            if let Err(none) = fill(self.pool.as_flattened_mut()) {
                self.pool.clear();
                return Err(none);
            }
        }
        self.pool.pop().ok_or(NoRandomness)
    }
}

/// How many nonces are fetched at a time.
const AT_ONCE: usize = 64;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_nonce_is_given_out_twice() {
        let mut nonces = Nonces::default();
        let drawn: BTreeSet<[u8; 32]> = (0..1_000).map(|_| nonces.next().unwrap()).collect();
        assert_eq!(drawn.len(), 1_000);
        assert!(!drawn.contains(&[0; 32]));
    }

    #[test]
    fn no_two_keys_are_equal() {
        let keys: BTreeSet<[u8; 32]> = (0..100).map(|_| *key().unwrap().expose()).collect();
        assert_eq!(keys.len(), 100);
    }
}
