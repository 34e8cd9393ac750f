//! `explain --tree` as text: a line or an object a leaf, never a value.

use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::Not;

use serde::Serialize;

use super::escape;
use crate::engine::{Explanation, KeyName, Leaf};

/// Writes a line a leaf: its place, what it is, what sops does with it, and its path.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn human(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    let path = escape::path(&explanation.path);
    for leaf in &explanation.leaves {
        let selected = if leaf.selected { "selected" } else { "clear" };
        let in_mac = if leaf.in_mac { "in-mac" } else { "-" };
        let keys: Vec<String> = leaf
            .path
            .iter()
            .map(|key| escape::text(&readable(key)))
            .collect();
        let (line, column) = (leaf.start.line, leaf.start.column);
        writeln!(
            out,
            "{path}:{line}:{column}: {:<6} {selected:<8} {in_mac:<6} {}",
            leaf.kind,
            keys.join(".")
        )?;
    }
    if !explanation.encrypted {
        writeln!(
            out,
            "no sops metadata: shown as sops would take it with no selector set"
        )?;
    }
    Ok(())
}

/// Writes one JSON object whose `leaves` are in the order of the document.
///
/// In a key that is not UTF-8 each run of bytes that are no text is one replacement character; the
/// leaf then has a `path-hex` of the same length with the bytes of every key.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn json(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    let root = Root {
        schema: "sopsguard.tree/1",
        path: explanation.path.to_string_lossy().into_owned(),
        encrypted: explanation.encrypted,
        leaves: explanation.leaves.iter().map(Entry::of).collect(),
    };
    let text = serde_json::to_string_pretty(&root).map_err(io::Error::other)?;
    writeln!(out, "{}", escape::json(&text))
}

#[derive(Serialize)]
struct Root<'e> {
    schema: &'static str,
    path: String,
    encrypted: bool,
    leaves: Vec<Entry<'e>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Entry<'e> {
    path: Vec<Cow<'e, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<Vec<String>>,
    kind: &'static str,
    selected: bool,
    in_mac: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_sha256: Option<&'e str>,
    line: usize,
    column: usize,
}

impl<'e> Entry<'e> {
    fn of(leaf: &'e Leaf) -> Self {
        let is_text = leaf.path.iter().all(|key| matches!(key, KeyName::Text(_)));
        Self {
            path: leaf.path.iter().map(readable).collect(),
            path_hex: is_text
                .not()
                .then(|| leaf.path.iter().map(key_hex).collect()),
            kind: leaf.kind,
            selected: leaf.selected,
            in_mac: leaf.in_mac,
            bytes_sha256: leaf.bytes_sha256.as_deref(),
            line: leaf.start.line,
            column: leaf.start.column,
        }
    }
}

/// The key as text, each run of bytes that are none as one replacement character.
fn readable(key: &KeyName) -> Cow<'_, str> {
    match key {
        KeyName::Text(text) => Cow::Borrowed(text),
        KeyName::Bytes(bytes) => {
            let mut text = String::new();
            for chunk in bytes.utf8_chunks() {
                text.push_str(chunk.valid());
                let after_another = chunk.valid().is_empty() && text.ends_with(REPLACEMENT);
                if !chunk.invalid().is_empty() && !after_another {
                    text.push(REPLACEMENT);
                }
            }
            Cow::Owned(text)
        }
    }
}

/// What stands for bytes that are no text.
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

fn key_hex(key: &KeyName) -> String {
    match key {
        KeyName::Text(text) => hex(text.as_bytes()),
        KeyName::Bytes(bytes) => hex(bytes),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
