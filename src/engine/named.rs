//! The paths that the user named to a command that looks at the whole repository all the same: of them alone is
//! told, or they alone are changed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::surroundings::Surroundings;
use super::{Error, Report, Request, Target};
use crate::finding::Finding;
use crate::paths;

/// What the user named, of which alone is told.
pub(super) struct Named {
    /// The paths, absolute; none where all is told.
    paths: Vec<PathBuf>,
    /// What to look at where that is not the whole repository.
    roots: Vec<Target>,
}

impl Named {
    /// Takes the targets out of a request.
    ///
    /// # Errors
    /// [`Error::NoSuchPath`] where one is not there.
    pub(super) fn take(request: &mut Request<'_>, world: Surroundings<'_>) -> Result<Self, Error> {
        let targets = std::mem::take(&mut request.targets);
        let mut paths = Vec::new();
        for target in &targets {
            if let Target::Path(path) = target {
                let absolute = paths::absolute(world.here, path);
                if world.index.is_none() && absolute.symlink_metadata().is_err() {
                    return Err(Error::NoSuchPath { path: path.clone() });
                }
                paths.push(absolute);
            }
        }
        let is_inside = |path: &PathBuf| {
            world
                .repo
                .is_some_and(|repo| repo.path_in_index(path).is_some())
        };
        let roots = if paths.iter().all(is_inside) {
            Vec::new()
        } else {
            targets
        };
        if world.repo.is_none() && paths.is_empty() {
            // A configuration above the folder may be for files elsewhere, too.
            paths.push(world.here.to_owned());
        }
        Ok(Self { paths, roots })
    }

    /// The paths, absolute; none where all is told.
    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// What to list; nothing where that is the whole repository.
    pub(super) fn roots(&self) -> Vec<Target> {
        let paths = self.roots.iter().filter_map(|target| match target {
            Target::Path(path) => Some(Target::Path(path.clone())),
            Target::Text { .. } => None,
        });
        paths.collect()
    }

    /// Whether a path, as reports print it, is named, or lies below what is; all are where nothing is.
    pub(super) fn has(&self, here: &Path, path: &Path) -> bool {
        if self.paths.is_empty() {
            return true;
        }
        let place = paths::absolute(here, path);
        self.paths.iter().any(|named| place.starts_with(named))
    }

    /// Whether a path, as reports print it, is one that is named itself.
    pub(super) fn is(&self, here: &Path, path: &Path) -> bool {
        self.paths.contains(&paths::absolute(here, path))
    }

    /// The same as [`has`](Self::has), also where something that is named lies below the path.
    pub(super) fn has_or_leads_to(&self, here: &Path, path: &Path) -> bool {
        let place = paths::absolute(here, path);
        self.has(here, path) || self.paths.iter().any(|named| named.starts_with(&place))
    }

    /// Leaves what is said of the named files.
    pub(super) fn keep(&self, here: &Path, report: &mut Report, findings: &mut Vec<Finding>) {
        if self.paths.is_empty() {
            return;
        }
        let named: HashSet<&Path> = self.paths.iter().map(PathBuf::as_path).collect();
        let is_named = |path: &Path| {
            let path = paths::absolute(here, path);
            path.ancestors().any(|above| named.contains(above))
        };
        findings.retain(|found| is_named(&found.location.path));
        report.files.retain(|file| is_named(&file.path));
        report
            .not_evaluated
            .retain(|skipped| skipped.path == Path::new(".") || is_named(&skipped.path));
    }
}
