//! The architecture as a test: which module may use which, and who owns which side effect.
//!
//! It reads every source file of the library, finds the paths that begin with `crate::` or
//! `super::`, and fails on an arrow that the table does not allow. Comments and strings do not
//! count. The table is that of `CONTRIBUTING.md`.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test fails where its world does"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A module at the top of the crate, and the modules that it may use.
const MAY_USE: &[(&str, &str)] = &[
    ("secret", ""),
    ("fs", ""),
    ("source", ""),
    ("environment", ""),
    ("paths", ""),
    ("process", "secret environment"),
    ("random", "secret"),
    ("document", "fs source"),
    ("keys", "secret fs environment process random"),
    ("finding", "source"),
    (
        "sops",
        "secret random fs source environment document keys finding",
    ),
    ("repo", "fs environment paths process"),
    ("transaction", "fs paths"),
    (
        "config",
        "secret fs source environment paths document keys finding sops",
    ),
    ("deployment", "source paths"),
    (
        "change",
        "secret fs source environment document keys finding sops",
    ),
    (
        "rules",
        "secret fs source environment paths document keys finding sops config deployment \
         change",
    ),
    // Pure: texts in, texts out.
    (
        "rewrite",
        "secret random source document keys sops config deployment",
    ),
    // The one way from new texts of secret files to the writer.
    (
        "apply",
        "fs source environment document keys sops transaction",
    ),
    (
        "history",
        "secret fs source environment paths document keys finding sops repo config change",
    ),
    (
        "engine",
        "secret fs source environment paths process document keys finding sops repo transaction \
         config deployment change rules history rewrite apply",
    ),
    // The reporters see data that the engine made, and never a source.
    ("report", "paths finding rules engine"),
];

/// What the tests of every module may use beside that: real sops, and an environment of their own.
const OF_TESTS: [&str; 2] = ["peers", "environment"];

/// A path outside the crate, and the only places where it may stand.
const OWNERS: &[(&str, &[&str])] = &[
    // Which takes `PATH` apart.
    ("std::env", &["process"]),
    ("std::fs", &["fs", "repo::install", "transaction"]),
    ("std::process", &["process"]),
    ("aes_gcm", &["sops::cipher"]),
    ("age", &["keys"]),
    ("age_core", &["keys"]),
    ("curve25519_dalek", &["keys"]),
    ("getrandom", &["random"]),
    ("git2", &["repo"]),
    ("hmac", &["keys::lock", "sops::blind"]),
    ("rustix", &["process", "transaction"]),
    ("tempfile", &["repo::install"]),
    (
        "miette",
        &["repo::install", "engine::error", "report::drawing"],
    ),
];

#[test]
fn no_module_uses_one_above_it() {
    let arrows: Vec<String> = library()
        .iter()
        .flat_map(|file| file.forbidden_arrows())
        .collect();
    assert!(
        arrows.is_empty(),
        "arrows that point up:\n{}",
        arrows.join("\n")
    );
}

#[test]
fn every_side_effect_has_one_owner() {
    let strays: Vec<String> = library().iter().flat_map(|file| file.strays()).collect();
    assert!(
        strays.is_empty(),
        "used outside their owner:\n{}",
        strays.join("\n")
    );
}

#[test]
fn the_table_names_every_module_of_the_crate() {
    let modules: BTreeSet<String> = library()
        .into_iter()
        .filter_map(|file| file.module.into_iter().next())
        .collect();
    let table = MAY_USE.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(modules, table);
}

#[test]
fn arrows_that_point_up_are_found_however_they_are_written() {
    for (module, text, target) in [
        ("sops::walk", "use crate::rules::Rule;", "rules"),
        (
            "sops::walk",
            "use crate::{\n source::Span,\n engine::{check, Report},\n};",
            "engine",
        ),
        (
            "sops::walk",
            "fn f() -> crate::report::Style { x }",
            "report",
        ),
        (
            "document::yaml::scan",
            "use super::super::super::sops::Reason;",
            "sops",
        ),
        (
            "source",
            "mod tests { use super::super::document::Tree; }",
            "document",
        ),
        ("finding", "use crate::document::Tree;", "document"),
        ("keys::file", "use crate::document::Tree;", "document"),
        ("report::json", "use crate::source::Source;", "source"),
        ("rules::context", "use crate::Severity;", "Severity"),
        ("sops", "use crate as ours; use crate::*;", "*"),
    ] {
        let expected = format!("{module} uses {target}");
        assert_eq!(
            fixture(module, text).forbidden_arrows(),
            [expected],
            "{text}"
        );
    }
}

#[test]
fn arrows_that_point_down_and_what_is_no_code_are_left_alone() {
    for (module, text) in [
        (
            "rules::context",
            "use crate::sops::Problem; use super::Rule;",
        ),
        (
            "sops::walk",
            "//! See [`crate::engine`].\nuse super::Reason;",
        ),
        (
            "sops::walk",
            "/* crate::rules /* crate::rules */ crate::rules */",
        ),
        (
            "sops::walk",
            "const A: &str = \"crate::rules\\\"crate::rules\";",
        ),
        (
            "sops::walk",
            "const B: char = '\"'; const C: &str = r#\"\"crate::rules\"#;",
        ),
        (
            "sops::walk",
            "mod tests { use super::super::Reason; fn f<'a>(x: &'a str) {} }",
        ),
        (
            "report::json",
            "use super::escape; use crate::engine::Report;",
        ),
    ] {
        assert_eq!(fixture(module, text).forbidden_arrows(), [""; 0], "{text}");
    }
}

#[test]
fn side_effects_outside_their_owner_are_found() {
    assert_eq!(
        fixture("rules::x", "let a = std::fs::read(b);").strays(),
        ["rules::x uses std::fs"]
    );
    assert_eq!(
        fixture("sops::mac", "use age::x25519;").strays(),
        ["sops::mac uses age"]
    );
    assert_eq!(
        fixture("engine", "use std::{env, io};").strays(),
        ["engine uses std::env"]
    );
    assert_eq!(fixture("fs", "use std::fs::File;").strays(), [""; 0]);
    assert_eq!(
        fixture("keys::age_file", "age::decrypt(a, b)").strays(),
        [""; 0]
    );
    assert_eq!(
        fixture("rules", "mod tests { fn f() { std::fs::read(a); } }").strays(),
        [""; 0]
    );
    assert_eq!(fixture("sops::tests", "std::fs::read(a)").strays(), [""; 0]);
}

/// A source file: the module that it is, and its text as tokens.
struct SourceFile {
    module: Vec<String>,
    tokens: Vec<String>,
}

/// A path that stands somewhere in a file.
struct Use {
    /// The inline modules around it.
    inside: Vec<String>,
    path: Vec<String>,
}

fn fixture(module: &str, text: &str) -> SourceFile {
    SourceFile {
        module: module.split("::").map(str::to_owned).collect(),
        tokens: tokens(text),
    }
}

/// All files of the library but its root, which only lists and re-exports modules.
fn library() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path != root.join("bin") {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && path != root.join("lib.rs")
            {
                let text = fs::read_to_string(&path).unwrap();
                let module = module_of(path.strip_prefix(&root).unwrap());
                files.push(SourceFile {
                    module,
                    tokens: tokens(&text),
                });
            }
        }
    }
    assert!(files.len() > 20, "the sources were not found");
    files
}

fn module_of(path: &Path) -> Vec<String> {
    let path: PathBuf = path.with_extension("");
    let mut parts: Vec<String> = path
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

impl SourceFile {
    fn name(&self) -> String {
        self.module.join("::")
    }

    fn may_use(&self, target: &str) -> bool {
        let top = self.module[0].as_str();
        let (_, allowed) = MAY_USE
            .iter()
            .find(|(name, _)| *name == top)
            .unwrap_or(&("", ""));
        target == top || allowed.split_whitespace().any(|name| name == target)
    }

    fn is_in_tests(&self, used: &Use) -> bool {
        let mut parts = self.module.iter().chain(&used.inside);
        parts.any(|part| part.ends_with("tests"))
    }

    fn forbidden_arrows(&self) -> Vec<String> {
        let mut arrows: Vec<String> = Vec::new();
        for used in self.uses() {
            let Some(target) = self.absolute(&used) else {
                continue;
            };
            let arrow = format!("{} uses {target}", self.name());
            let is_of_tests = OF_TESTS.contains(&target.as_str()) && self.is_in_tests(&used);
            if !is_of_tests && !self.may_use(&target) && !arrows.contains(&arrow) {
                arrows.push(arrow);
            }
        }
        arrows
    }

    /// The top-level module that a path of ours leads to.
    fn absolute(&self, used: &Use) -> Option<String> {
        let mut place: Vec<&String> = self.module.iter().chain(&used.inside).collect();
        let mut rest = used.path.as_slice();
        match rest.first()?.as_str() {
            "crate" => {
                place.clear();
                rest = &rest[1..];
            }
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    place.pop();
                    rest = &rest[1..];
                }
            }
            _ => return None,
        }
        place.first().copied().or(rest.first()).cloned()
    }

    fn strays(&self) -> Vec<String> {
        let mut strays = Vec::new();
        for used in self.uses() {
            if self.is_in_tests(&used) {
                continue;
            }
            for (owned, owners) in OWNERS {
                let parts: Vec<&str> = owned.split("::").collect();
                let is_it = used.path.len() >= parts.len()
                    && used.path.iter().zip(&parts).all(|(a, b)| a == b);
                let name = self.name();
                let is_owner = owners
                    .iter()
                    .any(|owner| name == *owner || name.starts_with(&format!("{owner}::")));
                let stray = format!("{name} uses {owned}");
                if is_it && !is_owner && !strays.contains(&stray) {
                    strays.push(stray);
                }
            }
        }
        strays
    }

    /// Every path in the file, those of `use` groups written out.
    fn uses(&self) -> Vec<Use> {
        let mut uses = Vec::new();
        let mut scopes: Vec<Option<String>> = Vec::new();
        let mut at = 0;
        while let Some(token) = self.tokens.get(at) {
            let before = |back: usize| at.checked_sub(back).map(|at| self.tokens[at].as_str());
            match token.as_str() {
                "{" => {
                    let opens_module = before(2) == Some("mod");
                    scopes.push(opens_module.then(|| self.tokens[at - 1].clone()));
                }
                "}" => {
                    scopes.pop();
                }
                word if is_word(word) && before(1) != Some("::") => {
                    let inside: Vec<String> = scopes.iter().flatten().cloned().collect();
                    let mut paths = Vec::new();
                    at = self.path(at, &[], &mut paths);
                    uses.extend(paths.into_iter().map(|path| Use {
                        inside: inside.clone(),
                        path,
                    }));
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        uses
    }

    /// Reads the path at `at` into `paths`, after the parts in `start`; returns the place after it.
    fn path(&self, mut at: usize, start: &[String], paths: &mut Vec<Vec<String>>) -> usize {
        let token = |at: usize| self.tokens.get(at).map_or("", String::as_str);
        let mut path = start.to_vec();
        loop {
            match token(at) {
                "{" if !path.is_empty() => {
                    at += 1;
                    while !matches!(token(at), "}" | "") {
                        at = if token(at) == "," {
                            at + 1
                        } else {
                            self.path(at, &path, paths)
                        };
                    }
                    return at + 1;
                }
                word if is_word(word) || word == "*" => path.push(word.to_owned()),
                _ => return at + 1,
            }
            at += 1;
            if token(at) != "::" {
                if token(at) == "as" {
                    at += 2;
                }
                if path.len() > 1 {
                    paths.push(path);
                }
                return at;
            }
            at += 1;
        }
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The words and marks of a Rust text, without comments, strings and lifetimes.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied().unwrap_or('\0');
        at = match c {
            '/' if next == '/' => find(&chars, at, &['\n']),
            '/' if next == '*' => end_of_comment(&chars, at),
            '"' => end_of_string(&chars, at + 1),
            'r' | 'b' if end_of_raw_string(&chars, at).is_some() => {
                end_of_raw_string(&chars, at).unwrap()
            }
            '\'' if next == '\\' => find(&chars, at + 3, &['\'']) + 1,
            '\'' if chars.get(at + 2) == Some(&'\'') => at + 3,
            c if c.is_alphabetic() || c == '_' => {
                let mut end = at;
                while chars
                    .get(end)
                    .is_some_and(|c| c.is_alphanumeric() || *c == '_')
                {
                    end += 1;
                }
                tokens.push(chars[at..end].iter().collect());
                end
            }
            ':' if next == ':' => {
                tokens.push("::".to_owned());
                at + 2
            }
            c if c.is_whitespace() => at + 1,
            c => {
                tokens.push(c.to_string());
                at + 1
            }
        };
    }
    tokens
}

fn find(chars: &[char], from: usize, wanted: &[char]) -> usize {
    (from..chars.len())
        .find(|at| wanted.contains(&chars[*at]))
        .unwrap_or(chars.len())
}

fn end_of_comment(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at < chars.len() {
        match chars.get(at..at + 2) {
            Some(['/', '*']) => (depth, at) = (depth + 1, at + 2),
            Some(['*', '/']) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn end_of_string(chars: &[char], mut at: usize) -> usize {
    while let Some(&c) = chars.get(at) {
        match c {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

/// The end of `r"…"`, `r#"…"#`, `br"…"` or `b"…"` that begins here.
fn end_of_raw_string(chars: &[char], start: usize) -> Option<usize> {
    let before = start.checked_sub(1).map_or(' ', |at| chars[at]);
    if before.is_alphanumeric() || before == '_' {
        return None;
    }
    let mut at = start;
    at += usize::from(chars[at] == 'b');
    let raw = chars.get(at) == Some(&'r');
    at += usize::from(raw);
    let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
    if chars.get(at + hashes) != Some(&'"') || (hashes > 0 && !raw) {
        return None;
    }
    if !raw {
        return Some(end_of_string(chars, at + 1));
    }
    let close: Vec<char> = std::iter::once('"')
        .chain(std::iter::repeat_n('#', hashes))
        .collect();
    let body = at + hashes + 1;
    let end = chars[body..]
        .windows(close.len())
        .position(|window| window == close)?;
    Some(body + end + close.len())
}
