//! The bus factor of many arrangements, against counting all sets of keys.

use super::*;

#[test]
fn a_run_searches_for_each_kind_of_file_once_and_for_no_more_than_it_may() {
    let names: Vec<String> = (0..60).map(|at| format!("{at:02}")).collect();
    let hard = |seed: usize| {
        let group = move |at: usize| {
            (0..8).map(move |key| (at * 7 + key * key * (seed + 3) + at * at * key) % 60)
        };
        let groups = (0..60).map(|at| {
            group(at)
                .filter_map(|key| names.get(key))
                .map(String::as_str)
        });
        Quorum::new(groups, Some(30))
    };
    let mut run = BusFactors::default();
    let first = run.of(hard(0));
    assert!(!first.is_exact(), "too easy to tell anything");
    let left = run.left;
    assert!(left < MAX_STEPS_OF_RUN);
    assert_eq!(run.of(hard(0)), first);
    assert_eq!(run.left, left);
    for seed in 1..20 {
        run.of(hard(seed));
    }
    assert_eq!(run.left, 0);
    let alone = Quorum::new([["a"]], None);
    assert_eq!(run.of(alone), BusFactor::Exact(1));
}

fn bus_factor(groups: &[&[&str]], threshold: Option<i64>) -> BusFactor {
    let groups = groups.iter().map(|group| group.iter().copied());
    Quorum::new(groups, threshold).bus_factor()
}

#[test]
fn counts_whom_a_file_can_lose() {
    use BusFactor::{AtMost, Exact};
    let pair: &[&str] = &["a", "b"];
    for (groups, threshold, expected) in [
        (&[&["a"][..]][..], None, Exact(1)),
        (&[&["a", "b", "c"]], None, Exact(3)),
        // One recipient who is listed twice is one.
        (&[&["a", "b", "a"]], None, Exact(2)),
        // With one group the threshold does not matter.
        (&[pair], Some(2), Exact(2)),
        (&[pair], Some(-1), Exact(2)),
        // Two of two: it is enough to shut the smaller one.
        (&[&["a"], &["b", "c"]], Some(2), Exact(1)),
        // Two of three: two must be shut.
        (&[&["a"], &["b", "c"], &["d", "e"]], Some(2), Exact(3)),
        // Who sits in two groups takes both with her.
        (&[&["a", "b"], &["b"], &["c", "d"]], Some(2), Exact(2)),
        (&[&["a"], &["a"], &["b"]], Some(2), Exact(1)),
        // The two smallest are not the best choice.
        (
            &[
                &["a"],
                &["b"],
                &["c", "d", "e"],
                &["c", "d", "e"],
                &["c", "d", "e"],
            ],
            Some(3),
            Exact(3),
        ),
        // sops needs two shares whatever the threshold says; whether two are enough, nobody knows.
        (&[pair, &["c"]], None, Exact(1)),
        (&[pair, &["c"]], Some(0), Exact(1)),
        (&[pair, &["c"], &["d"]], None, AtMost(2)),
        (&[pair, &["c"], &["d"]], Some(1), AtMost(2)),
        // Nobody opens more groups than there are, nor an empty one.
        (&[pair, &["c"]], Some(3), Exact(0)),
        (&[pair, &["c"]], Some(i64::MAX), Exact(0)),
        (&[pair, &[]], Some(2), Exact(0)),
        (&[pair, &["c"], &[]], Some(2), Exact(1)),
        (&[&[]], None, Exact(0)),
        (&[], None, Exact(0)),
    ] {
        assert_eq!(
            bus_factor(groups, threshold),
            expected,
            "{groups:?} {threshold:?}"
        );
    }
}

#[test]
fn what_is_too_large_is_at_most_something_and_never_slow() {
    let name = |number: usize| format!("{number}");
    // Overlapping groups without any structure, by a small generator of numbers.
    let mut seed = 1_u64;
    let mut draw = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(seed >> 33).unwrap() % below
    };
    for (groups, recipients, size) in [(40, 400, 30), (255, 5_000, 100), (300, 20, 3)] {
        let made: Vec<Vec<String>> = (0..groups)
            .map(|_| (0..size).map(|_| name(draw(recipients))).collect())
            .collect();
        let groups_of = || made.iter().map(|group| group.iter().map(String::as_str));
        let needed = i64::from(groups / 2);
        let started = std::time::Instant::now();
        let found = Quorum::new(groups_of(), Some(needed)).bus_factor();
        assert!(started.elapsed().as_millis() < 60_000);
        assert!(!found.is_exact(), "{groups}");
        // What it says is enough: so many of the smallest groups have no more members.
        assert!(found.count() <= recipients && found.count() > 0);
    }
}

#[test]
fn any_sixteen_groups_of_two_thousand_recipients_are_exact() {
    // All groups cost about the same, so that little can be left out early.
    let names: Vec<String> = (0..2_048).map(|number| format!("{number}")).collect();
    let mut seed = 7_u64;
    let mut draw = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(seed >> 33).unwrap() % names.len()
    };
    let groups: Vec<Vec<&str>> = (0..16)
        .map(|_| (0..1_024).map(|_| names[draw()].as_str()).collect())
        .collect();
    for needed in 2..=16 {
        let quorum = Quorum::new(
            groups.iter().map(|group| group.iter().copied()),
            Some(needed),
        );
        assert!(quorum.bus_factor().is_exact(), "{needed}");
    }
}

/// The number by trying every set of recipients.
fn by_force(groups: &[Vec<u8>], needed: usize) -> usize {
    let opens = |lost: u32| {
        let is_open = |group: &&Vec<u8>| group.iter().any(|name| lost >> name & 1 == 0);
        groups.iter().filter(is_open).count() >= needed
    };
    let losses = (0..1_u32 << NAMES.len()).filter(|lost| !opens(*lost));
    losses
        .map(|lost| usize::try_from(lost.count_ones()).unwrap())
        .min()
        .unwrap()
}

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

fn named(groups: &[Vec<u8>]) -> Vec<Vec<&'static str>> {
    let name = |at: &u8| NAMES[usize::from(*at)];
    groups
        .iter()
        .map(|group| group.iter().map(name).collect())
        .collect()
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2_000))]

    #[test]
    fn it_is_what_trying_all_sets_gives(
        groups in proptest::collection::vec(proptest::collection::vec(0..8_u8, 0..6), 0..9),
        threshold in 2..9_i64,
    ) {
        let needed = if groups.len() == 1 { 1 } else { usize::try_from(threshold).unwrap() };
        let named = named(&groups);
        let quorum = Quorum::new(named.iter().map(|group| group.iter().copied()), Some(threshold));
        let expected = by_force(&groups, needed);
        proptest::prop_assert_eq!(quorum.bus_factor(), BusFactor::Exact(expected));
        // However early the search is given up, it never says too little.
        for steps in [0, 1, 8, 20, 40] {
            let found = quorum.smallest_loss(&mut { steps });
            proptest::prop_assert!(found.count() >= expected);
            proptest::prop_assert!(!found.is_exact() || found.count() == expected);
        }
    }

    #[test]
    fn a_lone_key_is_one_without_which_nobody_opens_it(
        groups in proptest::collection::vec(proptest::collection::vec(0..8_u8, 1..4), 1..5),
        threshold in 2..5_i64,
    ) {
        let needed = if groups.len() == 1 { 1 } else { usize::try_from(threshold).unwrap() };
        let named = named(&groups);
        let quorum = Quorum::new(named.iter().map(|group| group.iter().copied()), Some(threshold));
        let mut is_any_lone = false;
        for holder in quorum.holders() {
            let with = |is_her: bool| named.iter().filter(|group| {
                group.iter().any(|name| (*name == holder.name) == is_her)
            }).count() >= needed;
            proptest::prop_assert_eq!(holder.opens_alone, with(true));
            let opens_at_all = groups.len() >= needed;
            proptest::prop_assert_eq!(holder.is_lone, opens_at_all && !with(false));
            is_any_lone |= holder.is_lone;
        }
        proptest::prop_assert_eq!(is_any_lone, quorum.bus_factor() == BusFactor::Exact(1));
    }
}
