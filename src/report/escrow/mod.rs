//! What the commands of `escrow` print.

mod keygen;
#[cfg(feature = "cli")]
mod paper;

pub use keygen::{KeyPlaces, keygen};
#[cfg(feature = "cli")]
pub use paper::paper;
