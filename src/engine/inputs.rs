//! From what the user named to the list of files to look at, and where their bytes are.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::bases::Bases;
use super::notices::{Notices, Why};
use super::{Error, Target, since, staged, walk};
use crate::config::Policy;
use crate::document::Format;
use crate::environment::Environment;
use crate::paths;
use crate::repo::{BlobId, Index, Repo};
use crate::rules::{FormatFrom, Unreadable};

/// One file to look at.
pub(super) struct Input {
    /// The path that the report prints.
    pub(super) path: PathBuf,
    pub(super) content: Content,
    pub(super) origin: Origin,
    /// The format that sops would read it as.
    pub(super) format: Format,
    pub(super) format_from: FormatFrom,
    /// Whether its name says that it should be encrypted.
    pub(super) has_secret_name: bool,
}

impl Input {
    /// What git calls the content, where it is from there.
    pub(super) fn blob(&self) -> Option<&BlobId> {
        match &self.content {
            Content::Blob(id) => Some(id),
            Content::Disk(_) | Content::Given(_) | Content::Outside | Content::Lost(_) => None,
        }
    }
}

/// Where the bytes of an input are.
pub(super) enum Content {
    Disk(PathBuf),
    /// In git, in the index or a commit.
    Blob(BlobId),
    Given(Vec<u8>),
    /// Behind a link that leads out of the folder.
    Outside,
    /// Nowhere: why is known already.
    Lost(Unreadable),
}

/// How an input came to be one. A named file is always in the report.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Named,
    /// An entry of the index that was named. Hooks name whatever there is, so that it counts like one
    /// that was met in a folder.
    NamedInIndex,
    Walked,
}

/// What decides which files are inputs.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) environment: &'a Environment,
    pub(super) policy: &'a Policy,
    /// The format of what is named, whatever the name says.
    pub(super) input_type: Option<Format>,
    /// The repository around the current folder.
    pub(super) repo: Option<&'a Repo<'a>>,
    /// Its index, where files are taken from that instead of the work tree.
    pub(super) index: Option<&'a Index<'a>>,
    /// Whether that is all of the index, and not only what is staged.
    pub(super) is_all: bool,
    /// What to compare with, where only what changed since is looked at.
    pub(super) since: Option<&'a Bases<'a>>,
    /// How many threads to use at most.
    pub(super) jobs: Option<NonZeroUsize>,
}

impl Scope<'_> {
    /// A file to look at; none where it was met in a folder and the policy leaves it out.
    pub(super) fn input(&self, path: PathBuf, content: Content, origin: Origin) -> Option<Input> {
        if origin == Origin::Walked && self.policy.is_excluded(&path) {
            return None;
        }
        let given = self.input_type.filter(|_| origin != Origin::Walked);
        Some(Input {
            format: given.unwrap_or_else(|| Format::of_path(&path)),
            format_from: given.map_or(FormatFrom::Name, |_| FormatFrom::User),
            has_secret_name: self.policy.is_secret_name(&path),
            path,
            content,
            origin,
        })
    }
}

/// The inputs of a run, by the bytes of their paths.
pub(super) struct Inputs<'a> {
    pub(super) scope: Scope<'a>,
    pub(super) notices: Notices,
    by_path: BTreeMap<Vec<u8>, Input>,
}

/// Lists the inputs of all targets, each once, sorted by the bytes of their path.
///
/// # Errors
/// [`Error::NoSuchPath`] where a target is not there, [`Error::Git`] where the repository cannot be
/// read.
pub(super) fn list(targets: Vec<Target>, scope: Scope<'_>) -> Result<(Vec<Input>, Notices), Error> {
    let mut inputs = Inputs {
        scope,
        notices: Notices::default(),
        by_path: BTreeMap::new(),
    };
    let mut named = Vec::new();
    let mut only_text = !targets.is_empty();
    for target in targets {
        match target {
            Target::Text { name, bytes } => {
                if !inputs.is_left_out(&name) {
                    inputs.add(name, Content::Given(bytes), Origin::Named);
                }
            }
            Target::Path(path) => {
                only_text = false;
                named.push(path);
            }
        }
    }
    if !only_text {
        match (scope.repo, scope.index) {
            (Some(repo), Some(index)) => staged::add(&mut inputs, repo, index, &named)?,
            _ => match scope.since {
                Some(bases) => since::add(&mut inputs, bases, &named)?,
                None => inputs.add_work_tree(named)?,
            },
        }
    }
    Ok((inputs.by_path.into_values().collect(), inputs.notices))
}

impl Inputs<'_> {
    /// Adds an input, keyed by the bytes of its path; a file both named and met in a folder counts
    /// as named. What is met in a folder and the policy leaves out is none.
    pub(super) fn add(&mut self, path: PathBuf, content: Content, origin: Origin) {
        let key = path.as_os_str().as_encoded_bytes().to_vec();
        let known = self
            .by_path
            .get(&key)
            .is_some_and(|input| input.origin == Origin::Named);
        if known {
            return;
        }
        if let Some(input) = self.scope.input(path, content, origin) {
            self.by_path.insert(key, input);
        }
    }

    fn add_work_tree(&mut self, mut named: Vec<PathBuf>) -> Result<(), Error> {
        match self.scope.repo {
            Some(repo) if named.is_empty() => return walk::add_repository(self, repo),
            None if named.is_empty() => named.push(PathBuf::from(".")),
            _ => {}
        }
        for named in named {
            let place = self.scope.environment.current_dir().join(&named);
            if place.symlink_metadata().is_err() {
                return Err(Error::NoSuchPath { path: named });
            }
            let shown = paths::without_dots(&named);
            if self.is_left_out(&shown) {
                continue;
            }
            if place.is_dir() {
                walk::add_folder(self, &place, &shown)?;
            } else {
                self.add(shown, Content::Disk(place), Origin::Named);
            }
        }
        Ok(())
    }

    /// Whether the policy leaves out what was named, of which the user is told then.
    pub(super) fn is_left_out(&mut self, named: &Path) -> bool {
        let is_excluded = self.scope.policy.is_excluded(named);
        if is_excluded {
            self.notices.add(Why::Excluded, named);
        }
        is_excluded
    }

    /// Whether a path's name says that it should be encrypted.
    pub(super) fn has_secret_name(&self, path: &Path) -> bool {
        self.scope.policy.is_secret_name(path)
    }
}
