//! `sopsguard escrow`.

mod keygen;

use sopsguard::Environment;

use crate::app::App;
use crate::args::{EscrowArgs, EscrowCommand};
use crate::failure::Failure;

/// Runs one of the steps of a handover. Returns the exit code.
pub(crate) fn run(
    options: &EscrowArgs,
    environment: &Environment,
    app: &App,
) -> Result<u8, Failure> {
    match &options.command {
        EscrowCommand::Keygen(options) => keygen::run(options, environment, app),
    }
}
