//! The matching by itself, on texts and on whatever proptest thinks of.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::leaf::Leaves;
use super::mark::Mark;
use super::seal::Seal;
use super::*;
use crate::document::{Format, yaml};
use crate::sops::Selectors;
use crate::source::{SourceId, Span};

/// A token with a number of its own.
fn token(number: u32) -> String {
    let part = |bytes: &[u8]| STANDARD.encode(bytes);
    let mut iv = [7; 32];
    iv[..4].copy_from_slice(&number.to_le_bytes());
    format!(
        "\"ENC[AES256_GCM,data:{},iv:{},tag:{},type:str]\"",
        part(b"secret"),
        part(&iv),
        part(&[3; 16])
    )
}

/// The version that a text is under the default selectors; `<1>` in it stands for a token.
pub(super) fn version(text: &str) -> Version {
    let mut parts = text.split('<');
    let mut full = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_once('>').unwrap();
        full.push_str(&token(number.parse().unwrap()));
        full.push_str(rest);
    }
    let tree = yaml::load(&full).unwrap();
    let selectors = Selectors::default_with(false);
    let leaves = Leaves::gather(&tree, &selectors).unwrap();
    Version::new(leaves, None, tree.branches().len())
}

/// The same with metadata: of this MAC, and with the data key in this stanza.
pub(super) fn sealed(text: &str, mac: u8, stanza: u8) -> Version {
    let mut version = version(text);
    version.seal = Some(Seal {
        span: Span::default(),
        mac: Some((Mark::of(&[&[mac]]), Span::default())),
        last_modified: ("2026-01-01T00:00:00Z".to_owned(), Span::default()),
        selector: (Mark::of(&[]), None),
        mac_only_encrypted: false,
        threshold: 1,
        threshold_span: None,
        groups: Vec::new(),
        names: BTreeSet::new(),
        stanzas: BTreeSet::from([Mark::of(&[&[stanza]])]),
    });
    version
}

/// The differences in words.
fn told(base: &str, now: &str) -> Vec<String> {
    let (base, now) = (version(base), version(now));
    let change = Change::between(&base, &now);
    let was = |id| base.path(id).to_string();
    let is = |id| now.path(id).to_string();
    let words = |difference| match difference {
        Difference::Moved { base, now } => format!("{} > {}", was(base), is(now)),
        Difference::Changed { now, .. } => format!("~{}", is(now)),
        Difference::Added { now } => format!("+{}", is(now)),
        Difference::Removed { base } => format!("-{}", was(base)),
    };
    let mut told: Vec<String> = change.differences().map(words).collect();
    let documents = change.documents();
    if !documents.is_unchanged() {
        told.push(format!("{documents:?}"));
    }
    let order = change.out_of_order();
    told.extend(order.into_iter().map(|id| format!("order {}", is(id))));
    told
}

#[test]
fn tells_what_became_of_each_value() {
    for (base, now, expected) in [
        ("a: <1>\nb: <2>\n", "a: <1>\nb: <2>\n", &[][..]),
        ("a: <1>\n", "a: <2>\n", &["~a"]),
        ("a: <1>\n", "b: <1>\n", &["a > b"]),
        (
            "a: <1>\nb: <2>\n",
            "a: <2>\nb: <1>\n",
            &["b > a", "a > b", "order a"],
        ),
        ("a: <1>\n", "b: <2>\n", &["+b", "-a"]),
        ("a: <1>\nb: <2>\n", "b: <2>\na: <1>\n", &["order b"]),
        (
            "a_unencrypted: x\n",
            "b_unencrypted: x\n",
            &["+b_unencrypted", "-a_unencrypted"],
        ),
        // The copy is new; the original has not moved.
        ("a: <1>\n", "a: <1>\nb: <1>\n", &["+b"]),
        ("a: <1>\nb: <2>\n", "a: <1>\nb: <1>\n", &["~b"]),
        // The same keys to sops, as paths have no list indexes.
        ("a: <1>\n", "a: [<1>]\n", &[]),
    ] {
        assert_eq!(told(base, now), expected, "{base} {now}");
    }
}

#[test]
fn lists_are_sequences() {
    let base = "l: [<1>, <2>, <3>]\n";
    for (now, expected) in [
        ("l: [<9>, <1>, <2>, <3>]\n", &["+l"][..]),
        ("l: [<1>, <9>, <2>, <3>]\n", &["+l"]),
        ("l: [<1>, <3>]\n", &["-l"]),
        ("l: [<1>, <9>, <3>]\n", &["~l"]),
        ("l: [<3>, <1>, <2>]\n", &["order l"]),
        ("l: [<8>, <9>, <1>, <2>, <3>, <7>]\n", &["+l", "+l", "+l"]),
    ] {
        assert_eq!(told(base, now), expected, "{now}");
    }
    let base = "l: [{n_unencrypted: a, v: <1>}, {n_unencrypted: b, v: <2>}]\n";
    let now =
        "l: [{n_unencrypted: x, v: <9>}, {n_unencrypted: a, v: <1>}, {n_unencrypted: b, v: <2>}]\n";
    assert_eq!(told(base, now), ["+l.n_unencrypted", "+l.v"]);
}

#[test]
fn documents_are_found_by_what_they_hold() {
    let (a, b, c) = (
        "k_unencrypted: a\nv: <1>\n",
        "k_unencrypted: b\nv: <2>\nw: <3>\n",
        "k_unencrypted: c\nv: <4>\n",
    );
    let all = [a, b, c].join("---\n");
    let changes = |removed: &[usize], added: &[usize], moved: &[usize]| {
        let (removed, added, moved) = (removed.to_vec(), added.to_vec(), moved.to_vec());
        format!(
            "{:?}",
            DocumentChanges {
                removed,
                added,
                moved
            }
        )
    };
    let last = |now: &[&str]| told(&all, &now.join("---\n"));
    assert_eq!(last(&[a, b, c]), [""; 0]);
    assert_eq!(
        last(&[a, c]),
        ["-k_unencrypted", "-v", "-w", &changes(&[1], &[], &[])]
    );
    assert_eq!(
        last(&[c, a, b]),
        [&changes(&[], &[], &[0]), "order k_unencrypted", "order v"]
    );
    assert_eq!(last(&[a, "k_unencrypted: b\nv: <9>\nw: <3>\n", c]), ["~v"]);
    // After a rotation the clear values are left, and then the keys.
    assert_eq!(
        told("v: <1>\n---\nw: <2>\n", "w: <4>\n---\nv: <3>\n").len(),
        4
    );
    // A mark at the end is no document of its own.
    assert_eq!(last(&[a, b, c, ""]), [""; 0]);
    // Whatever became of the only document, it is the same one.
    assert_eq!(told("a: <1>\n", "b: <2>\n"), ["+b", "-a"]);
}

#[test]
fn where_a_clear_value_ends_is_nothing_to_the_mac_and_a_difference_all_the_same() {
    let base = version("a_unencrypted: xy\nb_unencrypted: z\nt: <1>\n");
    for (now, same) in [
        ("a_unencrypted: x\nb_unencrypted: yz\nt: <1>\n", true),
        ("a_unencrypted: xyz\nt: <1>\n", true),
        ("a_unencrypted: xyz\nn: ''\no: ~\nt: <1>\n", true),
        ("a_unencrypted: xy\nt: <1>\nb_unencrypted: z\n", false),
        ("a_unencrypted: xy\nb_unencrypted: Z\nt: <1>\n", false),
    ] {
        let now = version(now);
        assert_eq!(Change::between(&base, &now).has_same_inputs(), same);
    }
}

#[test]
fn a_base_that_cannot_be_compared_says_why() {
    let read = |bytes: &[u8]| {
        let id = SourceId::Stdin("x".into());
        Version::read(id, bytes.to_vec(), Format::Yaml).map(|version| version.is_encrypted())
    };
    let reason = |bytes: &[u8]| read(bytes).unwrap_err().reason();
    assert_eq!(read(b"a: b\n"), Ok(false));
    assert_eq!(reason(b"a: \xff\n"), "base-unreadable");
    assert_eq!(reason(b"a: [\n"), "base-unreadable");
    assert_eq!(reason(b"a: b\nsops: {mac: x}\n"), "base-malformed-metadata");
    // Only in the first document does yaml.v3 count what aliases repeat.
    let (many, again) = (["x"; 1_000].join(", "), ["*a"; 1_100].join(", "));
    let bomb = format!("a: b\n---\nc: &a [{many}]\nd: [{again}]\n");
    assert_eq!(reason(bomb.as_bytes()), "too-large");
}

/// Compares two versions of this many lines.
fn quick(leaves: usize, line: impl Fn(usize, usize) -> String) {
    let text = |version: usize| -> String { (0..leaves).map(|at| line(at, version)).collect() };
    let (base, now) = (version(&text(0)), version(&text(1)));
    let start = Instant::now();
    let change = Change::between(&base, &now);
    let found = change.differences().count() + change.out_of_order().len();
    assert!(found <= 2 * leaves);
    _ = change.may_be_within_a_second();
    // A step for each pair of them would take minutes.
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_hundred_thousand_leaves_are_quick_however_equal_they_are() {
    quick(100_000, |at, version| {
        format!("k{at}: <{}>\n", at + version)
    });
    quick(100_000, |at, version| {
        format!("k{}: <1>\n", at + 50_000 * version)
    });
    quick(20_000, |at, version| {
        if at == 0 {
            "l:\n".to_owned()
        } else {
            format!("- <{}>\n", at * version % 2)
        }
    });
    quick(20_000, |at, version| {
        if at == 0 {
            "l:\n".to_owned()
        } else {
            format!("- <{}>\n", at * (1 + 6 * version) % 10_007)
        }
    });
    quick(20_000, |at, version| {
        format!("k: <{}>\n---\n", (at + version) % 1_000)
    });
}

/// What stands under a key in a generated document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Token(u32),
    Clear(u8),
    Null,
}

/// A document: its keys, each with one value or several.
type Made = BTreeMap<u8, Vec<Held>>;

fn held() -> impl Strategy<Value = Held> {
    prop_oneof![
        4 => (0..6_u32).prop_map(Held::Token),
        3 => (0..4_u8).prop_map(Held::Clear),
        1 => Just(Held::Null),
    ]
}

fn made() -> impl Strategy<Value = Vec<Made>> {
    let document = prop::collection::btree_map(0..5_u8, prop::collection::vec(held(), 1..5), 0..5);
    prop::collection::vec(document, 1..4)
}

fn text_of(documents: &[Made]) -> String {
    let document = |made: &Made| -> String {
        let line = |(key, values): (&u8, &Vec<Held>)| {
            let values = values.iter().map(|value| match value {
                Held::Token(number) => format!("t: <{number}>"),
                Held::Clear(number) => format!("c_unencrypted: v{number}"),
                Held::Null => "n: ~".to_owned(),
            });
            let items: String = values.map(|value| format!("- {value}\n")).collect();
            format!("k{key}:\n{items}")
        };
        made.iter().map(line).collect()
    };
    documents
        .iter()
        .map(document)
        .collect::<Vec<_>>()
        .join("---\n")
}

/// What enters the MAC, as one reads it in the documents: clear values that follow each other are one.
fn inputs_of(documents: &[Made]) -> Vec<Result<u32, String>> {
    let mut inputs: Vec<Result<u32, String>> = Vec::new();
    for value in documents.iter().flat_map(|made| made.values().flatten()) {
        match (value, inputs.last_mut()) {
            (Held::Token(number), _) => inputs.push(Ok(*number)),
            (Held::Clear(number), Some(Err(text))) => text.push_str(&format!("v{number}")),
            (Held::Clear(number), _) => inputs.push(Err(format!("v{number}"))),
            (Held::Null, _) => {}
        }
    }
    inputs
}

proptest! {
    #[test]
    fn a_version_is_what_it_is(made in made()) {
        let text = text_of(&made);
        prop_assert_eq!(told(&text, &text), [""; 0]);
    }

    #[test]
    fn each_leaf_is_accounted_for_once(base in made(), now in made()) {
        let (base, now) = (version(&text_of(&base)), version(&text_of(&now)));
        let change = Change::between(&base, &now);
        let mut seen = change.matching.removed.clone();
        for id in now.ids() {
            match change.origin(id) {
                Origin::Kept(was) => {
                    prop_assert!(base.leaf(was).mark == now.leaf(id).mark);
                    prop_assert!(base.path_mark(was) == now.path_mark(id));
                    seen.push(was);
                }
                Origin::Moved(was) => {
                    prop_assert!(base.leaf(was).mark == now.leaf(id).mark && now.is_token(id));
                    seen.push(was);
                }
                Origin::Changed(was) => {
                    prop_assert!(base.leaf(was).mark != now.leaf(id).mark);
                    prop_assert!(base.path_mark(was) == now.path_mark(id));
                    seen.push(was);
                }
                Origin::Added => {}
            }
        }
        seen.sort();
        prop_assert_eq!(seen, base.ids().collect::<Vec<_>>());
    }

    #[test]
    fn the_other_way_round_additions_are_removals(base in made(), now in made()) {
        let (base, now) = (version(&text_of(&base[..1])), version(&text_of(&now[..1])));
        let counts = |change: &Change<'_>| {
            let mut counts = [0; 4];
            for difference in change.differences() {
                counts[match difference {
                    Difference::Moved { .. } => 0,
                    Difference::Changed { .. } => 1,
                    Difference::Added { .. } => 2,
                    Difference::Removed { .. } => 3,
                }] += 1;
            }
            counts
        };
        let [moved, changed, added, removed] = counts(&Change::between(&base, &now));
        let there_and_back = counts(&Change::between(&now, &base));
        prop_assert_eq!(there_and_back, [moved, changed, removed, added]);
    }

    // The tables are seeded anew whenever one is made.
    #[test]
    fn nothing_depends_on_the_order_of_a_table(base in made(), now in made()) {
        let (base, now) = (text_of(&base), text_of(&now));
        prop_assert_eq!(told(&base, &now), told(&base, &now));
    }

    #[test]
    fn the_mac_sees_tokens_and_clear_bytes_in_their_order(base in made(), now in made()) {
        let same = inputs_of(&base) == inputs_of(&now);
        let (base, now) = (version(&text_of(&base)), version(&text_of(&now)));
        prop_assert_eq!(Change::between(&base, &now).has_same_inputs(), same);
    }

    #[test]
    fn under_the_same_keys_as_much_is_kept_as_is_equal(
        base in prop::collection::vec(held(), 1..9),
        now in prop::collection::vec(held(), 1..9),
    ) {
        let made = |values: &Vec<Held>| vec![Made::from([(0, values.clone()), (1, vec![Held::Clear(9)])])];
        let mut left = base.clone();
        let mut equal = 1;
        for value in &now {
            if let Some(at) = left.iter().position(|other| other == value) {
                left.remove(at);
                equal += 1;
            }
        }
        let (base, now) = (version(&text_of(&made(&base))), version(&text_of(&made(&now))));
        let change = Change::between(&base, &now);
        let kept = now.ids().filter(|id| matches!(change.origin(*id), Origin::Kept(_)));
        prop_assert_eq!(kept.count(), equal);
    }
}
