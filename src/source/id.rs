//! Where a source came from.

use std::fmt;
use std::path::PathBuf;

/// Where the text of a source was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(dead_code, reason = "files are read from the work tree only so far")]
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

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WorkTree(path) | Self::Stdin(path) => write!(f, "{}", path.display()),
            Self::Index(path) => write!(f, "{} (index)", path.display()),
            Self::Commit { commit, path } => write!(f, "{} ({commit})", path.display()),
        }
    }
}
