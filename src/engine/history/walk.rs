//! The versions of the files that have something to ask, found in one walk through the commits.

use super::super::log::renamed;
use super::Asked;
use crate::repo::{self, CommitId, Commits, End, Reach, Repo};

/// The versions of the files that have something to ask.
pub(super) struct Histories {
    /// From `HEAD` on.
    pub(super) head: Walk,
    /// From the base on.
    pub(super) base: Walk,
}

/// The versions of some files from a commit on.
pub(super) struct Walk {
    /// For each file that has something to ask, if it asks for these.
    files: Vec<Option<Vec<repo::Version>>>,
    pub(super) end: End,
}

impl Histories {
    /// That the history cannot be read to its end.
    pub(super) fn complaint(&self) -> Option<String> {
        [&self.head.end, &self.base.end]
            .into_iter()
            .find_map(|end| match end {
                End::Unreadable(error) => Some(format!(
                    "the history cannot be read to its end: {error} ({})",
                    error.help
                )),
                End::Complete | End::Limit | End::Shallow => None,
            })
    }
}

impl Walk {
    /// Those of one file, if it asked for them.
    pub(super) fn versions(&self, number: usize) -> Option<&[repo::Version]> {
        self.files.get(number)?.as_deref()
    }

    /// The versions of those files that are `wanted`.
    pub(super) fn from(
        repo: &Repo<'_>,
        commits: &mut Commits<'_>,
        from: CommitId,
        asked: &[Asked<'_>],
        wanted: &[bool],
        reach: Reach,
    ) -> Self {
        let named = asked.iter().zip(wanted).filter(|(_, wanted)| **wanted);
        let paths: Vec<&[u8]> = named.map(|(asked, _)| asked.inside.as_slice()).collect();
        if paths.is_empty() {
            return Self {
                files: Vec::new(),
                end: End::Complete,
            };
        }
        let (found, end) = versions(repo, commits, from, &paths, reach);
        let mut found = found.into_iter();
        let files = wanted
            .iter()
            .map(|wanted| if *wanted { found.next() } else { None });
        Self {
            files: files.collect(),
            end,
        }
    }
}

/// The versions of files from a commit on, under the names that they had before too, found in one walk; and
/// what ended it.
pub(in crate::engine) fn versions(
    repo: &Repo<'_>,
    commits: &mut Commits<'_>,
    from: CommitId,
    paths: &[&[u8]],
    reach: Reach,
) -> (Vec<Vec<repo::Version>>, End) {
    let (mut found, mut end) = match commits.histories(from, paths, reach) {
        Ok(found) => (found.files, found.end),
        Err(error) => (vec![Vec::new(); paths.len()], End::Unreadable(error)),
    };
    let is_new_later = |versions: &Vec<repo::Version>| {
        let first = versions.last();
        first.is_some_and(|first| {
            !first.before.is_empty() && first.before.iter().all(Option::is_none)
        })
    };
    let new = found.iter_mut().filter(|versions| is_new_later(versions));
    for versions in new.take(MOST_FOLLOWED) {
        if let Some(ended) = follow(repo, commits, versions, reach) {
            end = ended;
        }
    }
    (found, end)
}

/// How many files are followed to the names that they had before they were renamed and edited at once: each
/// takes a look at all that its commit took away.
const MOST_FOLLOWED: usize = 200;

/// Adds the versions that a file has under the names that it had before it was renamed and edited in one
/// commit. Gives what ended the search where that was not the first of all commits.
fn follow(
    repo: &Repo<'_>,
    commits: &mut Commits<'_>,
    versions: &mut Vec<repo::Version>,
    reach: Reach,
) -> Option<End> {
    let mut ended = None;
    for _ in 0..renamed::MOST_NAMES {
        let Some((parent, path)) = versions.last_mut().and_then(|first| {
            let parent = renamed::follow(repo, commits, first)?;
            Some((parent, first.renamed_from.clone()?))
        }) else {
            break;
        };
        match commits.histories(parent, &[&path], reach) {
            Ok(found) => {
                versions.extend(found.files.into_iter().flatten());
                ended = Some(found.end).filter(|end| !matches!(end, End::Complete));
            }
            Err(error) => return Some(End::Unreadable(error)),
        }
    }
    ended
}
