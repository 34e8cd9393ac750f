//! The arguments of `check`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::{AccessArgs, BaselineArgs, ComparedArgs, InputType, ReportFormat};
use crate::help::{CHECK_EXAMPLES, EXIT_CODES, IDENTITIES};

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
#[command(after_long_help = format!("{CHECK_EXAMPLES}\n\n{IDENTITIES}\n\n{EXIT_CODES}"))]
pub(crate) struct CheckArgs {
    /// Files and folders, `-` for standard input; the whole repository where there are none, or the
    /// current folder outside of one
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Check what the next commit will hold: the files in the index that differ from HEAD, or all
    /// that it has under PATH; never what only the work tree has
    #[arg(long)]
    pub(crate) staged: bool,
    #[command(flatten)]
    pub(crate) compared: ComparedArgs,
    /// Open files whose selectors are not those of the revision compared with, too: in a job that
    /// checks other people's changes a verdict would answer their guesses
    #[arg(long)]
    pub(crate) trust_changes: bool,
    /// Follow this policy instead of .sopsguard.toml at the repository's root
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The name that standard input is judged and reported by [default: stdin.yaml, or
    /// as the type says]
    #[arg(long, value_name = "NAME")]
    pub(crate) stdin_name: Option<PathBuf>,
    /// Read files that are named, and standard input, as TYPE, whatever their names say: what
    /// `sops --input-type` is for sops
    #[arg(long, value_name = "TYPE")]
    pub(crate) input_type: Option<InputType>,
    #[command(flatten)]
    pub(crate) baseline: BaselineArgs,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    /// Exit with 1 where a file stays unverified for want of a key
    #[arg(long)]
    pub(crate) require_key: bool,
    /// How to print the report
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: ReportFormat,
    /// Use at most N threads; one a core by default
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}
