//! Scalars replaced in place, in every format.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::source::{Source, SourceId};

fn source(text: &str) -> Source {
    let id = SourceId::Stdin(PathBuf::from("x.yaml"));
    Source::decode(id, text.as_bytes().to_vec()).expect("UTF-8")
}

const FORMATS: [(Format, &str); 4] = [
    (Format::Json, "json"),
    (Format::Dotenv, "env"),
    (Format::Ini, "ini"),
    (Format::Binary, "bin"),
];

/// The file of each format that real sops made.
fn files() -> impl Iterator<Item = (Format, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/formats");
    FORMATS.into_iter().map(move |(format, ending)| {
        let path = format!("{folder}/values.enc.{ending}");
        (format, read(path.as_ref()))
    })
}

fn read(path: &std::path::Path) -> String {
    let bytes = crate::fs::read(path, 1 << 30).expect("the fixture is there");
    String::from_utf8(bytes).expect("the fixture is UTF-8")
}

/// Replaces each scalar value of `text`, one at a time: the old spellings and what came of it.
fn replace_each(text: &str, value: &str) -> Vec<(String, Result<String, Refusal>)> {
    replace_each_in(Format::Yaml, text, value)
}

fn replace_each_in(
    format: Format,
    text: &str,
    value: &str,
) -> Vec<(String, Result<String, Refusal>)> {
    let source = source(text);
    let Ok(document) = Document::parse(&source, format) else {
        return Vec::new();
    };
    let edit = |node| {
        let mut editor = Editor::new(&document);
        editor.replace_scalar(node, value)?;
        let edited = editor.finish()?;
        let span = document.tree().node(node).span;
        assert!(
            edited.starts_with(&text[..span.start()]),
            "bytes before the edit changed"
        );
        assert!(
            edited.ends_with(&text[span.end()..]),
            "bytes behind the edit changed"
        );
        Ok(edited)
    };
    let old = |node| text[document.tree().node(node).span.range()].to_owned();
    let values = document.tree().values();
    values.map(|node| (old(node), edit(node))).collect()
}

#[test]
fn keeps_the_style_that_can_hold_the_value() {
    let cases = [
        ("a: old # c\nb: 1\n", "new", "a: new # c\nb: 1\n"),
        ("a: 'old'\r\nb: 1\r\n", "it's", "a: 'it''s'\r\nb: 1\r\n"),
        ("a: \"old\"\n", "x\ny", "a: \"x\\ny\"\n"),
        ("a: old\n", "12", "a: \"12\"\n"),
        ("a: {b: old, c: d}\n", "x, y", "a: {b: \"x, y\", c: d}\n"),
        ("a: ENC[x,y]\n", "ENC[z,w]", "a: ENC[z,w]\n"),
        (
            "a:\n    - |\n      one\n      two\nb: 1\n",
            "x\n\ny\n",
            "a:\n    - |\n      x\n\n      y\nb: 1\n",
        ),
        ("a:\n", "v", "a: v\n"),
    ];
    for (text, value, expected) in cases {
        let edited: Vec<_> = replace_each(text, value)
            .into_iter()
            .filter_map(|(_, edited)| edited.ok())
            .collect();
        assert!(
            edited.iter().any(|edited| edited == expected),
            "{text:?} {value:?} {edited:?}"
        );
    }
}

#[test]
fn refuses_what_would_change_more_than_one_value() {
    let source = source("a: &x old\nb: *x\nc: {d: e}\n");
    let document = Document::parse(&source, Format::Yaml).expect("YAML");
    let tree = document.tree();
    let value = |key| tree.pair(tree.branches()[0], key).expect("the key").value;
    for (key, refusal) in [
        ("a", Refusal::Shared),
        ("b", Refusal::Shared),
        ("c", Refusal::NotAScalar),
    ] {
        let refused = Editor::new(&document).replace_scalar(value(key), "new");
        assert_eq!(refused, Err(refusal), "{key}");
    }
}

#[test]
fn refuses_a_value_that_an_explicit_tag_would_retype() {
    let results = replace_each("a: !!int 5\n", "12");
    assert_eq!(results, [("5".to_owned(), Err(Refusal::NotAsAsked))]);
}

#[test]
fn replaces_any_value_of_the_recorded_documents() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/yaml/comments.jsonl");
    let text = read(path.as_ref());
    let (mut done, mut refused) = (0, 0);
    for line in text.lines() {
        let vector: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let yaml = vector["yaml"].as_str().expect("text");
        for (old, result) in replace_each(yaml, "n: #w\té") {
            // Where a block scalar or nothing was, the comments behind it can come to belong to
            // something else, and the edit is refused.
            let moves_comments = old.is_empty() || old.starts_with(['|', '>']);
            match result {
                Ok(_) => done += 1,
                Err(Refusal::NotAsAsked) if moves_comments => refused += 1,
                Err(other) => panic!("{other:?} in {yaml}"),
            }
        }
    }
    assert!(
        done > 1000 && refused * 5 < done,
        "{done} replaced, {refused} refused"
    );
}

#[test]
fn spells_values_as_each_format_can_hold_them() {
    for (format, text, value, expected) in [
        (
            Format::Json,
            "{\"a\": 5, \"b\": 1}",
            "x\"\n",
            "{\"a\": \"x\\\"\\n\", \"b\": 1}",
        ),
        (
            Format::Json,
            "{\"a\": [null]}",
            "é\u{1}",
            "{\"a\": [\"é\\u0001\"]}",
        ),
        (
            Format::Dotenv,
            "# c\nA=old\r\nB=\n",
            "a b\nc",
            "# c\nA=a b\\nc\nB=\n",
        ),
        (Format::Dotenv, "A=old\nB=\n", "x", "A=old\nB=x\n"),
        (
            Format::Ini,
            "a = old ; c\n[s]\nb=1\n",
            "new",
            "a = new ; c\n[s]\nb=1\n",
        ),
        (Format::Ini, "a = `old`\n", "x#y", "a = `x#y`\n"),
        (
            Format::Ini,
            "a =\nb = 1\n",
            "x\ny",
            "a =\"\"\"x\ny\"\"\"\nb = 1\n",
        ),
        (
            Format::Ini,
            "[sops]\nmac = old\n",
            "x\ny",
            "[sops]\nmac = x\\ny\n",
        ),
    ] {
        let edited: Vec<_> = replace_each_in(format, text, value);
        assert!(
            edited
                .iter()
                .any(|(_, edited)| edited.as_deref() == Ok(expected)),
            "{text:?} {value:?} {edited:?}"
        );
    }
}

#[test]
fn refuses_what_a_format_cannot_hold() {
    for (format, text, value) in [
        (Format::Dotenv, "A=old\n", "a\\nb"),
        (Format::Ini, "a = old\n", "`\"\"\""),
        (Format::Ini, "[sops]\nmac = old\n", "a\\nb"),
    ] {
        let results = replace_each_in(format, text, value);
        assert!(
            results
                .iter()
                .any(|(_, result)| *result == Err(Refusal::NoSpelling)),
            "{text:?} {value:?} {results:?}"
        );
    }
}

#[test]
fn replaces_any_value_of_real_files_of_each_format() {
    let token = "ENC[AES256_GCM,data:YQ==,iv:Yg==,tag:Yw==,type:str]";
    for (format, text) in files() {
        for value in [token, "plain", "two\nlines\n", "", "# no ; comment"] {
            let results = replace_each_in(format, &text, value);
            assert!(results.len() > 4, "{format:?}");
            for (old, result) in results {
                assert!(result.is_ok(), "{format:?} {value:?} for {old}: {result:?}");
            }
        }
    }
}

/// What real sops says of a text: its values as JSON, with the MAC left out of account.
#[expect(clippy::disallowed_methods, reason = "sops reads files")]
fn read_by_sops(sops: &str, ending: &str, text: &str) -> serde_json::Value {
    let file = tempfile::Builder::new().suffix(ending).tempfile();
    let file = file.expect("a temporary file");
    std::fs::write(file.path(), text).expect("it can be written");
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/rules/keys.txt");
    let output = std::process::Command::new(sops)
        .args(["decrypt", "--ignore-mac", "--output-type", "json"])
        .arg(file.path())
        .env("SOPS_AGE_KEY_FILE", key)
        .output();
    let output = output.expect("sops runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint} in {text}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
#[ignore = "needs real sops; run scripts/peers"]
fn sops_reads_edited_files_as_they_were_meant() {
    let peers = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/peers");
    let peers = std::process::Command::new(peers)
        .args(["--print", "sops-3.13.3"])
        .output();
    let sops = String::from_utf8(peers.expect("the script runs").stdout).expect("a path");
    let sops = sops.trim_end();
    let values = [
        "new",
        "two\nlines",
        "a \"quoted\" # one; x",
        "`é\t\u{2028}'",
        " padded ",
    ];
    let mut read = 0;
    for (format, ending, old, path) in [
        (Format::Json, ".json", "\"clear-name\"", "/name"),
        (Format::Json, ".json", "5432", "/database/port"),
        (Format::Dotenv, ".env", "clear-name", "/NAME"),
        (Format::Dotenv, ".env", "", "/EMPTY"),
        (Format::Ini, ".ini", "clear-name", "/database/name"),
        (Format::Ini, ".ini", "5432", "/database/port"),
    ] {
        let (_, text) = files().find(|(known, _)| *known == format).expect("a file");
        for value in values {
            let edits = replace_each_in(format, &text, value);
            let (_, edited) = edits
                .into_iter()
                .find(|(spelt, _)| spelt == old)
                .expect("a value");
            let seen = read_by_sops(sops, ending, &edited.expect("it has a spelling"));
            let seen = seen.pointer(path).and_then(serde_json::Value::as_str);
            assert_eq!(seen, Some(value), "{format:?} {path}");
            read += 1;
        }
    }
    println!("{read} edited files read by sops as they were meant");
}

proptest! {
    #[test]
    fn any_string_is_read_back_or_refused_in_every_format(value in "\\PC*|[ \\t\\n\\r'\"#:;=,\\[\\]{}`a0n\\\\\x07\x7f\u{85}\u{2028}\u{feff}-]{0,12}") {
        for (format, text) in files() {
            for (_, result) in replace_each_in(format, &text, &value) {
                let is_fine = match result {
                    Ok(_) => true,
                    Err(Refusal::NoSpelling) => format != Format::Json && format != Format::Binary,
                    Err(_) => false,
                };
                prop_assert!(is_fine, "{format:?} {value:?}");
            }
        }
    }

    #[test]
    fn any_string_is_read_back_as_it_was_given(value in "\\PC*|[ \\t\\n\\r'\"#:,\\[\\]{}&*!|>%@`a0\\x07\\x7f\u{85}\u{2028}\u{feff}-]{0,12}") {
        let text = "a: plain\nb: 'single'\nc: \"double\"\nd: {e: flow, f: [g]}\nh:\n  - |-\n    block\n  - >\n    folded\n# end\n";
        for (_, result) in replace_each(text, &value) {
            prop_assert!(result.is_ok(), "{result:?}");
        }
    }
}
