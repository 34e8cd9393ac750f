//! What a commit holds, path by path.

use std::collections::HashMap;

use git2::{Oid, Repository, Tree};

/// The trees of a commit, each read once.
pub(super) struct Trees<'o> {
    objects: &'o Repository,
    read: HashMap<Vec<u8>, Option<Tree<'o>>>,
}

impl<'o> Trees<'o> {
    pub(super) fn new(objects: &'o Repository, root: Tree<'o>) -> Self {
        Self {
            objects,
            read: HashMap::from([(Vec::new(), Some(root))]),
        }
    }

    /// The id and mode of a path.
    pub(super) fn at(&mut self, path: &[u8]) -> Result<Option<(Oid, u32)>, git2::Error> {
        let (folder, name) = split(path);
        self.read_folder(folder)?;
        let tree = self.read.get(folder).and_then(Option::as_ref);
        let entry = tree.and_then(|tree| tree.get_name_bytes(name));
        Ok(entry.map(|entry| {
            let mode = u32::try_from(entry.filemode_raw()).unwrap_or_default();
            (entry.id(), mode)
        }))
    }

    /// Reads a folder's tree and those around it.
    fn read_folder(&mut self, folder: &[u8]) -> Result<(), git2::Error> {
        let mut unread = Vec::new();
        let mut at = folder;
        while !self.read.contains_key(at) {
            unread.push(at);
            at = split(at).0;
        }
        for folder in unread.into_iter().rev() {
            let (parent, name) = split(folder);
            let parent = self.read.get(parent).and_then(Option::as_ref);
            let entry = parent.and_then(|tree| tree.get_name_bytes(name));
            let tree = match entry.filter(|entry| entry.filemode_raw() == 0o040_000) {
                Some(entry) => Some(self.objects.find_tree(entry.id())?),
                None => None,
            };
            self.read.insert(folder.to_vec(), tree);
        }
        Ok(())
    }
}

/// A path's folder and its last part.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (
            path.get(..at).unwrap_or_default(),
            path.get(at + 1..).unwrap_or_default(),
        ),
        None => (b"", path),
    }
}
