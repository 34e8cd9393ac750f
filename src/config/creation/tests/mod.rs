//! What sops makes of a `.sops.yaml`, in small; [`by_sops`] asks sops itself.

pub(crate) mod by_sops;
pub(crate) mod chance;

use super::names::NameSource;
use super::*;
use crate::source::SourceId;

const A: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
const B: &str = "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du";

fn source(text: &str) -> Source {
    let text = text.replace("AAA", A).replace("BBB", B);
    let id = SourceId::Stdin(SOPS_CONFIG.into());
    Source::decode(id, text.into_bytes()).unwrap()
}

fn read(text: &str) -> SopsConfig {
    SopsConfig::read(&source(text)).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The keys of the rule that applies, as sops compares them; or why none does.
fn keys(text: &str, path: &str) -> String {
    let config = read(text);
    match config.rule_for(path.as_bytes()) {
        Choice::Rule(rule) => {
            let groups = config.rules[rule].groups.iter();
            let group = |group: &Vec<RuleKey>| {
                let keys = group.iter().map(|key| key.names.spelled.clone());
                keys.collect::<Vec<_>>().join(" ")
            };
            let keys = groups.map(group).collect::<Vec<_>>().join(" / ");
            keys.replace(A, "AAA").replace(B, "BBB")
        }
        Choice::Refused { refusal, .. } => format!("refused: {}", refusal.fault),
        Choice::NoMatch => "no match".to_owned(),
        Choice::NoRules => "no rules".to_owned(),
        Choice::Undecidable { .. } => "undecidable".to_owned(),
    }
}

#[test]
fn keys_are_taken_in_all_spellings() {
    for (rule, expected) in [
        ("age: AAA", "AAA"),
        ("age: ' AAA , BBB,, '", "AAA BBB"),
        ("age: >-\n    AAA,\n    BBB,\n", "AAA BBB"),
        ("age: [AAA, ' BBB ']", "AAA BBB"),
        ("age: ['AAA,BBB']", "AAA BBB"),
        ("age: ['']", ""),
        ("age: []", ""),
        ("age: ''", ""),
        ("age: ", ""),
        ("age: AAA\n  pgp: 'AB CD, EF'", "AAA ABCD EF"),
        ("pgp: [' AB ']", "AB"),
        (
            "kms: arn:aws:kms:x:1:key/a+arn:aws:iam::1:role/r\n  aws_profile: p",
            "arn:aws:kms:x:1:key/a+arn:aws:iam::1:role/r||p",
        ),
        ("kms: arn:aws:kms:x:1:key/a||p", "arn:aws:kms:x:1:key/a||p"),
        ("gcp_kms: projects/a b", "projects/ab"),
        ("hckms: [' cn:1 ', '']", "cn:1"),
        (
            "azure_keyvault: https://v.example/keys/k/1",
            "https://v.example/keys/k/1",
        ),
        (
            "hc_vault_transit_uri: HTTPS://v:8200/v1/a/b/keys/k",
            "https://v:8200/v1/a/b/keys/k",
        ),
        (
            "key_groups: [{age: [AAA]}, {age: ['', 'AAA,BBB']}]",
            "AAA / AAA BBB",
        ),
        (
            "key_groups: [{merge: [{age: [AAA]}, {age: [BBB, AAA]}], age: [AAA]}]",
            "AAA BBB",
        ),
        ("key_groups: [{}]\n  age: AAA", ""),
        ("key_groups: []\n  age: AAA", "AAA"),
        (
            "key_groups: [{kms: [{arn: a, role: r, context: {y: 1, x: b}, aws_profile: p}]}]",
            "a+r|x:b,y:1|p",
        ),
        ("key_groups: [{pgp: ['A B', 'A,B']}]", "AB A,B"),
    ] {
        let text = format!("creation_rules:\n- {rule}\n");
        assert_eq!(keys(&text, "x"), expected, "{rule}");
    }
}

#[test]
fn sops_fails_once_it_chooses_a_rule_that_is_wrong() {
    for (rule, expected) in [
        (
            "age: 5",
            "refused: `age` has to be text or a list of texts, not a number",
        ),
        (
            "age: [AAA, ~]",
            "refused: `age` has to be text or a list of texts, not nothing",
        ),
        (
            "age: {a: b}",
            "refused: `age` has to be text or a list of texts, not a map",
        ),
        (
            "age: [AAA, '']",
            "refused: this key of `age` is none: it is empty",
        ),
        (
            "hckms: [x]",
            "refused: this key of `hckms` is none: it has to be `region:key`",
        ),
        (
            "path_regex: '('",
            "refused: `path_regex` is no regular expression: missing closing )",
        ),
        (
            "encrypted_regex: a\n  unencrypted_suffix: b\n  age: nonsense",
            "refused: more than one selector is set: `unencrypted_suffix`, `encrypted_regex`",
        ),
    ] {
        let text = format!("creation_rules:\n- path_regex: ^first$\n  age: AAA\n- {rule}\n");
        assert_eq!(keys(&text, "first"), "AAA", "{rule}");
        assert_eq!(keys(&text, "x"), expected, "{rule}");
    }
}

#[test]
fn the_first_rule_that_matches_applies() {
    let text = "creation_rules:\n- path_regex: ^a/.*\\.yaml$\n  age: AAA\n- ~\n- path_regex: b\n  age: BBB\n";
    assert_eq!(keys(text, "a/b.yaml"), "AAA");
    assert_eq!(keys(text, "x/b"), "BBB");
    assert_eq!(keys(text, "x"), "no match");
    assert_eq!(keys("creation_rules: []", "x"), "no match");
    assert_eq!(keys("creation_rules: [~]", "x"), "no match");
    for none in [
        "",
        "# nothing\n",
        "creation_rules:\n",
        "~",
        "---\n",
        "{}",
        "Creation_rules: []",
    ] {
        assert_eq!(keys(none, "x"), "no rules", "{none}");
    }
}

#[test]
fn anchors_aliases_and_merges_are_followed() {
    let text = "keys:\n- &a AAA\n- &b BBB\ndefaults: &d\n  age: *b\n  encrypted_regex: x\ncreation_rules:\n\
                - path_regex: one\n  key_groups:\n  - age: [*a, *b, *a]\n- <<: *d\n  path_regex: two\n\
                - <<: [{age: *a}, *d]\n";
    assert_eq!(keys(text, "one"), "AAA BBB");
    assert_eq!(keys(text, "two"), "BBB");
    assert_eq!(keys(text, "three"), "AAA");
    let config = read(text);
    assert_eq!(config.rules[1].selector().unwrap().value.1, "x");
    let name = config.name_of(&format!("age:{A}")).unwrap();
    assert_eq!((name.name.as_str(), name.source), ("a", NameSource::Anchor));
}

/// Texts that yaml.v3 refuses, the line that it minds, and what is wrong there.
const REFUSED: &[(&str, usize, &str)] = &[
    ("a: [", 1, "did not find expected node content"),
    (
        "creation_rules:\n- age: a\n  age: b\n",
        3,
        "the key is already defined in this mapping",
    ),
    (
        "creation_rules: x\n",
        1,
        "`creation_rules` has to be a list, not text",
    ),
    (
        "creation_rules: {a: b}\n",
        1,
        "`creation_rules` has to be a list, not a map",
    ),
    (
        "creation_rules:\n- x\n",
        2,
        "`creation_rules` has to be a map, not text",
    ),
    ("- a\n", 1, "the file has to be a map, not a list"),
    (
        "creation_rules:\n- shamir_threshold: '2'\n",
        2,
        "`shamir_threshold` has to be a whole number, not text",
    ),
    (
        "creation_rules:\n- path_regex: [a]\n",
        2,
        "`path_regex` has to be text, not a list",
    ),
    (
        "creation_rules:\n- mac_only_encrypted: 'true'\n",
        2,
        "`mac_only_encrypted` has to be `true` or `false`, not text",
    ),
    (
        "creation_rules:\n- hckms: a\n",
        2,
        "`hckms` has to be a list, not text",
    ),
    (
        "creation_rules:\n- key_groups: [[a]]\n",
        2,
        "`key_groups` has to be a map, not a list",
    ),
    (
        "creation_rules:\n- <<: [a]\n",
        2,
        "a merge needs a map or a sequence of maps",
    ),
    (
        "creation_rules:\n- age: !!int x\n",
        2,
        "the value does not fit its tag",
    ),
    (
        "destination_rules:\n- vault_kv_version: x\n",
        2,
        "`vault_kv_version` has to be a whole number, not text",
    ),
    (
        "stores: {yaml: 4}\n",
        1,
        "`yaml` has to be a map, not a number",
    ),
];

#[test]
fn the_file_is_refused_where_yaml_v3_refuses_it() {
    for &(text, line, expected) in REFUSED {
        let error = SopsConfig::read(&source(text)).err();
        let error = error.unwrap_or_else(|| panic!("{text}"));
        let found = (error.at.line, error.to_string());
        assert_eq!(found, (line, expected.to_owned()), "{text}");
        assert!(!error.is_undecidable());
    }
}

#[test]
fn what_yaml_v3_lets_pass_is_taken() {
    for text in [
        "unknown: {a: 1, a: 2}\ncreation_rules:\n- age: AAA\n",
        "creation_rules:\n- age: AAA\n  shamir_threshold: 1.9\n",
        "creation_rules:\n- age: AAA\n  shamir_threshold: ~\n",
        "creation_rules:\n- age: AAA\n  path_regex: ~\n",
        "creation_rules:\n- age: AAA\n  mac_only_encrypted: 'yes'\n",
        "creation_rules:\n- age: AAA\n---\na: [\n",
        "creation_rules:\n- age: AAA\n  1: x\n  ~: {a: 1, a: 2}\n",
        "creation_rules:\n- age: AAA\n  encrypted_regex: 5\n",
        "\u{feff}creation_rules:\n- age: AAA\ndestination_rules: [{recreation_rule: {age: 5}}]\n",
    ] {
        assert_eq!(keys(text, "x"), "AAA", "{text}");
    }
    let text = "creation_rules:\n- {age: AAA, shamir_threshold: 1.9, mac_only_encrypted: 'On'}\n";
    let rule = &read(text).rules[0];
    assert_eq!((rule.threshold(), rule.mac_only_encrypted()), (1, true));
}

#[test]
fn keys_have_places_and_names() {
    let text = "# people\nkeys:\n# Bob's laptop\n- &bob BBB\ncreation_rules:\n- age: >-\n    AAA,\n    BBB\n\
                - age:\n  - AAA # Alice, at home\n  - *bob # Bob\n- age: [AAA] # both\n- age: AAA, BBB # no\n";
    let held = source(text);
    let config = SopsConfig::read(&held).unwrap();
    let at = |span: Span| held.text().get(span.range()).unwrap();
    let first = &config.rules[0].groups[0];
    assert_eq!((at(first[0].span), at(first[1].span)), (A, B));
    let second = &config.rules[1].groups[0];
    assert_eq!((at(second[1].span), at(second[1].defined)), ("*bob", B));
    let names: Vec<_> = config
        .names
        .iter()
        .map(|named| (named.shown.as_str(), named.source, named.name.as_str()))
        .collect();
    let (comment, above) = (NameSource::Comment, NameSource::CommentAbove);
    assert_eq!(
        names,
        [
            (B, NameSource::Anchor, "bob"),
            (B, comment, "Bob"),
            (B, above, "Bob's laptop"),
            (A, comment, "Alice, at home"),
            (A, comment, "both"),
        ]
    );
}

#[test]
fn what_is_strange_is_listed() {
    let text = "keys: []\ncreation_rule: []\ncreation_rules:\n- path_regx: a\n  encrypted_regex: '('\n  age: x\n\
                - path_regex: /dev/stdin\n  age: AAA\n  key_groups:\n  - age: [AAA]\n    hc_vault_transit_uri: []\n- {}\n";
    let config = read(text);
    let told: Vec<String> = config
        .oddities
        .iter()
        .map(|odd| match &odd.what {
            Strange::UnknownKey {
                name,
                similar,
                within,
                ..
            } => {
                format!("{name} in {within:?}, {similar:?}")
            }
            Strange::BadKey { field, fault, .. } => {
                format!(
                    "{:?} BadKey {{ field: {field:?}, fault: {fault:?} }}",
                    odd.rule
                )
            }
            what => format!("{:?} {what:?}", odd.rule),
        })
        .collect();
    assert_eq!(
        told,
        [
            "keys in \"\", None",
            "creation_rule in \"\", Some(\"creation_rules\")",
            "path_regx in \"creation_rules\", Some(\"path_regex\")",
            "Some(0) BadSelector { kind: EncryptedRegex }",
            "Some(0) BadKey { field: \"age\", fault: Age(Unknown) }",
            "Some(0) Refused(Key { field: \"age\", fault: Age(Unknown) })",
            "Some(1) StandardInput",
            "Some(1) FlatAndGrouped { field: \"age\" }",
            "hc_vault_transit_uri in \"key_groups\", None",
            "Some(2) NoKeys",
        ]
    );
}

/// How many rules a hostile file has here.
const COUNT: usize = if cfg!(debug_assertions) {
    20_000
} else {
    100_000
};

#[test]
fn hostile_files_take_bounded_time() {
    let started = std::time::Instant::now();
    let rules = |rule: &str, count: usize| format!("creation_rules:\n{}", rule.repeat(count));
    let many = read(&rules("- {path_regex: 'a.*z$'}\n", COUNT));
    assert!(matches!(many.rule_for(b"b/c"), Choice::Undecidable { .. }));
    let many = read(&rules("- {path_regex: '^a/[b-d]$'}\n", COUNT));
    assert_eq!(many.rule_for(b"b/c"), Choice::NoMatch);
    let costly = read(&rules("- {path_regex: '(?:x?){1000}$', age: AAA}\n", 1));
    let path = "x".repeat(4_000) + "0";
    assert!(
        (0..100).any(|_| matches!(costly.rule_for(path.as_bytes()), Choice::Undecidable { .. }))
    );
    let bomb = "a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n\
                creation_rules:\n- age: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
    let error = SopsConfig::read(&source(bomb)).err().unwrap();
    assert_eq!(
        error.to_string(),
        "the document contains excessive aliasing"
    );
    let long = "x,".repeat(50_000);
    let aliases = "*k, ".repeat(5_000);
    let text = format!("k: &k '{long}'\ncreation_rules:\n- pgp: [{aliases}]\n");
    assert!(
        SopsConfig::read(&source(&text))
            .err()
            .unwrap()
            .is_undecidable()
    );
    let long = format!("creation_rules:\n- pgp: '{}'\n", "x,".repeat(600_000));
    assert!(matches!(
        read(&long).rule_for(b"x"),
        Choice::Undecidable { .. }
    ));
    let deep = format!(
        "creation_rules:\n- age: {}{}\n",
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    assert!(
        SopsConfig::read(&source(&deep))
            .err()
            .unwrap()
            .is_undecidable()
    );
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
