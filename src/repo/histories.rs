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
    /// What it held in each parent of the commit, there under its former path where it had one.
    /// Without parents, either the commit is the first of all or a shallow clone was cut off there.
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
        let trees = self.trees_of(&parents)?;
        let mut differing = Vec::new();
        for tree in &trees {
            differing.push(self.differing_of(followed, *tree, commit.tree)?);
        }
        // What is as in some parent is the first such one's.
        for (parent, differing) in parents.iter().zip(&differing) {
            let same = wanted.without(differing.keys());
            wanted = wanted.without(same.iter());
            open.entry(*parent).or_default().add(&same);
        }
        let mut former = None;
        for path in wanted.iter() {
            let pairs = differing.iter().map(|all| all.get(&path).copied());
            let Some(pairs) = pairs.collect::<Option<Vec<Pair>>>() else {
                continue;
            };
            let is = pairs.first().and_then(|pair| pair.is);
            let mut version = Version {
                commit: CommitId(id),
                path: followed.path(path).to_vec(),
                blob: blob(is),
                before: before(&pairs, &parents),
                is_cut: commit.is_cut,
                renamed_from: None,
            };
            let mut heirs = parents.as_slice();
            let mut heir = path;
            if version.blob.is_some() && pairs.iter().all(|pair| pair.was.is_none()) {
                let former = match &mut former {
                    Some(former) => former,
                    none => none.insert(self.former(&trees, commit.tree)?),
                };
                if let Some((number, old)) = former.get(&version.path) {
                    heirs = parents.get(*number..=*number).unwrap_or_default();
                    heir = followed.rename(path, at, old);
                    version.take(*number, old);
                }
            }
            followed.add(path, at, version);
            for parent in heirs {
                open.entry(*parent).or_default().insert(heir);
            }
        }
        Ok(())
    }

    /// The trees of commits; that of no commit where there are none.
    fn trees_of(&mut self, commits: &[Id]) -> Result<Vec<Option<Id>>, Error> {
        if commits.is_empty() {
            return Ok(vec![None]);
        }
        let trees = commits.iter().map(|id| Ok(Some(self.commit(*id)?.tree)));
        trees.collect()
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

    /// The paths that a tree has and its parents have not, with the one that vanished with the same
    /// content and the number of the parent that had it.
    fn former(&mut self, trees: &[Option<Id>], tree: Id) -> Result<Former, Error> {
        let mut former = Former::new();
        for (number, was) in trees.iter().enumerate() {
            // All of a first commit is new.
            if was.is_none() {
                continue;
            }
            let changes = self.differing(*was, Some(tree))?.paths;
            for (old, new) in renames(&changes, |_| true).exact {
                former.entry(new).or_insert((number, old));
            }
        }
        Ok(former)
    }
}

/// New paths, each with the number of a parent and the path there.
type Former = HashMap<Vec<u8>, (usize, Vec<u8>)>;

impl Version {
    /// Notes that it had another path in a parent, where it held the same.
    fn take(&mut self, parent: usize, old: &[u8]) {
        self.renamed_from = Some(old.to_vec());
        if let Some(before) = self.before.get_mut(parent) {
            before.clone_from(&self.blob);
        }
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

    fn path(&self, number: usize) -> &[u8] {
        let traced = self.paths.get(number);
        traced.map_or(b"", |traced| traced.path.as_slice())
    }

    fn add(&mut self, path: usize, at: usize, version: Version) {
        if let Some(traced) = self.paths.get_mut(path) {
            traced.versions.push((at, version));
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
