//! The report for people: findings drawn one by one, then one paragraph that says what was
//! verified, what was not, and why.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::drawing::draw;
use super::{escape, openers, undone};
use crate::engine::{
    Command, ComparedWith, FileReport, Foreign, Reason, Report, Summary, Verification,
};
use crate::finding::Finding;

/// How much to print, and whether in colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Style {
    /// Colour words by the terminal's escape sequences.
    pub color: bool,
    /// Print only findings, and which files could not be verified.
    pub quiet: bool,
    /// Name every file with its verdict, and where identities were looked for.
    pub verbose: bool,
    /// Draw with ASCII characters only.
    pub ascii: bool,
    /// Wrap sentences at so many columns; never commands. Nothing is wrapped where it is not said.
    pub width: Option<usize>,
}

/// Writes `report` for people to read.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn human(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    write_findings(&report.findings, style, out)?;
    if report.command == Command::Audit {
        return write_audit(report, style, out);
    }
    if style.quiet {
        // Silence is to mean that all is well, and here nobody knows.
        return write_unverified(report, style, out);
    }
    if style.verbose {
        write_files(report, out)?;
    }
    write_unverified(report, style, out)?;
    write_not_encrypted(report, style, out)?;
    write_summary(report, style, out)?;
    write_more(report, out)
}

/// Draws each finding; of several in one file that want the same help, the last gives it.
fn write_findings(findings: &[Finding], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut findings = findings.iter().peekable();
    while let Some(finding) = findings.next() {
        let is_repeated = findings.peek().is_some_and(|next| {
            next.location.path == finding.location.path && next.help == finding.help
        });
        out.write_all(draw(finding, !is_repeated, style).as_bytes())?;
    }
    Ok(())
}

/// Writes what there is to say of an audit beside the findings: no file was to be verified.
fn write_audit(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if style.quiet {
        // Silence is to mean that all that was asked for was done.
        return undone::write(report, style, out);
    }
    if style.verbose {
        write_not_evaluated(report, out)?;
        if let Some(with) = &report.compared_with {
            write_compared_with(with, out)?;
        }
        writeln!(out)?;
    }
    undone::write(report, style, out)?;
    write_audit_summary(report, style, out)?;
    write_more(report, out)
}

fn write_audit_summary(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let counts = report.summary();
    let encrypted = counts.files - counts.not_encrypted;
    let mut parts = levels(&counts);
    if counts.suppressed > 0 {
        parts.push(format!("{} suppressed", counts.suppressed));
    }
    if parts.is_empty() {
        parts.push("nothing found".to_owned());
    }
    if encrypted == 0 {
        return writeln!(out, "no sops files found: {}", parts.join(", "));
    }
    let color = if report.has_errors() { RED } else { GREEN };
    let files = paint(
        style,
        color,
        &format!("{} audited", plural(encrypted, "file")),
    );
    writeln!(out, "{files}: {}", parts.join(", "))
}

fn write_not_evaluated(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for skipped in &report.not_evaluated {
        let path = escape::path(&skipped.path);
        let reason = escape::text(&skipped.reason);
        writeln!(out, "{path}: {} not evaluated ({reason})", skipped.rule)?;
    }
    Ok(())
}

fn write_files(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for file in &report.files {
        let path = escape::path(&file.path);
        match &file.verification {
            Verification::NotVerified(reason) => {
                writeln!(
                    out,
                    "{path}: not-verified ({})",
                    escape::text(&reason.to_string())
                )?;
            }
            verification => writeln!(out, "{path}: {}", verification.name())?,
        }
    }
    write_not_evaluated(report, out)?;
    if let Some(with) = &report.compared_with {
        write_compared_with(with, out)?;
    }
    if !report.searched.is_empty() {
        writeln!(
            out,
            "looked for identities in {}",
            escape::text(&report.searched.join(", "))
        )?;
    }
    for plugin in &report.idle_plugins {
        let plugin = escape::text(plugin);
        writeln!(
            out,
            "no identity of plugin `{plugin}`, which `--allow-plugin` names"
        )?;
    }
    if report.passed_over > 0 {
        let files = plural(report.passed_over, "file");
        writeln!(out, "passed over {files} without sops metadata")?;
    }
    if report.unsearched > 0 {
        writeln!(
            out,
            "did not search {} of them for private keys: binary, or larger than 1 MiB",
            report.unsearched
        )?;
    }
    writeln!(out)
}

fn write_compared_with(with: &ComparedWith, out: &mut dyn Write) -> io::Result<()> {
    let commits = with.commits.iter().map(|commit| {
        let id = commit.id.get(..10).unwrap_or(&commit.id);
        let revision = escape::text(&commit.revision);
        if revision == id {
            format!("`{revision}`")
        } else {
            format!("`{revision}` ({id})")
        }
    });
    let commits: Vec<String> = commits.collect();
    match &with.lacking {
        None if commits.is_empty() => writeln!(out, "compared with nothing: all commits are new"),
        None => writeln!(out, "compared with {}", commits.join(" and ")),
        Some(lacking) => {
            let why = escape::text(&lacking.message);
            writeln!(out, "compared with nothing: {why}")
        }
    }
}

/// One line a reason: which files have no verdict, and what would give them one.
fn write_unverified(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut by_reason: BTreeMap<&Reason, Vec<&FileReport>> = BTreeMap::new();
    for file in &report.files {
        if let Verification::NotVerified(reason) = &file.verification {
            by_reason.entry(reason).or_default().push(file);
        }
    }
    for (reason, files) in by_reason {
        let why = escape::text(&why(reason, &report.searched));
        let names = |files: &[&FileReport]| names(files, style);
        writeln!(out, "not verified: {}: {why}", names(&files))?;
        if names_no_key(reason) {
            openers::write(&files, style.verbose, names, out)?;
        }
    }
    Ok(())
}

/// Whether a reason leaves open which keys would do.
fn names_no_key(reason: &Reason) -> bool {
    match reason {
        Reason::NoIdentity
        | Reason::NotARecipient
        | Reason::TooFewGroups { .. }
        | Reason::NeedsOtherKeys(_) => true,
        Reason::NeedsInput(_)
        | Reason::NotAllowed(_)
        | Reason::KeyFailed(_)
        | Reason::SelectorsChanged
        | Reason::NotAsked
        | Reason::Unsupported(_) => false,
    }
}

/// Which files have no metadata although their name, or the user, says that they should; those of
/// other programs by themselves.
fn write_not_encrypted(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut by_owner: BTreeMap<Option<Foreign>, Vec<&FileReport>> = BTreeMap::new();
    for file in &report.files {
        if file.verification == Verification::NotEncrypted {
            by_owner.entry(file.foreign).or_default().push(file);
        }
    }
    for (owner, files) in by_owner {
        let names = names(&files, style);
        match owner {
            Some(foreign) => writeln!(out, "not sops's: {names}: {}", foreign.describe())?,
            None => writeln!(out, "not encrypted: {names}: no sops metadata")?,
        }
    }
    Ok(())
}

/// The first few names, and how many there are more; or all.
fn names(files: &[&FileReport], style: Style) -> String {
    let shown = if style.verbose { files.len() } else { NAMED };
    let named = files
        .iter()
        .take(shown)
        .map(|file| escape::path(&file.path));
    let names = named.collect::<Vec<_>>().join(", ");
    match files.len().saturating_sub(shown) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

/// How many files one line names.
const NAMED: usize = 5;

/// Why there is no verdict, in words.
pub(super) fn why(reason: &Reason, searched: &[String]) -> String {
    match reason {
        Reason::NoIdentity if !searched.is_empty() => {
            format!(
                "there is no identity (`--identity FILE` names one); looked in {}",
                searched.join(", ")
            )
        }
        other => other.in_words(),
    }
}

fn write_summary(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let counts = report.summary();
    let verdicts = [
        (counts.failed, "failed"),
        (counts.not_verified, "not verified"),
        (counts.not_encrypted, "not encrypted"),
    ];
    let found = levels(&counts);
    if counts.files == 0 {
        let words = found;
        return match words.as_slice() {
            [] => writeln!(out, "no sops files found, nothing to verify"),
            words => writeln!(out, "no sops files found: {}", words.join(", ")),
        };
    }
    let mut parts = vec![format!("{} verified", counts.verified)];
    let verdicts = verdicts.iter().filter(|(count, _)| *count > 0);
    parts.extend(verdicts.map(|(count, word)| format!("{count} {word}")));
    parts.extend(found);
    if counts.suppressed > 0 {
        parts.push(format!("{} suppressed", counts.suppressed));
    }
    let color = if report.has_errors() { RED } else { GREEN };
    let files = paint(style, color, &plural(counts.files, "file"));
    writeln!(out, "{files}: {}", parts.join(", "))
}

/// How many findings there are of each level that has some.
fn levels(counts: &Summary) -> Vec<String> {
    let levels = [
        (counts.errors, "error"),
        (counts.warnings, "warning"),
        (counts.notes, "note"),
    ];
    let found = levels.iter().filter(|(count, _)| *count > 0);
    found.map(|(count, word)| plural(*count, word)).collect()
}

/// Where more is said about what was found.
fn write_more(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    match report.findings.first() {
        Some(found) => writeln!(out, "more about a rule: `sopsguard rules {}`", found.rule),
        None => Ok(()),
    }
}

pub(super) fn plural(count: usize, word: &str) -> String {
    if count == 1 {
        format!("1 {word}")
    } else {
        format!("{count} {word}s")
    }
}

pub(super) const RED: &str = "1;31";
pub(super) const GREEN: &str = "1;32";

pub(super) fn paint(style: Style, color: &str, text: &str) -> String {
    if style.color {
        format!("\u{1b}[{color}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}
