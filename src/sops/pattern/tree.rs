//! The syntax tree of a pattern, each node with the measures that Go's limits are about.
//!
//! Whether there is a match does not depend on captures or on greediness, so neither is kept. A group
//! that captures is still a node: it counts as a level.

use std::collections::VecDeque;
use std::ops::Range;

use regex_syntax::hir::ClassUnicode;

/// A pattern that Go accepts.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) root: Node,
    /// The characters of all literals, in order.
    pub(super) text: String,
}

impl Tree {
    /// Whether it is so deep that it should not be walked on a stack of unknown size.
    pub(super) fn is_deep(&self) -> bool {
        self.root.measure.height > 64
    }

    /// About how many bytes an automaton for it needs.
    pub(super) fn cost(&self) -> u64 {
        self.root.measure.cost
    }
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) measure: Measure,
}

#[derive(Debug)]
pub(super) enum Kind {
    Empty,
    /// Bytes of [`Tree::text`]; `fold` disregards case.
    Literal {
        span: Range<usize>,
        fold: bool,
    },
    /// One character of the set, which can be empty.
    Set(ClassUnicode),
    Look(Look),
    Repeat {
        node: Box<Node>,
        min: u32,
        max: Option<u32>,
    },
    Group(Box<Node>),
    /// Never of fewer than two nodes, and none of them joined in the same way.
    Joined(Join, VecDeque<Node>),
}

/// How the nodes of a list belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    /// One after the other.
    Sequence,
    /// One or the other.
    Alternation,
}

/// An assertion about a position in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    TextStart,
    TextEnd,
    LineStart,
    LineEnd,
    WordBoundary,
    NotWordBoundary,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Measure {
    /// Levels of nodes.
    pub(super) height: u32,
    /// Instructions of Go's program.
    pub(super) instructions: u64,
    /// The most copies of anything inside, by counted repetitions.
    pub(super) copies: u32,
    /// Characters of a literal, or ends of ranges of a class; 0 for any other node.
    pub(super) runes: u64,
    /// Bytes of an automaton, roughly.
    pub(super) cost: u64,
}

impl Measure {
    /// Of two that stand beside each other.
    fn beside(self, other: Self) -> Self {
        Self {
            height: self.height.max(other.height),
            instructions: self.instructions.saturating_add(other.instructions),
            copies: self.copies.max(other.copies),
            runes: self.runes + other.runes,
            cost: self.cost.saturating_add(other.cost),
        }
    }
}

/// Bytes of a state of an automaton, and of what it takes to build it, roughly.
const STATE: u64 = 64;

impl Node {
    pub(super) fn empty() -> Self {
        Self::leaf(Kind::Empty, 0, 2)
    }

    pub(super) fn look(look: Look) -> Self {
        Self::leaf(Kind::Look(look), 0, 2)
    }

    pub(super) fn set(set: ClassUnicode) -> Self {
        let ranges = set.ranges().len() as u64;
        Self::leaf(Kind::Set(set), ranges * 2, ranges / 4 + 1)
    }

    /// A single character. Longer literals come about by [`Self::absorb`].
    pub(super) fn literal(span: Range<usize>, fold: bool) -> Self {
        let states = span.len() as u64 * if fold { 4 } else { 1 };
        Self::leaf(Kind::Literal { span, fold }, 1, states)
    }

    fn leaf(kind: Kind, runes: u64, states: u64) -> Self {
        let cost = states * STATE;
        let measure = Measure {
            height: 1,
            instructions: 1,
            copies: 1,
            runes,
            cost,
        };
        Self { kind, measure }
    }

    /// Appends a literal that directly follows in [`Tree::text`]; false if the two are not of a kind.
    pub(super) fn absorb(&mut self, next: &Self) -> bool {
        let Kind::Literal {
            span: tail,
            fold: tail_folds,
        } = &next.kind
        else {
            return false;
        };
        match &mut self.kind {
            Kind::Literal { span, fold } if fold == tail_folds && span.end == tail.start => {
                span.end = tail.end;
                self.measure = self.measure.beside(next.measure);
                true
            }
            _ => false,
        }
    }

    pub(super) fn group(node: Self) -> Self {
        let mut measure = Measure {
            runes: 0,
            height: node.measure.height + 1,
            ..node.measure
        };
        measure.instructions = measure.instructions.saturating_add(2);
        Self {
            kind: Kind::Group(Box::new(node)),
            measure,
        }
    }

    pub(super) fn repeat(node: Self, min: u32, max: Option<u32>) -> Self {
        let inner = node.measure;
        let times = |count: u32| inner.instructions.saturating_mul(u64::from(count));
        let instructions = match max {
            None if min == 0 => inner.instructions.saturating_add(2),
            None => times(min).saturating_add(1),
            Some(max) => times(max).saturating_add(u64::from(max.saturating_sub(min))),
        };
        let count = max.unwrap_or(min).max(1);
        let measure = Measure {
            height: inner.height + 1,
            instructions: instructions.max(1),
            copies: if max == Some(0) {
                1
            } else {
                inner.copies.saturating_mul(count)
            },
            runes: 0,
            cost: inner
                .cost
                .saturating_add(4 * STATE)
                .saturating_mul(u64::from(count)),
        };
        Self {
            kind: Kind::Repeat {
                node: Box::new(node),
                min,
                max,
            },
            measure,
        }
    }

    /// Joins nodes into one, with the members of those that are joined in the same way hoisted.
    pub(super) fn joined(join: Join, mut nodes: VecDeque<Self>) -> Self {
        if nodes.len() < 2 {
            return nodes.pop_front().unwrap_or_else(Self::empty);
        }
        let (count, is_class) = (nodes.len() as u64, nodes.iter().all(Self::is_one_character));
        let is_hoisted = |node: &Self| matches!(node.kind, Kind::Joined(inner, _) if inner == join);
        let mut measure = Measure {
            height: 0,
            instructions: 0,
            copies: 1,
            runes: 0,
            cost: 0,
        };
        for node in &nodes {
            let height = node.measure.height - u32::from(is_hoisted(node));
            measure = measure.beside(Measure {
                height,
                ..node.measure
            });
        }
        if nodes.iter().any(is_hoisted) {
            let lists = nodes.into_iter().map(|node| match node.kind {
                Kind::Joined(inner, members) if inner == join => members,
                _ => VecDeque::from([node]),
            });
            nodes = lists.reduce(appended).unwrap_or_default();
        }
        measure.height += 1;
        measure.runes = 0;
        if join == Join::Alternation {
            measure.instructions = measure.instructions.saturating_add(count - 1);
            measure.cost = measure.cost.saturating_add(count * STATE);
            if is_class {
                // Go makes a single class of characters and classes.
                (measure.height, measure.instructions) = (1, 1);
            }
        }
        Self {
            kind: Kind::Joined(join, nodes),
            measure,
        }
    }

    /// Whether it is a class or a literal of one character, or an alternation of only those.
    fn is_one_character(&self) -> bool {
        self.measure.instructions == 1
            && self.measure.height == 1
            && match self.kind {
                Kind::Set(_) | Kind::Literal { .. } | Kind::Joined(Join::Alternation, _) => true,
                Kind::Joined(Join::Sequence, _) | Kind::Empty | Kind::Look(_) => false,
                Kind::Repeat { .. } | Kind::Group(_) => false,
            }
    }
}

/// Appends, in time proportional to the shorter of the two.
fn appended(mut left: VecDeque<Node>, mut right: VecDeque<Node>) -> VecDeque<Node> {
    if left.len() >= right.len() {
        left.append(&mut right);
        return left;
    }
    for node in left.into_iter().rev() {
        right.push_front(node);
    }
    right
}
