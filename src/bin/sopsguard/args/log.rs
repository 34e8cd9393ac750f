//! The arguments of `log`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::{AccessArgs, Format, InputType};
use crate::help::{IDENTITIES, LOG_EDITS, LOG_EXAMPLES, LOG_EXIT_CODES};

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{LOG_EXAMPLES}\n\n{LOG_EXIT_CODES}"))]
#[command(after_long_help = format!("{LOG_EDITS}\n\n{IDENTITIES}\n\n{LOG_EXAMPLES}\n\n{LOG_EXIT_CODES}"))]
pub(crate) struct LogArgs {
    /// The file, which may be deleted by now
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Tell of the last N commits that changed the file; of all by default
    #[arg(long, short = 'n', value_name = "N")]
    pub(crate) max_count: Option<usize>,
    /// Look at the last N commits of the repository [default: 100000]
    #[arg(long, value_name = "N")]
    pub(crate) history: Option<usize>,
    /// Read all versions as TYPE, whatever their names say
    #[arg(long, value_name = "TYPE")]
    pub(crate) input_type: Option<InputType>,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    /// Verify versions whose selectors were edited, too: the verdict on such can tell whoever edited
    /// them whether a guess at a value is right
    #[arg(long)]
    pub(crate) trust_changes: bool,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: Format,
    /// Use at most N threads; one a core by default
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}
