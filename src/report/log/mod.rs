//! The history of a secret file, as text.

#[cfg(feature = "cli")]
mod human;
mod json;
#[cfg(feature = "cli")]
pub(super) mod words;

#[cfg(feature = "cli")]
pub use human::human;
pub(super) use json::Entry;
pub use json::json;
