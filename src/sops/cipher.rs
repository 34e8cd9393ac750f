//! AES-256-GCM: nonces of any length to open, of 32 bytes to seal.
//!
//! sops writes nonces of 32 bytes and reads them at whatever length they have; 12 bytes is what
//! other writers use. The aes-gcm crate, whose nonce lengths are types, opens these two. A token cut
//! short by a bad edit can leave any other: those are opened by [`open_any`], which puts the same
//! mode together from the same crate's AES and GHASH. The key schedule is computed once a file, and
//! values are opened in place.

use aes_gcm::aead::consts::{U12, U32};
use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::aes::cipher::BlockEncrypt;
use aes_gcm::aes::{Aes256, Block};
use aes_gcm::{AesGcm, Nonce, Tag};
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use subtle::ConstantTimeEq;

use super::enc::TAG_LEN;

/// The cipher of one file, under its data key.
pub(super) struct Cipher {
    aes: Aes256,
    gcm: AesGcm<Aes256, U32>,
}

/// The key, the nonce, the associated data or the value is not the one that was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rejected;

/// The mode seals no more than 64 GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

const BLOCK_LEN: usize = 16;

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
    /// [`Rejected`]; `sealed` then holds no plaintext.
    pub(super) fn open<'b>(
        &self,
        iv: &[u8],
        aad: &[u8],
        sealed: &'b mut [u8],
    ) -> Result<&'b [u8], Rejected> {
        let at = sealed.len().checked_sub(TAG_LEN).ok_or(Rejected)?;
        let (text, tag) = sealed.split_at_mut(at);
        let tag = Tag::from_slice(tag);
        let opened = match iv.len() {
            32 => {
                let nonce = Nonce::<U32>::from_slice(iv);
                self.gcm
                    .decrypt_in_place_detached(nonce, aad, text, tag)
                    .is_ok()
            }
            12 => {
                let gcm = AesGcm::<Aes256, U12>::from(self.aes.clone());
                let nonce = Nonce::<U12>::from_slice(iv);
                gcm.decrypt_in_place_detached(nonce, aad, text, tag).is_ok()
            }
            _ => open_any(&self.aes, iv, aad, text, tag),
        };
        if opened { Ok(text) } else { Err(Rejected) }
    }

    /// Seals `text` in place and returns its tag. A nonce must never seal twice under one key.
    ///
    /// # Errors
    /// [`TooLong`]; `text` is then as it was.
    pub(super) fn seal(
        &self,
        iv: &[u8; 32],
        aad: &[u8],
        text: &mut [u8],
    ) -> Result<[u8; TAG_LEN], TooLong> {
        let nonce = Nonce::<U32>::from_slice(iv);
        let tag = self.gcm.encrypt_in_place_detached(nonce, aad, text);
        tag.map(Into::into).map_err(|_| TooLong)
    }
}

/// Opens `text` in place, as NIST SP 800-38D defines it for nonces that are not of 12 bytes; leaves
/// it as it is where the tag does not fit.
fn open_any(aes: &Aes256, iv: &[u8], aad: &[u8], text: &mut [u8], tag: &Tag) -> bool {
    let mut subkey = Block::default();
    aes.encrypt_block(&mut subkey);
    let hash = |first: &[u8], second: &[u8]| {
        let mut hash = GHash::new(&subkey);
        hash.update_padded(first);
        hash.update_padded(second);
        hash.update(&[lengths(first, second)]);
        hash.finalize()
    };
    let start = hash(&[], iv);
    let mut expected = hash(aad, text);
    let mut mask = start;
    aes.encrypt_block(&mut mask);
    xor(&mut expected, &mask);
    if !bool::from(expected.ct_eq(tag)) {
        return false;
    }
    let mut counter = start;
    for chunk in text.chunks_mut(BLOCK_LEN) {
        increment(&mut counter);
        let mut stream = counter;
        aes.encrypt_block(&mut stream);
        xor(chunk, &stream);
    }
    true
}

/// The two lengths in bits, as the hash ends with them.
fn lengths(first: &[u8], second: &[u8]) -> Block {
    let bits = |part: &[u8]| (part.len() as u128) << 3;
    Block::from((bits(first) << 64 | bits(second)).to_be_bytes())
}

/// The next block of the counter: its last 32 bits count.
fn increment(block: &mut Block) {
    let value = u128::from_be_bytes((*block).into());
    let low = (value as u32).wrapping_add(1);
    *block = Block::from((value >> 32 << 32 | u128::from(low)).to_be_bytes());
}

fn xor(target: &mut [u8], other: &[u8]) {
    for (byte, other) in target.iter_mut().zip(other) {
        *byte ^= other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sealed by Go's `cipher.NewGCMWithNonceSize` under the key 00 01 … 1f, with a nonce of so many
    /// bytes 00 01 …, associated data `a:b:` and the plaintext `hello, sops: 24 bytes ok`.
    const SEALED: &[(usize, &str)] = &[
        (
            1,
            "d6ed502f210e6414e126c850d39b00b67cc7c525b0e8905baaef884a5542bf202c57cc817010a7fe",
        ),
        (
            8,
            "21339f002b6371338733b71c8a1dbe195df824cfdb7251e0af92de85009dec26532522ef125dc930",
        ),
        (
            12,
            "2f67ba77aac9e268e231e4b191db4c4de1aff351835b3017327cbab24a2b7759822f2b4161b0a012",
        ),
        (
            15,
            "fd1c599ba8edef868dceb4a058d5242ff33f1d82cbfe2a8b016ebf794b7eb76d513a753dfeb74792",
        ),
        (
            16,
            "0f09cc1a56c86a5bf28fa8137596189336ca1fc414adbc289485535219339fcc34e6581de302e392",
        ),
        (
            17,
            "442029b121005cf098664dbc6e614fb90e8d6fa7c5b1b048d15f1a911c841d428a95ae325e818cbc",
        ),
        (
            23,
            "a3c979fff29224949eaabeb973bbad72ba824867b4fc655b6f189d4a11b63c308fb150fe0981357b",
        ),
        (
            29,
            "9916665b37a51cd3279f6ea30f8768fe904d1a219ca44db1bc8a61b79f355fe4b78ccacb5a9643c8",
        ),
        (
            31,
            "7e8e020ed510dc43e92af6e8c74da20b2c48b5892d417ffbaf51b795d0ab8f0bdc464cd21e57b33a",
        ),
        (
            32,
            "0683f1d1e5ee558cbfe70456c5ce405fec9a8f9f6a73d89ee96799857142f64cec4edb8523befb56",
        ),
        (
            33,
            "0979ecc1e5195f8596707497746ae0de5603622384a4fab0bd74dec8e321de3d9e8b3cda524f2185",
        ),
        (
            64,
            "447e48747d0de1aa902210d5c6a6fc17e0b03734de26520d6615b2c8c994f992038edb83650e9fd1",
        ),
        (
            100,
            "a8fdcfe4b00eeb09534c06a1b99db20ee0bf60a52a27f7c08348e35ed417a0f42a216049922b3928",
        ),
    ];

    fn bytes(hex: &str) -> Vec<u8> {
        let digit = |at: usize| u8::from_str_radix(hex.get(at..at + 2).unwrap(), 16).unwrap();
        (0..hex.len()).step_by(2).map(digit).collect()
    }

    fn numbers(count: usize) -> Vec<u8> {
        (0..count)
            .map(|at| u8::try_from(at % 256).unwrap())
            .collect()
    }

    #[test]
    fn opens_what_go_sealed_with_nonces_of_any_length() {
        let cipher = Cipher::new(&numbers(32).try_into().unwrap());
        for (length, sealed) in SEALED {
            let mut sealed = bytes(sealed);
            let opened = cipher.open(&numbers(*length), b"a:b:", &mut sealed);
            assert_eq!(
                opened,
                Ok(b"hello, sops: 24 bytes ok".as_slice()),
                "{length}"
            );
        }
    }

    #[test]
    fn seals_what_go_sealed() {
        let cipher = Cipher::new(&numbers(32).try_into().unwrap());
        let mut text = b"hello, sops: 24 bytes ok".to_vec();
        let iv = numbers(32).try_into().unwrap();
        let tag = cipher.seal(&iv, b"a:b:", &mut text).unwrap();
        let (_, expected) = SEALED.iter().find(|(length, _)| *length == 32).unwrap();
        assert_eq!([&text[..], &tag].concat(), bytes(expected));
    }

    #[test]
    fn refuses_whatever_was_changed() {
        let cipher = Cipher::new(&numbers(32).try_into().unwrap());
        for (length, sealed) in SEALED {
            let iv = numbers(*length);
            let sealed = bytes(sealed);
            for at in 0..sealed.len() {
                let mut changed = sealed.clone();
                *changed.get_mut(at).unwrap() ^= 1;
                assert_eq!(cipher.open(&iv, b"a:b:", &mut changed), Err(Rejected));
            }
            assert_eq!(
                cipher.open(&iv, b"a:c:", &mut sealed.clone()),
                Err(Rejected)
            );
            assert_eq!(
                cipher.open(&iv, b"a:b:", &mut sealed[..15].to_vec()),
                Err(Rejected)
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_the_crate_where_both_can(
            key: [u8; 32], iv: [u8; 32], aad: Vec<u8>, plaintext: Vec<u8>,
        ) {
            let cipher = Cipher::new(&key);
            let mut text = plaintext.clone();
            let tag = cipher.seal(&iv, &aad, &mut text).unwrap();
            let mut sealed = [&text[..], &tag].concat();
            proptest::prop_assert!(open_any(&cipher.aes, &iv, &aad, &mut text, &tag.into()));
            proptest::prop_assert_eq!(cipher.open(&iv, &aad, &mut sealed), Ok(&plaintext[..]));
            proptest::prop_assert_eq!(text, plaintext);
        }
    }
}
