//! Identities and recipients: what opens files, where it is found, and for whom files are locked.
//!
//! [`Keyring::discover`] gathers the identities that sops would find, [`Keyring::given`] those that
//! the user names instead; [`Keyring::open`] opens one [`AgeFile`]. That costs nothing but time, and
//! runs in parallel. What asks somebody or runs something comes after it, in [`Keyring::wake`], for
//! what is still [`Shut`]. [`Recipient::lock`] is the other direction. No type here that holds a secret can be printed.

mod age_file;
mod alone;
mod ask;
mod bech32;
mod dormant;
mod exposed;
#[cfg(feature = "plugin")]
mod file_key;
mod flaw;
mod found;
mod fresh;
mod identity;
mod keyring;
mod listing;
mod lock;
#[cfg(feature = "ssh")]
mod pem;
mod places;
#[cfg(feature = "plugin")]
mod plugin;
#[cfg(feature = "pq")]
mod pq;
mod recipient;
mod remembered;
mod shared;
mod source;
#[cfg(feature = "ssh")]
mod ssh;
mod wake;
mod words;
mod x25519;

pub(crate) use age_file::AgeFile;
pub use ask::{Answer, Ask};
pub(crate) use dormant::Obstacle;
pub(crate) use exposed::{Exposed, exposed, may_be_exposed};
pub(crate) use flaw::Flaw;
pub(crate) use fresh::{Fresh, NotMade};
pub(crate) use keyring::{Given, Keyring, MAX_KEY_FILE};
pub(crate) use listing::Listed;
pub(crate) use lock::{LockError, Wrapped, lock_to_passphrase};
pub(crate) use places::{IdentityFile, Origin, Place, PlaceState, files};
pub(crate) use recipient::{Recipient, RecipientKind};
pub(crate) use wake::{Locked, Means, Shut};
