//! The readers of JSON, dotenv and ini files against recorded answers of sops's stores.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Document, Format, Tree, seen};
use crate::source::SourceId;

const FORMATS: [Format; 3] = [Format::Json, Format::Dotenv, Format::Ini];

#[derive(serde::Deserialize)]
struct Vector {
    name: String,
    b64: String,
    tree: Option<Vec<String>>,
    err: Option<String>,
}

/// Hands the tree of `bytes` to `look`, or why sops would not load them.
fn with_tree<T>(
    bytes: &[u8],
    format: Format,
    look: impl FnOnce(Result<&Tree<'_>, super::Error>) -> T,
) -> T {
    let id = SourceId::Stdin("x".into());
    let source = Document::decode(id, bytes.to_vec(), format).expect("any bytes will do");
    match Document::parse(&source, format) {
        Ok(document) => look(Ok(document.tree())),
        Err(error) => look(Err(error)),
    }
}

/// Compares every vector of a file and says how many there are.
fn agrees_on(path: &Path, format: Format) -> usize {
    let text = crate::fs::read(path, 1 << 30).expect("the fixture is there");
    let text = String::from_utf8(text).expect("the fixture is UTF-8");
    let mut count = 0;
    for line in text.lines() {
        let vector: Vector = serde_json::from_str(line).expect("vectors are JSON");
        let bytes = STANDARD.decode(&vector.b64).expect("base64");
        let loads = vector.err.is_none();
        let expected = loads.then(|| vector.tree.unwrap_or_default());
        let (found, error) = with_tree(&bytes, format, |read| match read {
            Ok(tree) => (seen::seen(tree), None),
            Err(error) => (None, Some(error)),
        });
        assert!(
            found == expected,
            "{} {:?}\n  sops: {expected:?} {:?}\n  here: {found:?} {error:?}",
            vector.name,
            String::from_utf8_lossy(&bytes),
            vector.err
        );
        count += 1;
    }
    println!("{}: {count} vectors", path.display());
    count
}

fn testdata(format: Format, name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    folder.join(format.name()).join(name)
}

#[test]
fn agrees_with_sops_on_the_committed_vectors() {
    for format in FORMATS {
        assert!(agrees_on(&testdata(format, "pitfalls.jsonl"), format) > 70);
        assert!(agrees_on(&testdata(format, "fuzz.jsonl"), format) > 500);
    }
}

#[test]
#[ignore = "needs vectors: set SOPSGUARD_FORMAT_VECTORS to a folder of `json.jsonl` and so on"]
#[expect(clippy::disallowed_methods, reason = "a test that is run by hand")]
fn agrees_with_sops_on_new_vectors() {
    let Some(folder) = std::env::var_os("SOPSGUARD_FORMAT_VECTORS") else {
        return println!("SOPSGUARD_FORMAT_VECTORS names no vectors: nothing was compared");
    };
    for format in FORMATS {
        let path = Path::new(&folder).join(format!("{}.jsonl", format.name()));
        assert!(agrees_on(&path, format) > 0);
    }
}

/// The leaves of the metadata: keys, numbers of items, and the value as text.
fn metadata(bytes: &[u8], format: Format) -> Result<Vec<String>, String> {
    with_tree(bytes, format, |read| {
        let tree = read.map_err(|error| error.to_string())?;
        let mut lines = Vec::new();
        let mut open: Vec<_> = tree
            .metadata()
            .map(|pair| (pair.value, String::new()))
            .collect();
        while let Some((node, path)) = open.pop() {
            match &tree.node(node).value {
                super::Value::Map(entries) => {
                    for entry in entries {
                        if let super::Entry::Pair(pair) = entry
                            && let super::Scalar::Str(key) = &pair.key.name
                        {
                            let key = String::from_utf8_lossy(key);
                            open.push((pair.value, format!("{path}.{key}")));
                        }
                    }
                }
                super::Value::List(items) => {
                    for (at, item) in items.iter().enumerate() {
                        if let super::Item::Value(item) = item {
                            open.push((*item, format!("{path}[{at}]")));
                        }
                    }
                }
                super::Value::Scalar(scalar) => {
                    let text = scalar.mac_bytes().unwrap_or_default();
                    lines.push(format!("{path}={}", String::from_utf8_lossy(&text)));
                }
                super::Value::Alias(_) => unreachable!("no flat format has aliases"),
            }
        }
        lines.sort();
        Ok(lines)
    })
}

// What `ExtractMetadata` of sops 3.13.3 makes of such keys.
#[test]
fn flat_metadata_become_a_mapping_as_sops_unflattens_them() {
    type Case = (
        &'static [(&'static str, &'static str)],
        &'static [&'static str],
    );
    let cases: &[Case] = &[
        (&[("mac", "x"), ("a__map_b", "y")], &[".a.b=y", ".mac=x"]),
        (
            &[
                ("age__list_1__map_enc", "f"),
                ("age__list_0__map_enc", "e\\n"),
            ],
            &[".age[0].enc=e\n", ".age[1].enc=f"],
        ),
        (
            &[("a__list_00", "x"), ("a__list_+1", "y")],
            &[".a[0]=x", ".a[1]=y"],
        ),
        (&[("a__list_x", "y")], &[".a[0]=y"]),
        (&[("__map_a", "x"), ("b__map_", "y")], &["..a=x", ".b.=y"]),
        (&[("a___map_b", "x")], &[".a_.b=x"]),
        (&[("a__list_0__list_0", "x")], &[".a[0][0]=x"]),
    ];
    for (keys, expected) in cases {
        let env: String = keys
            .iter()
            .map(|(key, value)| format!("sops_{key}={value}\n"))
            .collect();
        assert_eq!(
            metadata(env.as_bytes(), Format::Dotenv).unwrap(),
            *expected,
            "{env}"
        );
        let ini: String = keys
            .iter()
            .map(|(key, value)| format!("`{key}` = {value}\n"))
            .collect();
        let ini = format!("[sops]\n{ini}");
        assert_eq!(
            metadata(ini.as_bytes(), Format::Ini).unwrap(),
            *expected,
            "{ini}"
        );
    }
}

#[test]
fn flat_metadata_that_contradict_themselves_are_refused() {
    for keys in [
        &["a", "a__map_b"][..],
        &["a__list_0", "a__map_b"],
        &["a__list_1"],
        &["a__list_0", "a__list_2"],
        &["a__list_-1", "a__list_0"],
        &["a__list_99999999999999999999"],
        &["a__list_0", "a__list_x"],
    ] {
        let env: String = keys.iter().map(|key| format!("sops_{key}=x\n")).collect();
        assert!(metadata(env.as_bytes(), Format::Dotenv).is_err(), "{env}");
    }
    assert!(metadata(b"sops_a=1\nsops_a=2\n", Format::Dotenv).is_err());
    assert_eq!(
        metadata(b"[sops]\na=1\na=2\n", Format::Ini).unwrap(),
        [".a=2"]
    );
}

#[test]
fn metadata_stand_where_the_format_has_them() {
    for (format, text, count) in [
        (Format::Json, &b"{\"sops\": {\"a\": 1}}"[..], 1),
        (Format::Json, b"{\"sops\": {}}", 0),
        (Format::Json, b"{\"sops\": {}, \"sops\": {}}", 2),
        (Format::Json, b"{\"a\": {\"sops\": {}}}", 0),
        (Format::Dotenv, b"sops=1\n", 0),
        (Format::Dotenv, b"sops_=1\nsops=1\n", 1),
        (Format::Ini, b"[sops]\n", 0),
        (Format::Ini, b"[sops]\n[sops]\n", 2),
        (Format::Ini, b"; c\n[sops]\n", 1),
        (Format::Ini, b"sops=1\n[s]\nsops=1\n", 0),
    ] {
        let found = with_tree(text, format, |tree| tree.unwrap().metadata().count());
        assert_eq!(found, count, "{text:?}");
    }
}

/// Every span of a tree: of keys, scalars and comments.
fn pieces(bytes: &[u8], format: Format) -> Vec<String> {
    with_tree(bytes, format, |tree| {
        let tree = tree.unwrap();
        let mut spans = Vec::new();
        for node in tree.nodes() {
            match &node.value {
                super::Value::Scalar(_) => spans.push(node.span),
                super::Value::Map(entries) => {
                    spans.extend(entries.iter().map(|entry| match entry {
                        super::Entry::Pair(pair) => pair.key.span,
                        super::Entry::Comment(comment) => comment.span,
                    }));
                }
                super::Value::List(_) | super::Value::Alias(_) => {}
            }
        }
        spans.retain(|span| span.start() < span.end());
        spans.sort();
        let piece = |span: &crate::source::Span| {
            String::from_utf8_lossy(bytes.get(span.range()).unwrap()).into_owned()
        };
        spans.iter().map(piece).collect()
    })
}

#[test]
fn spans_cover_what_was_read_with_its_quotes() {
    assert_eq!(
        pieces(
            b"{\"a\\n\": [ \"x\", -1.5e3 ,null], \"b\" : true}",
            Format::Json
        ),
        ["\"a\\n\"", "\"x\"", "-1.5e3", "null", "\"b\"", "true"]
    );
    assert_eq!(
        pieces(b"#c d\nA=x\\n\nsops_mac=y\n", Format::Dotenv),
        ["#c d", "A", "x\\n", "sops_mac", "y"]
    );
    assert_eq!(
        pieces(
            b"; c\n ; d\n[s] # e\n a = x ; f\n`b` = \"y\"\nc=`z\nz` ;g\nd=1\\\n 2 \n[sops]\nmac = m\n",
            Format::Ini
        ),
        [
            "; c\n ; d", "s", "a", "x", "; f", "`b`", "\"y\"", "c", "`z\nz`", ";g", "d", "1\\\n 2",
            "sops", "mac", "m"
        ]
    );
}

#[test]
fn refusals_name_the_place() {
    for (format, text, start, end) in [
        (Format::Json, &b"{\"a\": 1,\n \"b\": tru}"[..], 15, 15),
        (Format::Json, b"{\"a\": 1e999}", 6, 11),
        (Format::Json, b"{\"a\": \"x\x00\"}", 8, 8),
        (Format::Dotenv, b"A=1\nno equals\nB=2", 4, 13),
        (Format::Ini, b"[a]\nb=1\n[c\nd=2", 8, 11),
        (Format::Ini, b"a=1\n b\n", 5, 7),
    ] {
        let span = with_tree(text, format, |tree| tree.err().unwrap().span().unwrap());
        assert_eq!((span.start(), span.end()), (start, end), "{text:?}");
    }
}

#[test]
fn large_and_deep_texts_are_read_in_bounded_time() {
    let many: String = (0..100_000).map(|key| format!("k{key}=v\n")).collect();
    let in_json: Vec<_> = (0..100_000).map(|key| format!("\"k{key}\":1")).collect();
    let in_json = format!("{{{}}}", in_json.join(","));
    let flat: String = (0..50_000)
        .map(|key| format!("sops_a__list_{key}=v\n"))
        .collect();
    let steps = format!("sops_a{}=x\n", "__map_a".repeat(100_000));
    let deep = format!("{{\"a\":{}", "[".repeat(900_000));
    let lines = "a=x\\\n".repeat(100_000);
    for (format, text) in [
        (Format::Dotenv, &many),
        (Format::Ini, &many),
        (Format::Json, &in_json),
        (Format::Dotenv, &flat),
        (Format::Dotenv, &steps),
        (Format::Json, &deep),
        (Format::Ini, &lines),
    ] {
        with_tree(text.as_bytes(), format, |tree| {
            assert!(tree.is_ok(), "{:.20}", text)
        });
    }
    let deeper = format!("{{\"a\":{}", "[".repeat(1_100_000));
    with_tree(deeper.as_bytes(), Format::Json, |tree| {
        assert!(matches!(tree, Err(super::Error::Undecidable(_))));
    });
}
