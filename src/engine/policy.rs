//! Where the policy of a run lies: in the file that was named, else in `.sopsguard.toml` at the root of
//! the repository, else nowhere, and the defaults count.

use std::path::{Path, PathBuf};

use super::Error;
use super::bases::Bases;
use crate::config::{self, FILE_NAME, Policy};
use crate::repo::{BlobId, Index, Kind, Repo, Unread};
use crate::rules::{Command, RULES};
use crate::source::{Source, SourceId};
use crate::{fs, paths};

/// The most bytes that a policy has.
pub(super) const MAX_LEN: usize = 1 << 20;

/// Where a run looks for its policy.
pub(super) struct Search<'a> {
    /// The current folder, absolute.
    pub(super) here: &'a Path,
    /// The repository around it.
    pub(super) repo: Option<&'a Repo<'a>>,
    /// Its index, where that is what is checked.
    pub(super) index: Option<&'a Index<'a>>,
    /// What to compare with.
    pub(super) bases: Option<&'a Bases<'a>>,
    /// Whether what changed since is looked at, as a commit has it.
    pub(super) since: bool,
    /// The command that runs.
    pub(super) command: Command,
}

/// A policy file as it is now.
pub(super) struct Present {
    /// The path that the report prints.
    pub(super) shown: PathBuf,
    pub(super) source: Source,
}

impl Search<'_> {
    /// Loads the present policy. Patterns start from the root of the repository, or from the current
    /// folder where there is none, wherever the policy lies.
    ///
    /// # Errors
    /// [`Error::Policy`] where it cannot be read or says what is not understood, [`Error::Git`]
    /// where git does not give it.
    pub(super) fn present(&self, named: Option<&Path>) -> Result<Policy, Error> {
        let present = match named {
            Some(named) => Some(self.named(named)?),
            None => self.found(false)?,
        };
        self.parse(present.as_ref())
    }

    /// Reads the policy that the user named.
    ///
    /// # Errors
    /// [`Error::Policy`] where it cannot be read.
    pub(super) fn named(&self, named: &Path) -> Result<Present, Error> {
        let bytes = fs::read_stream(&self.here.join(named), MAX_LEN);
        Present::new(named.to_owned(), bytes.map_err(|error| unreadable(&error))?)
    }

    /// The policy that a file says, or the defaults.
    ///
    /// # Errors
    /// [`Error::Policy`] where it says what is not understood.
    pub(super) fn parse(&self, present: Option<&Present>) -> Result<Policy, Error> {
        let Some(Present { shown, source }) = present else {
            return Ok(self.defaults());
        };
        self.read(source.text())
            .map_err(|error| wrong(shown, &error))
    }

    /// The policy that a text says.
    ///
    /// # Errors
    /// [`config::Error`] where it says what is not understood.
    pub(super) fn read(&self, text: &str) -> Result<Policy, config::Error> {
        let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
        Policy::parse(text, &rules, self.folder(), self.here)
    }

    /// The policy of a folder without a policy file.
    pub(super) fn defaults(&self) -> Policy {
        Policy::defaults(self.folder(), self.here)
    }

    /// What stands in the place of the policy: in the index or in a commit if that is what is checked
    /// and has one. Where it has none, and a commit before `had_one`, that takes it away.
    ///
    /// # Errors
    /// [`Error::Policy`] where it cannot be read, [`Error::Git`] where git does not give it.
    pub(super) fn found(&self, had_one: bool) -> Result<Option<Present>, Error> {
        let Some(bases) = self.bases else {
            return self.in_work_tree();
        };
        let head = bases.head_of_range().filter(|_| self.since);
        let kind = match (self.index, head) {
            (Some(index), _) => index.at(FILE_NAME.as_bytes()),
            (None, Some(head)) => bases.commits().behind_links(head, FILE_NAME.as_bytes())?,
            (None, None) => return self.in_work_tree(),
        };
        match kind {
            Some(Kind::File(id)) => self.of_blob(&id, bases).map(Some),
            None if had_one => Ok(None),
            Some(_) | None => self.in_work_tree(),
        }
    }

    fn of_blob(&self, id: &BlobId, bases: &Bases<'_>) -> Result<Present, Error> {
        match bases.blobs.read(id, MAX_LEN) {
            Ok(bytes) => Present::new(self.shown(), bytes),
            Err(Unread::Failed(error)) => Err(error.into()),
            Err(Unread::TooLarge) => {
                let (path, limit) = (PathBuf::from(FILE_NAME), MAX_LEN);
                Err(unreadable(&fs::Error::TooLarge { path, limit }))
            }
        }
    }

    fn in_work_tree(&self) -> Result<Option<Present>, Error> {
        let folder = self.folder();
        let place = folder.join(FILE_NAME);
        match fs::read(&place, MAX_LEN) {
            Ok(_) if leads_out(&place, folder) => Err(Error::Policy {
                reason: format!("`{FILE_NAME}` is a link that leads out of its folder"),
                help: "put a file in its place, or name the policy with `--config`".to_owned(),
            }),
            Ok(bytes) => Present::new(self.shown(), bytes).map(Some),
            Err(fs::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(unreadable(&error)),
        }
    }

    /// The path of the policy file as the report prints it.
    pub(super) fn shown(&self) -> PathBuf {
        paths::relative(self.here, &self.folder().join(FILE_NAME))
    }

    /// The folder that the policy lies in.
    pub(super) fn folder(&self) -> &Path {
        self.repo.map_or(self.here, Repo::work_tree)
    }
}

impl Present {
    fn new(shown: PathBuf, bytes: Vec<u8>) -> Result<Self, Error> {
        let no_text = || Error::Policy {
            reason: format!("`{}` is not UTF-8", shown.display()),
            help: "save it as UTF-8".to_owned(),
        };
        let text = String::from_utf8(bytes).map_err(|_| no_text())?;
        let id = SourceId::WorkTree(shown.clone());
        let source = Source::of_bytes(id, text.into_bytes()).map_err(|_| no_text())?;
        Ok(Self { shown, source })
    }
}

/// Whether a file is a link to one outside its folder. A repository shall not have other files of
/// the machine read as its policy.
pub(super) fn leads_out(place: &Path, folder: &Path) -> bool {
    place.is_symlink()
        && match (place.canonicalize(), folder.canonicalize()) {
            (Ok(target), Ok(folder)) => !target.starts_with(folder),
            _ => true,
        }
}

fn unreadable(error: &fs::Error) -> Error {
    Error::Policy {
        reason: error.to_string(),
        help: "a policy is a small TOML file".to_owned(),
    }
}

fn wrong(shown: &Path, error: &config::Error) -> Error {
    let (line, column) = (error.at.line, error.at.column);
    Error::Policy {
        reason: format!("`{}:{line}:{column}`: {}", shown.display(), error.fault),
        help: error.fault.help(),
    }
}
