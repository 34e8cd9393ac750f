//! The values and comments of one version, gathered in one walk.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::mark::Mark;
use super::paths::{Gatherer, PathId, Paths};
use super::version::NotCompared;
use crate::document::{Comment, Scalar, Tree};
use crate::sops::{Leaf as Stop, Selectors, Token, ValueType, Visit, walk};
use crate::source::Span;

/// The most values, comments and keys of a version. Aliases can expand to more.
const MAX_LEAVES: usize = 1 << 20;

/// The most bytes that are hashed of a version: what aliases repeat counts each time.
const MAX_HASHED: usize = 1 << 29;

/// One value.
#[derive(Clone, Copy)]
pub(super) struct Leaf {
    pub(super) path: PathId,
    pub(super) document: u32,
    pub(super) span: Span,
    pub(super) kind: Kind,
    /// What stands there: a token's parts, or the bytes that a clear value is to sops.
    pub(super) mark: Mark,
    /// How many bytes enter the MAC: a token is as long as what it hides.
    pub(super) len: usize,
    /// Whether the selectors pick it.
    pub(super) selected: bool,
}

/// The name of a leaf in its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LeafId(u32);

/// What a leaf is to sops.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An encrypted value, be it selected or not.
    Token {
        iv: Mark,
        declared: Option<ValueType>,
    },
    /// A value in clear.
    Clear,
    /// Null or an empty string, which sops neither encrypts nor authenticates.
    Empty,
}

/// A line of comment.
pub(super) struct Remark {
    pub(super) mark: Mark,
    pub(super) span: Span,
    /// The initialization vector, where it is encrypted.
    pub(super) iv: Option<Mark>,
}

/// All that a walk gathers.
pub(super) struct Leaves {
    pub(super) leaves: Vec<Leaf>,
    pub(super) paths: Paths,
    pub(super) remarks: Vec<Remark>,
    pub(super) inputs: [Mark; 2],
}

#[derive(Default)]
struct Gathering {
    leaves: Vec<Leaf>,
    paths: Gatherer,
    remarks: Vec<Remark>,
    /// All values, and those that the selectors pick.
    inputs: [Inputs; 2],
    hashed: usize,
}

/// What enters the MAC, one value after the other. Where a clear value ends and the next one begins
/// is nothing to sops, and so it is here.
#[derive(Default)]
struct Inputs {
    /// The values before the clear ones at the end.
    hash: Sha256,
    /// The clear ones at the end, and how many bytes they are.
    clear: Sha256,
    clear_len: usize,
}

impl LeafId {
    pub(super) fn of_index(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

impl Leaf {
    /// Whether it is an encrypted value.
    pub(super) fn is_token(&self) -> bool {
        matches!(self.kind, Kind::Token { .. })
    }

    /// Whether it enters the MAC. `only_encrypted` says whether clear values do not.
    pub(super) fn is_input(&self, only_encrypted: bool) -> bool {
        match self.kind {
            Kind::Token { .. } | Kind::Clear => self.selected || !only_encrypted,
            Kind::Empty => false,
        }
    }
}

impl Leaves {
    /// Visits everything in `tree`.
    ///
    /// # Errors
    /// [`NotCompared::TooLarge`] where that would take too long.
    pub(super) fn gather(tree: &Tree<'_>, selectors: &Selectors) -> Result<Self, NotCompared> {
        let mut gathering = Gathering::default();
        let walked = walk(tree, selectors, |visit| gathering.visit(&visit));
        if walked.is_err() || !selectors.is_certain() || gathering.is_full() {
            return Err(NotCompared::TooLarge);
        }
        Ok(gathering.end())
    }

    /// What a walk gathers where there is nothing.
    pub(super) fn none() -> Self {
        Gathering::default().end()
    }
}

impl Gathering {
    fn end(self) -> Leaves {
        Leaves {
            leaves: self.leaves,
            paths: self.paths.into_paths(),
            remarks: self.remarks,
            inputs: self.inputs.map(Inputs::end),
        }
    }

    fn is_full(&self) -> bool {
        self.leaves.len() + self.remarks.len() > MAX_LEAVES
            || self.hashed + self.paths.hashed() > MAX_HASHED
    }

    fn visit(&mut self, visit: &Visit<'_, '_>) {
        if self.is_full() {
            return;
        }
        match visit.leaf {
            // sops refuses the file.
            Stop::NonStringKey(_) => {}
            Stop::Comment(comment) => self.comment(visit, comment),
            Stop::Scalar { scalar, span, .. } => self.scalar(visit, scalar, span),
        }
    }

    fn comment(&mut self, visit: &Visit<'_, '_>, comment: &Comment<'_>) {
        self.hashed += comment.text.len();
        // One that does not open is a comment in clear to sops, whatever type it declares.
        let token = Token::parse(&comment.text).filter(|_| visit.selected);
        self.remark(token.as_ref(), comment.text.trim_ascii(), comment.span);
    }

    fn remark(&mut self, token: Option<&Token<'_>>, text: &[u8], span: Span) {
        // An empty line of comment says nothing, and formatters drop it.
        if token.is_some() || !text.is_empty() {
            let mark = token.map_or_else(|| Mark::of(&[text]), mark_of_token);
            let iv = token.map(|token| Mark::of(&[token.iv]));
            self.remarks.push(Remark { mark, span, iv });
        }
    }

    fn scalar(&mut self, visit: &Visit<'_, '_>, scalar: &Scalar<'_>, span: Span) {
        if let Scalar::Str(text) = scalar
            && let Some(token) = Token::parse(text)
            && (visit.selected || Token::is_whole(text))
        {
            self.hashed += text.len();
            if token.value_type() == Some(ValueType::Comment) && visit.in_list {
                self.remark(Some(&token), &[], span);
            } else {
                self.token(visit, &token, span);
            }
            return;
        }
        let bytes = input_bytes(scalar);
        self.hashed += bytes.len();
        let is_empty = bytes.is_empty();
        self.leaf(visit, span, |leaf| Leaf {
            kind: if is_empty { Kind::Empty } else { Kind::Clear },
            mark: Mark::of(&[&bytes]),
            len: bytes.len(),
            ..leaf
        });
        for (inputs, counts) in self.inputs.iter_mut().zip([true, visit.selected]) {
            if counts {
                inputs.add_clear(&bytes);
            }
        }
    }

    fn token(&mut self, visit: &Visit<'_, '_>, token: &Token<'_>, span: Span) {
        let mark = mark_of_token(token);
        self.leaf(visit, span, |leaf| Leaf {
            kind: Kind::Token {
                iv: Mark::of(&[token.iv]),
                declared: token.value_type(),
            },
            mark,
            len: decoded_len(token.data),
            ..leaf
        });
        for (inputs, counts) in self.inputs.iter_mut().zip([true, visit.selected]) {
            if counts {
                inputs.add_token(mark);
            }
        }
    }

    fn leaf(&mut self, visit: &Visit<'_, '_>, span: Span, fill: impl FnOnce(Leaf) -> Leaf) {
        let path = self.paths.path_of(visit);
        self.leaves.push(fill(Leaf {
            path,
            document: u32::try_from(visit.branch).unwrap_or(u32::MAX),
            span,
            kind: Kind::Empty,
            mark: Mark::of(&[]),
            len: 0,
            selected: visit.selected,
        }));
    }
}

impl Inputs {
    fn add_clear(&mut self, bytes: &[u8]) {
        self.clear.update(bytes);
        self.clear_len = self.clear_len.saturating_add(bytes.len());
    }

    fn add_token(&mut self, token: Mark) {
        self.end_clear();
        self.hash.update(b"t");
        token.feed(&mut self.hash);
    }

    fn end_clear(&mut self) {
        if self.clear_len > 0 {
            self.hash.update(b"c");
            Mark::end(std::mem::take(&mut self.clear)).feed(&mut self.hash);
            self.clear_len = 0;
        }
    }

    fn end(mut self) -> Mark {
        self.end_clear();
        Mark::end(self.hash)
    }
}

/// The bytes by which a value in clear enters the MAC; none of one that does not.
///
/// All zeros are one: sops prints a clear `-0.0` as `-0`, then as `0`, each another value to the MAC,
/// under the one that it wrote first.
fn input_bytes<'s>(scalar: &'s Scalar<'_>) -> Cow<'s, [u8]> {
    match scalar {
        Scalar::Float(value) if *value == 0.0 => Cow::Borrowed(b"0"),
        Scalar::Uint(value) => Cow::Owned(value.to_string().into_bytes()),
        other => other.mac_bytes().unwrap_or_default(),
    }
}

fn mark_of_token(token: &Token<'_>) -> Mark {
    Mark::of(&[token.data, token.iv, token.tag, token.kind])
}

/// How many bytes a base64 text stands for.
fn decoded_len(text: &[u8]) -> usize {
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    (text.len() / 4 * 3).saturating_sub(padding)
}
