//! A plan for people: each set of changes once, and below it the files that get it.

use std::io::{self, Write};

use super::super::escape;
use super::super::human::{GREEN, RED, Style, paint, plural};
use super::Stage;
use crate::engine::{Amendment, Blessed, ChangePlan, Exposed, FileChange, Keyholder, Refused};

const YELLOW: &str = "33";

/// Writes `plan` for people to read; once it was applied only what was done.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn human(plan: &ChangePlan, stage: Stage, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if stage == Stage::Applied {
        let files = plural(plan.files.len(), "file");
        return writeln!(out, "{files} changed");
    }
    for files in blocks(&plan.files) {
        for amendment in files.first().map_or(&[][..], |file| &file.amendments) {
            writeln!(out, "{}", told(amendment, style))?;
        }
        for file in files {
            writeln!(out, "    {}", escape::path(&file.path))?;
            write_diff(file, style, out)?;
        }
        writeln!(out)?;
    }
    for refused in &plan.refused {
        write_refused(refused, style, out)?;
    }
    write_exposed(&plan.exposed, out)?;
    for notice in &plan.notices {
        writeln!(out, "note: {}", escape::text(notice))?;
    }
    writeln!(out, "{}", totals(plan))
}

/// Files in a row with the same changes.
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

fn write_refused(refused: &Refused, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let path = escape::path(&refused.path);
    let reason = escape::text(&refused.reason);
    writeln!(
        out,
        "{path}: {}: {reason}",
        paint(style, RED, "cannot be changed")
    )?;
    if let Some(help) = &refused.help {
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
