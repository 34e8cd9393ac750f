//! What was interrupted, and what became of it, as text.

use std::io::{self, Write};

use serde::Serialize;

use super::escape;
use crate::engine::{Direction, FileState, RecoveredFile, Recovery};

/// Writes it for people to read, with what to do next.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn human(recovery: &Recovery, out: &mut dyn Write) -> io::Result<()> {
    if recovery.swept {
        return writeln!(
            out,
            "a run had ended before it changed anything; what it left is deleted"
        );
    }
    if !recovery.interrupted {
        return writeln!(out, "nothing was interrupted");
    }
    let all = plural(recovery.files.len(), "file");
    writeln!(out, "a change of {all} was interrupted:")?;
    for file in &recovery.files {
        writeln!(out, "  {:<22} {}", words(file), escape::path(&file.path))?;
    }
    match (recovery.direction, recovery.changed) {
        (Some(Direction::Finish), Some(changed)) => writeln!(
            out,
            "finished: {} changed now, and all are as after the change",
            plural(changed, "file")
        ),
        (Some(Direction::Undo), Some(changed)) => writeln!(
            out,
            "undone: {} put back now, and all are as before the change",
            plural(changed, "file")
        ),
        (direction, None) => next(recovery, direction, out),
        (None, Some(_)) => Ok(()),
    }
}

/// What can be done.
fn next(recovery: &Recovery, direction: Option<Direction>, out: &mut dyn Write) -> io::Result<()> {
    let files = || recovery.files.iter();
    let others: Vec<&RecoveredFile> = files()
        .filter(|file| file.state == FileState::Other)
        .collect();
    let to_finish = files()
        .filter(|file| file.state != FileState::After)
        .count();
    let to_undo = files()
        .filter(|file| file.state != FileState::Before)
        .count();
    writeln!(out, "\nnext:")?;
    for file in &others {
        let path = escape::path(&file.path);
        writeln!(
            out,
            "  somebody edited `{path}` since: move that version aside first (`mv {path} {path}.mine`)"
        )?;
    }
    if direction != Some(Direction::Undo) {
        writeln!(
            out,
            "  sopsguard recover --finish    go on: {} still to be changed",
            plural(to_finish, "file")
        )?;
    }
    if direction != Some(Direction::Finish) {
        writeln!(
            out,
            "  sopsguard recover --undo      take it back: {} to be put back",
            plural(to_undo, "file")
        )?;
    }
    Ok(())
}

fn words(file: &RecoveredFile) -> &'static str {
    match (file.state, file.was, file.will_be) {
        (FileState::Before, false, _) => "not there yet",
        (FileState::Before, true, false) => "to be removed",
        (FileState::Before, true, true) => "to be changed",
        (FileState::After, false, _) => "there already",
        (FileState::After, true, false) => "removed already",
        (FileState::After, true, true) => "changed already",
        (FileState::Gone, _, _) => "gone",
        (FileState::Other, _, _) => "edited by somebody",
    }
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 {
        format!("1 {word}")
    } else {
        format!("{count} {word}s")
    }
}

/// Writes one JSON object, `sopsguard.recovery/1`: fields are added, never renamed.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn json(recovery: &Recovery, out: &mut dyn Write) -> io::Result<()> {
    let page = Page {
        schema: "sopsguard.recovery/1",
        interrupted: recovery.interrupted,
        swept: recovery.swept,
        direction: recovery.direction.map(|direction| match direction {
            Direction::Finish => "finish",
            Direction::Undo => "undo",
        }),
        changed: recovery.changed,
        files: recovery.files.iter().map(File::of).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &page)?;
    writeln!(out)
}

#[derive(Serialize)]
struct Page {
    schema: &'static str,
    interrupted: bool,
    swept: bool,
    direction: Option<&'static str>,
    changed: Option<usize>,
    files: Vec<File>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    path: String,
    /// How it was found.
    state: &'static str,
    /// What the change does to it.
    change: &'static str,
}

impl File {
    fn of(file: &RecoveredFile) -> Self {
        Self {
            path: crate::paths::with_slashes(&file.path),
            state: match file.state {
                FileState::Before => "before",
                FileState::After => "after",
                FileState::Gone => "gone",
                FileState::Other => "other",
            },
            change: match (file.was, file.will_be) {
                (false, _) => "create",
                (true, false) => "remove",
                (true, true) => "replace",
            },
        }
    }
}
