//! Values and the MAC sealed as sops seals them: AES-256-GCM under the data key, a nonce of 32 random
//! bytes, and the keys that lead to the value as associated data; for the MAC, the time of the change.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroize;

use super::cipher::{Cipher, TooLong};
use super::data_key::DataKey;
use super::enc::{Decoded, Token, ValueType};
use super::go::Time;
use super::metadata::Metadata;
use super::verifier::{self, MAX_AUTHENTICATED};
use super::{Inspection, SopsFile};
use crate::random::{self, NoRandomness, Nonces};
use crate::secret::Secret;

/// Why a value was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotSealed {
    /// It does not open under the old data key.
    #[error("it does not open")]
    Shut,
    /// It, or all the keys that were authenticated, are longer than is taken here.
    #[error("it is too long")]
    TooLong,
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// Opens tokens under one data key and seals what they hold under another. The plaintext stands in the
/// place of its ciphertext for as long as that takes.
pub(crate) struct Renewal {
    old: Cipher,
    new: Cipher,
    nonces: Nonces,
    decoded: Decoded,
    /// How many bytes of keys were authenticated.
    authenticated: usize,
}

impl Renewal {
    /// From the data key `old` to `new`.
    pub(crate) fn new(old: &DataKey, new: &DataKey) -> Self {
        Self {
            old: Cipher::new(old.expose()),
            new: Cipher::new(new.expose()),
            nonces: Nonces::default(),
            decoded: Decoded::default(),
            authenticated: 0,
        }
    }

    /// A token that holds under the new key what `token` holds under the old one: the bytes of the
    /// plaintext and the type are the same. What is empty becomes empty text, as sops has it.
    ///
    /// # Errors
    /// [`NotSealed`].
    pub(crate) fn token(&mut self, token: &Token<'_>, aad: &[u8]) -> Result<String, NotSealed> {
        self.renew(token, aad, aad)
    }

    /// The MAC of a file, which says the same, made at another time; none where the file has none.
    ///
    /// # Errors
    /// [`NotSealed`].
    pub(crate) fn mac(
        &mut self,
        metadata: &Metadata<'_>,
        at: Time,
    ) -> Result<Option<String>, NotSealed> {
        let Some(mac) = &metadata.mac else {
            return Ok(None);
        };
        let token = Token::parse(&mac.value).ok_or(NotSealed::Shut)?;
        let then = metadata.last_modified.value.to_rfc3339();
        let renewed = self.renew(&token, then.as_bytes(), at.to_rfc3339().as_bytes());
        renewed.map(Some)
    }

    fn renew(
        &mut self,
        token: &Token<'_>,
        old_aad: &[u8],
        aad: &[u8],
    ) -> Result<String, NotSealed> {
        self.authenticated = self.authenticated.saturating_add(aad.len());
        if self.authenticated > MAX_AUTHENTICATED {
            return Err(NotSealed::TooLong);
        }
        let kind = token.value_type().ok_or(NotSealed::Shut)?;
        token
            .decode(&mut self.decoded)
            .map_err(|_| NotSealed::Shut)?;
        let Decoded { iv, sealed } = &mut self.decoded;
        let opened = self.old.open(iv, old_aad, sealed);
        let length = opened.map_err(|_| NotSealed::Shut)?.len();
        let text = sealed.get_mut(..length).unwrap_or_default();
        seal(&self.new, self.nonces.next()?, aad, text, kind)
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        self.decoded.sealed.zeroize();
    }
}

/// The MAC that a file should have as it stands: of all its values, in whatever state its own MAC is.
pub(crate) struct Mac(Secret<Vec<u8>>);

impl Mac {
    /// Opens all values of `file` and computes it.
    ///
    /// # Errors
    /// What was found, where that is more than the MAC: a value that does not open, or anything else
    /// for which sops would refuse the file.
    pub(crate) fn of(file: &SopsFile<'_>, key: &DataKey) -> Result<Self, Box<Inspection>> {
        let digits = verifier::mac_of(file, key)?;
        Ok(Self(Secret::new(digits)))
    }

    /// Seals it as of this time.
    ///
    /// # Errors
    /// [`NotSealed`].
    pub(crate) fn seal(mut self, key: &DataKey, at: Time) -> Result<String, NotSealed> {
        let (cipher, aad) = (Cipher::new(key.expose()), at.to_rfc3339());
        let mut nonce = [0; 32];
        random::fill(&mut nonce)?;
        let digits = self.0.expose_mut();
        seal(&cipher, nonce, aad.as_bytes(), digits, ValueType::Str)
    }
}

/// Seals a plaintext in place and spells it as a token.
fn seal(
    cipher: &Cipher,
    nonce: [u8; 32],
    aad: &[u8],
    text: &mut [u8],
    kind: ValueType,
) -> Result<String, NotSealed> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let tag = cipher.seal(&nonce, aad, text);
    let tag = tag.map_err(|TooLong| NotSealed::TooLong)?;
    let (data, iv) = (STANDARD.encode(text), STANDARD.encode(nonce));
    let (tag, kind) = (STANDARD.encode(tag), kind.name());
    Ok(format!(
        "ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:{kind}]"
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_renewed_token_holds_the_same_under_the_new_key_only(
            text in proptest::collection::vec(any::<u8>(), 1..80),
            aad: Vec<u8>,
            kind in 0..7_usize,
        ) {
            const KINDS: [ValueType; 7] = [
                ValueType::Str, ValueType::Int, ValueType::Float, ValueType::Bool, ValueType::Time,
                ValueType::Comment, ValueType::Bytes,
            ];
            let (one, another) = (DataKey::generate().unwrap(), DataKey::generate().unwrap());
            let cipher = Cipher::new(one.expose());
            let old = seal(&cipher, [7; 32], &aad, &mut text.clone(), KINDS[kind]).unwrap();
            let token = Token::parse(old.as_bytes()).unwrap();
            let mut renewal = Renewal::new(&one, &another);
            let new = renewal.token(&token, &aad).unwrap();
            let token = Token::parse(new.as_bytes()).unwrap();
            prop_assert_eq!(token.len(), new.len());
            prop_assert_eq!(token.value_type(), Some(KINDS[kind]));
            let mut decoded = Decoded::default();
            token.decode(&mut decoded).unwrap();
            let Decoded { iv, sealed } = &mut decoded;
            prop_assert!(cipher.open(iv, &aad, &mut sealed.clone()).is_err());
            let opened = Cipher::new(another.expose()).open(iv, &aad, sealed);
            prop_assert_eq!(opened, Ok(&text[..]));
            prop_assert_eq!(renewal.token(&token, &aad), Err(NotSealed::Shut));
        }
    }
}
