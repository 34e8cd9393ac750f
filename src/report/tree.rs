//! `explain --tree` as text: a line or an object a leaf, never a value.

use std::io::{self, Write};

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
        let selected = if leaf.selected { "encrypted" } else { "clear" };
        let in_mac = if leaf.in_mac { "in-mac" } else { "-" };
        let keys: Vec<String> = leaf.path.iter().map(shown).collect();
        let (line, column) = (leaf.start.line, leaf.start.column);
        writeln!(
            out,
            "{path}:{line}:{column}: {:<6} {selected:<9} {in_mac:<6} {}",
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
/// A key that is not UTF-8 is an object `{"hex": "…"}` of its bytes instead of a string.
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
    path: Vec<Key<'e>>,
    kind: &'static str,
    selected: bool,
    in_mac: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_sha256: Option<&'e str>,
    line: usize,
    column: usize,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Key<'e> {
    Text(&'e str),
    Bytes { hex: String },
}

impl<'e> Entry<'e> {
    fn of(leaf: &'e Leaf) -> Self {
        Self {
            path: leaf.path.iter().map(Key::of).collect(),
            kind: leaf.kind,
            selected: leaf.selected,
            in_mac: leaf.in_mac,
            bytes_sha256: leaf.bytes_sha256.as_deref(),
            line: leaf.start.line,
            column: leaf.start.column,
        }
    }
}

impl<'e> Key<'e> {
    fn of(key: &'e KeyName) -> Self {
        match key {
            KeyName::Text(text) => Self::Text(text),
            KeyName::Bytes(bytes) => Self::Bytes { hex: hex(bytes) },
        }
    }
}

fn shown(key: &KeyName) -> String {
    match key {
        KeyName::Text(text) => escape::text(text),
        KeyName::Bytes(bytes) => format!("<{}>", hex(bytes)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
