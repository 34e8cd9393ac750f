//! Where a repository's hooks lie: what git says, and whom they serve.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::path::of_git;
use super::Error;
use crate::environment::Environment;
use crate::paths;
use crate::process::{Ended, Program};

/// The folder of a repository's hooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HooksFolder {
    path: PathBuf,
    serves_all: bool,
}

/// What git has to answer in.
const TIME: Duration = Duration::from_secs(30);

/// The most bytes of an answer.
const LIMIT: usize = 1 << 16;

impl HooksFolder {
    /// Asks git where the hooks of the repository around the current folder lie.
    ///
    /// # Errors
    /// [`Error::Git`] and [`Error::NoRepository`] where git does not say, [`Error::SwitchedOff`] where
    /// there is no such folder, [`Error::InWorkTree`] where they are part of the repository's files.
    pub fn find(environment: &Environment) -> Result<Self, Error> {
        let git = Git { environment };
        let common = git.path(&["rev-parse", "--git-common-dir"])?;
        let Some((scope, setting)) = git.hooks_path()? else {
            let path = common.join("hooks");
            return Ok(Self {
                path,
                serves_all: false,
            });
        };
        // git starts hooks at the root of the work tree, or in the git folder where there is none.
        let tree = git.path(&["rev-parse", "--show-toplevel"]).ok();
        let path = tree.as_ref().unwrap_or(&common).join(setting);
        if path.symlink_metadata().is_ok() && !path.is_dir() {
            return Err(Error::SwitchedOff { folder: path });
        }
        if let Some(folder) = tree.and_then(|tree| below(&path, &tree, &common)) {
            return Err(Error::InWorkTree { folder });
        }
        let serves_all = !["local", "worktree"].contains(&scope.as_str());
        Ok(Self { path, serves_all })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it serves other repositories too, because `core.hooksPath` is set for all.
    #[must_use]
    pub fn serves_all(&self) -> bool {
        self.serves_all
    }
}

/// Where `path` is below the work tree and not in the git folder.
fn below(path: &Path, tree: &Path, common: &Path) -> Option<PathBuf> {
    let path = real(path);
    if path.starts_with(real(common)) {
        return None;
    }
    path.strip_prefix(real(tree)).ok().map(Path::to_owned)
}

/// A path without links and dots, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let path = paths::without_dots(path);
    path.ancestors()
        .find_map(|there| {
            let rest = path.strip_prefix(there).ok()?;
            Some(there.canonicalize().ok()?.join(rest))
        })
        .unwrap_or(path)
}

/// git, in the current folder.
struct Git<'e> {
    environment: &'e Environment,
}

impl Git<'_> {
    /// The scope and value of `core.hooksPath`, where it is set.
    fn hooks_path(&self) -> Result<Option<(String, PathBuf)>, Error> {
        let question = "config --null --show-scope --type=path --get core.hooksPath";
        let ended = self.run(question.split(' '))?;
        // 1 is that it is not set; anything else a broken configuration, or a git that is too old.
        if !matches!(ended.code, Some(0 | 1)) {
            let reason = complaint(&ended);
            return Err(Error::Git { reason });
        }
        let mut parts = ended.stdout.split(|byte| *byte == 0);
        let (Some(scope), Some(value)) = (parts.next(), parts.next()) else {
            return Ok(None);
        };
        let scope = String::from_utf8_lossy(scope).into_owned();
        // An empty value is the root of the work tree to git, and nothing to people.
        Ok((!value.is_empty()).then(|| (scope, of_git(value))))
    }

    /// The path that git answers with, absolute.
    fn path(&self, arguments: &[&str]) -> Result<PathBuf, Error> {
        let ended = self.run(arguments.iter().copied())?;
        if ended.code != Some(0) {
            let reason = complaint(&ended);
            return Err(Error::NoRepository { reason });
        }
        let path = ended.stdout.strip_suffix(b"\n").unwrap_or(&ended.stdout);
        Ok(self.environment.current_dir().join(of_git(path)))
    }

    fn run<'a>(&self, arguments: impl Iterator<Item = &'a str>) -> Result<Ended, Error> {
        let program = Program {
            name: "git",
            arguments: arguments.map(OsString::from).collect(),
            directory: self.environment.current_dir(),
            environment: self.environment,
            variables: &[("LC_ALL", "C")],
            stdin: Vec::new(),
            limit: LIMIT,
            time: TIME,
            is_alone: false,
        };
        program.run().map_err(|error| Error::Git {
            reason: error.to_string(),
        })
    }
}

/// The first line of what git complains about.
fn complaint(ended: &Ended) -> String {
    let words = String::from_utf8_lossy(&ended.stderr);
    let line = words.lines().next().unwrap_or("it gives no reason");
    line.trim_start_matches("fatal: ").to_owned()
}
