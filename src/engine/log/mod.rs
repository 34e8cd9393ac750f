//! `log`: what became of a secret file, commit by commit.

mod data;
mod file;
pub(super) mod renamed;
mod telling;
mod uncommitted;

pub use data::{At, Log, LogEnd, LogEntry};

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::check::{describe, refuse_unusable};
use super::{Access, Error, IdentitySource, Request};
use crate::document::Format;
use crate::environment::Environment;
use crate::keys::{Keyring, Means};
use crate::paths;
pub(super) use file::File;
use file::Item;
use telling::Search;

/// Whose history to tell, with which identities, and how far back.
#[expect(
    missing_debug_implementations,
    reason = "identities and the environment hold secrets"
)]
#[non_exhaustive]
pub struct LogRequest<'a> {
    /// The world around the process. Relative paths start from its current folder.
    pub environment: &'a Environment,
    /// The file, which may be gone by now.
    pub path: PathBuf,
    /// Where identities come from; where there is none, from all places that sops looks at.
    pub identities: Vec<IdentitySource>,
    /// What may be done for identities that ask somebody or run something.
    pub access: Access<'a>,
    /// The format of all versions, whatever their names say.
    pub input_type: Option<Format>,
    /// The most commits that are told of; all where nothing is said.
    pub max_count: Option<usize>,
    /// The most commits of the repository that are looked at.
    pub history: usize,
    /// Whether versions are opened whose selectors are not those that an older version with the same
    /// data key has: a verdict on them can answer guesses.
    pub trust_changes: bool,
    /// How many threads to use at most; one a core where nothing is said.
    pub jobs: Option<NonZeroUsize>,
}

impl<'a> LogRequest<'a> {
    /// How many commits are looked at unless something else is said.
    pub const HISTORY: usize = 100_000;

    /// A request for the history of a file, verified with the identities that are found.
    #[must_use]
    pub fn new(environment: &'a Environment, path: PathBuf) -> Self {
        Self {
            environment,
            path,
            identities: Vec::new(),
            access: Access::default(),
            input_type: None,
            max_count: None,
            history: Self::HISTORY,
            trust_changes: false,
            jobs: None,
        }
    }
}

/// Tells the history of a secret file: what each commit did to it, and whether sops would accept what
/// came of it.
///
/// # Errors
/// [`Error::NoSuchPath`] where there is and was no such file, [`Error::NoHistory`] where git has none of
/// it, [`Error::Identity`] where a named identity cannot be used, [`Error::Git`] where the repository
/// cannot be read.
pub fn log(request: LogRequest<'_>) -> Result<Log, Error> {
    let LogRequest {
        environment,
        path,
        identities,
        mut access,
        input_type,
        max_count,
        history,
        trust_changes,
        jobs,
    } = request;
    let here = paths::absolute(environment.current_dir(), Path::new(""));
    let place = paths::absolute(&here, &path);
    let repo = file::repository(environment, &path, &place)?;
    let asked = Asked {
        file: File::of(&repo, &here, &path, &place)?,
        input_type,
        max_count,
        history,
        trust_changes,
        jobs,
    };
    let mut keyring = Request::keyring(identities, environment)?;
    let mut log = asked.tell(&mut keyring, &mut access.means(environment))?;
    log.warnings = keyring.warnings().map(ToString::to_string).collect();
    log.searched = keyring.places().map(describe).collect();
    Ok(log)
}

/// A file whose history is told, and how.
pub(super) struct Asked<'a> {
    pub(super) file: File<'a>,
    pub(super) input_type: Option<Format>,
    pub(super) max_count: Option<usize>,
    pub(super) history: usize,
    pub(super) trust_changes: bool,
    pub(super) jobs: Option<NonZeroUsize>,
}

impl Asked<'_> {
    /// Tells the history with these identities, those that cost more than time as `means` allow. Where
    /// they come from is not in it.
    ///
    /// # Errors
    /// Those of [`log`], but for identities that cannot be read.
    pub(super) fn tell(&self, keyring: &mut Keyring, means: &mut Means<'_>) -> Result<Log, Error> {
        let repo = self.file.repo;
        let mut commits = repo.commits();
        let found = self.file.find(&mut commits, self.history)?;
        let uncommitted = found.uncommitted;
        let most = self
            .max_count
            .map_or(usize::MAX, |most| uncommitted.saturating_add(most));
        let blobs = repo.blobs();
        let contents = found.items.iter().filter_map(Item::blob);
        blobs.prepare(&contents.collect::<Vec<_>>());
        let search = Search::new(&blobs, self.input_type, self.jobs);
        // All are looked at: an older one says which MAC is whose.
        let mut told = search.tell(&found.items, keyring)?;
        let shut = search.shut(&found.items, &told, most, keyring)?;
        if !shut.is_empty() && keyring.wake(&shut, means) {
            told = search.tell(&found.items, keyring)?;
        }
        refuse_unusable(keyring)?;
        telling::settle(&mut told, keyring, self.trust_changes);
        Ok(Log {
            left_out: found.items.len().saturating_sub(most),
            entries: telling::entries(found.items, told, most, &mut commits)?,
            path: self.file.named.to_owned(),
            commits: found.commits,
            end: found.end,
            warnings: Vec::new(),
            searched: Vec::new(),
        })
    }
}
