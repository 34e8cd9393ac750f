//! The arguments of `install`.

use sopsguard::install::Hook;

use super::values::hook_names;
use crate::help::INSTALL_EXAMPLES;

#[derive(Debug, clap::Args)]
#[command(after_help = INSTALL_EXAMPLES)]
pub(crate) struct InstallArgs {
    /// Only this hook: `pre-commit`, `pre-merge-commit` or `pre-push`; repeatable
    #[arg(long = "hook", value_name = "NAME", value_parser = hook_names())]
    #[arg(hide_possible_values = true)]
    pub(crate) hooks: Vec<Hook>,
    /// Take the hooks away, and put back those that were there before
    #[arg(long)]
    pub(crate) uninstall: bool,
    /// Print the script of a hook instead, for a folder of hooks that is shared
    #[arg(long, value_name = "NAME", value_parser = hook_names())]
    #[arg(hide_possible_values = true, conflicts_with_all = ["hooks", "uninstall"])]
    pub(crate) print: Option<Hook>,
}
