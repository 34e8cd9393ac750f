//! Repositories that are made and audited.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use sopsguard::engine::{self, Request};
use sopsguard::{Environment, Finding, Platform};
use tempfile::TempDir;

/// An empty repository.
pub(crate) fn repository() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let git = Command::new("git")
        .args(["init", "--quiet", "--template="])
        .current_dir(root.path())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .status();
    assert!(git.unwrap().success());
    root
}

/// What a rule finds, which has to be able to decide on everything.
pub(crate) fn fired(root: &Path, rule: &str) -> Vec<Finding> {
    let here = root.canonicalize().unwrap();
    let environment = Environment::new([], here, Platform::Unix);
    let report = engine::audit(Request::new(&environment)).unwrap();
    let mut skipped = report.not_evaluated.iter();
    let undecided = skipped.find(|skipped| skipped.rule == rule);
    assert!(undecided.is_none(), "{undecided:?}");
    let findings = report.findings.into_iter();
    findings.filter(|finding| finding.rule == rule).collect()
}

/// Where chance begins; it is no zero.
pub(crate) fn seed() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap().as_nanos() as u64 | 1
}
