//! Commits and the trees of their files, read from the objects alone.
//!
//! libgit2 gives the objects and nothing else; they are parsed here, so that a commit is what it is
//! named, whatever this clone would replace it by. Where libgit2 has no such object git is asked for
//! it, which may not fetch it. Whatever is read is kept for the next path or commit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use git2::{ObjectType, Odb};

use super::blobs::open_odb;
use super::command::Git;
use super::commit::{Author, Commit};
use super::entry::Kind;
use super::error::Error;
use super::id::{CommitId, Id};
use super::places::Places;
use super::tree::Tree;
use crate::fs;

/// Reads the commits of a repository.
pub(crate) struct Commits<'r> {
    pub(super) places: &'r Places,
    pub(super) git: Git<'r>,
    odb: Option<Odb<'static>>,
    commits: HashMap<Id, Arc<Commit>>,
    trees: HashMap<Id, Arc<Tree>>,
    /// How much memory the trees take.
    held: usize,
    /// What git was asked for all at once.
    fetched: HashMap<Id, Vec<u8>>,
    /// The folder that was looked for last, and its tree.
    last: Option<(CommitId, Vec<u8>, Option<Id>)>,
    /// The commits at which a shallow clone was cut off.
    cut: Option<HashSet<Id>>,
}

/// The most memory for trees that are kept.
const HELD: usize = 128 << 20;

/// The most bytes of a commit.
const COMMIT: usize = 16 << 20;

/// The most bytes of a tree: about a million files in one folder.
const TREE: usize = 64 << 20;

/// The most bytes of the list of commits at which a clone was cut off.
const SHALLOW: usize = 64 << 20;

impl<'r> Commits<'r> {
    pub(super) fn new(places: &'r Places, git: Git<'r>) -> Self {
        Self {
            places,
            git,
            odb: None,
            commits: HashMap::new(),
            trees: HashMap::new(),
            held: 0,
            fetched: HashMap::new(),
            last: None,
            cut: None,
        }
    }

    /// What stands at a path of a commit; none where nothing does, or a folder.
    ///
    /// # Errors
    /// [`Error`] where neither libgit2 nor git can read the commit or a tree on the way.
    pub(crate) fn at(&mut self, commit: CommitId, path: &[u8]) -> Result<Option<Kind>, Error> {
        let item = self.item(commit, path)?;
        Ok(item.map(|(mode, id)| kind(mode, id)))
    }

    /// The mode and id of a path of a commit; none where nothing stands there, or a folder.
    pub(super) fn item(
        &mut self,
        commit: CommitId,
        path: &[u8],
    ) -> Result<Option<(u32, Id)>, Error> {
        let slash = memchr::memrchr(b'/', path);
        let folder = slash.and_then(|at| path.get(..at)).unwrap_or_default();
        let name = slash.and_then(|at| path.get(at + 1..)).unwrap_or(path);
        // What begins with a slash lies in no folder.
        if slash == Some(0) {
            return Ok(None);
        }
        let Some(folder) = self.folder_at(commit, folder)? else {
            return Ok(None);
        };
        let tree = self.tree(folder)?;
        let item = tree.get(name).filter(|item| !item.is_folder());
        Ok(item.map(|item| (item.mode, item.id)))
    }

    /// The tree of a folder of a commit; that of the folder without a name is all of it.
    pub(super) fn folder_at(&mut self, commit: CommitId, path: &[u8]) -> Result<Option<Id>, Error> {
        if let Some((of, folder, id)) = &self.last
            && *of == commit
            && folder == path
        {
            return Ok(*id);
        }
        self.prepare(commit.0, || {
            vec!["--no-walk".to_owned(), commit.to_string()]
        });
        let mut folder = Some(self.commit(commit.0)?.tree);
        let names = path.split(|byte| *byte == b'/');
        for name in names.filter(|_| !path.is_empty()) {
            let Some(id) = folder else { break };
            folder = self.tree(id)?.get_folder(name).map(|item| item.id);
        }
        self.last = Some((commit, path.to_vec(), folder));
        Ok(folder)
    }

    /// Who wrote a commit, and when.
    ///
    /// # Errors
    /// [`Error`] where neither libgit2 nor git can read it.
    pub(crate) fn author(&mut self, commit: CommitId) -> Result<Author, Error> {
        Ok(self.commit(commit.0)?.author.clone())
    }

    /// When a commit was made: the later of the two moments that it names, which is not before what it holds was
    /// written. The beginning of 1970 where it names none.
    ///
    /// # Errors
    /// [`Error`] where neither libgit2 nor git can read it.
    pub(crate) fn moment(&mut self, commit: CommitId) -> Result<SystemTime, Error> {
        let commit = self.commit(commit.0)?;
        let since = Duration::from_secs(commit.time.max(commit.written));
        Ok(UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH))
    }

    /// The parents of a commit; none of those that a shallow clone leaves out.
    ///
    /// # Errors
    /// [`Error`] where neither libgit2 nor git can read it.
    pub(crate) fn parents(&mut self, commit: CommitId) -> Result<Vec<CommitId>, Error> {
        let commit = self.commit(commit.0)?;
        Ok(commit.parents.iter().copied().map(CommitId).collect())
    }

    pub(super) fn commit(&mut self, id: Id) -> Result<Arc<Commit>, Error> {
        if let Some(commit) = self.commits.get(&id) {
            return Ok(Arc::clone(commit));
        }
        let bytes = self.read(id, ObjectType::Commit, COMMIT)?;
        let mut commit = Commit::parse(&bytes)
            .filter(|commit| commit.tree.len() == id.len())
            .ok_or_else(|| Error::broken("commit", &id))?;
        if self.is_cut(id) {
            commit.is_cut = true;
            commit.parents.clear();
        }
        let commit = Arc::new(commit);
        self.commits.insert(id, Arc::clone(&commit));
        Ok(commit)
    }

    pub(super) fn tree(&mut self, id: Id) -> Result<Arc<Tree>, Error> {
        if let Some(tree) = self.trees.get(&id) {
            return Ok(Arc::clone(tree));
        }
        let bytes = self.read(id, ObjectType::Tree, TREE)?;
        let tree = Tree::parse(bytes, id.len()).ok_or_else(|| Error::broken("tree", &id))?;
        self.held += tree.size();
        if self.held > HELD {
            self.trees.clear();
            self.held = tree.size();
        }
        let tree = Arc::new(tree);
        self.trees.insert(id, Arc::clone(&tree));
        Ok(tree)
    }

    /// The commit that an object stands for, which may be a tag of it, or of a tag.
    pub(super) fn peeled(&mut self, mut id: Id) -> Result<Id, Error> {
        for _ in 0..MOST_TAGS {
            let refused = match self.commit(id) {
                Ok(_) => return Ok(id),
                Err(refused) => refused,
            };
            let Ok(tag) = self.read(id, ObjectType::Tag, COMMIT) else {
                return Err(refused);
            };
            id = tagged(&tag).ok_or_else(|| Error::broken("tag", &id))?;
        }
        Err(Error::broken("commit", &id))
    }

    /// Asks git for many objects at once where libgit2 cannot read this repository's, unless the one
    /// named is there.
    pub(super) fn prepare(&mut self, first: Id, arguments: impl FnOnce() -> Vec<String>) {
        if first.to_oid().is_some() || self.fetched.contains_key(&first) {
            return;
        }
        // What is missing here is asked for again, and told of, when it is needed.
        if let Ok(objects) = self.git.objects(&arguments()) {
            self.fetched.extend(objects);
        }
    }

    pub(super) fn read(
        &mut self,
        id: Id,
        kind: ObjectType,
        limit: usize,
    ) -> Result<Vec<u8>, Error> {
        if let Some(bytes) = self.fetched.get(&id) {
            return Ok(bytes.clone());
        }
        let refused = match self.of_libgit2(id, kind, limit) {
            Ok(bytes) => return bytes,
            Err(refused) => refused,
        };
        self.git
            .object(kind.str(), id, limit)
            .map_err(|error| error.instead_of(refused.message()))
    }

    /// The bytes as libgit2 reads them, or why they are not what is wanted.
    fn of_libgit2(
        &mut self,
        id: Id,
        kind: ObjectType,
        limit: usize,
    ) -> Result<Result<Vec<u8>, Error>, git2::Error> {
        let oid = id
            .to_oid()
            .ok_or_else(|| git2::Error::from_str("the id is no SHA-1"))?;
        let odb = match self.odb.take() {
            Some(odb) => odb,
            None => open_odb(self.places)?,
        };
        let odb = self.odb.insert(odb);
        let (size, found) = odb.read_header(oid)?;
        if found != kind {
            return Ok(Err(Error::broken(kind.str(), &id)));
        }
        if size > limit {
            return Ok(Err(Error::too_large(kind.str(), &id)));
        }
        Ok(Ok(odb.read(oid)?.data().to_vec()))
    }

    /// Whether a shallow clone was cut off at a commit.
    fn is_cut(&mut self, id: Id) -> bool {
        self.cuts().contains(&id)
    }

    /// Whether this is a shallow clone.
    pub(super) fn is_shallow(&mut self) -> bool {
        !self.cuts().is_empty()
    }

    fn cuts(&mut self) -> &HashSet<Id> {
        let place = self.places.common_dir.join("shallow");
        self.cut.get_or_insert_with(|| {
            let list = fs::read(&place, SHALLOW).unwrap_or_default();
            let lines = list.split(|byte| *byte == b'\n');
            lines
                .filter_map(|line| Id::of_hex(line.trim_ascii()))
                .collect()
        })
    }
}

/// How often one tag may lead to another.
const MOST_TAGS: usize = 10;

/// The object that a tag names.
fn tagged(tag: &[u8]) -> Option<Id> {
    let line = tag.split(|byte| *byte == b'\n').next()?;
    Id::of_hex(line.strip_prefix(b"object ")?)
}

/// What stands where a tree has this.
pub(super) fn kind(mode: u32, id: Id) -> Kind {
    Kind::of_mode(mode, || id.to_string())
}
