//! The walk over all values that verification makes, stop by stop: what each says, and what it adds to
//! the MAC.

mod comments;

use sha2::{Digest, Sha512};
use zeroize::Zeroize;

use super::cipher::{Cipher, Rejected};
use super::comment::{self, ClearComments};
use super::copies::Tokens;
use super::data_key::DataKey;
use super::emit;
use super::enc::{Decoded, Token, ValueType, looks_like_token};
use super::mac;
use super::plaintext::mac_bytes;
use super::problem::{
    MAX_PROBLEMS, MalformedCiphertext, PlaintextValue, Problem, ProblemKind, Undecryptable,
    Unreadable,
};
use super::verify::{Inspection, Place};
use super::walk::{Leaf, Overrun, Visit, walk};
use super::{Selectors, SopsFile};
use crate::document::{Format, KeyPath, Scalar, Tree};
use crate::source::Span;

/// The version that hashes comments in lists, which no other does.
const HASHES_LISTED_COMMENTS: &str = "3.13.2";

/// The most bytes of keys that are authenticated, each key as often as a token stands below it: one of
/// megabytes over thousands of tokens would take hours.
pub(super) const MAX_AUTHENTICATED: usize = 1 << 30;

/// What the values and the MAC of `file` show.
pub(super) fn inspect<'d>(
    file: &SopsFile<'d>,
    key: Option<&DataKey>,
    zeros: Zeros<'d>,
) -> Inspection {
    let mut verifier = Verifier::new(file.format(), key, file.selectors(), zeros);
    if verifier.values(file) {
        verifier.mac(file);
    }
    if !file.encrypts_comments() {
        verifier.comments = ClearComments::default();
    }
    verifier.into_inspection()
}

/// The MAC that `file` should have as it stands, in digits.
///
/// # Errors
/// What the values show, where that is something for which sops would refuse them.
pub(super) fn mac_of(file: &SopsFile<'_>, key: &DataKey) -> Result<Vec<u8>, Box<Inspection>> {
    let mut verifier = Verifier::new(file.format(), Some(key), file.selectors(), Zeros::AsRead);
    let is_whole = verifier.values(file);
    let found = &verifier.inspection;
    if is_whole && found.problems.is_empty() && found.unsupported.is_none() {
        return Ok(mac::digits(std::mem::take(&mut verifier.hash)));
    }
    Err(Box::new(verifier.into_inspection()))
}

/// What the values of a document show without a key and without a MAC.
pub(super) fn inspect_values(tree: &Tree<'_>, format: Format, selectors: &Selectors) -> Inspection {
    let mut verifier = Verifier::new(format, None, selectors, Zeros::AsRead);
    verifier.walk(tree, selectors);
    verifier.into_inspection()
}

/// What a clear zero that is spelled `-0` counts as.
#[derive(Clone, Copy)]
pub(super) enum Zeros<'t> {
    /// The integer that it is.
    AsRead,
    /// The float `-0.0` that sops printed so.
    AsWritten(&'t str),
}

/// A verification under way.
struct Verifier<'t> {
    format: Format,
    cipher: Option<Cipher>,
    hash: Sha512,
    /// The parts of the token at hand; opened in place, so that it holds plaintext afterwards.
    decoded: Decoded,
    /// A comment whose last character is cut. sops crashes where its emitter looks for the rest,
    /// unless another comment follows in the same breath.
    cut_comment: Option<(Span, KeyPath)>,
    /// How many bytes of keys were authenticated.
    authenticated: usize,
    /// Values printed anew for the MAC.
    scratch: Vec<u8>,
    zeros: Zeros<'t>,
    tokens: Tokens,
    comments: ClearComments,
    inspection: Inspection,
}

impl<'t> Verifier<'t> {
    fn new(format: Format, key: Option<&DataKey>, selectors: &Selectors, zeros: Zeros<'t>) -> Self {
        Self {
            format,
            cipher: key.map(|key| Cipher::new(key.expose())),
            hash: mac::start(selectors),
            decoded: Decoded::default(),
            cut_comment: None,
            authenticated: 0,
            // Room for any number or time, so that it never grows and leaves a copy behind.
            scratch: Vec::with_capacity(512),
            zeros,
            tokens: Tokens::default(),
            comments: ClearComments::default(),
            inspection: Inspection::default(),
        }
    }

    /// Visits everything of a file but its MAC; false where nothing can be said of that.
    fn values(&mut self, file: &SopsFile<'_>) -> bool {
        if file.metadata().needs_kms_mended() {
            self.inspection.unsupported =
                Some("a KMS `context` of several values from before sops 3.3.0".to_owned());
        }
        let is_whole = self.walk(file.tree(), file.selectors());
        if is_whole && let Err((kind, span)) = emit::content(file) {
            self.push(kind, span, [emit::CONTENT.as_bytes()]);
        }
        is_whole
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
        if self.authenticated > MAX_AUTHENTICATED {
            let what = "keys of this length over so many values";
            self.inspection.unsupported = Some(what.to_owned());
            // The MAC lacks what was not opened.
            return false;
        }
        match walked {
            Ok(()) => {
                let (tokens, has_key) = (std::mem::take(&mut self.tokens), self.cipher.is_some());
                tokens.tell(tree, selectors, has_key, &mut self.inspection.problems);
            }
            // sops's printer has the same limit.
            Err(Overrun::TooDeep) if self.format == Format::Json => {
                self.push(Unreadable::TooDeep.into(), None, std::iter::empty());
            }
            // These limits are ours: sops follows aliases until time or memory runs out.
            Err(overrun) => {
                let what = match overrun {
                    Overrun::TooDeep => "a document of more than 10,000 levels, aliases followed",
                    Overrun::TooManyAliases => "aliases that expand to more than 4,000,000 values",
                };
                let unsupported = &mut self.inspection.unsupported;
                unsupported.get_or_insert_with(|| what.to_owned());
                // The MAC lacks what was not visited.
                return false;
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
            self.end_cut_comment(comment::is_one(visit));
        }
        let (outcome, span) = match visit.leaf {
            Leaf::NonStringKey(key) => {
                let found = key.name.kind();
                (Err(Unreadable::NonStringKey { found }.into()), key.span)
            }
            Leaf::Comment(comment) => (self.comment(visit, comment), comment.span),
            Leaf::Scalar { scalar, span, .. } => (self.scalar(visit, scalar, span), span),
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
        let is_opened = self.affords(visit.aad);
        let Some(cipher) = self.cipher.as_ref().filter(|_| is_opened) else {
            return Ok(());
        };
        let Decoded { iv, sealed } = &mut self.decoded;
        let opened = cipher.open(iv, visit.aad, sealed);
        let plaintext = opened.map_err(|Rejected| Undecryptable::Rejected)?;
        if kind == ValueType::Comment && visit.in_list {
            emit::comment(self.format, plaintext, visit, span, &mut self.cut_comment)?;
        }
        let declared = kind.name();
        let bytes = mac_bytes(kind, plaintext, &mut self.scratch)
            .ok_or(Undecryptable::NotOfItsType { declared })?;
        emit::value(self.format, kind, bytes)?;
        self.hash.update(bytes);
        Ok(())
    }

    /// Whether a token below these keys is opened, and counts it: not where there is room for no more
    /// problems, nor where too much was authenticated.
    fn affords(&mut self, aad: &[u8]) -> bool {
        if self.cipher.is_none() || self.inspection.problems.len() >= MAX_PROBLEMS {
            return false;
        }
        self.authenticated = self.authenticated.saturating_add(aad.len());
        self.authenticated <= MAX_AUTHENTICATED
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

impl Drop for Verifier<'_> {
    fn drop(&mut self) {
        self.decoded.sealed.zeroize();
        self.scratch.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::yaml;

    fn with_key(selectors: &Selectors) -> Verifier<'static> {
        let mut verifier = Verifier::new(Format::Yaml, None, selectors, Zeros::AsRead);
        verifier.cipher = Some(Cipher::new(&[7; 32]));
        verifier
    }

    fn tokens(count: usize) -> String {
        let token = |at| {
            let iv = format!("{at:043}=");
            format!(
                "k{at}: ENC[AES256_GCM,data:YQ==,iv:{iv},tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]\n"
            )
        };
        (0..count).map(token).collect()
    }

    #[test]
    fn long_keys_over_many_tokens_are_left_unverified() {
        let all = Selectors::default_with(false);
        let mut verifier = with_key(&all);
        let key = vec![b'k'; 1 << 24];
        assert!((0..64).all(|_| verifier.affords(&key)));
        assert!(!verifier.affords(&key));
        let text = tokens(2);
        assert!(!verifier.walk(&yaml::load(&text).unwrap(), &all));
        assert!(verifier.inspection.unsupported.is_some());
        assert_eq!(verifier.inspection.problems, []);
    }

    #[test]
    fn nothing_is_opened_where_no_problem_is_told_any_more() {
        let all = Selectors::default_with(false);
        let mut verifier = with_key(&all);
        let text = tokens(MAX_PROBLEMS + 100);
        assert!(verifier.walk(&yaml::load(&text).unwrap(), &all));
        assert_eq!(verifier.inspection.problems.len(), MAX_PROBLEMS);
        let thousand: usize = (0..MAX_PROBLEMS).map(|at| format!("k{at}:").len()).sum();
        assert_eq!(verifier.authenticated, thousand);
    }
}
