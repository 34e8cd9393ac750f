//! The arguments that several commands take, each group one structure. (Their structures have no doc
//! comments: those would become the help of the commands that take them.)

use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::values::{Format, commits, plugin_name};

// What a run compares with, and how far back it looks.
#[derive(Debug, clap::Args)]
pub(crate) struct ComparedArgs {
    /// Check the files that the commits since the merge base of REV and HEAD changed, as HEAD has
    /// them, and compare them with that merge base; with `--staged`, as the index has them. In
    /// REV..TIP, TIP stands for HEAD
    #[arg(long, value_name = "REV", conflicts_with = "write")]
    pub(crate) since: Option<String>,
    /// Exit with 1 where there is no commit to compare with: with `--since`, or in a job of GitHub or GitLab
    /// for a change, the merge base, which a shallow clone lacks; else HEAD
    #[arg(long)]
    pub(crate) require_base: bool,
    /// Search the history, too, for who broke a file: at most N commits
    /// [default: 1000]
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "1000", hide_default_value = true, value_parser = commits)]
    pub(crate) history: Option<NonZeroUsize>,
}

// Which findings are accepted.
#[derive(Debug, clap::Args)]
pub(crate) struct BaselineArgs {
    /// Do not tell of the findings that FILE accepts; until the base has it, of those that the base's
    /// FILE accepts, too
    #[arg(long = "baseline", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Write all that is found now into the baseline FILE, and exit with 0
    #[arg(long = "write-baseline", requires = "file")]
    #[arg(conflicts_with_all = ["paths", "staged", "format"])]
    pub(crate) write: bool,
}

impl BaselineArgs {
    /// The baseline that judges the run: not one that is about to be written.
    pub(crate) fn to_follow(&self) -> Option<PathBuf> {
        self.file.clone().filter(|_| !self.write)
    }
}

// How a command that changes files goes about it.
#[derive(Debug, clap::Args)]
pub(crate) struct WriteArgs {
    /// Show what would change, and change nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Show the lines that would change
    #[arg(long)]
    pub(crate) diff: bool,
    /// Change the files that can be changed, and leave out the others; else all change, or none
    #[arg(long)]
    pub(crate) skip_refused: bool,
    /// Follow this policy instead of .sopsguard.toml at the repository's root
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: Format,
    /// Use at most N threads; one a core by default
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}

// Which keys are used, and what may be done for them.
#[derive(Debug, clap::Args)]
pub(crate) struct AccessArgs {
    /// Use the identities in FILE (`-` for standard input) instead of those found; repeatable
    #[arg(long = "identity", value_name = "FILE")]
    pub(crate) identities: Vec<PathBuf>,
    /// Let the age plugin NAME (`age-plugin-NAME` in PATH) open files; repeatable
    #[arg(long = "allow-plugin", value_name = "NAME", value_parser = plugin_name)]
    pub(crate) plugins: Vec<String>,
    /// Run SOPS_AGE_KEY_CMD and SOPS_AGE_SSH_PRIVATE_KEY_CMD in a hook, too
    #[arg(long)]
    pub(crate) allow_key_cmd: bool,
    /// Never ask for a passphrase; keys that need one count as absent
    #[arg(long)]
    pub(crate) no_input: bool,
    /// Wait at most SECONDS for a key command, for a plugin's answer, or for sops [default: 60]
    #[arg(
        long,
        value_name = "SECONDS",
        hide_default_value = true,
        default_value = "60"
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) key_timeout: u32,
}
