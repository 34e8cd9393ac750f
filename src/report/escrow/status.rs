//! Where a handover stands, as text: one screen.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::super::escape;
use crate::engine::{EscrowKey, EscrowStatus, HandoverStep as Step, Keyholder, Leaving, StepState};

/// How many files are named where not all are wanted.
const NAMED: usize = 3;
/// How many characters of a key are shown where not all are wanted.
const MAX_KEY: usize = 70;

/// Writes it for people to read; with `verbose`, the names of all files.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn human(status: &EscrowStatus, verbose: bool, out: &mut dyn Write) -> io::Result<()> {
    let most = if verbose { usize::MAX } else { NAMED };
    writeln!(
        out,
        "{}: {}",
        text(&status.folder),
        plural(status.files, "secret file")
    )?;
    write_bus_factor(status, most, out)?;
    for escrow in &status.escrows {
        write_escrow(escrow, status, out)?;
    }
    match (status.escrows.as_slice(), status.without_escrow.as_slice()) {
        ([], _) => writeln!(out, "  escrow          none is listed in the policy")?,
        (_, []) => writeln!(out, "  without escrow  no file")?,
        (_, without) => writeln!(out, "  without escrow  {}", names(without, most))?,
    }
    if !status.unread.is_empty() {
        writeln!(out, "  damaged         {}", names(&status.unread, most))?;
    }
    if let Some(leaving) = &status.leaving {
        write_leaving(leaving, status.files, most, out)?;
    }
    writeln!(out)?;
    for step in &status.steps {
        write_step(step, out)?;
    }
    let open = status
        .steps
        .iter()
        .filter(|step| step.state == StepState::Open)
        .count();
    let unknown = status
        .steps
        .iter()
        .filter(|step| step.state == StepState::Unknown)
        .count();
    writeln!(
        out,
        "\n{open} not done [ ], {unknown} that files cannot tell [?]"
    )?;
    if status.leaving.is_none() {
        writeln!(
            out,
            "when somebody leaves: sopsguard escrow status --leaving NAME"
        )?;
    }
    Ok(())
}

fn write_bus_factor(status: &EscrowStatus, most: usize, out: &mut dyn Write) -> io::Result<()> {
    let Some(factor) = status.bus_factor else {
        return writeln!(out, "  bus factor      none: there is no secret file here");
    };
    let wanted = match factor < status.min_recipients {
        true => format!(" ({} are wanted)", status.min_recipients),
        false => String::new(),
    };
    match status.lone.as_slice() {
        [] => writeln!(out, "  bus factor      {factor} at the least{wanted}"),
        lone => {
            let lone = format!("{}: {}", plural(lone.len(), "file"), names(lone, most));
            writeln!(
                out,
                "  bus factor      {factor} at the least{wanted}; lost with one key: {lone}"
            )
        }
    }
}

fn write_escrow(escrow: &EscrowKey, status: &EscrowStatus, out: &mut dyn Write) -> io::Result<()> {
    let (name, key) = (text(&escrow.name), text(&shortened(&escrow.key)));
    writeln!(out, "  escrow          {name}: {key}")?;
    writeln!(
        out,
        "                  opens {} of {} files by itself",
        escrow.opens, status.files
    )?;
    let allowed = status
        .proof_max_age
        .map(|days| format!(" (at most {days} allowed)"));
    let allowed = allowed.unwrap_or_default();
    match (&escrow.proved, escrow.age) {
        (Some(day), Some(..-1)) => {
            writeln!(
                out,
                "                  proved on {day}, which is still to come"
            )?;
        }
        (Some(day), Some(age)) => {
            writeln!(
                out,
                "                  proved on {day}, {age} days ago{allowed}"
            )?;
        }
        (Some(day), None) => writeln!(out, "                  proved on {day}")?,
        (None, _) => writeln!(out, "                  never proved")?,
    }
    match escrow.held_by.as_slice() {
        [] => writeln!(
            out,
            "                  nobody has listed where it is (`held-by`)"
        ),
        held => writeln!(out, "                  held by {}", text(&held.join(", "))),
    }
}

fn write_leaving(
    leaving: &Leaving,
    files: usize,
    most: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "\n{} leaves", text(&leaving.name))?;
    for key in &leaving.keys {
        let role = key.role.as_deref().unwrap_or("no role in the policy");
        let held = match key.held_by.as_slice() {
            [] => "nobody has listed where it is".to_owned(),
            held => format!("held by {}", held.join(", ")),
        };
        let key = shortened(&key.key);
        writeln!(out, "  {} ({}; {})", text(&key), text(role), text(&held))?;
    }
    if leaving.keys.is_empty() {
        writeln!(out, "  nobody of this name is in a file or in the policy")?;
    }
    let opens = [
        ("opens", &leaving.opens),
        ("helps to open", &leaving.helps_open),
        ("lost with this key", &leaving.lone),
        ("named by rules", &leaving.rules),
    ];
    for (what, paths) in opens {
        let count = paths.len();
        match (what, paths.as_slice()) {
            ("opens", []) => writeln!(out, "  opens no file alone")?,
            (_, []) => {}
            ("opens", _) if count == files => writeln!(out, "  opens all {files} files")?,
            ("named by rules", paths) => writeln!(out, "  {what} in {}", names(paths, most))?,
            (what, paths) => {
                writeln!(
                    out,
                    "  {what} {count} of {files} files: {}",
                    names(paths, most)
                )?;
            }
        }
    }
    Ok(())
}

fn write_step(step: &Step, out: &mut dyn Write) -> io::Result<()> {
    let mark = match step.state {
        StepState::Done => 'x',
        StepState::Open => ' ',
        StepState::Unknown => '?',
    };
    writeln!(out, "[{mark}] {}. {}", step.number, text(&step.what))?;
    writeln!(out, "       {}", text(&step.why))?;
    if step.state == StepState::Done {
        return Ok(());
    }
    for command in &step.commands {
        writeln!(out, "       $ {}", text(command))?;
    }
    Ok(())
}

fn text(of_user: &str) -> String {
    escape::text(of_user)
}

fn plural(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

fn shortened(key: &str) -> String {
    if key.chars().count() <= MAX_KEY {
        return key.to_owned();
    }
    let start: String = key.chars().take(MAX_KEY - 1).collect();
    format!("{start}…")
}

fn names(paths: &[PathBuf], most: usize) -> String {
    let named: Vec<String> = paths
        .iter()
        .take(most)
        .map(|path| text(&shown(path)))
        .collect();
    match paths.len().saturating_sub(most) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Told<'t> {
    schema: &'static str,
    files: usize,
    unread: Vec<String>,
    bus_factor: Option<usize>,
    min_recipients: usize,
    lone: Vec<String>,
    escrows: Vec<ToldKey<'t>>,
    without_escrow: Vec<String>,
    proof_max_age: Option<i64>,
    leaving: Option<ToldLeaving<'t>>,
    steps: Vec<ToldStep<'t>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ToldKey<'t> {
    name: &'t str,
    key: &'t str,
    held_by: &'t [String],
    opens: usize,
    proved: Option<&'t str>,
    age: Option<i64>,
    is_proved: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ToldLeaving<'t> {
    name: &'t str,
    keys: Vec<ToldHolder<'t>>,
    opens: Vec<String>,
    helps_open: Vec<String>,
    lone: Vec<String>,
    unshared: Vec<String>,
    rules: Vec<String>,
    is_listed: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ToldHolder<'t> {
    key: &'t str,
    name: Option<&'t str>,
    role: Option<&'t str>,
    held_by: &'t [String],
}

#[derive(Serialize)]
struct ToldStep<'t> {
    number: usize,
    what: &'t str,
    state: &'static str,
    why: &'t str,
    commands: &'t [String],
}

/// Writes it as one JSON object.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn json(status: &EscrowStatus, out: &mut dyn Write) -> io::Result<()> {
    let told = Told {
        schema: "sopsguard.escrow-status/1",
        files: status.files,
        unread: all(&status.unread),
        bus_factor: status.bus_factor,
        min_recipients: status.min_recipients,
        lone: all(&status.lone),
        escrows: status.escrows.iter().map(ToldKey::of).collect(),
        without_escrow: all(&status.without_escrow),
        proof_max_age: status.proof_max_age,
        leaving: status.leaving.as_ref().map(ToldLeaving::of),
        steps: status.steps.iter().map(ToldStep::of).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &told)?;
    writeln!(out)
}

impl<'t> ToldKey<'t> {
    fn of(escrow: &'t EscrowKey) -> Self {
        Self {
            name: &escrow.name,
            key: &escrow.key,
            held_by: &escrow.held_by,
            opens: escrow.opens,
            proved: escrow.proved.as_deref(),
            age: escrow.age,
            is_proved: escrow.is_proved,
        }
    }
}

impl<'t> ToldLeaving<'t> {
    fn of(leaving: &'t Leaving) -> Self {
        Self {
            name: &leaving.name,
            keys: leaving.keys.iter().map(ToldHolder::of).collect(),
            opens: all(&leaving.opens),
            helps_open: all(&leaving.helps_open),
            lone: all(&leaving.lone),
            unshared: all(&leaving.unshared),
            rules: all(&leaving.rules),
            is_listed: leaving.is_listed,
        }
    }
}

impl<'t> ToldHolder<'t> {
    fn of(holder: &'t Keyholder) -> Self {
        Self {
            key: &holder.key,
            name: holder.name.as_deref(),
            role: holder.role.as_deref(),
            held_by: &holder.held_by,
        }
    }
}

impl<'t> ToldStep<'t> {
    fn of(step: &'t Step) -> Self {
        Self {
            number: step.number,
            what: &step.what,
            state: step.state.name(),
            why: &step.why,
            commands: &step.commands,
        }
    }
}

fn all(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|path| shown(path)).collect()
}
