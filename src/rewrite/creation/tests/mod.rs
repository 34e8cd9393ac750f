//! Edits of configurations as people write them; what was not asked for stays byte for byte.

mod by_sops;

use super::*;
use crate::config::creation::SopsConfig;
use crate::source::SourceId;

const A: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
const B: &str = "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du";
const NEW: &str = "age1kwazca4jmnj4xefgany0t2qrc28vkk4cpkk9x7tfl0p0am34yftq3tz3jp";
const PGP: &str = "85D77543B3D624B63CEA9E6DBC17301B491B3F21";
const WORDS: [(&str, &str); 4] = [("AAA", A), ("BBB", B), ("NEW", NEW), ("PGP", PGP)];

fn source(text: &str) -> Source {
    let text = WORDS
        .iter()
        .fold(text.to_owned(), |text, (word, key)| text.replace(word, key));
    let id = SourceId::Stdin(".sops.yaml".into());
    Source::decode(id, text.into_bytes()).unwrap()
}

fn short(text: &str) -> String {
    WORDS
        .iter()
        .fold(text.to_owned(), |text, (word, key)| text.replace(key, word))
}

fn all(text: &str) -> Vec<usize> {
    let source = source(text);
    let config = SopsConfig::read(&source).unwrap_or_else(|error| panic!("{error}\n{text}"));
    (0..config.rules.len()).collect()
}

fn added_to(text: &str, rules: &[usize], group: Option<usize>) -> Result<String, Refusal> {
    let key = NewKey {
        key: NEW,
        name: "lab escrow",
    };
    let edited = add(&source(text), &key, &Aim { rules, group })?;
    Ok(short(&edited.text))
}

fn removed_from(text: &str, rules: &[usize]) -> Result<String, Refusal> {
    let edited = remove(&source(text), &format!("age:{NEW}"), rules)?;
    Ok(short(&edited.text))
}

/// A rule before and after; `¶` is a line break.
const RULES: &[(&str, &str)] = &[
    // Texts.
    ("- age: AAA¶", "- age: AAA,NEW¶"),
    ("- age: AAA # Alice¶", "- age: AAA,NEW # Alice¶"),
    ("- age: AAA, BBB¶", "- age: AAA, BBB, NEW¶"),
    ("- age: 'AAA,BBB,'¶", "- age: 'AAA,BBB,NEW,'¶"),
    (
        "- age: \"AAA\"¶  path_regex: x¶",
        "- age: \"AAA,NEW\"¶  path_regex: x¶",
    ),
    ("- age: >-¶    AAA¶", "- age: >-¶    AAA,¶    NEW¶"),
    (
        "- age: >-¶    AAA,¶    BBB¶",
        "- age: >-¶    AAA,¶    BBB,¶    NEW¶",
    ),
    (
        "- age: >-¶    AAA,¶    BBB,¶  path_regex: x¶",
        "- age: >-¶    AAA,¶    BBB,¶    NEW,¶  path_regex: x¶",
    ),
    (
        "- age: |¶    AAA,¶    BBB¶",
        "- age: |¶    AAA,¶    BBB,¶    NEW¶",
    ),
    ("- age: AAA,¶    BBB¶", "- age: AAA,¶    BBB,¶    NEW¶"),
    ("- age: ''¶  pgp: PGP¶", "- age: 'NEW'¶  pgp: PGP¶"),
    ("- age:¶  pgp: PGP¶", "- age: NEW¶  pgp: PGP¶"),
    ("- age: ~¶  pgp: PGP¶", "- age: NEW¶  pgp: PGP¶"),
    // Lists.
    ("- age: [AAA]¶", "- age: [AAA, NEW]¶"),
    (
        "- age: [ 'AAA', \"BBB\" ]¶",
        "- age: [ 'AAA', \"BBB\", \"NEW\" ]¶",
    ),
    ("- age: [AAA,]¶", "- age: [AAA, NEW,]¶"),
    ("- age: []¶  pgp: PGP¶", "- age: [NEW]¶  pgp: PGP¶"),
    (
        "- age: [¶      AAA,¶      BBB¶    ]¶",
        "- age: [¶      AAA,¶      BBB,¶      NEW¶    ]¶",
    ),
    (
        "- age: [¶      AAA, # Alice¶      BBB, # Bob¶    ]¶",
        "- age: [¶      AAA, # Alice¶      BBB, # Bob¶      NEW,¶    ]¶",
    ),
    (
        "- age: [¶      AAA, # Alice¶      BBB # Bob¶    ]¶",
        "- age: [¶      AAA, # Alice¶      BBB, # Bob¶      NEW¶    ]¶",
    ),
    ("- age:¶  - AAA¶  - BBB¶", "- age:¶  - AAA¶  - BBB¶  - NEW¶"),
    (
        "- age:¶    -   'AAA'¶    # tail¶  path_regex: x¶",
        "- age:¶    -   'AAA'¶    -   'NEW'¶    # tail¶  path_regex: x¶",
    ),
    (
        "- age:¶  - AAA # Alice¶  - BBB # Bob¶",
        "- age:¶  - AAA # Alice¶  - BBB # Bob¶  - NEW # lab escrow¶",
    ),
    (
        "- age:¶  - AAA # Alice¶  - BBB¶",
        "- age:¶  - AAA # Alice¶  - BBB¶  - NEW¶",
    ),
    // Beside others.
    ("- pgp: PGP¶", "- pgp: PGP¶  age: NEW¶"),
    (
        "-   path_regex: x¶    pgp: >-¶      PGP¶    encrypted_regex: ^a$¶",
        "-   path_regex: x¶    pgp: >-¶      PGP¶    age: NEW¶    encrypted_regex: ^a$¶",
    ),
    (
        "- pgp: # them¶  - PGP # Bob¶  # tail¶",
        "- pgp: # them¶  - PGP # Bob¶  age: NEW¶  # tail¶",
    ),
    (
        "- {pgp: PGP, path_regex: x}¶",
        "- {pgp: PGP, age: NEW, path_regex: x}¶",
    ),
    // Groups.
    (
        "- key_groups:¶  - age: [AAA]¶",
        "- key_groups:¶  - age: [AAA, NEW]¶",
    ),
    (
        "- key_groups:¶    - age:¶        - AAA¶      pgp: [PGP]¶",
        "- key_groups:¶    - age:¶        - AAA¶        - NEW¶      pgp: [PGP]¶",
    ),
    (
        "- key_groups:¶    - pgp:¶      - PGP¶",
        "- key_groups:¶    - pgp:¶      - PGP¶      age:¶      - NEW¶",
    ),
    (
        "- key_groups:¶    - pgp: [PGP]¶",
        "- key_groups:¶    - pgp: [PGP]¶      age:¶        - NEW¶",
    ),
    (
        "- key_groups: [{pgp: [PGP]}]¶",
        "- key_groups: [{pgp: [PGP], age: [NEW]}]¶",
    ),
    (
        "- key_groups:¶  - merge:¶    - age: [AAA]¶",
        "- key_groups:¶  - merge:¶    - age: [AAA]¶    age:¶    - NEW¶",
    ),
];

#[test]
fn a_recipient_joins_the_others_as_they_are_written_and_leaves_no_trace() {
    for (before, after) in RULES {
        for (line_break, head) in [("\n", ""), ("\r\n", ""), ("\n", "\u{feff}# who\n")] {
            let text = |rule: &str| {
                format!("{head}# ours¶creation_rules:¶{rule}# end¶").replace('¶', line_break)
            };
            let (before, after) = (text(before), text(after));
            let edited = added_to(&before, &[0], None);
            assert_eq!(edited.as_ref(), Ok(&after), "{before}");
            let back = removed_from(&after, &[0]);
            let says_nothing = [
                "''",
                "age:\n",
                "age:\r",
                "~",
                "[]",
                "\n    AAA\n",
                "\n    AAA\r",
            ];
            if !says_nothing.iter().any(|part| before.contains(part)) {
                assert_eq!(back.as_ref(), Ok(&before), "{after}");
            }
            assert!(back.is_ok_and(|text| !text.contains("NEW")), "{after}");
        }
        let open = |rule: &str| {
            let text = format!("creation_rules:¶{}", rule.trim_end_matches('¶'));
            text.replace('¶', "\n")
        };
        let edited = added_to(&open(before), &[0], None);
        assert_eq!(edited, Ok(open(after)));
    }
}

/// A file before and after all rules have it.
const FILES: &[(&str, &str)] = &[
    // A list of keys that have anchors.
    (
        "keys:¶  - &alice AAA¶  - &bob BBB¶creation_rules:¶  - path_regex: x¶    age: *alice¶  - age: [*alice, *bob]¶",
        "keys:¶  - &alice AAA¶  - &bob BBB¶  - &lab_escrow NEW¶creation_rules:¶  - path_regex: x¶    age: [*alice, *lab_escrow]¶  - age: [*alice, *bob, *lab_escrow]¶",
    ),
    (
        "keys:¶  # people¶  - &alice AAA # Alice¶  # machines¶  - &ci BBB # CI¶creation_rules:¶  - key_groups:¶    - age:¶      - *alice¶      - *ci¶",
        "keys:¶  # people¶  - &alice AAA # Alice¶  # machines¶  - &ci BBB # CI¶  - &lab_escrow NEW # lab escrow¶creation_rules:¶  - key_groups:¶    - age:¶      - *alice¶      - *ci¶      - *lab_escrow¶",
    ),
    (
        "keys: [&alice AAA, &p PGP]¶creation_rules:¶- age: [*alice]¶  pgp: [*p]¶",
        "keys: [&alice AAA, &lab_escrow NEW, &p PGP]¶creation_rules:¶- age: [*alice, *lab_escrow]¶  pgp: [*p]¶",
    ),
    (
        "keys:¶  users:¶    alice: &alice AAA¶    bob: &bob \"BBB\"¶creation_rules:¶- age: [*alice]¶",
        "keys:¶  users:¶    alice: &alice AAA¶    bob: &bob \"BBB\"¶    lab_escrow: &lab_escrow \"NEW\"¶creation_rules:¶- age: [*alice, *lab_escrow]¶",
    ),
    // Of a rule that names its keys itself it is none of the business.
    (
        "keys:¶- &alice AAA¶creation_rules:¶- path_regex: x¶  age: BBB¶- age: [*alice]¶",
        "keys:¶- &alice AAA¶- &lab_escrow NEW¶creation_rules:¶- path_regex: x¶  age: BBB,NEW¶- age: [*alice, *lab_escrow]¶",
    ),
    (
        "keys:¶- &lab_escrow AAA¶creation_rules:¶- age: [*lab_escrow]¶",
        "keys:¶- &lab_escrow AAA¶- &lab_escrow_2 NEW¶creation_rules:¶- age: [*lab_escrow, *lab_escrow_2]¶",
    ),
    // What is written once is edited once.
    (
        "all: &all¶- AAA¶- BBB¶creation_rules:¶- path_regex: x¶  age: *all¶- age: *all¶",
        "all: &all¶- AAA¶- BBB¶- NEW¶creation_rules:¶- path_regex: x¶  age: *all¶- age: *all¶",
    ),
    (
        "all: &all AAA,BBB¶creation_rules:¶- path_regex: x¶  age: *all¶- age: *all¶",
        "all: &all AAA,BBB,NEW¶creation_rules:¶- path_regex: x¶  age: *all¶- age: *all¶",
    ),
    (
        "base: &base¶  age: >-¶    AAA,¶    BBB¶creation_rules:¶- path_regex: x¶  <<: *base¶- <<: *base¶",
        "base: &base¶  age: >-¶    AAA,¶    BBB,¶    NEW¶creation_rules:¶- path_regex: x¶  <<: *base¶- <<: *base¶",
    ),
    (
        "creation_rules:¶- path_regex: x¶  age: &all AAA¶- age: *all¶",
        "creation_rules:¶- path_regex: x¶  age: &all AAA,NEW¶- age: *all¶",
    ),
    (
        "creation_rules:¶- path_regex: x¶  age:¶  - &alice AAA¶- age: [*alice, BBB]¶",
        "creation_rules:¶- path_regex: x¶  age:¶  - &alice AAA¶  - NEW¶- age: [*alice, BBB, NEW]¶",
    ),
    (
        "g: &g {age: [AAA]}¶creation_rules:¶- path_regex: x¶  key_groups: [*g]¶- key_groups: [*g]¶",
        "g: &g {age: [AAA, NEW]}¶creation_rules:¶- path_regex: x¶  key_groups: [*g]¶- key_groups: [*g]¶",
    ),
];

#[test]
fn what_rules_share_is_edited_once_and_keys_with_anchors_get_one() {
    for (before, after) in FILES {
        let (before, after) = (before.replace('¶', "\n"), after.replace('¶', "\n"));
        assert_eq!(added_to(&before, &all(&before), None), Ok(after.clone()));
        let back =
            removed_from(&after, &all(&after)).unwrap_or_else(|error| panic!("{error}\n{after}"));
        // An alias that became a list stays one.
        assert_eq!(back, before.replace("age: *alice\n", "age: [*alice]\n"));
        assert_eq!(added_to(&after, &all(&after), None), Ok(after));
    }
}

/// A file before and after its first rule has it, and the others have not.
const FIRST: &[(&str, &str)] = &[
    (
        "all: &all¶- AAA¶- BBB¶creation_rules:¶- path_regex: x¶  age: *all¶- age: *all¶",
        "all: &all¶- AAA¶- BBB¶creation_rules:¶- path_regex: x¶  age: [AAA, BBB, NEW]¶- age: *all¶",
    ),
    (
        "all: &all¶- &a AAA¶- &b BBB¶creation_rules:¶- path_regex: x¶  age: *all¶- age: *all¶",
        "all: &all¶- &a AAA¶- &b BBB¶creation_rules:¶- path_regex: x¶  age: [*a, *b, NEW]¶- age: *all¶",
    ),
    (
        "all: &all AAA,BBB¶creation_rules:¶- path_regex: x¶  age: *all¶- age: *all¶",
        "all: &all AAA,BBB¶creation_rules:¶- path_regex: x¶  age: [*all, NEW]¶- age: *all¶",
    ),
    (
        "base: &base¶  age: AAA,BBB¶creation_rules:¶- path_regex: x¶  <<: *base¶- <<: *base¶",
        "base: &base¶  age: AAA,BBB¶creation_rules:¶- path_regex: x¶  age: AAA,BBB,NEW¶  <<: *base¶- <<: *base¶",
    ),
    (
        "g: &g {age: [AAA]}¶creation_rules:¶- path_regex: x¶  key_groups: [*g]¶- key_groups: [*g]¶",
        "g: &g {age: [AAA]}¶creation_rules:¶- path_regex: x¶  key_groups: [{merge: [*g], age: [NEW]}]¶- key_groups: [*g]¶",
    ),
    (
        "keys:¶- &alice AAA¶creation_rules:¶- path_regex: x¶  age:¶  - *alice¶- age: [*alice]¶",
        "keys:¶- &alice AAA¶- &lab_escrow NEW¶creation_rules:¶- path_regex: x¶  age:¶  - *alice¶  - *lab_escrow¶- age: [*alice]¶",
    ),
];

#[test]
fn a_rule_alone_gets_it_although_it_shares_its_keys() {
    for (before, after) in FIRST {
        let (before, after) = (before.replace('¶', "\n"), after.replace('¶', "\n"));
        assert_eq!(added_to(&before, &[0], None), Ok(after));
    }
}

#[test]
fn one_of_several_groups_gets_it() {
    let text = "creation_rules:\n- shamir_threshold: 2\n  key_groups:\n  - age: [AAA]\n  - age:\n    - BBB\n";
    assert_eq!(
        added_to(text, &[0], None),
        Err(Refusal::ManyGroups { rule: 0, groups: 2 })
    );
    let (rule, group, groups) = (0, 2, 2);
    assert_eq!(
        added_to(text, &[0], Some(2)),
        Err(Refusal::NoSuchGroup {
            rule,
            group,
            groups
        })
    );
    let expected = text.replace("    - BBB\n", "    - BBB\n    - NEW\n");
    assert_eq!(added_to(text, &[0], Some(1)), Ok(expected.clone()));
    assert_eq!(removed_from(&expected, &[0]), Ok(text.to_owned()));
    // It is somewhere in the rule already.
    assert_eq!(added_to(&expected, &[0], None), Ok(expected));
}

#[test]
fn the_last_key_is_not_taken_out() {
    let rule = "creation_rules:\n- age: NEW\n";
    assert_eq!(
        removed_from(rule, &[0]),
        Err(Refusal::LastOfRule { rule: 0 })
    );
    let groups = "creation_rules:\n- key_groups: [{age: [AAA]}, {age: [NEW]}]\n";
    let (rule, group) = (0, 1);
    assert_eq!(
        removed_from(groups, &[0]),
        Err(Refusal::LastOfGroup { rule, group })
    );
    let beside =
        "creation_rules:\n- age: NEW\n  pgp: PGP\n- path_regex: x\n  pgp: PGP\n  age: [NEW]\n";
    let left = "creation_rules:\n- pgp: PGP\n- path_regex: x\n  pgp: PGP\n";
    assert_eq!(removed_from(beside, &[0, 1]), Ok(left.to_owned()));
}

#[test]
fn comments_of_others_stay_and_name_nobody_else() {
    for (before, after) in [
        (
            "- age:¶  # Alice¶  - AAA¶  # escrow¶  - NEW¶  # Bob¶  - BBB¶",
            "- age:¶  # Alice¶  - AAA¶  # Bob¶  - BBB¶",
        ),
        (
            "- age:¶  # all of us¶  - NEW # escrow¶  - AAA¶  # tail¶",
            "- age:¶  # all of us¶  - AAA¶  # tail¶",
        ),
        (
            "- age: [¶    NEW, # escrow¶    AAA, # Alice¶  ]¶",
            "- age: [¶    AAA, # Alice¶  ]¶",
        ),
        ("- age: [NEW, AAA, NEW]¶", "- age: [AAA]¶"),
        ("- age: 'NEW,AAA, NEW'¶", "- age: 'AAA'¶"),
        (
            "- key_groups:¶  - merge: [{age: [NEW, AAA]}]¶    age: [NEW, 'BBB,NEW']¶",
            "- key_groups:¶  - merge: [{age: [AAA]}]¶    age: ['BBB']¶",
        ),
        (
            "- key_groups:¶  - age:¶    - NEW¶    pgp:¶    - PGP¶",
            "- key_groups:¶  - pgp:¶    - PGP¶",
        ),
    ] {
        let text = |rule: &str| format!("creation_rules:¶{rule}").replace('¶', "\n");
        assert_eq!(removed_from(&text(before), &[0]), Ok(text(after)));
    }
}

#[test]
fn rules_of_destinations_lose_it_with_the_others_or_say_where_they_stand() {
    let text = |rule: &str, recreation: &str| {
        format!(
            "keys:\n- &alice AAA\n- &new NEW\nall: &all [*alice, *new]\ncreation_rules:\n- {rule}\ndestination_rules:\n\
             - s3_bucket: b\n  recreation_rule:\n    {recreation}\n"
        )
    };
    let without = |rule: &str, recreation: &str| {
        let text = text(rule, recreation).replace("- &new NEW\n", "");
        text.replace(", *new]\ncreation", "]\ncreation")
    };
    // The list of all is an alias more, which would keep the key where it is.
    let alone = |text: String| {
        let text = text.replace("all: &all [*alice, *new]\n", "");
        text.replace("all: &all [*alice]\n", "")
    };
    let all = [0, 1];
    for (before, after) in [
        ("age: AAA,NEW", "age: AAA"),
        ("age: [*alice, *new]", "age: [*alice]"),
        (
            "key_groups: [{age: [*alice, *new]}]",
            "key_groups: [{age: [*alice]}]",
        ),
        ("{age: [*new], pgp: PGP}", "{pgp: PGP}"),
    ] {
        let rule = "age: [*alice, *new]";
        let expected = alone(without("age: [*alice]", after));
        assert_eq!(removed_from(&alone(text(rule, before)), &all), Ok(expected));
    }
    // Where it is in no creation rule, too; and once for both where they share a list.
    assert_eq!(
        removed_from(&alone(text("age: AAA", "age: AAA,NEW")), &[1]),
        Ok(alone(text("age: AAA", "age: AAA")))
    );
    let shared = removed_from(&text("age: *all", "age: *all"), &all);
    assert_eq!(shared, Ok(without("age: *all", "age: *all")));
    for recreation in ["age: NEW", "age: 'NEW,hunter2'"] {
        let refused = removed_from(&text("age: *all", recreation), &all).unwrap_err();
        assert_eq!(refused, Refusal::Recreation { line: 10 });
    }
}

#[test]
fn what_cannot_be_told_apart_is_refused() {
    let shared = "base: &base {path_regex: x, age: [AAA]}\ncreation_rules:\n- *base\n- *base\n";
    assert_eq!(
        added_to(shared, &[1], None),
        Err(Refusal::Shared { rule: 1 })
    );
    // It is defined in a rule that is chosen, and used in one that is not.
    let defined = "creation_rules:\n- path_regex: x\n  age: [AAA, &k NEW]\n- age: [AAA, *k]\n";
    assert_eq!(removed_from(defined, &[0]), Err(Refusal::NoWay { rule: 0 }));
    let both = "creation_rules:\n- path_regex: x\n  age: [AAA]\n- age: [AAA]\n";
    assert_eq!(removed_from(defined, &[0, 1]), Ok(both.to_owned()));
    let broken = "creation_rules:\n- age: hunter2\n- age: AAA\n";
    let refused = added_to(broken, &[0], None).unwrap_err();
    assert!(matches!(&refused, Refusal::Refused { rule: 0, .. }));
    assert!(!refused.to_string().contains("hunter2"));
    assert_eq!(
        added_to(broken, &[1], None),
        Ok(broken.replace("AAA", "AAA,NEW"))
    );
    assert_eq!(
        added_to(broken, &[2], None),
        Err(Refusal::NoSuchRule { rule: 2, count: 2 })
    );
}
