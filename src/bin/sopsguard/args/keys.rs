//! The arguments of `keys`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::{AccessArgs, Format, InputType};
use crate::help::{IDENTITIES, KEYS_EXAMPLES, KEYS_EXIT_CODES};

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{KEYS_EXAMPLES}\n\n{KEYS_EXIT_CODES}"))]
#[command(after_long_help = format!("{IDENTITIES}\n\n{KEYS_EXAMPLES}\n\n{KEYS_EXIT_CODES}"))]
pub(crate) struct KeysArgs {
    /// Files and folders to try the keys on, `-` for YAML on standard input; the whole repository
    /// where there are none, or the current folder outside of one
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Read files that are named as TYPE, whatever their names say
    #[arg(long, value_name = "TYPE")]
    pub(crate) input_type: Option<InputType>,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: Format,
    /// Use at most N threads; one a core by default
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}
