//! The history of files: which commits changed them, in one walk for all of them.
//!
//! As `git log` does, a path is followed from a merge to the parent that has it as the merge has it,
//! if there is one, and else to all of them. Each commit is looked at once, after all that come from
//! it; of the files only the folders that differ from the parent's and lead to one of the paths.
//! A path that is new in a commit is followed to the one that vanished there with the same content.

use std::borrow::Borrow;
use std::collections::HashMap;

use super::ancestry::{End, Reach};
use super::commits::{Commits, kind};
use super::diff::{Pair, for_each_difference, renames};
use super::entry::{BlobId, Kind};
use super::error::Error;
use super::id::{CommitId, Id};

/// A commit that changed a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// The commit.
    pub(crate) commit: CommitId,
    /// The file's path then.
    pub(crate) path: Vec<u8>,
    /// What it held from then on; none where it was deleted, or is no file.
    pub(crate) blob: Option<BlobId>,
    /// What it held in each parent of the commit. Without parents, either the commit is the first of
    /// all or a shallow clone was cut off there.
    pub(crate) before: Vec<Option<BlobId>>,
    /// Whether a shallow clone was cut off there: the content may be older.
    pub(crate) is_cut: bool,
    /// The path in the parent where that was another.
    pub(crate) renamed_from: Option<Vec<u8>>,
}

/// The histories of files.
#[derive(Debug)]
pub(crate) struct Histories {
    /// The versions of each path that was asked for, the youngest first: no version comes before one
    /// that was made of it.
    pub(crate) files: Vec<Vec<Version>>,
    /// How many commits were looked at.
    pub(crate) commits: usize,
    /// Whether these are all.
    pub(crate) end: End,
}

impl Commits<'_> {
    /// The versions of these paths in a commit and those that it comes from.
    ///
    /// # Errors
    /// [`Error`] where the commit cannot be read. Another commit or tree that cannot be ends the
    /// search.
    pub(crate) fn histories(
        &mut self,
        from: CommitId,
        paths: &[&[u8]],
        reach: Reach,
    ) -> Result<Histories, Error> {
        let walk = self.walk(from.0, &[], reach)?;
        let mut followed = Followed::new(paths);
        let mut open: HashMap<Id, Paths> = HashMap::from([(from.0, followed.all())]);
        let (mut commits, mut end) = (0, walk.end);
        for (at, id) in walk.ids.into_iter().enumerate() {
            let Some(wanted) = open.remove(&id).filter(|wanted| !wanted.is_empty()) else {
                continue;
            };
            commits = at + 1;
            if let Err(error) = self.follow(&mut followed, &mut open, (at, id), wanted, reach) {
                end = End::Unreadable(error);
                break;
            }
        }
        let numbers: Vec<usize> = paths.iter().map(|path| followed.insert(path)).collect();
        let files = numbers
            .into_iter()
            .map(|path| followed.history(path))
            .collect();
        Ok(Histories {
            files,
            commits,
            end,
        })
    }

    /// Finds what a commit changed of the wanted paths, and hands them on to its parents.
    fn follow(
        &mut self,
        followed: &mut Followed,
        open: &mut HashMap<Id, Paths>,
        (at, id): (usize, Id),
        mut wanted: Paths,
        reach: Reach,
    ) -> Result<(), Error> {
        let commit = self.commit(id)?;
        let parents = self.parents_of(id, reach.first_parents);
        let mut trees = Vec::new();
        for parent in &parents {
            trees.push(Some(self.commit(*parent)?.tree));
        }
        if trees.is_empty() {
            trees.push(None);
        }
        let mut differing = Vec::new();
        for tree in &trees {
            differing.push(self.differing_of(followed, *tree, commit.tree)?);
        }
        // What is as in some parent is the first such one's.
        for (number, parent) in parents.iter().enumerate() {
            let differs = differing.get(number).into_iter().flat_map(HashMap::keys);
            let same = wanted.without(differs);
            wanted = wanted.without(same.iter());
            open.entry(*parent).or_default().add(&same);
        }
        for path in wanted.iter() {
            let pairs: Vec<Pair> = differing
                .iter()
                .filter_map(|all| all.get(&path).copied())
                .collect();
            let Some(first) = pairs.first().filter(|_| pairs.len() == differing.len()) else {
                continue;
            };
            let old = match first.is {
                Some(_) if pairs.iter().all(|pair| pair.was.is_none()) => {
                    self.renamed(followed, path, first.is, &trees, commit.tree)?
                }
                _ => None,
            };
            followed.add(
                path,
                at,
                Version {
                    commit: CommitId(id),
                    path: Vec::new(),
                    blob: blob(first.is),
                    before: before(&pairs, &parents),
                    is_cut: commit.is_cut,
                    renamed_from: old.as_ref().map(|(_, path)| path.clone()),
                },
            );
            let (only, path) = match old {
                Some((parent, old)) => (Some(parent), followed.rename(path, at, &old)),
                None => (None, path),
            };
            for (number, parent) in parents.iter().enumerate() {
                if only.is_none_or(|only| only == number) {
                    open.entry(*parent).or_default().insert(path);
                }
            }
        }
        Ok(())
    }

    /// The paths of which two trees hold different things.
    fn differing_of(
        &mut self,
        followed: &Followed,
        was: Option<Id>,
        is: Id,
    ) -> Result<HashMap<usize, Pair>, Error> {
        let mut differing: HashMap<usize, Pair> = HashMap::new();
        let mut open = vec![(0, was, Some(is))];
        while let Some((at, was, is)) = open.pop() {
            if was == is {
                continue;
            }
            let (was, is) = (self.folder(was)?, self.folder(is)?);
            let Some(place) = followed.places.get(at) else {
                continue;
            };
            for_each_difference(&was, &is, |name, pair| {
                let Some(next) = place.children.get(name) else {
                    return;
                };
                if pair.is_folder() {
                    open.push((*next, pair.was_id(), pair.is_id()));
                } else if let Some(path) = followed.places.get(*next).and_then(|next| next.path) {
                    differing.insert(path, pair);
                }
            });
        }
        Ok(differing)
    }

    /// Where a path that is new in a commit had its content before: the number of the parent, and
    /// the path that vanished.
    fn renamed(
        &mut self,
        followed: &Followed,
        path: usize,
        is: Option<(u32, Id)>,
        trees: &[Option<Id>],
        tree: Id,
    ) -> Result<Option<(usize, Vec<u8>)>, Error> {
        let Some(path) = followed.path(path) else {
            return Ok(None);
        };
        let path = path.to_vec();
        let Some(blob) = blob(is) else {
            return Ok(None);
        };
        for (number, was) in trees.iter().enumerate() {
            // All of a first commit is new.
            if was.is_none() {
                continue;
            }
            let mut changes = self.differing(*was, Some(tree))?.paths;
            let holds = |kind: &Option<Kind>| *kind == Some(Kind::File(blob.clone()));
            changes.retain(|change| holds(&change.was) || holds(&change.is));
            let renames = renames(&changes, |_| true).exact;
            if let Some((old, _)) = renames.into_iter().find(|(_, new)| *new == path) {
                return Ok(Some((number, old)));
            }
        }
        Ok(None)
    }
}

fn blob(item: Option<(u32, Id)>) -> Option<BlobId> {
    match kind(item?.0, item?.1) {
        Kind::File(blob) => Some(blob),
        _ => None,
    }
}

fn before(pairs: &[Pair], parents: &[Id]) -> Vec<Option<BlobId>> {
    let pairs = pairs.iter().take(parents.len());
    pairs.map(|pair| blob(pair.was)).collect()
}

/// The paths that are followed, those that were asked for first.
struct Followed {
    /// Folders and files, the root first.
    places: Vec<Place>,
    paths: Vec<Traced>,
}

/// A folder that leads to paths, or a path.
#[derive(Default)]
struct Place {
    children: HashMap<Vec<u8>, usize>,
    path: Option<usize>,
}

/// One path, and what was found.
struct Traced {
    path: Vec<u8>,
    /// Each with the number of the commit in the walk.
    versions: Vec<(usize, Version)>,
    /// The path that it had before this commit.
    earlier: Option<(usize, usize)>,
}

impl Followed {
    fn new(paths: &[&[u8]]) -> Self {
        let mut followed = Self {
            places: vec![Place::default()],
            paths: Vec::new(),
        };
        for path in paths {
            followed.insert(path);
        }
        followed
    }

    fn all(&self) -> Paths {
        let mut all = Paths::default();
        (0..self.paths.len()).for_each(|path| all.insert(path));
        all
    }

    /// The number of a path, which it has from now on.
    fn insert(&mut self, path: &[u8]) -> usize {
        let mut at = 0;
        for name in path.split(|byte| *byte == b'/') {
            let new = self.places.len();
            let place = self.places.get_mut(at);
            at = place.map_or(0, |place| {
                *place.children.entry(name.to_vec()).or_insert(new)
            });
            if at == new {
                self.places.push(Place::default());
            }
        }
        let new = self.paths.len();
        let number = self.places.get_mut(at);
        let number = number.map_or(new, |place| *place.path.get_or_insert(new));
        if number == new {
            self.paths.push(Traced {
                path: path.to_vec(),
                versions: Vec::new(),
                earlier: None,
            });
        }
        number
    }

    fn path(&self, number: usize) -> Option<&[u8]> {
        self.paths.get(number).map(|traced| traced.path.as_slice())
    }

    fn add(&mut self, path: usize, at: usize, version: Version) {
        if let Some(traced) = self.paths.get_mut(path) {
            let path = traced.path.clone();
            traced.versions.push((at, Version { path, ..version }));
        }
    }

    /// Notes that a path had another name before a commit, and gives the number of that one.
    fn rename(&mut self, path: usize, at: usize, old: &[u8]) -> usize {
        let old = self.insert(old);
        if let Some(traced) = self.paths.get_mut(path) {
            traced.earlier = Some((at, old));
        }
        old
    }

    /// The versions of a path, and of those that it had before.
    fn history(&self, path: usize) -> Vec<Version> {
        let mut history = Vec::new();
        let (mut path, mut after) = (path, None);
        while let Some(traced) = self.paths.get(path) {
            let versions = traced.versions.iter();
            let versions = versions.filter(|(at, _)| after.is_none_or(|after| *at > after));
            history.extend(versions.map(|(_, version)| version.clone()));
            match traced.earlier {
                Some((at, old)) if after.is_none_or(|after| at > after) => {
                    (path, after) = (old, Some(at));
                }
                _ => break,
            }
        }
        history
    }
}

/// A set of paths by their numbers.
#[derive(Clone, Default)]
struct Paths {
    words: Vec<u64>,
}

impl Paths {
    fn insert(&mut self, path: usize) {
        let word = path / 64;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        if let Some(word) = self.words.get_mut(word) {
            *word |= 1 << (path % 64);
        }
    }

    fn add(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            *word |= more;
        }
    }

    fn without(&self, others: impl Iterator<Item = impl Borrow<usize>>) -> Self {
        let mut rest = self.clone();
        for path in others {
            let path = *path.borrow();
            if let Some(word) = rest.words.get_mut(path / 64) {
                *word &= !(1 << (path % 64));
            }
        }
        rest
    }

    fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        let words = self.words.iter().enumerate();
        words.flat_map(|(at, word)| {
            let bits = (0..64).filter(move |bit| word >> bit & 1 == 1);
            bits.map(move |bit| at * 64 + bit)
        })
    }
}
