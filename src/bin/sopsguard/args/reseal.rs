//! The arguments of `reseal`.

use std::path::PathBuf;

use sopsguard::engine::Reseal;

use super::WriteArgs;
use crate::help::{IDENTITIES, RESEAL_EXAMPLES, RESEAL_EXIT_CODES};

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{RESEAL_EXAMPLES}\n\n{RESEAL_EXIT_CODES}"))]
#[command(after_long_help = format!("{RESEAL_EXAMPLES}\n\n{IDENTITIES}\n\n{RESEAL_EXIT_CODES}"))]
pub(crate) struct ResealArgs {
    /// The files
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Bless a file of which no version is found that verified: all that it holds
    #[arg(long)]
    pub(crate) accept_unknown: bool,
    /// Look at no more than N commits of the repository for the last version that verified
    #[arg(long, value_name = "N", default_value_t = Reseal::HISTORY)]
    pub(crate) history: usize,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}
