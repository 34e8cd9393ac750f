//! All that is said of one file, for people: a page of short sections.

use std::io::{self, Write};

use super::super::human::{GREEN, RED, paint, plural, why};
use super::super::log::words;
use super::super::{Style, escape, openers};
use super::layout::{Cell, Sheet};
use super::rule;
use crate::engine::{
    Changes, FileReport, LogEntry, Mine, Page, Reason, RecipientReport, SealReport, SelectorReport,
    Verification,
};
use crate::finding::{Finding, Severity};

/// How many changes or findings a section names where not all are wanted.
const NAMED: usize = 10;

/// The colour of what is in doubt.
const YELLOW: &str = "33";

/// Writes the page for people to read.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn human(page: &Page, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (word, color) = verdict(&page.file);
    let path = escape::path(&page.file.path);
    let mut sheet = Sheet::new(style, out);
    sheet.line(&format!("{path}: {}", paint(style, color, word)))?;
    if page.is_config && page.file.verification == Verification::NotEncrypted {
        sheet.line("")?;
        sheet.row("what", "sops's own configuration, which stays in clear")?;
        sheet.row("", "what is wrong with it is told by")?;
        sheet.command("sopsguard audit")?;
        return write_findings(page, style, &mut sheet);
    }
    write_verdict(page, &mut sheet)?;
    if let Some(seal) = &page.seal {
        write_seal(&page.file, seal, &mut sheet)?;
    }
    rule::write(page, style, &mut sheet)?;
    write_recipients(page, &mut sheet)?;
    write_identities(page, style, &mut sheet)?;
    write_changes(&page.changes, style, &mut sheet)?;
    write_findings(page, style, &mut sheet)
}

/// The verdict in a word, and its colour.
fn verdict(file: &FileReport) -> (&'static str, &'static str) {
    match &file.verification {
        Verification::Verified => ("verified", GREEN),
        Verification::Failed => ("failed", RED),
        Verification::NotVerified(_) => ("not verified", YELLOW),
        Verification::NotEncrypted if file.foreign.is_some() => ("not sops's", YELLOW),
        Verification::NotEncrypted => ("not encrypted", RED),
    }
}

fn write_verdict(page: &Page, sheet: &mut Sheet<'_>) -> io::Result<()> {
    sheet.line("")?;
    if let Verification::NotVerified(reason) = &page.file.verification {
        // Where was looked stands with the identities.
        let why = match reason {
            Reason::NoIdentity => "there is no identity (`--identity FILE` names one)".to_owned(),
            reason => why(reason, &page.searched),
        };
        sheet.row("why", &escape::text(&why))?;
    }
    match page.file.foreign {
        Some(foreign) => {
            let text = format!("nothing: it is {}", foreign.describe());
            sheet.row("sops says", &text)?;
        }
        None => sheet.row("sops says", &escape::text(&page.sops_says))?,
    }
    if !page.file.unreadable_by.is_empty() {
        let versions = escape::text(&page.file.unreadable_by.join(", "));
        sheet.row("", &format!("sops {versions} cannot read it"))?;
    }
    let format = page.file.format.name();
    match page.file.documents {
        Some(documents) => sheet.row(
            "format",
            &format!("{format}, {}", plural(documents, "document")),
        ),
        None => sheet.row("format", format),
    }?;
    if page.is_excluded {
        sheet.row("policy", "`exclude` leaves it out of every check")?;
    }
    Ok(())
}

fn write_seal(file: &FileReport, seal: &SealReport, sheet: &mut Sheet<'_>) -> io::Result<()> {
    sheet.row("encrypts", &selector(&seal.selector))?;
    let values = format!(
        "{} encrypted, {} in clear",
        plural(seal.encrypted, "value"),
        seal.clear
    );
    sheet.row("values", &values)?;
    if seal.mac_only_encrypted {
        sheet.row("MAC", "covers encrypted values only (`mac_only_encrypted`)")?;
    } else if file.verification != Verification::NotEncrypted {
        sheet.row("MAC", "covers all values")?;
    }
    let by = seal.version.as_deref();
    let by = by.map_or(String::new(), |version| format!(", by sops {version}"));
    let written = format!("{}{by}", seal.last_modified);
    sheet.row("written", &escape::text(&written))
}

/// Which values a selector picks, in words.
pub(super) fn selector(selector: &SelectorReport) -> String {
    let text = escape::text(&selector.text);
    if selector.is_default {
        return format!("all values but those under keys that end in `{text}`: no selector is set");
    }
    let what = match selector.name {
        "encrypted_regex" | "encrypted_comment_regex" if selector.is_refused => {
            "Go does not take it: it matches nothing, all stays in clear"
        }
        _ if selector.is_refused => "Go does not take it: it matches nothing, all is encrypted",
        "unencrypted_suffix" => "all values but those under keys that end so",
        "encrypted_suffix" => "values under keys that end so",
        "unencrypted_regex" => "all values but those under keys that match",
        "encrypted_regex" => "values under keys that match",
        "unencrypted_comment_regex" => "all values but those with a comment that matches",
        "encrypted_comment_regex" => "values with a comment that matches",
        _ => "",
    };
    format!("{}: {text}  ({what})", selector.name)
}

fn write_recipients(page: &Page, sheet: &mut Sheet<'_>) -> io::Result<()> {
    let keys: usize = page.groups.iter().map(|group| group.keys.len()).sum();
    if keys == 0 {
        return Ok(());
    }
    let is_one = page.groups.len() == 1;
    let title = if is_one && keys == 1 {
        "Recipients: one, and nobody else opens it".to_owned()
    } else if is_one {
        format!("Recipients: each of these {keys} opens it")
    } else {
        format!(
            "Recipients: {} of {} key groups must open, each by one of its keys",
            page.file.groups_needed,
            page.groups.len()
        )
    };
    sheet.title(&title)?;
    let mut rows = Vec::new();
    for (group, number) in page.groups.iter().zip(1..) {
        for key in &group.keys {
            let mut row = recipient(key);
            if !is_one {
                row.insert(0, Cell::new(format!("group {number}")));
            }
            rows.push(row);
        }
    }
    sheet.table(&rows)
}

/// A recipient as a row: its name, the key, and whose it is.
pub(super) fn recipient(key: &RecipientReport) -> Vec<Cell> {
    let called = key.called.as_deref().map(escape::text).unwrap_or_default();
    let mine = if key.is_mine { "yours" } else { "" };
    vec![
        Cell::new(called),
        Cell::new(openers::shortened(&key.name)),
        Cell::new(kind(&key.kind)),
        Cell::colored(mine, Some(GREEN)),
    ]
}

/// A kind of keys, where the key itself does not tell it.
fn kind(kind: &str) -> String {
    match kind {
        "x25519" | "ssh-ed25519" | "ssh-rsa" | "post-quantum" => String::new(),
        "age" => "no kind that age has".to_owned(),
        other => escape::text(crate::engine::service(other)),
    }
}

fn write_identities(page: &Page, style: Style, sheet: &mut Sheet<'_>) -> io::Result<()> {
    if page.groups.is_empty() {
        return Ok(());
    }
    let of_use = |mine: &&Mine| !mine.groups.is_empty();
    let useful = page.identities.iter().filter(of_use).count();
    let others = page.identities.len() - useful;
    sheet.title("Your keys")?;
    for mine in page
        .identities
        .iter()
        .filter(|mine| style.verbose || of_use(mine))
    {
        let kind = escape::text(&mine.kind);
        let name = mine.recipient.as_deref().map(openers::shortened);
        let (label, what) = match (&mine.idle, mine.opens, mine.groups.as_slice()) {
            (_, true, _) => ("opens it", String::new()),
            (_, false, [_, ..]) => ("opens", format!("{}: ", groups(&mine.groups))),
            (Some(idle), ..) => ("not used", format!("{}: ", escape::text(idle))),
            (None, ..) => ("other", String::new()),
        };
        let name = name.map_or(String::new(), |name| format!("{name} "));
        let origin = escape::text(&mine.origin);
        sheet.row(label, &format!("{what}{name}({kind}), from {origin}"))?;
    }
    let text = match (useful, others) {
        (0, 0) => "there is none here".to_owned(),
        (0, 1) => "the one here does not open it".to_owned(),
        (0, others) => format!("none of the {others} here opens it"),
        _ => String::new(),
    };
    if !text.is_empty() {
        sheet.row("none", &text)?;
        if !page.searched.is_empty() {
            sheet.row("looked in", &escape::text(&page.searched.join(", ")))?;
        }
    }
    Ok(())
}

fn groups(numbers: &[usize]) -> String {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    format!("group {}", numbers.join(", "))
}

fn write_changes(changes: &Changes, style: Style, sheet: &mut Sheet<'_>) -> io::Result<()> {
    sheet.title("Changes")?;
    if let Some((reason, help)) = &changes.lacking {
        let text = format!("not known: {}", escape::text(reason));
        sheet.row("since HEAD", &text)?;
        return sheet.row("", &escape::text(help));
    }
    match changes.uncommitted.as_slice() {
        [] => sheet.row("since HEAD", "nothing: it is as committed")?,
        uncommitted => {
            for (label, entry) in labels("since HEAD", uncommitted) {
                sheet.row(label, &told(entry, style))?;
            }
        }
    }
    if let Some(last) = &changes.last {
        sheet.row("last commit", &told(last, style))?;
    }
    if let Some(sound) = &changes.sound {
        let count = changes.since_sound.len();
        let title = format!(
            "Since sops last would have opened it: {}",
            plural(count, "change")
        );
        sheet.title(&title)?;
        let most = if style.verbose { usize::MAX } else { NAMED };
        for entry in changes.since_sound.iter().take(most) {
            sheet.row("", &told(entry, style))?;
        }
        if count > most {
            sheet.row(
                "",
                &format!("and {} more, which `--verbose` names", count - most),
            )?;
        }
        sheet.row("sound", &told(sound, style))?;
    }
    Ok(())
}

/// The entries, the first with a label.
fn labels<'e>(
    label: &'static str,
    entries: &'e [LogEntry],
) -> impl Iterator<Item = (&'static str, &'e LogEntry)> {
    let rest = std::iter::repeat("");
    std::iter::once(label).chain(rest).zip(entries)
}

/// One change in words.
fn told(entry: &LogEntry, style: Style) -> String {
    let mut parts = vec![escape::text(entry.at.name())];
    parts.extend(entry.date.as_deref().map(escape::text));
    parts.extend(entry.author.as_deref().map(escape::text));
    let what = words::what(entry, style);
    let edit = words::edit(entry.step.edit);
    let told = match what.as_str() {
        "" => edit.to_owned(),
        what => format!("{edit}: {what}"),
    };
    format!("{}  {told}", parts.join("  "))
}

fn write_findings(page: &Page, style: Style, sheet: &mut Sheet<'_>) -> io::Result<()> {
    if page.findings.is_empty() {
        return Ok(());
    }
    sheet.title("Findings")?;
    let most = if style.verbose { usize::MAX } else { NAMED };
    for finding in page.findings.iter().take(most) {
        let (label, text) = finding_row(finding);
        sheet.row(label, &text)?;
    }
    if page.findings.len() > most {
        let more = page.findings.len() - most;
        sheet.row("", &format!("and {more} more, which `--verbose` names"))?;
    }
    sheet.row("more", "with the lines around them, and what to do:")?;
    sheet.command(&format!("sopsguard check {}", argument(&page.file.path)))
}

fn finding_row(finding: &Finding) -> (&'static str, String) {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let place = finding.location.start;
    let place = place.map_or(String::new(), |at| format!("line {}: ", at.line));
    let message = escape::text(&finding.message);
    (level, format!("{place}{message} [{}]", finding.rule))
}

/// A path as a shell takes it.
pub(super) fn argument(path: &std::path::Path) -> String {
    let text = escape::path(path);
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+=@,".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain) {
        return text;
    }
    format!("-- '{}'", text.replace('\'', r"'\''"))
}
