//! One folder of a commit, by git's format of trees.
//!
//! git orders the entries by their names, those of folders as if they ended in a slash. A tree that
//! git would not make (in another order, with a name twice, with a name that leads out of it) is
//! taken as far as it makes sense: brought into order, the first of a name, without such names.

use std::cmp::Ordering;
use std::ops::Range;

use super::id::Id;

/// One folder.
#[derive(Debug)]
pub(super) struct Tree {
    bytes: Vec<u8>,
    entries: Vec<Raw>,
    /// How many entries have a name that no file can have.
    odd: usize,
    /// How many bytes an id has.
    width: usize,
}

/// Where an entry stands.
#[derive(Clone, Debug)]
struct Raw {
    mode: u32,
    name: Range<u32>,
}

/// An entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item<'t> {
    pub(super) name: &'t [u8],
    pub(super) mode: u32,
    pub(super) id: Id,
}

impl Tree {
    /// A folder that is not there.
    pub(super) fn empty() -> Self {
        Self {
            bytes: Vec::new(),
            entries: Vec::new(),
            odd: 0,
            width: 0,
        }
    }

    /// Reads a tree whose ids have this many bytes; none where it does not end as it should.
    pub(super) fn parse(bytes: Vec<u8>, width: usize) -> Option<Self> {
        let mut entries: Vec<Raw> = Vec::new();
        let (mut odd, mut at) = (0, 0);
        while at < bytes.len() {
            let rest = bytes.get(at..)?;
            let space = memchr::memchr(b' ', rest)?;
            let end = memchr::memchr(0, rest).filter(|end| *end > space)?;
            let mode = mode(rest.get(..space)?)?;
            let name = u32::try_from(at + space + 1).ok()?..u32::try_from(at + end).ok()?;
            at += end + 1 + width;
            if at > bytes.len() {
                return None;
            }
            if is_odd(rest.get(space + 1..end)?) {
                odd += 1;
            } else {
                entries.push(Raw { mode, name });
            }
        }
        let tree = Self {
            bytes,
            entries,
            odd,
            width,
        };
        Some(tree.in_order())
    }

    fn in_order(mut self) -> Self {
        let follows = |one: &Raw, other: &Raw| {
            order(self.name(one), one.mode, self.name(other), other.mode).is_lt()
        };
        if self.entries.is_sorted_by(follows) {
            return self;
        }
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_by(|one, other| order(self.name(one), one.mode, self.name(other), other.mode));
        entries.dedup_by(|next, last| self.name(next) == self.name(last));
        self.entries = entries;
        self
    }

    fn name(&self, raw: &Raw) -> &[u8] {
        let range = raw.name.start as usize..raw.name.end as usize;
        self.bytes.get(range).unwrap_or_default()
    }

    /// The entries, in git's order.
    pub(super) fn items(&self) -> impl Iterator<Item = Item<'_>> {
        self.entries.iter().filter_map(|raw| self.item(raw))
    }

    fn item(&self, raw: &Raw) -> Option<Item<'_>> {
        let start = raw.name.end as usize + 1;
        Some(Item {
            name: self.name(raw),
            mode: raw.mode,
            id: Id::of_bytes(self.bytes.get(start..start + self.width)?)?,
        })
    }

    /// The entry of a name.
    pub(super) fn get(&self, name: &[u8]) -> Option<Item<'_>> {
        self.find(name, FILE).or_else(|| self.find(name, FOLDER))
    }

    /// The folder of a name.
    pub(super) fn get_folder(&self, name: &[u8]) -> Option<Item<'_>> {
        self.find(name, FOLDER)
    }

    fn find(&self, name: &[u8], mode: u32) -> Option<Item<'_>> {
        let by = |raw: &Raw| order(self.name(raw), raw.mode, name, mode);
        let at = self.entries.binary_search_by(by).ok()?;
        self.item(self.entries.get(at)?)
    }

    /// How many entries were passed over because of their names.
    pub(super) fn odd(&self) -> usize {
        self.odd
    }

    /// About how much memory it takes.
    pub(super) fn size(&self) -> usize {
        self.bytes.len() + self.entries.len() * size_of::<Raw>()
    }
}

/// The mode of a folder.
pub(super) const FOLDER: u32 = 0o040_000;

/// The mode of a file.
const FILE: u32 = 0o100_644;

impl Item<'_> {
    pub(super) fn is_folder(&self) -> bool {
        is_folder(self.mode)
    }
}

pub(super) fn is_folder(mode: u32) -> bool {
    mode & 0o170_000 == FOLDER
}

/// The order of two entries of one tree.
pub(super) fn order(one: &[u8], one_mode: u32, other: &[u8], other_mode: u32) -> Ordering {
    let shared = one.len().min(other.len());
    let (start, other_start) = (one.get(..shared), other.get(..shared));
    start
        .cmp(&other_start)
        .then_with(|| next(one, shared, one_mode).cmp(&next(other, shared, other_mode)))
}

/// What counts at a place of a name: behind it, a slash for folders and nothing for others.
fn next(name: &[u8], at: usize, mode: u32) -> u8 {
    match name.get(at) {
        Some(byte) => *byte,
        None if is_folder(mode) => b'/',
        None => 0,
    }
}

/// A mode, in octal digits.
fn mode(digits: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok()?;
    u32::from_str_radix(text, 8).ok()
}

/// Whether no file of a work tree can have the name.
fn is_odd(name: &[u8]) -> bool {
    matches!(name, b"" | b"." | b"..")
        || name.eq_ignore_ascii_case(b".git")
        || memchr::memchr(b'/', name).is_some()
        // There these lead to other folders as well.
        || (cfg!(windows) && memchr::memchr2(b'\\', b':', name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree of entries whose ids end in a number.
    fn tree(entries: &[(&str, &[u8], u8)]) -> Tree {
        Tree::parse(bytes(entries), 20).unwrap()
    }

    fn bytes(entries: &[(&str, &[u8], u8)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (mode, name, id) in entries {
            bytes.extend_from_slice(mode.as_bytes());
            bytes.push(b' ');
            bytes.extend_from_slice(name);
            bytes.push(0);
            bytes.extend_from_slice(&[0; 19]);
            bytes.push(*id);
        }
        bytes
    }

    fn got(tree: &Tree, name: &[u8]) -> Option<u8> {
        tree.get(name)?.id.bytes().last().copied()
    }

    #[test]
    fn entries_are_found_by_their_names_in_gits_order() {
        let ordered: [(&str, &[u8], u8); 5] = [
            ("100644", b"a", 1),
            ("100755", b"a.b", 2),
            ("40000", b"a", 3),
            ("120000", b"a0", 4),
            ("40000", b"\xff", 5),
        ];
        let tree = tree(&ordered);
        let found: Vec<&[u8]> = tree.items().map(|item| item.name).collect();
        assert_eq!(found, [&b"a"[..], b"a.b", b"a", b"a0", b"\xff"]);
        assert_eq!(got(&tree, b"a"), Some(1));
        assert_eq!(got(&tree, b"a.b"), Some(2));
        assert_eq!(got(&tree, b"\xff"), Some(5));
        assert_eq!(got(&tree, b"b"), None);
        assert!(tree.get(b"\xff").unwrap().is_folder());
    }

    #[test]
    fn a_tree_that_git_would_not_make_is_brought_into_order() {
        let tree = tree(&[
            ("100644", b"b", 1),
            ("40000", b"a", 2),
            ("100644", b"b", 3),
            ("40000", b"..", 4),
            ("100644", b"", 5),
            ("100644", b"/etc/passwd", 6),
            ("40000", b".GIT", 7),
            ("100644", b".gitignore", 8),
        ]);
        let found: Vec<&[u8]> = tree.items().map(|item| item.name).collect();
        assert_eq!(found, [&b".gitignore"[..], b"a", b"b"]);
        assert_eq!(got(&tree, b"b"), Some(1));
        assert_eq!(got(&tree, b"a"), Some(2));
        assert_eq!(got(&tree, b".."), None);
        assert_eq!(tree.odd(), 4);
    }

    #[test]
    fn what_is_cut_off_is_no_tree() {
        let whole = bytes(&[("100644", b"a", 1)]);
        for end in 1..whole.len() {
            assert!(Tree::parse(whole[..end].to_vec(), 20).is_none(), "{end}");
        }
        assert!(Tree::parse(b"x a\0".to_vec(), 0).is_none());
        assert!(Tree::parse(whole, 32).is_none());
    }
}
