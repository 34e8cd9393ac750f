//! What the commands of `escrow` print.

mod keygen;
#[cfg(feature = "cli")]
mod paper;
mod proof;
mod status;

pub use keygen::{KeyPlaces, keygen};
#[cfg(feature = "cli")]
pub use paper::paper;
pub use proof::{human as proof_human, json as proof_json};
pub use status::{human as status_human, json as status_json};
