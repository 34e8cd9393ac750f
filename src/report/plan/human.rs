//! A plan for people: each set of changes once, and below it the files that get it.

use std::io::{self, Write};

use super::super::escape;
use super::super::human::{GREEN, RED, Style, paint, plural};
use super::Stage;
use crate::engine::{
    Amendment, Applied, Blessed, ChangePlan, Exposed, FileChange, Keyholder, Refused,
};

const YELLOW: &str = "33";
/// How many files are listed that are refused for one reason.
const MAX_ALIKE: usize = 10;

/// Writes `plan` for people to read; once it was applied only what was done.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn human(plan: &ChangePlan, stage: Stage, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if let Stage::Applied(applied) = stage {
        return write_applied(plan, &applied, style, out);
    }
    write_changes(&plan.files, style, out)?;
    if !plan.unproved.is_empty() {
        let files = plural(plan.unproved.len(), "file");
        writeln!(
            out,
            "what would change in {files} that cannot be changed now; it is not proved:"
        )?;
        write_changes(&plan.unproved, style, out)?;
    }
    for alike in alike(&plan.refused) {
        write_refused(&alike, style, out)?;
    }
    write_exposed(&plan.exposed, out)?;
    for notice in &plan.notices {
        writeln!(out, "note: {}", escape::text(notice))?;
    }
    writeln!(out, "{}", totals(plan))?;
    if let Some((reason, help)) = &plan.too_early {
        let early = paint(style, RED, "it is too early");
        writeln!(out, "{early}: {}", escape::text(reason))?;
        writeln!(out, "  help: {}", escape::text(help))?;
    }
    Ok(())
}

/// What was done, and on request how long that took.
fn write_applied(
    plan: &ChangePlan,
    applied: &Applied,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let files = plural(plan.files.len(), "file");
    if !style.verbose {
        return writeln!(out, "{files} changed");
    }
    writeln!(
        out,
        "{files} changed: written in {:.3} s, of which the disk took {:.3} s to keep them",
        applied.took.as_secs_f64(),
        applied.syncing.as_secs_f64()
    )
}

/// Each set of changes, and the files that get it.
fn write_changes(files: &[FileChange], style: Style, out: &mut dyn Write) -> io::Result<()> {
    for files in blocks(files) {
        for amendment in files.first().map_or(&[][..], |file| &file.amendments) {
            writeln!(out, "{}", told(amendment, style))?;
        }
        for file in files {
            writeln!(out, "    {}", escape::path(&file.path))?;
            write_diff(file, style, out)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Files with the same changes.
fn blocks(files: &[FileChange]) -> Vec<Vec<&FileChange>> {
    let mut blocks: Vec<Vec<&FileChange>> = Vec::new();
    for file in files {
        let same = blocks.iter_mut().find(|block| {
            let first = block.first();
            first.is_some_and(|first| first.amendments == file.amendments)
        });
        match same {
            Some(block) => block.push(file),
            None => blocks.push(vec![file]),
        }
    }
    blocks
}

/// What changes, in a line.
fn told(amendment: &Amendment, style: Style) -> String {
    match amendment {
        Amendment::Adds(holder, group) => {
            let line = format!("+ {}{}", name(holder), of_group(*group));
            paint(style, GREEN, &line)
        }
        Amendment::Removes(holder, group) => {
            let line = format!("- {}{}", name(holder), of_group(*group));
            paint(style, RED, &line)
        }
        Amendment::Threshold { from, to } => {
            format!("~ {to} key groups needed instead of {from}")
        }
        Amendment::NewDataKey => "~ a new data key: all values and the MAC anew".to_owned(),
        Amendment::NewMac => "~ the MAC and `lastmodified` anew".to_owned(),
        Amendment::Blesses(blessed) => paint(style, YELLOW, &told_blessed(blessed)),
        Amendment::Created => paint(style, GREEN, "+ a new file"),
        Amendment::Removed => paint(style, RED, "- the file goes"),
        Amendment::BySops { version } => format!(
            "~ by sops {}, which writes metadata and layout anew",
            escape::text(version)
        ),
        Amendment::Other(what) => format!("~ {}", escape::text(what)),
    }
}

/// What happened to a value, and which commit did it.
fn told_blessed(blessed: &Blessed) -> String {
    let by = [
        Some(blessed.at.name()),
        blessed.author.as_deref(),
        blessed.date.as_deref(),
    ];
    let by: Vec<String> = by.into_iter().flatten().map(escape::text).collect();
    let subject = if blessed.subject.is_empty() {
        "…"
    } else {
        &blessed.subject
    };
    format!(
        "! {} {} ({})",
        escape::text(subject),
        blessed.what,
        by.join(", ")
    )
}

/// Whose key it is, and the key in full.
fn name(holder: &Keyholder) -> String {
    let key = escape::text(&holder.key);
    match &holder.name {
        Some(name) => format!("{} ({key})", escape::text(name)),
        None => key,
    }
}

fn of_group(group: Option<usize>) -> String {
    group.map_or_else(String::new, |group| format!(" in key group {group}"))
}

fn write_diff(file: &FileChange, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for line in &file.diff {
        let (sign, color) = if line.is_added {
            ('+', GREEN)
        } else {
            ('-', RED)
        };
        let text = format!("{sign}{:>5} {}", line.number, escape::text(&line.text));
        writeln!(out, "      {}", paint(style, color, &text))?;
    }
    Ok(())
}

/// What somebody could read who cannot any more, by the paths of values.
fn write_exposed(exposed: &[Exposed], out: &mut dyn Write) -> io::Result<()> {
    if exposed.is_empty() {
        return Ok(());
    }
    writeln!(out, "values that were open to the key that goes:")?;
    for file in exposed {
        writeln!(out, "    {}", escape::path(&file.path))?;
        for value in &file.values {
            writeln!(out, "        {}", escape::text(value))?;
        }
    }
    writeln!(out)
}

/// Files that are refused for the same reason, with the same help.
fn alike(all: &[Refused]) -> Vec<Vec<&Refused>> {
    let help = |refused: &Refused| refused.help.as_ref().map(|help| help.text.clone());
    let mut groups: Vec<Vec<&Refused>> = Vec::new();
    for refused in all {
        let same = groups.iter_mut().find(|group| {
            let first = group.first();
            first.is_some_and(|it| it.reason == refused.reason && help(it) == help(refused))
        });
        match same {
            Some(group) => group.push(refused),
            None => groups.push(vec![refused]),
        }
    }
    groups
}

fn write_refused(alike: &[&Refused], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Some(first) = alike.first() else {
        return Ok(());
    };
    let reason = escape::text(&first.reason);
    let blocked = paint(style, RED, "cannot be changed");
    if alike.len() == 1 {
        writeln!(out, "{}: {blocked}: {reason}", escape::path(&first.path))?;
    } else {
        writeln!(out, "{} {blocked}: {reason}", plural(alike.len(), "file"))?;
        let shown = if style.verbose {
            alike.len()
        } else {
            MAX_ALIKE
        };
        for refused in alike.iter().take(shown) {
            writeln!(out, "    {}", escape::path(&refused.path))?;
        }
        if let Some(more) = alike.len().checked_sub(shown).filter(|more| *more > 0) {
            writeln!(out, "    and {more} more (`--verbose` lists all)")?;
        }
    }
    if let Some(help) = &first.help {
        writeln!(out, "  help: {}", escape::text(&help.text))?;
        for command in &help.commands {
            writeln!(out, "          {}", escape::text(command))?;
        }
    }
    Ok(())
}

/// How many files are what.
fn totals(plan: &ChangePlan) -> String {
    let mut parts = vec![match plan.files.len() {
        0 => "nothing to change".to_owned(),
        count => format!("{} to change", plural(count, "file")),
    }];
    if plan.unchanged > 0 {
        parts.push(format!("{} as they should be", plan.unchanged));
    }
    if !plan.refused.is_empty() {
        parts.push(format!("{} that cannot be changed", plan.refused.len()));
    }
    parts.join(", ")
}
