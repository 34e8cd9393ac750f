//! The verdict: every value opened, the MAC computed and compared.

use sha2::{Digest, Sha512};
use zeroize::Zeroize;

use super::cipher::{Cipher, Rejected};
use super::data_key::{DataKey, Locked, unlock};
use super::enc::{Decoded, Token, ValueType};
use super::key_path::KeyPath;
use super::mac;
use super::plaintext::mac_bytes;
use super::problem::{MalformedCiphertext, Problem, ProblemKind, Undecryptable, Unreadable};
use super::walk::{Leaf, Overrun, Visit, walk};
use super::{Reason, SopsFile, Verification};
use crate::document::{Comment, Scalar};
use crate::keys::Keyring;
use crate::source::Span;

/// The most problems that are told of one file.
const MAX_PROBLEMS: usize = 1_000;

/// The version that hashes comments in lists, which no other does.
const HASHES_LISTED_COMMENTS: &str = "3.13.2";

/// What [`verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inspection {
    /// Everything that makes sops refuse the file, in the order of the document, the MAC last; at
    /// most 1,000.
    pub(crate) problems: Vec<Problem>,
    /// What the file uses and cannot be read here, so that its verdict is open.
    pub(crate) unsupported: Option<String>,
    /// Versions of sops that cannot read the file although 3.13.3 can.
    pub(crate) unreadable_by: Vec<&'static str>,
    /// How many values the selectors pick, empty strings left out.
    pub(crate) encrypted: usize,
    /// How many values the selectors leave in clear.
    pub(crate) clear: usize,
}

/// What [`check`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) verification: Verification,
    pub(crate) inspection: Inspection,
    /// Why there was no data key, also where what needs none made the file fail.
    pub(crate) lacking: Option<Reason>,
}

/// Opens the data key of `file` with `keyring`, verifies all of it, and gives sops's verdict.
pub(crate) fn check(file: &SopsFile<'_>, keyring: &Keyring) -> Checked {
    let (key, lacking, refused) = match unlock(file, keyring) {
        Ok(key) => (Some(key), None, Vec::new()),
        Err(Locked::NotVerified(reason)) => (None, Some(reason), Vec::new()),
        Err(Locked::Failed(problems)) => (None, None, problems),
    };
    let mut inspection = verify(file, key.as_ref());
    inspection.problems.splice(0..0, refused);
    let unsupported = inspection.unsupported.clone().map(Reason::Unsupported);
    let verification = match lacking.clone().or(unsupported) {
        _ if !inspection.problems.is_empty() => Verification::Failed,
        Some(reason) => Verification::NotVerified(reason),
        None => Verification::Verified,
    };
    Checked {
        verification,
        inspection,
        lacking,
    }
}

/// Verifies the values and the MAC of `file`.
///
/// Without a key it finds what no key could mend: values that should be encrypted and are not,
/// tokens that are damaged, a missing MAC, documents that sops cannot walk. No problem then means
/// nothing. With a key no problem (and nothing unsupported) means that sops decrypts the file.
pub(crate) fn verify(file: &SopsFile<'_>, key: Option<&DataKey>) -> Inspection {
    if file.selectors().is_too_large() {
        let unsupported = Some("a selector of this size".to_owned());
        return Inspection {
            unsupported,
            ..Inspection::default()
        };
    }
    let mut verifier = Verifier {
        cipher: key.map(|key| Cipher::new(key.expose())),
        hash: mac::start(file.selectors()),
        decoded: Decoded::default(),
        // Room for any number or time, so that it never grows and leaves a copy behind.
        scratch: Vec::with_capacity(512),
        inspection: Inspection::default(),
    };
    let walked = walk(file.tree(), file.selectors(), |visit| {
        verifier.visit(&visit)
    });
    if let Err(overrun) = walked {
        // These limits are ours: sops follows aliases until time or memory runs out.
        let what = match overrun {
            Overrun::TooDeep => "aliases that nest more than 10,000 levels deep",
            Overrun::TooManyAliases => "aliases that expand to more than 4,000,000 values",
        };
        verifier
            .inspection
            .unsupported
            .get_or_insert_with(|| what.to_owned());
    }
    verifier.finish(file)
}

struct Verifier {
    cipher: Option<Cipher>,
    hash: Sha512,
    /// The parts of the token at hand; opened in place, so that it holds plaintext afterwards.
    decoded: Decoded,
    /// Values printed anew for the MAC.
    scratch: Vec<u8>,
    inspection: Inspection,
}

impl Verifier {
    fn visit(&mut self, visit: &Visit<'_, '_>) {
        let (outcome, span) = match visit.leaf {
            Leaf::NonStringKey(key) => {
                let found = key.name.kind();
                (Err(Unreadable::NonStringKey { found }.into()), key.span)
            }
            Leaf::Comment(comment) => (self.comment(visit, comment), comment.span),
            Leaf::Scalar { scalar, span, .. } => (self.scalar(visit, scalar), span),
        };
        if let Err(kind) = outcome {
            self.push(kind, Some(span), KeyPath::new(visit.path.iter().copied()));
        }
    }

    fn scalar(&mut self, visit: &Visit<'_, '_>, scalar: &Scalar<'_>) -> Result<(), ProblemKind> {
        match scalar {
            Scalar::Null => Ok(()),
            Scalar::Uint(_) => Err(Unreadable::IntegerTooLarge.into()),
            _ if !visit.selected => {
                self.inspection.clear += 1;
                if visit.in_mac {
                    self.hash
                        .update(scalar.mac_bytes().ok_or(Unreadable::TimeOffset)?);
                }
                Ok(())
            }
            // An empty string is its own ciphertext.
            Scalar::Str(text) if text.is_empty() => Ok(()),
            Scalar::Str(text) => {
                self.inspection.encrypted += 1;
                let token = Token::parse(text).ok_or(MalformedCiphertext::NotAToken)?;
                self.token(visit, &token)
            }
            Scalar::Bool(_) | Scalar::Int(_) | Scalar::Float(_) | Scalar::Time(_) => {
                self.inspection.encrypted += 1;
                Err(MalformedCiphertext::NotAString {
                    found: scalar.kind(),
                }
                .into())
            }
        }
    }

    fn token(&mut self, visit: &Visit<'_, '_>, token: &Token<'_>) -> Result<(), ProblemKind> {
        token.decode(&mut self.decoded)?;
        let kind = match token.value_type().ok_or(MalformedCiphertext::UnknownType)? {
            ValueType::Bytes => return Err(MalformedCiphertext::BytesType.into()),
            kind => kind,
        };
        if kind == ValueType::Comment {
            self.unreadable_by(HASHES_LISTED_COMMENTS);
        }
        let Some(cipher) = &self.cipher else {
            return Ok(());
        };
        let Decoded { iv, sealed } = &mut self.decoded;
        let opened = cipher.open(iv, visit.aad, sealed);
        let plaintext = opened.map_err(|Rejected| Undecryptable::Rejected)?;
        let declared = kind.name();
        let bytes = mac_bytes(kind, plaintext, &mut self.scratch)
            .ok_or(Undecryptable::NotOfItsType { declared })?;
        self.hash.update(bytes);
        Ok(())
    }

    /// A comment that does not open is one in clear. One that opens to something else than a
    /// comment enters the MAC like a value; in a map sops can then only put a string in its place.
    fn comment(&mut self, visit: &Visit<'_, '_>, comment: &Comment<'_>) -> Result<(), ProblemKind> {
        let Some(cipher) = self.cipher.as_ref().filter(|_| visit.selected) else {
            return Ok(());
        };
        let Some(token) = Token::parse(&comment.text) else {
            return Ok(());
        };
        let Some(kind) = token.value_type() else {
            return Ok(());
        };
        if token.decode(&mut self.decoded).is_err() {
            return Ok(());
        }
        let Decoded { iv, sealed } = &mut self.decoded;
        let Ok(plaintext) = cipher.open(iv, visit.aad, sealed) else {
            return Ok(());
        };
        let declared = kind.name();
        match (kind, mac_bytes(kind, plaintext, &mut self.scratch)) {
            (ValueType::Bytes, _) => Err(MalformedCiphertext::BytesType.into()),
            // A time whose zone sops reads and cannot write; anything else that is not of its type
            // is a comment in clear.
            (ValueType::Time, None) if super::go::Time::parse(plaintext).is_some() => {
                Err(Undecryptable::NotOfItsType { declared }.into())
            }
            (_, None) | (ValueType::Comment, Some(_)) => Ok(()),
            (ValueType::Str, Some(bytes)) => {
                self.hash.update(bytes);
                Ok(())
            }
            (_, Some(_)) if !visit.in_list => {
                Err(Undecryptable::CommentOfOtherType { declared }.into())
            }
            (_, Some(bytes)) => {
                self.hash.update(bytes);
                Ok(())
            }
        }
    }

    fn finish(mut self, file: &SopsFile<'_>) -> Inspection {
        let hash = std::mem::take(&mut self.hash);
        // Where a value did not open, the MAC of the others says nothing.
        let hash = self.inspection.problems.is_empty().then_some(hash);
        let verified = mac::verify(
            file.metadata(),
            self.cipher.as_ref(),
            hash,
            &mut self.decoded,
        );
        if let Err((kind, span)) = verified {
            self.push(kind, Some(span), KeyPath::new([&b"sops"[..], b"mac"]));
        }
        std::mem::take(&mut self.inspection)
    }

    fn push(&mut self, kind: ProblemKind, span: Option<Span>, path: KeyPath) {
        if self.inspection.problems.len() < MAX_PROBLEMS {
            self.inspection.problems.push(Problem { kind, span, path });
        }
    }

    fn unreadable_by(&mut self, version: &'static str) {
        if !self.inspection.unreadable_by.contains(&version) {
            self.inspection.unreadable_by.push(version);
        }
    }
}

impl Drop for Verifier {
    fn drop(&mut self) {
        self.decoded.sealed.zeroize();
        self.scratch.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Document, Format};
    use crate::source::{Source, SourceId};

    /// What is found without a key: place, path and kind of each problem.
    fn keyless(values: &str) -> Vec<String> {
        let text = format!(
            "{values}sops:\n  age: [{{recipient: age1x, enc: x}}]\n  \
             lastmodified: '2026-01-01T00:00:00Z'\n  \
             mac: ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]\n"
        );
        let source = Source::decode(SourceId::Stdin("x.yaml".into()), text.into_bytes()).unwrap();
        let document = Document::parse(&source, Format::Yaml).unwrap();
        let file = SopsFile::of(&document).unwrap().unwrap();
        let shown = |problem: &Problem| {
            let line = source.position(problem.span.unwrap().start()).line;
            format!("{line} {} {}", problem.path, problem.kind)
        };
        verify(&file, None).problems.iter().map(shown).collect()
    }

    fn token(data: &str, iv: &str, tag: &str, kind: &str) -> String {
        format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:{kind}]")
    }

    #[test]
    fn finds_without_a_key_what_no_key_could_mend() {
        const TAG: &str = "AAAAAAAAAAAAAAAAAAAAAA==";
        let good = token("YQ==", "YQ==", TAG, "str");
        let values = format!(
            "good: {good}\nempty: ''\nnull: null\nclear_unencrypted: 5\nnumber: 5\n\
             text: hunter2\ncut: {}\ndata: {}\niv: {}\nshort: {}\nkind: {}\nbytes: {}\n\
             list:\n- a b: x\n- 1: x\n- 18446744073709551615\n# {good}\n# x\n",
            good.trim_end_matches(']'),
            token("YQ", "YQ==", TAG, "str"),
            token("YQ==", "Y*==", TAG, "str"),
            token("YQ==", "YQ==", "YQ==", "str"),
            token("YQ==", "YQ==", TAG, "secret"),
            token("YQ==", "YQ==", TAG, "bytes"),
        );
        let values = values.replace("null: null", "'null': null");
        let expected = [
            "5 number the selectors say that it is encrypted, and it is in clear, of type int",
            "6 text the selectors say that it is encrypted, and it is no `ENC[…]` token",
            "7 cut the selectors say that it is encrypted, and it is no `ENC[…]` token",
            "8 data the token's `data` is not valid base64",
            "9 iv the token's `iv` is not valid base64",
            "10 short the token's `data` and `tag` together are shorter than a tag",
            "11 kind the token's `type` is none that sops knows",
            "12 bytes the token's `type` is `bytes`, on which sops crashes",
            "14 list.… the selectors say that it is encrypted, and it is no `ENC[…]` token",
            "15 list a key is of type int, and sops only knows strings",
            "16 list an integer is larger than sops can hold",
        ];
        assert_eq!(keyless(&values), expected);
        assert_eq!(keyless(&format!("good: {good}\n")), [""; 0]);
    }
}
