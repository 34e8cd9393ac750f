//! `escrow add-recipient` and `escrow remove-recipient`: the rules of `.sops.yaml`, the policy, and every file
//! that these rules govern, changed together or not at all.

mod adding;
mod additions;
mod asking;
mod choosing;
mod listing;
mod naming;
mod removing;
mod rules;
mod standing;

pub use adding::{AddRecipient, add_recipient};
pub use choosing::WhichRules;
pub use removing::{RemoveRecipient, remove_recipient};

use super::super::Error;

/// Why the recipients are not changed so.
fn refused(reason: impl Into<String>, help: impl Into<String>) -> Error {
    Error::Recipients {
        reason: reason.into(),
        help: help.into(),
    }
}
