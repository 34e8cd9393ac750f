//! Verifies sops-encrypted files natively, without running sops.
//!
//! [`engine::check`] looks at files and gives a [`engine::Report`]; [`engine::explain_tree`] lists
//! the values of one file as sops sees them; [`report`] turns either into text. Nothing here prints,
//! reads the environment or asks the user: that is the command's part.
//!
//! ```
//! use sopsguard::engine::{self, Request, Target};
//! use sopsguard::{Environment, Platform, Verification};
//!
//! let folder = std::env::current_dir().unwrap().join("testdata/example");
//! let environment = Environment::new([], folder, Platform::Unix);
//! let mut request = Request::new(&environment);
//! request.targets = vec![Target::Path("healthy".into())];
//! let report = engine::check(request)?;
//! assert!(report.findings.is_empty());
//! assert!(report.files.iter().all(|file| file.verification != Verification::Failed));
//! # Ok::<(), engine::Error>(())
//! ```

mod apply;
mod change;
mod config;
mod deployment;
mod document;
pub mod engine;
mod environment;
mod finding;
mod fs;
mod history;
mod keys;
mod paths;
#[cfg(test)]
#[path = "../tests/by_sops/peers.rs"]
mod peers;
mod process;
mod random;
mod repo;
pub mod report;
mod rewrite;
mod rules;
mod secret;
mod sops;
mod source;
mod transaction;

pub use document::{Foreign, Format};
pub use environment::{Environment, Platform};
pub use finding::{Finding, Help, Location, Severity, Snippet, shell_word};
pub use repo::install;
pub use sops::{Reason, Verification};
pub use source::Position;

/// Doors for benchmarks; no part of the library's interface.
#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench {
    /// Reads a YAML text as sops does and says how many documents it has; `None` where sops would
    /// not load it.
    #[must_use]
    pub fn read_yaml(text: &str) -> Option<usize> {
        let tree = crate::document::yaml::load(text).ok()?;
        Some(tree.branches().len())
    }
}
