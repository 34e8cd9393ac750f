//! Who comes and who goes, and what is refused before anything is locked.

use super::*;
use crate::document::EditRefusal;

const R: &str = "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du";
const PGP: &str = "85D77543B3D624B63CEA9E6DBC17301B491B3F21";

/// What a plan says of a file with these lists: who comes and who goes, as `+NAME` and `-NAME` with their
/// groups, or why there is none.
fn plan(lists: &str, wanted: &Wanted) -> Result<(Vec<String>, bool), Refusal> {
    let text = format!("sops:\n  lastmodified: '2026-01-01T00:00:00Z'\n  mac: x\n{lists}\n");
    let source = source(&text, Format::Yaml);
    let document = Document::parse(&source, Format::Yaml).unwrap();
    let file = SopsFile::of(&document).unwrap().unwrap();
    let plan = Plan::new(&document, &file, wanted)?;
    let added = plan.added().map(|(at, key)| format!("+{at} {}", key.shown));
    let removed = plan
        .removed()
        .map(|(at, key)| format!("-{at} {}", key.shown));
    Ok((added.chain(removed).collect(), plan.is_change()))
}

fn age(names: &[&str]) -> String {
    let entries: Vec<String> = names
        .iter()
        .map(|name| format!("{{recipient: '{name}', enc: x}}"))
        .collect();
    format!("age: [{}]", entries.join(", "))
}

fn groups(groups: &[&[&str]]) -> String {
    let groups: Vec<String> = groups
        .iter()
        .map(|group| format!("{{{}}}", age(group)))
        .collect();
    format!("  key_groups: [{}]", groups.join(", "))
}

fn pgp() -> String {
    format!("  pgp: [{{fp: {PGP}, created_at: '2026-01-01T00:00:00Z', enc: x}}]\n")
}

#[test]
fn keys_are_compared_group_by_group_by_their_words() {
    let [a, b, _] = NEW;
    let short = &b[..b.len() - 4];
    for (lists, asked, expected) in [
        (age(&[R, a]), &[&[a, R][..]][..], vec![]),
        (age(&[R, R]), &[&[R, R, R][..]], vec![]),
        (age(&[R]), &[&[R, a, a][..]], vec![format!("+0 {a}")]),
        (age(&[R, a]), &[&[R][..]], vec![format!("-0 {a}")]),
        // To sops another comment is another key.
        (
            age(&[b]),
            &[&[short][..]],
            vec![format!("+0 {short}"), format!("-0 {short}")],
        ),
    ] {
        let lists = format!("  {lists}");
        let is_change = !expected.is_empty();
        assert_eq!(
            plan(&lists, &wanted(asked)),
            Ok((expected, is_change)),
            "{lists}"
        );
    }
    let two = groups(&[&[R], &[a]]);
    let swapped = ["+0 A", "+1 R", "-0 R", "-1 A"].map(|it| it.replace('A', a).replace('R', R));
    let told = plan(&two, &wanted(&[&[a], &[R]]));
    assert_eq!(told, Ok((swapped.to_vec(), true)));
    let told = plan(&two, &wanted(&[&[R]]));
    assert_eq!(told, Ok((vec![format!("-1 {a}")], true)));
    let told = plan(&two, &wanted(&[&[R], &[a]]));
    assert_eq!(told, Ok((vec![], false)));
}

#[test]
fn a_threshold_changes_where_that_is_asked_for_or_there_are_no_groups() {
    let [a, b, _] = NEW;
    let three = groups(&[&[R], &[a], &[b]]) + "\n  shamir_threshold: 2";
    let asked = |threshold| Wanted {
        threshold,
        ..wanted(&[&[R], &[a], &[b]])
    };
    assert_eq!(plan(&three, &asked(None)), Ok((vec![], false)));
    assert_eq!(plan(&three, &asked(Some(2))), Ok((vec![], false)));
    assert_eq!(plan(&three, &asked(Some(3))), Ok((vec![], true)));
    for threshold in [-1, 1, 4] {
        let refused = Refusal::Threshold {
            groups: 3,
            threshold,
        };
        assert_eq!(plan(&three, &asked(Some(threshold))), Err(refused));
    }
    // sops would make it 1.
    let one = format!("  {}\n  shamir_threshold: 2", age(&[R]));
    assert_eq!(plan(&one, &wanted(&[&[R]])), Ok((vec![], true)));
}

#[test]
fn what_only_sops_can_do_is_refused_with_the_keys_that_need_it() {
    let mixed = format!("{}  {}", pgp(), age(&[R]));
    let with_pgp = |groups: &[&[&str]], at: usize| {
        let mut wanted = wanted(groups);
        wanted.groups[at].push(key(KeyKind::Pgp, PGP));
        wanted
    };
    let needs = |why| {
        Err(Refusal::NeedsSops {
            keys: vec![PGP.to_owned()],
            why,
        })
    };
    // It stays as it is, and it goes.
    let added = Ok((vec![format!("+0 {}", NEW[0])], true));
    assert_eq!(plan(&mixed, &with_pgp(&[&[R, NEW[0]]], 0)), added);
    assert_eq!(
        plan(&mixed, &wanted(&[&[R]])),
        Ok((vec![format!("-0 {PGP}")], true))
    );
    let only_age = format!("  {}", age(&[R]));
    assert_eq!(plan(&only_age, &with_pgp(&[&[R]], 0)), needs(Why::Added));
    let grouped = with_pgp(&[&[R], &[NEW[0]]], 0);
    assert_eq!(plan(&mixed, &grouped), needs(Why::Shares));
}

#[test]
fn a_file_that_nobody_would_open_is_refused() {
    let lists = format!("  {}", age(&[R]));
    assert_eq!(plan(&lists, &wanted(&[])), Err(Refusal::NoKeys));
    assert_eq!(plan(&lists, &wanted(&[&[]])), Err(Refusal::NoKeys));
    assert_eq!(
        plan(&lists, &wanted(&[&[R], &[]])),
        Err(Refusal::EmptyGroup(2))
    );
}

#[test]
fn what_is_read_in_two_places_or_unusual_is_refused() {
    let keyring = keyring(&[&testdata().join("rules/keys.txt")]);
    let text = std::fs::read_to_string(testdata().join("formats/values.enc.json")).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let entry = value["sops"]["age"][0].to_string();
    let tail = "lastmodified: '2026-01-01T00:00:00Z'";
    let ours = value["sops"]["age"][0]["recipient"].as_str().unwrap();
    let unusual = |refusal: &Refusal| matches!(refusal, Refusal::Unusual(_));
    let shared = |refusal: &Refusal| *refusal == Refusal::Edit(EditRefusal::Shared);
    for (text, is_it) in [
        (
            format!("a: &a [{entry}]\nsops: {{age: *a, {tail}}}\n"),
            &unusual as &dyn Fn(&_) -> _,
        ),
        (
            format!("sops: {{age: &a [{entry}], b: *a, {tail}}}\n"),
            &shared,
        ),
        (
            format!("sops: &a {{age: [{entry}], {tail}}}\nb: *a\n"),
            &shared,
        ),
        (format!("sops: {{age: {entry}, {tail}}}\n"), &unusual),
        (format!("sops: {{AGE: [{entry}], {tail}}}\n"), &unusual),
    ] {
        let refused = rekeyed(&text, Format::Yaml, &keyring, &wanted(&[&[ours, NEW[0]]]));
        let refused = refused.expect_err(&text);
        assert!(is_it(&refused), "{refused:?} in {text}");
    }
}

#[test]
fn a_text_in_utf_16_is_refused() {
    let keyring = keyring(&[&testdata().join("rules/keys.txt")]);
    let text = std::fs::read_to_string(testdata().join("formats/values.enc.json")).unwrap();
    let now = recipients(&text, Format::Json).remove(0);
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend(
        text.replace('\t', " ")
            .encode_utf16()
            .flat_map(u16::to_le_bytes),
    );
    let source = Document::decode(SourceId::Stdin("x".into()), bytes, Format::Yaml).unwrap();
    let document = Document::parse(&source, Format::Yaml).unwrap();
    let file = SopsFile::of(&document).unwrap().unwrap();
    let Ok(key) = unlock(&file, &keyring) else {
        panic!("it opens")
    };
    let wanted = wanted(&[&[now[0].as_str(), NEW[0]]]);
    let plan = Plan::new(&document, &file, &wanted).unwrap();
    let refused = plan.write(&key, &Wrapped::default(), |_| ());
    assert_eq!(refused, Err(Refusal::Edit(EditRefusal::Transcoded)));
}
