//! Texts in, texts out: what is to stand in a file after a command, worked out before anything is written.
//!
//! No disk, no git, no clock: what comes out is proved, shown and put in place elsewhere.

#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the commands that change recipients need it")
)]
pub(crate) mod creation;
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "the commands that change recipients need all of it"
    )
)]
pub(crate) mod policy;
pub(crate) mod rekey;
