//! Whether one pattern matches all that another one matches.
//!
//! A rule of `.sops.yaml` behind one that matches more is never reached. Two automata are followed side by
//! side over all texts at once, until a text is found that the second matches and the first does not, or
//! there are no more pairs of states. So "yes" is proved; "no" is also said where that would take too long.
//!
//! Texts are names of files: UTF-8, and no line breaks in them.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

use regex_automata::Input;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};

use super::engine::Engine;
use super::utf8::Utf8;
use super::{Pattern, parse};

/// A pattern whose states can be followed.
pub(crate) struct Automaton {
    engine: Engine,
    cache: Cache,
    start: LazyStateID,
}

/// The steps that may be taken, all comparisons together.
#[derive(Debug)]
pub(crate) struct Work {
    left: u64,
}

impl Work {
    /// So many steps.
    pub(crate) fn of(steps: u64) -> Self {
        Self { left: steps }
    }

    /// How many steps are left.
    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// Takes so many steps; false where there are not so many left.
    pub(crate) fn take(&mut self, steps: u64) -> bool {
        let left = self.left.checked_sub(steps);
        self.left = left.unwrap_or(0);
        left.is_some()
    }
}

/// About how many steps it takes to build an automaton, for each byte that it is estimated at.
const STEPS_A_KILOBYTE: u64 = 64;
/// The largest automaton that is built, as the tree estimates it.
const MOST_COST: u64 = 256 << 10;
/// The most pairs of states that are looked at.
const MOST_PAIRS: usize = 20_000;
/// The longest text that is made up.
const MOST_TEXT: usize = 256;

impl Automaton {
    /// The automaton of a pattern; none where it is too large, or there is no work left.
    pub(crate) fn of(pattern: &Pattern, work: &mut Work) -> Option<Self> {
        let tree = parse::parse(pattern.as_str()).ok()?;
        let cost = tree.cost();
        if cost > MOST_COST || tree.is_deep() || !work.take(100 + cost * STEPS_A_KILOBYTE / 1024) {
            return None;
        }
        let engine = Engine::build(&tree)?;
        let mut cache = engine.dfa().create_cache();
        let start = engine
            .dfa()
            .start_state_forward(&mut cache, &Input::new(""));
        let start = start.ok()?;
        Some(Self {
            engine,
            cache,
            start,
        })
    }

    /// A shortest text that the pattern matches; none where it matches none, or it was not found.
    pub(crate) fn example(&mut self, work: &mut Work) -> Option<String> {
        let mut follower = Follower::of(self);
        let start = (Place::Open(follower.start), Utf8::Start);
        let bytes = steps_of(|byte| (follower.dfa.byte_classes().get(byte), Utf8::class(byte)));
        let (mut seen, mut open) = (HashMap::from([(start, None)]), VecDeque::from([start]));
        while let Some(at @ (place, utf8)) = open.pop_front() {
            if utf8 == Utf8::Start && follower.accepts(place)? {
                return text_to(at, &seen);
            }
            if !work.take(bytes.len() as u64) || seen.len() > MOST_PAIRS {
                return None;
            }
            for &byte in &bytes {
                let next = follower.next(place, byte)?;
                let Some(utf8) = utf8.next(byte).filter(|_| next != Place::Dead) else {
                    continue;
                };
                seen.entry((next, utf8)).or_insert_with(|| {
                    open.push_back((next, utf8));
                    Some((at, byte))
                });
            }
        }
        None
    }

    /// Whether the pattern is proved to match every name that `special` matches.
    pub(crate) fn covers(&mut self, special: &mut Self, work: &mut Work) -> bool {
        self.prove(special, work).is_some()
    }

    /// The proof that there is no counterexample.
    fn prove(&mut self, special: &mut Self, work: &mut Work) -> Option<()> {
        let (mut general, mut special) = (Follower::of(self), Follower::of(special));
        let bytes = steps_of(|byte| {
            let general = general.dfa.byte_classes().get(byte);
            let special = special.dfa.byte_classes().get(byte);
            (general, special, Utf8::class(byte))
        });
        let start = (
            Place::Open(general.start),
            Place::Open(special.start),
            Utf8::Start,
        );
        let (mut seen, mut open) = (HashSet::from([start]), vec![start]);
        while let Some((by, of, utf8)) = open.pop() {
            if utf8 == Utf8::Start && special.accepts(of)? && !general.accepts(by)? {
                return None;
            }
            if !work.take(bytes.len() as u64) || seen.len() > MOST_PAIRS {
                return None;
            }
            for &byte in &bytes {
                let Some(utf8) = utf8.next(byte) else {
                    continue;
                };
                let (by, of) = (general.next(by, byte)?, special.next(of, byte)?);
                // Whatever follows, the one matches, or the other does not.
                if by != Place::Matched && of != Place::Dead && seen.insert((by, of, utf8)) {
                    open.push((by, of, utf8));
                }
            }
        }
        Some(())
    }
}

/// Where an automaton is after some text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    /// In a state: the text may match at its end, or later.
    Open(LazyStateID),
    /// The text matches, whatever follows.
    Matched,
    /// Nothing matches that begins so.
    Dead,
}

struct Follower<'a> {
    dfa: &'a DFA,
    cache: &'a mut Cache,
    start: LazyStateID,
}

impl<'a> Follower<'a> {
    fn of(automaton: &'a mut Automaton) -> Self {
        Self {
            dfa: automaton.engine.dfa(),
            cache: &mut automaton.cache,
            start: automaton.start,
        }
    }

    /// The place one byte further; `None` where that cannot be said.
    fn next(&mut self, place: Place, byte: u8) -> Option<Place> {
        let Place::Open(state) = place else {
            return Some(place);
        };
        let next = self.dfa.next_state(self.cache, state, byte).ok()?;
        // States that were forgotten have no names any more.
        let is_kept = self.cache.clear_count() == 0 && !next.is_quit() && !next.is_unknown();
        is_kept.then_some(if next.is_match() {
            // A match is told one byte late, which does not matter here: the text may go on or end.
            Place::Matched
        } else if next.is_dead() {
            Place::Dead
        } else {
            Place::Open(next)
        })
    }

    /// Whether a text that leads there matches; `None` where that cannot be said.
    fn accepts(&mut self, place: Place) -> Option<bool> {
        let state = match place {
            Place::Matched => return Some(true),
            Place::Dead => return Some(false),
            Place::Open(state) => state,
        };
        let end = self.dfa.next_eoi_state(self.cache, state).ok()?;
        (self.cache.clear_count() == 0 && !end.is_quit()).then_some(end.is_match())
    }
}

/// One byte of each class, those first that names are made of.
fn steps_of<C: Eq + Hash>(class: impl Fn(u8) -> C) -> Vec<u8> {
    let plain = (b'a'..=b'z').rev();
    let mut seen = HashSet::new();
    let mut bytes: Vec<u8> = plain.chain(0..=u8::MAX).collect();
    bytes.retain(|byte| Utf8::class(*byte) != 0 && seen.insert(class(*byte)));
    bytes
}

type Origin<K> = Option<(K, u8)>;

/// The text that leads to a place, by the places that lead to it.
fn text_to<K: Copy + Eq + Hash>(mut at: K, origins: &HashMap<K, Origin<K>>) -> Option<String> {
    let mut bytes = Vec::new();
    while let Some((before, byte)) = origins.get(&at).copied().flatten() {
        bytes.push(byte);
        at = before;
        if bytes.len() > MOST_TEXT {
            return None;
        }
    }
    bytes.reverse();
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn automaton(pattern: &str) -> Automaton {
        let pattern = Pattern::compile(pattern).unwrap();
        Automaton::of(&pattern, &mut Work::of(u64::MAX)).unwrap()
    }

    fn covers(general: &str, special: &str) -> bool {
        automaton(general).covers(&mut automaton(special), &mut Work::of(10_000_000))
    }

    #[test]
    fn what_covers_what_is_proved_for_patterns_as_people_write_them() {
        for (general, special) in [
            ("", "secrets"),
            (".*", r"^secrets/.*\.yaml$"),
            (".", "a"),
            ("^.*$", "^é+$"),
            (r"\.yaml$", r"secrets/.*\.yaml$"),
            (r".*\.yaml", r"^apps/prod/.*\.enc\.yaml$"),
            (r"secrets/.*", r"^secrets/prod/[^/]+\.yaml$"),
            (r"secrets/", r"secrets/prod/"),
            (r"\.ya?ml$", r"\.yaml$"),
            (r"^(dev|prod)/", r"^prod/db/"),
            (r"(?i)SECRET", "secret"),
            (r"[^/]+\.yaml$", r"/[a-z]\.yaml$"),
            (r"^[^/]*/x", r"^[a-z]{2}/x$"),
            (r"(?s)^.*x", "x"),
            ("^.*x", "x"),
            (r"\bprod\b", r"/prod/"),
            ("a$", r"a\z"),
            ("b", "[[:^ascii:]]b"),
            ("a", "a[^\\x00-\\x{10FFFF}]"),
        ] {
            assert!(covers(general, special), "{general} {special}");
        }
        for (general, special) in [
            ("secrets", ""),
            (r"\.yaml$", r"\.ya?ml$"),
            (r"\.yaml$", r"\.yaml"),
            (r"^secrets/", r"secrets/"),
            (r"secrets/.+\.yaml", r"secrets/.*\.yaml"),
            ("[a-z]+/x", "[a-z0-9]+/x$"),
            ("^[ -~]*$", "."),
            (r"\bprod\b", "prod"),
            ("b", "[^a-z]"),
            (r"$a", "a"),
        ] {
            assert!(!covers(general, special), "{general} {special}");
        }
    }

    #[test]
    fn an_example_of_a_pattern_matches_it() {
        for (pattern, expected) in [
            (r"secrets/.*\.yaml$", Some("secrets/.yaml")),
            ("^a{3}$", Some("aaa")),
            ("", Some("")),
            ("é", Some("é")),
            (r"[^a-z/]x", None),
            (r"$a", None),
        ] {
            let found = automaton(pattern).example(&mut Work::of(1_000_000));
            if let Some(expected) = expected {
                assert_eq!(found.as_deref(), Some(expected), "{pattern}");
            }
            if let Some(found) = found {
                let compiled = Pattern::compile(pattern).unwrap();
                assert!(compiled.is_match(found.as_bytes()), "{pattern} {found}");
            }
        }
        assert_eq!(automaton("$a").example(&mut Work::of(1_000_000)), None);
    }

    #[test]
    fn patterns_that_explode_are_given_up() {
        let mut work = Work::of(3_000_000);
        for pattern in [
            "(a|b)*a(a|b){18}$",
            "((a{0,30}){0,30})$",
            r"[\pL\pN]{200}x",
            "(x+x+)+y",
        ] {
            let pattern = Pattern::compile(pattern).unwrap();
            let both = Automaton::of(&pattern, &mut work).zip(Automaton::of(&pattern, &mut work));
            if let Some((mut one, mut other)) = both {
                one.covers(&mut other, &mut work);
                one.example(&mut work);
            }
        }
    }

    fn pattern() -> impl Strategy<Value = String> {
        let atom = prop_oneof![
            4 => "[ab/.]",
            2 => Just("[ab]".to_owned()),
            1 => Just("[^/]".to_owned()),
            1 => Just(".".to_owned()),
            1 => Just(r"\b".to_owned()),
            1 => Just("é".to_owned()),
            2 => "\\((a|b|ab)(\\|(a|/b|b)){1,2}\\)",
        ];
        let piece = (
            atom,
            prop_oneof![5 => Just(""), 2 => Just("*"), 1 => Just("+"), 1 => Just("?")],
        );
        let ends = (prop::bool::ANY, prop::bool::ANY);
        (prop::collection::vec(piece, 0..5), ends).prop_map(|(pieces, (start, end))| {
            let body: String = pieces
                .into_iter()
                .flat_map(|(a, b)| [a, b.to_owned()])
                .collect();
            let edge = |is: bool, mark: &'static str| if is { mark } else { "" };
            format!("{}{body}{}", edge(start, "^"), edge(end, "$"))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_500))]

        /// No automata here: what is said to be covered is matched, and where it is said not to be, a
        /// text of four characters at most tells the difference, or there is a longer one.
        #[test]
        fn what_is_said_to_be_covered_is_covered_for_every_short_text(
            general in pattern(),
            special in pattern(),
        ) {
            let compiled = |text: &str| Pattern::compile(text).ok();
            let (Some(by), Some(of)) = (compiled(&general), compiled(&special)) else {
                return Ok(());
            };
            let covered = covers(&general, &special);
            let mut texts = vec![String::new()];
            for _ in 0..4 {
                let longer = texts.iter().flat_map(|text| "ab/.é".chars().map(move |c| format!("{text}{c}")));
                let longer: Vec<String> = longer.collect();
                texts.extend(longer);
                texts.sort_unstable();
                texts.dedup();
            }
            let differs = texts.iter().find(|text| {
                of.is_match(text.as_bytes()) && !by.is_match(text.as_bytes())
            });
            if covered {
                prop_assert_eq!(differs, None, "{} {}", general, special);
            }
            prop_assert!(covers(&special, &special), "{}", special);
        }
    }
}
