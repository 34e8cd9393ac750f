//! Which policy a run follows: the one that was named, else `.sopsguard.toml` at the root of the
//! repository, else the defaults.

use std::path::{Path, PathBuf};

use super::Error;
use crate::config::{self, FILE_NAME, Policy};
use crate::fs;
use crate::repo::{Index, Kind, Repo};
use crate::rules::RULES;

/// The most bytes that a policy has.
const MAX_LEN: usize = 1 << 20;

/// Where a run looks for its policy.
pub(super) struct Search<'a> {
    /// The current folder, absolute.
    pub(super) here: &'a Path,
    /// The repository around it.
    pub(super) repo: Option<&'a Repo<'a>>,
    /// Its index, where that is what is checked.
    pub(super) index: Option<&'a Index<'a>>,
}

impl Search<'_> {
    /// Loads the policy. Patterns start from the root of the repository, or from the current folder
    /// where there is none, wherever the policy lies.
    ///
    /// # Errors
    /// [`Error::Policy`] where it cannot be read or says what is not understood, [`Error::Git`]
    /// where git does not give it.
    pub(super) fn load(&self, named: Option<&Path>) -> Result<Policy, Error> {
        let folder = self.repo.map_or(self.here, Repo::work_tree);
        let place = folder.join(FILE_NAME);
        let (shown, bytes) = match named {
            Some(named) => {
                let bytes = fs::read_stream(&self.here.join(named), MAX_LEN);
                (named.to_owned(), bytes.map_err(|error| unreadable(&error))?)
            }
            None => match self.found(&place, folder)? {
                Some(bytes) => (crate::paths::relative(self.here, &place), bytes),
                None => return Ok(Policy::default()),
            },
        };
        let text = String::from_utf8(bytes).map_err(|_| Error::Policy {
            reason: format!("`{}` is not UTF-8", shown.display()),
            help: "save it as UTF-8".to_owned(),
        })?;
        let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
        Policy::parse(&text, &rules, folder, self.here).map_err(|error| wrong(&shown, &error))
    }

    /// What stands in the place of the policy: in the index if that is what is checked and has one.
    fn found(&self, place: &Path, folder: &Path) -> Result<Option<Vec<u8>>, Error> {
        if let (Some(repo), Some(index)) = (self.repo, self.index)
            && let Some(Kind::File(id)) = index.at(FILE_NAME.as_bytes())
        {
            return match repo.blobs().read(&id, MAX_LEN) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(crate::repo::Unread::Failed(error)) => Err(error.into()),
                Err(crate::repo::Unread::TooLarge) => {
                    let (path, limit) = (PathBuf::from(FILE_NAME), MAX_LEN);
                    Err(unreadable(&fs::Error::TooLarge { path, limit }))
                }
            };
        }
        match fs::read(place, MAX_LEN) {
            Ok(_) if leads_out(place, folder) => Err(Error::Policy {
                reason: format!("`{FILE_NAME}` is a link that leads out of its folder"),
                help: "put a file in its place, or name the policy with `--config`".to_owned(),
            }),
            Ok(bytes) => Ok(Some(bytes)),
            Err(fs::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(unreadable(&error)),
        }
    }
}

/// Whether a file is a link to one outside its folder. A repository shall not have other files of
/// the machine read as its policy.
fn leads_out(place: &Path, folder: &Path) -> bool {
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
