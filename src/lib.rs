//! Verifies sops-encrypted files natively.

mod document;
mod environment;
mod finding;
mod sops;
mod source;

pub use document::Format;
pub use environment::{Environment, Platform};
pub use finding::{Finding, Location, Severity};
pub use sops::{Reason, Verification};
pub use source::{Position, SourceId};
