//! Tokens that stand under two keys of one file.
//!
//! sops authenticates the keys that lead to a value together with it, so that a token opens under
//! its own keys only. List indexes and documents are no part of them: sops itself writes equal tokens
//! for equal values in a list, or under the same keys of two documents, and those are no copies.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::enc::{Decoded, Token};
use super::problem::{CopiedCiphertext, MAX_PROBLEMS, Problem};
use super::selectors::Selectors;
use super::walk::{Leaf, Visit, walk};
use crate::document::{KeyPath, Scalar, Tree};
use crate::source::Span;

/// The tokens of a file as they are met, so few bytes each that to note them costs nothing beside
/// opening them.
#[derive(Default)]
pub(super) struct Tokens {
    seen: Vec<(u64, Span)>,
}

/// A token met again, under other keys.
struct Again {
    text: u64,
    path: u64,
    span: Span,
}

impl Tokens {
    /// Notes the token at `span`, decoded and not opened yet.
    pub(super) fn note(&mut self, decoded: &Decoded, span: Span) {
        let (iv, tag) = (
            decoded.iv.first_chunk::<8>(),
            decoded.sealed.last_chunk::<8>(),
        );
        let bits = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
        self.seen.push((bits(iv) ^ bits(tag).rotate_left(32), span));
    }

    /// The tokens that stand under other keys than an equal one, in the order of the text, at most
    /// 1,000. `opens` says where a token is known to open: the others are its copies. Where none
    /// does, it is the first.
    pub(super) fn copies(
        self,
        tree: &Tree<'_>,
        selectors: &Selectors,
        opens: impl Fn(Span) -> bool,
    ) -> Vec<Problem> {
        let suspects = self.suspects();
        if suspects.is_empty() {
            return Vec::new();
        }
        let hash = RandomState::new();
        let mut places = Vec::new();
        visit_tokens(tree, selectors, &suspects, |visit, token, span| {
            let text = hash.hash_one((token.data, token.iv, token.tag));
            let path = hash.hash_one(visit.aad);
            places.push(Again { text, path, span });
        });
        let pairs = pairs(places, opens);
        let mut wanted: Vec<Span> = pairs.iter().flat_map(|(at, first)| [*at, *first]).collect();
        wanted.sort_unstable();
        let mut paths = HashMap::new();
        visit_tokens(tree, selectors, &wanted, |visit, _, span| {
            paths.insert(span, KeyPath::new(visit.path.iter().copied()));
        });
        let problem = |(at, first): (Span, Span)| {
            let path = |span: Span| paths.get(&span).cloned().unwrap_or_default();
            let copied = CopiedCiphertext {
                span: first,
                path: path(first),
            };
            Problem {
                kind: copied.into(),
                span: Some(at),
                path: path(at),
            }
        };
        pairs.into_iter().map(problem).collect()
    }

    /// The places of all tokens that may be equal to another one, sorted: a table of one bit a token
    /// and 31 to spare finds them without sorting the others.
    fn suspects(&self) -> Vec<Span> {
        if self.seen.len() < 2 {
            return Vec::new();
        }
        let bits = (self.seen.len() * 32).next_power_of_two();
        let shift = 64 - bits.trailing_zeros();
        let mut once = vec![0_u64; bits / 64];
        let mut twice = vec![0_u64; bits / 64];
        let slot = |mark: u64| usize::try_from(mark >> shift).unwrap_or(0);
        for (mark, _) in &self.seen {
            let (word, bit) = (slot(*mark) / 64, 1 << (slot(*mark) % 64));
            if let (Some(once), Some(twice)) = (once.get_mut(word), twice.get_mut(word)) {
                *twice |= *once & bit;
                *once |= bit;
            }
        }
        let is_twice = |mark: u64| {
            let word = twice.get(slot(mark) / 64).copied().unwrap_or(0);
            word >> (slot(mark) % 64) & 1 == 1
        };
        let seen = self.seen.iter().copied();
        let mut met: Vec<(u64, Span)> = seen.filter(|(mark, _)| is_twice(*mark)).collect();
        met.sort_unstable();
        let mut suspects: Vec<Span> = met
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|equal| equal.len() > 1)
            .flat_map(|equal| equal.iter().map(|(_, span)| *span))
            .collect();
        suspects.sort_unstable();
        suspects
    }
}

/// Each copy with its original.
fn pairs(mut places: Vec<Again>, opens: impl Fn(Span) -> bool) -> Vec<(Span, Span)> {
    places.sort_unstable_by_key(|place| (place.text, place.span));
    let mut pairs = Vec::new();
    for equal in places.chunk_by(|a, b| a.text == b.text) {
        let Some(original) = equal
            .iter()
            .find(|place| opens(place.span))
            .or(equal.first())
        else {
            continue;
        };
        let copies = equal.iter().filter(|place| place.path != original.path);
        pairs.extend(copies.map(|copy| (copy.span, original.span)));
    }
    pairs.sort_unstable();
    pairs.truncate(MAX_PROBLEMS);
    pairs
}

/// Visits the tokens at these places, which are sorted.
fn visit_tokens<'t>(
    tree: &'t Tree<'t>,
    selectors: &Selectors,
    places: &[Span],
    mut each: impl FnMut(&Visit<'_, 't>, &Token<'_>, Span),
) {
    // Whoever asks has walked the whole tree before.
    let _ = walk(tree, selectors, |visit| {
        if let Leaf::Scalar { scalar, span } = visit.leaf
            && let Scalar::Str(text) = scalar
            && visit.via.is_empty()
            && places.binary_search(&span).is_ok()
            && let Some(token) = Token::parse(text)
        {
            each(&visit, &token, span);
        }
    });
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::document::yaml;
    use crate::sops::verify_values;

    /// A token with a number of its own.
    fn token(number: u8) -> String {
        let part = |bytes: &[u8]| STANDARD.encode(bytes);
        format!(
            "ENC[AES256_GCM,data:{},iv:{},tag:{},type:str]",
            part(b"x"),
            part(&[number; 32]),
            part(&[number.wrapping_add(7); 16])
        )
    }

    /// The lines of the copies, each with its key and that of its original.
    fn copies(text: &str) -> Vec<String> {
        let tree = yaml::load(text).unwrap();
        let found = verify_values(&tree, &Selectors::default_with(false)).problems;
        let line = |span: Span| text[..span.start()].matches('\n').count() + 1;
        let shown = |problem: &Problem| match &problem.kind {
            super::super::ProblemKind::Copied(copied) => format!(
                "{} {} is {} {}",
                line(problem.span.unwrap()),
                problem.path,
                line(copied.span),
                copied.path
            ),
            other => panic!("{other}"),
        };
        found.iter().map(shown).collect()
    }

    #[test]
    fn finds_tokens_under_other_keys_in_the_order_of_the_text() {
        let (a, b) = (token(1), token(2));
        let text =
            format!("a: {a}\nb: {b}\nc:\n  d: {a}\n  e:\n  - {b}\n  - {b}\n---\nf: {a}\na: {a}\n");
        assert_eq!(
            copies(&text),
            ["4 c.d is 1 a", "6 c.e is 2 b", "7 c.e is 2 b", "9 f is 1 a"]
        );
    }

    // As sops writes them: list indexes and documents are no part of what it authenticates.
    #[test]
    fn equal_tokens_under_equal_keys_are_no_copies() {
        let (a, b) = (token(1), token(2));
        for text in [
            format!("list:\n- {a}\n- {a}\n- - {a}\nother: {b}\n"),
            format!("list:\n- k: {a}\n- k: {a}\n"),
            format!("k: {a}\n---\nk: {a}\n"),
            format!("k: &a {a}\nl: *a\n"),
            // Joined with colons, these paths are one.
            format!("a:\n  b: {a}\n'a:b': {a}\n"),
            format!("a: {a}\nb_unencrypted: {a}\n"),
        ] {
            assert_eq!(copies(&text), [""; 0], "{text}");
        }
    }

    #[test]
    fn tokens_that_only_begin_alike_are_no_copies() {
        let other = token(1).replace("data:eA==", "data:eQ==");
        assert_eq!(copies(&format!("a: {}\nb: {other}\n", token(1))), [""; 0]);
    }

    #[test]
    fn many_copies_are_counted_out_and_quick() {
        let one = token(1);
        let text: String = (0..20_000).map(|key| format!("k{key}: {one}\n")).collect();
        let found = copies(&text);
        assert_eq!(found.len(), MAX_PROBLEMS);
        assert_eq!(found[0], "2 k1 is 1 k0");
    }
}
