//! What a file was called before it was renamed and edited in one commit.
//!
//! git itself follows a name to another one with the same content. Of a file that changed on its way the
//! MAC tells, or a copy of its data key: two files of sops's have none in common.

use crate::change::Version;
use crate::engine::former::{MOST, read_secret};
use crate::repo::{BlobId, CommitId, Commits, Repo, Version as Commit, renames};

/// A path that is gone, and what it held.
pub(in crate::engine) type Gone = (Vec<u8>, BlobId);

/// How many names of a file are followed that changed together with its content.
pub(in crate::engine) const MOST_NAMES: usize = 100;

/// Finds what a file was called before a commit in which its name is new, and notes it there. Returns the
/// parent that has it under that name.
pub(in crate::engine) fn follow(
    repo: &Repo<'_>,
    commits: &mut Commits<'_>,
    first: &mut Commit,
) -> Option<CommitId> {
    let is_new = first.before.iter().all(Option::is_none) && !first.is_cut;
    let blob = first.blob.clone().filter(|_| is_new)?;
    let parents = commits.parents(first.commit).ok()?;
    for (at, parent) in parents.into_iter().enumerate() {
        let Ok(changes) = commits.changed(Some(parent), first.commit) else {
            continue;
        };
        let gone = renames(&changes.paths, |_| true).vanished;
        if let Some((old, content)) = find(repo, &first.path, &blob, gone) {
            *first.before.get_mut(at)? = Some(content);
            first.renamed_from = Some(old);
            return Some(parent);
        }
    }
    None
}

/// The one of the files that are gone that this content was.
pub(super) fn find(repo: &Repo<'_>, path: &[u8], blob: &BlobId, gone: Vec<Gone>) -> Option<Gone> {
    if let Some(same) = gone.iter().find(|(_, content)| content == blob) {
        return Some(same.clone());
    }
    let blobs = repo.blobs();
    let read = |path: &[u8], blob: &BlobId| read_secret(&blobs, &repo.place(path), blob);
    let now = read(path, blob)?;
    let gone = gone.into_iter().take(MOST);
    let all: Vec<(Gone, Version)> = gone
        .filter_map(|gone| {
            let version = read(&gone.0, &gone.1)?;
            Some((gone, version))
        })
        .collect();
    let by = |test: &dyn Fn(&Version) -> bool| {
        let mut all = all.iter();
        all.find(|(_, was)| test(was)).map(|(gone, _)| gone.clone())
    };
    by(&|was| now.has_mac_of(was)).or_else(|| by(&|was| now.shares_stanza(was)))
}
