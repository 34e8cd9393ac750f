//! `sopsguard escrow`.

mod keygen;
mod recipients;
mod status;
mod verify;

use sopsguard::Environment;
use sopsguard::report::Style;

use crate::app::App;
use crate::args::{EscrowArgs, EscrowCommand};
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Runs one of the steps of a handover. Returns the exit code.
pub(crate) fn run(
    options: &EscrowArgs,
    environment: &Environment,
    app: &App,
    style: Style,
) -> Result<u8, Failure> {
    match &options.command {
        EscrowCommand::AddRecipient(options) => {
            let (mut terminal, mut asking) = (Terminal, Terminal);
            let access = app.access(&options.write.access, false, &mut terminal);
            let ask = app.ask(&options.write.access, &mut asking);
            recipients::add(options, environment, access, ask, style)
        }
        EscrowCommand::RemoveRecipient(options) => {
            let (mut terminal, mut asking) = (Terminal, Terminal);
            let access = app.access(&options.write.access, false, &mut terminal);
            let ask = app.ask(&options.write.access, &mut asking);
            recipients::remove(options, environment, access, ask, style)
        }
        EscrowCommand::Keygen(options) => keygen::run(options, environment, app),
        EscrowCommand::Status(options) => status::run(options, environment, style),
        EscrowCommand::Verify(options) => {
            let mut terminal = Terminal;
            let access = app.access(&options.access, false, &mut terminal);
            verify::run(options, environment, access, style)
        }
    }
}
