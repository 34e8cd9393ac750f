//! The arguments of `completions`.

use crate::help::COMPLETIONS_EXAMPLES;

#[derive(Debug, clap::Args)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// The shell that is to complete
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}
