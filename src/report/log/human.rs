//! The history of a secret file for people: a line a commit, never a value.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::super::human::{self as common, GREEN, RED, paint, plural};
use super::super::{Style, escape, openers};
use crate::engine::{
    At, DataKeyFate, Edit, Log, LogEnd, LogEntry, Reason, Step, Verification, What,
};

/// How many values or keys a line names where not all are wanted.
const NAMED: usize = 5;

/// The most characters of an author's name.
const MAX_AUTHOR: usize = 20;

/// The colour of ids, as git has it.
const YELLOW: &str = "33";

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

fn edit(edit: Edit) -> &'static str {
    match edit {
        Edit::Added => "added",
        Edit::AddedInClear => "added in clear",
        Edit::Encrypted => "encrypted",
        Edit::Decrypted => "decrypted",
        Edit::InClear => "in clear",
        Edit::Deleted => "deleted",
        Edit::Sops => "sops",
        Edit::Rotated => "rotated",
        Edit::EncryptedAnew => "encrypted anew",
        Edit::UpdateKeys => "updatekeys",
        Edit::OutsideSops => "OUTSIDE SOPS",
        Edit::PerhapsOutsideSops => "outside sops?",
        Edit::Mixed => "MIXED VERSIONS",
        Edit::Unauthenticated => "not covered",
        Edit::Comments => "comments",
        Edit::Layout => "layout",
        Edit::Untouched => "untouched",
        Edit::Restored => "restored",
        Edit::NotCompared => "not compared",
    }
}

fn color(edit: Edit) -> Option<&'static str> {
    match edit {
        Edit::OutsideSops | Edit::Mixed | Edit::Decrypted | Edit::AddedInClear => Some(RED),
        Edit::PerhapsOutsideSops => Some(YELLOW),
        _ => None,
    }
}

/// What was done, in words.
fn what(entry: &LogEntry, style: Style) -> String {
    let step = &entry.step;
    let mut parts = Vec::new();
    if let Some(side) = step.side {
        parts.push(format!("merge, compared with parent {side}"));
    }
    if let Some(old) = &entry.renamed_from {
        parts.push(format!("renamed from {}", escape::path(old)));
    }
    if let Some(reason) = step.reason {
        parts.push(unread(reason).to_owned());
    }
    if let Some(older) = &entry.mac_from {
        let short = older.get(..10).unwrap_or(older);
        match step.edit {
            Edit::Restored => parts.push(format!("as in {short}")),
            Edit::OutsideSops | Edit::PerhapsOutsideSops | Edit::Mixed => {
                parts.push(format!("under the MAC of {short}"));
            }
            _ => {}
        }
    }
    parts.extend(documents(step));
    parts.extend(values(step, style));
    if !step.settings.is_empty() {
        parts.push(format!("{} changed as text", step.settings.join(", ")));
    }
    parts.extend(recipients("+", &step.recipients_added, style));
    parts.extend(recipients("-", &step.recipients_dropped, style));
    parts.extend(data_key(step).map(str::to_owned));
    if step.comments && step.edit != Edit::Comments {
        parts.push("comments changed".to_owned());
    }
    parts.join("; ")
}

fn unread(reason: &str) -> &str {
    match reason {
        "shallow-clone" => "this shallow clone begins here",
        "conflict-marks" => "the marks of an unfinished merge stand in it",
        "unreadable" => "sops would not load it",
        "not-text" => "it is no text",
        "malformed-metadata" => "its `sops` block makes no sense",
        "too-large" => "it is too large",
        "unreadable-history" => "git does not give it",
        other => other,
    }
}

fn documents(step: &Step) -> Vec<String> {
    let lists = [
        (&step.documents_removed, "removed"),
        (&step.documents_added, "added"),
        (&step.documents_moved, "moved"),
    ];
    let lists = lists.iter().filter(|(numbers, _)| !numbers.is_empty());
    lists
        .map(|(numbers, what)| {
            let named = numbers.iter().take(NAMED).map(ToString::to_string);
            let more = if numbers.len() > NAMED { ", …" } else { "" };
            let word = if numbers.len() == 1 {
                "document"
            } else {
                "documents"
            };
            format!(
                "{word} {}{more} {what}",
                named.collect::<Vec<_>>().join(", ")
            )
        })
        .collect()
}

/// The values by what happened to them; those that follow each other under one path as one.
fn values(step: &Step, style: Style) -> Vec<String> {
    let mut by_what: BTreeMap<What, Vec<(&str, usize)>> = BTreeMap::new();
    for value in &step.values {
        let paths = by_what.entry(value.what).or_default();
        match paths.last_mut() {
            Some((last, count)) if *last == value.path => *count += 1,
            _ => paths.push((&value.path, 1)),
        }
    }
    let mut words: Vec<String> = by_what
        .into_iter()
        .map(|(what, paths)| format!("{} {}", names(&paths, style), happened(what, step.edit)))
        .collect();
    if step.more_values > 0 {
        words.push(format!("and {} more", plural(step.more_values, "value")));
    }
    words
}

fn names(paths: &[(&str, usize)], style: Style) -> String {
    let most = if style.verbose { usize::MAX } else { NAMED };
    let named = paths.iter().take(most).map(|(path, count)| {
        let path = if path.is_empty() { "…" } else { path };
        match count {
            1 => escape::text(path),
            count => format!("{} ({count} items)", escape::text(path)),
        }
    });
    let names = named.collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(most) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

fn happened(what: What, edit: Edit) -> &'static str {
    match what {
        What::Encrypted if edit == Edit::Encrypted => "stood in clear before",
        What::Encrypted => "encrypted",
        What::Bared => "in clear now",
        What::Changed => "changed",
        What::Added => "added",
        What::Removed => "removed",
        What::Moved => "moved",
    }
}

fn recipients(sign: &str, names: &[String], style: Style) -> Option<String> {
    let most = if style.verbose { usize::MAX } else { NAMED };
    let named = names.iter().take(most);
    let named: Vec<String> = named
        .map(|name| format!("{sign} {}", openers::shortened(name)))
        .collect();
    let more = match names.len().saturating_sub(most) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!named.is_empty()).then(|| named.join(", ") + &more)
}

/// What became of the data key, where it is not what one would think.
fn data_key(step: &Step) -> Option<&'static str> {
    let is_new = matches!(step.edit, Edit::Rotated | Edit::EncryptedAnew);
    match step.data_key? {
        DataKeyFate::Same if !step.recipients_dropped.is_empty() => Some("data key not rotated"),
        DataKeyFate::Same => None,
        DataKeyFate::Replaced => Some("new data key"),
        DataKeyFate::Unknown if is_new => Some("every token and stanza is new"),
        DataKeyFate::Unknown => None,
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
