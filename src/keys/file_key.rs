//! The key of one age file, as a plugin gave it.

use age::DecryptError;
use age_core::format::Stanza;
use age_core::secrecy::ExposeSecret;

/// Opens the one age file that it is the key of.
pub(super) struct FileKey {
    key: age_core::format::FileKey,
    /// The plugin that gave it.
    pub(super) plugin: String,
}

impl FileKey {
    /// A key of 16 bytes; `None` where there are more or fewer.
    pub(super) fn new(bytes: &[u8], plugin: &str) -> Option<Self> {
        let bytes: &[u8; 16] = bytes.try_into().ok()?;
        let key = age_core::format::FileKey::init_with_mut(|key| *key = *bytes);
        let plugin = plugin.to_owned();
        Some(Self { key, plugin })
    }

    pub(super) fn as_identity(&self) -> &dyn age::Identity {
        self
    }
}

impl age::Identity for FileKey {
    fn unwrap_stanza(&self, _: &Stanza) -> Option<Result<age_core::format::FileKey, DecryptError>> {
        let copy = |key: &mut [u8; 16]| key.copy_from_slice(self.key.expose_secret());
        Some(Ok(age_core::format::FileKey::init_with_mut(copy)))
    }
}
