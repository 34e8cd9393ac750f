//! Which files the commits at hand have: `HEAD`, and the other side of a merge or a rebase that goes
//! on. Others are left aside.

use std::collections::HashMap;

use super::Repo;
use super::commits::Commits;
use super::entry::Kind;
use super::id::CommitId;

/// The commits at hand, by their names.
const COMMITS: [&str; 5] = [
    "HEAD",
    "MERGE_HEAD",
    "REBASE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
];

impl Repo<'_> {
    /// The commit at hand that has a file at a path, `HEAD` before others; of those paths that some
    /// commit has, as far as anybody can tell.
    pub(crate) fn versions(&self, paths: Vec<Vec<u8>>) -> HashMap<Vec<u8>, &'static str> {
        let mut commits = self.commits();
        let mut versions = HashMap::new();
        let mut left = paths;
        for name in COMMITS {
            if left.is_empty() {
                break;
            }
            let Ok(Some(id)) = commits.reference(name) else {
                continue;
            };
            let has = |path: &Vec<u8>| has(&mut commits, CommitId(id), path);
            let (found, others) = left.into_iter().partition(has);
            let found: Vec<Vec<u8>> = found;
            versions.extend(found.into_iter().map(|path| (path, name)));
            left = others;
        }
        versions
    }
}

fn has(commits: &mut Commits<'_>, commit: CommitId, path: &[u8]) -> bool {
    matches!(
        commits.at(commit, path),
        Ok(Some(Kind::File(_) | Kind::Link))
    )
}
