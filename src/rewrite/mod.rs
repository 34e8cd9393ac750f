//! Texts in, texts out: what is to stand in a file after a command, worked out before anything is written.
//!
//! No disk, no git, no clock: what comes out is proved, shown and put in place elsewhere.

pub(crate) mod creation;
pub(crate) mod policy;
