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

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests read fixtures")]
fn fs_for_tests(path: &std::path::Path) -> String {
    std::fs::read_to_string(path).expect("a fixture")
}
