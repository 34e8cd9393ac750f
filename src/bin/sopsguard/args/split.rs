//! The arguments of `split`.

use std::path::PathBuf;

use super::WriteArgs;
use crate::help::{IDENTITIES, SPLIT_EXAMPLES, SPLIT_EXIT_CODES};

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{SPLIT_EXAMPLES}\n\n{SPLIT_EXIT_CODES}"))]
#[command(after_long_help = format!("{SPLIT_EXAMPLES}\n\n{IDENTITIES}\n\n{SPLIT_EXIT_CODES}"))]
pub(crate) struct SplitArgs {
    /// The files
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Put the new files into this folder of the repository, made where it is not there, instead of that of the old one
    #[arg(long, value_name = "DIR")]
    pub(crate) into: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}
