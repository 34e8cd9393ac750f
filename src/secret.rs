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

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
