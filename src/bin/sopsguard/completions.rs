//! `sopsguard completions`.

use clap::CommandFactory;

use crate::app;
use crate::args::{Args, CompletionsArgs};
use crate::failure::Failure;

/// Prints the completions for a shell. Returns the exit code.
pub(crate) fn run(options: &CompletionsArgs) -> Result<u8, Failure> {
    // Into memory first: the generator does not survive a reader that goes away.
    let mut script = Vec::new();
    clap_complete::generate(
        options.shell,
        &mut Args::command(),
        "sopsguard",
        &mut script,
    );
    app::print(|out| out.write_all(&script))?;
    Ok(0)
}
