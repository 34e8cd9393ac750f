//! `escrow`: the key that is kept for the day when all others are gone, and the handover from one
//! maintainer to the next.

mod keygen;
mod place;
mod recipients;
mod record;
mod status;
mod steps;
mod verify;

pub use keygen::{KeyKind, NewIdentity, new_passphrase};
pub use place::refuse_repository;
pub use recipients::{AddRecipient, RemoveRecipient, WhichRules, add_recipient, remove_recipient};
pub use status::{EscrowKey, EscrowStatus, Leaving, escrow_status};
pub use steps::{Step as HandoverStep, StepState};
pub use verify::{
    NotProved, ProofReport, ProofRequest, ProvedIdentity, Recorded, prove_identities,
};
