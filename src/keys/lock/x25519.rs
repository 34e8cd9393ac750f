//! Locking for `age1…`: the stanza `X25519`.

use age_core::format::Stanza;
use age_core::primitives::{aead_encrypt, hkdf};
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::{LockError, NewFileKey};
use crate::keys::bech32;
use crate::keys::recipient::Recipient;
use crate::random;

const STANZA: &str = "X25519";
const LABEL: &[u8] = b"age-encryption.org/v1/X25519";

/// The stanza that gives `recipient` the key of a file.
///
/// # Errors
/// [`LockError`].
pub(super) fn wrap(recipient: &Recipient, key: &NewFileKey) -> Result<Stanza, LockError> {
    let public = parse(recipient.as_str())
        .ok_or_else(|| recipient.unsupported("recipients of its kind".to_owned()))?;
    let ephemeral = StaticSecret::from(*random::key()?.expose());
    let point = PublicKey::from(&ephemeral);
    let shared = ephemeral.diffie_hellman(&PublicKey::from(public));
    if !shared.was_contributory() {
        return Err(LockError::Weak);
    }
    let salt = [*point.as_bytes(), public].concat();
    let wrapping = Zeroizing::new(hkdf(&salt, LABEL, shared.as_bytes()));
    Ok(Stanza {
        tag: STANZA.to_owned(),
        args: vec![BASE64_STANDARD_NO_PAD.encode(point.as_bytes())],
        body: aead_encrypt(&wrapping, key.expose()),
    })
}

fn parse(text: &str) -> Option<[u8; 32]> {
    let (prefix, data) = bech32::parse(text)?;
    let data = data.expose().as_slice().try_into().ok()?;
    (prefix == "age").then_some(data)
}
