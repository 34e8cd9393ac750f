//! Identities and recipients: what opens files, where it is found, and for whom files are locked.
//!
//! [`Keyring::discover`] gathers the identities that sops would find, [`Keyring::given`] those that
//! the user names instead; [`Keyring::open`] opens one [`AgeFile`]. No type here that holds a
//! secret can be printed.

mod age_file;
mod bech32;
mod exposed;
mod identity;
mod keyring;
mod places;
mod recipient;
mod source;

pub(crate) use age_file::AgeFile;
pub(crate) use exposed::{Exposed, exposed, may_be_exposed};
pub(crate) use keyring::{Given, Keyring, Obstacle};
pub(crate) use places::{Place, PlaceState};
pub(crate) use recipient::{Recipient, RecipientKind};
