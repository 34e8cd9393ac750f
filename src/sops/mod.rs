//! The sops file: metadata, selectors, encrypted values, the data key and the MAC.
//!
//! The way through it: [`SopsFile::of`] reads the metadata, [`data_key::unlock`] opens the data key,
//! [`verify()`] walks all values and compares the MAC; [`check`] does all of it and says what sops
//! 3.13.3 would say. Everything that walks a document's values does it with [`walk()`].

mod blind;
mod bus_factor;
mod cipher;
mod comment;
mod copies;
mod data_key;
mod data_keys;
mod emit;
mod enc;
mod file;
mod go;
mod key_name;
mod mac;
mod metadata;
mod pattern;
mod plaintext;
mod problem;
mod recipients;
mod seal;
mod selectors;
mod shamir;
#[cfg(test)]
mod tests;
mod values;
mod verification;
mod verifier;
mod verify;
mod version;
mod walk;

pub(crate) use blind::{Blinded, Blinding};
pub use bus_factor::BusFactor;
pub(crate) use bus_factor::{BusFactors, Quorum};
pub(crate) use comment::ClearComment;
pub(crate) use data_key::{DataKey, Indivisible, locks, locks_by_group};
#[expect(unused_imports, reason = "the plans of rewrites need them")]
pub(crate) use data_key::{Locked, unlock};
pub(crate) use data_keys::{DataKeyId, DataKeys};
pub(crate) use enc::{Token, ValueType};
pub use file::Opener;
pub(crate) use file::{MetadataErrors, SopsFile, kind as kind_of};
pub(crate) use go::Time;
pub(crate) use key_name::KeyName;
pub(crate) use metadata::{KeyKind, MasterKey, Metadata};
pub(crate) use pattern::{Automaton, Error as PatternError, Pattern, Work};
pub(crate) use problem::{
    CopiedCiphertext, MacMismatch, MalformedCiphertext, MalformedMetadata, PlaintextValue, Problem,
    ProblemKind, Undecryptable, Unreadable,
};
pub(crate) use recipients::KeyNames;
pub(crate) use seal::{Mac, NotSealed, Renewal};
pub(crate) use selectors::{SelectorKind, Selectors};
pub(crate) use values::{OpenValue, Unopened, open_values};
#[cfg(feature = "cli")]
pub(crate) use verification::service;
pub use verification::{Reason, Verification};
pub(crate) use verify::{Inspection, Place, check, check_closed, open, verify, verify_values};
pub(crate) use walk::{Leaf, Overrun, Visit, walk};
