//! The file of the index, by git's format description ("gitformat-index").
//!
//! libgit2 would compute the checksum of the whole file and takes ten milliseconds for 20,000
//! entries, most of the time of a hook; git does not compute it either. Everything else is checked:
//! what is not exactly as described, or needs more than this one file, is refused, and git is asked.

use std::collections::HashMap;
use std::ops::Range;

use git2::Oid;

/// The index as it stands on the disk, its ids being SHA-1.
pub(super) struct IndexFile {
    /// The paths of all entries, one behind the other.
    paths: Vec<u8>,
    entries: Vec<Raw>,
    /// The folders whose tree is known: how many entries it has, and its id.
    trees: HashMap<Vec<u8>, (usize, Oid)>,
}

/// One entry.
pub(super) struct Raw {
    path: Range<usize>,
    pub(super) mode: u32,
    pub(super) id: Oid,
    /// 0, or which side of a merge it is.
    pub(super) stage: u8,
    /// Whether there is no content yet.
    pub(super) announced: bool,
}

/// Why an index is not read here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// It needs another file (`link`), folders to be looked up (`sdir`), or what is not known.
    #[error("the index has the extension '{name}'")]
    Extension { name: String },
    /// It is not as it should be: damaged, of a later version, or with ids of another length.
    #[error("the index has a form that is not known")]
    Unknown,
    /// The system does not give its bytes.
    #[error("{0}")]
    Io(String),
}

/// The length of an id.
const ID: usize = 20;

/// The bytes of an entry before its id: times, device, mode, owner, size.
const FACTS: usize = 40;

impl IndexFile {
    /// An index without entries, which is what one is that is not there.
    pub(super) fn empty() -> Self {
        Self {
            paths: Vec::new(),
            entries: Vec::new(),
            trees: HashMap::new(),
        }
    }

    /// Reads the bytes of an index.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Refused> {
        let content = bytes.len().checked_sub(ID).and_then(|end| bytes.get(..end));
        let mut reader = Reader {
            rest: content.ok_or(Refused::Unknown)?,
        };
        if reader.take(4)? != b"DIRC" {
            return Err(Refused::Unknown);
        }
        let version = reader.number()?;
        let count = reader.number()? as usize;
        if !(2..=4).contains(&version) || count > reader.rest.len() / (FACTS + ID) {
            return Err(Refused::Unknown);
        }
        let mut index = Self::empty();
        index.entries.reserve(count);
        index.paths.reserve(reader.rest.len() / 2);
        for _ in 0..count {
            index.read_entry(&mut reader, version)?;
        }
        index.read_extensions(&mut reader)?;
        Ok(index)
    }

    fn read_entry(&mut self, reader: &mut Reader<'_>, version: u32) -> Result<(), Refused> {
        let before = reader.rest.len();
        let facts = reader.take(FACTS)?;
        let mode = Reader { rest: facts }.after(24)?.number()?;
        match mode {
            0o100_644 | 0o100_755 | 0o100_664 | 0o120_000 | 0o160_000 => {}
            // A folder in the place of what is in it.
            0o040_000 => {
                let name = "sdir".to_owned();
                return Err(Refused::Extension { name });
            }
            _ => return Err(Refused::Unknown),
        }
        let id = Oid::from_bytes(reader.take(ID)?).map_err(|_| Refused::Unknown)?;
        let flags = reader.short()?;
        let more = if flags & 0x4000 != 0 && version > 2 {
            reader.short()?
        } else {
            0
        };
        let start = self.paths.len();
        if version == 4 {
            let cut = reader.varint()?;
            let last = self.entries.last().map_or(0..0, |last| last.path.clone());
            let kept = last.len().checked_sub(cut).ok_or(Refused::Unknown)?;
            self.paths.extend_from_within(last.start..last.start + kept);
        }
        self.paths.extend_from_slice(reader.text()?);
        if version != 4 {
            // Each entry ends at a multiple of eight, with one to eight zeros.
            let length = before - reader.rest.len();
            let padding = reader.take((8 - length % 8) % 8)?;
            if padding.iter().any(|byte| *byte != 0) {
                return Err(Refused::Unknown);
            }
        }
        self.push(Raw {
            path: start..self.paths.len(),
            mode,
            id,
            stage: (flags >> 12 & 3) as u8,
            announced: more & 0x2000 != 0,
        })
    }

    /// Adds an entry, which has to come after those that are there.
    fn push(&mut self, entry: Raw) -> Result<(), Refused> {
        let is_next = match self.entries.last() {
            Some(last) => {
                let (a, b) = (self.path(last), self.path(&entry));
                a < b || a == b && last.stage < entry.stage
            }
            None => true,
        };
        if entry.path.is_empty() {
            // It replaces one of the other file.
            let name = "link".to_owned();
            return Err(Refused::Extension { name });
        }
        if !is_next {
            return Err(Refused::Unknown);
        }
        self.entries.push(entry);
        Ok(())
    }

    fn read_extensions(&mut self, reader: &mut Reader<'_>) -> Result<(), Refused> {
        while !reader.rest.is_empty() {
            let name = reader.take(4)?;
            let length = reader.number()? as usize;
            let content = reader.take(length)?;
            match name {
                b"TREE" => self.trees = trees(content).unwrap_or_default(),
                // Those that begin with a capital may be passed over.
                [b'A'..=b'Z', ..] => {}
                name => {
                    let name = name.escape_ascii().to_string();
                    return Err(Refused::Extension { name });
                }
            }
        }
        Ok(())
    }

    /// All entries, sorted by the bytes of their paths.
    pub(super) fn entries(&self) -> &[Raw] {
        &self.entries
    }

    /// The path of an entry.
    pub(super) fn path(&self, entry: &Raw) -> &[u8] {
        self.paths.get(entry.path.clone()).unwrap_or_default()
    }

    /// The first entry whose path is not less than this one.
    pub(super) fn first_from(&self, path: &[u8]) -> usize {
        self.entries
            .partition_point(|entry| self.path(entry) < path)
    }

    /// How many entries a folder has, and the id of the tree that they make, where git noted it.
    pub(super) fn tree(&self, folder: &[u8]) -> Option<(usize, Oid)> {
        self.trees.get(folder).copied()
    }

    /// Whether git noted any tree.
    pub(super) fn knows_trees(&self) -> bool {
        !self.trees.is_empty()
    }
}

/// The trees that git noted: for each folder, before those in it, its name, how many entries and
/// folders it has (fewer than none where it has changed since), and its id.
fn trees(content: &[u8]) -> Result<HashMap<Vec<u8>, (usize, Oid)>, Refused> {
    let mut reader = Reader { rest: content };
    let mut trees = HashMap::new();
    // The folders around: the length of their path, and how many folders they have left.
    let mut around: Vec<(usize, usize)> = Vec::new();
    let mut path = Vec::new();
    while !reader.rest.is_empty() {
        while let Some((length, left)) = around.last_mut() {
            path.truncate(*length);
            if *left > 0 {
                *left -= 1;
                break;
            }
            around.pop();
        }
        let name = reader.text()?;
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(name);
        let entries = reader.decimal(b' ')?;
        let folders = reader.decimal(b'\n')?;
        if let Ok(entries) = usize::try_from(entries) {
            let id = Oid::from_bytes(reader.take(ID)?).map_err(|_| Refused::Unknown)?;
            trees.insert(path.clone(), (entries, id));
        }
        let folders = usize::try_from(folders).map_err(|_| Refused::Unknown)?;
        around.push((path.len(), folders));
    }
    Ok(trees)
}

/// What is still to be read.
struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize) -> Result<&'b [u8], Refused> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Refused::Unknown)?;
        self.rest = rest;
        Ok(taken)
    }

    fn after(mut self, length: usize) -> Result<Self, Refused> {
        self.take(length)?;
        Ok(self)
    }

    fn number(&mut self) -> Result<u32, Refused> {
        let bytes = self.take(4)?.try_into().map_err(|_| Refused::Unknown)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn short(&mut self) -> Result<u16, Refused> {
        let bytes = self.take(2)?.try_into().map_err(|_| Refused::Unknown)?;
        Ok(u16::from_be_bytes(bytes))
    }

    /// The bytes before the next zero, which is taken, too.
    fn text(&mut self) -> Result<&'b [u8], Refused> {
        let end = self.rest.iter().position(|byte| *byte == 0);
        let text = self.take(end.ok_or(Refused::Unknown)?)?;
        self.take(1)?;
        Ok(text)
    }

    /// A decimal number and the byte behind it.
    fn decimal(&mut self, end: u8) -> Result<i64, Refused> {
        let length = self.rest.iter().position(|byte| *byte == end);
        let digits = self.take(length.ok_or(Refused::Unknown)?)?;
        self.take(1)?;
        let digits = std::str::from_utf8(digits).map_err(|_| Refused::Unknown)?;
        digits.parse().map_err(|_| Refused::Unknown)
    }

    /// A number in groups of seven bits, the highest first, each but the last one less than it is.
    fn varint(&mut self) -> Result<usize, Refused> {
        let mut value = 0_usize;
        loop {
            let byte = *self.take(1)?.first().ok_or(Refused::Unknown)?;
            value |= usize::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
            let next = value
                .checked_add(1)
                .and_then(|value| value.checked_mul(128));
            value = next.ok_or(Refused::Unknown)?;
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test makes its own world")]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use super::*;

    fn git(folder: &Path, command: &str) {
        let status = Command::new("git")
            .args(command.split(' '))
            .current_dir(folder)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "a")
            .env("GIT_AUTHOR_EMAIL", "a@example.org")
            .env("GIT_COMMITTER_NAME", "a")
            .env("GIT_COMMITTER_EMAIL", "a@example.org")
            .status()
            .unwrap();
        assert!(status.success(), "git {command}");
    }

    /// A repository with a few folders, and the bytes of its index.
    fn repository(commands: &[&str]) -> (tempfile::TempDir, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), "init --quiet");
        for name in [
            "a",
            "a.b",
            "a/b",
            "a/c/d",
            "dir/very-long-name-that-is-shared/x",
            "z",
        ] {
            let name = if name == "a" { "a-file" } else { name };
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        }
        for command in commands {
            git(folder.path(), command);
        }
        let bytes = std::fs::read(folder.path().join(".git/index")).unwrap();
        (folder, bytes)
    }

    const COMMANDS: [&[&str]; 5] = [
        &["add ."],
        &["add .", "commit --quiet -m x"],
        &[
            "add a",
            "add --intent-to-add z",
            "update-index --chmod=+x a/b",
        ],
        &["add .", "update-index --index-version 4"],
        &[
            "add .",
            "commit --quiet -m x",
            "rm --quiet --cached a/b",
            "update-index --index-version 4",
        ],
    ];

    #[test]
    fn libgit2_reads_the_same() {
        for commands in COMMANDS {
            let (folder, bytes) = repository(commands);
            let index = IndexFile::parse(&bytes).unwrap();
            let ours: Vec<_> = index
                .entries()
                .iter()
                .map(|entry| (index.path(entry).to_vec(), entry.mode, entry.id))
                .collect();
            let theirs = git2::Index::open(&folder.path().join(".git/index")).unwrap();
            let theirs: Vec<_> = theirs
                .iter()
                .map(|entry| (entry.path, entry.mode, entry.id))
                .collect();
            assert_eq!(ours, theirs, "{commands:?}");
            assert!(ours.len() > 2);
            let announced = index
                .entries()
                .iter()
                .filter(|entry| entry.announced)
                .count();
            assert_eq!(announced, usize::from(commands.len() == 3), "{commands:?}");
        }
    }

    #[test]
    fn the_trees_that_git_noted_are_those_of_the_commit() {
        let (folder, bytes) = repository(COMMANDS[1]);
        let repository = git2::Repository::open(folder.path()).unwrap();
        let head = repository.head().unwrap().peel_to_tree().unwrap();
        let index = IndexFile::parse(&bytes).unwrap();
        assert_eq!(index.tree(b""), Some((6, head.id())));
        let id = |path: &str| head.get_path(Path::new(path)).unwrap().id();
        assert_eq!(index.tree(b"a"), Some((2, id("a"))));
        assert_eq!(index.tree(b"a/c"), Some((1, id("a/c"))));
        let shared = "dir/very-long-name-that-is-shared";
        assert_eq!(index.tree(shared.as_bytes()), Some((1, id(shared))));
        let (_folder, bytes) = repository_with(&["rm --quiet --cached a/b"]);
        let index = IndexFile::parse(&bytes).unwrap();
        assert_eq!((index.tree(b""), index.tree(b"a")), (None, None));
        assert_eq!(index.tree(b"a/c"), Some((1, id("a/c"))));
    }

    fn repository_with(more: &[&str]) -> (tempfile::TempDir, Vec<u8>) {
        repository(&[COMMANDS[1], more].concat())
    }

    #[test]
    fn what_is_not_as_described_is_refused() {
        for commands in [COMMANDS[1], COMMANDS[4]] {
            let (_folder, bytes) = repository(commands);
            let all = IndexFile::parse(&bytes).unwrap().entries().len();
            for end in 0..bytes.len() {
                // What is behind the entries can be missing, and helps only to be faster.
                if let Ok(index) = IndexFile::parse(&bytes[..end]) {
                    assert_eq!(index.entries().len(), all, "cut at {end}");
                }
            }
            // No change of one byte makes it panic.
            for at in 0..bytes.len() {
                let mut changed = bytes.clone();
                changed[at] ^= 0xff;
                let _ = IndexFile::parse(&changed);
            }
        }
        let (_folder, bytes) = repository_with(&["update-index --split-index"]);
        let refused = IndexFile::parse(&bytes).err();
        let name = "link".to_owned();
        assert_eq!(refused, Some(Refused::Extension { name }));
    }
}
