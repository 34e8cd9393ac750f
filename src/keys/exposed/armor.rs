//! Blocks between `-----BEGIN … PRIVATE KEY-----` and `-----END …-----`, however a text carries them.
//!
//! The block may be indented, quoted, commented out or one line of a JSON string. What is left when
//! all that is taken off must be base64, and what that decodes to must be a key.

use memchr::memmem;
use zeroize::Zeroizing;

use super::{Exposed, ExposedKind, from_base64, structure};

/// What every block's first line contains.
pub(super) const MARK: &str = "PRIVATE KEY";

/// The labels of blocks that hold keys without a passphrase: what stands before and behind the mark.
const LABELS: [(&str, &str, ExposedKind); 6] = [
    ("", "", ExposedKind::Pkcs8),
    ("RSA ", "", ExposedKind::Rsa),
    ("EC ", "", ExposedKind::Ec),
    ("DSA ", "", ExposedKind::Dsa),
    ("OPENSSH ", "", ExposedKind::OpenSsh),
    ("PGP ", " BLOCK", ExposedKind::Pgp),
];

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// The keys in `text`, in order.
pub(super) fn find(text: &[u8]) -> impl Iterator<Item = Exposed> + '_ {
    memmem::find_iter(text, MARK).filter_map(|at| block(text, at))
}

/// The key whose block has its mark at `at`.
fn block(text: &[u8], at: usize) -> Option<Exposed> {
    let (before, rest) = text.split_at_checked(at)?;
    let (start, tail, kind) = LABELS.iter().find_map(|(prefix, tail, kind)| {
        let before = before
            .strip_suffix(prefix.as_bytes())?
            .strip_suffix(BEGIN)?;
        Some((before.len(), *tail, *kind))
    })?;
    let label = text.get(start + BEGIN.len()..at + MARK.len() + tail.len())?;
    let body = rest.get(MARK.len()..)?;
    let body = body.strip_prefix(tail.as_bytes())?.strip_prefix(DASHES)?;
    let body_at = text.len() - body.len();
    // base64 has no dashes: the next ones end this block or begin another.
    let len = memmem::find(body, DASHES)?;
    let (body, end) = body.split_at_checked(len)?;
    let end = end.strip_prefix(END)?.strip_prefix(label)?;
    end.starts_with(DASHES).then_some(())?;
    let key = decode(body, kind == ExposedKind::Pgp)?;
    structure::is_open_key(kind, &key).then(|| Exposed {
        kind,
        range: start..body_at + len + END.len() + label.len() + DASHES.len(),
        is_encoded: false,
        recipient: None,
    })
}

/// What the body of a block decodes to; `None` where it is no base64, or says that it is encrypted.
fn decode(body: &[u8], is_pgp: bool) -> Option<Zeroizing<Vec<u8>>> {
    let body = without_escapes(body);
    let mut digits = Zeroizing::new(Vec::with_capacity(body.len()));
    for line in body.split(|byte| *byte == b'\n') {
        // `Proc-Type: 4,ENCRYPTED` above a PEM body; `Version: …` above a PGP one.
        if line.contains(&b':') {
            if is_pgp {
                continue;
            }
            return None;
        }
        for word in line.split(u8::is_ascii_whitespace).map(bare) {
            // The checksum of a PGP block.
            let is_checksum = is_pgp && word.len() == 5 && word.starts_with(b"=");
            if !is_checksum && word.iter().any(u8::is_ascii_alphanumeric) {
                digits.extend_from_slice(word);
            }
        }
    }
    from_base64(&digits)
}

/// The word without the quotes and commas of the language that it stands in.
fn bare(word: &[u8]) -> &[u8] {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let start = word.iter().position(is_digit).unwrap_or(word.len());
    let end = word.iter().rposition(is_digit).map_or(start, |at| at + 1);
    word.get(start..end).unwrap_or_default()
}

/// The text with the escapes of JSON, YAML and shells taken out: `\n` is a line end, `\/` a slash,
/// and a backslash at the end of a line nothing.
fn without_escapes(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        // A string inside a string has them doubled.
        while let Some(behind) = rest.strip_prefix(b"\\") {
            rest = behind;
        }
        for (escape, meaning) in [
            (&b"n"[..], b'\n'),
            (b"r", b'\n'),
            (b"t", b' '),
            (b"u003d", b'='),
            (b"u003D", b'='),
        ] {
            if let Some(behind) = rest.strip_prefix(escape) {
                out.push(meaning);
                rest = behind;
                break;
            }
        }
    }
    out
}
