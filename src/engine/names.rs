//! What people call the keys of a file: in the policy, else in the `.sops.yaml` above it.

use std::path::Path;

use super::creation::CreationRules;
use crate::config::Policy;

/// Where names of keys stand.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) policy: &'a Policy,
    pub(super) creation: &'a CreationRules<'a>,
}

impl Names<'_> {
    /// What a key of the file that reports call `path` is called, by the name by which keys are compared.
    pub(super) fn called(&self, path: &Path, canonical: &str) -> Option<String> {
        let in_policy = self.policy.name_of(canonical).map(str::to_owned);
        in_policy.or_else(|| self.creation.called(path, canonical))
    }
}
