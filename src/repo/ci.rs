//! The base of a pull or merge request, from the variables that GitHub and GitLab set for its jobs; and
//! of what is pushed, from those that pre-commit sets.

use super::base::{Base, NoBase};
use super::commits::Commits;
use super::id::{CommitId, Id};
use super::places::set;
use super::revision::Revision;

impl Commits<'_> {
    /// The base of the pull or merge request that this job is about; none where it is about none.
    ///
    /// It is the commit that the request starts from: where the service checks out the request
    /// merged into its target, the target as it was then; else the merge base with the target.
    ///
    /// # Errors
    /// [`NoBase`] inside, where this clone does not have it.
    pub(crate) fn base_in_ci(&mut self) -> Option<Result<Base, NoBase>> {
        let base = self.base_on_github().or_else(|| self.base_on_gitlab())?;
        Some(base.map_err(|none| match none {
            // The service names what there is: only this clone has not got it.
            NoBase::Unknown { revision, .. } if self.is_shallow() => self.too_shallow(&revision),
            other => other,
        }))
    }

    /// The base of a range that pre-commit or prek was given, or that is about to be pushed; none where
    /// it was given none.
    ///
    /// # Errors
    /// [`NoBase`] inside, where this clone does not have it.
    pub(crate) fn base_of_hook(&mut self) -> Option<Result<Base, NoBase>> {
        let from = self.variable("PRE_COMMIT_FROM_REF")?;
        let to = self.variable("PRE_COMMIT_TO_REF")?;
        Some(self.base_of_range(&from, &to))
    }

    fn base_on_github(&mut self) -> Option<Result<Base, NoBase>> {
        let target = self.variable("GITHUB_BASE_REF")?;
        if let Some(merged) = self.merged_by_github() {
            return Some(self.base_since(&merged.to_string()));
        }
        Some(self.base_since(&format!("refs/remotes/origin/{target}")))
    }

    /// The target's commit where `HEAD` is the merge that GitHub made of target and request.
    fn merged_by_github(&mut self) -> Option<CommitId> {
        let reference = self.variable("GITHUB_REF")?;
        if !reference.starts_with("refs/pull/") || !reference.ends_with("/merge") {
            return None;
        }
        let head = self.head().ok()?;
        let parents = self.parents(head).ok()?;
        let is_named = self.variable("GITHUB_SHA")? == head.to_string();
        (is_named && parents.len() == 2).then(|| parents.first().copied())?
    }

    fn base_on_gitlab(&mut self) -> Option<Result<Base, NoBase>> {
        // The first is set where the target was merged already for this job.
        let ids = [
            "CI_MERGE_REQUEST_TARGET_BRANCH_SHA",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA",
        ];
        let ids: Vec<String> = ids.iter().filter_map(|name| self.variable(name)).collect();
        let target = self.variable("CI_MERGE_REQUEST_TARGET_BRANCH_NAME");
        let there = ids.iter().find(|id| {
            Id::of_hex(id.as_bytes()).is_some()
                && matches!(self.revision(id), Ok(Revision::Commit(_)))
        });
        if let Some(id) = there {
            return Some(self.base_since(id));
        }
        let target = target.map(|name| format!("refs/remotes/origin/{name}"));
        let named = target.or_else(|| ids.first().cloned())?;
        Some(self.base_since(&named))
    }

    fn variable(&self, name: &str) -> Option<String> {
        let value = set(self.git.environment, name)?;
        value.to_str().map(str::to_owned)
    }
}
