//! What lists an old file: generators of KSOPS and kustomizations get the new ones in its place. Each edit is read
//! again, and counts only where all that is deployed is what it was, with the new files in the place of the old.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::super::rewriting::{Amendment, Plain, Refused, Survey};
use super::super::{Error, map_all};
use super::mentions::{Mentions, Named};
use super::placing::Placed;
use crate::deployment::{self, By, Deployment, Reference, References, Role};
use crate::finding::Help;
use crate::rewrite::listing::{Listed, relist};
use crate::rules::argument;
use crate::source::{Source, SourceId, Span};
use crate::{fs, paths};

/// The most bytes of a file that is looked at: nobody lists secrets in a longer one.
const MAX_LEN: usize = 1 << 20;

/// What the files of a repository say of those that are to be split.
pub(super) struct Listings {
    root: PathBuf,
    here: PathBuf,
    /// The files that say what is deployed, by their paths from the root.
    deploying: BTreeMap<PathBuf, Deploying>,
    references: References,
    mentions: Vec<Mentions>,
}

/// A file that says what is deployed.
struct Deploying {
    /// The path as reports print it, and the place on the disk behind all links.
    path: PathBuf,
    place: PathBuf,
    source: Source,
}

/// What a file turned out to be.
#[derive(Default)]
struct Looked {
    deploys: Option<(Deployment, Deploying)>,
    mentions: Option<Mentions>,
}

impl Listings {
    /// Looks through all files of the work tree.
    ///
    /// # Errors
    /// [`Error::Threads`].
    pub(super) fn look(
        survey: &Survey<'_>,
        placed: &[Placed],
        jobs: Option<NonZeroUsize>,
    ) -> Result<Self, Error> {
        let here = survey.world.here;
        let root = survey.world.ground().root;
        let mut listings = Self {
            here: here.to_owned(),
            root,
            deploying: BTreeMap::new(),
            references: References::default(),
            mentions: Vec::new(),
        };
        if placed.is_empty() {
            return Ok(listings);
        }
        let named: Vec<Named> = placed
            .iter()
            .filter_map(|file| Named::of(listings.below_root(&file.path)?))
            .collect();
        let paths: Vec<&Path> = survey.paths().collect();
        let looked = map_all(&paths, jobs, |path| {
            listings.look_at(survey, path, &named).unwrap_or_default()
        })?;
        let mut deployments = Vec::new();
        for Looked { deploys, mentions } in looked {
            if let Some((deployment, deploying)) = deploys {
                listings
                    .deploying
                    .insert(deployment.path.clone(), deploying);
                deployments.push(deployment);
            }
            listings.mentions.extend(mentions);
        }
        listings.references = References::resolve(&deployments);
        Ok(listings)
    }

    fn look_at(&self, survey: &Survey<'_>, path: &Path, named: &[Named]) -> Option<Looked> {
        let place = survey.place(path)?;
        let from_root = self.below_root(path)?;
        if named.iter().any(|named| named.path == from_root) {
            return None;
        }
        let bytes = fs::read(&place, MAX_LEN).ok()?;
        let mentions = Mentions::of(path, &from_root, &bytes, named);
        let deploys = deployment::may_tell(path, &bytes).then(|| {
            let source = Source::decode(SourceId::WorkTree(path.to_owned()), bytes).ok()?;
            let deployment = deployment::read(&from_root, &source)?;
            let path = path.to_owned();
            let deploying = Deploying {
                path,
                place,
                source,
            };
            Some((deployment, deploying))
        });
        Some(Looked {
            deploys: deploys.flatten(),
            mentions,
        })
    }

    /// The new texts of all that lists an old file. A file that is listed in a way that cannot be followed is
    /// refused and not split.
    pub(super) fn relist(
        &self,
        placed: &mut Vec<Placed>,
        refused: &mut Vec<Refused>,
    ) -> Vec<Plain> {
        loop {
            let all = self.new_files(placed);
            match self.try_relist(&all) {
                Ok(plain) => return plain,
                Err(listing) => {
                    let listed = self.listed_in(&listing, &all);
                    let is_listed = |file: &Placed| {
                        self.below_root(&file.path)
                            .is_some_and(|path| listed.contains(&path))
                    };
                    let (out, kept) = std::mem::take(placed).into_iter().partition(is_listed);
                    *placed = kept;
                    let out: Vec<Placed> = out;
                    if out.is_empty() {
                        return Vec::new();
                    }
                    let shown = self.shown(&listing);
                    refused.extend(out.into_iter().map(|file| stuck(&file.path, &shown)));
                }
            }
        }
    }

    /// By each old file the new ones, as paths from the root; not where the old one stays as it is listed.
    fn new_files(&self, placed: &[Placed]) -> BTreeMap<PathBuf, Vec<PathBuf>> {
        let split = placed.iter().filter(|file| !file.is_only_trimmed());
        let files = split.filter_map(|file| {
            let new = file.parts.iter().map(|part| self.below_root(&part.path));
            Some((self.below_root(&file.path)?, new.collect::<Option<_>>()?))
        });
        files.collect()
    }

    /// The new texts; else the file that cannot be changed so.
    fn try_relist(&self, all: &BTreeMap<PathBuf, Vec<PathBuf>>) -> Result<Vec<Plain>, PathBuf> {
        let mut listed: BTreeMap<&Path, BTreeMap<Span, BTreeSet<Vec<String>>>> = BTreeMap::new();
        let lists = |one: &&Reference| is_list(one) && all.contains_key(&one.target);
        for reference in self.references.all.iter().filter(lists) {
            let place = reference.place;
            let span = Span::new(place.start.offset, place.end.offset);
            let new = all.get(&reference.target).into_iter().flatten();
            let new = new.map(|path| reference.written_for(path)).collect();
            let in_file = listed.entry(&reference.file).or_default();
            in_file.entry(span).or_default().insert(new);
        }
        let mut plain = Vec::new();
        for (file, places) in listed {
            let new = self.new_text(file, places).ok_or_else(|| file.to_owned())?;
            plain.push((file.to_owned(), new));
        }
        self.prove(&plain, all)?;
        let plain = plain.into_iter();
        Ok(plain
            .filter_map(|(file, text)| self.plain(&file, text, all))
            .collect())
    }

    fn new_text(
        &self,
        file: &Path,
        places: BTreeMap<Span, BTreeSet<Vec<String>>>,
    ) -> Option<String> {
        let source = &self.deploying.get(file)?.source;
        let listed = places.into_iter().map(|(span, new)| {
            // Where kustomizations of several folders run it, one name can stand for several files.
            let is_one = new.len() == 1;
            let new = new.into_iter().next().filter(|_| is_one)?;
            Some(Listed { span, new })
        });
        let listed: Vec<Listed> = listed.collect::<Option<_>>()?;
        source
            .is_verbatim()
            .then(|| relist(source.text(), &listed))?
    }

    /// Reads all again.
    fn prove(
        &self,
        new: &[(PathBuf, String)],
        all: &BTreeMap<PathBuf, Vec<PathBuf>>,
    ) -> Result<(), PathBuf> {
        let Some((first, _)) = new.first() else {
            return Ok(());
        };
        let new: BTreeMap<&Path, &str> = new
            .iter()
            .map(|(file, text)| (file.as_path(), text.as_str()))
            .collect();
        let mut deployments = Vec::new();
        for (file, deploying) in &self.deploying {
            let id = deploying.source.id().clone();
            let text = new
                .get(file.as_path())
                .copied()
                .unwrap_or(deploying.source.text());
            let source = Source::decode(id, text.as_bytes().to_vec()).map_err(|_| file.clone())?;
            deployments.push(deployment::read(file, &source).ok_or_else(|| file.clone())?);
        }
        let found = References::resolve(&deployments);
        let mut expected: Vec<Fact<'_>> = Vec::new();
        for reference in &self.references.all {
            match all.get(&reference.target).filter(|_| is_list(reference)) {
                Some(new) => expected.extend(new.iter().map(|path| fact(reference, path))),
                None => expected.push(fact(reference, &reference.target)),
            }
        }
        let mut found: Vec<Fact<'_>> = found.all.iter().map(|one| fact(one, &one.target)).collect();
        expected.sort();
        found.sort();
        let differs = expected
            .iter()
            .zip(&found)
            .find(|(expected, found)| expected != found);
        match differs {
            Some(((file, ..), _)) if new.contains_key(file) => Err((*file).to_owned()),
            Some(_) => Err(first.clone()),
            None if expected.len() != found.len() => Err(first.clone()),
            None => Ok(()),
        }
    }

    fn plain(
        &self,
        file: &Path,
        new: String,
        all: &BTreeMap<PathBuf, Vec<PathBuf>>,
    ) -> Option<Plain> {
        let deploying = self.deploying.get(file)?;
        let amendments = self.listed_in(file, all).into_iter().map(|old| {
            let news = all.get(&old).into_iter().flatten();
            let news = news.map(|path| format!("`{}`", self.shown(path).display()));
            let news: Vec<String> = news.collect();
            let old = self.shown(&old);
            Amendment::Other(format!(
                "lists {} in the place of `{}`",
                news.join(", "),
                old.display()
            ))
        });
        Some(Plain {
            path: deploying.path.clone(),
            place: deploying.place.clone(),
            old: Some(deploying.source.bytes().to_vec()),
            amendments: amendments.collect(),
            new,
        })
    }

    /// The old files that a file lists.
    fn listed_in(&self, file: &Path, all: &BTreeMap<PathBuf, Vec<PathBuf>>) -> BTreeSet<PathBuf> {
        let references = self.references.all.iter();
        let here = references.filter(|one| one.file == file && is_list(one));
        let targets = here.map(|one| one.target.clone());
        targets.filter(|target| all.contains_key(target)).collect()
    }

    /// Where the old files are named beside, for whoever has to change that.
    pub(super) fn still_named(&self, placed: &[Placed]) -> Vec<String> {
        let all = self.new_files(placed);
        let is_relisted = |file: &Path, line: usize| {
            let mut references = self.references.all.iter().filter(|one| is_list(one));
            references.any(|one| {
                one.file == file && one.place.start.line == line && all.contains_key(&one.target)
            })
        };
        let mentions = self.mentions.iter();
        let told = mentions.flat_map(|mentions| mentions.told(&all, is_relisted));
        told.collect()
    }

    fn below_root(&self, path: &Path) -> Option<PathBuf> {
        let place = paths::absolute(&self.here, path);
        place.strip_prefix(&self.root).map(Path::to_owned).ok()
    }

    /// A path from the root, as reports print it.
    fn shown(&self, path: &Path) -> PathBuf {
        paths::relative(&self.here, &self.root.join(path))
    }
}

/// What is deployed: who names what, and for what.
type Fact<'r> = (&'r Path, Role, By, Option<&'r Path>, &'r Path);

fn fact<'r>(reference: &'r Reference, target: &'r Path) -> Fact<'r> {
    let kustomization = reference.kustomization.as_deref();
    (
        &reference.file,
        reference.role,
        reference.by,
        kustomization,
        target,
    )
}

/// Whether it is an item of a list of manifests, where others can stand beside it.
fn is_list(reference: &Reference) -> bool {
    reference.role == Role::Manifest
}

/// A file that is listed where nothing can be put in its place.
fn stuck(path: &Path, listing: &Path) -> Refused {
    let reason = format!(
        "`{}` lists it in a way that is not edited here",
        listing.display()
    );
    let help = Help::new("take it out of that list, split it, then list the new files");
    let help = help.then(format!("sopsguard split {}", argument(path)));
    Refused::new(path.to_owned(), reason).helped(help)
}
