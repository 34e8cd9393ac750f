//! What the manifests of a repository name, and where the files stand that they name.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use super::super::Error;
use super::super::surroundings::Surroundings;
use crate::deployment::{Deployment, References};
use crate::repo::{Index, Kind, Repo};
use crate::rules::{Deployed, FileFacts, Standing};
use crate::{fs, paths};

/// Puts together what all files say about what is deployed. `names` are all files there are, as reports
/// print them, and `secrets` those of sops's.
///
/// # Errors
/// [`Error::Git`] where the index cannot be read.
pub(super) fn deployed(
    mut deployments: Vec<Deployment>,
    names: &[PathBuf],
    secrets: &[FileFacts],
    world: Surroundings<'_>,
) -> Result<Deployed, Error> {
    let root = world.repo.map_or(world.here, Repo::work_tree);
    let from_root = |shown: &Path| {
        let absolute = paths::absolute(world.here, shown);
        absolute.strip_prefix(root).map(Path::to_owned).ok()
    };
    deployments.retain_mut(|deployment| match from_root(&deployment.path) {
        Some(path) => {
            deployment.path = path;
            true
        }
        None => false,
    });
    let references = References::resolve(&deployments);
    let mut standings = Vec::new();
    if !references.all.is_empty() {
        let names = names.iter().filter_map(|name| from_root(name)).collect();
        let mut ground = Ground {
            world,
            root,
            names,
            index: None,
        };
        for reference in &references.all {
            standings.push(ground.standing(&reference.target)?);
        }
    }
    let secrets = secrets.iter().filter_map(|file| from_root(&file.path));
    let links = links(&references, secrets, root);
    let (root, here) = (root.to_owned(), world.here.to_owned());
    Ok(Deployed::new(references, standings, root, here).with_links(links))
}

/// Which of the secrets that nothing names, though others beside them, are links to other files.
fn links(
    references: &References,
    secrets: impl Iterator<Item = PathBuf>,
    root: &Path,
) -> BTreeSet<PathBuf> {
    let named: HashSet<&Path> = references.all.iter().map(|one| &*one.target).collect();
    let folders: HashSet<Option<&Path>> = named.iter().map(|path| path.parent()).collect();
    let is_link = |path: &PathBuf| fs::kind(&root.join(path)) == Some(fs::Kind::Link);
    secrets
        .filter(|path| folders.contains(&path.parent()) && !named.contains(path.as_path()))
        .filter(is_link)
        .collect()
}

/// Where files may stand.
struct Ground<'a> {
    world: Surroundings<'a>,
    root: &'a Path,
    /// All files there are, from the root.
    names: HashSet<PathBuf>,
    /// The index, read when it is asked for the first time.
    index: Option<Index<'a>>,
}

impl Ground<'_> {
    /// Where the file of this path stands.
    fn standing(&mut self, target: &Path) -> Result<Standing, Error> {
        if self.names.contains(target) || self.is_elsewhere(target) {
            return Ok(Standing::There);
        }
        let on_disk = fs::kind(&self.root.join(target));
        if self.world.index.is_none() && matches!(on_disk, Some(fs::Kind::Folder | fs::Kind::Link))
        {
            return Ok(Standing::There);
        }
        if self.is_in_index(target)? {
            return Ok(Standing::There);
        }
        Ok(match on_disk {
            None => Standing::Missing,
            Some(_) if self.world.index.is_some() => Standing::Unstaged,
            Some(_) if self.world.repo.is_some() => Standing::Ignored,
            Some(_) => Standing::There,
        })
    }

    /// Whether the path is left out, or leads through something that is no folder of this repository.
    fn is_elsewhere(&self, target: &Path) -> bool {
        let place = self.root.join(target);
        if self.world.policy.is_excluded(&place) {
            return true;
        }
        let folders = target.ancestors().skip(1);
        let mut folders = folders.take_while(|folder| !folder.as_os_str().is_empty());
        folders.any(|folder| {
            let place = self.root.join(folder);
            self.names.contains(folder)
                || fs::kind(&place) == Some(fs::Kind::Link)
                || fs::kind(&place.join(".git")).is_some()
        })
    }

    /// Whether the index has a file there, or files below it. What is not checked out is there, too.
    fn is_in_index(&mut self, target: &Path) -> Result<bool, Error> {
        let Some(repo) = self.world.repo else {
            return Ok(false);
        };
        let Some(path) = repo.path_in_index(&self.root.join(target)) else {
            return Ok(false);
        };
        let index = match (self.world.index, &mut self.index) {
            (Some(index), _) => index,
            (None, Some(index)) => index,
            (None, none) => none.insert(repo.index()?),
        };
        let is_apart = |kind: &Kind| matches!(kind, Kind::Link | Kind::Submodule);
        let folders = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        let mut folders = folders.filter_map(|(at, _)| path.get(..at));
        Ok(index.at(&path).is_some()
            || folders.any(|folder| index.at(folder).as_ref().is_some_and(is_apart))
            || index.has_below(&path))
    }
}
