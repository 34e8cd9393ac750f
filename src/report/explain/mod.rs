//! All that is said of one file, as text.

#[cfg(feature = "cli")]
mod human;
mod json;
#[cfg(feature = "cli")]
mod layout;
#[cfg(feature = "cli")]
mod rule;

#[cfg(feature = "cli")]
pub use human::human;
pub use json::json;
