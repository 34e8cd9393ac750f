//! The file whose history is told: where git has it, and which versions of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::uncommitted::Uncommitted;
use super::{At, LogEnd, renamed};
use crate::engine::Error;
use crate::environment::Environment;
use crate::fs;
use crate::history::{Named, Place};
use crate::paths;
use crate::repo::{BlobId, CommitId, Commits, End, NoBase, Reach, Repo, Version, is_bare_around};

/// A file of a repository.
pub(in crate::engine) struct File<'a> {
    pub(super) repo: &'a Repo<'a>,
    /// The folder that paths are shown from.
    pub(super) here: &'a Path,
    /// As the user named it.
    pub(super) named: &'a Path,
    /// Where it stands, or stood.
    pub(super) place: &'a Path,
    /// As git writes it.
    pub(super) path: Vec<u8>,
}

/// A change of the file, and where the contents are.
pub(super) struct Item {
    pub(super) at: At,
    pub(super) commit: Option<CommitId>,
    pub(super) path: PathBuf,
    pub(super) renamed_from: Option<PathBuf>,
    /// What it is from then on; none where there is no file.
    pub(super) now: Option<Named>,
    /// What it was in each parent.
    pub(super) before: Vec<Option<Named>>,
    /// Whether a shallow clone was cut off there.
    pub(super) is_cut: bool,
}

/// The changes of a file, the youngest first.
pub(super) struct Found {
    pub(super) items: Vec<Item>,
    /// How many of them are not committed yet.
    pub(super) uncommitted: usize,
    /// How many commits were looked at.
    pub(super) commits: usize,
    pub(super) end: LogEnd,
}

/// The most bytes of all versions together: 1 GiB.
const MOST_BYTES: usize = 1 << 30;

impl Item {
    /// The content, where git has it.
    pub(super) fn blob(&self) -> Option<&BlobId> {
        match &self.now.as_ref()?.place {
            Place::Blob(blob) => Some(blob),
            Place::Given(_) => None,
        }
    }
}

/// The repository that a file belongs to.
///
/// # Errors
/// [`Error::NoHistory`] where there is none.
pub(super) fn repository<'e>(
    environment: &'e Environment,
    named: &Path,
    place: &Path,
) -> Result<Repo<'e>, Error> {
    let folder = match fs::kind(place) {
        Some(fs::Kind::Folder) => place,
        _ => place.parent().unwrap_or(place),
    };
    if let Some(repo) = Repo::discover(environment, folder) {
        return Ok(repo);
    }
    let no_history = |reason: &str, help: &str| Error::NoHistory {
        path: named.to_owned(),
        reason: reason.to_owned(),
        help: help.to_owned(),
    };
    Err(if is_bare_around(environment, folder) {
        let help = "run it in a clone, or in a work tree: `git worktree add ../checked-out`";
        no_history("the repository is bare", help)
    } else if fs::kind(place).is_none() {
        let path = named.to_owned();
        Error::NoSuchPath { path }
    } else {
        let help = "run it inside a work tree, or name one with `-C`";
        no_history("it lies in no git repository", help)
    })
}

impl<'a> File<'a> {
    /// The file at a place.
    ///
    /// # Errors
    /// [`Error::NoHistory`] where that can be no file of the repository.
    pub(in crate::engine) fn of(
        repo: &'a Repo<'a>,
        here: &'a Path,
        named: &'a Path,
        place: &'a Path,
    ) -> Result<Self, Error> {
        let path = repo.path_in_index(place).filter(|path| !path.is_empty());
        let file = Self {
            repo,
            here,
            named,
            place,
            path: path.unwrap_or_default(),
        };
        if fs::kind(place) == Some(fs::Kind::Folder) {
            let help = "name one file: `sopsguard check` lists the secret files of a folder";
            return Err(file.no_history("it is a folder", help));
        }
        if fs::kind(place) == Some(fs::Kind::Link) {
            let help = "name the file that it leads to";
            return Err(file.no_history("it is a symbolic link", help));
        }
        if file.path.is_empty() {
            let help = "name a file of the work tree";
            return Err(file.no_history("it lies outside of the repository's work tree", help));
        }
        Ok(file)
    }

    /// Looks for all that changed it, in as many commits.
    ///
    /// # Errors
    /// [`Error::NoHistory`] where there is nothing, [`Error::Git`] where `HEAD` cannot be read.
    pub(super) fn find(&self, commits: &mut Commits<'_>, most: usize) -> Result<Found, Error> {
        let base = match commits.base() {
            Ok(base) => base,
            Err(NoBase::NoCommits) => {
                let help = "make the first commit: `git commit`";
                return Err(self.no_history("nothing was committed yet", help));
            }
            Err(NoBase::Unreadable(error)) => return Err(error.into()),
            Err(other) => return Err(self.no_history(&other.to_string(), other.help())),
        };
        let Uncommitted {
            mut items,
            former_path,
        } = Uncommitted::of(self, commits, &base.commits)?;
        let uncommitted = items.len();
        let path = former_path.unwrap_or_else(|| self.path.clone());
        let (mut looked, mut ended) = (0, End::Complete);
        let mut next = base.commits.first().map(|head| (*head, path));
        for _ in 0..renamed::MOST_NAMES {
            let Some((from, path)) = next.take() else {
                break;
            };
            let reach = Reach {
                commits: most.saturating_sub(looked),
                ..Reach::default()
            };
            let found = commits.histories(from, &[&path], reach)?;
            (looked, ended) = (looked + found.commits, found.end);
            let mut versions: Vec<Version> = found.files.into_iter().flatten().collect();
            if let Some(first) = versions.last_mut()
                && let Some(parent) = renamed::follow(self.repo, commits, first)
            {
                next = first.renamed_from.clone().map(|path| (parent, path));
            }
            items.extend(versions.into_iter().map(|version| self.item(version)));
        }
        let mut end = end(ended, commits);
        if self.cut(&mut items) {
            end = LogEnd::TooMuch;
        }
        if items.is_empty() {
            return Err(self.unknown(looked, &end));
        }
        Ok(Found {
            items,
            uncommitted,
            commits: looked,
            end,
        })
    }

    /// Leaves out the oldest changes where their contents are more than anyone waits for; returns
    /// whether it did.
    fn cut(&self, items: &mut Vec<Item>) -> bool {
        let blobs = self.repo.blobs();
        let mut sum: usize = 0;
        let most = items.iter().position(|item| {
            let size = item.blob().and_then(|blob| blobs.size(blob));
            sum = sum.saturating_add(size.unwrap_or_default());
            sum > MOST_BYTES
        });
        if let Some(most) = most {
            items.truncate(most.max(1));
        }
        most.is_some()
    }

    fn item(&self, version: Version) -> Item {
        let path = self.shown(&version.path);
        let renamed_from = version.renamed_from.as_deref().map(|path| self.shown(path));
        let named = |blob: BlobId, path: &PathBuf| Named {
            place: Place::Blob(blob),
            path: path.clone(),
        };
        let former = renamed_from.as_ref().unwrap_or(&path);
        let before = version.before.into_iter();
        Item {
            at: At::Commit(version.commit.to_string()),
            commit: Some(version.commit),
            before: before.map(|blob| Some(named(blob?, former))).collect(),
            now: version.blob.map(|blob| named(blob, &path)),
            is_cut: version.is_cut,
            renamed_from,
            path,
        }
    }

    /// A path of git's as it is printed.
    pub(super) fn shown(&self, path: &[u8]) -> PathBuf {
        paths::relative(self.here, &self.repo.place(path))
    }

    /// Its present path as it is printed.
    pub(super) fn path_shown(&self) -> PathBuf {
        self.shown(&self.path)
    }

    /// A content of the index or of a commit, under the present name.
    pub(super) fn blob(&self, blob: BlobId) -> Named {
        Named {
            place: Place::Blob(blob),
            path: self.path_shown(),
        }
    }

    /// A content of the work tree.
    pub(super) fn given(&self, bytes: Vec<u8>) -> Named {
        Named {
            place: Place::Given(Arc::new(bytes)),
            path: self.path_shown(),
        }
    }

    /// Why nothing was found.
    fn unknown(&self, looked: usize, end: &LogEnd) -> Error {
        let is_there = fs::kind(self.place).is_some();
        match end {
            LogEnd::Limit => {
                let reason = format!("none of the last {looked} commits changed it");
                let more = looked.saturating_mul(10);
                self.no_history(
                    &reason,
                    &format!("look further back with `--history={more}`"),
                )
            }
            LogEnd::Shallow { help } => self.no_history(
                "this clone is shallow, and nothing in it changed the file",
                help,
            ),
            LogEnd::Unreadable { reason, help } => self.no_history(reason, help),
            LogEnd::Complete | LogEnd::TooMuch if is_there => self.no_history(
                "git does not track it, and never did",
                "it begins with its first commit: `git add`, then `git commit`",
            ),
            LogEnd::Complete | LogEnd::TooMuch => Error::NoSuchPath {
                path: self.named.to_owned(),
            },
        }
    }

    fn no_history(&self, reason: &str, help: &str) -> Error {
        Error::NoHistory {
            path: self.named.to_owned(),
            reason: reason.to_owned(),
            help: help.to_owned(),
        }
    }
}

fn end(end: End, commits: &Commits<'_>) -> LogEnd {
    match end {
        End::Complete => LogEnd::Complete,
        End::Limit => LogEnd::Limit,
        End::Shallow => LogEnd::Shallow {
            help: commits.help_for_shallow().to_owned(),
        },
        End::Unreadable(error) => LogEnd::Unreadable {
            reason: error.reason,
            help: error.help,
        },
    }
}
