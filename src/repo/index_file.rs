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
    /// What holds the paths of the entries: the file, or all paths where they are cut short there.
    paths: Vec<u8>,
    entries: Vec<Raw>,
    /// What git noted of the trees that folders make.
    trees: Vec<u8>,
}

/// One entry.
pub(super) struct Raw {
    path: Range<usize>,
    pub(super) mode: u32,
    pub(super) id: Oid,
    /// How many bytes the file had in the work tree when git looked last, modulo 2^32.
    pub(super) len: u32,
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

/// The longest path that is read here. git itself has none that are longer on most systems.
const LONGEST: usize = 4096;

/// How many times the length of the file all paths may have where they are cut short in it. It is
/// less than one in real repositories.
const MOST_TIMES: usize = 16;

impl IndexFile {
    /// An index without entries, which is what one is that is not there.
    pub(super) fn empty() -> Self {
        Self {
            paths: Vec::new(),
            entries: Vec::new(),
            trees: Vec::new(),
        }
    }

    /// Reads the bytes of an index.
    pub(super) fn parse(bytes: Vec<u8>) -> Result<Self, Refused> {
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
        let mut all = Entries {
            file: content.unwrap_or_default(),
            version,
            whole: Vec::new(),
            entries: Vec::with_capacity(count),
        };
        for _ in 0..count {
            all.read(&mut reader)?;
        }
        let (whole, entries) = (all.whole, all.entries);
        let trees = extensions(&mut reader)?.to_vec();
        Ok(Self {
            paths: if version == 4 { whole } else { bytes },
            entries,
            trees,
        })
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

    /// Whether git noted any tree.
    pub(super) fn knows_trees(&self) -> bool {
        !self.trees.is_empty()
    }

    /// The outermost folders whose tree, as git noted it, is the one that `id_of` gives, with how
    /// many entries they have. The root is the folder without a name.
    pub(super) fn folders_with<E>(
        &self,
        mut id_of: impl FnMut(&[u8]) -> Result<Option<Oid>, E>,
    ) -> Result<HashMap<Vec<u8>, usize>, E> {
        let mut notes = Notes {
            reader: Reader { rest: &self.trees },
            path: Vec::new(),
            around: Vec::new(),
        };
        let mut same = HashMap::new();
        // Notes that are not as described end there; they help only to be faster.
        while let Some(Ok((entries, id))) = notes.next() {
            if let Some((entries, id)) = usize::try_from(entries).ok().zip(id)
                && !notes.is_inside_same()
                && id_of(&notes.path)? == Some(id)
            {
                same.insert(notes.path.clone(), entries);
                notes.mark_same();
            }
        }
        Ok(same)
    }
}

/// The entries, while they are read.
struct Entries<'b> {
    file: &'b [u8],
    version: u32,
    /// Whole paths, where the file only has their ends.
    whole: Vec<u8>,
    entries: Vec<Raw>,
}

impl Entries<'_> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Refused> {
        let start = reader.rest.len();
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
        let len = Reader { rest: facts }.after(36)?.number()?;
        let id = Oid::from_bytes(reader.take(ID)?).map_err(|_| Refused::Unknown)?;
        let flags = reader.short()?;
        let more = if flags & 0x4000 != 0 && self.version > 2 {
            reader.short()?
        } else {
            0
        };
        let path = if self.version == 4 {
            self.end_of_path(reader)?
        } else {
            self.padded_path(reader, start, usize::from(flags & 0xfff))?
        };
        self.push(Raw {
            path,
            mode,
            id,
            len,
            stage: (flags >> 12 & 3) as u8,
            announced: more & 0x2000 != 0,
        })
    }

    /// A path of which the part that it shares with the one before is left away.
    fn end_of_path(&mut self, reader: &mut Reader<'_>) -> Result<Range<usize>, Refused> {
        let cut = reader.varint()?;
        let last = self.entries.last().map_or(0..0, |last| last.path.clone());
        let kept = last.len().checked_sub(cut).ok_or(Refused::Unknown)?;
        let start = self.whole.len();
        self.whole.extend_from_within(last.start..last.start + kept);
        self.whole.extend_from_slice(reader.text()?);
        let end = self.whole.len();
        if end - start > LONGEST || end > self.file.len().saturating_mul(MOST_TIMES) {
            return Err(Refused::Unknown);
        }
        Ok(start..end)
    }

    /// A whole path, with one to eight zeros, so that the entry, which began with `start` bytes
    /// left, has a length that is a multiple of eight.
    fn padded_path(
        &self,
        reader: &mut Reader<'_>,
        start: usize,
        length: usize,
    ) -> Result<Range<usize>, Refused> {
        let at = self.file.len() - reader.rest.len();
        let path = if length < 0xfff {
            let path = reader.take(length)?;
            reader.zeros(1)?;
            path
        } else {
            reader.text()?
        };
        reader.zeros((start - reader.rest.len()).wrapping_neg() % 8)?;
        Ok(at..at + path.len())
    }

    /// Adds an entry, which has to come after those that are there.
    fn push(&mut self, entry: Raw) -> Result<(), Refused> {
        if entry.path.is_empty() {
            // It replaces one of the other file.
            let name = "link".to_owned();
            return Err(Refused::Extension { name });
        }
        if let Some(last) = self.entries.last() {
            let (a, b) = (self.path(last), self.path(&entry));
            if a > b || a == b && last.stage >= entry.stage {
                return Err(Refused::Unknown);
            }
        }
        self.entries.push(entry);
        Ok(())
    }

    fn path(&self, entry: &Raw) -> &[u8] {
        let paths = if self.version == 4 {
            &self.whole
        } else {
            self.file
        };
        paths.get(entry.path.clone()).unwrap_or_default()
    }
}

/// Reads what stands behind the entries; gives the notes on trees.
fn extensions<'b>(reader: &mut Reader<'b>) -> Result<&'b [u8], Refused> {
    let mut trees: &[u8] = &[];
    while !reader.rest.is_empty() {
        let name = reader.take(4)?;
        let length = reader.number()? as usize;
        let content = reader.take(length)?;
        match name {
            b"TREE" => trees = content,
            // Those that begin with a capital may be passed over.
            [b'A'..=b'Z', ..] => {}
            name => {
                let name = name.escape_ascii().to_string();
                return Err(Refused::Extension { name });
            }
        }
    }
    Ok(trees)
}

/// Git's notes on trees: for each folder, before those in it, its name, how many entries and folders
/// it has (fewer than none where it has changed since), and its id.
struct Notes<'b> {
    reader: Reader<'b>,
    /// The folder that was read last.
    path: Vec<u8>,
    /// That folder and those around it.
    around: Vec<Around>,
}

/// A folder that others are in.
struct Around {
    /// The length of its path.
    length: usize,
    /// How many of its folders are still to come.
    left: usize,
    /// Whether it, or one around it, was found to be the same.
    is_same: bool,
}

impl Notes<'_> {
    /// Reads the next folder: how many entries it has, and its id.
    fn next(&mut self) -> Option<Result<(i64, Option<Oid>), Refused>> {
        (!self.reader.rest.is_empty()).then(|| self.read())
    }

    fn read(&mut self) -> Result<(i64, Option<Oid>), Refused> {
        while self.around.last().is_some_and(|around| around.left == 0) {
            self.around.pop();
        }
        let is_same = self.is_inside_same();
        match self.around.last_mut() {
            Some(around) => {
                around.left -= 1;
                self.path.truncate(around.length);
            }
            None => self.path.clear(),
        }
        let name = self.reader.text()?;
        if !self.path.is_empty() {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(name);
        let entries = self.reader.decimal(b' ')?;
        let folders = self.reader.decimal(b'\n')?;
        let id = match entries {
            0.. => Some(Oid::from_bytes(self.reader.take(ID)?).map_err(|_| Refused::Unknown)?),
            _ => None,
        };
        self.around.push(Around {
            length: self.path.len(),
            left: usize::try_from(folders).map_err(|_| Refused::Unknown)?,
            is_same,
        });
        Ok((entries, id))
    }

    /// Whether the folder that was read last lies in one that is the same, or is one.
    fn is_inside_same(&self) -> bool {
        self.around.last().is_some_and(|around| around.is_same)
    }

    /// Says that the folder that was read last is the same.
    fn mark_same(&mut self) {
        if let Some(around) = self.around.last_mut() {
            around.is_same = true;
        }
    }
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

    fn zeros(&mut self, count: usize) -> Result<(), Refused> {
        let zeros = self.take(count)?.iter().all(|byte| *byte == 0);
        zeros.then_some(()).ok_or(Refused::Unknown)
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
            let index = IndexFile::parse(bytes.clone()).unwrap();
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

    /// The folders, and how many entries each has, that are in the index as `repository` has them.
    fn folders(bytes: &[u8], tree: &git2::Tree<'_>) -> Vec<(String, usize)> {
        let index = IndexFile::parse(bytes.to_vec()).unwrap();
        let id_of = |folder: &[u8]| {
            let path = Path::new(std::str::from_utf8(folder).unwrap());
            Ok::<_, git2::Error>(if folder.is_empty() {
                Some(tree.id())
            } else {
                tree.get_path(path).ok().map(|entry| entry.id())
            })
        };
        let folders = index.folders_with(id_of).unwrap().into_iter();
        let mut folders: Vec<_> = folders
            .map(|(path, count)| (String::from_utf8(path).unwrap(), count))
            .collect();
        folders.sort();
        folders
    }

    #[test]
    fn folders_that_are_as_in_the_commit_are_found_by_what_git_noted() {
        let (folder, bytes) = repository(COMMANDS[1]);
        let repository = git2::Repository::open(folder.path()).unwrap();
        let head = repository.head().unwrap().peel_to_tree().unwrap();
        let dir = || ("dir".to_owned(), 1);
        assert_eq!(folders(&bytes, &head), [(String::new(), 6)]);
        let (_folder, bytes) = repository_with(&["rm --quiet --cached a/b"]);
        assert_eq!(folders(&bytes, &head), [("a/c".to_owned(), 1), dir()]);
        let (_folder, bytes) = repository_with(&["rm --quiet --cached a/c/d"]);
        assert_eq!(folders(&bytes, &head), [dir()]);
    }

    fn repository_with(more: &[&str]) -> (tempfile::TempDir, Vec<u8>) {
        repository(&[COMMANDS[1], more].concat())
    }

    /// An index of version 4 whose first path has `length` bytes, and each other one 1 more than
    /// the one before.
    fn growing(length: usize, count: u32) -> Vec<u8> {
        let mut bytes = b"DIRC\0\0\0\x04".to_vec();
        bytes.extend(count.to_be_bytes());
        for at in 0..count {
            bytes.extend([0; 24]);
            bytes.extend(0o100_644_u32.to_be_bytes());
            bytes.extend([0; 12 + ID + 2]);
            // Nothing is cut off.
            bytes.push(0);
            let rest = if at == 0 { length } else { 1 };
            bytes.extend(vec![b'a'; rest]);
            bytes.push(0);
        }
        bytes.extend([0; ID]);
        bytes
    }

    #[test]
    fn paths_that_need_far_more_room_than_the_file_are_refused() {
        let parse = |length, count| IndexFile::parse(growing(length, count)).map(|_| ()).err();
        assert_eq!(parse(100, 100), None);
        assert_eq!(parse(4_000, 96), Some(Refused::Unknown));
        assert_eq!(parse(4_096, 1), None);
        assert_eq!(parse(4_097, 1), Some(Refused::Unknown));
        assert_eq!(parse(1, 4_000), Some(Refused::Unknown));
        // What git writes is far from that.
        let (_folder, bytes) = repository(COMMANDS[4]);
        let index = IndexFile::parse(bytes.clone()).unwrap();
        assert!(index.paths.len() < bytes.len());
    }

    #[test]
    fn what_is_not_as_described_is_refused() {
        for commands in [COMMANDS[1], COMMANDS[4]] {
            let (_folder, bytes) = repository(commands);
            let all = IndexFile::parse(bytes.clone()).unwrap().entries().len();
            for end in 0..bytes.len() {
                // What is behind the entries can be missing, and helps only to be faster.
                if let Ok(index) = IndexFile::parse(bytes[..end].to_vec()) {
                    assert_eq!(index.entries().len(), all, "cut at {end}");
                }
            }
            // No change of one byte makes it panic.
            for at in 0..bytes.len() {
                let mut changed = bytes.clone();
                changed[at] ^= 0xff;
                let _ = IndexFile::parse(changed);
            }
        }
        let (_folder, bytes) = repository_with(&["update-index --split-index"]);
        let refused = IndexFile::parse(bytes).err();
        let name = "link".to_owned();
        assert_eq!(refused, Some(Refused::Extension { name }));
    }
}
