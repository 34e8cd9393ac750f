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
#[ignore = "needs vectors: set SOPSGUARD_FORMAT_VECTORS to a folder of json.jsonl, dotenv.jsonl, ini.jsonl and flat.jsonl"]
#[expect(clippy::disallowed_methods, reason = "a test that is run by hand")]
fn agrees_with_sops_on_new_vectors() {
    let Some(folder) = std::env::var_os("SOPSGUARD_FORMAT_VECTORS") else {
        return println!("SOPSGUARD_FORMAT_VECTORS names no vectors: nothing was compared");
    };
    for format in FORMATS {
        let path = Path::new(&folder).join(format!("{}.jsonl", format.name()));
        assert!(agrees_on(&path, format) > 0);
    }
    assert!(metadata_agree_on(&Path::new(&folder).join("flat.jsonl")) > 0);
}

/// What sops sees in metadata that a flat format holds; `None` where it would not load it.
fn metadata(bytes: &[u8], format: Format) -> Option<Vec<String>> {
    with_tree(bytes, format, |read| {
        let tree = read.ok()?;
        let metadata = tree.metadata().next()?;
        Some(seen::seen_in(tree, metadata.value))
    })
}

/// Compares flat metadata, in both formats that hold them, and says how many there are.
fn metadata_agree_on(path: &Path) -> usize {
    let text = crate::fs::read(path, 1 << 30).expect("the fixture is there");
    let text = String::from_utf8(text).expect("the fixture is UTF-8");
    for line in text.lines() {
        let vector: Vector = serde_json::from_str(line).expect("vectors are JSON");
        let bytes = STANDARD.decode(&vector.b64).expect("base64");
        let keys = String::from_utf8(bytes).expect("names are text");
        let expected = vector.tree.filter(|_| vector.err.is_none());
        let dotenv: String = keys.lines().map(|line| format!("sops_{line}\n")).collect();
        let found = metadata(dotenv.as_bytes(), Format::Dotenv);
        assert_eq!(found, expected, "{keys} {:?}", vector.err);
        // There, a key that stands twice is no error, and one that is empty always is.
        let names: Vec<_> = keys
            .lines()
            .filter_map(|line| line.split_once('='))
            .collect();
        let is_apart = |(name, _): &(&str, &str)| {
            !name.is_empty() && names.iter().filter(|other| other.0 == *name).count() == 1
        };
        if names.iter().all(is_apart) {
            let lines = names
                .iter()
                .map(|(name, value)| format!("`{name}` = {value}\n"));
            let ini = format!("[sops]\n{}", lines.collect::<String>());
            assert_eq!(metadata(ini.as_bytes(), Format::Ini), expected, "{ini}");
        }
    }
    let count = text.lines().count();
    println!("{}: {count} metadata", path.display());
    count
}

#[test]
fn flat_metadata_become_a_mapping_as_sops_unflattens_them() {
    assert!(metadata_agree_on(&testdata(Format::Dotenv, "metadata.jsonl")) > 300);
}

// sops puts line feeds in the place of `\n` before it reads metadata, in ini files a second time.
#[test]
fn line_feeds_in_flat_metadata_are_read() {
    let expected = Some(vec!["DOC".to_owned(), "V\ta\tstring\t780a79".to_owned()]);
    assert_eq!(metadata(b"sops_a=x\\ny\n", Format::Dotenv), expected);
    assert_eq!(metadata(b"[sops]\na = x\\ny\n", Format::Ini), expected);
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
