//! Patterns without loops, matched as they stand.
//!
//! Of the patterns in sops files nearly all are like `^(data|stringData)$`: a few sequences of literals,
//! classes and assertions. To compile those would take far longer than to try each sequence at each
//! place, and the number of steps is bounded, so that this is linear too.
//!
//! A repetition at either edge of a search that is not anchored there needs no more than its least
//! count: `.*secret.*` matches where `secret` does. So these are finite as well.

use std::collections::VecDeque;
use std::sync::Arc;

use regex_syntax::hir::ClassUnicode;

use super::tree::{Join, Kind, Look, Node, Tree};
use super::unicode;

/// What is tried at one place, all sequences taken together, at most.
const MOST_STEPS: usize = 256;
/// Bytes of literals, likewise.
const MOST_TEXT: usize = 2048;

#[derive(Debug)]
pub(super) struct Finite {
    sequences: Vec<Sequence>,
}

type Sequence = Vec<Step>;

#[derive(Clone, Debug)]
enum Step {
    Text(String),
    Set(Arc<ClassUnicode>),
    Look(Look),
}

impl Finite {
    /// The sequences that a tree stands for, if they are few.
    pub(super) fn of(tree: &Tree) -> Option<Self> {
        if tree.is_deep() {
            return None;
        }
        let sequences = expand(
            &tree.root,
            &tree.text,
            Edges {
                left: true,
                right: true,
            },
        )?;
        Some(Self { sequences })
    }

    /// How many sequences are tried.
    pub(super) fn sequences(&self) -> usize {
        self.sequences.len()
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.sequences.iter().any(|sequence| occurs(sequence, text))
    }
}

/// Whether nothing stands before, and nothing after, in the whole pattern.
#[derive(Clone, Copy)]
struct Edges {
    left: bool,
    right: bool,
}

const INSIDE: Edges = Edges {
    left: false,
    right: false,
};

fn expand(node: &Node, text: &str, edges: Edges) -> Option<Vec<Sequence>> {
    match &node.kind {
        Kind::Empty => Some(vec![Vec::new()]),
        Kind::Literal { span, fold } => literal(text.get(span.clone())?, *fold),
        Kind::Set(set) if set.ranges().is_empty() => Some(Vec::new()),
        Kind::Set(set) => Some(vec![vec![Step::Set(Arc::new(set.clone()))]]),
        Kind::Look(look) => Some(vec![vec![Step::Look(*look)]]),
        Kind::Group(node) => expand(node, text, edges),
        Kind::Repeat { node, min, max } => repeat(node, text, *min, *max, edges),
        Kind::Joined(Join::Sequence, nodes) => concat(nodes, text, edges),
        Kind::Joined(Join::Alternation, nodes) => {
            let mut all = Vec::new();
            for node in nodes {
                all.append(&mut expand(node, text, edges)?);
                within_bounds(&all)?;
            }
            Some(all)
        }
    }
}

fn literal(literal: &str, fold: bool) -> Option<Vec<Sequence>> {
    if literal.len() > if fold { MOST_STEPS } else { MOST_TEXT } {
        return None;
    }
    if !fold {
        return Some(vec![vec![Step::Text(literal.to_owned())]]);
    }
    let mut sequence = Vec::new();
    for c in literal.chars() {
        let mut cases = ClassUnicode::new(unicode::case_variants(c).map(unicode::single));
        if cases.ranges().is_empty() {
            append(&mut sequence, &[Step::Text(c.to_string())]);
        } else {
            cases.push(unicode::single(c));
            sequence.push(Step::Set(Arc::new(cases)));
        }
    }
    Some(vec![sequence])
}

fn repeat(
    node: &Node,
    text: &str,
    min: u32,
    max: Option<u32>,
    edges: Edges,
) -> Option<Vec<Sequence>> {
    let max = if edges.left || edges.right { min } else { max? };
    // With one copy the edges are still edges; a second one is beside the first.
    let edges = if max == 1 { edges } else { INSIDE };
    let mut copies = vec![Vec::new()];
    let mut all = if min == 0 { copies.clone() } else { Vec::new() };
    if max == 0 {
        return Some(all);
    }
    let one = expand(node, text, edges)?;
    for count in 1..=max {
        copies = product(&copies, &one)?;
        if count >= min {
            all.extend_from_slice(&copies);
            within_bounds(&all)?;
        }
    }
    Some(all)
}

fn concat(nodes: &VecDeque<Node>, text: &str, edges: Edges) -> Option<Vec<Sequence>> {
    let is_optional = |node: &&Node| matches!(node.kind, Kind::Repeat { min: 0, .. });
    let before = if edges.left {
        nodes.iter().take_while(is_optional).count()
    } else {
        0
    };
    let after = if edges.right {
        nodes.iter().rev().take_while(is_optional).count()
    } else {
        0
    };
    let last = nodes.len().saturating_sub(after + 1);
    let mut all = vec![Vec::new()];
    for (i, node) in nodes.iter().enumerate().take(last + 1).skip(before) {
        let edges = Edges {
            left: edges.left && i == before,
            right: edges.right && i == last,
        };
        all = product(&all, &expand(node, text, edges)?)?;
    }
    Some(all)
}

/// Each of the one followed by each of the other.
fn product(first: &[Sequence], second: &[Sequence]) -> Option<Vec<Sequence>> {
    let mut all = Vec::new();
    for start in first {
        for end in second {
            let mut sequence = start.clone();
            append(&mut sequence, end);
            all.push(sequence);
        }
        within_bounds(&all)?;
    }
    Some(all)
}

fn append(sequence: &mut Sequence, steps: &[Step]) {
    for step in steps {
        match (sequence.last_mut(), step) {
            (Some(Step::Text(text)), Step::Text(next)) => text.push_str(next),
            _ => sequence.push(step.clone()),
        }
    }
}

fn within_bounds(sequences: &[Sequence]) -> Option<()> {
    let text = |step: &Step| {
        if let Step::Text(text) = step {
            text.len()
        } else {
            0
        }
    };
    let steps: usize = sequences.iter().map(|sequence| 1 + sequence.len()).sum();
    let bytes: usize = sequences.iter().flatten().map(text).sum();
    (steps <= MOST_STEPS && bytes <= MOST_TEXT).then_some(())
}

fn occurs(sequence: &[Step], text: &str) -> bool {
    match sequence {
        [] => true,
        [Step::Text(literal)] => text.contains(literal.as_str()),
        [Step::Look(Look::TextStart), rest @ ..] => holds_at(rest, text, 0),
        [Step::Text(literal), ..] => {
            starts(text, |rest| rest.find(literal.as_str())).any(|at| holds_at(sequence, text, at))
        }
        _ => starts(text, |_| Some(0)).any(|at| holds_at(sequence, text, at)),
    }
}

/// The places where a match may start: `next` finds the first one in a rest of the text.
fn starts(text: &str, next: impl Fn(&str) -> Option<usize>) -> impl Iterator<Item = usize> {
    let first = next(text);
    std::iter::successors(first, move |&at| {
        let step = text.get(at..)?.chars().next()?.len_utf8();
        Some(at + step + next(text.get(at + step..)?)?)
    })
}

fn holds_at(steps: &[Step], text: &str, mut at: usize) -> bool {
    steps.iter().all(|step| {
        let rest = text.get(at..).unwrap_or_default();
        match step {
            Step::Text(literal) => {
                at += literal.len();
                rest.starts_with(literal.as_str())
            }
            Step::Set(set) => rest.chars().next().is_some_and(|c| {
                at += c.len_utf8();
                contains(set, c)
            }),
            Step::Look(look) => look_holds(*look, text, at),
        }
    })
}

fn contains(set: &ClassUnicode, c: char) -> bool {
    let ranges = set.ranges();
    let candidate = ranges.partition_point(|range| range.end() < c);
    ranges
        .get(candidate)
        .is_some_and(|range| range.start() <= c)
}

fn look_holds(look: Look, text: &str, at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|i| text.as_bytes().get(i));
    let after = text.as_bytes().get(at);
    let is_word = |byte: Option<&u8>| byte.is_some_and(|&b| b.is_ascii_alphanumeric() || b == b'_');
    match look {
        Look::TextStart => before.is_none(),
        Look::TextEnd => after.is_none(),
        Look::LineStart => before.is_none_or(|&b| b == b'\n'),
        Look::LineEnd => after.is_none_or(|&b| b == b'\n'),
        Look::WordBoundary => is_word(before) != is_word(after),
        Look::NotWordBoundary => is_word(before) == is_word(after),
    }
}
