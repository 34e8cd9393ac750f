//! What the history of a file says of it: its versions as they were, read from git and compared.
//!
//! [`repo`](crate::repo) knows which commits changed a file, and [`change`](crate::change) what two
//! versions have to do with each other; here the two meet.

mod again;
mod departures;
mod log;
mod needle;
mod origin;
mod reader;
mod sound;
mod step;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test makes its own world")]
mod tests;
mod verified;

pub(crate) use again::again;
pub(crate) use departures::{Departure, Now, departures, gone};
pub(crate) use log::Content;
pub(crate) use needle::Needle;
pub(crate) use origin::{Edited, Present, Traced, trace};
pub(crate) use reader::Reader;
pub(crate) use sound::{Sound, last_sound};
pub use step::{DataKeyFate, Edit, Step, ValueChange, What};
pub(crate) use verified::{Named, Place, Verdict, Verified, Verifier};
