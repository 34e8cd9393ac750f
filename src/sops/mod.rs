//! The sops file: metadata, selectors, encrypted values, the data key and the MAC.

mod verification;

pub use verification::{Reason, Verification};
