//! The history of a secret file for people: a line a commit, never a value.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::super::human::{self as common, GREEN, RED, paint, plural};
use super::super::{Style, escape};
use super::words::{color, edit, what};
use crate::engine::{At, Edit, Log, LogEnd, LogEntry, Reason, Verification};

/// The most characters of an author's name.
const MAX_AUTHOR: usize = 20;

/// The colour of ids, as git has it.
pub(super) const YELLOW: &str = "33";

/// Writes a line a change for people to read, the youngest first; then what is to be said of all.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn human(log: &Log, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<Row<'_>> = log
        .entries
        .iter()
        .map(|entry| Row::of(entry, style))
        .collect();
    let width = |column: &dyn Fn(&Row<'_>) -> usize| rows.iter().map(column).max().unwrap_or(0);
    let chars = |text: &str| text.chars().count();
    let widths = Widths {
        id: width(&|row| chars(&row.id)),
        date: width(&|row| chars(&row.date)),
        author: width(&|row| chars(&row.author)),
        verdict: if log.entries.iter().any(has_verdict) {
            width(&|row| chars(row.verdict))
        } else {
            0
        },
        edit: width(&|row| chars(row.edit)),
    };
    for row in &rows {
        row.write(&widths, style, out)?;
    }
    if style.quiet {
        return Ok(());
    }
    write_end(log, out)?;
    write_unverified(log, out)?;
    write_stale(log, out)?;
    write_summary(log, style, out)
}

/// The columns of one line.
struct Row<'l> {
    id: String,
    date: String,
    author: String,
    verdict: &'static str,
    edit: &'static str,
    /// The colour of what was done.
    color: Option<&'static str>,
    what: String,
    entry: &'l LogEntry,
}

struct Widths {
    id: usize,
    date: usize,
    author: usize,
    verdict: usize,
    edit: usize,
}

impl<'l> Row<'l> {
    fn of(entry: &'l LogEntry, style: Style) -> Self {
        Self {
            id: escape::text(entry.at.name()),
            date: entry.date.as_deref().map(escape::text).unwrap_or_default(),
            author: author(entry),
            verdict: verdict(entry.verification.as_ref()),
            edit: edit(entry.step.edit),
            color: color(entry.step.edit),
            what: what(entry, style),
            entry,
        }
    }

    fn write(&self, widths: &Widths, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let mut line = column(&self.id, widths.id, Some(YELLOW), style);
        line += &column(&self.date, widths.date, None, style);
        line += &column(&self.author, widths.author, None, style);
        if widths.verdict > 0 {
            let color = match self.entry.verification {
                Some(Verification::Verified) => Some(GREEN),
                Some(Verification::Failed) => Some(RED),
                _ => None,
            };
            line += &column(self.verdict, widths.verdict, color, style);
        }
        line += &column(self.edit, widths.edit, self.color, style);
        line += &self.what;
        writeln!(out, "{}", line.trim_end())
    }
}

/// A text with the space up to the next column, which has no colour.
fn column(text: &str, width: usize, color: Option<&str>, style: Style) -> String {
    let space = " ".repeat(width.saturating_sub(text.chars().count()) + 2);
    if width == 0 {
        return String::new();
    }
    match color {
        Some(color) if !text.is_empty() => paint(style, color, text) + &space,
        _ => text.to_owned() + &space,
    }
}

fn author(entry: &LogEntry) -> String {
    let author = escape::text(entry.author.as_deref().unwrap_or("not committed"));
    if author.chars().count() <= MAX_AUTHOR {
        return author;
    }
    let start: String = author.chars().take(MAX_AUTHOR - 1).collect();
    start + "…"
}

/// Whether a verdict says more than that there was no key.
fn has_verdict(entry: &LogEntry) -> bool {
    matches!(
        entry.verification,
        Some(Verification::Verified | Verification::Failed)
    )
}

fn verdict(verification: Option<&Verification>) -> &'static str {
    match verification {
        Some(Verification::Verified) => "verified",
        Some(Verification::Failed) => "failed",
        Some(Verification::NotVerified(_)) => "not verified",
        Some(Verification::NotEncrypted) => "in clear",
        None => "-",
    }
}

/// Where the history goes on that is not told.
fn write_end(log: &Log, out: &mut dyn Write) -> io::Result<()> {
    if log.left_out > 0 {
        writeln!(out, "{} more, which `--max-count` leaves out", log.left_out)?;
    }
    match &log.end {
        LogEnd::Complete => Ok(()),
        LogEnd::Limit => writeln!(
            out,
            "the last {} commits of the repository were looked at: `--history={}` looks further back",
            log.commits,
            log.commits.saturating_mul(10)
        ),
        LogEnd::TooMuch => writeln!(
            out,
            "older versions were not looked at: all together hold more than 1 GiB"
        ),
        LogEnd::Shallow { help } => writeln!(
            out,
            "this clone is shallow, what came before is not here: {}",
            escape::text(help)
        ),
        LogEnd::Unreadable { reason, help } => writeln!(
            out,
            "what came before cannot be read: {}: {}",
            escape::text(reason),
            escape::text(help)
        ),
    }
}

/// One line a reason: how many versions have no verdict.
fn write_unverified(log: &Log, out: &mut dyn Write) -> io::Result<()> {
    let mut by_reason: BTreeMap<&Reason, usize> = BTreeMap::new();
    for entry in &log.entries {
        if let Some(Verification::NotVerified(reason)) = &entry.verification {
            *by_reason.entry(reason).or_default() += 1;
        }
    }
    for (reason, count) in by_reason {
        let why = common::why(reason, &log.searched);
        let versions = plural(count, "version");
        writeln!(out, "not verified: {versions}: {}", escape::text(&why))?;
    }
    Ok(())
}

/// Since when sops refuses the file as it is, for all that shows without a key.
fn write_stale(log: &Log, out: &mut dyn Write) -> io::Result<()> {
    let stale = log.entries.iter().take_while(|entry| entry.has_stale_mac);
    let Some(first) = stale.last() else {
        return Ok(());
    };
    let origin = first.mac_from.as_deref().unwrap_or_default();
    writeln!(
        out,
        "sops refuses the file since {}: its MAC is that of {}, its values are not",
        escape::text(first.at.name()),
        origin.get(..10).unwrap_or(origin)
    )
}

fn write_summary(log: &Log, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let is = |wanted: fn(Edit) -> bool| {
        let entries = log.entries.iter().filter(|entry| wanted(entry.step.edit));
        entries.count()
    };
    let outside = is(|edit| {
        matches!(
            edit,
            Edit::OutsideSops | Edit::PerhapsOutsideSops | Edit::Mixed
        )
    });
    let verdict = |wanted: &Verification| {
        let mut entries = log.entries.iter();
        let is_it = |entry: &&LogEntry| entry.verification.as_ref() == Some(wanted);
        entries.by_ref().filter(is_it).count()
    };
    let mut parts = vec![format!("{outside} outside sops")];
    for (count, word) in [
        (verdict(&Verification::Verified), "verified"),
        (verdict(&Verification::Failed), "failed"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    let is_committed = |entry: &&LogEntry| matches!(entry.at, At::Commit(_));
    let commits = log.entries.iter().filter(is_committed).count();
    let color = if outside > 0 { RED } else { GREEN };
    let counted = paint(style, color, &plural(commits, "commit"));
    writeln!(
        out,
        "{counted} of {}: {}",
        escape::path(&log.path),
        parts.join(", ")
    )
}
