//! The key of one age file, as a plugin gave it.

use age::DecryptError;
use age_core::format::Stanza;
use age_core::secrecy::ExposeSecret;

/// Opens the one age file that it is the key of.
pub(super) struct FileKey(age_core::format::FileKey);

impl FileKey {
    /// A key of 16 bytes; `None` where there are more or fewer.
    #[cfg(feature = "plugin")]
    pub(super) fn new(bytes: &[u8]) -> Option<Self> {
        let fill = |key: &mut [u8; 16]| match bytes.len() {
            16 => Ok(key.copy_from_slice(bytes)),
            _ => Err(()),
        };
        age_core::format::FileKey::try_init_with_mut(fill)
            .ok()
            .map(Self)
    }

    pub(super) fn as_identity(&self) -> &dyn age::Identity {
        self
    }
}

impl age::Identity for FileKey {
    fn unwrap_stanza(&self, _: &Stanza) -> Option<Result<age_core::format::FileKey, DecryptError>> {
        let copy = |key: &mut [u8; 16]| key.copy_from_slice(self.0.expose_secret());
        Some(Ok(age_core::format::FileKey::init_with_mut(copy)))
    }
}
