//! Classic keys: `AGE-SECRET-KEY-1…`, which opens `X25519` stanzas, and `age1…`, for which they are made.
//!
//! age's own identity makes its public key anew for every stanza, a fifth of the work. This one makes it once.

use std::sync::OnceLock;

use age::DecryptError;
use age::secrecy::ExposeSecret;
use age_core::format::{FILE_KEY_BYTES, FileKey, Stanza};
use age_core::primitives::{aead_decrypt, aead_encrypt, hkdf};
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use x25519_dalek::{PublicKey, SharedSecret, StaticSecret};
use zeroize::Zeroizing;

use super::bech32;
use super::lock::{LockError, NewFileKey};
use super::recipient::Recipient;
use super::shared::shared_with;
use crate::random;

/// An identity. Its public half is made when it is needed first: that takes a good part of opening a file.
pub(super) struct Identity {
    secret: StaticSecret,
    public: OnceLock<PublicKey>,
    recipient: OnceLock<String>,
}

const RECIPIENT_PREFIX: &str = "age";
const STANZA: &str = "X25519";
const LABEL: &[u8] = b"age-encryption.org/v1/X25519";
const TAG_LEN: usize = 16;

impl Identity {
    /// Reads `AGE-SECRET-KEY-1…`, as age does.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let key: age::x25519::Identity = text.parse().ok()?;
        let key = key.to_string();
        let (_, data) = bech32::parse(key.expose_secret())?;
        let bytes: &[u8; 32] = data.expose().as_slice().try_into().ok()?;
        Some(Self {
            secret: StaticSecret::from(*bytes),
            public: OnceLock::new(),
            recipient: OnceLock::new(),
        })
    }

    /// `age1…`.
    pub(super) fn recipient(&self) -> &str {
        self.recipient
            .get_or_init(|| bech32::encode(RECIPIENT_PREFIX, self.public().as_bytes()))
    }

    fn public(&self) -> &PublicKey {
        self.public.get_or_init(|| PublicKey::from(&self.secret))
    }
}

impl age::Identity for Identity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        if stanza.tag != STANZA {
            return None;
        }
        let Some((point, shared)) = self.shared(stanza) else {
            return Some(Err(DecryptError::InvalidHeader));
        };
        let wrapping = wrapping_key(&point, self.public(), shared.as_bytes());
        let opened = aead_decrypt(&wrapping, FILE_KEY_BYTES, &stanza.body).ok()?;
        let opened = Zeroizing::new(opened);
        let opened: &[u8; FILE_KEY_BYTES] = opened.as_slice().try_into().ok()?;
        Some(Ok(FileKey::init_with_mut(|key| *key = *opened)))
    }
}

impl Identity {
    /// The point that a stanza names, and the secret that is shared with whoever made it; none where the stanza
    /// is not what age takes.
    fn shared(&self, stanza: &Stanza) -> Option<(PublicKey, SharedSecret)> {
        let [point] = stanza.args.as_slice() else {
            return None;
        };
        if stanza.body.len() != FILE_KEY_BYTES + TAG_LEN {
            return None;
        }
        let point: [u8; 32] = BASE64_STANDARD_NO_PAD.decode(point).ok()?.try_into().ok()?;
        let point = PublicKey::from(point);
        let shared = self.secret.diffie_hellman(&point);
        shared.was_contributory().then_some((point, shared))
    }
}

/// The stanza that gives `recipient` the key of a file.
///
/// # Errors
/// [`LockError`].
pub(super) fn wrap(recipient: &Recipient, key: &NewFileKey) -> Result<Stanza, LockError> {
    let public = point_of(recipient.as_str())
        .ok_or_else(|| recipient.unsupported("recipients of its kind".to_owned()))?;
    let ephemeral = StaticSecret::from(*random::key()?.expose());
    let point = PublicKey::from(&ephemeral);
    let shared = shared_with(&ephemeral, &public).ok_or(LockError::Weak)?;
    let wrapping = wrapping_key(&point, &public, &shared);
    Ok(Stanza {
        tag: STANZA.to_owned(),
        args: vec![BASE64_STANDARD_NO_PAD.encode(point.as_bytes())],
        body: aead_encrypt(&wrapping, key.expose()),
    })
}

fn point_of(recipient: &str) -> Option<PublicKey> {
    let (prefix, data) = bech32::parse(recipient)?;
    let data: [u8; 32] = data.expose().as_slice().try_into().ok()?;
    (prefix == RECIPIENT_PREFIX).then(|| data.into())
}

/// The key that encrypts the key of a file.
fn wrapping_key(
    point: &PublicKey,
    recipient: &PublicKey,
    shared: &[u8; 32],
) -> Zeroizing<[u8; 32]> {
    let salt = [*point.as_bytes(), *recipient.as_bytes()].concat();
    Zeroizing::new(hkdf(&salt, LABEL, shared))
}

#[cfg(test)]
mod tests {
    use age::Identity as _;

    use super::*;

    fn pair() -> (age::x25519::Identity, Identity) {
        let of_age = age::x25519::Identity::generate();
        let ours = Identity::parse(of_age.to_string().expose_secret()).unwrap();
        (of_age, ours)
    }

    #[test]
    fn opens_what_ages_own_identity_opens_and_nothing_else() {
        let ((of_age, ours), (_, another)) = (pair(), pair());
        assert_eq!(ours.recipient(), of_age.to_public().to_string());
        let recipient = Recipient::parse(ours.recipient());
        let key: NewFileKey = random::key().unwrap();
        let stanza = wrap(&recipient, &key).unwrap();
        let opened = ours.unwrap_stanza(&stanza).unwrap().unwrap();
        assert_eq!(opened.expose_secret(), key.expose());
        let of_age = of_age.unwrap_stanza(&stanza).unwrap().unwrap();
        assert_eq!(of_age.expose_secret(), key.expose());
        assert!(another.unwrap_stanza(&stanza).is_none());
    }

    #[test]
    fn refuses_the_stanzas_that_age_refuses() {
        let (of_age, ours) = pair();
        let recipient = Recipient::parse(ours.recipient());
        let sound = wrap(&recipient, &random::key().unwrap()).unwrap();
        let changed = |change: &dyn Fn(&mut Stanza)| {
            let mut stanza = wrap(&recipient, &random::key().unwrap()).unwrap();
            change(&mut stanza);
            stanza
        };
        let point = sound.args.clone();
        let stanzas = [
            changed(&|stanza| stanza.tag = "scrypt".to_owned()),
            changed(&|stanza| stanza.args.clear()),
            changed(&|stanza| stanza.args.push("more".to_owned())),
            changed(&|stanza| stanza.args = vec![BASE64_STANDARD_NO_PAD.encode([0; 32])]),
            changed(&|stanza| stanza.args = vec![BASE64_STANDARD_NO_PAD.encode([9; 31])]),
            changed(&|stanza| stanza.args = vec![format!("{}=", stanza.args[0])]),
            changed(&|stanza| stanza.args.clone_from(&point)),
            changed(&|stanza| stanza.body.push(0)),
            changed(&|stanza| stanza.body.clear()),
            changed(&|stanza| stanza.body[0] ^= 1),
        ];
        for stanza in &stanzas {
            let told = |opened: Option<Result<FileKey, DecryptError>>| {
                opened.map(|opened| opened.map_err(|error| error.to_string()).err())
            };
            let (ours, of_age) = (ours.unwrap_stanza(stanza), of_age.unwrap_stanza(stanza));
            assert!(!matches!(ours, Some(Ok(_))), "{stanza:?}");
            assert_eq!(told(ours), told(of_age), "{stanza:?}");
        }
    }
}
