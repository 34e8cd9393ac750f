//! Tokens that stand under two keys of one file.
//!
//! sops authenticates the keys that lead to a value together with it, so that a token opens under
//! its own keys only. List indexes and documents are no part of them: sops itself writes equal tokens
//! for equal values in a list, or under the same keys of two documents, and those are no copies.

use std::collections::HashMap;
use std::hash::{BuildHasher, DefaultHasher, Hasher, RandomState};

use super::enc::{Decoded, Token};
use super::problem::{CopiedCiphertext, MAX_PROBLEMS, Problem, Undecryptable};
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

    /// Tells `problems`, those of the walk in which the tokens were noted, of the tokens that stand under
    /// two keys. With a data key, those that it opens tell which of them are the copies.
    pub(super) fn tell(
        self,
        tree: &Tree<'_>,
        selectors: &Selectors,
        has_key: bool,
        problems: &mut Vec<Problem>,
    ) {
        let rejected: HashMap<Span, usize> = problems
            .iter()
            .enumerate()
            .filter(|(_, problem)| problem.kind == Undecryptable::Rejected.into())
            .filter_map(|(at, problem)| Some((problem.span?, at)))
            .collect();
        if has_key && rejected.is_empty() {
            return;
        }
        // Nothing is known of the tokens behind the last problem that there was room for.
        let is_full = problems.len() >= MAX_PROBLEMS;
        let last = rejected.keys().max().copied();
        let is_known = |span: Span| !is_full || last.is_some_and(|last| span < last);
        let opens = |span: Span| has_key && is_known(span) && !rejected.contains_key(&span);
        for copy in self.copies(tree, selectors, opens) {
            let known = copy.span.and_then(|span| rejected.get(&span).copied());
            if let Some(problem) = known.and_then(|at| problems.get_mut(at)) {
                *problem = copy;
            } else if !has_key && problems.len() < MAX_PROBLEMS {
                problems.push(copy);
            }
        }
    }

    /// The tokens that stand under other keys than an equal one, in the order of the text, at most
    /// 1,000. `opens` says where a token is known to open: the others are its copies. Where none
    /// does, it is the first.
    fn copies(
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
        let mut paths = Paths::new(&hash);
        let mut places = Vec::new();
        visit_tokens(tree, selectors, &suspects, |visit, token, span| {
            let text = hash.hash_one((token.data, token.iv, token.tag));
            let path = paths.of(visit);
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

/// The hashes of paths as sops authenticates them. A key is hashed once for all that it holds: it can
/// be as long as the text.
struct Paths {
    top: DefaultHasher,
    /// The pairs that lead to the last place, and the hash up to each.
    keys: Vec<(usize, DefaultHasher)>,
    /// How many bytes were hashed.
    hashed: usize,
}

impl Paths {
    fn new(hash: &RandomState) -> Self {
        Self {
            top: hash.build_hasher(),
            keys: Vec::new(),
            hashed: 0,
        }
    }

    /// The hash of the keys that lead to `visit`; stops come in the order of the walk.
    fn of(&mut self, visit: &Visit<'_, '_>) -> u64 {
        // The same pair is led to by the same pairs.
        while let Some((pair, _)) = self.keys.last()
            && visit.pairs.get(self.keys.len() - 1) != Some(pair)
        {
            self.keys.pop();
        }
        let known = self.keys.len();
        for (pair, key) in visit.pairs.iter().zip(visit.path).skip(known) {
            let mut hasher = self.last().clone();
            hasher.write(key);
            hasher.write(b":");
            self.hashed += key.len() + 1;
            self.keys.push((*pair, hasher));
        }
        self.last().finish()
    }

    fn last(&self) -> &DefaultHasher {
        self.keys.last().map_or(&self.top, |(_, hasher)| hasher)
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
        if let Leaf::Scalar { scalar, span, .. } = visit.leaf
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
    use crate::document::{Format, yaml};
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
        let found = verify_values(&tree, Format::Yaml, &Selectors::default_with(false)).problems;
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

    /// What `with_key` tells of values `k0`, `k1`, …, all of one token, of which `opening` opens.
    fn original(count: usize, opening: usize) -> Vec<String> {
        let one = token(1);
        let text: String = (0..count).map(|key| format!("k{key}: {one}\n")).collect();
        let tree = yaml::load(&text).unwrap();
        let selectors = Selectors::default_with(false);
        let (mut tokens, mut problems) = (Tokens::default(), Vec::new());
        let mut decoded = Decoded::default();
        let mut at = 0;
        walk(&tree, &selectors, |visit| {
            let Leaf::Scalar { scalar, span, .. } = visit.leaf else {
                panic!("there are values only");
            };
            let Scalar::Str(text) = scalar else {
                panic!("all are tokens");
            };
            Token::parse(text).unwrap().decode(&mut decoded).unwrap();
            tokens.note(&decoded, span);
            if at != opening && problems.len() < MAX_PROBLEMS {
                problems.push(Problem {
                    kind: Undecryptable::Rejected.into(),
                    span: Some(span),
                    path: KeyPath::new(visit.path.iter().copied()),
                });
            }
            at += 1;
        })
        .unwrap();
        tokens.tell(&tree, &selectors, true, &mut problems);
        let mut originals: Vec<String> = problems
            .iter()
            .filter_map(|problem| match &problem.kind {
                super::super::ProblemKind::Copied(copied) => Some(copied.path.to_string()),
                _ => None,
            })
            .collect();
        originals.dedup();
        originals
    }

    #[test]
    fn an_original_is_one_that_opens_and_never_one_that_was_not_tried() {
        assert_eq!(original(20, 7), ["k7"]);
        assert_eq!(original(2_000, 7), ["k7"]);
        assert_eq!(original(2_000, 999), ["k999"]);
        assert_eq!(original(2_000, 2_000), ["k0"]);
        assert_eq!(original(2_000, 1_500), ["k0"], "nobody saw it open");
    }

    #[test]
    fn a_long_key_over_many_copies_is_hashed_once() {
        let one = token(1);
        let values: String = (0..1_000).map(|key| format!("  k{key}: {one}\n")).collect();
        let text = format!("? {}\n:\n{values}", "x".repeat(10_000));
        let tree = yaml::load(&text).unwrap();
        let mut paths = Paths::new(&RandomState::new());
        let mut seen = std::collections::HashSet::new();
        walk(&tree, &Selectors::default_with(false), |visit| {
            seen.insert(paths.of(&visit));
        })
        .unwrap();
        assert_eq!(seen.len(), 1_000);
        assert!(paths.hashed < 20_000, "{}", paths.hashed);
    }
}
