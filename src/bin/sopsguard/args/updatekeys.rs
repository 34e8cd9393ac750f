//! The arguments of `updatekeys`.

use std::path::PathBuf;

use super::WriteArgs;
use crate::help::{IDENTITIES, UPDATEKEYS_EXAMPLES, UPDATEKEYS_EXIT_CODES};

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{UPDATEKEYS_EXAMPLES}\n\n{UPDATEKEYS_EXIT_CODES}"))]
#[command(after_long_help = format!("{UPDATEKEYS_EXAMPLES}\n\n{IDENTITIES}\n\n{UPDATEKEYS_EXIT_CODES}"))]
pub(crate) struct UpdateKeysArgs {
    /// Files and folders; the whole repository where there are none, or the current folder outside of one
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Only compare, without a key, and exit with 1 where a file does not follow its rule
    #[arg(long, conflicts_with_all = ["yes", "dry_run", "diff", "identities"])]
    pub(crate) check: bool,
    /// Give files the threshold of their rule, too, which `sops updatekeys` leaves alone
    #[arg(long)]
    pub(crate) apply_threshold: bool,
    /// Change files that do not verify, too, which blesses nothing: they fail afterwards as before
    #[arg(long)]
    pub(crate) even_if_unverified: bool,
    /// Let the installed sops change the files that it alone can change, on copies: those that get keys of
    /// PGP or of a cloud service, or that no age identity opens
    #[arg(long, conflicts_with = "check")]
    pub(crate) with_sops: bool,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}
