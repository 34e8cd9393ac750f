//! Post-quantum keys: `AGE-SECRET-KEY-PQ-1…`, which opens `mlkem768x25519` stanzas, and `age1pq1…`, for
//! which they are made.
//!
//! The stanza is HPKE in its base mode (RFC 9180) with the hybrid of ML-KEM-768 and X25519 that
//! draft-ietf-hpke-pq names MLKEM768-X25519, HKDF-SHA256 and ChaCha20-Poly1305. The crates that do
//! this in one go build on another generation of `kem` than age does; so the two halves are put
//! together here, of parts that are in age's tree already.

use std::sync::OnceLock;

use age::DecryptError;
use age_core::format::{FILE_KEY_BYTES, FileKey, Stanza};
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use hkdf::Hkdf;
use ml_kem::kem::Decapsulate;
use ml_kem::{Ciphertext, EncapsulateDeterministic, Encoded, EncodedSizeUser, KemCore, MlKem768};
use sha2::Sha256;
use sha3::digest::{ExtendableOutput, Update, XofReader};
use sha3::{Digest, Sha3_256, Shake256};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::bech32;
use super::flaw;
use super::lock::{LockError, NewFileKey};
use super::recipient::Recipient;
use crate::random;
use crate::secret::Secret;

/// An identity. Its halves are derived when they are needed first.
pub(super) struct Identity {
    seed: Secret<[u8; 32]>,
    keys: OnceLock<Keys>,
    recipient: OnceLock<String>,
}

/// The two private keys, and the bytes of the public ones.
struct Keys {
    lattice: Box<<MlKem768 as KemCore>::DecapsulationKey>,
    curve: StaticSecret,
    curve_public: [u8; 32],
    lattice_public: Vec<u8>,
}

type EncapsulationKey = <MlKem768 as KemCore>::EncapsulationKey;

const PREFIX: &str = "AGE-SECRET-KEY-PQ-";
const RECIPIENT_PREFIX: &str = "age1pq";
const STANZA: &str = "mlkem768x25519";
const INFO: &[u8] = b"age-encryption.org/mlkem768x25519";
/// The bytes of an ML-KEM-768 ciphertext, before those of a point.
const LATTICE_LEN: usize = 1088;
const POINT_LEN: usize = 32;
const TAG_LEN: usize = 16;
/// `HPKE`, and the numbers of the KEM, the KDF and the AEAD.
const SUITE: &[u8] = b"HPKE\x64\x7a\x00\x01\x00\x03";
/// Separates this combination of two secrets from all others: a picture of an X wing.
const COMBINER: &[u8] = b"\\.//^\\";

impl Identity {
    /// Reads `AGE-SECRET-KEY-PQ-1…`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (prefix, data) = bech32::parse(text)?;
        if prefix != PREFIX || data.expose().len() != 32 {
            return None;
        }
        let mut seed = Secret::new([0; 32]);
        seed.expose_mut().copy_from_slice(data.expose());
        Some(Self {
            seed,
            keys: OnceLock::new(),
            recipient: OnceLock::new(),
        })
    }

    /// `age1pq1…`, about 2,000 characters.
    pub(super) fn recipient(&self) -> &str {
        self.recipient.get_or_init(|| {
            let keys = self.keys();
            let both = [&keys.lattice_public[..], &keys.curve_public].concat();
            bech32::encode(RECIPIENT_PREFIX, &both)
        })
    }

    fn keys(&self) -> &Keys {
        self.keys.get_or_init(|| Keys::derive(self.seed.expose()))
    }
}

/// Whether a recipient may be that of a post-quantum identity.
pub(super) fn is_recipient(text: &str) -> bool {
    text.starts_with(RECIPIENT_PREFIX)
}

impl age::Identity for Identity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        if stanza.tag != STANZA {
            return None;
        }
        let [encapsulated] = stanza.args.as_slice() else {
            return Some(Err(DecryptError::InvalidHeader));
        };
        let encapsulated = BASE64_STANDARD_NO_PAD.decode(encapsulated);
        let shared = encapsulated.map(|bytes| self.keys().shared_secret(&bytes));
        let Ok(Some(shared)) = shared else {
            return Some(Err(DecryptError::InvalidHeader));
        };
        if stanza.body.len() != FILE_KEY_BYTES + TAG_LEN {
            return Some(Err(DecryptError::InvalidHeader));
        }
        let opened = open(&shared, &stanza.body)?;
        let opened: &[u8; FILE_KEY_BYTES] = opened.as_slice().try_into().ok()?;
        Some(Ok(FileKey::init_with_mut(|key| *key = *opened)))
    }
}

impl Keys {
    fn derive(seed: &[u8; 32]) -> Self {
        let mut expanded = Zeroizing::new([0; 96]);
        let mut hash = Shake256::default();
        hash.update(seed);
        hash.finalize_xof().read(expanded.as_mut());
        let part = |at: usize| {
            let mut part = Zeroizing::new([0; 32]);
            part.iter_mut()
                .zip(expanded.iter().skip(at))
                .for_each(|(to, from)| *to = *from);
            part
        };
        let (d, z, scalar) = (part(0), part(32), part(64));
        let (lattice, public) = MlKem768::generate_deterministic(&(*d).into(), &(*z).into());
        let curve = StaticSecret::from(*scalar);
        Self {
            curve_public: PublicKey::from(&curve).to_bytes(),
            curve,
            lattice: Box::new(lattice),
            lattice_public: public.as_bytes().to_vec(),
        }
    }

    /// What both halves of the encapsulated key lead to; `None` where it is none at all. Another
    /// key's leads to a secret that opens nothing.
    fn shared_secret(&self, encapsulated: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        let (lattice, point) = encapsulated.split_at_checked(LATTICE_LEN)?;
        let point: [u8; POINT_LEN] = point.try_into().ok()?;
        let lattice: Ciphertext<MlKem768> = lattice.try_into().ok()?;
        let from_lattice = self.lattice.decapsulate(&lattice).ok()?;
        let from_curve = self.curve.diffie_hellman(&PublicKey::from(point));
        if !from_curve.was_contributory() {
            return None;
        }
        let points = [&point, &self.curve_public];
        Some(combine(&from_lattice, from_curve.as_bytes(), points))
    }
}

/// The stanza that gives `recipient` the key of a file.
///
/// # Errors
/// [`LockError`].
pub(super) fn wrap(recipient: &Recipient, key: &NewFileKey) -> Result<Stanza, LockError> {
    let unsupported = || recipient.unsupported("post-quantum recipients like this".to_owned());
    let (lattice, public) = public_halves(recipient.as_str()).ok_or_else(unsupported)?;
    let seed = random::key::<32>()?;
    let encapsulated = lattice.encapsulate_deterministic(&(*seed.expose()).into());
    let (encapsulated, from_lattice) = encapsulated.map_err(|()| unsupported())?;
    let from_lattice = Secret::<[u8; 32]>::new(from_lattice.into());
    let ephemeral = StaticSecret::from(*random::key()?.expose());
    let point = PublicKey::from(&ephemeral);
    let from_curve = ephemeral.diffie_hellman(&PublicKey::from(public));
    if !from_curve.was_contributory() {
        return Err(LockError::Weak);
    }
    let points = [point.as_bytes(), &public];
    let shared = combine(from_lattice.expose(), from_curve.as_bytes(), points);
    let body = seal(&shared, key.expose()).ok_or_else(unsupported)?;
    let encapsulated = [encapsulated.as_slice(), point.as_bytes()].concat();
    Ok(Stanza {
        tag: STANZA.to_owned(),
        args: vec![BASE64_STANDARD_NO_PAD.encode(encapsulated)],
        body,
    })
}

/// The two public keys of `age1pq1…`.
fn public_halves(text: &str) -> Option<(Box<EncapsulationKey>, [u8; POINT_LEN])> {
    let (prefix, data) = bech32::parse(text)?;
    let data = data.expose();
    if prefix != RECIPIENT_PREFIX || !flaw::is_post_quantum(data) {
        return None;
    }
    let (lattice, point) = data.split_at_checked(data.len() - POINT_LEN)?;
    let lattice: &Encoded<EncapsulationKey> = lattice.try_into().ok()?;
    let lattice = Box::new(EncapsulationKey::from_bytes(lattice));
    Some((lattice, point.try_into().ok()?))
}

/// What two shared secrets lead to together, for the points of the sender and of the recipient.
fn combine(
    from_lattice: &[u8],
    from_curve: &[u8; 32],
    points: [&[u8; POINT_LEN]; 2],
) -> Zeroizing<[u8; 32]> {
    let mut hash = Sha3_256::new();
    Digest::update(&mut hash, from_lattice);
    Digest::update(&mut hash, from_curve);
    for point in points {
        Digest::update(&mut hash, point);
    }
    Digest::update(&mut hash, COMBINER);
    Zeroizing::new(hash.finalize().into())
}

/// Opens the one message of an HPKE exchange in base mode; `None` where the secret is another's.
fn open(shared: &[u8; 32], message: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (cipher, nonce) = cipher(shared)?;
    let opened = cipher.decrypt(Nonce::from_slice(&nonce), message).ok()?;
    Some(Zeroizing::new(opened))
}

/// Seals the one message of such an exchange; `None` never happens.
fn seal(shared: &[u8; 32], message: &[u8]) -> Option<Vec<u8>> {
    let (cipher, nonce) = cipher(shared)?;
    cipher.encrypt(Nonce::from_slice(&nonce), message).ok()
}

/// HPKE's key schedule in base mode, up to the first message; `None` never happens.
fn cipher(shared: &[u8; 32]) -> Option<(ChaCha20Poly1305, [u8; 12])> {
    let (psk, _) = extract(b"", b"psk_id_hash", b"");
    let (info, _) = extract(b"", b"info_hash", INFO);
    let context = [&b"\0"[..], &psk, &info].concat();
    let (_, secret) = extract(shared, b"secret", b"");
    let mut key = Zeroizing::new([0; 32]);
    let mut nonce = [0; 12];
    expand(&secret, b"key", &context, key.as_mut())?;
    expand(&secret, b"base_nonce", &context, &mut nonce)?;
    let cipher = ChaCha20Poly1305::new(Key::from_slice(key.as_ref()));
    Some((cipher, nonce))
}

/// RFC 9180's `LabeledExtract`.
fn extract(salt: &[u8], label: &[u8], secret: &[u8]) -> (Zeroizing<Vec<u8>>, Hkdf<Sha256>) {
    let labeled = Zeroizing::new([&b"HPKE-v1"[..], SUITE, label, secret].concat());
    let (hash, key) = Hkdf::extract(Some(salt), &labeled);
    (Zeroizing::new(hash.to_vec()), key)
}

/// RFC 9180's `LabeledExpand`; `None` where more is asked for than there is, which it never is.
fn expand(key: &Hkdf<Sha256>, label: &[u8], info: &[u8], out: &mut [u8]) -> Option<()> {
    let length = u16::try_from(out.len()).ok()?.to_be_bytes();
    let labeled = [&length[..], b"HPKE-v1", SUITE, label, info].concat();
    key.expand(&labeled, out).ok()
}
