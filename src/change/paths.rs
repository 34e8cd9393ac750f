//! The paths of a version's leaves: as sops authenticates them, and as reports print them.

use sha2::{Digest, Sha256};

use super::mark::Mark;
use crate::document::KeyPath;
use crate::sops::Visit;
use crate::source::is_plain_key;

/// All keys of a version, each with the one that it stands under.
#[derive(Default)]
pub(super) struct Paths {
    keys: Vec<Key>,
}

/// The name of a path in its [`Paths`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct PathId(u32);

/// The path of what stands under no key.
const TOP: PathId = PathId(u32::MAX);

struct Key {
    under: PathId,
    /// The whole path, each key followed by a colon: what sops authenticates. Paths that read alike
    /// are one to it, and so they are here.
    mark: Mark,
    /// The key, if it looks like one.
    name: Option<Box<str>>,
}

/// The paths of a walk's stops, gathered in the order of the walk. A key is hashed once for all that
/// it holds: it can be as long as the text.
#[derive(Default)]
pub(super) struct Gatherer {
    paths: Paths,
    /// The pairs that lead to the last stop.
    open: Vec<Open>,
    /// How many bytes were hashed.
    hashed: usize,
}

struct Open {
    pair: usize,
    path: PathId,
    hash: Sha256,
}

impl Gatherer {
    /// The path of this stop.
    pub(super) fn path_of(&mut self, visit: &Visit<'_, '_>) -> PathId {
        // The same pair is led to by the same pairs.
        while let Some(last) = self.open.last()
            && visit.pairs.get(self.open.len() - 1) != Some(&last.pair)
        {
            self.open.pop();
        }
        let known = self.open.len();
        for (pair, key) in visit.pairs.iter().zip(visit.path).skip(known) {
            self.enter(*pair, key);
        }
        self.open.last().map_or(TOP, |open| open.path)
    }

    fn enter(&mut self, pair: usize, key: &[u8]) {
        let (under, mut hash) = match self.open.last() {
            Some(open) => (open.path, open.hash.clone()),
            None => (TOP, Sha256::new()),
        };
        hash.update(key);
        hash.update(b":");
        self.hashed = self.hashed.saturating_add(key.len());
        let name = Some(key).filter(|key| is_plain_key(key));
        let name = name.and_then(|key| std::str::from_utf8(key).ok());
        let path = PathId(u32::try_from(self.paths.keys.len()).unwrap_or(u32::MAX));
        self.paths.keys.push(Key {
            under,
            mark: Mark::end(hash.clone()),
            name: name.map(Box::from),
        });
        self.open.push(Open { pair, path, hash });
    }

    /// How many bytes of keys were hashed.
    pub(super) fn hashed(&self) -> usize {
        self.hashed
    }

    pub(super) fn into_paths(self) -> Paths {
        self.paths
    }
}

impl Paths {
    /// About how many bytes of memory they take.
    pub(super) fn size(&self) -> usize {
        let names = self.keys.iter().map(|key| key.name.as_deref());
        let names: usize = names.map(|name| name.map_or(0, str::len)).sum();
        names + std::mem::size_of_val(self.keys.as_slice())
    }

    /// What tells the path from others.
    pub(super) fn mark(&self, path: PathId) -> Mark {
        let key = self.keys.get(path.0 as usize);
        key.map_or_else(|| Mark::of(&[]), |key| key.mark)
    }

    /// The path as reports print it.
    pub(super) fn shown(&self, path: PathId) -> KeyPath {
        let mut names = Vec::new();
        let mut at = path;
        while let Some(key) = self.keys.get(at.0 as usize) {
            // What is no name of a key is masked, whatever it is.
            names.push(key.name.as_deref().unwrap_or_default().as_bytes());
            at = key.under;
        }
        KeyPath::new(names.into_iter().rev())
    }
}
