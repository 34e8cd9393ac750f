//! A small repository, and three changes to it: `a` comes into being, `b` is replaced, `c` goes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::paths;
use crate::transaction::disk::{Disk, RealDisk};
use crate::transaction::{Digest, Home, Mode, Transaction};

pub(super) struct World {
    folder: tempfile::TempDir,
    home: Home,
}

/// The files of a folder by their paths in it, folders included.
pub(super) type Files = BTreeMap<PathBuf, Option<Vec<u8>>>;

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("repo");
        for path in [".git", "d"] {
            fs::create_dir_all(root.join(path)).unwrap();
        }
        fs::create_dir(folder.path().join("outside")).unwrap();
        for (path, text) in [("b", "old b"), ("c", "old c"), ("d/e", "old e")] {
            fs::write(root.join(path), text).unwrap();
        }
        let home = Home::new(root.join(".git/sopsguard"), root);
        Self { folder, home }
    }

    pub(super) fn home(&self) -> &Home {
        &self.home
    }

    pub(super) fn root(&self) -> &Path {
        self.home.root()
    }

    pub(super) fn outside(&self) -> PathBuf {
        self.folder.path().join("outside")
    }

    pub(super) fn begin(&self) -> Transaction<'_> {
        Transaction::begin(&self.home).unwrap()
    }

    /// The three changes.
    pub(super) fn change(&self) -> Transaction<'_> {
        let mut change = self.begin();
        add(&mut change);
        change
    }

    pub(super) fn change_on<'w>(
        &'w self,
        disk: &'w dyn Disk,
    ) -> Result<Transaction<'w>, crate::transaction::Error> {
        let mut change = Transaction::begin_on(disk, &self.home)?;
        add(&mut change);
        Ok(change)
    }

    /// All files but those of transactions.
    pub(super) fn files(&self) -> Files {
        let mut files = files(self.root());
        files.retain(|path, _| !path.starts_with(".git/sopsguard"));
        files
    }

    pub(super) fn is_old(&self) -> bool {
        self.has(&[("b", "old b"), ("c", "old c"), ("d/e", "old e")])
    }

    pub(super) fn is_new(&self) -> bool {
        self.has(&[("n/a", "new a"), ("b", "new b"), ("d/e", "old e")])
    }

    pub(super) fn assert_new(&self) {
        assert!(self.is_new(), "{:?}", self.files());
    }

    /// Whether the work tree holds these files and no others.
    fn has(&self, expected: &[(&str, &str)]) -> bool {
        let files = self.files().into_iter();
        let files = files.filter(|(path, bytes)| bytes.is_some() && !path.starts_with(".git"));
        let expected = expected
            .iter()
            .map(|(path, text)| (PathBuf::from(path), Some(text.as_bytes().to_vec())));
        files.eq(expected.collect::<BTreeMap<_, _>>())
    }

    /// That no file of a transaction is left.
    pub(super) fn assert_clean(&self) {
        let left: Vec<PathBuf> = self.files().into_keys().collect();
        let left = left
            .iter()
            .filter(|path| paths::is_temporary(path) || path.starts_with(".git/sopsguard"));
        assert_eq!(
            left.collect::<Vec<_>>(),
            [""; 0].map(Path::new).iter().collect::<Vec<_>>()
        );
    }
}

fn add(change: &mut Transaction<'_>) {
    change.create(Path::new("n/a"), Mode::Usual, b"new a".to_vec());
    change.replace(Path::new("b"), Digest::of(b"old b"), b"new b".to_vec());
    change.remove(Path::new("c"), Digest::of(b"old c"));
}

pub(super) fn files(root: &Path) -> Files {
    let mut found = Files::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let inside = path.strip_prefix(root).unwrap().to_owned();
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
                found.insert(inside, None);
            } else {
                found.insert(inside, Some(fs::read(&path).unwrap_or_default()));
            }
        }
    }
    found
}

/// The disk, for those who want one to be wrong.
pub(super) const DISK: RealDisk = RealDisk;
