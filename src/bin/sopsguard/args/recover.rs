//! The arguments of `recover`.

use super::Format;
use crate::help::{RECOVER_EXAMPLES, RECOVER_EXIT_CODES};

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{RECOVER_EXAMPLES}\n\n{RECOVER_EXIT_CODES}"))]
pub(crate) struct RecoverArgs {
    /// Change the files that are still as before
    #[arg(long, conflicts_with = "undo")]
    pub(crate) finish: bool,
    /// Put back the files that are changed already
    #[arg(long)]
    pub(crate) undo: bool,
    /// Tell what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: Format,
}
