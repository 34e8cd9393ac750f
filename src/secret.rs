//! Values that must not outlive their use, be printed or be copied by accident.

use zeroize::Zeroize;

/// Owns something secret and wipes it when dropped.
///
/// It has neither `Debug` nor `Display` nor `Clone` nor `PartialEq`: a secret is printed, copied or
/// compared only by code that says so, through [`Secret::expose`].
pub(crate) struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes charge of `value`.
    pub(crate) fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself.
    pub(crate) fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself, to be written to.
    pub(crate) fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl Secret<Vec<u8>> {
    /// Adds bytes at the end. Where they need a larger place, the old one is wiped.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        let needed = self.0.len().saturating_add(bytes.len());
        if needed > self.0.capacity() {
            let mut larger = Vec::with_capacity(needed.max(self.0.capacity().saturating_mul(2)));
            larger.extend_from_slice(&self.0);
            self.0.zeroize();
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    /// Takes the bytes out, for somebody else to take care of.
    pub(crate) fn into_inner(mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
