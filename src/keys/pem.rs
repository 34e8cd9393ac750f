//! Private keys in PEM: finding the first one in a text as Go finds it, and writing it in the one
//! spelling that age's crate reads.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

/// What stands between two lines of dashes.
pub(super) struct Block {
    pub(super) label: String,
    /// Whether its headers say that the bytes are encrypted.
    pub(super) is_encrypted: bool,
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

/// A private key inside PKCS #8.
pub(super) enum Pkcs8 {
    /// In PKCS #1.
    Rsa(Zeroizing<Vec<u8>>),
    /// Its seed.
    Ed25519(Zeroizing<[u8; 32]>),
}

pub(super) const OPENSSH: &str = "OPENSSH PRIVATE KEY";
pub(super) const PKCS1: &str = "RSA PRIVATE KEY";
pub(super) const PKCS8: &str = "PRIVATE KEY";

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";
/// The characters of base64 in a line.
const COLUMNS: usize = 64;

impl Block {
    pub(super) fn new(label: String, bytes: Zeroizing<Vec<u8>>) -> Self {
        Self {
            label,
            is_encrypted: false,
            bytes,
        }
    }
}

/// The first block of a text. What stands before it does not count.
pub(super) fn find(text: &[u8]) -> Option<Block> {
    let text = std::str::from_utf8(text).ok()?;
    let mut lines = text.lines().map(str::trim_end);
    while let Some(line) = lines.next() {
        let Some(label) = line
            .strip_prefix(BEGIN)
            .and_then(|rest| rest.strip_suffix(DASHES))
        else {
            continue;
        };
        let end = format!("-----END {label}-----");
        let mut is_encrypted = false;
        let mut base64 = Zeroizing::new(String::with_capacity(text.len()));
        for line in lines.by_ref().take_while(|line| *line != end) {
            match line.split_once(':') {
                Some((name, value)) => {
                    is_encrypted |= name == "Proc-Type" && value.contains("ENCRYPTED");
                }
                None => base64.extend(line.split_whitespace()),
            }
        }
        let bytes = Zeroizing::new(lenient().decode(base64.as_bytes()).ok()?);
        let label = label.to_owned();
        return Some(Block {
            label,
            is_encrypted,
            bytes,
        });
    }
    None
}

/// The block as text, in lines of equal length.
pub(super) fn write(block: &Block) -> Zeroizing<String> {
    let base64 = Zeroizing::new(BASE64_STANDARD.encode(&*block.bytes));
    let label = &block.label;
    let mut text = Zeroizing::new(String::with_capacity(base64.len() * 66 / 64 + 128));
    text.extend([BEGIN, label, DASHES, "\n"]);
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, behind) = rest.split_at_checked(COLUMNS).unwrap_or((rest, ""));
        text.extend([line, "\n"]);
        rest = behind;
    }
    text.extend(["-----END ", label, DASHES, "\n"]);
    text
}

fn lenient() -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
    GeneralPurpose::new(&alphabet::STANDARD, config)
}

/// Takes PKCS #8 off a private key; `None` where there is none, or of another kind.
pub(super) fn of_pkcs8(der: &[u8]) -> Option<Pkcs8> {
    /// 1.2.840.113549.1.1.1
    const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
    /// 1.3.101.112
    const ED25519: &[u8] = b"\x2b\x65\x70";
    let (whole, _) = element(der, 0x30)?;
    let (_version, rest) = element(whole, 0x02)?;
    let (algorithm, rest) = element(rest, 0x30)?;
    let (id, _) = element(algorithm, 0x06)?;
    let (key, _) = element(rest, 0x04)?;
    match id {
        RSA => Some(Pkcs8::Rsa(Zeroizing::new(key.to_vec()))),
        ED25519 => {
            let (seed, _) = element(key, 0x04)?;
            seed.try_into().ok().map(Zeroizing::new).map(Pkcs8::Ed25519)
        }
        _ => None,
    }
}

/// The content of the DER element of this type that `der` begins with, and what is behind it.
fn element(der: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let (head, rest) = der.split_first_chunk::<2>()?;
    let [found, length] = *head;
    if found != kind {
        return None;
    }
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length - 0x80))?;
            let add = |sum: usize, byte: &u8| sum << 8 | usize::from(*byte);
            (bytes.iter().fold(0, add), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// An ed25519 key in OpenSSH's own format, without a passphrase.
pub(super) fn openssh(seed: &[u8; 32], public: &[u8; 32]) -> Zeroizing<Vec<u8>> {
    let kind = &b"ssh-ed25519"[..];
    let public_half = Zeroizing::new(strings(&[kind, public]));
    let both = Zeroizing::new([&seed[..], public].concat());
    // Two equal numbers first, no comment, and padding to a multiple of eight.
    let mut private = Zeroizing::new(Vec::with_capacity(256));
    private.extend_from_slice(&[0; 8]);
    private.extend_from_slice(&Zeroizing::new(strings(&[kind, public, &both, b""])));
    let padding = (8 - private.len() % 8) % 8;
    private.extend((1..=8_u8).take(padding));
    let mut key = Zeroizing::new(Vec::with_capacity(512));
    key.extend_from_slice(b"openssh-key-v1\0");
    key.extend_from_slice(&strings(&[b"none", b"none", b""]));
    key.extend_from_slice(&1_u32.to_be_bytes());
    key.extend_from_slice(&Zeroizing::new(strings(&[&public_half, &private])));
    key
}

/// SSH's `string`s, one behind the other.
fn strings(parts: &[&[u8]]) -> Vec<u8> {
    let mut all = Vec::with_capacity(parts.iter().map(|part| part.len() + 4).sum());
    for part in parts {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        all.extend_from_slice(&length.to_be_bytes());
        all.extend_from_slice(part);
    }
    all
}
