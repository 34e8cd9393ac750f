//! What differs between two trees. Only folders whose ids differ are looked into.

use std::collections::HashMap;
use std::sync::Arc;

use super::commits::{Commits, kind};
use super::entry::{BlobId, Kind};
use super::error::Error;
use super::id::{CommitId, Id};
use super::tree::{Item, Tree, order};

/// A path that is not the same in two commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    /// The path, as git writes it.
    pub(crate) path: Vec<u8>,
    /// What stood there before; none where the path is new.
    pub(crate) was: Option<Kind>,
    /// What stands there now; none where the path vanished.
    pub(crate) is: Option<Kind>,
}

/// Paths that are not the same in two commits.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// By the bytes of the paths.
    pub(crate) paths: Vec<Changed>,
    /// How many names were passed over that no file can have (`..`, `.git`, `a/b`).
    pub(crate) odd: usize,
}

/// Files that may be one file under two names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Renames {
    /// Each new path whose content is that of one that vanished, after that one.
    pub(crate) exact: Vec<(Vec<u8>, Vec<u8>)>,
    /// The other paths that vanished, and what they held.
    pub(crate) vanished: Vec<(Vec<u8>, BlobId)>,
    /// The other new paths, and what they hold.
    pub(crate) new: Vec<(Vec<u8>, BlobId)>,
}

/// Two versions of one path in trees: mode and id.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    pub(super) was: Option<(u32, Id)>,
    pub(super) is: Option<(u32, Id)>,
}

/// About the most memory that the paths of one comparison take.
const MOST: usize = 256 << 20;

/// What a path takes beside its bytes.
const PATH: usize = 128;

/// The longest path that is followed.
const LONGEST: usize = 4096;

impl Commits<'_> {
    /// What a commit changed, or brought where there was none before.
    ///
    /// # Errors
    /// [`Error`] where a tree that differs cannot be read, or holds too much.
    pub(crate) fn changed(
        &mut self,
        was: Option<CommitId>,
        is: CommitId,
    ) -> Result<Changes, Error> {
        self.prepare(is.0, || {
            let ids = was.iter().chain([&is]).map(ToString::to_string);
            ["--no-walk".to_owned()].into_iter().chain(ids).collect()
        });
        let was = match was {
            Some(was) => Some(self.commit(was.0)?.tree),
            None => None,
        };
        let is = self.commit(is.0)?.tree;
        self.differing(was, Some(is))
    }

    /// The files of a commit, those of the folders that are wanted and lie in such: all of it is the
    /// folder without a name.
    pub(super) fn files(
        &mut self,
        commit: CommitId,
        is_wanted: impl Fn(&[u8]) -> bool,
    ) -> Result<Vec<(Vec<u8>, BlobId)>, Error> {
        self.prepare(commit.0, || {
            vec!["--no-walk".to_owned(), commit.to_string()]
        });
        let tree = self.commit(commit.0)?.tree;
        let all = self
            .differing_in(None, Some(tree), is_wanted)?
            .paths
            .into_iter();
        let files = all.filter_map(|changed| match changed.is {
            Some(Kind::File(blob)) => Some((changed.path, blob)),
            _ => None,
        });
        Ok(files.collect())
    }

    /// What differs between two trees.
    pub(super) fn differing(&mut self, was: Option<Id>, is: Option<Id>) -> Result<Changes, Error> {
        self.differing_in(was, is, |_| true)
    }

    fn differing_in(
        &mut self,
        was: Option<Id>,
        is: Option<Id>,
        is_wanted: impl Fn(&[u8]) -> bool,
    ) -> Result<Changes, Error> {
        let mut changes = Changes::default();
        let mut open = vec![(Vec::new(), was, is)];
        let mut held = 0;
        while let Some((folder, was, is)) = open.pop() {
            if !is_wanted(folder.strip_suffix(b"/").unwrap_or(&folder)) {
                continue;
            }
            let (was, is) = (self.folder(was)?, self.folder(is)?);
            changes.odd += is.odd();
            if held > MOST {
                return Err(Error::too_many("files"));
            }
            for_each_difference(&was, &is, |name, pair| {
                let mut path: Vec<u8> = folder.clone();
                path.extend_from_slice(name);
                held += path.len() + PATH;
                if path.len() > LONGEST {
                    changes.odd += 1;
                } else if pair.is_folder() {
                    path.push(b'/');
                    open.push((path, pair.was_id(), pair.is_id()));
                } else {
                    changes.paths.push(pair.changed(path));
                }
            });
        }
        changes
            .paths
            .sort_by(|one, other| one.path.cmp(&other.path));
        Ok(changes)
    }

    /// The files of a folder; none where there is no folder.
    pub(super) fn folder(&mut self, id: Option<Id>) -> Result<Arc<Tree>, Error> {
        match id {
            Some(id) => self.tree(id),
            None => Ok(Arc::new(Tree::empty())),
        }
    }
}

impl Pair {
    /// Whether both, as far as they are there, are folders.
    pub(super) fn is_folder(&self) -> bool {
        let mut modes = self.was.iter().chain(&self.is).map(|(mode, _)| *mode);
        modes.all(super::tree::is_folder)
    }

    pub(super) fn was_id(&self) -> Option<Id> {
        self.was.map(|(_, id)| id)
    }

    pub(super) fn is_id(&self) -> Option<Id> {
        self.is.map(|(_, id)| id)
    }

    fn changed(&self, path: Vec<u8>) -> Changed {
        Changed {
            path,
            was: self.was.map(|(mode, id)| kind(mode, id)),
            is: self.is.map(|(mode, id)| kind(mode, id)),
        }
    }
}

/// Visits what is not the same in two trees, by name. A file that became a folder is two visits.
pub(super) fn for_each_difference(was: &Tree, is: &Tree, mut visit: impl FnMut(&[u8], Pair)) {
    let (mut olds, mut news) = (was.items().peekable(), is.items().peekable());
    let facts = |item: Item<'_>| (item.mode, item.id);
    loop {
        let order = match (olds.peek(), news.peek()) {
            (None, None) => return,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(old), Some(new)) => order(old.name, old.mode, new.name, new.mode),
        };
        let old = if order.is_le() { olds.next() } else { None };
        let new = if order.is_ge() { news.next() } else { None };
        if let (Some(old), Some(new)) = (old, new)
            && (old.mode, old.id) == (new.mode, new.id)
        {
            continue;
        }
        if let Some(name) = old.or(new).map(|item| item.name) {
            let (was, is) = (old.map(facts), new.map(facts));
            visit(name, Pair { was, is });
        }
    }
}

/// Which of the changed paths may be one file that was renamed. Only those that `is_wanted` says are
/// looked at.
pub(crate) fn renames(changes: &[Changed], is_wanted: impl Fn(&[u8]) -> bool) -> Renames {
    let mut renames = Renames::default();
    for changed in changes.iter().filter(|changed| is_wanted(&changed.path)) {
        match (&changed.was, &changed.is) {
            (Some(Kind::File(id)), None) => {
                renames.vanished.push((changed.path.clone(), id.clone()));
            }
            (None, Some(Kind::File(id))) => renames.new.push((changed.path.clone(), id.clone())),
            _ => {}
        }
    }
    pair(renames)
}

/// Pairs those with the same content, those with the same name first.
fn pair(mut renames: Renames) -> Renames {
    let mut vanished: HashMap<BlobId, Vec<Vec<u8>>> = HashMap::new();
    for (path, id) in std::mem::take(&mut renames.vanished) {
        vanished.entry(id).or_default().push(path);
    }
    for (path, id) in std::mem::take(&mut renames.new) {
        let paths = vanished.get_mut(&id).filter(|paths| !paths.is_empty());
        match paths {
            Some(paths) => {
                let same = paths.iter().position(|old| name(old) == name(&path));
                renames.exact.push((paths.remove(same.unwrap_or(0)), path));
            }
            None => renames.new.push((path, id)),
        }
    }
    for (id, paths) in vanished {
        let paths = paths.into_iter().map(|path| (path, id.clone()));
        renames.vanished.extend(paths);
    }
    renames.vanished.sort_by(|one, other| one.0.cmp(&other.0));
    renames
}

/// The last part of a path.
pub(super) fn name(path: &[u8]) -> &[u8] {
    let slash = path.iter().rposition(|byte| *byte == b'/');
    path.get(slash.map_or(0, |at| at + 1)..).unwrap_or_default()
}
