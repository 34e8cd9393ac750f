//! An age file as age writes it: a header that wraps the file's key, and what that key encrypts, in its
//! ASCII armor. After C2SP's specification of age, version 1.
//!
//! age's crate would add a stanza of noise to each header, and makes the key by itself, before anyone can
//! ask a plugin for many at once.

use age_core::format::Stanza;
use age_core::primitives::hkdf;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::NewFileKey;
use crate::random::{self, NoRandomness};

const VERSION: &str = "age-encryption.org/v1\n";
const HEADER: &str = "-----BEGIN AGE ENCRYPTED FILE-----\n";
const FOOTER: &str = "-----END AGE ENCRYPTED FILE-----\n";
/// The characters of base64 in a full line.
const COLUMNS: usize = 64;
/// The bytes that are encrypted at once.
const CHUNK: usize = 64 * 1024;

/// The age file of `secret` under `key`, in its armor. It ends in a line feed.
///
/// # Errors
/// [`NoRandomness`].
pub(super) fn write(
    key: &NewFileKey,
    stanzas: &[Stanza],
    secret: &[u8],
) -> Result<String, NoRandomness> {
    let mut file = header(key, stanzas).into_bytes();
    let nonce = random::key::<16>()?;
    file.extend_from_slice(nonce.expose());
    let payload_key = Zeroizing::new(hkdf(nonce.expose(), b"payload", key.expose()));
    encrypt(&payload_key, secret, &mut file);
    Ok(armor(&file))
}

fn header(key: &NewFileKey, stanzas: &[Stanza]) -> String {
    let mut header = VERSION.to_owned();
    for stanza in stanzas {
        header.push_str("-> ");
        header.push_str(&stanza.tag);
        for argument in &stanza.args {
            header.push(' ');
            header.push_str(argument);
        }
        header.push('\n');
        let body = BASE64_STANDARD_NO_PAD.encode(&stanza.body);
        push_lines(&mut header, &body);
        // Its last line is shorter than the others, if need be empty.
        if body.len().is_multiple_of(COLUMNS) {
            header.push('\n');
        }
    }
    header.push_str("---");
    let mac_key = Zeroizing::new(hkdf(&[], b"header", key.expose()));
    let mac = <Hmac<Sha256> as Mac>::new_from_slice(mac_key.as_ref());
    let mut mac = mac.expect("HMAC takes keys of any length");
    mac.update(header.as_bytes());
    header.push(' ');
    header.push_str(&BASE64_STANDARD_NO_PAD.encode(mac.finalize().into_bytes()));
    header.push('\n');
    header
}

/// Adds `secret` encrypted, in chunks that are counted, and of which the last one is marked.
fn encrypt(key: &[u8; 32], secret: &[u8], file: &mut Vec<u8>) {
    let cipher = ChaCha20Poly1305::new(key.into());
    let mut chunks = secret.chunks(CHUNK).peekable();
    let mut next = Some(chunks.next().unwrap_or_default());
    for counter in 0_u64.. {
        let Some(chunk) = next else { return };
        next = chunks.next();
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&counter.to_be_bytes());
        nonce[11] = u8::from(next.is_none());
        let sealed = cipher.encrypt(Nonce::from_slice(&nonce), chunk);
        file.extend(sealed.expect("a chunk is shorter than any limit of the cipher"));
    }
}

/// The armor around an age file; it ends in a line feed.
pub(super) fn armor(file: &[u8]) -> String {
    let body = BASE64_STANDARD.encode(file);
    let lines = body.len().div_ceil(COLUMNS);
    let mut text = String::with_capacity(HEADER.len() + body.len() + lines + FOOTER.len());
    text.push_str(HEADER);
    push_lines(&mut text, &body);
    text.push_str(FOOTER);
    text
}

/// Adds base64 in lines, each with its end.
fn push_lines(text: &mut String, base64: &str) {
    let mut rest = base64;
    while !rest.is_empty() {
        let (line, behind) = rest.split_at(rest.len().min(COLUMNS));
        text.push_str(line);
        text.push('\n');
        rest = behind;
    }
}
