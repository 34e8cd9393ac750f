//! The arguments of `man`.

use crate::help::MAN_EXAMPLES;

#[derive(Debug, clap::Args)]
#[command(after_help = MAN_EXAMPLES)]
pub(crate) struct ManArgs {
    /// The command whose page is printed; that of sopsguard itself where there is none
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Option<String>,
}
