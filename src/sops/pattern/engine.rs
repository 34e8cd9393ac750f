//! Patterns with loops, as a lazy DFA.
//!
//! Only one answer is asked for, so there is one automaton, without the reverse one, the prefilters and
//! the other engines of `regex_automata::meta`. That takes a quarter to a half less time to the first
//! answer, which is what counts for a pattern that sees a handful of keys.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use regex_automata::Input;
use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::nfa::thompson;
use regex_syntax::hir::{self, Class, ClassBytes, ClassBytesRange, ClassUnicode, Hir, Repetition};
use regex_syntax::utf8::Utf8Sequences;

use super::tree::{Join, Kind, Look, Node, Tree};
use super::unicode;

/// What an automaton may take, besides 2 MiB of DFA states that are made and forgotten as needed.
const MOST_MEMORY: u64 = 64 << 20;

/// How often the DFA states may be forgotten. Patterns that anyone writes never fill them once; each
/// filling takes up to 30 ms.
const MOST_FORGETTING: usize = 24;

/// The stack for building an automaton from a deep tree, which regex-automata does by recursion:
/// 1,000 levels take up to 1 MiB of it, without optimization 10 MiB.
const DEEP_STACK: usize = 64 << 20;

/// Sets of so many ranges are spelled out in bytes.
const FEW_RANGES: usize = 8;

/// Whether building it cannot fail, for there is memory, and stack, of many times what it takes.
pub(super) fn surely_builds(tree: &Tree) -> bool {
    tree.cost() < MOST_MEMORY / 256 && !tree.is_deep()
}

pub(super) struct Engine {
    dfa: Box<DFA>,
    /// The mutable parts that are not in use just now, one for each thread that needed one.
    caches: Mutex<Vec<Cache>>,
}

impl Engine {
    /// Builds the automaton; `None` if it takes too much memory.
    pub(super) fn build(tree: &Tree) -> Option<Self> {
        if tree.cost() > MOST_MEMORY {
            return None;
        }
        if !tree.is_deep() {
            return Self::build_on_this_stack(tree);
        }
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(DEEP_STACK);
            let build = || Self::build_on_this_stack(tree);
            thread.spawn_scoped(scope, build).ok()?.join().ok()?
        })
    }

    /// The automaton itself.
    pub(super) fn dfa(&self) -> &DFA {
        &self.dfa
    }

    fn build_on_this_stack(tree: &Tree) -> Option<Self> {
        let config = thompson::Config::new()
            .which_captures(thompson::WhichCaptures::None)
            .nfa_size_limit(usize::try_from(MOST_MEMORY).ok());
        let hir = to_hir(&tree.root, &tree.text);
        let nfa = thompson::Compiler::new()
            .configure(config)
            .build_from_hir(&hir)
            .ok()?;
        let config = Config::new()
            .skip_cache_capacity_check(true)
            .minimum_cache_clear_count(Some(MOST_FORGETTING));
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa).ok()?;
        Some(Self {
            dfa: Box::new(dfa),
            caches: Mutex::new(Vec::new()),
        })
    }

    /// Whether it matches; `None` where all texts so far took too many states to say.
    pub(super) fn is_match(&self, text: &str) -> Option<bool> {
        let idle = self
            .caches
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut cache = idle.unwrap_or_else(|| self.dfa.create_cache());
        // The one error is that it gave up: it is not told to quit on any byte.
        let found = self
            .dfa
            .try_search_fwd(&mut cache, &Input::new(text).earliest(true));
        self.caches
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(cache);
        found.ok().map(|end| end.is_some())
    }
}

fn to_hir(node: &Node, text: &str) -> Hir {
    let all = |nodes: &VecDeque<Node>| nodes.iter().map(|node| to_hir(node, text)).collect();
    match &node.kind {
        Kind::Empty => Hir::empty(),
        Kind::Literal { span, fold } => {
            let literal = text.get(span.clone()).unwrap_or_default();
            if *fold {
                Hir::concat(literal.chars().map(either_case).collect())
            } else {
                Hir::literal(literal.as_bytes())
            }
        }
        Kind::Set(set) => one_of(set),
        Kind::Look(look) => Hir::look(match look {
            Look::TextStart => hir::Look::Start,
            Look::TextEnd => hir::Look::End,
            Look::LineStart => hir::Look::StartLF,
            Look::LineEnd => hir::Look::EndLF,
            Look::WordBoundary => hir::Look::WordAscii,
            Look::NotWordBoundary => hir::Look::WordAsciiNegate,
        }),
        Kind::Repeat { node, min, max } => Hir::repetition(Repetition {
            min: *min,
            max: *max,
            greedy: true,
            sub: Box::new(to_hir(node, text)),
        }),
        Kind::Group(node) => to_hir(node, text),
        Kind::Joined(Join::Sequence, nodes) => Hir::concat(all(nodes)),
        Kind::Joined(Join::Alternation, nodes) => Hir::alternation(all(nodes)),
    }
}

/// One character of a set. One of few ranges, such as `.` or `[^/]`, is spelled out in bytes: what
/// regex-automata does for classes in general pays off for large ones, and takes ten times as long.
fn one_of(set: &ClassUnicode) -> Hir {
    let ranges = set.ranges();
    if ranges.len() > FEW_RANGES || ranges.last().is_none_or(|range| range.end().is_ascii()) {
        return Hir::class(Class::Unicode(set.clone()));
    }
    let ascii = |c: char| u8::try_from(c).unwrap_or(u8::MAX).min(0x7F);
    let narrow = ranges.iter().take_while(|range| range.start().is_ascii());
    let narrow = narrow.map(|range| ClassBytesRange::new(ascii(range.start()), ascii(range.end())));
    let mut ways = vec![Hir::class(Class::Bytes(ClassBytes::new(narrow)))];
    for range in ranges.iter().skip_while(|range| range.end().is_ascii()) {
        let start = range.start().max('\u{80}');
        if (start, range.end()) == ('\u{80}', char::MAX) {
            // The text is valid UTF-8, where the first byte tells how many follow.
            for (lead, following) in [((0xC2, 0xDF), 1), ((0xE0, 0xEF), 2), ((0xF0, 0xF4), 3)] {
                let rest = std::iter::repeat_n((0x80, 0xBF), following);
                ways.push(bytes(std::iter::once(lead).chain(rest)));
            }
        } else {
            for sequence in Utf8Sequences::new(start, range.end()) {
                ways.push(bytes(
                    sequence
                        .as_slice()
                        .iter()
                        .map(|byte| (byte.start, byte.end)),
                ));
            }
        }
    }
    Hir::alternation(ways)
}

/// One byte of each range.
fn bytes(ranges: impl Iterator<Item = (u8, u8)>) -> Hir {
    let one = |(lo, hi)| {
        Hir::class(Class::Bytes(ClassBytes::new([ClassBytesRange::new(
            lo, hi,
        )])))
    };
    Hir::concat(ranges.map(one).collect())
}

fn either_case(c: char) -> Hir {
    let cases = std::iter::once(c).chain(unicode::case_variants(c));
    one_of(&ClassUnicode::new(cases.map(unicode::single)))
}
