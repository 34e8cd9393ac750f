//! A small repository, and three changes to it: `a` comes into being, `b` is replaced, `c` goes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::paths;
use crate::transaction::disk::Disk;
use crate::transaction::{Home, Mode, Transaction};

pub(super) struct World {
    folder: tempfile::TempDir,
    home: Home,
    /// How many more files come into being: so many that the file system is kept as a whole.
    more: usize,
}

/// The files of a folder by their paths in it, folders included.
pub(super) type Files = BTreeMap<PathBuf, Option<Vec<u8>>>;

impl World {
    pub(super) fn new() -> Self {
        Self::with_more(0)
    }

    pub(super) fn with_more(more: usize) -> Self {
        // In memory, where there is such a place: nothing is to be kept.
        let memory = Path::new("/dev/shm");
        match memory.is_dir() {
            true => Self::within(memory, more),
            false => Self::within(&std::env::temp_dir(), more),
        }
    }

    pub(super) fn within(place: &Path, more: usize) -> Self {
        let folder = tempfile::tempdir_in(place);
        let folder = folder.unwrap();
        let root = folder.path().join("repo");
        for path in [".git", "d"] {
            fs::create_dir_all(root.join(path)).unwrap();
        }
        fs::create_dir(folder.path().join("outside")).unwrap();
        for (path, text) in [("b", "old b"), ("c", "old c"), ("d/e", "old e")] {
            fs::write(root.join(path), text).unwrap();
        }
        let home = Home::new(root.join(".git/sopsguard"), root);
        Self { folder, home, more }
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
        self.add(&mut change);
        change
    }

    pub(super) fn change_on<'w>(
        &'w self,
        disk: &'w dyn Disk,
    ) -> Result<Transaction<'w>, crate::transaction::Error> {
        let mut change = Transaction::begin_on(disk, &self.home)?;
        self.add(&mut change);
        Ok(change)
    }

    /// All files but those of transactions.
    pub(super) fn files(&self) -> Files {
        let mut files = files(self.root());
        files.retain(|path, _| !path.starts_with(".git/sopsguard"));
        files
    }

    fn add(&self, change: &mut Transaction<'_>) {
        change.create(Path::new("n/a"), Mode::Usual, b"new a");
        change.replace(Path::new("b"), b"old b", b"new b");
        change.remove(Path::new("c"), b"old c");
        for at in 0..self.more {
            let path = PathBuf::from(format!("d/{at}"));
            change.create(&path, Mode::Usual, b"more");
        }
    }

    /// Whether all files are as before.
    pub(super) fn is_old(&self) -> bool {
        self.has(&[("b", "old b"), ("c", "old c"), ("d/e", "old e")], 0)
    }

    /// Whether all files are as after.
    pub(super) fn is_new(&self) -> bool {
        let new = [("n/a", "new a"), ("b", "new b"), ("d/e", "old e")];
        self.has(&new, self.more)
    }

    /// That each file is either as before or as after.
    pub(super) fn assert_whole(&self) {
        let read = |path: &str| fs::read_to_string(self.root().join(path)).ok();
        for (path, old, new) in [
            ("n/a", None, Some("new a")),
            ("b", Some("old b"), Some("new b")),
            ("c", Some("old c"), None),
            ("d/e", Some("old e"), Some("old e")),
        ] {
            let now = read(path);
            let fine = now.as_deref() == old || now.as_deref() == new;
            assert!(fine, "{path} is {now:?}");
        }
        for at in 0..self.more {
            let now = read(&format!("d/{at}"));
            assert!(now.is_none() || now.as_deref() == Some("more"));
        }
    }

    /// Puts these files in the place of all that is there.
    pub(super) fn put(&self, files: &Files) {
        fs::remove_dir_all(self.root()).unwrap();
        fs::create_dir(self.root()).unwrap();
        for (path, bytes) in files {
            let place = self.root().join(path);
            match bytes {
                Some(bytes) => fs::write(place, bytes).unwrap(),
                None => fs::create_dir(place).unwrap(),
            }
        }
    }

    pub(super) fn assert_new(&self) {
        assert!(self.is_new(), "{:?}", self.files());
    }

    /// Whether the work tree holds these files and no others.
    fn has(&self, expected: &[(&str, &str)], more: usize) -> bool {
        let files = self.files().into_iter();
        let files = files.filter(|(path, bytes)| bytes.is_some() && !path.starts_with(".git"));
        let expected = expected
            .iter()
            .map(|(path, text)| (PathBuf::from(path), Some(text.as_bytes().to_vec())));
        let more = (0..more).map(|at| (format!("d/{at}").into(), Some(b"more".to_vec())));
        files.eq(expected.chain(more).collect::<BTreeMap<_, _>>())
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
