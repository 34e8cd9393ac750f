//! Texts in, texts out: what is to stand in a file after a command, worked out before anything is written.
//!
//! No disk, no git, no clock: what comes out is proved, shown and put in place elsewhere.

mod copies;
mod refusal;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "no command writes secret files yet")
)]
pub(crate) mod reseal;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "no command writes secret files yet")
)]
pub(crate) mod rotate;
#[cfg(test)]
mod tests;

pub(crate) use refusal::Refusal;
