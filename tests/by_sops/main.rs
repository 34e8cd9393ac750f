//! What sopsguard says of repositories, against what real sops does with them.
//!
//! These tests need the programs that `scripts/peers` installs, and are ignored unless asked for. Where chance
//! writes the cases, a failure names the seed.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test fails where its world does"
)]

mod audited;
mod bus_factor;
mod changed;
mod creation_rules;
mod drift;
mod peers;
