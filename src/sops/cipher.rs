//! AES-256-GCM with the nonces that sops writes (32 bytes) and those that other writers use.
//!
//! The key schedule is computed once a file; opening works in place, in one buffer for all values.

use aes_gcm::aead::consts::{U8, U12, U16, U20, U24, U28, U32, U48, U64};
use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, Nonce, Tag};

use super::enc::TAG_LEN;

/// The cipher of one file, under its data key.
pub(super) struct Cipher {
    aes: Aes256,
    gcm: AesGcm<Aes256, U32>,
}

/// Why a sealed value stayed closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The key, the nonce, the associated data or the value is not the one that was sealed.
    Rejected,
    /// sops reads nonces of any length; this one is not among those that are read here.
    NonceLength(usize),
}

impl Cipher {
    /// The cipher under a data key.
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let aes = Aes256::new(key.into());
        Self {
            gcm: AesGcm::from(aes.clone()),
            aes,
        }
    }

    /// Opens `sealed`, a ciphertext with its tag behind it, in place and returns the plaintext.
    ///
    /// # Errors
    /// [`Refusal`]; `sealed` then holds no plaintext.
    pub(super) fn open<'b>(
        &self,
        iv: &[u8],
        aad: &[u8],
        sealed: &'b mut [u8],
    ) -> Result<&'b [u8], Refusal> {
        let at = sealed.len().checked_sub(TAG_LEN).ok_or(Refusal::Rejected)?;
        let (text, tag) = sealed.split_at_mut(at);
        let tag = Tag::from_slice(tag);
        macro_rules! open_with {
            ($($size:literal $length:ty),*) => {
                match iv.len() {
                    32 => {
                        let nonce = Nonce::<U32>::from_slice(iv);
                        self.gcm.decrypt_in_place_detached(nonce, aad, text, tag)
                    }
                    $($size => {
                        let gcm = AesGcm::<Aes256, $length>::from(self.aes.clone());
                        let nonce = Nonce::<$length>::from_slice(iv);
                        gcm.decrypt_in_place_detached(nonce, aad, text, tag)
                    })*
                    length => return Err(Refusal::NonceLength(length)),
                }
            };
        }
        open_with!(8 U8, 12 U12, 16 U16, 20 U20, 24 U24, 28 U28, 48 U48, 64 U64)
            .map(|()| &*text)
            .map_err(|_| Refusal::Rejected)
    }
}
