//! The arguments of `rotate`.

use std::path::PathBuf;

use super::WriteArgs;
use crate::help::{IDENTITIES, ROTATE_EXAMPLES, ROTATE_EXIT_CODES};

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{ROTATE_EXAMPLES}\n\n{ROTATE_EXIT_CODES}"))]
#[command(after_long_help = format!("{ROTATE_EXAMPLES}\n\n{IDENTITIES}\n\n{ROTATE_EXIT_CODES}"))]
pub(crate) struct RotateArgs {
    /// Files and folders; the whole repository where there are none, or the current folder outside of one
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}
