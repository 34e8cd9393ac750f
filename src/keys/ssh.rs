//! SSH keys: `ssh-ed25519` and `ssh-rsa` stanzas, which private keys open and public keys make.
//!
//! age's own crate reads and uses the keys. What stands around them is here: finding the key in a
//! text as leniently as Go finds it, PKCS #8 keys, which that crate does not read, the public name, and
//! the checks of stanzas in which Go is stricter.

use age::DecryptError;
use age::secrecy::SecretString;
use age::ssh::{EncryptedKey, ParseRecipientKeyError, UnsupportedKey};
use age_core::format::{FileKey, Stanza};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::traits::IsIdentity;
use curve25519_dalek::{EdwardsPoint, MontgomeryPoint};
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use super::lock::{LockError, NewFileKey};
use super::pem::{self, Block};
use super::recipient::Recipient;

/// What a text holds that begins like an SSH private key.
pub(super) enum Key {
    /// A key that is ready to be used.
    Open(Identity),
    /// A key that asks for a passphrase.
    Locked(Locked),
}

/// A private key.
pub(super) struct Identity {
    key: age::ssh::Identity,
    recipient: String,
}

/// A private key under a passphrase. Its public half is known.
pub(super) struct Locked {
    key: EncryptedKey,
    recipient: String,
    tag: String,
}

/// Why a text is no key that could be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Neither sops nor anyone else reads it.
    Damaged,
    /// sops reads it, and it is not read here; it is named.
    Unsupported(&'static str),
}

const RSA: &str = "ssh-rsa";
const ED25519: &str = "ssh-ed25519";
/// The longest RSA modulus that is read, as SSH spells it: 4,096 bits and a zero.
const MAX_MODULUS: usize = 513;
const OLD_ENCRYPTION: &str =
    "SSH keys in PEM's old encryption (`ssh-keygen -p -o -f FILE` rewrites one)";
const LARGE_RSA: &str = "RSA keys of more than 4096 bits";

/// Reads the first private key in `text`.
///
/// # Errors
/// [`Fault`].
pub(super) fn read(text: &[u8]) -> Result<Key, Fault> {
    let block = pem::find(text).ok_or(Fault::Damaged)?;
    if block.is_encrypted {
        return Err(Fault::Unsupported(OLD_ENCRYPTION));
    }
    match block.label.as_str() {
        pem::OPENSSH => read_openssh(&block),
        pem::PKCS1 => read_block(&block, || Fault::Damaged),
        pem::PKCS8 => read_pkcs8(&block),
        _ => Err(Fault::Damaged),
    }
}

fn read_openssh(block: &Block) -> Result<Key, Fault> {
    read_block(block, || match public_half(&block.bytes) {
        Some(public) if is_large_rsa(public) => Fault::Unsupported(LARGE_RSA),
        _ => Fault::Damaged,
    })
}

fn read_block(block: &Block, fault: impl Fn() -> Fault) -> Result<Key, Fault> {
    let text = pem::write(block);
    let key = age::ssh::Identity::from_buffer(text.as_bytes(), None).map_err(|_| fault())?;
    let recipient = match &key {
        age::ssh::Identity::Unsupported(UnsupportedKey::EncryptedSsh(_)) => {
            return Err(Fault::Unsupported("the cipher of an SSH key"));
        }
        age::ssh::Identity::Unsupported(_) => return Err(Fault::Damaged),
        _ => age::ssh::Recipient::try_from(key.clone()).map_err(|_| fault())?,
    };
    let recipient = recipient.to_string();
    Ok(match key {
        age::ssh::Identity::Encrypted(key) => {
            let tag = tag(&recipient).ok_or(Fault::Damaged)?;
            Key::Locked(Locked {
                key,
                recipient,
                tag,
            })
        }
        key => Key::Open(Identity { key, recipient }),
    })
}

fn read_pkcs8(block: &Block) -> Result<Key, Fault> {
    match pem::of_pkcs8(&block.bytes) {
        Some(pem::Pkcs8::Rsa(key)) => {
            let label = pem::PKCS1.to_owned();
            let inner = Block::new(label, key);
            read_block(&inner, || Fault::Damaged)
        }
        Some(pem::Pkcs8::Ed25519(seed)) => {
            let scalar = Zeroizing::new(Sha512::digest(*seed));
            let mut half = Zeroizing::new([0; 32]);
            half.iter_mut()
                .zip(scalar.iter())
                .for_each(|(to, from)| *to = *from);
            let public = EdwardsPoint::mul_base_clamped(*half).compress().to_bytes();
            let inner = Block::new(pem::OPENSSH.to_owned(), pem::openssh(&seed, &public));
            read_block(&inner, || Fault::Damaged)
        }
        None => Err(Fault::Damaged),
    }
}

impl Identity {
    /// `ssh-ed25519 …` or `ssh-rsa …`, without a comment.
    pub(super) fn recipient(&self) -> &str {
        &self.recipient
    }
}

impl age::Identity for Identity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        let is_ours = self.recipient.split(' ').next() == Some(stanza.tag.as_str());
        if is_ours && !is_well_formed(stanza) {
            return Some(Err(DecryptError::InvalidHeader));
        }
        let opened = self.key.unwrap_stanza(stanza);
        // As in Go: nothing else is tried on a stanza that is for this key and does not open.
        match opened {
            None if is_ours && stanza.args.first() == tag(&self.recipient).as_ref() => {
                Some(Err(DecryptError::DecryptionFailed))
            }
            opened => opened,
        }
    }
}

/// Whether Go's age does not stop at a stanza for a key of its kind.
fn is_well_formed(stanza: &Stanza) -> bool {
    match (stanza.tag.as_str(), stanza.args.as_slice()) {
        (RSA, [_]) => true,
        (ED25519, [_, point]) => {
            let point = BASE64_STANDARD_NO_PAD.decode(point);
            let point: Option<[u8; 32]> = point.ok().and_then(|bytes| bytes.try_into().ok());
            // A point of low order leads to the same secret for everyone.
            point.is_some_and(|point| !MontgomeryPoint(point).mul_clamped([0; 32]).is_identity())
        }
        _ => false,
    }
}

impl Locked {
    /// `ssh-ed25519 …` or `ssh-rsa …`, without a comment.
    pub(super) fn recipient(&self) -> &str {
        &self.recipient
    }

    /// Whether a stanza with this tag and first argument is for this key.
    pub(super) fn fits(&self, kind: &str, tag: &str) -> bool {
        tag == self.tag && self.recipient.split(' ').next() == Some(kind)
    }

    /// The key; `None` where the passphrase is another.
    pub(super) fn open(&self, passphrase: &str) -> Option<Identity> {
        let key = self.key.decrypt(SecretString::from(passphrase)).ok()?;
        let key = age::ssh::Identity::from(key);
        let recipient = age::ssh::Recipient::try_from(key.clone()).ok()?.to_string();
        (recipient == self.recipient).then_some(Identity { key, recipient })
    }
}

/// The stanza that gives `recipient` the key of a file.
///
/// # Errors
/// [`LockError`].
pub(super) fn wrap(recipient: &Recipient, key: &NewFileKey) -> Result<Stanza, LockError> {
    use age::Recipient as _;
    if let Some(flaw) = recipient.flaw() {
        return Err(LockError::Flawed(flaw));
    }
    let text = recipient.canonical();
    if is_small_order(&text) {
        return Err(LockError::Weak);
    }
    let unsupported = |what: &str| LockError::Unsupported(what.to_owned());
    let public: age::ssh::Recipient = text.parse().map_err(|error| match error {
        ParseRecipientKeyError::RsaModulusTooLarge => unsupported(LARGE_RSA),
        _ => unsupported("SSH keys like this"),
    })?;
    let key = FileKey::init_with_mut(|copy| copy.copy_from_slice(key.expose()));
    let wrapped = public.wrap_file_key(&key);
    let (stanzas, _) = wrapped.map_err(|_| unsupported("SSH keys like this"))?;
    let mut stanzas = stanzas.into_iter();
    stanzas
        .next()
        .ok_or_else(|| unsupported("SSH keys like this"))
}

/// Whether it is an ed25519 key that leads to the same secret for everyone.
fn is_small_order(recipient: &str) -> bool {
    let mut words = recipient.split(' ');
    let (kind, public) = (words.next(), words.next().unwrap_or_default());
    let blob = BASE64_STANDARD.decode(public).unwrap_or_default();
    let point = blob.last_chunk().copied().map(CompressedEdwardsY);
    let point = point.and_then(|point| point.decompress());
    kind == Some(ED25519) && point.is_some_and(|point| point.is_small_order())
}

/// What a stanza calls a key by: the beginning of a hash of its public half.
fn tag(recipient: &str) -> Option<String> {
    let public = recipient.split(' ').nth(1)?;
    let public = BASE64_STANDARD.decode(public).ok()?;
    let hash = Sha256::digest(public);
    Some(BASE64_STANDARD_NO_PAD.encode(hash.get(..4)?))
}

/// The public half in the clear part of OpenSSH's own format.
fn public_half(key: &[u8]) -> Option<&[u8]> {
    let rest = key.strip_prefix(b"openssh-key-v1\0")?;
    let (_cipher, rest) = string(rest)?;
    let (_derivation, rest) = string(rest)?;
    let (_options, rest) = string(rest)?;
    let (public, _) = string(rest.get(4..)?)?;
    Some(public)
}

fn is_large_rsa(public: &[u8]) -> bool {
    let modulus = || {
        let (kind, rest) = string(public)?;
        let (_exponent, rest) = string(rest)?;
        let (modulus, _) = string(rest)?;
        (kind == RSA.as_bytes()).then_some(modulus)
    };
    modulus().is_some_and(|modulus| modulus.len() > MAX_MODULUS)
}

/// SSH's `string`: four bytes of length, then so many bytes; and what is behind it.
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pem(label: &str, bytes: &[u8]) -> String {
        let bytes = Zeroizing::new(bytes.to_vec());
        pem::write(&Block::new(label.to_owned(), bytes)).to_string()
    }

    fn fault(text: &str) -> Option<Fault> {
        read(text.as_bytes()).err()
    }

    #[test]
    fn a_stanza_for_a_key_that_does_not_open_ends_the_search() {
        use age::Identity as _;
        let key = pem(pem::OPENSSH, &pem::openssh(&[7; 32], &public(&[7; 32])));
        let Ok(Key::Open(key)) = read(key.as_bytes()) else {
            panic!("a key");
        };
        let point = BASE64_STANDARD_NO_PAD.encode(public(&[9; 32]));
        let stanza = |tag: String| Stanza {
            tag: ED25519.to_owned(),
            args: vec![tag, point.clone()],
            body: vec![0; 32],
        };
        let own = tag(&key.recipient).unwrap();
        assert!(matches!(key.unwrap_stanza(&stanza(own)), Some(Err(_))));
        assert!(key.unwrap_stanza(&stanza("AAAAAA".to_owned())).is_none());
    }

    #[test]
    fn keys_are_found_as_leniently_as_go_finds_them() {
        let key = pem(pem::OPENSSH, &pem::openssh(&[7; 32], &public(&[7; 32])));
        let loose = key.replace('\n', " \r\n");
        for text in [
            key.clone(),
            loose.clone(),
            format!("Somebody's key\n{key}"),
            format!("\n\n{key}\nmore"),
            key.trim_end().to_owned(),
        ] {
            let read = read(text.as_bytes());
            assert!(matches!(read, Ok(Key::Open(_))), "{text}");
        }
    }

    fn public(seed: &[u8; 32]) -> [u8; 32] {
        let hash = Sha512::digest(seed);
        let half: [u8; 32] = hash[..32].try_into().unwrap();
        EdwardsPoint::mul_base_clamped(half).compress().to_bytes()
    }

    #[test]
    fn what_cannot_be_read_is_told_apart_from_what_is_not_supported() {
        let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
                   DEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
        assert_eq!(fault(old), Some(Fault::Unsupported(OLD_ENCRYPTION)));
        let string = |bytes: &[u8]| {
            let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
            [&length[..], bytes].concat()
        };
        let public = |bytes| {
            let modulus = vec![1; bytes];
            [string(RSA.as_bytes()), string(&[3]), string(&modulus)].concat()
        };
        let openssh = |public: &[u8]| {
            let none = string(b"none");
            let head = [&b"openssh-key-v1\0"[..], &none, &none, &string(b"")].concat();
            let key = [&head[..], &[0, 0, 0, 1], &string(public), &string(b"")].concat();
            pem(pem::OPENSSH, &key)
        };
        let large = Some(Fault::Unsupported(LARGE_RSA));
        assert_eq!(fault(&openssh(&public(1025))), large);
        for damaged in [
            "",
            "hunter2",
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            "-----BEGIN OPENSSH PRIVATE KEY-----\n!\n-----END OPENSSH PRIVATE KEY-----",
            &openssh(&public(256)),
            &pem("EC PRIVATE KEY", &[0x30, 0]),
            &pem(pem::PKCS1, b"0"),
            &pem(pem::PKCS8, &[0x30, 0x83, 0xff, 0xff, 0xff]),
            &pem(pem::PKCS8, &[0x30, 0x84]),
        ] {
            assert_eq!(fault(damaged), Some(Fault::Damaged), "{damaged}");
        }
    }
}
