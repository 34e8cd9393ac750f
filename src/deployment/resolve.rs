//! All deployments of a repository side by side: which file is named where, by whom, and from which
//! folder.
//!
//! kustomize runs a generator in the folder of the kustomization that lists it, wherever the
//! generator's own file lies. So that is where KSOPS looks for files.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{By, Deployment, Mention, Part, Place, Role, target};
use crate::paths;

/// What the deployments of a repository refer to.
#[derive(Debug, Default)]
pub(crate) struct References {
    /// All that certainly names a file here, by the file that says so and its place.
    pub(crate) all: Vec<Reference>,
    /// The folders in which something is named that is not certain.
    vague: BTreeSet<PathBuf>,
    /// The folders that Flux or Argo CD deploys.
    deployed: BTreeSet<PathBuf>,
    /// The folders that have a kustomization.
    kustomized: BTreeSet<PathBuf>,
    /// Whether there is more than was looked at.
    is_cut_short: bool,
}

/// A file that is named somewhere.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    /// The file that names it, from the root.
    pub(crate) file: PathBuf,
    /// Where.
    pub(crate) place: Place,
    /// How it is written.
    pub(crate) written: String,
    pub(crate) role: Role,
    pub(crate) by: By,
    /// The kustomization that runs what names it; none of a generator that no kustomization lists.
    pub(crate) kustomization: Option<PathBuf>,
    /// The folder from which it is named.
    pub(crate) base: PathBuf,
    /// The path from the root.
    pub(crate) target: PathBuf,
}

/// The most references of one repository.
const MAX_REFERENCES: usize = 200_000;

/// How many files and folders are looked at to find the generators that kustomizations list.
const MAX_STEPS: usize = 200_000;

impl References {
    /// Puts together what all files say.
    pub(crate) fn resolve(deployments: &[Deployment]) -> Self {
        let all = All::of(deployments);
        let mut references = Self {
            kustomized: all.kustomizations.keys().cloned().collect(),
            ..Self::default()
        };
        let mut run = BTreeSet::new();
        for deployment in deployments {
            for part in &deployment.parts {
                match part {
                    Part::Kustomization { lists, inline } => {
                        references.kustomization(&all, deployment, lists, inline, &mut run);
                    }
                    Part::Folder(written) => {
                        let folder = target::path(Path::new(""), written);
                        let folder = folder.or_else(|| written.is_empty().then(PathBuf::new));
                        references.deployed.extend(folder);
                    }
                    Part::Ksops(_) => {}
                }
            }
        }
        for deployment in deployments.iter().filter(|one| !run.contains(&one.path)) {
            for mentions in deployment.generators() {
                let runs = Runs::alone(deployment);
                references.add_all(&runs, mentions);
            }
        }
        references.is_cut_short |= all.steps.get() == 0;
        references.sort();
        references
    }

    /// Whether there is more than was looked at.
    pub(crate) fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }

    /// Whether it cannot be said of the files of this folder that nothing deploys them.
    pub(crate) fn may_deploy(&self, folder: &Path) -> bool {
        if self.is_cut_short || self.vague.contains(folder) {
            return true;
        }
        // As far up as nothing else says which files count.
        let mut folders = folder.ancestors();
        let reached =
            folders.find(|at| self.deployed.contains(*at) || self.kustomized.contains(*at));
        reached.is_some_and(|at| self.deployed.contains(at) && !self.kustomized.contains(at))
    }

    fn kustomization(
        &mut self,
        all: &All<'_>,
        deployment: &Deployment,
        lists: &[Mention],
        inline: &[Vec<Mention>],
        run: &mut BTreeSet<PathBuf>,
    ) {
        let own = Runs {
            file: &deployment.path,
            by: By::Kustomization,
            kustomization: Some(&deployment.path),
            base: folder(&deployment.path),
        };
        self.add_all(&own, lists);
        let ksops = Runs {
            by: By::Ksops,
            ..own
        };
        for mentions in inline {
            self.add_all(&ksops, mentions);
        }
        let generators = lists.iter().filter(|one| one.role == Role::Generator);
        for generator in generators {
            let Some(target) = target::path(own.base, &generator.written) else {
                continue;
            };
            for generator in all.generators_at(&target) {
                run.insert(generator.path.clone());
                for mentions in generator.generators() {
                    let file = &generator.path;
                    self.add_all(&Runs { file, ..ksops }, mentions);
                }
            }
        }
    }

    fn add_all(&mut self, runs: &Runs<'_>, mentions: &[Mention]) {
        for mention in mentions {
            if self.all.len() >= MAX_REFERENCES {
                self.is_cut_short = true;
                return;
            }
            match target::path(runs.base, &mention.written) {
                Some(target) => self.all.push(runs.reference(mention, target)),
                None => self.add_vague(runs, mention),
            }
        }
    }

    /// Notes that files may be named here of which it is not known which they are.
    fn add_vague(&mut self, runs: &Runs<'_>, mention: &Mention) {
        if mention.role == Role::Generator || mention.written.contains("://") {
            return;
        }
        let named = Path::new(&mention.written).parent();
        let named = named.and_then(|named| target::path(runs.base, named.to_str()?));
        self.vague.extend(named);
        self.vague.insert(runs.base.to_owned());
    }

    fn sort(&mut self) {
        let key = |one: &Reference| {
            let path = one.file.as_os_str().as_encoded_bytes().to_vec();
            (path, one.place.start.offset, one.target.clone())
        };
        self.all.sort_by_cached_key(key);
    }
}

impl Reference {
    /// Whether it may be the address of something in another repository, as far as nothing here has
    /// that name.
    pub(crate) fn may_be_remote(&self) -> bool {
        self.by == By::Kustomization && target::may_be_remote(&self.written)
    }

    /// How another file is written in its place, as this one is.
    pub(crate) fn written_for(&self, path: &Path) -> String {
        let way = paths::relative(&self.base, path).display().to_string();
        if self.written.starts_with("./") && !way.starts_with("..") {
            format!("./{way}")
        } else {
            way
        }
    }

    /// The path that the name would be from the folder of the file that names it.
    pub(crate) fn beside_own_file(&self) -> Option<PathBuf> {
        target::path(folder(&self.file), &self.written)
    }
}

impl Deployment {
    /// Whether kustomize builds its folder by it.
    fn is_kustomization(&self) -> bool {
        let is_one = |part: &Part| matches!(part, Part::Kustomization { .. });
        self.parts.iter().any(is_one)
    }

    /// What each of its generators of KSOPS lists.
    fn generators(&self) -> impl Iterator<Item = &[Mention]> {
        self.parts.iter().filter_map(|part| match part {
            Part::Ksops(mentions) => Some(mentions.as_slice()),
            Part::Kustomization { .. } | Part::Folder(_) => None,
        })
    }
}

/// Who runs what, and where.
#[derive(Clone, Copy)]
struct Runs<'d> {
    file: &'d Path,
    by: By,
    kustomization: Option<&'d Path>,
    base: &'d Path,
}

impl<'d> Runs<'d> {
    /// A generator that no kustomization lists, as far as is known.
    fn alone(deployment: &'d Deployment) -> Self {
        Self {
            file: &deployment.path,
            by: By::Ksops,
            kustomization: None,
            base: folder(&deployment.path),
        }
    }

    fn reference(&self, mention: &Mention, target: PathBuf) -> Reference {
        Reference {
            file: self.file.to_owned(),
            place: mention.place,
            written: mention.written.clone(),
            role: mention.role,
            by: self.by,
            kustomization: self.kustomization.map(Path::to_owned),
            base: self.base.to_owned(),
            target,
        }
    }
}

/// All deployments, to be found by their paths.
struct All<'d> {
    files: BTreeMap<&'d Path, &'d Deployment>,
    /// By their folders.
    kustomizations: BTreeMap<PathBuf, Vec<&'d Deployment>>,
    /// How many more may be looked at.
    steps: Cell<usize>,
}

impl<'d> All<'d> {
    fn of(deployments: &'d [Deployment]) -> Self {
        let files = deployments.iter().map(|one| (one.path.as_path(), one));
        let mut kustomizations: BTreeMap<PathBuf, Vec<&Deployment>> = BTreeMap::new();
        for one in deployments.iter().filter(|one| one.is_kustomization()) {
            let folder = folder(&one.path).to_owned();
            kustomizations.entry(folder).or_default().push(one);
        }
        Self {
            files: files.collect(),
            kustomizations,
            steps: Cell::new(MAX_STEPS),
        }
    }

    /// The files with generators that a kustomization runs which lists `target`: the file itself, or
    /// what the kustomization of that folder deploys.
    fn generators_at(&self, target: &Path) -> Vec<&'d Deployment> {
        let mut found = Vec::new();
        let mut next = vec![target.to_owned()];
        let mut known = BTreeSet::new();
        while let Some(target) = next.pop() {
            let left = self.steps.get().saturating_sub(1);
            self.steps.set(left);
            if left == 0 || !known.insert(target.clone()) {
                continue;
            }
            if let Some(file) = self.files.get(target.as_path()) {
                found.push(*file);
            }
            let kustomizations = self.kustomizations.get(&target).into_iter().flatten();
            for part in kustomizations.flat_map(|one| &one.parts) {
                let Part::Kustomization { lists, .. } = part else {
                    continue;
                };
                let deployed = lists.iter().filter(|one| one.role == Role::Manifest);
                next.extend(deployed.filter_map(|one| target::path(&target, &one.written)));
            }
        }
        found
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}
