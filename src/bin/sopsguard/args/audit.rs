//! The arguments of `audit`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::{AccessArgs, BaselineArgs, ComparedArgs, ReportFormat};
use crate::help::{AUDIT_EXAMPLES, AUDIT_EXIT_CODES, AUDIT_HISTORY, AUDIT_SINCE};

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{AUDIT_EXAMPLES}\n\n{AUDIT_EXIT_CODES}"))]
#[command(mut_arg("since", |since| since.help(AUDIT_SINCE)))]
#[command(mut_arg("history", |history| history.help(AUDIT_HISTORY)))]
pub(crate) struct AuditArgs {
    /// Tell only of these files, and of those below these folders; the whole repository is looked at
    /// all the same
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Audit what the next commit will hold instead of the work tree
    #[arg(long)]
    pub(crate) staged: bool,
    #[command(flatten)]
    pub(crate) compared: ComparedArgs,
    /// Open the files and compare their values, for such as stand in several places and for known
    /// dummies; never in a job that checks other people's changes, where it would answer their guesses
    #[arg(long)]
    pub(crate) compare_values: bool,
    /// Open files whose selectors are not those of the revision compared with, too
    #[arg(long, requires = "compare_values")]
    pub(crate) trust_changes: bool,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    /// Follow this policy instead of .sopsguard.toml at the repository's root
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) baseline: BaselineArgs,
    /// How to print the report
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: ReportFormat,
    /// Use at most N threads; one a core by default
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}
