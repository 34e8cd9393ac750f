//! The history of a secret file, as text.

#[cfg(feature = "cli")]
mod human;
mod json;
#[cfg(feature = "cli")]
mod words;

#[cfg(feature = "cli")]
pub use human::human;
pub use json::json;
