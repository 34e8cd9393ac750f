//! The arguments of `init`.

use crate::help::{INIT_EXAMPLES, INIT_EXIT_CODES};

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{INIT_EXAMPLES}\n\n{INIT_EXIT_CODES}"))]
pub(crate) struct InitArgs {
    /// Print what would be written, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the JSON Schema of the file instead, for editors
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) schema: bool,
}
