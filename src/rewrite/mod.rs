//! Plans of new texts: for secret files, for `.sops.yaml` and for the policy. Pure functions of what is there and
//! what is wanted. Nothing here reads or writes a file, asks somebody or knows the time.

mod copies;
pub(crate) mod creation;
pub(crate) mod listing;
pub(crate) mod policy;
mod refusal;
pub(crate) mod rekey;
pub(crate) mod reseal;
pub(crate) mod rotate;
pub(crate) mod split;
#[cfg(test)]
mod tests;

pub(crate) use refusal::Refusal;
