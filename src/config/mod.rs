//! What the user has settled for a repository, in `.sopsguard.toml`: which names are secret, what is
//! left out, how much each rule matters, who may decrypt what.

mod baseline;
mod covering;
pub(crate) mod creation;
mod day;
mod error;
mod first;
mod keys;
mod loosening;
mod patterns;
mod policy;
mod read;
mod recipients;
mod schema;
mod settings;
mod similar;

pub(crate) use baseline::{Accepted, Baseline};
pub(crate) use day::Day;
pub(crate) use error::Error;
pub(crate) use first::{First, FirstRecipient, literal, names_machine, quoted};
pub(crate) use keys::MAX_NAME;
pub(crate) use loosening::{Loosening, Looser, Pattern, Who};
pub(crate) use policy::Policy;
pub(crate) use recipients::{Trust, Trusted, is_same_name};
pub(crate) use schema::schema;
pub(crate) use similar::distance;

/// The name of the policy file, which lies at the root of a repository.
pub(crate) const FILE_NAME: &str = ".sopsguard.toml";

/// The rule that says that a policy was loosened. No policy settles anything about it: it would be
/// the first that a looser one switches off.
const FIRM: &str = "policy-weakened";

fn is_firm(rule: &str) -> bool {
    rule == FIRM
}
