//! The arguments of `recipients`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::{InputType, TableFormat};
use crate::help::{RECIPIENTS_EXAMPLES, RECIPIENTS_EXIT_CODES};

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{RECIPIENTS_EXAMPLES}\n\n{RECIPIENTS_EXIT_CODES}"))]
pub(crate) struct RecipientsArgs {
    /// Files and folders, `-` for YAML on standard input; the whole repository where there are none, or
    /// the current folder outside of one
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Show only the files of which this recipient has a key: a name, a key, or eight characters or
    /// more that a key begins or ends with
    #[arg(long, value_name = "NAME|KEY")]
    pub(crate) recipient: Option<String>,
    /// Follow this policy instead of .sopsguard.toml at the repository's root
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Read files that are named as TYPE, whatever their names say
    #[arg(long, value_name = "TYPE")]
    pub(crate) input_type: Option<InputType>,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: TableFormat,
    /// Use at most N threads; one a core by default
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}
