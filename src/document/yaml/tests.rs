//! The reader against recorded answers of yaml.v3 v3.0.4 and sops's YAML store.

use std::path::{Path, PathBuf};

use super::load;
use super::token::Style;
use crate::document::seen::{self, go_type};

/// What sops sees in a document; `None` where it would not load it.
fn seen(text: &str) -> Option<Vec<String>> {
    seen::seen(&load(text).ok()?)
}

fn read(path: &Path) -> String {
    let bytes = crate::fs::read(path, 1 << 30).expect("the fixture is there");
    String::from_utf8(bytes).expect("the fixture is UTF-8")
}

#[derive(serde::Deserialize)]
struct Vector {
    #[serde(default)]
    name: String,
    yaml: String,
    tree: Option<Vec<String>>,
    err: Option<String>,
    precheck_err: Option<String>,
}

/// Compares every vector of a file and says of each that differs how.
fn differences(path: &Path) -> (usize, Vec<String>) {
    let text = read(path);
    let mut differences = Vec::new();
    let mut count = 0;
    for line in text.lines() {
        let vector: Vector = serde_json::from_str(line).expect("vectors are JSON");
        count += 1;
        let loads = vector.err.is_none() && vector.precheck_err.is_none();
        let expected = loads.then(|| vector.tree.unwrap_or_default());
        let found = seen(&vector.yaml);
        if found != expected && !is_known_deviation(&vector.yaml) {
            differences.push(format!(
                "{} {:?}\n  sops: {expected:?} {:?} {:?}\n  here: {found:?} {:?}",
                vector.name,
                vector.yaml,
                vector.err,
                vector.precheck_err,
                load(&vector.yaml).err()
            ));
        }
    }
    (count, differences)
}

/// Of texts that begin with two byte order marks yaml.v3 loses a character of every line until its
/// buffer moves on. [`Document::parse`](crate::document::Document::parse) leaves them undecided.
fn is_known_deviation(text: &str) -> bool {
    text.starts_with("\u{feff}\u{feff}")
}

/// The test's own walk is recursive; the documents nest up to yaml.v3's limit.
fn on_a_deep_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(test)
        .expect("a thread");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

fn agrees_on(paths: Vec<PathBuf>) {
    on_a_deep_stack(move || {
        for path in paths {
            let (count, differences) = differences(&path);
            let shown: Vec<_> = differences.iter().take(5).cloned().collect();
            println!(
                "{}: {count} vectors, {} differ",
                path.display(),
                differences.len()
            );
            assert!(differences.is_empty(), "{}", shown.join("\n\n"));
            assert!(count > 0, "{} holds no vectors", path.display());
        }
    });
}

fn scalars_agree_on(path: &Path) {
    for line in read(path).lines() {
        let mut parts = line.splitn(3, '\t');
        let text: String = serde_json::from_str(parts.next().unwrap()).unwrap();
        let (kind, bytes) = (parts.next().unwrap(), parts.next().unwrap_or("\"\""));
        let found = super::resolve::resolve(text.as_str().into(), Style::Plain, None).unwrap();
        let found = (
            go_type(&found),
            found.mac_bytes().map(std::borrow::Cow::into_owned),
        );
        let bytes = match serde_json::from_str::<String>(bytes) {
            Ok(_) if kind == "nil" => None,
            Ok(bytes) => Some(bytes.into_bytes()),
            Err(_) => None,
        };
        assert_eq!(found, (kind, bytes), "{text:?}");
    }
}

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/yaml")
        .join(name)
}

/// More vectors: those of the corpus that `SOPSGUARD_CORPUS` names.
#[expect(
    clippy::disallowed_methods,
    reason = "tests that are asked for by a variable"
)]
fn corpus() -> Option<PathBuf> {
    std::env::var_os("SOPSGUARD_CORPUS").map(|folder| PathBuf::from(folder).join("yaml"))
}

#[test]
fn agrees_with_yaml_v3_on_the_committed_vectors() {
    agrees_on(
        ["pitfalls", "comments", "fuzz", "regressions"]
            .map(|name| testdata(&format!("{name}.jsonl")))
            .into(),
    );
    scalars_agree_on(&testdata("scalars.tsv"));
}

#[test]
#[ignore = "needs the corpus that SOPSGUARD_CORPUS names"]
fn agrees_with_yaml_v3_on_the_whole_corpus() {
    let Some(folder) = corpus() else {
        return println!("SOPSGUARD_CORPUS names no corpus: nothing was compared");
    };
    let names = ["pitfalls", "comments", "fuzz", "yts"];
    agrees_on(
        names
            .map(|name| folder.join(format!("{name}.jsonl")))
            .into(),
    );
    scalars_agree_on(&folder.join("resolve_full.tsv"));
}

#[test]
fn loads_nothing_from_no_bytes_and_refuses_a_text_without_documents() {
    assert_eq!(seen(""), Some(Vec::new()));
    assert!(load("\n# only a comment\n").is_err());
}

#[test]
#[ignore = "needs vectors: set SOPSGUARD_VECTORS to a file that `oracle vectors` wrote"]
#[expect(clippy::disallowed_methods, reason = "a test that is run by hand")]
fn agrees_with_yaml_v3_on_new_vectors() {
    let Some(path) = std::env::var_os("SOPSGUARD_VECTORS") else {
        return println!("SOPSGUARD_VECTORS names no vectors: nothing was compared");
    };
    agrees_on(vec![PathBuf::from(path)]);
}

#[test]
fn passes_over_what_a_null_key_at_the_top_level_holds() {
    // What `oracle yaml` answers: `precheck_err` is null for the first three.
    for text in [
        "null: !!float\n",
        "~: {a: 1, a: 2}\nb: 1\n",
        "&x ~: a\n*x : !!int y\n",
    ] {
        assert!(load(text).is_ok(), "{text:?}");
    }
    for text in [
        "a: {~: !!int x}\n",
        "~: [!!int x]\nb: !!int y\n",
        "1: !!int x\n",
    ] {
        assert!(load(text).is_err(), "{text:?}");
    }
}
