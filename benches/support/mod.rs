//! Makes sops files of any size, as sops would: tokens, MAC and metadata.
//!
//! Only benchmarks use it, and they insist that every file is verified.

#![allow(dead_code, reason = "each benchmark uses a part of it")]

use std::fmt::Write as _;

use aes_gcm::aead::Aead;
use aes_gcm::aead::consts::U32;
use aes_gcm::aead::generic_array::GenericArray;
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, KeyInit, aead::Payload};
use age::secrecy::ExposeSecret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha512};

const DATA_KEY: [u8; 32] = [7; 32];
const TIME: &str = "2026-01-31T12:00:00Z";

/// An age identity and the files made for it.
pub(crate) struct Writer {
    identity: age::x25519::Identity,
    cipher: AesGcm<Aes256, U32>,
    nonces: u64,
}

impl Writer {
    /// A writer with a fresh identity.
    pub(crate) fn new() -> Self {
        Self {
            identity: age::x25519::Identity::generate(),
            cipher: AesGcm::new(&DATA_KEY.into()),
            nonces: 0,
        }
    }

    /// The identity, as a key file holds it.
    pub(crate) fn identity(&self) -> String {
        self.identity.to_string().expose_secret().to_owned()
    }

    /// A Kubernetes Secret with that many encrypted values.
    pub(crate) fn secret(&mut self, values: usize) -> String {
        let mut text = "apiVersion: v1\nkind: Secret\nstringData:\n".to_owned();
        let mut hash = Sha512::new();
        hash.update("v1Secret");
        for at in 0..values {
            let (key, value) = (format!("KEY_{at}"), format!("value number {at:06} abcdef"));
            hash.update(&value);
            let token = self.token(&value, &format!("stringData:{key}:"));
            writeln!(text, "    {key}: {token}").expect("strings take all");
        }
        let mac: String = hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        let mac = self.token(&mac, TIME);
        let recipient = self.identity.to_public();
        let armor = age::encrypt_and_armor(&recipient, &DATA_KEY).expect("one recipient is enough");
        let armor = armor.replace('\n', "\n            ");
        write!(
            text,
            "sops:
    age:
        - recipient: {recipient}
          enc: |
            {}
    lastmodified: \"{TIME}\"
    mac: {mac}
    encrypted_regex: ^(data|stringData)$
    version: 3.13.3
",
            armor.trim_end()
        )
        .expect("strings take all");
        text
    }

    fn token(&mut self, value: &str, aad: &str) -> String {
        self.nonces += 1;
        let mut nonce = [0; 32];
        nonce[..8].copy_from_slice(&self.nonces.to_be_bytes());
        let payload = Payload {
            msg: value.as_bytes(),
            aad: aad.as_bytes(),
        };
        let sealed = self
            .cipher
            .encrypt(GenericArray::from_slice(&nonce), payload)
            .expect("short enough");
        let (data, tag) = sealed.split_at(sealed.len() - 16);
        let [data, iv, tag] = [data, &nonce, tag].map(|part| STANDARD.encode(part));
        format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:str]")
    }
}
