//! Patterns in the syntax of Go's `regexp`, with its semantics.
//!
//! sops decides what to encrypt, and by which rule, with Go's regular expressions. They differ from
//! Rust's in many small ways (`\d` and `\b` are ASCII, `[a&&b]` is a plain class, `a{,2}` a literal,
//! `a**` an error), and a pattern that Go refuses matches nothing in sops. So [`parse`] reads Go's
//! syntax itself, Go's limits included, into a [`tree`]. A tree without loops, which is what nearly
//! all of sops's patterns are, is matched as it stands by [`finite`]; any other becomes a lazy DFA
//! in [`engine`] when it is first needed. Both take time linear in the text.
//!
//! The reference is `regexp` of Go 1.25 and 1.26. Two differences are known. An escaped surrogate
//! such as `\x{D800}` never matches here, while Go takes it for U+FFFD at the start of some anchored
//! patterns. And the limit on nesting (1,000) is applied to the pattern as written, while Go first
//! factors common prefixes out of alternations, which can add a level.

mod bracket;
mod containment;
mod cursor;
mod engine;
mod error;
mod escape;
mod finite;
mod limits;
mod parse;
mod tree;
mod unicode;
mod utf8;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

pub(crate) use containment::{Automaton, Work};
pub(crate) use error::{Error, Reason};

use engine::Engine;
use finite::Finite;
use tree::Tree;

/// A pattern in Go's regexp syntax, compiled.
#[derive(Clone)]
pub(crate) struct Pattern {
    compiled: Arc<Compiled>,
}

/// Patterns that were compiled before: all files of a repository mostly have the same. An engine counts what it went
/// over, and so is for one file alone.
static KNOWN: RwLock<BTreeMap<Box<str>, Pattern>> = RwLock::new(BTreeMap::new());

/// How many of them are kept, and the most bytes of one.
const MOST_KNOWN: usize = 64;
const MAX_KNOWN: usize = 256;

impl Pattern {
    /// Compiles a pattern as Go's `regexp.Compile` does.
    ///
    /// # Errors
    ///
    /// Where Go refuses the pattern, with Go's reason; and [`Reason::BeyondEngine`] where Go takes it
    /// but it would need more memory than is granted here.
    pub(crate) fn compile(pattern: &str) -> Result<Self, Error> {
        let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(pattern) {
            return Ok(known.clone());
        }
        drop(known);
        let compiled = Self::compile_anew(pattern)?;
        if !compiled.needs_engine() && pattern.len() <= MAX_KNOWN {
            let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() < MOST_KNOWN {
                known.insert(pattern.into(), compiled.clone());
            }
        }
        Ok(compiled)
    }

    fn compile_anew(pattern: &str) -> Result<Self, Error> {
        let tree = parse::parse(pattern)?;
        let matcher = match Finite::of(&tree) {
            Some(finite) => Matcher::Finite(finite),
            None => Matcher::engine(tree)
                .ok_or_else(|| Error::new(Reason::BeyondEngine, 0..pattern.len()))?,
        };
        Ok(Self {
            compiled: Arc::new(Compiled {
                source: pattern.into(),
                matcher,
            }),
        })
    }

    /// The pattern as it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.compiled.source
    }

    /// Whether the pattern matches anywhere in the text (Go's `MatchString`).
    ///
    /// A byte that is not part of valid UTF-8 counts as one U+FFFD. `None` where it would take too
    /// long to say, this text and all earlier ones together.
    pub(crate) fn try_match(&self, text: &[u8]) -> Option<bool> {
        let text = as_go_reads(text);
        match &self.compiled.matcher {
            Matcher::Finite(finite) => Some(finite.is_match(&text)),
            Matcher::Engine { tree, engine } => engine
                .get_or_init(|| Engine::build(tree))
                .as_ref()
                .map_or(Some(false), |engine| engine.is_match(&text)),
        }
    }

    /// An upper bound of the passes over a text that matching takes, but for the making of states.
    pub(crate) fn passes(&self) -> usize {
        match &self.compiled.matcher {
            Matcher::Finite(finite) => finite.sequences().max(1),
            Matcher::Engine { .. } => 1,
        }
    }

    /// Whether matching builds an automaton first, and keeps it.
    pub(crate) fn needs_engine(&self) -> bool {
        matches!(self.compiled.matcher, Matcher::Engine { .. })
    }

    #[cfg(test)]
    fn is_match(&self, text: &[u8]) -> bool {
        self.try_match(text).expect("within its means")
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.as_str()).finish()
    }
}

struct Compiled {
    source: Box<str>,
    matcher: Matcher,
}

enum Matcher {
    Finite(Finite),
    /// Built on first use; `None` inside, if it could not be, which [`Matcher::engine`] rules out.
    Engine {
        tree: Tree,
        engine: OnceLock<Option<Engine>>,
    },
}

impl Matcher {
    /// Leaves building for later, unless it is so large that it might fail: then it is built now.
    fn engine(tree: Tree) -> Option<Self> {
        let engine = OnceLock::new();
        if !engine::surely_builds(&tree) && engine.get_or_init(|| Engine::build(&tree)).is_none() {
            return None;
        }
        Some(Self::Engine { tree, engine })
    }
}

/// Decodes a text as Go's `utf8.DecodeRune` does: U+FFFD for *each* byte that is not UTF-8.
fn as_go_reads(text: &[u8]) -> Cow<'_, str> {
    if let Ok(valid) = str::from_utf8(text) {
        return Cow::Borrowed(valid);
    }
    let mut decoded = String::with_capacity(text.len() * 3);
    for chunk in text.utf8_chunks() {
        decoded.push_str(chunk.valid());
        decoded.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Cow::Owned(decoded)
}

#[cfg(test)]
mod go_tests;
#[cfg(test)]
mod tests {
    use super::*;

    fn is_finite(pattern: &str) -> bool {
        matches!(
            Pattern::compile(pattern).unwrap().compiled.matcher,
            Matcher::Finite(_)
        )
    }

    #[test]
    fn patterns_without_loops_pay_for_no_engine() {
        for pattern in [
            "",
            "^(data|stringData)$",
            "^data$",
            "password",
            "^(a|b)",
            "(?i)^(password|token)$",
            r"\.enc\.ya?ml$",
            r"(?s)\A(?:[a-f]{2,4}|\pN)\z|^$",
            r"(?m)^key\b",
            ".*secret.*",
            "[a-z]+_key",
            "(x(y|z)*)*",
        ] {
            assert!(is_finite(pattern), "{pattern}");
        }
        for pattern in ["^.*key$", "a.*b", "(ab)+$|^a+$", "[a-z]{300}", "^(a?){20}$"] {
            assert!(!is_finite(pattern), "{pattern}");
        }
    }

    #[test]
    fn the_engine_agrees_with_the_matcher_that_needs_none() {
        let texts = [
            "",
            "a",
            "ab",
            "data",
            "stringData\n",
            "K",
            "\u{212A}ey",
            "é",
            "x é_",
            "日本\n",
        ];
        let recorded = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/testdata/pattern/go-regexp.jsonl"
        );
        let mut compared = 0;
        for line in String::from_utf8(crate::fs::read(recorded.as_ref(), 1 << 30).unwrap())
            .unwrap()
            .lines()
        {
            let Ok(answer) = serde_json::from_str::<serde_json::Value>(line) else {
                continue;
            };
            let Ok(tree) = parse::parse(answer["pattern"].as_str().unwrap()) else {
                continue;
            };
            let Some(finite) = Finite::of(&tree) else {
                continue;
            };
            let Some(engine) = Engine::build(&tree) else {
                continue;
            };
            let own = answer["texts"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|t| t.as_str());
            for text in own.chain(texts) {
                assert_eq!(
                    finite.is_match(text),
                    engine.is_match(text).unwrap(),
                    "{line} on {text:?}"
                );
                compared += 1;
            }
        }
        assert!(compared > 5_000, "{compared}");
    }

    #[test]
    fn each_byte_that_is_not_utf8_is_one_character() {
        let characters = |text: &[u8]| as_go_reads(text).chars().count();
        assert_eq!(characters("é日".as_bytes()), 2);
        assert_eq!(characters(b"\xFFa\xE6\x97"), 4);
        assert_eq!(characters(b"\xED\xA0\x80"), 3);
        assert_eq!(characters(b"\xF0\x9F\x98"), 3);
    }

    #[test]
    fn patterns_are_shared_between_threads() {
        let pattern = Pattern::compile("^a.*b$").unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert!((0..100).all(|_| pattern.clone().is_match(b"a-b"))));
            }
        });
    }
}
