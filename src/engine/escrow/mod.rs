//! `escrow`: the key that is kept for the day when all others are gone, and the handover from one
//! maintainer to the next.

mod keygen;
mod place;
mod record;
mod verify;

pub use keygen::{KeyKind, NewIdentity, new_passphrase};
pub use place::refuse_repository;
pub use verify::{
    NotProved, ProofReport, ProofRequest, ProvedIdentity, Recorded, prove_identities,
};
