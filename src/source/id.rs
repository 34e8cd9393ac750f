//! Where a source came from.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where the text of a source was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum SourceId {
    /// A file of the work tree, or outside any repository.
    WorkTree(PathBuf),
    /// A file as it is in the index.
    Index(PathBuf),
    /// A file as a commit has it.
    Commit {
        /// The commit's object id, in hexadecimal.
        commit: String,
        /// The file's path in the commit's tree.
        path: PathBuf,
    },
    /// Standard input, under the name that its format is judged by.
    Stdin(PathBuf),
}

impl SourceId {
    /// The path or name of the file.
    #[must_use]
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::WorkTree(path)
            | Self::Index(path)
            | Self::Commit { path, .. }
            | Self::Stdin(path) => path,
        }
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WorkTree(path) | Self::Stdin(path) => write!(f, "{}", path.display()),
            Self::Index(path) => write!(f, "{} (index)", path.display()),
            Self::Commit { commit, path } => write!(f, "{} ({commit})", path.display()),
        }
    }
}
