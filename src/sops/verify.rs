//! The verdict: every value opened, the MAC computed and compared.

use std::collections::HashMap;

use sha2::{Digest, Sha512};
use zeroize::Zeroize;

use super::cipher::{Cipher, Rejected};
use super::comment::{ClearComment, ClearComments, Emitted};
use super::copies::Tokens;
use super::data_key::{DataKey, Locked, unlock, wrong_share};
use super::enc::{Decoded, Token, ValueType, looks_like_token};
use super::mac;
use super::plaintext::mac_bytes;
use super::problem::{
    MAX_PROBLEMS, MacMismatch, MalformedCiphertext, PlaintextValue, Problem, ProblemKind,
    Undecryptable, Unreadable,
};
use super::walk::{Leaf, Overrun, Visit, walk};
use super::{Reason, Selectors, SopsFile, Verification};
use crate::document::{Comment, KeyPath, Scalar, Tree};
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
    /// Comments in clear where sops encrypts them.
    pub(crate) clear_comments: Vec<ClearComment>,
    /// Whole tokens where the selectors leave all in clear, at most 1,000.
    pub(crate) unselected: Vec<Place>,
    /// A clear zero that may be spelled `-0`.
    zero: Option<(Span, KeyPath)>,
    /// How many values the selectors pick, empty strings left out.
    pub(crate) encrypted: usize,
    /// How many values the selectors leave in clear.
    pub(crate) clear: usize,
}

/// A place in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) span: Span,
    /// The keys that lead there.
    pub(crate) path: KeyPath,
    /// Whether a comment stands there.
    pub(crate) is_comment: bool,
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
/// tokens that are damaged or copied, a missing MAC, documents that sops cannot walk. No problem then
/// means nothing. With a key no problem (and nothing unsupported) means that sops decrypts the file.
pub(crate) fn verify(file: &SopsFile<'_>, key: Option<&DataKey>) -> Inspection {
    let mut inspection = verify_as(file, key, Zeros::AsRead);
    let mac_differs = |problem: &Problem| problem.kind == MacMismatch::Differs.into();
    if let [problem] = inspection.problems.as_mut_slice()
        && mac_differs(problem)
        && let Some((span, path)) = inspection.zero.take()
        && verify_as(file, key, Zeros::AsWritten(file.text()))
            .problems
            .is_empty()
    {
        *problem = Problem {
            kind: MacMismatch::NegativeZero.into(),
            span: Some(span),
            path,
        };
    }
    inspection
}

/// Verifies the values of a document without its metadata, which sops refuses.
pub(crate) fn verify_values(tree: &Tree<'_>, selectors: &Selectors) -> Inspection {
    let mut verifier = Verifier::new(None, selectors, Zeros::AsRead);
    verifier.walk(tree, selectors);
    verifier.into_inspection()
}

fn verify_as<'d>(file: &SopsFile<'d>, key: Option<&DataKey>, zeros: Zeros<'d>) -> Inspection {
    let mut verifier = Verifier::new(key, file.selectors(), zeros);
    if file.metadata().needs_kms_mended() {
        verifier.inspection.unsupported =
            Some("a KMS `context` of several values from before sops 3.3.0".to_owned());
    }
    if verifier.walk(file.tree(), file.selectors()) {
        verifier.mac(file);
    }
    if !file.encrypts_comments() {
        verifier.comments = ClearComments::default();
    }
    verifier.into_inspection()
}

/// What a clear zero that is spelled `-0` counts as.
#[derive(Clone, Copy)]
enum Zeros<'t> {
    /// The integer that it is.
    AsRead,
    /// The float `-0.0` that sops printed so.
    AsWritten(&'t str),
}

struct Verifier<'t> {
    cipher: Option<Cipher>,
    hash: Sha512,
    /// The parts of the token at hand; opened in place, so that it holds plaintext afterwards.
    decoded: Decoded,
    /// A comment whose last character is cut. sops crashes where its emitter looks for the rest,
    /// unless another comment follows in the same breath.
    cut_comment: Option<(Span, KeyPath)>,
    /// Values printed anew for the MAC.
    scratch: Vec<u8>,
    zeros: Zeros<'t>,
    tokens: Tokens,
    comments: ClearComments,
    inspection: Inspection,
}

impl<'t> Verifier<'t> {
    fn new(key: Option<&DataKey>, selectors: &Selectors, zeros: Zeros<'t>) -> Self {
        Self {
            cipher: key.map(|key| Cipher::new(key.expose())),
            hash: mac::start(selectors),
            decoded: Decoded::default(),
            cut_comment: None,
            // Room for any number or time, so that it never grows and leaves a copy behind.
            scratch: Vec::with_capacity(512),
            zeros,
            tokens: Tokens::default(),
            comments: ClearComments::default(),
            inspection: Inspection::default(),
        }
    }

    /// Visits everything; false where nothing can be said of it.
    fn walk(&mut self, tree: &Tree<'_>, selectors: &Selectors) -> bool {
        if selectors.is_too_large() {
            return self.give_up("a selector of this size");
        }
        let walked = walk(tree, selectors, |visit| self.visit(&visit));
        if selectors.is_too_costly() {
            // What was picked so far may be wrong, and so may all problems be.
            return self.give_up("a selector that is too costly to match");
        }
        self.end_cut_comment(false);
        match walked {
            Ok(()) => self.find_copies(tree, selectors),
            // These limits are ours: sops follows aliases until time or memory runs out.
            Err(overrun) => {
                let what = match overrun {
                    Overrun::TooDeep => "aliases that nest more than 10,000 levels deep",
                    Overrun::TooManyAliases => "aliases that expand to more than 4,000,000 values",
                };
                let unsupported = &mut self.inspection.unsupported;
                unsupported.get_or_insert_with(|| what.to_owned());
            }
        }
        true
    }

    fn give_up(&mut self, what: &str) -> bool {
        self.comments = ClearComments::default();
        self.inspection = Inspection {
            unsupported: Some(what.to_owned()),
            ..Inspection::default()
        };
        false
    }

    fn visit(&mut self, visit: &Visit<'_, '_>) {
        self.comments.next_stop();
        if self.cut_comment.is_some() {
            self.end_cut_comment(is_comment(visit));
        }
        let (outcome, span) = match visit.leaf {
            Leaf::NonStringKey(key) => {
                let found = key.name.kind();
                (Err(Unreadable::NonStringKey { found }.into()), key.span)
            }
            Leaf::Comment(comment) => (self.comment(visit, comment), comment.span),
            Leaf::Scalar { scalar, span } => (self.scalar(visit, scalar, span), span),
        };
        if let Err(kind) = outcome {
            self.push(kind, Some(span), visit.path.iter().copied());
        }
    }

    fn scalar(
        &mut self,
        visit: &Visit<'_, '_>,
        scalar: &Scalar<'_>,
        span: Span,
    ) -> Result<(), ProblemKind> {
        match scalar {
            Scalar::Null => Ok(()),
            Scalar::Uint(_) => Err(Unreadable::IntegerTooLarge.into()),
            _ if !visit.selected => self.clear(visit, scalar, span),
            // An empty string is its own ciphertext.
            Scalar::Str(text) if text.is_empty() => Ok(()),
            Scalar::Str(text) => {
                self.inspection.encrypted += 1;
                let Some(token) = Token::parse(text) else {
                    return Err(if looks_like_token(text) {
                        MalformedCiphertext::NotAToken.into()
                    } else {
                        PlaintextValue::Text.into()
                    });
                };
                self.token(visit, &token, span)
            }
            Scalar::Bool(_) | Scalar::Int(_) | Scalar::Float(_) | Scalar::Time(_) => {
                self.inspection.encrypted += 1;
                let found = scalar.kind();
                Err(PlaintextValue::NotAString { found }.into())
            }
        }
    }

    /// A value that the selectors leave in clear.
    fn clear(
        &mut self,
        visit: &Visit<'_, '_>,
        scalar: &Scalar<'_>,
        span: Span,
    ) -> Result<(), ProblemKind> {
        self.inspection.clear += 1;
        if let Scalar::Str(text) = scalar {
            self.unselected(visit, text, span);
        }
        if !visit.in_mac {
            return Ok(());
        }
        if matches!(scalar, Scalar::Int(0)) && span.range().len() == "-0".len() {
            if let Zeros::AsWritten(text) = self.zeros
                && text.get(span.range()) == Some("-0")
            {
                self.hash.update("-0");
                return Ok(());
            }
            let keys = visit.path.iter().copied();
            let zero = &mut self.inspection.zero;
            zero.get_or_insert_with(|| (span, KeyPath::new(keys)));
        }
        let bytes = scalar.mac_bytes().ok_or(Unreadable::TimeOffset)?;
        self.hash.update(bytes);
        Ok(())
    }

    /// Notes a whole token that stands where the selectors leave all in clear.
    fn unselected(&mut self, visit: &Visit<'_, '_>, text: &[u8], span: Span) {
        let found = &mut self.inspection.unselected;
        if found.len() < MAX_PROBLEMS
            && visit.via.is_empty()
            && Token::whole(text, &mut self.decoded).is_some()
        {
            found.push(Place {
                span,
                path: KeyPath::new(visit.path.iter().copied()),
                is_comment: matches!(visit.leaf, Leaf::Comment(_)),
            });
        }
    }

    fn token(
        &mut self,
        visit: &Visit<'_, '_>,
        token: &Token<'_>,
        span: Span,
    ) -> Result<(), ProblemKind> {
        token.decode(&mut self.decoded)?;
        let kind = match token.value_type().ok_or(MalformedCiphertext::UnknownType)? {
            ValueType::Bytes => return Err(MalformedCiphertext::BytesType.into()),
            kind => kind,
        };
        if visit.via.is_empty() {
            self.tokens.note(&self.decoded, span);
        }
        if kind == ValueType::Comment {
            self.unreadable_by(HASHES_LISTED_COMMENTS);
        }
        let Some(cipher) = &self.cipher else {
            return Ok(());
        };
        let Decoded { iv, sealed } = &mut self.decoded;
        let opened = cipher.open(iv, visit.aad, sealed);
        let plaintext = opened.map_err(|Rejected| Undecryptable::Rejected)?;
        if kind == ValueType::Comment && visit.in_list {
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
        if !visit.selected {
            self.unselected(visit, &comment.text, comment.span);
            return Ok(());
        }
        let Some(token) = Token::parse(&comment.text) else {
            if visit.via.is_empty() && !looks_like_token(&comment.text) {
                self.comments.note(visit, comment);
            }
            return Ok(());
        };
        let (Some(cipher), Some(kind)) = (&self.cipher, token.value_type()) else {
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

    /// Reports the tokens that stand under two keys. With a data key, those that it opens tell which
    /// of them are the copies.
    fn find_copies(&mut self, tree: &Tree<'_>, selectors: &Selectors) {
        let tokens = std::mem::take(&mut self.tokens);
        let problems = &mut self.inspection.problems;
        let rejected: HashMap<Span, usize> = problems
            .iter()
            .enumerate()
            .filter(|(_, problem)| problem.kind == Undecryptable::Rejected.into())
            .filter_map(|(at, problem)| Some((problem.span?, at)))
            .collect();
        let has_key = self.cipher.is_some();
        if has_key && rejected.is_empty() {
            return;
        }
        let opens = |span: Span| has_key && !rejected.contains_key(&span);
        for copy in tokens.copies(tree, selectors, opens) {
            let known = copy.span.and_then(|span| rejected.get(&span).copied());
            if let Some(problem) = known.and_then(|at| problems.get_mut(at)) {
                *problem = copy;
            } else if !has_key && problems.len() < MAX_PROBLEMS {
                problems.push(copy);
            }
        }
    }

    /// Compares the MAC, and reports it.
    fn mac(&mut self, file: &SopsFile<'_>) {
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
    }

    fn into_inspection(mut self) -> Inspection {
        let comments = std::mem::take(&mut self.comments);
        Inspection {
            clear_comments: comments.into_found(),
            ..std::mem::take(&mut self.inspection)
        }
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

impl Drop for Verifier<'_> {
    fn drop(&mut self) {
        self.decoded.sealed.zeroize();
        self.scratch.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Document, Format};
    use crate::sops::selectors::SelectorKind;
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
            "5 number the value should be encrypted and stands in clear, as a number",
            "6 text the value should be encrypted and stands in clear",
            "7 cut the token is not of the form `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`",
            "8 data the token's `data` is not valid base64",
            "9 iv the token's `iv` is not valid base64",
            "10 short the token's `data` and `tag` together are shorter than a tag",
            "11 kind the token's `type` is none that sops knows",
            "12 bytes the token's `type` is `bytes`, on which sops crashes",
            "14 list.… the value should be encrypted and stands in clear",
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
    /// The comments in clear and the tokens outside of what is picked: place and path of each.
    fn strays(values: &str, selectors: &Selectors) -> Vec<String> {
        let tree = crate::document::yaml::load(values).unwrap();
        let found = verify_values(&tree, selectors);
        let line = |span: Span| values[..span.start()].matches('\n').count() + 1;
        let comments = found.clear_comments.iter();
        let comments =
            comments.map(|one| format!("{} {} comment of {}", line(one.span), one.path, one.lines));
        let tokens = found.unselected.iter();
        let tokens = tokens.map(|one| {
            let comment = if one.is_comment { " in a comment" } else { "" };
            format!("{} {} token{comment}", line(one.span), one.path)
        });
        comments.chain(tokens).collect()
    }

    #[test]
    fn finds_comments_in_clear_where_they_would_be_encrypted() {
        let good = token("YQ==", "YQ==", "AAAAAAAAAAAAAAAAAAAAAA==", "comment");
        let values = format!(
            "# a\n\n# b\nk: '' # c\nl:\n# d\n- '' # e\n# f\n# g\n- ''\nm:\n  # h\n  n: ''\n\
             #{good}\n#\n#   \n# ENC[AES256_GCM,data:cut\nx_unencrypted:\n  # clear\n  y: 1\n"
        );
        let all = Selectors::default_with(false);
        let expected = [
            "1  comment of 2",
            "4  comment of 1",
            "6 l comment of 1",
            "7 l comment of 1",
            "8 l comment of 2",
            "12 m comment of 1",
        ];
        assert_eq!(strays(&values, &all), expected);
        let none = Selectors::new(SelectorKind::EncryptedRegex, b"^none$", false);
        assert_eq!(strays(&values, &none), ["14  token in a comment"]);
    }

    #[test]
    fn finds_whole_tokens_where_all_is_left_in_clear() {
        let good = token("YQ==", "YQ==", "AAAAAAAAAAAAAAAAAAAAAA==", "str");
        let values = format!(
            "k: {good}\nd_x: {good}\nabout_x: 'a token: {good}'\nbehind_x: '{good} and'\n\
             short_x: {}\nkind_x: {}\nform_x: ENC[AES256_GCM,data:…,iv:…,tag:…,type:str]\n\
             l_x: &a {good}\nm_x: *a\n",
            token("YQ==", "YQ==", "YQ==", "str"),
            token("YQ==", "YQ==", "AAAAAAAAAAAAAAAAAAAAAA==", "text"),
        );
        let selectors = Selectors::new(SelectorKind::UnencryptedSuffix, b"_x", false);
        assert_eq!(strays(&values, &selectors), ["2 d_x token", "8 l_x token"]);
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
