//! All that a rule about configuration may see.

use super::FileContext;
use crate::config::Loosening;
use crate::rules::Command;

/// The policy file, and what is looser in it than in the one before.
pub(crate) struct ConfigContext<'a> {
    /// The policy file as it is now; without a text where there is none.
    pub(crate) file: &'a FileContext<'a>,
    /// What is looser.
    pub(crate) loosenings: &'a [Loosening],
    /// The commit with the policy before, as git takes it.
    pub(crate) revision: &'a str,
    /// The command that runs.
    pub(crate) command: Command,
}
