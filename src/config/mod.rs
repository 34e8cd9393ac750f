//! What the user has settled for a repository, in `.sopsguard.toml`: which names are secret, what is
//! left out, how much each rule matters.

mod error;
mod patterns;
mod policy;
mod read;
mod similar;

pub(crate) use error::Error;
pub(crate) use policy::Policy;

/// The name of the policy file, which lies at the root of a repository.
pub(crate) const FILE_NAME: &str = ".sopsguard.toml";
