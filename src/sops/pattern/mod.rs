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
mod cursor;
mod engine;
mod error;
mod escape;
mod finite;
mod limits;
mod parse;
mod tree;
mod unicode;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

pub use error::{Error, Reason};

use engine::Engine;
use finite::Finite;
use tree::Tree;

/// A pattern in Go's regexp syntax, compiled.
#[derive(Clone)]
pub struct Pattern {
    compiled: Arc<Compiled>,
}

impl Pattern {
    /// Compiles a pattern as Go's `regexp.Compile` does.
    ///
    /// # Errors
    ///
    /// Where Go refuses the pattern, with Go's reason; and [`Reason::BeyondEngine`] where Go takes it
    /// but it would need more memory than is granted here.
    pub fn compile(pattern: &str) -> Result<Self, Error> {
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
    pub fn as_str(&self) -> &str {
        &self.compiled.source
    }

    /// Whether the pattern matches anywhere in the text (Go's `MatchString`).
    ///
    /// A byte that is not part of valid UTF-8 counts as one U+FFFD.
    pub fn is_match(&self, text: &[u8]) -> bool {
        let text = as_go_reads(text);
        match &self.compiled.matcher {
            Matcher::Finite(finite) => finite.is_match(&text),
            Matcher::Engine { tree, engine } => engine
                .get_or_init(|| Engine::build(tree))
                .as_ref()
                .is_some_and(|engine| engine.is_match(&text)),
        }
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
