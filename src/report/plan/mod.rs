//! What a command would change, or has changed.

#[cfg(feature = "cli")]
mod human;
mod json;

#[cfg(feature = "cli")]
pub use human::human;
pub use json::json;

use crate::engine::Applied;

/// How far a plan came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// It is to be looked at.
    Planned,
    /// It was carried out.
    Applied(Applied),
}
