//! What the manifests of a repository bring into a cluster, and where the files stand that they name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::deployment::{Reference, References};
use crate::paths;

/// What manifests name, with all that a rule may know of it. Paths in it start from its root.
#[derive(Debug, Default)]
pub(crate) struct Deployed {
    references: References,
    /// Where the file of each reference stands.
    standings: Vec<Standing>,
    /// The links among the files of which nothing is named.
    links: BTreeSet<PathBuf>,
    /// The folder that all paths start from, absolute.
    root: PathBuf,
    /// The folder from which reports name files, absolute.
    here: PathBuf,
}

/// Where a file stands that is named somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Where it should, or where it is not known.
    There,
    /// In the work tree alone: git ignores it.
    Ignored,
    /// In the work tree alone: it is not staged.
    Unstaged,
    /// Nowhere.
    Missing,
}

impl Deployed {
    /// What `references` name in the repository at `root`, each with where its file stands, in this
    /// order; as one tells it who stands in `here`.
    pub(crate) fn new(
        references: References,
        standings: Vec<Standing>,
        root: PathBuf,
        here: PathBuf,
    ) -> Self {
        Self {
            references,
            standings,
            links: BTreeSet::new(),
            root,
            here,
        }
    }

    /// The same, with which files are links to others, of those that nothing names.
    #[must_use]
    pub(crate) fn with_links(mut self, links: BTreeSet<PathBuf>) -> Self {
        self.links = links;
        self
    }

    /// Whether a file that nothing names is a link to another one.
    pub(crate) fn is_link(&self, path: &Path) -> bool {
        self.links.contains(path)
    }

    /// All references and where their files stand, by the file that names them and the place in it.
    pub(crate) fn references(&self) -> impl Iterator<Item = (&Reference, Standing)> {
        let standings = self.standings.iter().copied();
        self.references.all.iter().zip(standings)
    }

    /// Whether manifests name more than was looked at.
    pub(crate) fn is_cut_short(&self) -> bool {
        self.references.is_cut_short()
    }

    /// Whether it cannot be said of the files of this folder that nothing deploys them.
    pub(crate) fn may_deploy(&self, folder: &Path) -> bool {
        self.references.may_deploy(folder)
    }

    /// The path as reports print it.
    pub(crate) fn shown(&self, path: &Path) -> PathBuf {
        paths::relative(&self.here, &self.root.join(path))
    }

    /// The path from the root that reports print like this; none of a file elsewhere.
    pub(crate) fn path_of(&self, shown: &Path) -> Option<PathBuf> {
        let absolute = paths::absolute(&self.here, shown);
        let inside = absolute.strip_prefix(&self.root).ok()?;
        Some(inside.to_owned())
    }
}
