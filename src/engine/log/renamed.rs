//! What a file was called before it was renamed and edited in one commit.
//!
//! git itself follows a name to another one with the same content. Of a file that changed on its way the
//! MAC tells, or a copy of its data key: two files of sops's have none in common.

use crate::change::Version;
use crate::document::Format;
use crate::engine::sign;
use crate::repo::{BlobId, CommitId, Commits, Repo, Version as Commit, renames};
use crate::source::SourceId;

/// A path that is gone, and what it held.
pub(in crate::engine) type Gone = (Vec<u8>, BlobId);

/// The most files that are gone and looked into.
const MOST: usize = 2_000;

/// The most bytes of one.
const MAX_LEN: usize = 1 << 20;

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
    let now = read(repo, path, blob)?;
    let gone = gone.into_iter().take(MOST);
    let read: Vec<(Gone, Version)> = gone
        .filter_map(|gone| Some((gone.clone(), read(repo, &gone.0, &gone.1)?)))
        .collect();
    let by = |test: &dyn Fn(&Version) -> bool| {
        let mut read = read.iter();
        read.find(|(_, was)| test(was))
            .map(|(gone, _)| gone.clone())
    };
    by(&|was| now.has_mac_of(was)).or_else(|| by(&|was| now.shares_stanza(was)))
}

/// A version that sops encrypted.
fn read(repo: &Repo<'_>, path: &[u8], blob: &BlobId) -> Option<Version> {
    let place = repo.place(path);
    let format = Format::of_path(&place);
    let bytes = repo.blobs().read(blob, MAX_LEN).ok()?;
    if !sign::looks_encrypted(format, &bytes) {
        return None;
    }
    let version = Version::read(SourceId::WorkTree(place), bytes, format).ok()?;
    version.is_encrypted().then_some(version)
}
