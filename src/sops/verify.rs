//! The verdict: every value opened, the MAC computed and compared.

use sha2::{Digest, Sha512};
use zeroize::Zeroize;

use super::cipher::{Cipher, Rejected};
use super::data_key::{DataKey, Locked, unlock, wrong_share};
use super::enc::{Decoded, Token, ValueType};
use super::key_path::KeyPath;
use super::mac;
use super::plaintext::mac_bytes;
use super::problem::{
    MAX_PROBLEMS, MacMismatch, MalformedCiphertext, Problem, ProblemKind, Undecryptable, Unreadable,
};
use super::walk::{Leaf, Overrun, Visit, walk};
use super::{Reason, SopsFile, Verification};
use crate::document::{Comment, Scalar};
use crate::keys::{Keyring, Shut};
use crate::source::Span;

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
pub(crate) struct Checked {
    pub(crate) verification: Verification,
    pub(crate) inspection: Inspection,
    /// Why there was no data key, also where what needs none made the file fail.
    pub(crate) lacking: Option<Reason>,
    /// What is shut, where the verdict may be another once more identities are woken.
    pub(crate) shut: Option<Shut>,
}

/// Opens the data key of `file` with `keyring`, verifies all of it, and gives sops's verdict.
pub(crate) fn check(file: &SopsFile<'_>, keyring: &Keyring) -> Checked {
    let (key, lacking, refused, shut) = match unlock(file, keyring) {
        Ok(key) => (Some(key), None, Vec::new(), None),
        Err(Locked::NotVerified(reason, shut)) => (None, Some(reason), Vec::new(), shut),
        Err(Locked::Failed(problems)) => (None, None, problems, None),
    };
    let mut inspection = verify(file, key.as_ref());
    if key.is_some() && file.has_groups() && inspection.opened_nothing() {
        inspection.problems = vec![wrong_share(file.metadata().key_span)];
    }
    inspection.problems.splice(0..0, refused);
    inspection.problems.truncate(MAX_PROBLEMS);
    let unsupported = inspection.unsupported.clone().map(Reason::Unsupported);
    let verification = match lacking.clone().or(unsupported) {
        _ if !inspection.problems.is_empty() => Verification::Failed,
        Some(reason) => Verification::NotVerified(reason),
        None => Verification::Verified,
    };
    // What fails without a key needs no key to be refused.
    let shut = shut.filter(|_| verification != Verification::Failed);
    Checked {
        verification,
        inspection,
        lacking,
        shut,
    }
}

impl Inspection {
    /// Whether neither a value nor the MAC opened, and nothing else was wrong with them.
    fn opened_nothing(&self) -> bool {
        let is_rejected = |problem: &Problem| {
            matches!(
                problem.kind,
                ProblemKind::Undecryptable(Undecryptable::Rejected)
                    | ProblemKind::Mac(MacMismatch::Rejected)
            )
        };
        self.encrypted > 0
            && self.problems.len() == self.encrypted + 1
            && self.problems.iter().all(is_rejected)
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
    let mut inspection = Inspection::default();
    if file.metadata().needs_kms_mended() {
        inspection.unsupported =
            Some("a KMS `context` of several values from before sops 3.3.0".to_owned());
    }
    let mut verifier = Verifier {
        cipher: key.map(|key| Cipher::new(key.expose())),
        hash: mac::start(file.selectors()),
        decoded: Decoded::default(),
        cut_comment: None,
        // Room for any number or time, so that it never grows and leaves a copy behind.
        scratch: Vec::with_capacity(512),
        inspection,
    };
    let walked = walk(file.tree(), file.selectors(), |visit| {
        verifier.visit(&visit)
    });
    if file.selectors().is_too_costly() {
        // What was picked so far may be wrong, and so may all problems be.
        let unsupported = Some("a selector that is too costly to match".to_owned());
        return Inspection {
            unsupported,
            ..Inspection::default()
        };
    }
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
    /// A comment whose last character is cut. sops crashes where its emitter looks for the rest,
    /// unless another comment follows in the same breath.
    cut_comment: Option<(Span, KeyPath)>,
    /// Values printed anew for the MAC.
    scratch: Vec<u8>,
    inspection: Inspection,
}

impl Verifier {
    fn visit(&mut self, visit: &Visit<'_, '_>) {
        if self.cut_comment.is_some() {
            self.end_cut_comment(is_comment(visit));
        }
        let (outcome, span) = match visit.leaf {
            Leaf::NonStringKey(key) => {
                let found = key.name.kind();
                (Err(Unreadable::NonStringKey { found }.into()), key.span)
            }
            Leaf::Comment(comment) => (self.comment(visit, comment), comment.span),
            Leaf::Scalar { scalar, span, .. } => (self.scalar(visit, scalar), span),
        };
        if let Err(kind) = outcome {
            self.push(kind, Some(span), visit.path.iter().copied());
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
        if kind == ValueType::Comment
            && visit.in_list
            && let Leaf::Scalar { span, .. } = visit.leaf
        {
            emit_comment(plaintext, visit, span, &mut self.cut_comment)?;
        }
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
        // In a list a string takes the place of the comment, and is written as one.
        let stays = kind == ValueType::Comment || kind == ValueType::Str && !visit.in_list;
        if stays {
            emit_comment(plaintext, visit, comment.span, &mut self.cut_comment)?;
        }
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

    fn end_cut_comment(&mut self, another_follows: bool) {
        let Some((span, path)) = self.cut_comment.take() else {
            return;
        };
        if another_follows {
            self.inspection.unsupported = Some("a comment that ends within a character".to_owned());
        } else if self.inspection.problems.len() < MAX_PROBLEMS {
            let kind = Undecryptable::CommentNotText.into();
            let span = Some(span);
            self.inspection.problems.push(Problem { kind, span, path });
        }
    }

    fn finish(mut self, file: &SopsFile<'_>) -> Inspection {
        self.end_cut_comment(false);
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
            self.push(kind, Some(span), [&b"sops"[..], b"mac"]);
        }
        std::mem::take(&mut self.inspection)
    }

    fn push<'k>(
        &mut self,
        kind: ProblemKind,
        span: Option<Span>,
        keys: impl IntoIterator<Item = &'k [u8]>,
    ) {
        if self.inspection.problems.len() < MAX_PROBLEMS {
            let path = KeyPath::new(keys);
            self.inspection.problems.push(Problem { kind, span, path });
        }
    }

    fn unreadable_by(&mut self, version: &'static str) {
        if !self.inspection.unreadable_by.contains(&version) {
            self.inspection.unreadable_by.push(version);
        }
    }
}

/// Whether sops may see a comment here: an item of a list can be one by its token.
fn is_comment(visit: &Visit<'_, '_>) -> bool {
    match visit.leaf {
        Leaf::Comment(_) => true,
        Leaf::Scalar {
            scalar: Scalar::Str(text),
            ..
        } => {
            let kind = Token::parse(text).and_then(|token| token.value_type());
            visit.in_list && kind == Some(ValueType::Comment)
        }
        Leaf::Scalar { .. } | Leaf::NonStringKey(_) => false,
    }
}

/// Whether sops can write the opened comment; `cut` is set where that hangs on what follows.
fn emit_comment(
    text: &[u8],
    visit: &Visit<'_, '_>,
    span: Span,
    cut: &mut Option<(Span, KeyPath)>,
) -> Result<(), Undecryptable> {
    match Emitted::of(text) {
        Emitted::Whole => {}
        Emitted::Cut => *cut = Some((span, KeyPath::new(visit.path.iter().copied()))),
        Emitted::Broken => return Err(Undecryptable::CommentNotText),
    }
    Ok(())
}

/// What sops's YAML emitter makes of a comment: it takes as many bytes for a character as the first
/// one says, and does not look at the others.
enum Emitted {
    Whole,
    /// The last character lacks bytes.
    Cut,
    /// A byte that starts no character stands where one starts.
    Broken,
}

impl Emitted {
    fn of(text: &[u8]) -> Self {
        let mut rest = text;
        while let Some(first) = rest.first() {
            let width = match first {
                0x00..=0x7F => 1,
                0xC0..=0xDF => 2,
                0xE0..=0xEF => 3,
                0xF0..=0xF7 => 4,
                0x80..=0xBF | 0xF8..=0xFF => return Self::Broken,
            };
            match rest.get(width..) {
                Some(behind) => rest = behind,
                None => return Self::Cut,
            }
        }
        Self::Whole
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
    #[test]
    fn tells_of_no_more_than_a_thousand_problems() {
        let bad: String = (0..3_000).map(|key| format!("k{key}: x\n")).collect();
        assert_eq!(keyless(&bad).len(), MAX_PROBLEMS);

        let names: String = (0..3_000).map(|key| format!("  {key}: x\n")).collect();
        let text = format!("a: 1\nsops:\n{names}  age: [{}]\n", "x, ".repeat(3_000));
        let source = Source::decode(SourceId::Stdin("x.yaml".into()), text.into_bytes()).unwrap();
        let document = Document::parse(&source, Format::Yaml).unwrap();
        let Err(errors) = SopsFile::of(&document) else {
            panic!("sops refuses such metadata");
        };
        assert_eq!(errors.0.len(), MAX_PROBLEMS);
    }
    // Whether sops 3.13.3 decrypts a file with such a comment.
    #[test]
    fn knows_at_which_bytes_sops_crashes_in_a_comment() {
        let texts: &[(&[u8], bool)] = &[
            (b" a\xc3", false),
            (b" a\xc3x", true),
            (b" \xc3\xa9", true),
            (b"\xe2\x80", false),
            (b"\xe2\x80\xa8", true),
            (b"\xe2ab", true),
            (b"\xf0\x9f\x98", false),
            (b"\xf0\x9f\x98\x80", true),
            (b"\xf4\xff\xff\xff", true),
            (b"\xf7abc", true),
            (b"\xf8abcdef", false),
            (b"\x80", false),
            (b"a\xbfb", false),
            (b"\xc0a", true),
            (b"\xc2", false),
            (b"\xed\xa0\x80", true),
            (b"\xc3\xff", true),
            (b"", true),
            (b"a\nb\xe0", false),
        ];
        for (text, decrypts) in texts {
            assert_eq!(
                matches!(Emitted::of(text), Emitted::Whole),
                *decrypts,
                "{text:x?}"
            );
        }
    }

    // `sops decrypt` 3.13.3 asks KMS for the first, whatever other keys there are.
    #[test]
    fn leaves_open_what_the_command_would_mend_with_kms() {
        let unsupported = |context: &str, version: &str| {
            let text = format!(
                "a: 1\nsops:\n  kms: [{{arn: x, context: {context}, created_at: \
                 '2020-01-01T00:00:00Z'}}]\n  lastmodified: '2026-01-01T00:00:00Z'\n  version: {version}\n"
            );
            let source = Source::decode(SourceId::Stdin("x.yaml".into()), text.into_bytes());
            let source = source.unwrap();
            let document = Document::parse(&source, Format::Yaml).unwrap();
            let file = SopsFile::of(&document).unwrap().unwrap();
            verify(&file, None).unsupported.is_some()
        };
        assert!(unsupported("{a: x, b: y}", "3.2.9"));
        assert!(unsupported("{a: x, b: y}", "1.18"));
        assert!(!unsupported("{a: x, b: x}", "3.2.9"));
        assert!(!unsupported("{a: x}", "3.2.9"));
        assert!(!unsupported("{a: x, b: y}", "3.3.0"));
    }
}
