//! What files are compared with: the commits that are the base of a run, and what they hold.
//!
//! Files are looked at in parallel and commits are read by one at a time, so whoever looks something up
//! waits for the others. A version of before is read only where its id is not that of the file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::former::Former;
use super::history::Past;
use super::report::{BaseCommit, ComparedWith, Lacking};
use super::{Error, MAX_FILE_LEN, sign};
use crate::change::{NotCompared, Version};
use crate::document::Format;
use crate::paths;
use crate::repo::{
    Base, BlobId, Blobs, CommitId, Commits, Index, Kind, NoBase, Of, Redone, Repo, Unread,
};
use crate::rules::CommitName;
use crate::source::SourceId;

/// The commits that files are compared with, or why there are none.
pub(super) struct Bases<'r> {
    pub(super) repo: &'r Repo<'r>,
    /// The current folder, absolute.
    here: PathBuf,
    pub(super) blobs: Blobs<'r>,
    commits: Mutex<Commits<'r>>,
    pub(super) base: Result<Base, NoBase>,
    points: Vec<Point>,
    pub(super) former: OnceLock<Former>,
    /// What the history says of files, by the paths that reports print, once some were looked up there.
    pub(super) pasts: OnceLock<HashMap<PathBuf, Past>>,
    index: OnceLock<Option<Index<'r>>>,
    has_index: OnceLock<bool>,
}

/// The content of a file that is looked at.
pub(super) enum Content<'c> {
    /// What git calls it.
    Blob(&'c BlobId),
    /// What it is.
    Bytes(&'c [u8]),
}

/// A commit that files are compared with.
pub(super) struct Point {
    pub(super) commit: CommitId,
    /// How it is named, as git takes it.
    pub(super) revision: String,
}

/// What became of the search for a file's versions of before.
pub(super) enum Before {
    /// The file is as it was in one of them.
    Unchanged,
    /// Nothing can be compared, for this reason.
    Nothing(&'static str),
    /// These, at least one.
    Versions(Vec<Earlier>),
}

/// A version of before.
pub(super) struct Earlier {
    /// The commit that has it, as git takes it.
    pub(super) revision: String,
    /// The path that it has there, as the report prints it.
    pub(super) path: PathBuf,
    pub(super) version: Arc<Version>,
}

/// From how many files on the index is read to spare the trees of commits.
const WORTH_INDEX: usize = 50;

/// The reason where no commit has the file.
pub(super) const NO_BASE: &str = "no-base";

impl<'r> Bases<'r> {
    /// Finds the base: since a revision, else that of what is pushed or of a job in CI, else what the next
    /// commit comes from.
    ///
    /// # Errors
    /// [`Error::NoSuchRevision`] where `since` names none.
    pub(super) fn find(
        repo: &'r Repo<'r>,
        here: &Path,
        since: Option<&str>,
    ) -> Result<Self, Error> {
        let mut commits = repo.commits();
        let base = match since {
            Some(since) => of_range(&mut commits, since),
            None => match commits.base_of_hook().or_else(|| commits.base_in_ci()) {
                Some(base) => base,
                None => commits.base(),
            },
        };
        if let (Some(_), Err(error @ NoBase::Unknown { .. })) = (since, &base) {
            return Err(Error::NoSuchRevision {
                reason: error.to_string(),
                help: error.help().to_owned(),
            });
        }
        let points = match &base {
            Ok(base) => points(&mut commits, base, since),
            Err(_) => Vec::new(),
        };
        Ok(Self {
            repo,
            here: here.to_owned(),
            blobs: repo.blobs(),
            commits: Mutex::new(commits),
            base,
            points,
            former: OnceLock::new(),
            pasts: OnceLock::new(),
            index: OnceLock::new(),
            has_index: OnceLock::new(),
        })
    }

    /// Whether there is a base.
    pub(super) fn is_found(&self) -> bool {
        self.base.is_ok()
    }

    /// The base as reports tell it.
    pub(super) fn told(&self) -> ComparedWith {
        let commits = self.points.iter().map(|point| BaseCommit {
            revision: point.revision.clone(),
            id: point.commit.to_string(),
        });
        ComparedWith {
            commits: commits.collect(),
            lacking: self.base.as_ref().err().map(|none| Lacking {
                reason: none.reason(),
                message: none.to_string(),
                help: none.help().to_owned(),
            }),
        }
    }

    /// The versions of before of the file that reports call `path`. Which of them is the file's own
    /// content, `is` says.
    pub(super) fn before(
        &self,
        path: &Path,
        format: Format,
        is: impl Fn(&BlobId) -> bool,
    ) -> Before {
        if let Err(none) = &self.base {
            return Before::Nothing(none.reason());
        }
        let Some(inside) = self.inside(path) else {
            return Before::Nothing(NO_BASE);
        };
        if let Some(Kind::File(id)) = self.in_same_index(&inside)
            && is(&id)
        {
            return Before::Unchanged;
        }
        let mut versions = Vec::new();
        let mut lacking = NO_BASE;
        for point in &self.points {
            // Others shall look things up while this one is read.
            let there = self.commits().at(point.commit, &inside);
            match there {
                Ok(Some(Kind::File(id))) if is(&id) => return Before::Unchanged,
                Ok(Some(Kind::File(id))) => match self.read(&id, path, format) {
                    Ok(version) => {
                        versions.push(point.version(path.to_owned(), Arc::new(version)));
                    }
                    Err(reason) => lacking = reason,
                },
                Ok(_) => {}
                Err(_) => lacking = "unreadable-history",
            }
        }
        if versions.is_empty() {
            return Before::Nothing(lacking);
        }
        Before::Versions(versions)
    }

    /// Whether the file that reports call `path` was encrypted and these bytes are no longer that file.
    pub(super) fn was_encrypted(&self, path: &Path, format: Format, content: Content<'_>) -> bool {
        let Some(inside) = self.inside(path).filter(|_| self.is_found()) else {
            return false;
        };
        let in_index = match content {
            Content::Blob(_) => None,
            Content::Bytes(bytes) => {
                let index = self.index();
                let is_as_there =
                    index.is_some_and(|index| !index.may_differ(&inside, bytes.len()));
                if is_as_there && self.has_index() {
                    return false;
                }
                index
                    .filter(|_| is_as_there)
                    .and_then(|index| index.at(&inside))
            }
        };
        let is = |id: &BlobId| match (&in_index, &content) {
            (Some(Kind::File(there)), _) => there == id,
            (_, Content::Blob(blob)) => *blob == id,
            (_, Content::Bytes(bytes)) => id.is_of(bytes),
        };
        let mut was = false;
        for point in &self.points {
            // Others shall look things up while this one is read.
            let there = self.commits().at(point.commit, &inside);
            match there {
                Ok(Some(Kind::File(id))) if is(&id) => return false,
                Ok(Some(Kind::File(id))) => {
                    let bytes = self.blobs.read(&id, MAX_FILE_LEN).unwrap_or_default();
                    was |= sign::looks_encrypted(format, &bytes);
                }
                Ok(_) | Err(_) => {}
            }
        }
        was
    }

    /// Makes ready for so many files: from some number on the index is read, in which git may have noted that
    /// all of it is one of the commits, and then no tree of that needs to be read.
    pub(super) fn expect(&self, files: usize) {
        if files >= WORTH_INDEX {
            self.has_index();
        }
    }

    /// What one of the commits has at a path, where the index is known to be the same.
    fn in_same_index(&self, inside: &[u8]) -> Option<Kind> {
        let is_same = self.has_index.get() == Some(&true);
        let index = is_same.then(|| self.index())?;
        index?.at(inside)
    }

    /// Whether one of the commits has all that the index has.
    fn has_index(&self) -> bool {
        let is_all_of =
            |index: &Index<'_>, point: &Point| index.is_all_of(&mut self.commits(), point.commit);
        *self.has_index.get_or_init(|| {
            let index = self.index();
            index.is_some_and(|index| self.points.iter().any(|point| is_all_of(index, point)))
        })
    }

    /// The index, as far as it can be read.
    pub(super) fn index(&self) -> Option<&Index<'r>> {
        self.index.get_or_init(|| self.repo.index().ok()).as_ref()
    }

    /// What the index calls the file that reports call `path`; none where it lies outside.
    pub(super) fn inside(&self, path: &Path) -> Option<Vec<u8>> {
        let absolute = paths::absolute(&self.here, path);
        self.repo.path_in_index(&absolute)
    }

    /// What reports call a file that the index calls `inside`.
    pub(super) fn shown(&self, inside: &[u8]) -> PathBuf {
        paths::relative(&self.here, &self.repo.place(inside))
    }

    /// The commits that files are compared with.
    pub(super) fn points(&self) -> &[Point] {
        &self.points
    }

    /// Those of them that what is looked at goes on from: not what git is making anew.
    ///
    /// # Errors
    /// Why there is none, in a word.
    pub(super) fn parents(&self) -> Result<&[Point], &'static str> {
        let base = self.base.as_ref().map_err(NoBase::reason)?;
        Ok(self.points.get(..base.commits.len()).unwrap_or_default())
    }

    /// The commit that is looked at where what changed since a revision is.
    pub(super) fn head_of_range(&self) -> Option<CommitId> {
        match &self.base.as_ref().ok()?.of {
            Of::Since(range) => Some(range.head),
            Of::Commit | Of::Merge | Of::Redone(..) => None,
        }
    }

    /// A commit as findings name it.
    pub(super) fn name(&self, commit: CommitId) -> CommitName {
        match self.commits().author(commit) {
            Ok(author) => CommitName::new(commit.short(), &author.name, author.date.to_string()),
            Err(_) => CommitName::new(commit.short(), "", "no date".to_owned()),
        }
    }

    /// Whoever reads commits next.
    pub(super) fn commits(&self) -> MutexGuard<'_, Commits<'r>> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a version.
    ///
    /// # Errors
    /// Why it cannot be compared, as reports print it.
    pub(super) fn read(
        &self,
        id: &BlobId,
        path: &Path,
        format: Format,
    ) -> Result<Version, &'static str> {
        match self.blobs.read(id, MAX_FILE_LEN) {
            Ok(bytes) => Version::read(SourceId::Index(path.to_owned()), bytes, format)
                .map_err(NotCompared::reason),
            Err(Unread::TooLarge) => Err(NotCompared::TooLarge.reason()),
            Err(Unread::Failed(_)) => Err("unreadable-history"),
        }
    }
}

impl Point {
    /// A version that this commit has.
    pub(super) fn version(&self, path: PathBuf, version: Arc<Version>) -> Earlier {
        Earlier {
            revision: self.revision.clone(),
            path,
            version,
        }
    }
}

/// The base of what changed since `REV`; or of the range `REV..TIP`, where `TIP` stands for `HEAD`.
fn of_range(commits: &mut Commits<'_>, since: &str) -> Result<Base, NoBase> {
    match since.split_once("..") {
        None => commits.base_since(since),
        Some((from, to)) => {
            let named = |name: &str| if name.is_empty() { "HEAD" } else { name }.to_owned();
            // Three dots mean what two do here: the merge base is taken anyway.
            let to = to.strip_prefix('.').unwrap_or(to);
            commits.base_of_range(&named(from), &named(to))
        }
    }
}

/// The commits that a base consists of, named as git takes them.
fn points(commits: &mut Commits<'_>, base: &Base, since: Option<&str>) -> Vec<Point> {
    let short = |commit: &CommitId| Point {
        commit: *commit,
        revision: commit.short(),
    };
    let named = |commit: CommitId, revision: &str| Point {
        commit,
        revision: revision.to_owned(),
    };
    let mut points: Vec<Point> = base.commits.iter().map(short).collect();
    let Some(first) = points.first_mut() else {
        return points;
    };
    match &base.of {
        Of::Since(range) => {
            let named = since.filter(|_| range.tip == Some(first.commit));
            if let Some(named) = named
                .and_then(|since| since.split("..").next())
                .filter(|name| !name.is_empty())
            {
                first.revision = named.to_owned();
            }
        }
        Of::Commit | Of::Merge | Of::Redone(_, None) => first.revision = "HEAD".to_owned(),
        Of::Redone(how, Some(again)) => {
            first.revision = "HEAD".to_owned();
            points.extend(redone(commits, *how, *again).map(|(id, name)| named(id, name)));
        }
    }
    if let [_, joined] = points.as_mut_slice()
        && base.of == Of::Merge
        && commits.is_named("MERGE_HEAD", joined.commit)
    {
        joined.revision = "MERGE_HEAD".to_owned();
    }
    points
}

/// The commit whose content git is making anew, and its name.
fn redone(
    commits: &mut Commits<'_>,
    how: Redone,
    again: CommitId,
) -> Option<(CommitId, &'static str)> {
    match how {
        Redone::CherryPick => Some((again, "CHERRY_PICK_HEAD")),
        Redone::Rebase => Some((again, "REBASE_HEAD")),
        Redone::Revert => {
            let parents = commits.parents(again).ok()?;
            Some((parents.first().copied()?, "REVERT_HEAD~"))
        }
    }
}
