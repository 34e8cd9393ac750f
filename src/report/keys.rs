//! Identities and what they open, as text.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use super::escape;
use crate::engine::{KeyReport, KnownKey};

/// How many files one line names where not all are wanted.
const NAMED: usize = 5;

/// Writes the identities for people to read; with `verbose`, the names of all files.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn human(report: &KeyReport, verbose: bool, out: &mut dyn Write) -> io::Result<()> {
    let named = if verbose { usize::MAX } else { NAMED };
    for key in &report.keys {
        write_key(key, report.files.len(), named, out)?;
    }
    if !report.searched.is_empty() {
        let searched = escape::text(&report.searched.join(", "));
        writeln!(out, "looked in {searched}")?;
    }
    let unused = report.keys.iter().filter(|key| is_unused(key)).count();
    write!(
        out,
        "{}, {unused} never used; {}",
        plural(report.keys.len(), "key"),
        plural(report.files.len(), "secret file")
    )?;
    match report.shut.as_slice() {
        [] => writeln!(out)?,
        shut => writeln!(out, ", not opened by any: {}", names(shut, named))?,
    }
    match report.unread.as_slice() {
        [] => Ok(()),
        unread => writeln!(
            out,
            "damaged or not readable, so that no key was tried: {} (`sopsguard check` says how)",
            names(unread, named)
        ),
    }
}

fn write_key(key: &KnownKey, files: usize, named: usize, out: &mut dyn Write) -> io::Result<()> {
    let kind = escape::text(&key.kind);
    match &key.recipient {
        // SSH's public keys begin with their kind.
        Some(recipient) if recipient.starts_with(&*key.kind) => {
            writeln!(out, "{}", shortened(recipient))?;
        }
        Some(recipient) => writeln!(out, "{kind} {}", shortened(recipient))?,
        None => writeln!(out, "{kind}")?,
    }
    writeln!(out, "  found in {}", escape::text(&key.origin))?;
    if let Some(idle) = &key.idle {
        writeln!(out, "  not used: {}", escape::text(idle))?;
    }
    if !key.opens.is_empty() {
        writeln!(out, "  opens {}", counted(&key.opens, files, named))?;
    }
    if !key.helps_open.is_empty() {
        writeln!(
            out,
            "  opens a key group of {}",
            names(&key.helps_open, named)
        )?;
    }
    if is_unused(key) && key.idle.is_none() {
        writeln!(out, "  never used: it opens no file here")?;
    }
    Ok(())
}

/// A public key: those of RSA and post-quantum keys fill half a screen.
fn shortened(recipient: &str) -> String {
    if recipient.chars().count() <= 120 {
        return escape::text(recipient);
    }
    let start: String = recipient.chars().take(80).collect();
    format!("{}…", escape::text(&start))
}

fn is_unused(key: &KnownKey) -> bool {
    key.opens.is_empty() && key.helps_open.is_empty()
}

/// So many of all files, with the first few names.
fn counted(paths: &[PathBuf], all: usize, named: usize) -> String {
    match paths.len() {
        count if count <= named => names(paths, named),
        count if count == all => format!("all {count} secret files"),
        count => format!("{count} of {all} secret files: {}", names(paths, named)),
    }
}

fn names(paths: &[PathBuf], most: usize) -> String {
    let named = paths.iter().take(most).map(|path| escape::path(path));
    let names = named.collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(most) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 {
        format!("1 {word}")
    } else {
        format!("{count} {word}s")
    }
}

/// Writes one JSON object, `sopsguard.keys/1`: fields are added, never renamed.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn json(report: &KeyReport, out: &mut dyn Write) -> io::Result<()> {
    let root = Root {
        schema: "sopsguard.keys/1",
        keys: report.keys.iter().map(Key::of).collect(),
        files: texts(&report.files),
        shut: texts(&report.shut),
        unread: texts(&report.unread),
        warnings: &report.warnings,
        searched: &report.searched,
    };
    let text = serde_json::to_string_pretty(&root).map_err(io::Error::other)?;
    writeln!(out, "{}", escape::json(&text))
}

#[derive(Serialize)]
struct Root<'r> {
    schema: &'static str,
    keys: Vec<Key<'r>>,
    files: Vec<String>,
    shut: Vec<String>,
    unread: Vec<String>,
    warnings: &'r [String],
    searched: &'r [String],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Key<'r> {
    kind: &'r str,
    origin: &'r str,
    recipient: Option<&'r str>,
    idle: Option<&'r str>,
    /// Whether it opens nothing here.
    unused: bool,
    opens: Vec<String>,
    helps_open: Vec<String>,
}

impl<'r> Key<'r> {
    fn of(key: &'r KnownKey) -> Self {
        Self {
            kind: &key.kind,
            origin: &key.origin,
            recipient: key.recipient.as_deref(),
            idle: key.idle.as_deref(),
            unused: is_unused(key),
            opens: texts(&key.opens),
            helps_open: texts(&key.helps_open),
        }
    }
}

fn texts(paths: &[PathBuf]) -> Vec<String> {
    let text = |path: &PathBuf| path.to_string_lossy().into_owned();
    paths.iter().map(text).collect()
}
