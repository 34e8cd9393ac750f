//! The arguments of `explain`.

use std::path::PathBuf;

use super::{AccessArgs, Format, InputType};
use crate::help::{EXPLAIN_EXAMPLES, EXPLAIN_EXIT_CODES, IDENTITIES};

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXPLAIN_EXAMPLES}\n\n{EXPLAIN_EXIT_CODES}"))]
#[command(after_long_help = format!("{EXPLAIN_EXAMPLES}\n\n{IDENTITIES}\n\n{EXPLAIN_EXIT_CODES}"))]
pub(crate) struct ExplainArgs {
    /// The file, `-` for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// List the values instead, as sops sees them; this needs no key
    #[arg(long)]
    #[arg(conflicts_with_all = ["history", "trust_changes", "config", "identities", "plugins"])]
    pub(crate) tree: bool,
    /// Look at the last N commits for what changed
    /// [default: 1000]
    #[arg(long, value_name = "N")]
    pub(crate) history: Option<usize>,
    /// Open the file although its selectors are not those of the revision compared with: in a job
    /// that checks other people's changes a verdict would answer their guesses
    #[arg(long)]
    pub(crate) trust_changes: bool,
    /// Follow this policy instead of .sopsguard.toml at the repository's root
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: Format,
    /// Read the file as TYPE, whatever its name says
    #[arg(long, value_name = "TYPE")]
    pub(crate) input_type: Option<InputType>,
    /// The name that standard input is judged and reported by, as if it stood there [default:
    /// stdin.yaml, or as the type says]
    #[arg(long, value_name = "NAME")]
    pub(crate) stdin_name: Option<PathBuf>,
}
