//! What identities opened by themselves, as text.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::super::escape;
use crate::engine::{NotProved, ProofReport, ProvedIdentity};

/// How many files are named where not all are wanted.
const NAMED: usize = 5;

/// Writes the proof for people to read; with `verbose`, the names of all files.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn human(report: &ProofReport, verbose: bool, out: &mut dyn Write) -> io::Result<()> {
    let most = if verbose { usize::MAX } else { NAMED };
    for identity in &report.identities {
        write_identity(identity, report.files - report.unread.len(), most, out)?;
    }
    if let Some(missing) = &report.missing {
        let missing = escape::text(&shortened(missing));
        writeln!(out, "no identity of `{missing}` is in what was given")?;
    }
    if !report.unread.is_empty() {
        let unread = names(&report.unread, most);
        writeln!(
            out,
            "damaged or not readable, so that nobody opens them: {unread} (`sopsguard check` says how)"
        )?;
    }
    if let Some(recorded) = &report.recorded {
        let path = escape::text(&recorded.path.display().to_string());
        let who = recorded.names.join("\", \"");
        let done = if recorded.is_written {
            "noted"
        } else {
            "would note"
        };
        writeln!(
            out,
            "{done} in `{path}`: \"{}\" proved on {}",
            escape::text(&who),
            recorded.day
        )?;
    }
    writeln!(out, "{}", verdict(report))
}

fn write_identity(
    identity: &ProvedIdentity,
    files: usize,
    most: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let called = match (&identity.name, &identity.recipient) {
        (Some(name), Some(key)) => format!("{name}: {}", shortened(key)),
        (None, Some(key)) => shortened(key),
        (_, None) => identity.kind.clone(),
    };
    writeln!(out, "{}", escape::text(&called))?;
    if let Some(fingerprint) = &identity.fingerprint {
        writeln!(out, "  fingerprint {fingerprint}")?;
    }
    writeln!(out, "  from {}", escape::text(&identity.origin))?;
    if let Some(idle) = &identity.idle {
        return writeln!(out, "  not tried: {}", escape::text(idle));
    }
    let verified = identity.verified.len();
    match verified {
        0 => writeln!(out, "  opens no file by itself")?,
        count if count == files => writeln!(out, "  alone opens and verifies {}", all(files))?,
        count => writeln!(out, "  alone opens and verifies {count} of {files} files")?,
    }
    if !identity.shares.is_empty() {
        writeln!(
            out,
            "  opens its key group, and with the others here verifies: {} (the threshold lets no single key open \
             them)",
            names(&identity.shares, most)
        )?;
    }
    if !identity.outside.is_empty() {
        let outside = names(&identity.outside, most);
        writeln!(
            out,
            "  is not to open, by its `paths` in the policy: {outside}"
        )?;
    }
    for not in identity.failed.iter().take(most) {
        let path = escape::text(&not.path.display().to_string());
        writeln!(out, "  not proved: {path}: {}", escape::text(&not.words))?;
    }
    let more = identity.failed.len().saturating_sub(most);
    if more > 0 {
        writeln!(out, "  not proved: {more} more (`--verbose` names them)")?;
    }
    let opens_some = identity.name.is_some() && !identity.verified.is_empty();
    if opens_some && identity.failed.iter().any(is_of_others) {
        writeln!(
            out,
            "  if it is not to open these, say which it is: `paths = [\"apps/**\"]` below it in `.sopsguard.toml`"
        )?;
    }
    Ok(())
}

/// Whether a file is not opened because it is for others.
fn is_of_others(not: &NotProved) -> bool {
    not.reason == "not-a-recipient"
}

fn all(files: usize) -> String {
    match files {
        1 => "the one secret file".to_owned(),
        files => format!("all {files} secret files"),
    }
}

fn verdict(report: &ProofReport) -> String {
    if report.is_proved() {
        return match report.identities.len() {
            1 => "proved".to_owned(),
            count => format!("proved, each of the {count} identities"),
        };
    }
    if report.files == 0 {
        return "not proved: there is no secret file here".to_owned();
    }
    "not proved".to_owned()
}

/// A public key: those of RSA and post-quantum keys fill half a screen.
fn shortened(recipient: &str) -> String {
    if recipient.chars().count() <= 120 {
        return recipient.to_owned();
    }
    let start: String = recipient.chars().take(60).collect();
    format!("{start}…")
}

fn names(paths: &[PathBuf], most: usize) -> String {
    let name = |path: &PathBuf| escape::text(&path.display().to_string());
    let named: Vec<String> = paths.iter().take(most).map(name).collect();
    match paths.len().saturating_sub(most) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Told<'t> {
    schema: &'static str,
    proved: bool,
    files: usize,
    identities: Vec<Identity<'t>>,
    unread: Vec<String>,
    missing: Option<&'t str>,
    recorded: Option<Noted<'t>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Identity<'t> {
    recipient: Option<&'t str>,
    fingerprint: Option<&'t str>,
    name: Option<&'t str>,
    kind: &'t str,
    origin: &'t str,
    idle: Option<&'t str>,
    proved: bool,
    verified: Vec<String>,
    shares: Vec<String>,
    outside: Vec<String>,
    not_proved: Vec<Failed<'t>>,
}

#[derive(Serialize)]
struct Failed<'t> {
    path: String,
    reason: &'t str,
}

#[derive(Serialize)]
struct Noted<'t> {
    path: String,
    day: &'t str,
    names: &'t [String],
    written: bool,
}

/// Writes the proof as one JSON object.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn json(report: &ProofReport, out: &mut dyn Write) -> io::Result<()> {
    let told = Told {
        schema: "sopsguard.escrow-verify/1",
        proved: report.is_proved(),
        files: report.files,
        identities: report.identities.iter().map(Identity::of).collect(),
        unread: paths(&report.unread),
        missing: report.missing.as_deref(),
        recorded: report.recorded.as_ref().map(|recorded| Noted {
            path: path(&recorded.path),
            day: &recorded.day,
            names: &recorded.names,
            written: recorded.is_written,
        }),
    };
    serde_json::to_writer_pretty(&mut *out, &told)?;
    writeln!(out)
}

impl<'t> Identity<'t> {
    fn of(identity: &'t ProvedIdentity) -> Self {
        let failed = |not: &'t NotProved| Failed {
            path: path(&not.path),
            reason: &not.reason,
        };
        Self {
            recipient: identity.recipient.as_deref(),
            fingerprint: identity.fingerprint.as_deref(),
            name: identity.name.as_deref(),
            kind: &identity.kind,
            origin: &identity.origin,
            idle: identity.idle.as_deref(),
            proved: identity.is_proved(),
            verified: paths(&identity.verified),
            shares: paths(&identity.shares),
            outside: paths(&identity.outside),
            not_proved: identity.failed.iter().map(failed).collect(),
        }
    }
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

fn paths(all: &[PathBuf]) -> Vec<String> {
    all.iter().map(|one| path(one)).collect()
}
