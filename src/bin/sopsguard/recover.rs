//! `sopsguard recover`.

use sopsguard::Environment;
use sopsguard::engine::{self, Direction};
use sopsguard::report;

use crate::app;
use crate::args::{Format, RecoverArgs};
use crate::failure::Failure;

/// The exit code where something is still interrupted.
const INTERRUPTED: u8 = 4;

/// Tells what was interrupted, and finishes or undoes it. Returns the exit code.
pub(crate) fn run(options: &RecoverArgs, environment: &Environment) -> Result<u8, Failure> {
    let direction = match (options.finish, options.undo) {
        (true, _) => Some(Direction::Finish),
        (false, true) => Some(Direction::Undo),
        (false, false) => None,
    };
    let recovery = engine::recover(environment, direction, options.dry_run)?;
    app::print(|out| match options.format {
        Format::Human => report::recovery_human(&recovery, out),
        Format::Json => report::recovery_json(&recovery, out),
    })?;
    let is_open = recovery.interrupted && recovery.changed.is_none();
    Ok(if is_open { INTERRUPTED } else { 0 })
}
