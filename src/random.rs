//! Random numbers, from the system. Nothing else asks it for any.

use crate::secret::Secret;

/// The system gives no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random numbers")]
pub(crate) struct NoRandomness;

/// As many random bytes as are asked for.
///
/// # Errors
/// [`NoRandomness`].
pub(crate) fn bytes<const N: usize>() -> Result<Secret<[u8; N]>, NoRandomness> {
    let mut bytes = Secret::new([0; N]);
    getrandom::fill(bytes.expose_mut()).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_the_same() {
        let first = bytes::<32>().unwrap();
        let second = bytes::<32>().unwrap();
        assert_ne!(first.expose(), second.expose());
        assert_ne!(first.expose(), &[0; 32]);
    }
}
